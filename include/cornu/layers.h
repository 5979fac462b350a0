/* Layers: Keras' words and defaults. A constructor makes a layer, cn_apply calls it; applying
 * one layer twice shares its weights.
 *
 * Options: the required ones come first, in order; zero means Keras' default. A constructor
 * never returns NULL: on bad options it returns a poison layer and the context keeps the
 * message. Layers belong to their context; strings and lists are copied during the call.
 * Images are [batch, height, width, channels].
 */
#ifndef CORNU_LAYERS_H
#define CORNU_LAYERS_H

#include "cornu/activations.h"
#include "cornu/initializers.h"
#include "cornu/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum cn_padding { CN_VALID, CN_SAME } cn_padding;

/* ---- core ------------------------------------------------------------------------------------ */

/* activation(x @ kernel + bias) on the last axis of x, any rank >= 2.
 * Weights: kernel [features, units], bias [units]. Keras: layers.Dense. */
typedef struct cn_dense_options {
    cn_context *context;
    int64_t units;                   /* required */
    const cn_activation *activation; /* NULL = linear */
    const char *name;
    bool no_bias;
    bool frozen;                              /* Keras' trainable=False */
    const cn_initializer *kernel_initializer; /* NULL = glorot_uniform */
    const cn_initializer *bias_initializer;   /* NULL = zeros */
    const cn_regularizer *kernel_regularizer, *bias_regularizer, *activity_regularizer;
} cn_dense_options;
CN_API cn_layer *cn_dense_at(cn_source where, const cn_dense_options *options);

/* Any activation as a layer. Keras: layers.Activation. */
typedef struct cn_activation_layer_options {
    cn_context *context;
    const cn_activation *activation; /* required */
    const char *name;
} cn_activation_layer_options;
CN_API cn_layer *cn_activation_at(cn_source where, const cn_activation_layer_options *options);

/* Drops with probability rate in training, scales the rest by 1/(1-rate). Keras: layers.Dropout. */
typedef struct cn_dropout_options {
    cn_context *context;
    double rate; /* 0 <= rate <= 1 */
    const char *name;
    int64_t noise_shape[CN_MAX_RANK]; /* 1 where the mask is shared; {0} = the shape of x;
                                           CN_BATCH for the batch axis */
} cn_dropout_options;
CN_API cn_layer *cn_dropout_at(cn_source where, const cn_dropout_options *options);

/* [batch, ...] to [batch, product of the rest]. Keras: layers.Flatten. */
typedef struct cn_flatten_options {
    cn_context *context;
    const char *name;
} cn_flatten_options;
CN_API cn_layer *cn_flatten_at(cn_source where, const cn_flatten_options *options);

/* target_shape without the batch axis; one entry may be -1. Keras: layers.Reshape. */
typedef struct cn_reshape_options {
    cn_context *context;
    int64_t target_shape[CN_MAX_RANK]; /* required; ends at the first zero */
    const char *name;
} cn_reshape_options;
CN_API cn_layer *cn_reshape_at(cn_source where, const cn_reshape_options *options);

/* dims are 1-based and leave the batch axis out: {2, 1} swaps the first two. Keras:
 * layers.Permute. */
typedef struct cn_permute_options {
    cn_context *context;
    int64_t dims[CN_MAX_RANK]; /* required */
    const char *name;
} cn_permute_options;
CN_API cn_layer *cn_permute_at(cn_source where, const cn_permute_options *options);

/* x * scale + offset, as float32 whatever x is. Keras: layers.Rescaling. */
typedef struct cn_rescaling_options {
    cn_context *context;
    double scale; /* required */
    double offset;
    const char *name;
} cn_rescaling_options;
CN_API cn_layer *cn_rescaling_at(cn_source where, const cn_rescaling_options *options);

/* ---- activations as layers ------------------------------------------------------------------- */

/* Keras: layers.ReLU, LeakyReLU, Softmax. */
typedef struct cn_relu_options {
    cn_context *context;
    double max_value; /* 0 = none; CN_ZERO = 0 */
    double negative_slope, threshold;
    const char *name;
} cn_relu_options;
CN_API cn_layer *cn_relu_at(cn_source where, const cn_relu_options *options);

typedef struct cn_leaky_relu_options {
    cn_context *context;
    double negative_slope; /* 0 = 0.3 */
    const char *name;
} cn_leaky_relu_options;
CN_API cn_layer *cn_leaky_relu_at(cn_source where, const cn_leaky_relu_options *options);

