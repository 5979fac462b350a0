/* Gathering rows of a dataset into a batch. */
#include "runtime/dataset.h"

#include <string.h>

#include "base/size.h"

bool dataset_column_measure(dataset_column *c) {
    size_t bytes = (size_t)dtype_bytes(c->dtype);
    for (int i = 0; i < c->rank; i++) {
        if (c->shape[i] < 0 || !size_mul(bytes, (size_t)c->shape[i], &bytes))
            return false;
    }
    c->sample_bytes = bytes;
    return true;
}

static void skip_samples(dataset_column *columns, int count, int64_t samples) {
    for (int i = 0; i < count; i++) {
        if (columns[i].data != NULL)
            columns[i].data += (size_t)samples * columns[i].sample_bytes;
        if (columns[i].weight != NULL)
            columns[i].weight += samples;
    }
}

bool dataset_is_weighted(const dataset *d) {
    bool weighted = d->sample_weight != NULL;
    for (int i = 0; i < d->target_count; i++)
        weighted = weighted || d->targets[i].weight != NULL;
    return weighted;
}

dataset dataset_range(const dataset *d, int64_t begin, int64_t end) {
    dataset part = *d;
    part.count = end - begin;
    part.first = d->first + begin;
    skip_samples(part.inputs, part.input_count, begin);
    skip_samples(part.targets, part.target_count, begin);
    if (part.sample_weight != NULL)
        part.sample_weight += begin;
    return part;
}

/* ---- gathering -------------------------------------------------------------------------- */

enum { CACHE_LINE = 64, AHEAD_BYTES = 4096 };

/* Shuffled rows lie where no processor expects them. */
static void expect(const uint8_t *row, size_t bytes) {
    size_t ahead = bytes < AHEAD_BYTES ? bytes : AHEAD_BYTES;
    for (size_t i = 0; i < ahead; i += CACHE_LINE)
        __builtin_prefetch(row + i, 0, 2);
}

static void gather_column(const dataset_column *c, const int64_t *indices, int64_t begin,
                          int64_t end, uint8_t *to) {
    size_t bytes = c->sample_bytes;
    for (int64_t row = begin; row < end; row++) {
        if (row + 1 < end)
            expect(c->data + (size_t)indices[row + 1] * bytes, bytes);
        memcpy(to + (size_t)row * bytes, c->data + (size_t)indices[row] * bytes, bytes);
    }
}

static void place_row(const dataset_column *columns, int count, void *const *buffers, int64_t row,
                      void **places) {
    for (int i = 0; i < count; i++) {
        uint8_t *buffer = buffers[i];
        places[columns[i].place] =
            buffer == NULL ? NULL : buffer + (size_t)row * columns[i].sample_bytes;
    }
}

static bool gather_by_callback(const dataset *d, const int64_t *indices, int64_t begin, int64_t end,
                               const dataset_batch *to, diagnostics *diag) {
    void *inputs[DATASET_COLUMNS], *targets[DATASET_COLUMNS];
    for (int64_t row = begin; row < end; row++) {
        place_row(d->inputs, d->input_count, to->inputs, row, inputs);
        place_row(d->targets, d->target_count, to->targets, row, targets);
        int64_t index = d->first + indices[row];
        if (d->read != NULL && !d->read(d->user, index, inputs, targets, diag))
            return false;
        if (d->read != NULL || d->sample(d->user, index, inputs, targets))
            continue;
        return diag_fail(diag, CN_ERROR_DATA, "the dataset's callback stopped at sample %lld",
                         (long long)index);
    }
    return true;
}

static void gather_weight(const float *weight, const int64_t *indices, int64_t begin, int64_t end,
                          float *to) {
    for (int64_t row = begin; to != NULL && row < end; row++)
        to[row] = weight == NULL ? 1.0f : weight[indices[row]];
}

bool dataset_gather(const dataset *d, const int64_t *indices, int64_t begin, int64_t end,
                    const dataset_batch *to, diagnostics *diag) {
    gather_weight(d->sample_weight, indices, begin, end, to->sample_weight);
    for (int i = 0; i < d->target_count; i++)
        gather_weight(d->targets[i].weight, indices, begin, end, to->target_weights[i]);
    if (!dataset_in_memory(d))
        return gather_by_callback(d, indices, begin, end, to, diag);
    for (int i = 0; i < d->input_count; i++)
        gather_column(&d->inputs[i], indices, begin, end, to->inputs[i]);
    for (int i = 0; i < d->target_count; i++) {
        if (to->targets[i] != NULL)
            gather_column(&d->targets[i], indices, begin, end, to->targets[i]);
    }
    return true;
}
