/* cn_evaluate and steps on single batches: metrics over data, weights untouched. */
#include <math.h>
#include <string.h>

#include "frontend/epoch.h"
#include "frontend/progress.h"

/* Logs stay with the model until its next call. */
static void keep_logs(cn_model *m) { m->logs = training_read_logs(m, "", m->context->arena); }

const cn_logs *cn_model_logs(const cn_model *m) {
    static const cn_logs none;
    return m == NULL || m->context == NULL ? &none : &m->logs;
}

double cn_logs_get(const cn_logs *logs, const char *name) {
    for (size_t i = 0; logs != NULL && i < logs->count; i++) {
        if (strcmp(logs->names[i], name) == 0) return logs->values[i];
    }
    return NAN;
}

static bool need_compiled(cn_model *m, cn_source where, const char *call) {
    if (m->training != NULL) return true;
    return context_fail(m->context, where, CN_ERROR_NOT_COMPILED,
                        "%s: model \"%s\" is not compiled; call cn_compile first", call, m->name);
}

/* ---- evaluate ---------------------------------------------------------------------------------- */

typedef struct evaluation {
    cn_model *m;
    progress bar;
    arena *logs;
} evaluation;

static bool draw(void *user, int64_t batch) {
    evaluation *e = user;
    if (!progress_due(&e->bar, batch + 1)) return true;
    arena_mark mark = arena_get_mark(e->logs);
    cn_logs logs = training_read_logs(e->m, "", e->logs);
    progress_draw(&e->bar, batch + 1, &logs);
    arena_rewind(e->logs, mark);
    return true;
}

static bool evaluate(const cn_evaluate_options *o, cn_source where) {
    cn_model *m = o->model;
    cn_context *c = m->context;
    if (!need_compiled(m, where, "evaluate")) return false;
    if (o->data == NULL || o->batch_size < 0) {
        return context_fail(c, where, CN_ERROR_INVALID_ARGUMENT, "evaluate: %s",
                            o->data == NULL ? "the data are missing" : ".batch_size is negative");
    }
    evaluation state = {.m = m, .logs = c->arena};
    epoch e = {.m = m, .where = where, .call = "evaluate", .kind = PROGRAM_EVALUATE,
               .feed = {.batch_size = o->batch_size > 0 ? o->batch_size : 32, .order = FEED_SEQUENTIAL},
               .hooks = {.user = &state, .batch_end = draw}};
    if (!data_match_model(m, where, "evaluate", &o->data->rows, true, &e.data)) return false;
    state.bar = progress_begin(c, o->verbose, 0, 1, epoch_batches(&e));
    training_reset_metrics(m);
    if (!epoch_run(&e)) return false;
    keep_logs(m);
    progress_end(&state.bar, epoch_batches(&e), &m->logs);
    return true;
}

cn_status cn_evaluate_at(cn_source where, const cn_evaluate_options *options) {
    cn_evaluate_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    if (o.model == NULL || o.model->context == NULL) return CN_ERROR_INVALID_ARGUMENT;
    cn_context *c = o.model->context;
    if (!model_acquire(o.model, where, "evaluate")) return c->diag.status;
    CONTEXT_ENTER(c, (model_release(o.model), c->diag.status));
    bool ok = evaluate(&o, where);
    CONTEXT_LEAVE(c);
    model_release(o.model);
    return ok ? CN_OK : c->diag.status;
}

/* ---- one batch ------------------------------------------------------------------------------------ */

static bool run_batch(cn_model *m, cn_source where, const char *call, program_kind kind, const cn_batch_options *o) {
    if (!need_compiled(m, where, call)) return false;
    cn_dataset_options d = {.context = m->context, .sample_weight = o->sample_weight};
    memcpy(d.inputs, o->inputs, sizeof d.inputs);
    memcpy(d.targets, o->targets, sizeof d.targets);
    cn_source here = {where.file, where.line, sizeof d};
    cn_dataset *data = cn_dataset_arrays_at(here, &d);
    if (data == NULL) return false;
    epoch e = {.m = m, .where = where, .call = call, .kind = kind,
               .feed = {.batch_size = cn_dataset_count(data), .order = FEED_SEQUENTIAL}};
    training_reset_metrics(m);
    bool ok = data_match_model(m, where, call, &data->rows, true, &e.data) && epoch_run(&e);
    cn_dataset_free(data);
    if (ok) keep_logs(m);
    return ok;
}

static cn_status on_batch(cn_source where, const cn_batch_options *options, const char *call, program_kind kind) {
    cn_batch_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    if (o.model == NULL || o.model->context == NULL) return CN_ERROR_INVALID_ARGUMENT;
    cn_context *c = o.model->context;
    if (!model_acquire(o.model, where, call)) return c->diag.status;
    CONTEXT_ENTER(c, (model_release(o.model), c->diag.status));
    bool ok = run_batch(o.model, where, call, kind, &o);
    CONTEXT_LEAVE(c);
    model_release(o.model);
    return ok ? CN_OK : c->diag.status;
}

cn_status cn_train_on_batch_at(cn_source where, const cn_batch_options *options) {
    return on_batch(where, options, "train_on_batch", PROGRAM_TRAIN);
}

cn_status cn_test_on_batch_at(cn_source where, const cn_batch_options *options) {
    return on_batch(where, options, "test_on_batch", PROGRAM_EVALUATE);
}
