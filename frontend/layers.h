/* What the constructors and calls of built-in layers share.
 *
 * A built-in layer is one `layer_kind`: its class row (build, call), what its options struct looks
 * like, `options`, which say of each option what Keras calls it, where it lies and what its default
 * is, and `complete`, which checks the layer's copy of the options once defaults stand in place of
 * zeros. So a `call` reads options that are right, and only input shapes are left to check; and
 * files of Keras are read and written by the same rows (frontend/keras/options.c).
 */
#ifndef CORNU_FRONTEND_LAYERS_H
#define CORNU_FRONTEND_LAYERS_H

#include <stddef.h>

#include "frontend/frontend.h"
#include "frontend/internal_ops.h"
#include "frontend/options.h"

typedef struct layer_kind {
    layer_class class;
    const option_row *options;         /* end at a row without a key; NULL = none */
    size_t options_size, name_offset;  /* every options struct begins with its context */
    bool (*complete)(cn_layer *layer); /* false after option_fail; NULL = nothing to check */
} layer_kind;
#define LAYER_OPTIONS(type) .options_size = sizeof(type), .name_offset = offsetof(type, name)

extern const char *const padding_words[]; /* those of cn_padding */
/* All kinds, in the order of the public header; ends at NULL. */
extern const layer_kind *const layer_kinds[];
extern const layer_kind dense_kind, activation_kind, dropout_kind, flatten_kind, reshape_kind,
    permute_kind, rescaling_kind, relu_kind, leaky_relu_kind, softmax_kind, conv2d_kind,
    depthwise_conv2d_kind, max_pooling2d_kind, average_pooling2d_kind,
    global_average_pooling2d_kind, global_max_pooling2d_kind, zero_padding2d_kind,
    batch_normalization_kind, add_kind, subtract_kind, multiply_kind, average_kind, maximum_kind,
    concatenate_kind;

cn_layer *layer_construct(cn_source where, const layer_kind *kind, const void *options);

/* "FILE:LINE: dense "fc1": " + words; false. */
bool option_fail(const cn_layer *layer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The required option must be at least 1. */
bool option_required(const cn_layer *layer, const char *name, int64_t given);
/* Lists of run-time length in options: entries up to the first zero. */
int option_count(const int64_t *list);
/* {0, 0} becomes {fallback, fallback} and {n} {n, n}; the rest must be positive. */
bool option_pair(const cn_layer *layer, const char *name, int64_t pair[2], int64_t fallback);

/* Weights of built-in layers: the layer's own line stands for the weight's. */
void layer_add_weight(cn_layer *layer, cn_weight_options options);

/* Fails unless input i has `rank` axes, with all but the batch known; `wants` names them. */
bool call_wants_rank(cn_layer_call *call, size_t i, int rank, const char *wants);
/* Fails unless the window fits on the image that input 0 is at least once. */
bool call_window_fits(cn_layer_call *call, const window2d *w, const char *cure);
/* Input i as f32, in which layers with weights compute. */
static inline cn_tensor call_input(const cn_layer_call *call, size_t i) {
    return cn_op_cast(call->inputs[i], CN_F32);
}
/* Output 0 = activation(x + bias), the bias if the layer has one. */
void call_finish(cn_layer_call *call, cn_tensor x, bool no_bias, const cn_activation *activation);

#endif
