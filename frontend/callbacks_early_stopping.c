/* EarlyStopping: ends training when a log has stopped improving. Keras' rules:
 *
 * an epoch without improvement counts one; at `patience` of them training ends (never after the
 * first epoch). With a baseline the count starts again only when the baseline is beaten too. The
 * best weights, when asked for, are restored at the end of training however it came to its end;
 * the first epoch that is watched counts as best until another is.
 */
#include <string.h>

#include "frontend/callback.h"
#include "frontend/progress.h"

/* What a run has come to: saved with a model's state. */
typedef struct early_stopping_record {
    int64_t wait, stopped_epoch, best_epoch;
    double best;
    int64_t has_best, has_weights;
} early_stopping_record;

typedef struct early_stopping {
    monitor monitor;
    int64_t patience, start_from_epoch;
    double baseline;
    bool has_baseline, restore, verbose;
    cn_callback *callback;
    early_stopping_record now;
    uint8_t *weights; /* of the best epoch, one after the other */
    size_t weights_bytes;
} early_stopping;

/* ---- the best weights ------------------------------------------------------------------- */

static size_t bytes_of(const variable *v) {
    return (size_t)type_bytes(&v->type, 0);
}

/* One buffer for the life of the callback, or a new one when the model is another. */
static void reserve_weights(early_stopping *s, cn_model *m) {
    size_t bytes = 0;
    for (uint32_t i = 0; i < m->weights.count; i++)
        bytes += bytes_of(m->weights.items[i]);
    if (bytes != s->weights_bytes)
        s->weights = arena_alloc(m->context->arena, bytes);
    s->weights_bytes = bytes;
    s->callback->parts[1] = (callback_part){s->weights, bytes};
}

static void keep_weights(early_stopping *s, const cn_model *m) {
    uint8_t *to = s->weights;
    for (uint32_t i = 0; i < m->weights.count; i++) {
        const variable *v = m->weights.items[i];
        memcpy(to, v->data, bytes_of(v));
        to += bytes_of(v);
    }
    s->now.has_weights = true;
}

static void restore_weights(const early_stopping *s, cn_model *m) {
    const uint8_t *from = s->weights;
    for (uint32_t i = 0; i < m->weights.count; i++) {
        variable *v = m->weights.items[i];
        memcpy(v->data, from, bytes_of(v));
        from += bytes_of(v);
    }
}

/* ---- events ----------------------------------------------------------------------------- */

static void train_begin(cn_model *m, void *user) {
    early_stopping *s = user;
    s->now = (early_stopping_record){0};
    s->callback->parts[0] = (callback_part){&s->now, sizeof s->now};
    if (s->restore)
        reserve_weights(s, m);
}

static void improved(early_stopping *s, cn_model *m, int64_t epoch, double current) {
    s->now.best = current;
    s->now.has_best = true;
    s->now.best_epoch = epoch;
    if (s->restore)
        keep_weights(s, m);
    if (!s->has_baseline || monitor_improves(&s->monitor, current, s->baseline))
        s->now.wait = 0;
}

static void epoch_end(cn_model *m, int64_t epoch, const cn_logs *logs, void *user) {
    early_stopping *s = user;
    double current;
    if (!monitor_settle(&s->monitor, m) || !monitor_read(&s->monitor, m, logs, &current) ||
        epoch < s->start_from_epoch)
        return;
    if (s->restore && !s->now.has_weights) {
        keep_weights(s, m);
        s->now.best_epoch = epoch;
    }
    s->now.wait++;
    if (!s->now.has_best || monitor_improves(&s->monitor, current, s->now.best)) {
        improved(s, m, epoch, current);
    } else if (s->now.wait >= s->patience && epoch > 0) {
        s->now.stopped_epoch = epoch;
        cn_stop_training(m);
    }
}

/* Not after a failure, nor when the run was interrupted inside an epoch and may go on: then the
 * weights are those of the place where it stands. Where the loss is NaN no run goes on. */
static void train_end(cn_model *m, void *user) {
    const early_stopping *s = user;
    bool may_go_on = m->batch != 0 && !m->diverged;
    if (!diag_ok(&m->context->diag) || may_go_on)
        return;
    if (s->verbose && s->now.stopped_epoch > 0)
        progress_say(m->context, "Epoch %lld: early stopping", (long long)s->now.stopped_epoch + 1);
    if (!s->restore || !s->now.has_weights)
        return;
    if (s->verbose)
        progress_say(m->context, "Restoring model weights from the end of the best epoch: %lld.",
                     (long long)s->now.best_epoch + 1);
    restore_weights(s, m);
}

/* ---- making one ------------------------------------------------------------------------- */

static cn_callback *make(cn_source where, const cn_early_stopping_options *o) {
    cn_context *c = o->context;
    int64_t patience = option_integer(o->patience, 0);
    int64_t start = option_integer(o->start_from_epoch, 0);
    if (patience < 0 || start < 0) {
        context_fail(c, where, CN_ERROR_INVALID_ARGUMENT,
                     "early_stopping: .patience and .start_from_epoch are not negative");
        return callback_poison(c);
    }
    cn_callback_functions functions = {
        .train_begin = train_begin, .train_end = train_end, .epoch_end = epoch_end};
    cn_callback *cb = callback_new(c, "EarlyStopping", &functions, sizeof(early_stopping));
    *(early_stopping *)cb->functions.user = (early_stopping){
        .monitor = monitor_make(c, cb->kind, o->monitor, o->mode, option_number(o->min_delta, 0)),
        .patience = patience,
        .start_from_epoch = start,
        .baseline = option_number(o->baseline, 0),
        .has_baseline = o->baseline != 0,
        .restore = o->restore_best_weights,
        .verbose = o->verbose,
        .callback = cb};
    return cb;
}

cn_callback *cn_early_stopping_at(cn_source where, const cn_early_stopping_options *options) {
    cn_early_stopping_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    if (o.context == NULL)
        return callback_poison(NULL);
    CONTEXT_ENTER(o.context, callback_poison(NULL));
    cn_callback *cb = make(where, &o);
    CONTEXT_LEAVE(o.context);
    return cb;
}
