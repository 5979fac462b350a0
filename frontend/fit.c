/* cn_fit: epochs of steps, validation, callbacks, history. Keras' order of events (keras.md 4.3).
 *
 *     train_begin
 *       epoch_begin, reset metrics, batches, read logs, validate -> val_ logs, epoch_end, stop?
 *     train_end
 *
 * Validation data are the LAST samples, split off before any shuffling; the last short batch is
 * kept; logs are sorted by name.
 */
#include <math.h>
#include <string.h>

#include "frontend/callback.h"
#include "frontend/epoch.h"
#include "frontend/history.h"
#include "frontend/progress.h"

typedef struct fit {
    cn_model *m;
    cn_source where;
    const cn_fit_options *o;
    epoch train, validate;
    bool has_validation;
    arena *logs;         /* of the running epoch */
    progress bar;
} fit;

/* ---- callbacks ---------------------------------------------------------------------------------- */

#define EACH_CALLBACK(f, cb)                                                                      \
    for (int cb##_i = 0; cb##_i < CN_MAX_LIST && (f)->o->callbacks[cb##_i] != NULL; cb##_i++)     \
        for (cn_callback *cb = (f)->o->callbacks[cb##_i]; cb != NULL; cb = NULL)

static bool still_healthy(fit *f) {
    EACH_CALLBACK(f, cb) {
        if (cb->healthy != NULL && !cb->healthy(f->m, cb->functions.user)) return false;
    }
    return diag_ok(&f->m->context->diag);
}

static bool wants_batch_logs(const fit *f) {
    EACH_CALLBACK(f, cb) {
        if (cb->wants_batches || cb->functions.batch_end != NULL) return true;
    }
    return false;
}

static void tell_batch_begin(void *user, int64_t batch) {
    fit *f = user;
    f->m->batch = batch;
    EACH_CALLBACK(f, cb) {
        if (cb->functions.batch_begin != NULL) cb->functions.batch_begin(f->m, batch, cb->functions.user);
    }
}

static bool tell_batch_end(void *user, int64_t batch) {
    fit *f = user;
    f->m->batch = batch + 1;
    bool draw = progress_due(&f->bar, batch + 1);
    if (draw || wants_batch_logs(f)) {
        arena_mark mark = arena_get_mark(f->logs);
        cn_logs logs = training_read_logs(f->m, "", f->logs);
        if (draw) progress_draw(&f->bar, batch + 1, &logs);
        EACH_CALLBACK(f, cb) {
            if (cb->functions.batch_end != NULL) cb->functions.batch_end(f->m, batch, &logs, cb->functions.user);
        }
        arena_rewind(f->logs, mark);
    }
    return !f->m->stop && still_healthy(f);
}

/* ---- an epoch -------------------------------------------------------------------------------------- */

static cn_logs join_logs(const cn_logs *a, const cn_logs *b, arena *to) {
    size_t count = a->count + b->count;
    const char **names = ARENA_ARRAY(to, const char *, count + 1);
    double *values = ARENA_ARRAY(to, double, count + 1);
    for (size_t i = 0; i < count; i++) {
        const cn_logs *from = i < a->count ? a : b;
        size_t k = i < a->count ? i : i - a->count;
        names[i] = from->names[k];
        values[i] = from->values[k];
    }
    return (cn_logs){.count = count, .names = names, .values = values};
}

static bool due_for_validation(const fit *f, int64_t e) {
    int64_t every = f->o->validation_freq > 0 ? f->o->validation_freq : 1;
    return f->has_validation && (e + 1) % every == 0;
}

static bool validate(fit *f, int64_t e, cn_logs *logs) {
    if (!due_for_validation(f, e)) return true;
    training_reset_metrics(f->m);
    if (!epoch_run(&f->validate)) return false;
    cn_logs more = training_read_logs(f->m, "val_", f->logs);
    *logs = join_logs(logs, &more, f->logs);
    return true;
}

static bool end_epoch(fit *f, int64_t e, cn_logs *logs) {
    EACH_CALLBACK(f, cb) {
        if (cb->add_logs != NULL) cb->add_logs(f->m, cb->functions.user, logs, f->logs);
    }
    history_append(f->m, e, logs);
    progress_end(&f->bar, epoch_batches(&f->train), logs);
    EACH_CALLBACK(f, cb) {
        if (cb->functions.epoch_end != NULL) cb->functions.epoch_end(f->m, e, logs, cb->functions.user);
    }
    return still_healthy(f);
}

static bool run_epoch(fit *f, int64_t e) {
    cn_model *m = f->m;
    EACH_CALLBACK(f, cb) {
        if (cb->functions.epoch_begin != NULL) cb->functions.epoch_begin(m, e, cb->functions.user);
    }
    if (f->train.feed.first_batch == 0) training_reset_metrics(m);
    f->train.feed.epoch = (uint64_t)e;
    f->bar = progress_begin(m->context, f->o->verbose, e, f->o->epochs, epoch_batches(&f->train));
    if (!epoch_run(&f->train) || !still_healthy(f)) return false;
    cn_logs logs = training_read_logs(m, "", f->logs);
    if (!validate(f, e, &logs)) return false;
    m->epoch = e + 1;
    m->batch = f->train.feed.first_batch = 0;
    return end_epoch(f, e, &logs);
}

static bool run_epochs(fit *f) {
    EACH_CALLBACK(f, cb) {
        if (cb->functions.train_begin != NULL) cb->functions.train_begin(f->m, cb->functions.user);
    }
    bool ok = true;
    for (int64_t e = f->m->epoch; ok && e < f->o->epochs && !f->m->stop; e++) {
        arena_mark mark = arena_get_mark(f->logs);
        ok = run_epoch(f, e);
        arena_rewind(f->logs, mark);
    }
    EACH_CALLBACK(f, cb) {
        if (cb->functions.train_end != NULL) cb->functions.train_end(f->m, cb->functions.user);
    }
    return ok && diag_ok(&f->m->context->diag);
}

/* ---- options ------------------------------------------------------------------------------------------ */

static bool check_options(const fit *f) {
    const cn_fit_options *o = f->o;
    cn_context *c = f->m->context;
    if (o->data == NULL) return context_fail(c, f->where, CN_ERROR_INVALID_ARGUMENT, "fit: the data are missing");
    if (o->batch_size < 0 || o->epochs < 0 || o->initial_epoch < 0 || o->steps_per_epoch < 0) {
        return context_fail(c, f->where, CN_ERROR_INVALID_ARGUMENT,
                            "fit: .batch_size, .epochs, .initial_epoch and .steps_per_epoch are not negative");
    }
    if (!(o->validation_split >= 0 && o->validation_split < 1)) {
        return context_fail(c, f->where, CN_ERROR_INVALID_ARGUMENT,
                            "fit: .validation_split is %g; it is at least 0 and less than 1", o->validation_split);
    }
    if (o->class_weight_count > 0 && (f->m->training->targets.count != 1 || o->data->rows.sample_weight != NULL)) {
        return context_fail(c, f->where, CN_ERROR_INVALID_ARGUMENT,
                            "fit: .class_weight is for models with one output and data without sample weights");
    }
    return true;
}

static bool split_data(const fit *f, dataset *train, dataset *validation, bool *has) {
    const cn_fit_options *o = f->o;
    *train = o->data->rows;
    *has = o->validation_data != NULL;
    if (*has) *validation = o->validation_data->rows;
    if (*has || o->validation_split == 0) return true;
    int64_t split = (int64_t)floor((double)train->count * (1 - o->validation_split));
    if (split == 0 || split == train->count) {
        return context_fail(f->m->context, f->where, CN_ERROR_DATA,
                            "fit: %lld samples cannot be split by .validation_split = %g: one side would be empty",
                            (long long)train->count, o->validation_split);
    }
    *validation = dataset_range(&o->data->rows, split, train->count);
    *train = dataset_range(&o->data->rows, 0, split);
    *has = true;
    return true;
}

static const feed_order feed_orders[] = {[CN_SHUFFLED] = FEED_SHUFFLED, [CN_SEQUENTIAL] = FEED_SEQUENTIAL,
                                         [CN_SHUFFLED_WITHIN_BATCHES] = FEED_SHUFFLED_WITHIN_BATCHES};

static bool prepare(fit *f) {
    const cn_fit_options *o = f->o;
    cn_model *m = f->m;
    dataset train, validation;
    if (!check_options(f) || !split_data(f, &train, &validation, &f->has_validation)) return false;
    int64_t batch = o->batch_size > 0 ? o->batch_size : 32;
    f->train = (epoch){.m = m, .where = f->where, .call = "fit", .kind = PROGRAM_TRAIN, .limit = o->steps_per_epoch,
                       .class_weight = o->class_weight, .class_weight_count = o->class_weight_count,
                       .hooks = {f, tell_batch_end, tell_batch_begin},
                       .feed = {.batch_size = batch, .order = feed_orders[o->order], .seed = m->context->options.seed}};
    f->validate = (epoch){.m = m, .where = f->where, .call = "fit (validation)", .kind = PROGRAM_EVALUATE,
                          .feed = {.batch_size = o->validation_batch_size > 0 ? o->validation_batch_size : batch,
                                   .order = FEED_SEQUENTIAL}};
    if (!data_match_model(m, f->where, "fit", &train, true, &f->train.data)) return false;
    return !f->has_validation ||
           data_match_model(m, f->where, "fit (validation)", &validation, true, &f->validate.data);
}

/* A loaded state says where its run was; a fit that begins at 0 goes on from there. */
static void find_position(fit *f) {
    cn_model *m = f->m;
    if (!m->resuming) {
        m->epoch = f->o->initial_epoch;
        m->batch = 0;
    }
    m->resuming = false;
    f->train.feed.first_batch = m->batch;
}

static bool run_fit(fit *f) {
    cn_model *m = f->m;
    if (m->training == NULL) {
        return context_fail(m->context, f->where, CN_ERROR_NOT_COMPILED,
                            "fit: model \"%s\" is not compiled; call cn_compile first", m->name);
    }
    EACH_CALLBACK(f, cb) {
        if (cb->failed) return false;
    }
    if (!prepare(f) || !history_begin(m)) return false;
    find_position(f);
    m->stop = 0;
    return run_epochs(f);
}

cn_status cn_fit_at(cn_source where, const cn_fit_options *options) {
    cn_fit_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    if (o.epochs == 0) o.epochs = 1;
    if (o.model == NULL || o.model->context == NULL) return CN_ERROR_INVALID_ARGUMENT;
    cn_context *c = o.model->context;
    if (!model_acquire(o.model, where, "fit")) return c->diag.status;
    fit f = {.m = o.model, .where = where, .o = &o, .logs = arena_new(c->memory, &c->diag)};
    arena *logs = f.logs;
    CONTEXT_ENTER(c, (arena_free(logs), model_release(o.model), c->diag.status));
    bool ok = logs != NULL && run_fit(&f);
    CONTEXT_LEAVE(c);
    if (logs != NULL) arena_free(logs);
    model_release(o.model);
    return ok ? CN_OK : c->diag.status != CN_OK ? c->diag.status : CN_ERROR_OUT_OF_MEMORY;
}
