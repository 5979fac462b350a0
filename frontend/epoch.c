/* Stepping through data.
 *
 * The feed gathers ahead on its own thread; a step gets host addresses, and what it computes
 * stays in the model's variables. Nothing is read back here but, in the debug mode, the counts
 * of values that are not finite.
 */
#include "frontend/epoch.h"

#include <math.h>

#include "base/size.h"

int64_t epoch_batches(const epoch *e) {
    int64_t all = feed_batch_count(&e->data.rows, e->feed.batch_size);
    return e->limit > 0 && e->limit < all ? e->limit : all;
}

/* ---- class weights -------------------------------------------------------------------------------- */

static int64_t label_of(const dataset_column *column, const void *data, int64_t row) {
    const uint8_t *sample = (const uint8_t *)data + (size_t)row * column->sample_bytes;
    switch (column->dtype) {
    case CN_U8: case CN_BOOL: return *sample;
    case CN_I8: return *(const int8_t *)sample;
    case CN_I32: return *(const int32_t *)(const void *)sample;
    case CN_U32: return *(const uint32_t *)(const void *)sample;
    case CN_I64: return *(const int64_t *)(const void *)sample;
    case CN_F64: return (int64_t)*(const double *)(const void *)sample;
    default: return (int64_t)lrintf(*(const float *)(const void *)sample);
    }
}

/* A one-hot float target counts by its largest entry, as in Keras. */
static int64_t class_of(const dataset_column *column, const void *data, int64_t row) {
    size_t width = column->sample_bytes / (size_t)dtype_bytes(column->dtype);
    if (width <= 1 || column->dtype != CN_F32) return label_of(column, data, row);
    const float *sample = (const float *)data + (size_t)row * width;
    size_t best = 0;
    for (size_t i = 1; i < width; i++) {
        if (sample[i] > sample[best]) best = i;
    }
    return (int64_t)best;
}

static void weigh_classes(const epoch *e, const dataset_batch *rows, int64_t count) {
    for (int64_t row = 0; row < count; row++) {
        int64_t label = class_of(&e->data.rows.targets[0], rows->targets[0], row);
        for (size_t i = 0; i < e->class_weight_count; i++) {
            if (e->class_weight[i].label == label) rows->sample_weight[row] *= (float)e->class_weight[i].weight;
        }
    }
}

/* ---- a step ------------------------------------------------------------------------------------------ */

static bool all_finite(const epoch *e, const training_program *p, const int32_t (*counts)[16], int64_t batch) {
    for (uint32_t i = 0; i < p->function->output_count; i++) {
        if (counts[i][0] == 0) continue;
        return context_fail(e->m->context, e->where, CN_ERROR_NOT_FINITE,
                            "%s: at batch %lld, %s has %d elements that are not finite; it is the first such value "
                            "of the step", e->call, (long long)batch, p->watched[i], (int)counts[i][0]);
    }
    return true;
}

bool epoch_step(epoch *e, training_program *p, const dataset_batch *rows, int64_t count, int64_t batch) {
    cn_context *c = e->m->context;
    cn_function *f = p->function;
    void *inputs[3 * CN_MAX_LIST];
    uint32_t n = 0, targets = e->m->training->targets.count;
    for (uint32_t i = 0; i < e->m->inputs.count; i++) inputs[n++] = rows->inputs[i];
    for (uint32_t i = 0; i < targets; i++) inputs[n++] = rows->targets[i];
    for (uint32_t i = 0; p->weighted && i < targets; i++) inputs[n++] = rows->sample_weight;
    if (f->output_count == 0) return function_run(f, inputs, NULL, count, &c->diag);

    arena_mark mark = arena_get_mark(c->arena); /* 64 bytes for each count: outputs are aligned */
    uintptr_t room = (uintptr_t)arena_alloc(c->arena, (f->output_count + 1) * (size_t)64);
    int32_t (*counts)[16] = (int32_t (*)[16])size_align(room, 64);
    void **outputs = ARENA_ARRAY(c->arena, void *, f->output_count);
    for (uint32_t i = 0; i < f->output_count; i++) outputs[i] = counts[i];
    bool ok = function_run(f, inputs, outputs, count, &c->diag) &&
              all_finite(e, p, (const int32_t (*)[16])counts, batch);
    arena_rewind(c->arena, mark);
    return ok;
}

/* ---- the pass -------------------------------------------------------------------------------------------- */

static bool run_batches(epoch *e, training_program *p, feed *f) {
    cn_context *c = e->m->context;
    int64_t total = epoch_batches(e);
    for (int64_t i = e->feed.first_batch; i < total; i++) {
        const feed_batch *b = feed_next(f, &c->diag);
        if (b == NULL) return diag_ok(&c->diag);
        if (!data_match_labels(e->m, e->where, e->call, &e->data, &b->rows, b->count, b->samples)) return false;
        if (e->class_weight_count > 0) weigh_classes(e, &b->rows, b->count);
        if (e->hooks.batch_begin != NULL) e->hooks.batch_begin(e->hooks.user, i);
        if (!epoch_step(e, p, &b->rows, b->count, i)) return false;
        if (e->hooks.batch_end != NULL && !e->hooks.batch_end(e->hooks.user, i)) return true;
    }
    return true;
}

bool epoch_run(epoch *e) {
    cn_context *c = e->m->context;
    e->feed.targets = true;
    e->feed.weighted = e->data.rows.sample_weight != NULL || e->class_weight_count > 0;
    training_program *p = model_get_program(e->m, e->kind, e->data.dtypes, e->feed.weighted);
    if (p == NULL) return false;
    feed *f = feed_new(&e->data.rows, &e->feed, c->memory, &c->diag);
    if (f == NULL) return false;
    diag_recovery point; /* a step that runs out of memory must not leave the feed's thread behind */
    if (DIAG_RECOVER(&c->diag, &point)) {
        feed_free(f);
        return false;
    }
    bool ok = run_batches(e, p, f);
    diag_pop_recovery(&c->diag, &point);
    feed_free(f);
    return ok;
}
