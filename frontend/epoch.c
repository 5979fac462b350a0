/* Stepping through data.
 *
 * The feed gathers ahead on its own thread; a step gets host addresses, and what it computes
 * stays in the model's variables. Nothing is read back here but, in the debug mode, the counts
 * of values that are not finite.
 */
#include "frontend/epoch.h"

#include <math.h>

#include "base/size.h"
#include "ir/interpret.h"

void epoch_place(epoch *e, int64_t index, int64_t steps) {
    int64_t all = feed_batch_count(&e->data.rows, e->feed.batch_size);
    if (steps <= 0 || steps > all)
        steps = all;
    int64_t epochs = all / steps + (all % steps != 0); /* in a pass */
    e->feed.epoch = (uint64_t)(index / epochs);
    e->begin = index % epochs * steps;
    e->batches = all - e->begin < steps ? all - e->begin : steps;
}

/* ---- class weights ---------------------------------------------------------------------- */

static double entry(const dataset_column *column, const uint8_t *sample, size_t i) {
    number n = number_from_bytes(column->dtype, sample + i * (size_t)dtype_bytes(column->dtype));
    return dtype_is_float(column->dtype) ? n.f : (double)n.i;
}

/* A one-hot target counts by its largest entry, as in Keras. */
static int64_t class_of(const dataset_column *column, const void *data, int64_t row) {
    const uint8_t *sample = (const uint8_t *)data + (size_t)row * column->sample_bytes;
    size_t width = column->sample_bytes / (size_t)dtype_bytes(column->dtype), best = 0;
    if (width <= 1)
        return llrint(entry(column, sample, 0));
    for (size_t i = 1; i < width; i++)
        if (entry(column, sample, i) > entry(column, sample, best))
            best = i;
    return (int64_t)best;
}

static void weigh_classes(const epoch *e, const dataset_batch *rows, int64_t count) {
    for (int64_t row = 0; row < count; row++) {
        int64_t label = class_of(&e->data.rows.targets[0], rows->targets[0], row);
        for (size_t i = 0; i < e->class_weight_count; i++)
            if (e->class_weight[i].label == label)
                rows->sample_weight[row] *= (float)option_number(e->class_weight[i].weight, 0);
    }
}

/* ---- a step ----------------------------------------------------------------------------- */

typedef int32_t counter[16]; /* one count in 64 bytes: outputs are aligned */

static bool all_finite(const epoch *e, const training_program *p, counter *counts, int64_t batch) {
    for (uint32_t i = 0; i < p->function->output_count; i++) {
        if (counts[i][0] == 0)
            continue;
        return context_fail(e->m->context, e->where, CN_ERROR_NOT_FINITE,
                            "%s: at batch %lld, %s has %d elements that are not finite; it is the "
                            "first such value of the step",
                            e->call, (long long)batch, p->watched[i], (int)counts[i][0]);
    }
    return true;
}

static bool run_watched(epoch *e, const training_program *p, void *const *inputs, int64_t count,
                        int64_t batch) {
    cn_context *c = e->m->context;
    cn_function *f = p->function;
    arena_mark mark = arena_get_mark(c->arena);
    void *room = arena_alloc(c->arena, (f->output_count + 1) * sizeof(counter));
    counter *counts = (counter *)size_align((uintptr_t)room, sizeof(counter));
    void **outputs = ARENA_ARRAY(c->arena, void *, f->output_count);
    for (uint32_t i = 0; i < f->output_count; i++)
        outputs[i] = counts[i];
    bool ok = function_run(f, inputs, outputs, count, &c->diag) && all_finite(e, p, counts, batch);
    arena_rewind(c->arena, mark);
    return ok;
}

static bool run_step(epoch *e, const training_program *p, const feed_batch *b, int64_t batch) {
    void *inputs[3 * CN_MAX_LIST];
    const dataset_batch *rows = &b->rows;
    uint32_t n = 0, targets = e->m->training->targets.count;
    for (uint32_t i = 0; i < e->m->inputs.count; i++)
        inputs[n++] = rows->inputs[i];
    for (uint32_t i = 0; i < targets; i++)
        inputs[n++] = rows->targets[i];
    for (uint32_t i = 0; p->weighted && i < targets; i++)
        inputs[n++] =
            rows->target_weights[i] != NULL ? rows->target_weights[i] : rows->sample_weight;
    if (p->function->output_count > 0)
        return run_watched(e, p, inputs, b->count, batch);
    return function_run(p->function, inputs, NULL, b->count, &e->m->context->diag);
}

/* ---- the batches ------------------------------------------------------------------------ */

static bool run_batches(epoch *e, const training_program *p, feed *f, int64_t done) {
    cn_context *c = e->m->context;
    for (int64_t i = done; i < e->batches; i++) {
        const feed_batch *b = feed_next(f, &c->diag);
        if (b == NULL)
            return diag_ok(&c->diag);
        if (!data_match_labels(e->m, e->where, e->call, &e->data, &b->rows, b->count, b->samples))
            return false;
        if (e->class_weight_count > 0)
            weigh_classes(e, &b->rows, b->count);
        if (e->hooks.batch_begin != NULL)
            e->hooks.batch_begin(e->hooks.user, i);
        if (!run_step(e, p, b, i))
            return false;
        if (e->hooks.batch_end != NULL && !e->hooks.batch_end(e->hooks.user, i))
            break;
    }
    return diag_ok(&c->diag);
}

bool epoch_run(epoch *e, int64_t done) {
    cn_context *c = e->m->context;
    e->feed.targets = true;
    e->feed.workers = e->m->context->workers;
    e->feed.weighted = dataset_is_weighted(&e->data.rows) || e->class_weight_count > 0;
    e->feed.first_batch = e->begin + done;
    training_program *p = model_get_program(e->m, e->kind, e->data.dtypes, e->feed.weighted);
    int64_t rows = e->data.rows.count;
    int64_t largest = e->feed.batch_size < rows ? e->feed.batch_size : rows;
    if (p == NULL || !data_match_batch(e->m, e->where, e->call, &e->data, e->feed.batch_size) ||
        !function_fits_memory(p->function, largest, &c->diag))
        return false;
    feed *f = feed_new(&e->data.rows, &e->feed, c->memory, &c->diag);
    if (f == NULL)
        return false;
    /* A step that runs out of memory must not leave the feed's thread behind. */
    diag_recovery point;
    if (DIAG_RECOVER(&c->diag, &point)) {
        feed_free(f);
        return false;
    }
    bool ok = run_batches(e, p, f, done);
    diag_pop_recovery(&c->diag, &point);
    feed_free(f);
    return ok;
}
