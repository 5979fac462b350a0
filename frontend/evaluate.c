/* cn_evaluate and steps on single batches: metrics over data.
 *
 * What a call came to stays with the model until its next call, in an arena of its own that every
 * call empties first: a million calls take no more memory than one.
 */
#include <math.h>
#include <string.h>

#include "frontend/epoch.h"
#include "frontend/progress.h"

static const cn_logs no_logs;

const cn_logs *cn_model_logs(const cn_model *m) {
    return m == NULL || m->context == NULL ? &no_logs : &m->logs;
}

/* The model's arena for logs, empty. */
static arena *logs_arena(cn_model *m) {
    cn_context *c = m->context;
    m->logs = no_logs;
    if (m->logs_arena == NULL)
        m->logs_arena = arena_new(c->memory, &c->diag);
    else
        arena_rewind(m->logs_arena, (arena_mark){NULL, 0});
    if (m->logs_arena == NULL)
        diag_fail(&c->diag, CN_ERROR_OUT_OF_MEMORY, "no memory for the logs of \"%s\"", m->name);
    return m->logs_arena;
}

static bool need_compiled(cn_model *m, cn_source where, const char *call) {
    if (m->training != NULL)
        return logs_arena(m) != NULL;
    return context_fail(m->context, where, CN_ERROR_NOT_COMPILED,
                        "%s: model \"%s\" is not compiled; call cn_compile first", call, m->name);
}

/* ---- evaluate --------------------------------------------------------------------------- */

typedef struct evaluation {
    cn_model *m;
    progress bar;
} evaluation;

static bool draw(void *user, int64_t batch) {
    evaluation *e = user;
    if (!progress_due(&e->bar, batch + 1))
        return true;
    arena_mark mark = arena_get_mark(e->m->logs_arena);
    cn_logs logs = training_read_logs(e->m, "", e->m->logs_arena);
    progress_draw(&e->bar, batch + 1, &logs);
    arena_rewind(e->m->logs_arena, mark);
    return true;
}

static bool evaluate(const cn_evaluate_options *o, cn_source where) {
    cn_model *m = o->model;
    cn_context *c = m->context;
    if (!need_compiled(m, where, "evaluate"))
        return false;
    if (o->data == NULL || o->batch_size < 0)
        return context_fail(c, where, CN_ERROR_INVALID_ARGUMENT, "evaluate: %s",
                            o->data == NULL ? "the data are missing" : ".batch_size is negative");
    evaluation state = {.m = m};
    epoch e = {
        .m = m,
        .where = where,
        .call = "evaluate",
        .kind = PROGRAM_EVALUATE,
        .feed = {.batch_size = o->batch_size > 0 ? o->batch_size : 32, .order = FEED_SEQUENTIAL},
        .hooks = {.user = &state, .batch_end = draw}};
    if (!data_match_model(m, where, "evaluate", &o->data->rows, true, &e.data))
        return false;
    epoch_place(&e, 0, 0);
    state.bar = progress_begin(c, o->verbose, 0, 1, e.batches);
    training_reset_metrics(m);
    if (!epoch_run(&e, 0))
        return false;
    m->logs = training_read_logs(m, "", m->logs_arena);
    progress_end(&state.bar, e.batches, &m->logs);
    return true;
}

cn_status cn_evaluate_at(cn_source where, const cn_evaluate_options *options) {
    cn_evaluate_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    if (o.model == NULL || o.model->context == NULL)
        return CN_ERROR_INVALID_ARGUMENT;
    cn_context *c = o.model->context;
    if (!model_acquire(o.model, where, "evaluate"))
        return c->diag.status;
    CONTEXT_ENTER(c, (model_release(o.model), c->diag.status));
    bool ok = evaluate(&o, where);
    CONTEXT_LEAVE(c);
    model_release(o.model);
    return ok ? CN_OK : c->diag.status;
}

/* ---- one batch -------------------------------------------------------------------------- */

static bool run_batch(cn_model *m, cn_source where, const char *call, program_kind kind,
                      const cn_batch_options *o) {
    cn_dataset_options arrays = {.context = m->context, .sample_weight = o->sample_weight};
    memcpy(arrays.inputs, o->inputs, sizeof arrays.inputs);
    memcpy(arrays.targets, o->targets, sizeof arrays.targets);
    memcpy(arrays.sample_weights, o->sample_weights, sizeof arrays.sample_weights);
    dataset rows;
    if (!need_compiled(m, where, call) || !dataset_of_arrays(m->context, where, &arrays, &rows))
        return false;
    epoch e = {.m = m,
               .where = where,
               .call = call,
               .kind = kind,
               .feed = {.batch_size = rows.count, .order = FEED_SEQUENTIAL}};
    if (!data_match_model(m, where, call, &rows, true, &e.data))
        return false;
    epoch_place(&e, 0, 0);
    training_reset_metrics(m);
    if (!epoch_run(&e, 0))
        return false;
    m->logs = training_read_logs(m, "", m->logs_arena);
    return true;
}

static cn_status on_batch(cn_source where, const cn_batch_options *options, const char *call,
                          program_kind kind) {
    cn_batch_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    if (o.model == NULL || o.model->context == NULL)
        return CN_ERROR_INVALID_ARGUMENT;
    cn_context *c = o.model->context;
    if (!model_acquire(o.model, where, call))
        return c->diag.status;
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