typedef struct cn_softmax_options {
    cn_context *context;
    int64_t axis; /* 0 = -1, the last */
    const char *name;
} cn_softmax_options;
CN_API cn_layer *cn_softmax_at(cn_source where, const cn_softmax_options *options);

/* ---- convolution ----------------------------------------------------------------------------- */

/* Cross-correlation. Weights: kernel [height, width, channels / groups, filters], bias [filters].
 * CN_SAME pads so that out = ceil(in / stride), the odd cell after. Keras: layers.Conv2D. */
typedef struct cn_conv2d_options {
    cn_context *context;
    int64_t filters;        /* required */
    int64_t kernel_size[2]; /* required; {3} means {3, 3} */
    const cn_activation *activation;
    cn_padding padding;
    const char *name;
    int64_t strides[2], dilation_rate[2]; /* 0 = 1 */
    int64_t groups;                       /* 0 = 1 */
    bool no_bias, frozen;
    const cn_initializer *kernel_initializer, *bias_initializer;
    const cn_regularizer *kernel_regularizer, *bias_regularizer, *activity_regularizer;
} cn_conv2d_options;
CN_API cn_layer *cn_conv2d_at(cn_source where, const cn_conv2d_options *options);

/* One filter bank per channel. Weights: kernel [height, width, channels, depth_multiplier], bias
 * [channels * depth_multiplier]. Keras: layers.DepthwiseConv2D. */
typedef struct cn_depthwise_conv2d_options {
    cn_context *context;
    int64_t kernel_size[2];   /* required */
    int64_t depth_multiplier; /* 0 = 1 */
    const cn_activation *activation;
    cn_padding padding;
    const char *name;
    int64_t strides[2], dilation_rate[2];
    bool no_bias, frozen;
    const cn_initializer *depthwise_initializer, *bias_initializer;
    const cn_regularizer *depthwise_regularizer, *bias_regularizer, *activity_regularizer;
} cn_depthwise_conv2d_options;
CN_API cn_layer *cn_depthwise_conv2d_at(cn_source where,
                                        const cn_depthwise_conv2d_options *options);

/* ---- pooling --------------------------------------------------------------------------------- */

/* The largest or the mean of each window; with CN_SAME a mean divides by the cells that exist.
 * Keras: layers.MaxPooling2D, AveragePooling2D. */
typedef struct cn_pooling2d_options {
    cn_context *context;
    int64_t pool_size[2]; /* {0} = {2, 2} */
    int64_t strides[2];   /* {0} = pool_size */
    cn_padding padding;
    const char *name;
} cn_pooling2d_options;
CN_API cn_layer *cn_max_pooling2d_at(cn_source where, const cn_pooling2d_options *options);
CN_API cn_layer *cn_average_pooling2d_at(cn_source where, const cn_pooling2d_options *options);

/* Over height and width: [batch, channels], or [batch, 1, 1, channels] with keepdims. Keras:
 * layers.GlobalAveragePooling2D, GlobalMaxPooling2D. */
typedef struct cn_global_pooling2d_options {
    cn_context *context;
    bool keepdims;
    const char *name;
} cn_global_pooling2d_options;
CN_API cn_layer *cn_global_average_pooling2d_at(cn_source where,
                                                const cn_global_pooling2d_options *options);
CN_API cn_layer *cn_global_max_pooling2d_at(cn_source where,
                                            const cn_global_pooling2d_options *options);

/* Keras: layers.ZeroPadding2D. */
typedef struct cn_zero_padding2d_options {
    cn_context *context;
    int64_t padding[2][2]; /* {{top, bottom}, {left, right}}; all zero = 1 on each side,
                              one of them CN_ZERO = 0 */
    const char *name;
} cn_zero_padding2d_options;
CN_API cn_layer *cn_zero_padding2d_at(cn_source where, const cn_zero_padding2d_options *options);

/* ---- normalization --------------------------------------------------------------------------- */

/* Batch statistics in training unless frozen, moving statistics else; biased variance.
 * Weights: gamma, beta, moving_mean, moving_variance, each [channels]. Keras:
 * layers.BatchNormalization. */
