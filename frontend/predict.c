/* cn_predict, and predictors for several threads.
 *
 * Prediction reads the same variables that training writes, in place. What differs is the program
 * and who holds the workspace: cn_predict uses the function's own execution, a predictor has
 * one of its own, its own buffers and its own error, so that any number of them run at once over
 * one frozen program and its weights.
 */
#include <string.h>

#include "base/size.h"
#include "frontend/data_match.h"
#include "runtime/feed.h"

/* ---- where results go ------------------------------------------------------------------- */

/* Bytes that one sample adds to a result; 0 when the batch is not just its first axis. */
static size_t sample_bytes(const type *t) {
    if (t->rank == 0 || !t->dims[0].symbolic)
        return 0;
    for (int i = 1; i < t->rank; i++)
        if (t->dims[i].symbolic)
            return 0;
    return (size_t)type_bytes(t, 1);
}

/* One block for all results of a step, each 64-byte aligned. */
typedef struct staging {
    memory *memory;
    uint8_t *block;
    size_t bytes;
    void *places[CN_MAX_LIST];
} staging;

static bool staging_open(staging *s, memory *m, const type *types, uint32_t count, int64_t batch,
                         diagnostics *d) {
    *s = (staging){.memory = m, .bytes = 64};
    for (uint32_t i = 0; i < count; i++)
        s->bytes += size_align((size_t)type_bytes(&types[i], batch), 64);
    s->block = memory_take(m, s->bytes, 64);
    if (s->block == NULL)
        return diag_fail(d, CN_ERROR_OUT_OF_MEMORY,
                         "predict: no memory for %zu bytes of results, %zu in use, %zu at most",
                         s->bytes, memory_live(m), memory_peak(m));
    uint8_t *at = s->block;
    for (uint32_t i = 0; i < count; i++) {
        s->places[i] = at;
        at += size_align((size_t)type_bytes(&types[i], batch), 64);
    }
    return true;
}

static void staging_close(staging *s) {
    if (s->block != NULL)
        memory_give(s->memory, s->block, s->bytes);
    s->block = NULL;
}

/* ---- cn_predict ------------------------------------------------------------------------- */

typedef struct prediction {
    cn_model *m;
    cn_source where;
    const cn_predict_options *o;
    data_match data;
    cn_function *function;
    int64_t batch;
    feed *feed;
    staging results;
} prediction;

/* Where a model has a batch of one size, its results have that in place of the symbol. */
static type result_type(const prediction *p, uint32_t i) {
    type t = p->function->output_types[i];
    dim batch = tensor_type(p->m->inputs.items[0])->dims[0];
    if (!batch.symbolic && t.rank > 0 && dim_is(t.dims[0], batch.count))
        t.dims[0] = dim_batch(1);
    return t;
}

static bool check_outputs(prediction *p) {
    cn_context *c = p->m->context;
    const cn_function *f = p->function;
    for (uint32_t i = 0; i < f->output_count; i++) {
        int64_t count = p->data.rows.count;
        type t = result_type(p, i);
        bool fits =
            array_fits(c->arena, &c->diag, &p->o->outputs[i], &t, &count, "predict: output", i);
        if (!fits)
            return false;
        if (sample_bytes(&t) == 0 && count > p->batch)
            return context_fail(c, p->where, CN_ERROR_UNSUPPORTED,
                                "predict: output %u of \"%s\" has its batch not in front; predict "
                                "%lld samples as one .batch_size",
                                i, p->m->name, (long long)count);
    }
    return true;
}

static void copy_results(prediction *p, int64_t first, int64_t count) {
    const cn_function *f = p->function;
    for (uint32_t i = 0; i < f->output_count; i++) {
        type t = result_type(p, i);
        uint8_t *to = (uint8_t *)p->o->outputs[i].data + sample_bytes(&t) * (size_t)first;
        memcpy(to, p->results.places[i], (size_t)type_bytes(&t, count));
    }
}

static bool run_batches(prediction *p) {
    cn_context *c = p->m->context;
    for (;;) {
        const feed_batch *b = feed_next(p->feed, &c->diag);
        if (b == NULL)
            return diag_ok(&c->diag);
        if (!function_run(p->function, b->rows.inputs, p->results.places, b->count, &c->diag))
            return false;
        copy_results(p, b->index * p->batch, b->count);
    }
}

static bool open_and_run(prediction *p) {
    cn_context *c = p->m->context;
    feed_options o = {.batch_size = p->batch, .order = FEED_SEQUENTIAL, .workers = c->workers};
    p->feed = feed_new(&p->data.rows, &o, c->memory, &c->diag);
    return p->feed != NULL &&
           staging_open(&p->results, c->memory, p->function->output_types,
                        p->function->output_count, p->batch, &c->diag) &&
           run_batches(p);
}

