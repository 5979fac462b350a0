/* Feeds: the batches of one pass over a dataset, gathered ahead on threads of their own.
 *
 * Three buffers go round: one is being stepped on, the others are filled meanwhile. Rows that lie
 * in memory are gathered when asked for, by the workers that will step on them, where these fill
 * the machine: a thread more would only take a processor from them. So they are where no thread
 * could be started. Files are read and decoded by as many threads as there are processors, or
 * workers where these shall be fewer; they give way to the workers, and who has to wait for a batch
 * helps to finish it, with the workers. So processors that the step leaves idle read ahead, and
 * none is idle while a batch is missing.
 *
 * Invariant: order and content depend on dataset, order, seed and epoch only, so a run that
 * resumes at a batch sees what it would have seen; of rows that fail the first is told.
 */
#ifndef CORNU_RUNTIME_FEED_H
#define CORNU_RUNTIME_FEED_H

#include "runtime/dataset.h"
#include "runtime/pool.h"

typedef enum feed_order { FEED_SHUFFLED, FEED_SEQUENTIAL, FEED_SHUFFLED_WITHIN_BATCHES } feed_order;

typedef struct feed_options {
    int64_t batch_size;
    feed_order order;
    uint64_t seed, epoch; /* of the permutation */
    int64_t first_batch;  /* resume here */
    bool weighted;        /* fill sample_weight (ones when the dataset has none) */
    bool targets;         /* false: inputs only */
    pool *workers;        /* who steps on the batches; NULL = the caller alone */
} feed_options;

typedef struct feed_batch {
    dataset_batch rows;
    int64_t count;          /* samples; the last batch may be short */
    int64_t index;          /* which batch of the epoch */
    const int64_t *samples; /* their places in the dataset, for messages */
} feed_batch;

typedef struct feed feed;
/* NULL with a message (requested, live and peak bytes) when there is no memory. */
feed *feed_new(const dataset *d, const feed_options *o, memory *m, diagnostics *diag);
/* The next batch, valid until the next call; NULL at the end or on failure (then diag tells). */
const feed_batch *feed_next(feed *f, diagnostics *diag);
/* Stops in the middle too. */
void feed_free(feed *f);
int64_t feed_batch_count(const dataset *d, int64_t batch_size);

/* A permutation of 0 .. count-1: Fisher and Yates' shuffle, by Philox of (seed, epoch, place). */
void feed_permutation(int64_t *out, int64_t count, uint64_t seed, uint64_t epoch);

#endif
