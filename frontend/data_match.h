/* Matching data to a model: which column feeds which input, and whether it can. */
#ifndef CORNU_FRONTEND_DATA_MATCH_H
#define CORNU_FRONTEND_DATA_MATCH_H

#include "frontend/dataset.h"

typedef struct data_match {
    dataset rows;                     /* columns in the model's order */
    cn_dtype dtypes[2 * CN_MAX_LIST]; /* inputs, then targets: for model_get_program */
    bool with_targets;
} data_match;

/* How data names the inputs of a model, and the targets of a compiled one. */
const char *model_input_name(const cn_model *m, uint32_t i);
const char *model_target_name(const cn_model *m, uint32_t i);

/* By name when every column has one that the model knows, else by position. A sample's shape must
 * be the model's, but for axes of 1 (images without a channel axis, labels [1]). Labels of
 * array-backed data are checked here, all of them. False with a message. */
bool data_match_model(cn_model *m, cn_source where, const char *call, const dataset *d,
                      bool with_targets, data_match *out);
/* An input made with .batch_size takes whole batches of that size and no others. */
bool data_match_batch(cn_model *m, cn_source where, const char *call, const data_match *x,
                      int64_t batch_size);
/* Labels of one gathered batch, for data made by a callback; samples[row] is its place. */
bool data_match_labels(cn_model *m, cn_source where, const char *call, const data_match *x,
                       const dataset_batch *rows, int64_t count, const int64_t *samples);

#endif
