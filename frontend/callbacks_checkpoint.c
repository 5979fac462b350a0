/* ModelCheckpoint: weights, or the whole state of training, to files while training.
 *
 * The path may have fields, as in Python: {epoch} and {batch} count from 1, {NAME} is a log; after
 * a colon a format may follow: [0][width][.precision][d|f|e|g]. A field without one is written
 * with as few digits as read back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/platform.h"
#include "frontend/callback.h"
#include "frontend/progress.h"

/* What a run has come to: saved with a model's state. */
typedef struct checkpoint_record {
    double best;
    int64_t has_best, batches_since, last_batch;
} checkpoint_record;

typedef struct checkpoint {
    monitor monitor;
    const char *path;
    bool best_only, whole_state, verbose;
    int64_t every_batches; /* 0: each epoch */
    checkpoint_record at_start, now;
    int64_t epoch;
    bool due; /* `file` is to be written when all callbacks have seen the event */
    char file[4096];
} checkpoint;

/* ---- paths ------------------------------------------------------------------------------ */

typedef struct moment {
    int64_t epoch, batch; /* from 0; batch -1: the end of the epoch */
    const cn_logs *logs;
} moment;

typedef struct field {
    const char *name, *format; /* format NULL: none */
    double number;
    bool whole; /* an integer */
} field;

static bool find_value(const moment *at, field *f) {
    f->whole = true;
    f->number = (double)at->epoch + 1;
    if (strcmp(f->name, "epoch") == 0)
        return true;
    f->number = (double)at->batch + 1;
    if (strcmp(f->name, "batch") == 0 && at->batch >= 0)
        return true;
    f->whole = false;
    for (size_t i = 0; i < at->logs->count; i++) {
        f->number = at->logs->values[i];
        if (strcmp(at->logs->names[i], f->name) == 0)
            return true;
    }
    return false;
}

/* Whether a format is [0][width][.precision][d|f|e|g], and *kind is its letter, or 0. */
static bool is_format(const char *format, char *kind) {
    size_t n = strspn(format, "0123456789");
    if (n > 3)
        return false;
    if (format[n] == '.') {
        size_t digits = strspn(format + n + 1, "0123456789");
        if (digits == 0 || digits > 2)
            return false;
        n += 1 + digits;
    }
    *kind = format[n];
    return *kind == 0 || (strchr("dfeg", *kind) != NULL && format[n + 1] == 0);
}

static bool add_formatted(text *out, const field *f) {
    char words[512], pattern[32], kind;
    if (!is_format(f->format, &kind) || (kind == 'd' && !f->whole))
        return false;
    int length = (int)strlen(f->format) - (kind != 0);
    bool integer = kind == 'd' || (kind == 0 && f->whole && strchr(f->format, '.') == NULL);
    if (integer) {
        snprintf(pattern, sizeof pattern, "%%%.*slld", length, f->format);
        snprintf(words, sizeof words, pattern, (long long)f->number);
    } else {
        snprintf(pattern, sizeof pattern, "%%%.*s%c", length, f->format, kind == 0 ? 'g' : kind);
        snprintf(words, sizeof words, pattern, f->number);
    }
    text_append(out, words);
    return true;
}

static bool add_field(text *out, const moment *at, field *f) {
    if (!find_value(at, f))
        return false;
    if (f->format != NULL)
        return add_formatted(out, f);
    if (f->whole)
        text_printf(out, "%lld", (long long)f->number);
    else
        text_float(out, f->number, false);
    return true;
}

/* The next field of a path: false at a "{" without "}". *end is behind it. */
static bool read_field(arena *a, const char *open, field *f, const char **end) {
    const char *close = strchr(open, '}');
    if (close == NULL)
        return false;
    char *words = arena_string_n(a, open + 1, (size_t)(close - open - 1));
    char *colon = strchr(words, ':');
    if (colon != NULL)
        *colon = 0;
    *f = (field){.name = words, .format = colon != NULL ? colon + 1 : NULL};
    *end = close + 1;
    return true;
}

/* NULL after a failure: a field that no log answers, or a format that is none. */
static const char *expand_path(const checkpoint *s, cn_context *c, const moment *at, arena *a) {
    text out;
    text_init(&out, a);
    for (const char *p = s->path; *p != 0;) {
        size_t plain = strcspn(p, "{");
        text_append_n(&out, p, plain);
        p += plain;
        if (*p == 0)
            break;
        field f;
        if (!read_field(a, p, &f, &p) || !add_field(&out, at, &f)) {
            diag_fail(&c->diag, CN_ERROR_INVALID_ARGUMENT,
                      "ModelCheckpoint: a field of \"%s\" is no log of this moment, or its format "
                      "is not [0][width][.precision][d|f|e|g]",
                      s->path);
            return NULL;
        }
    }
    return out.data;
}

/* ---- saving ----------------------------------------------------------------------------- */

static void say_result(const checkpoint *s, cn_model *m, const moment *at, double current,
                       bool better) {
    char best[64] = "None";
    if (!s->verbose)
        return;
    if (s->now.has_best)
        snprintf(best, sizeof best, "%.5f", s->now.best);
    if (better)
        progress_say(m->context, "Epoch %lld: %s improved from %s to %.5f",
                     (long long)at->epoch + 1, s->monitor.name, best, current);
    else
        progress_say(m->context, "Epoch %lld: %s did not improve from %s", (long long)at->epoch + 1,
                     s->monitor.name, best);
}

