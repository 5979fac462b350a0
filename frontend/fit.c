/* cn_fit: epochs of steps, validation, callbacks, history. Keras' order of events (keras.md 4.3).
 *
 *     train_begin
 *       epoch_begin, reset metrics, batches, read logs, validate -> val_ logs, epoch_end, stop?
 *     train_end
 *
 * Validation data are the LAST samples, split off before any shuffling; the last short batch is
 * kept; logs are sorted by name. train_end is called whenever train_begin was, also after a
 * failure. The position (epoch, batch) in the model is at every moment that of the next batch to
 * do, and validation leaves the metrics of training as they were: a state saved inside of any
 * callback, or after cn_stop_training, is one from which a run goes on with the same bits. So a
 * run that is stopped inside an epoch returns at once and leaves the epoch open.
 */
#include <math.h>
#include <string.h>

#include "frontend/callback.h"
#include "frontend/epoch.h"
#include "frontend/history.h"
#include "frontend/progress.h"
#include "frontend/state.h"

typedef struct fit {
    cn_model *m;
    cn_source where;
    const cn_fit_options *o;
    cn_callback *const *callbacks; /* the model's; ends at NULL */
    epoch train, validate;
    bool has_validation;
    bool batch_logs; /* some callback sees them */
    arena *logs;     /* of the running epoch */
    progress bar;
} fit;

static bool healthy(const fit *f) {
    return diag_ok(&f->m->context->diag);
}

static void finish_event(const fit *f) {
    for (cn_callback *const *cb = f->callbacks; *cb != NULL; cb++)
        if ((*cb)->finish != NULL && healthy(f))
            (*cb)->finish(f->m, (*cb)->functions.user);
}

/* ---- batches ---------------------------------------------------------------------------- */

static void tell_batch_begin(void *user, int64_t batch) {
    fit *f = user;
    f->m->batch = batch;
    for (cn_callback *const *cb = f->callbacks; *cb != NULL; cb++)
        if ((*cb)->functions.batch_begin != NULL)
            (*cb)->functions.batch_begin(f->m, batch, (*cb)->functions.user);
}

static bool tell_batch_end(void *user, int64_t batch) {
    fit *f = user;
    f->m->batch = batch + 1;
    bool draw = progress_due(&f->bar, batch + 1);
    if (draw || f->batch_logs) {
        arena_mark mark = arena_get_mark(f->logs);
        cn_logs logs = training_read_logs(f->m, "", f->logs);
        if (draw)
            progress_draw(&f->bar, batch + 1, &logs);
        for (cn_callback *const *cb = f->callbacks; *cb != NULL; cb++)
            if ((*cb)->functions.batch_end != NULL)
                (*cb)->functions.batch_end(f->m, batch, &logs, (*cb)->functions.user);
        finish_event(f);
        arena_rewind(f->logs, mark);
    }
    return !f->m->stop && healthy(f);
}

static bool validation_goes_on(void *user, int64_t batch) {
    const fit *f = user;
    (void)batch;
    return !f->m->stop;
}

/* ---- an epoch --------------------------------------------------------------------------- */

static bool due_for_validation(const fit *f, int64_t index) {
    int64_t every = f->o->validation_freq > 0 ? f->o->validation_freq : 1;
    return f->has_validation && (index + 1) % every == 0;
}

/* Adds "val_" logs. The metrics' sums are training's again afterwards. */
static bool validate(fit *f, int64_t index, cn_logs *logs) {
    if (!due_for_validation(f, index))
        return true;
    const void *sums = training_copy_metrics(f->m, f->logs);
    training_reset_metrics(f->m);
    bool ok = epoch_run(&f->validate, 0);
    cn_logs more = training_read_logs(f->m, "val_", f->logs);
    training_restore_metrics(f->m, sums);
    for (size_t i = 0; ok && i < more.count; i++)
        log_put(logs, f->logs, more.names[i], more.values[i]);
    return ok;
}

static void end_epoch(fit *f, int64_t index, cn_logs *logs) {
    cn_model *m = f->m;
    m->epoch = index + 1;
    m->batch = 0;
    for (cn_callback *const *cb = f->callbacks; *cb != NULL; cb++)
        if ((*cb)->add_logs != NULL)
            (*cb)->add_logs(m, (*cb)->functions.user, logs, f->logs);
    history_append(m, index, logs);
    progress_end(&f->bar, f->train.batches, logs);
    for (cn_callback *const *cb = f->callbacks; *cb != NULL; cb++)
        if ((*cb)->functions.epoch_end != NULL)
            (*cb)->functions.epoch_end(m, index, logs, (*cb)->functions.user);
    finish_event(f);
}

/* Stopped inside: what there is goes to the history, the epoch stays open. */
static void leave_epoch(fit *f, int64_t index, const cn_logs *logs) {
    history_append(f->m, index, logs);
    progress_end(&f->bar, f->m->batch, logs);
}