typedef struct cn_batch_normalization_options {
    cn_context *context;
    int64_t axis;    /* 0 = -1 */
    double momentum; /* 0 = 0.99; CN_ZERO = 0 */
    double epsilon;  /* 0 = 0.001 */
    const char *name;
    bool no_center, no_scale, frozen;
    const cn_initializer *beta_initializer, *gamma_initializer;
    const cn_initializer *moving_mean_initializer, *moving_variance_initializer;
    const cn_regularizer *beta_regularizer, *gamma_regularizer;
} cn_batch_normalization_options;
CN_API cn_layer *cn_batch_normalization_at(cn_source where,
                                           const cn_batch_normalization_options *options);

/* ---- merging: two or more inputs of equal or broadcastable shapes ---------------------------- */

/* Elementwise, with broadcasting. Keras: layers.Add, Subtract, Multiply, Average, Maximum. */
typedef struct cn_merge_options {
    cn_context *context;
    const char *name;
} cn_merge_options;
CN_API cn_layer *cn_add_at(cn_source where, const cn_merge_options *options);
CN_API cn_layer *cn_subtract_at(cn_source where, const cn_merge_options *options); /* exactly two */
CN_API cn_layer *cn_multiply_at(cn_source where, const cn_merge_options *options);
CN_API cn_layer *cn_average_at(cn_source where, const cn_merge_options *options);
CN_API cn_layer *cn_maximum_at(cn_source where, const cn_merge_options *options);
/* All axes but one must agree. Keras: layers.Concatenate. */
typedef struct cn_concatenate_options {
    cn_context *context;
    int64_t axis; /* 0 = -1 */
    const char *name;
} cn_concatenate_options;
CN_API cn_layer *cn_concatenate_at(cn_source where, const cn_concatenate_options *options);

/* ---- your own -------------------------------------------------------------------------------- */

/* A layer made of ops: `build` adds weights once, when the shapes are first known; `call` composes
 * ops (include/cornu/ops.h) into outputs and may be called again when the layer is shared.
 * `user` is copied (user_size bytes) into the layer. Both return nothing: poison tells failure. */
typedef struct cn_layer_call {
    cn_layer *layer;
    void *user; /* the layer's copy */
    const cn_tensor *inputs;
    size_t input_count;
    cn_tensor *outputs;  /* CN_MAX_LIST of them */
    size_t output_count; /* starts at 1 */
} cn_layer_call;
/* An option of a custom layer in files: where it lies in `user`. A file gives and takes it under
 * `name`, as the Python class has it in get_config. Objects may be NULL. */
typedef enum cn_field_type {
    CN_FIELD_INTEGER,     /* int64_t */
    CN_FIELD_NUMBER,      /* double */
    CN_FIELD_FLAG,        /* bool */
    CN_FIELD_TEXT,        /* const char * */
    CN_FIELD_ACTIVATION,  /* const cn_activation * */
    CN_FIELD_INITIALIZER, /* const cn_initializer * */
    CN_FIELD_REGULARIZER, /* const cn_regularizer * */
} cn_field_type;
typedef struct cn_field {
    const char *name;
    cn_field_type type;
    size_t offset; /* offsetof(struct gate, rate) */
} cn_field;
typedef struct cn_custom_layer_options {
    cn_context *context;
    void (*call)(cn_layer_call *call);  /* required */
    void (*build)(cn_layer_call *call); /* inputs are given, outputs are not used */
    const void *user;
    size_t user_size;
    const char *class_name; /* "SpatialGate"; names become spatial_gate, spatial_gate_1 */
    const char *name;
    bool frozen;
    const cn_field *fields; /* what cn_save writes of `user` (saving.h); NULL = nothing */
    size_t field_count;
} cn_custom_layer_options;
CN_API cn_layer *cn_custom_layer_at(cn_source where, const cn_custom_layer_options *options);

typedef struct cn_weight_options {
    cn_layer *layer;                   /* required */
    const char *name;                  /* required: "kernel" */
    int64_t shape[CN_MAX_RANK];        /* ends at the first zero; {0} = scalar */
    const cn_initializer *initializer; /* NULL = glorot_uniform */
    const cn_regularizer *regularizer;
    bool not_trainable; /* state: statistics, counters */
    cn_dtype dtype;
} cn_weight_options;
/* Adds a weight during `build`; the tensor may be used in every `call`. */
CN_API cn_tensor cn_layer_add_weight_at(cn_source where, const cn_weight_options *options);
/* The weight of that name; poison when there is none. */
CN_API cn_tensor cn_layer_weight(cn_layer *layer, const char *name);
/* Replaces a not-trainable weight's value after each training step (moving statistics). Of a layer
 * that is called twice, the second new value is computed from the first. */