static bool prepare(prediction *p, const dataset *rows) {
    cn_model *m = p->m;
    if (!data_match_model(m, p->where, "predict", rows, false, &p->data))
        return false;
    int64_t wanted = p->o->batch_size > 0 ? p->o->batch_size : 32;
    p->batch = wanted < rows->count ? wanted : rows->count;
    training_program *program = model_get_program(m, PROGRAM_PREDICT, p->data.dtypes, false);
    if (program == NULL || !data_match_batch(m, p->where, "predict", &p->data, p->batch))
        return false;
    p->function = program->function;
    return check_outputs(p) && function_fits_memory(p->function, p->batch, &m->context->diag);
}

static bool predict(prediction *p) {
    cn_context *c = p->m->context;
    dataset rows;
    if (p->o->batch_size < 0)
        return context_fail(c, p->where, CN_ERROR_INVALID_ARGUMENT,
                            "predict: .batch_size is negative");
    if (p->o->data != NULL) {
        rows = p->o->data->rows;
    } else {
        cn_dataset_options arrays = {.context = c};
        memcpy(arrays.inputs, p->o->inputs, sizeof arrays.inputs);
        if (!dataset_of_arrays(c, p->where, &arrays, &rows))
            return false;
    }
    if (!prepare(p, &rows))
        return false;
    diag_recovery point; /* the feed has a thread, the staging is no arena's */
    bool ok = false;
    if (!DIAG_RECOVER(&c->diag, &point)) {
        ok = open_and_run(p);
        diag_pop_recovery(&c->diag, &point);
    }
    feed_free(p->feed);
    staging_close(&p->results);
    return ok && diag_ok(&c->diag);
}

cn_status cn_predict_at(cn_source where, const cn_predict_options *options) {
    cn_predict_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    if (o.model == NULL || o.model->context == NULL)
        return CN_ERROR_INVALID_ARGUMENT;
    cn_context *c = o.model->context;
    if (!model_acquire(o.model, where, "predict"))
        return c->diag.status;
    CONTEXT_ENTER(c, (model_release(o.model), c->diag.status));
    prediction p = {.m = o.model, .where = where, .o = &o};
    bool ok = predict(&p);
    CONTEXT_LEAVE(c);
    model_release(o.model);
    return ok ? CN_OK : c->diag.status;
}

/* ---- predictors ------------------------------------------------------------------------- */

struct cn_predictor {
    cn_model *model;
    const cn_function *function; /* shared and frozen */
    execution *execution;
    int64_t max_batch;
    diagnostics diag;
    arena *arena; /* addresses, and words of messages */
    void **addresses;
    staging inputs, outputs; /* for arrays that are not 64-byte aligned */
};

static bool fill_predictor(cn_predictor *p, cn_context *c) {
    const cn_function *f = p->function;
    p->addresses = ARENA_ARRAY(p->arena, void *, function_address_count(f) + 1);
    p->execution = f->executable->operations->execution_new(f->executable, p->max_batch, &p->diag);
    return p->execution != NULL &&
           staging_open(&p->inputs, c->memory, f->input_types, f->input_count, p->max_batch,
                        &p->diag) &&
           staging_open(&p->outputs, c->memory, f->output_types, f->output_count, p->max_batch,
                        &p->diag);
}

static bool open_predictor(cn_predictor *p, cn_context *c) {
    diag_init(&p->diag);
    p->arena = arena_new(c->memory, &p->diag);
    if (p->arena == NULL)
        return diag_fail(&p->diag, CN_ERROR_OUT_OF_MEMORY, "no memory for a predictor");
    diag_recovery point;
    if (DIAG_RECOVER(&p->diag, &point))
        return false;
    bool ok = fill_predictor(p, c);
    diag_pop_recovery(&p->diag, &point);
    return ok;
}

static const cn_function *predict_function(cn_model *m) {
    cn_dtype dtypes[2 * CN_MAX_LIST] = {CN_DTYPE_DEFAULT};
    for (uint32_t i = 0; i < m->inputs.count; i++)
        dtypes[i] = tensor_type(m->inputs.items[i])->dtype;
    training_program *program = model_get_program(m, PROGRAM_PREDICT, dtypes, false);
    return program == NULL ? NULL : program->function;
}

