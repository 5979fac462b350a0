/* Batches through one program: what fit, evaluate and their relatives are made of. */
#ifndef CORNU_FRONTEND_EPOCH_H
#define CORNU_FRONTEND_EPOCH_H

#include "frontend/data_match.h"
#include "runtime/feed.h"

typedef struct epoch_hooks {
    void *user;
    void (*batch_begin)(void *user, int64_t batch);
    /* After a batch (index from 0); false ends the epoch early, without error. */
    bool (*batch_end)(void *user, int64_t batch);
} epoch_hooks;

/* An epoch is a pass over the data, or (steps_per_epoch) a part of one. */
typedef struct epoch {
    cn_model *m;
    cn_source where;
    const char *call; /* "fit": for messages */
    program_kind kind;
    data_match data;
    feed_options feed; /* first_batch and epoch are set by epoch_place */
    const cn_class_weight *class_weight;
    size_t class_weight_count;
    int64_t begin;     /* first batch of the pass that is this epoch's */
    int64_t batches;   /* how many are */
    epoch_hooks hooks; /* functions may be NULL */
} epoch;

/* Which batches of which pass the epoch of this index is. With `steps` > 0 an epoch has so many,
 * the next goes on where it ended, and the last of a pass may be shorter (as in Keras). */
void epoch_place(epoch *e, int64_t index, int64_t steps);
/* Steps through the batches from `done` on; metrics accumulate. False with a message; the model
 * stays usable. */
bool epoch_run(epoch *e, int64_t done);

#endif