static void begin_epoch(fit *f, int64_t index, int64_t done) {
    cn_model *m = f->m;
    for (cn_callback *const *cb = f->callbacks; *cb != NULL; cb++)
        if ((*cb)->functions.epoch_begin != NULL)
            (*cb)->functions.epoch_begin(m, index, (*cb)->functions.user);
    if (done == 0)
        training_reset_metrics(m);
    epoch_place(&f->train, index, f->o->steps_per_epoch);
    f->bar = progress_begin(m->context, f->o->verbose, index, f->o->epochs, f->train.batches);
}

static bool run_epoch(fit *f, int64_t index) {
    cn_model *m = f->m;
    begin_epoch(f, index, m->batch);
    if (!healthy(f) || !epoch_run(&f->train, m->batch))
        return false;
    cn_logs logs = training_read_logs(m, "", f->logs);
    if (m->stop && m->batch < f->train.batches) {
        leave_epoch(f, index, &logs);
        return true;
    }
    bool stopped_before = m->stop; /* by the last batch: then Keras still ends the epoch */
    if (!validate(f, index, &logs))
        return false;
    if (m->stop && !stopped_before)
        leave_epoch(f, index, &logs);
    else
        end_epoch(f, index, &logs);
    return healthy(f);
}

static bool run_epochs(fit *f) {
    bool ok = true;
    for (int64_t i = f->m->epoch; ok && i < f->o->epochs && !f->m->stop; i++) {
        arena_mark mark = arena_get_mark(f->logs);
        ok = run_epoch(f, i);
        arena_rewind(f->logs, mark);
    }
    return ok;
}

static bool begin_training(fit *f) {
    for (cn_callback *const *cb = f->callbacks; *cb != NULL; cb++)
        if ((*cb)->functions.train_begin != NULL)
            (*cb)->functions.train_begin(f->m, (*cb)->functions.user);
    if (healthy(f))
        state_give_callbacks(f->m);
    return healthy(f);
}

static void end_training(fit *f) {
    for (cn_callback *const *cb = f->callbacks; *cb != NULL; cb++)
        if ((*cb)->functions.train_end != NULL)
            (*cb)->functions.train_end(f->m, (*cb)->functions.user);
}

static bool train(fit *f) {
    diag_recovery point;
    if (DIAG_RECOVER(&f->m->context->diag, &point))
        return false;
    bool ok = begin_training(f) && run_epochs(f);
    diag_pop_recovery(&f->m->context->diag, &point);
    return ok;
}

/* train_end comes also when memory runs out between the steps. */
static bool run_training(fit *f) {
    bool ok = train(f);
    end_training(f);
    return ok && healthy(f);
}

/* ---- options ---------------------------------------------------------------------------- */

static bool check_options(const fit *f) {
    const cn_fit_options *o = f->o;
    cn_context *c = f->m->context;
    if (o->data == NULL)
        return context_fail(c, f->where, CN_ERROR_INVALID_ARGUMENT, "fit: the data are missing");
    if (o->batch_size < 0 || o->epochs < 0 || o->initial_epoch < 0 || o->steps_per_epoch < 0 ||
        o->validation_batch_size < 0 || o->validation_freq < 0)
        return context_fail(c, f->where, CN_ERROR_INVALID_ARGUMENT,
                            "fit: .batch_size, .epochs, .initial_epoch, .steps_per_epoch, "
                            ".validation_batch_size and .validation_freq are not negative");
    if (!(o->validation_split >= 0 && o->validation_split < 1))
        return context_fail(c, f->where, CN_ERROR_INVALID_ARGUMENT,
                            "fit: .validation_split is %g; it is at least 0 and less than 1",
                            o->validation_split);
    if ((int)o->order < CN_SHUFFLED || o->order > CN_SHUFFLED_WITHIN_BATCHES)
        return context_fail(c, f->where, CN_ERROR_INVALID_ARGUMENT, "fit: .order is %d",
                            (int)o->order);
    if (o->class_weight_count == 0)
        return true;
    if (o->class_weight == NULL || f->m->training->targets.count != 1 ||
        dataset_is_weighted(&o->data->rows))
        return context_fail(c, f->where, CN_ERROR_INVALID_ARGUMENT,
                            "fit: .class_weight is a list, for models with one output and data "
                            "without sample weights");
    return true;
}

static bool split_data(fit *f, dataset *train, dataset *validation) {
    const cn_fit_options *o = f->o;
    *train = o->data->rows;
    f->has_validation = o->validation_data != NULL || o->validation_split > 0;
    if (o->validation_data != NULL)
        *validation = o->validation_data->rows;
    if (o->validation_data != NULL || o->validation_split == 0)
        return true;
    int64_t split = (int64_t)floor((double)train->count * (1 - o->validation_split));
    if (split == 0 || split == train->count)
        return context_fail(f->m->context, f->where, CN_ERROR_DATA,
                            "fit: %lld samples cannot be split by .validation_split = %g: one side "
                            "would be empty",
                            (long long)train->count, o->validation_split);
    *validation = dataset_range(&o->data->rows, split, train->count);
    *train = dataset_range(&o->data->rows, 0, split);
    return true;
}

