/* What a public dataset holds; how one is matched to a model is data_match.h. */
#ifndef CORNU_FRONTEND_DATASET_H
#define CORNU_FRONTEND_DATASET_H

#include "frontend/frontend.h"
#include "runtime/dataset.h"
#include "runtime/io/idx.h"

struct cn_dataset {
    cn_context *context;
    dataset rows;
    idx_array files[2]; /* inputs, targets: owned when read from files */
    bool freed;         /* waits in context.spare_datasets for a dataset to become */
    cn_dataset *next_spare;
};

/* The columns of arrays; allocates nothing, names and data stay the caller's. */
bool dataset_of_arrays(cn_context *c, cn_source where, const cn_dataset_options *o, dataset *out);

#endif
