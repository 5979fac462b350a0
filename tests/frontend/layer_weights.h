/* What options say of a layer's weights: how they start, and the penalty on them. */
#ifndef CORNU_TESTS_FRONTEND_LAYER_WEIGHTS_H
#define CORNU_TESTS_FRONTEND_LAYER_WEIGHTS_H

#include "test.h"

#include <math.h>
#include <stdio.h>

#include "frontend/frontend.h"

/* x, the layer, and all that it computes of a sample as one row. */
static inline cn_model *model_of_layer(cn_tensor x, cn_layer *layer) {
    cn_context *c = x.context;
    cn_model *m =
        cn_model_new(c, .inputs = {x}, .outputs = {cn_chain(x, layer, cn_flatten(c))});
    if (cn_compile(m, .loss = CN_MEAN_SQUARED_ERROR) != CN_OK)
        fail_msg("%s", cn_error_message(c));
    return m;
}

static inline int64_t sample_size(cn_tensor x) {
    int64_t shape[CN_MAX_RANK], size = 1;
    for (int i = cn_tensor_shape(x, shape) - 1; i > 0; i--)
        size *= shape[i];
    return size;
}

/* The loss for an input of zeros, of which the layer makes `wanted`: penalties are what is left. */
static inline double penalties(cn_model *m, cn_tensor x, int64_t outputs, float wanted) {
    cn_context *c = x.context;
    int64_t inputs = sample_size(x);
    float *zeros = calloc((size_t)inputs, sizeof *zeros);
    float *values = calloc((size_t)outputs, sizeof *values);
    assert_true(zeros != NULL && values != NULL);
    for (int64_t i = 0; i < outputs; i++)
        values[i] = wanted;
    cn_array in = {.data = zeros, .rank = cn_tensor_shape(x, in.shape)};
    in.shape[0] = 1;
    cn_dataset *data = cn_dataset_arrays(
        c, .inputs = {in}, .targets = {{.data = values, .shape = {1, outputs}}});
    if (cn_evaluate(m, data, .verbose = -1) != CN_OK)
        fail_msg("%s", cn_error_message(c));
    free(zeros);
    free(values);
    return cn_logs_get(cn_model_logs(m), "loss");
}

/* The weight whose name ends so; every element is `wanted`. */
static inline void weight_is(const cn_model *m, const char *ending, int64_t count, float wanted) {
    for (size_t i = 0; i < cn_weight_count(m); i++) {
        cn_array w = cn_weight(m, i);
        const char *last = strrchr(w.name, '/');
        if (strcmp(last == NULL ? w.name : last + 1, ending) != 0)
            continue;
        int64_t size = 1;
        for (int k = 0; k < w.rank; k++)
            size *= w.shape[k];
        assert_int_equal(size, count);
        for (int64_t k = 0; k < size; k++)
            assert_true(((const float *)w.data)[k] == wanted);
        return;
    }
    fail_msg("there is no weight %s", ending);
}

#endif