CN_API void cn_layer_update(cn_layer *layer, cn_tensor weight, cn_tensor new_value);
/* Adds a scalar to the model's loss. */
CN_API void cn_layer_add_loss(cn_layer *layer, cn_tensor loss);
/* A bool scalar: true in the training step (and, for `unfrozen`, only while the layer trains). */
CN_API cn_tensor cn_layer_training(cn_layer *layer, bool unfrozen);

/* Keras' layer.trainable, for the layer and, when it is a model, all in it. Takes effect at the
 * next cn_compile. */
CN_API void cn_layer_set_trainable(cn_layer *layer, bool trainable);
CN_API const char *cn_layer_name(const cn_layer *layer); /* "" until a model names it */

#ifndef __cplusplus
#define CN_LAYER(name, options, ...) name(CN_HERE(options), &(options){.context = __VA_ARGS__})
#define cn_dense(...) CN_LAYER(cn_dense_at, cn_dense_options, __VA_ARGS__)
#define cn_activation(...) CN_LAYER(cn_activation_at, cn_activation_layer_options, __VA_ARGS__)
#define cn_dropout(...) CN_LAYER(cn_dropout_at, cn_dropout_options, __VA_ARGS__)
#define cn_flatten(...) CN_LAYER(cn_flatten_at, cn_flatten_options, __VA_ARGS__)
#define cn_reshape(...) CN_LAYER(cn_reshape_at, cn_reshape_options, __VA_ARGS__)
#define cn_permute(...) CN_LAYER(cn_permute_at, cn_permute_options, __VA_ARGS__)
#define cn_rescaling(...) CN_LAYER(cn_rescaling_at, cn_rescaling_options, __VA_ARGS__)
#define cn_relu(...) CN_LAYER(cn_relu_at, cn_relu_options, __VA_ARGS__)
#define cn_leaky_relu(...) CN_LAYER(cn_leaky_relu_at, cn_leaky_relu_options, __VA_ARGS__)
#define cn_softmax(...) CN_LAYER(cn_softmax_at, cn_softmax_options, __VA_ARGS__)
#define cn_conv2d(...) CN_LAYER(cn_conv2d_at, cn_conv2d_options, __VA_ARGS__)
#define cn_depthwise_conv2d(...) \
    CN_LAYER(cn_depthwise_conv2d_at, cn_depthwise_conv2d_options, __VA_ARGS__)
#define cn_max_pooling2d(...) CN_LAYER(cn_max_pooling2d_at, cn_pooling2d_options, __VA_ARGS__)
#define cn_average_pooling2d(...) \
    CN_LAYER(cn_average_pooling2d_at, cn_pooling2d_options, __VA_ARGS__)
#define cn_global_average_pooling2d(...) \
    CN_LAYER(cn_global_average_pooling2d_at, cn_global_pooling2d_options, __VA_ARGS__)
#define cn_global_max_pooling2d(...) \
    CN_LAYER(cn_global_max_pooling2d_at, cn_global_pooling2d_options, __VA_ARGS__)
#define cn_zero_padding2d(...) \
    CN_LAYER(cn_zero_padding2d_at, cn_zero_padding2d_options, __VA_ARGS__)
#define cn_batch_normalization(...) \
    CN_LAYER(cn_batch_normalization_at, cn_batch_normalization_options, __VA_ARGS__)
#define cn_add(...) CN_LAYER(cn_add_at, cn_merge_options, __VA_ARGS__)
#define cn_subtract(...) CN_LAYER(cn_subtract_at, cn_merge_options, __VA_ARGS__)
#define cn_multiply(...) CN_LAYER(cn_multiply_at, cn_merge_options, __VA_ARGS__)
#define cn_average(...) CN_LAYER(cn_average_at, cn_merge_options, __VA_ARGS__)
#define cn_maximum(...) CN_LAYER(cn_maximum_at, cn_merge_options, __VA_ARGS__)
#define cn_concatenate(...) CN_LAYER(cn_concatenate_at, cn_concatenate_options, __VA_ARGS__)
#define cn_custom_layer(...) CN_LAYER(cn_custom_layer_at, cn_custom_layer_options, __VA_ARGS__)
#define cn_layer_add_weight(...) \
    cn_layer_add_weight_at(CN_HERE(cn_weight_options), &(cn_weight_options){.layer = __VA_ARGS__})
#endif

#ifdef __cplusplus
}
#endif
#endif
