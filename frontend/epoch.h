/* One pass over data with one program: what fit, evaluate and their relatives are made of. */
#ifndef CORNU_FRONTEND_EPOCH_H
#define CORNU_FRONTEND_EPOCH_H

#include "frontend/data_match.h"
#include "runtime/feed.h"

typedef struct epoch_hooks {
    void *user;
    /* After a batch (index from 0); false ends the pass early, without error. */
    bool (*batch_end)(void *user, int64_t batch);
    void (*batch_begin)(void *user, int64_t batch);
} epoch_hooks;

typedef struct epoch {
    cn_model *m;
    cn_source where;
    const char *call;        /* "fit": for messages */
    program_kind kind;
    data_match data;
    feed_options feed;
    const cn_class_weight *class_weight;
    size_t class_weight_count;
    int64_t limit;           /* batches at most; 0 = all */
    epoch_hooks hooks;       /* functions may be NULL */
} epoch;

/* Steps through the data; metrics accumulate. False with a message; the model stays usable. */
bool epoch_run(epoch *e);
int64_t epoch_batches(const epoch *e);

/* One step on rows that are gathered already; addresses by position. `batch` counts for messages. */
bool epoch_step(epoch *e, training_program *p, const dataset_batch *rows, int64_t count, int64_t batch);

#endif