static cn_predictor *new_predictor(cn_model *m, int64_t max_batch) {
    cn_context *c = m->context;
    if (max_batch < 1) {
        diag_fail(&c->diag, CN_ERROR_INVALID_ARGUMENT, "predictor_new: max_batch is %lld",
                  (long long)max_batch);
        return NULL;
    }
    const cn_function *f = predict_function(m);
    if (f == NULL || !function_fits_memory(f, max_batch, &c->diag))
        return NULL;
    cn_predictor *p = memory_take(c->memory, sizeof *p, 64);
    if (p == NULL) {
        diag_fail(&c->diag, CN_ERROR_OUT_OF_MEMORY, "no memory for a predictor");
        return NULL;
    }
    *p = (cn_predictor){.model = m, .function = f, .max_batch = max_batch};
    if (open_predictor(p, c))
        return p;
    diag_fail(&c->diag, p->diag.status, "%s", p->diag.message);
    cn_predictor_free(p);
    return NULL;
}

cn_predictor *cn_predictor_new(cn_model *m, int64_t max_batch) {
    if (m == NULL || m->context == NULL)
        return NULL;
    cn_context *c = m->context;
    if (!model_acquire(m, (cn_source){"", 0, 0}, "predictor_new"))
        return NULL;
    CONTEXT_ENTER(c, (model_release(m), (cn_predictor *)NULL));
    cn_predictor *p = new_predictor(m, max_batch);
    CONTEXT_LEAVE(c);
    model_release(m);
    return p;
}

static bool check_arrays(cn_predictor *p, const cn_array *list, size_t given, const type *types,
                         uint32_t wanted, int64_t *batch, const char *what) {
    if (given != wanted || list == NULL)
        return diag_fail(&p->diag, CN_ERROR_DATA, "the model has %u %ss, %zu are given", wanted,
                         what, given);
    for (uint32_t i = 0; i < wanted; i++)
        if (!array_fits(p->arena, &p->diag, &list[i], &types[i], batch, what, i))
            return false;
    return true;
}

static bool is_aligned(const void *data) {
    return (uintptr_t)data % 64 == 0;
}

static bool run(cn_predictor *p, const cn_array *inputs, const cn_array *outputs, int64_t batch) {
    const cn_function *f = p->function;
    void *in[CN_MAX_LIST], *out[CN_MAX_LIST];
    for (uint32_t i = 0; i < f->input_count; i++) {
        in[i] = is_aligned(inputs[i].data) ? inputs[i].data : p->inputs.places[i];
        if (in[i] != inputs[i].data)
            memcpy(in[i], inputs[i].data, (size_t)type_bytes(&f->input_types[i], batch));
    }
    for (uint32_t i = 0; i < f->output_count; i++)
        out[i] = is_aligned(outputs[i].data) ? outputs[i].data : p->outputs.places[i];
    if (!function_run_on(f, p->execution, f->context->workers, in, out, batch, p->addresses,
                         &p->diag))
        return false;
    for (uint32_t i = 0; i < f->output_count; i++)
        if (out[i] != outputs[i].data)
            memcpy(outputs[i].data, out[i], (size_t)type_bytes(&f->output_types[i], batch));
    return true;
}

static bool check_and_run(cn_predictor *p, const cn_array *inputs, size_t input_count,
                          const cn_array *outputs, size_t output_count) {
    const cn_function *f = p->function;
    int64_t batch = -1;
    if (!check_arrays(p, inputs, input_count, f->input_types, f->input_count, &batch, "input") ||
        !check_arrays(p, outputs, output_count, f->output_types, f->output_count, &batch, "output"))
        return false;
    if (batch < 0)
        batch = 1; /* shapes are constant */
    if (batch < 1 || batch > p->max_batch)
        return diag_fail(&p->diag, CN_ERROR_DATA,
                         "a batch of %lld; this predictor was made for 1 to %lld", (long long)batch,
                         (long long)p->max_batch);
    return run(p, inputs, outputs, batch);
}

cn_status cn_predictor_run(cn_predictor *p, const cn_array *inputs, size_t input_count,
                           const cn_array *outputs, size_t output_count) {
    if (p == NULL)
        return CN_ERROR_INVALID_ARGUMENT;
    diag_clear(&p->diag);
    arena_mark mark = arena_get_mark(p->arena);
    diag_recovery point;
    if (DIAG_RECOVER(&p->diag, &point))
        return p->diag.status;
    bool ok = check_and_run(p, inputs, input_count, outputs, output_count);
    diag_pop_recovery(&p->diag, &point);
    arena_rewind(p->arena, mark);
    return ok ? CN_OK : p->diag.status;
}

const char *cn_predictor_error(const cn_predictor *p) {
    return p == NULL ? "there is no predictor" : p->diag.message;
}

void cn_predictor_free(cn_predictor *p) {
    if (p == NULL)
        return;
    memory *m = p->model->context->memory;
    staging_close(&p->inputs);
    staging_close(&p->outputs);
    if (p->execution != NULL)
        p->function->executable->operations->execution_free(p->execution);
    arena_free(p->arena);
    memory_give(m, p, sizeof *p);
}