/* Keras' batch size: 32, or what makes the steps that are asked for. */
static int64_t batch_size_of(const cn_fit_options *o, const dataset *train) {
    if (o->batch_size > 0)
        return o->batch_size;
    if (o->steps_per_epoch == 0 || train->count == 0)
        return 32;
    return train->count / o->steps_per_epoch + (train->count % o->steps_per_epoch != 0);
}

static const feed_order feed_orders[] = {[CN_SHUFFLED] = FEED_SHUFFLED,
                                         [CN_SEQUENTIAL] = FEED_SEQUENTIAL,
                                         [CN_SHUFFLED_WITHIN_BATCHES] =
                                             FEED_SHUFFLED_WITHIN_BATCHES};

static bool prepare(fit *f) {
    const cn_fit_options *o = f->o;
    cn_model *m = f->m;
    dataset train, validation;
    if (!check_options(f) || !split_data(f, &train, &validation))
        return false;
    int64_t batch = batch_size_of(o, &train);
    int64_t validation_batch = o->validation_batch_size > 0 ? o->validation_batch_size : batch;
    f->train = (epoch){
        .m = m,
        .where = f->where,
        .call = "fit",
        .kind = PROGRAM_TRAIN,
        .class_weight = o->class_weight,
        .class_weight_count = o->class_weight_count,
        .hooks = {f, tell_batch_begin, tell_batch_end},
        .feed = {.batch_size = batch, .order = feed_orders[o->order], .seed = m->order_seed}};
    f->validate = (epoch){.m = m,
                          .where = f->where,
                          .call = "fit (validation)",
                          .kind = PROGRAM_EVALUATE,
                          .hooks = {.user = f, .batch_end = validation_goes_on},
                          .feed = {.batch_size = validation_batch, .order = FEED_SEQUENTIAL}};
    if (!data_match_model(m, f->where, "fit", &train, true, &f->train.data))
        return false;
    if (!f->has_validation)
        return true;
    if (!data_match_model(m, f->where, "fit (validation)", &validation, true, &f->validate.data))
        return false;
    epoch_place(&f->validate, 0, 0);
    return true;
}

/* ---- cn_fit ----------------------------------------------------------------------------- */

static bool take_callbacks(fit *f) {
    cn_model *m = f->m;
    int n = 0;
    memset(m->callbacks, 0, sizeof m->callbacks);
    while (n < CN_MAX_LIST && f->o->callbacks[n] != NULL)
        n++;
    if (n == CN_MAX_LIST)
        return context_fail(m->context, f->where, CN_ERROR_INVALID_ARGUMENT,
                            "fit: at most %d callbacks", CN_MAX_LIST - 1);
    for (int i = 0; i < n; i++) {
        const cn_callback *cb = f->o->callbacks[i];
        if (cb->failed || cb->context != m->context)
            return context_fail(m->context, f->where, CN_ERROR_INVALID_ARGUMENT,
                                "fit: callback %d %s", i,
                                cb->failed ? "could not be made" : "is of another context");
        f->batch_logs = f->batch_logs || cb->functions.batch_end != NULL;
    }
    memcpy(m->callbacks, f->o->callbacks, (size_t)n * sizeof *m->callbacks);
    f->callbacks = m->callbacks;
    return true;
}

/* A loaded state says where its run was, and that is where the next fit begins. */
static void find_position(cn_model *m, int64_t initial_epoch) {
    if (!m->resuming) {
        m->epoch = initial_epoch;
        m->batch = 0;
    }
    m->resuming = false;
}

static bool run_fit(fit *f) {
    cn_model *m = f->m;
    if (m->training == NULL)
        return context_fail(m->context, f->where, CN_ERROR_NOT_COMPILED,
                            "fit: model \"%s\" is not compiled; call cn_compile first", m->name);
    if (!take_callbacks(f) || !prepare(f) || !history_begin(m))
        return false;
    find_position(m, f->o->initial_epoch);
    return run_training(f);
}

cn_status cn_fit_at(cn_source where, const cn_fit_options *options) {
    cn_fit_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    if (o.epochs == 0)
        o.epochs = 1;
    o.validation_split = option_number(o.validation_split, 0);
    if (o.model == NULL || o.model->context == NULL)
        return CN_ERROR_INVALID_ARGUMENT;
    cn_context *c = o.model->context;
    if (!model_acquire(o.model, where, "fit"))
        return c->diag.status;
    o.model->stop = 0;
    o.model->diverged = false;
    fit f = {.m = o.model, .where = where, .o = &o, .logs = arena_new(c->memory, &c->diag)};
    arena *logs = f.logs;
    if (logs == NULL)
        diag_fail(&c->diag, CN_ERROR_OUT_OF_MEMORY, "fit: out of memory");
    CONTEXT_ENTER(c, (arena_free(logs), model_release(o.model), c->diag.status));
    bool ok = logs != NULL && run_fit(&f);
    CONTEXT_LEAVE(c);
    arena_free(logs);
    model_release(o.model);
    return ok ? CN_OK : c->diag.status;
}
