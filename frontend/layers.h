/* What the constructors and calls of built-in layers share.
 *
 * A built-in layer is one `layer_kind`: its class row (build, call), what its options struct looks
 * like, `options`, which say of each option what Keras calls it, where it lies and what its default
 * is, and `complete`, which checks the layer's copy of the options once defaults stand in place of
 * zeros. So a `call` reads options that are right, and only input shapes are left to check; and
 * files of Keras are read and written by the same rows (frontend/keras/layer_options.c).
 */
#ifndef CORNU_FRONTEND_LAYERS_H
#define CORNU_FRONTEND_LAYERS_H

#include <stddef.h>

#include "frontend/frontend.h"
#include "frontend/internal_ops.h"

/* Those of cn_field_type come first, with the same values. */
typedef enum layer_option_kind {
    OPTION_INTEGER = CN_FIELD_INTEGER,
    OPTION_NUMBER = CN_FIELD_NUMBER,
    OPTION_FLAG = CN_FIELD_FLAG,
    OPTION_TEXT = CN_FIELD_TEXT,
    OPTION_ACTIVATION = CN_FIELD_ACTIVATION,
    OPTION_INITIALIZER = CN_FIELD_INITIALIZER,
    OPTION_REGULARIZER = CN_FIELD_REGULARIZER,
    OPTION_NOT,            /* bool that says the opposite: .no_bias of use_bias */
    OPTION_NUMBER_OR_NONE, /* double: 0 = none, CN_ZERO = 0 */
    OPTION_PADDING,        /* cn_padding */
    OPTION_PAIR,           /* int64_t[2] */
    OPTION_MARGINS,        /* int64_t[2][2], not negative */
    OPTION_LIST,           /* int64_t[CN_MAX_RANK] up to the first zero */
    OPTION_SHAPE,          /* ... in which CN_BATCH is none */
    OPTION_FIXED,          /* Keras' alone: what `words` (JSON) says, and no other value */
    OPTION_REFUSED,        /* the same of what newer versions have: not written */
    OPTION_FREE,           /* Keras' alone: whatever; not written */
} layer_option_kind;

typedef struct layer_option {
    const char *key; /* Keras' */
    layer_option_kind kind;
    size_t offset;
    double number;      /* default of numbers and integers */
    const void *object; /* default of initializers; NULL there is no initializer */
    const char *words;
} layer_option;
#define OPTION_AT(type, member) .offset = offsetof(type, member)

typedef struct layer_kind {
    layer_class class;
    const layer_option *options;       /* end at a row without a key; NULL = none */
    size_t options_size, name_offset;  /* every options struct begins with its context */
    bool (*complete)(cn_layer *layer); /* false after option_fail; NULL = nothing to check */
} layer_kind;
#define LAYER_OPTIONS(type) .options_size = sizeof(type), .name_offset = offsetof(type, name)

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
