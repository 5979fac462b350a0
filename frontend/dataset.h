/* What a public dataset holds; how one is matched to a model is data_match.h. */
#ifndef CORNU_FRONTEND_DATASET_H
#define CORNU_FRONTEND_DATASET_H

#include <string.h>

#include "frontend/frontend.h"
#include "runtime/dataset.h"

struct cn_dataset {
    cn_context *context;
    dataset rows;
    arena *own;                /* what was read from files; else NULL */
    void (*close)(void *held); /* what is no memory; NULL = nothing */
    void *held;
    const char *const *class_names; /* as long as `own`; so are files */
    size_t class_count;
    const char *(*file)(const void *held, int64_t index); /* NULL: samples are parts of files */
    bool freed;                                           /* waits in context.spare_datasets */
    cn_dataset *next_spare;
};

/* The columns of arrays; allocates nothing, names and data stay the caller's. */
bool dataset_of_arrays(cn_context *c, cn_source where, const cn_dataset_options *o, dataset *out);

/* How a dataset of files is made: `fill` reads, with d->own for everything it keeps. When it fails,
 * or memory runs out in it, all is given back and the message begins with `where` and `call`. */
typedef bool (*dataset_fill)(cn_dataset *d, const void *options);
cn_dataset *dataset_make(cn_context *c, cn_source where, const char *call, dataset_fill fill,
                         const void *options);
/* `options` as given by a program of an older version: what it does not know is zero. */
#define OPTIONS_COPY(copy, given, where) \
    memcpy(&(copy), (given),             \
           (where).options_size < sizeof(copy) ? (where).options_size : sizeof(copy))

/* A column of `d` over all its samples; false with a message when no memory could hold a sample. */
bool dataset_add_column(cn_dataset *d, bool is_target, const char *name, cn_dtype dtype, int rank,
                        const int64_t *shape, const void *data);

/* Class names of options: all there, each once; none without their number, nor the other way. */
bool dataset_check_class_names(cn_dataset *d, const char *const *names, size_t count);

#endif
