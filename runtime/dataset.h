/* Datasets: columns of samples, and how rows are gathered into a batch.
 *
 * A column is an input, a target or the sample weight; all columns have the same number of
 * samples. Columns lie in memory (the caller's, or the dataset's own after reading a file), or
 * are made sample by sample by a callback.
 *
 * Invariant: gathering reads only; one dataset may feed several fits, one after the other.
 */
#ifndef CORNU_RUNTIME_DATASET_H
#define CORNU_RUNTIME_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/shape.h"

#define DATASET_COLUMNS 16

typedef struct dataset_column {
    const char *name; /* NULL = by position */
    cn_dtype dtype;
    int rank;                /* of one sample */
    int64_t shape[MAX_RANK]; /* of one sample */
    size_t sample_bytes;
    const uint8_t *data; /* sample 0; NULL when a callback makes them */
    int place;           /* which of the callback's inputs or targets it is */
    const float *weight; /* of a target: one per sample; NULL = the dataset's */
} dataset_column;

/* Fills one sample: inputs[i] and targets[j] point at its place in the batch. */
typedef bool (*dataset_sample)(void *user, int64_t index, void *const *inputs,
                               void *const *targets);

/* The same of the library's own readers of files: called by several threads at once, and tells
 * what is wrong. */
typedef bool (*dataset_read)(void *user, int64_t index, void *const *inputs, void *const *targets,
                             diagnostics *diag);

typedef struct dataset {
    int64_t count;
    int input_count, target_count;
    dataset_column inputs[DATASET_COLUMNS], targets[DATASET_COLUMNS];
    const float *sample_weight; /* one per sample; NULL = none */
    dataset_sample sample;      /* at most one of the two; NULL = columns lie in memory */
    dataset_read read;
    void *user;
    int64_t first; /* added to indices given to `sample` or `read` (ranges) */
} dataset;

static inline bool dataset_in_memory(const dataset *d) {
    return d->sample == NULL && d->read == NULL;
}

/* Whether any target has weights for its samples. */
bool dataset_is_weighted(const dataset *d);

/* Sets sample_bytes from dtype and shape; false when the product overflows. */
bool dataset_column_measure(dataset_column *c);
/* Samples [begin, end) of d, sharing its memory. */
dataset dataset_range(const dataset *d, int64_t begin, int64_t end);

/* Where a batch goes: one dense buffer per column. */
typedef struct dataset_batch {
    void *inputs[DATASET_COLUMNS], *targets[DATASET_COLUMNS];
    float *sample_weight;                   /* NULL = not wanted */
    float *target_weights[DATASET_COLUMNS]; /* of targets with weights of their own; else NULL */
} dataset_batch;

/* Gathers sample indices[row] into row, for begin <= row < end. False with a message when the
 * callback stopped. */
bool dataset_gather(const dataset *d, const int64_t *indices, int64_t begin, int64_t end,
                    const dataset_batch *to, diagnostics *diag);

#endif