/* A log that is missing is no reason to lose a model (Keras saves, and warns). */
static bool should_save(checkpoint *s, cn_model *m, const moment *at) {
    double current;
    if (!s->best_only || !monitor_read(&s->monitor, m, at->logs, &current))
        return true;
    bool better = !s->now.has_best || monitor_improves(&s->monitor, current, s->now.best);
    say_result(s, m, at, current, better);
    if (better) {
        s->now.best = current;
        s->now.has_best = true;
    }
    return better;
}

static void decide(checkpoint *s, cn_model *m, const moment *at) {
    cn_context *c = m->context;
    s->due = false;
    if (s->best_only && !monitor_settle(&s->monitor, m))
        return;
    arena_mark mark = arena_get_mark(c->arena);
    const char *path = expand_path(s, c, at, c->arena);
    if (path != NULL && strlen(path) >= sizeof s->file)
        diag_fail(&c->diag, CN_ERROR_FILE, "ModelCheckpoint: the path is too long: %s", path);
    else if (path != NULL && should_save(s, m, at))
        s->due = snprintf(s->file, sizeof s->file, "%s", path) > 0;
    arena_rewind(c->arena, mark);
}

static cn_status write_file(cn_model *m, const checkpoint *s) {
    if (s->whole_state)
        return cn_save_state(m, s->file);
    return text_has_suffix(s->file, ".keras") ? cn_save(m, s->file) : cn_save_weights(m, s->file);
}

static void finish(cn_model *m, void *user) {
    checkpoint *s = user;
    if (!s->due)
        return;
    s->due = false;
    if (!folder_make_above(s->file, &m->context->diag))
        return;
    if (write_file(m, s) == CN_OK && s->verbose)
        progress_say(m->context, "Epoch %lld: saved model to %s", (long long)s->epoch + 1, s->file);
}

/* ---- events ----------------------------------------------------------------------------- */

static void train_begin(cn_model *m, void *user) {
    checkpoint *s = user;
    (void)m;
    s->now = s->at_start;
}

static void epoch_begin(cn_model *m, int64_t epoch, void *user) {
    (void)m;
    ((checkpoint *)user)->epoch = epoch;
}

static void batch_end(cn_model *m, int64_t batch, const cn_logs *logs, void *user) {
    checkpoint *s = user;
    bool new_epoch = batch <= s->now.last_batch;
    s->now.batches_since += new_epoch ? batch + 1 : batch - s->now.last_batch;
    s->now.last_batch = batch;
    if (s->now.batches_since < s->every_batches)
        return;
    s->now.batches_since = 0;
    decide(s, m, &(moment){s->epoch, batch, logs});
}

static void epoch_end(cn_model *m, int64_t epoch, const cn_logs *logs, void *user) {
    decide(user, m, &(moment){epoch, -1, logs});
}

/* ---- making one ------------------------------------------------------------------------- */

static bool check(cn_source where, const cn_model_checkpoint_options *o) {
    if (o->path == NULL || o->path[0] == 0)
        return context_fail(o->context, where, CN_ERROR_INVALID_ARGUMENT,
                            "model_checkpoint: .path is missing");
    return o->save_every_batches >= 0 ||
           context_fail(o->context, where, CN_ERROR_INVALID_ARGUMENT,
                        "model_checkpoint: .save_every_batches is negative");
}

static cn_callback *make(cn_source where, const cn_model_checkpoint_options *o) {
    cn_context *c = o->context;
    if (!check(where, o))
        return callback_poison(c);
    cn_callback_functions functions = {.train_begin = train_begin, .epoch_begin = epoch_begin};
    if (o->save_every_batches > 0)
        functions.batch_end = batch_end;
    else
        functions.epoch_end = epoch_end;
    cn_callback *cb = callback_new(c, "ModelCheckpoint", &functions, sizeof(checkpoint));
    checkpoint *s = cb->functions.user;
    *s = (checkpoint){.monitor = monitor_make(c, cb->kind, o->monitor, o->mode, 0),
                      .path = arena_string(c->arena, o->path),
                      .best_only = o->save_best_only,
                      .whole_state = o->training_state,
                      .verbose = o->verbose,
                      .every_batches = o->save_every_batches,
                      .at_start = {.best = option_number(o->initial_value_threshold, 0),
                                   .has_best = o->initial_value_threshold != 0,
                                   .last_batch = -1}};
    cb->parts[0] = (callback_part){&s->now, sizeof s->now};
    cb->finish = finish;
    return cb;
}

cn_callback *cn_model_checkpoint_at(cn_source where, const cn_model_checkpoint_options *options) {
    cn_model_checkpoint_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    if (o.context == NULL)
        return callback_poison(NULL);
    CONTEXT_ENTER(o.context, callback_poison(NULL));
    cn_callback *cb = make(where, &o);
    CONTEXT_LEAVE(o.context);
    return cb;
}
