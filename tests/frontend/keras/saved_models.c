/* Models built in C, for write_files.c: every layer and every structure, and compiled ones. */
#include "saved_models.h"

#include <string.h>

#include "custom_layers.h"

/* One input, one output per layer of the list. */
#define FAN(c, input, ...) fan((c), (input), (cn_layer *const[]){__VA_ARGS__, NULL})
static cn_model *fan(cn_context *c, cn_tensor x, cn_layer *const *layers) {
    cn_model_options o = {.context = c, .inputs = {x}};
    for (size_t i = 0; layers[i] != NULL; i++)
        o.outputs[i] = cn_apply(layers[i], x);
    return cn_model_new_at(CN_HERE(cn_model_options), &o);
}

/* ---- layers ------------------------------------------------------------------------------ */

static cn_model *dense(cn_context *c) {
    return FAN(c, cn_input(c, {4}, "x"), cn_dense(c, 3), cn_dense(c, 2, CN_RELU, "named"),
               cn_dense(c, 3, CN_TANH, .no_bias = true), cn_dense(c, 3, .frozen = true),
               cn_dense(c, 2, .kernel_regularizer = cn_regularizer_l1_l2(c, 0.25, 0.5),
                        .bias_regularizer = cn_regularizer_l1(c, 0.125),
                        .activity_regularizer = cn_regularizer_l2(c, 0.5)));
}

static cn_model *initializers(cn_context *c) {
    const cn_initializer *const kernels[] = {
        CN_ORTHOGONAL,   CN_IDENTITY,   CN_VARIANCE_SCALING, CN_GLOROT_NORMAL,
        CN_LECUN_NORMAL, CN_HE_UNIFORM, CN_HE_NORMAL,        cn_initializer_identity(c, 0.5)};
    const cn_initializer *const biases[] = {
        CN_ZEROS,
        CN_ONES,
        CN_RANDOM_UNIFORM,
        cn_initializer_constant(c, 0.25),
        cn_initializer_random_normal(c, 0.5, 0.125, 3),
        cn_initializer_truncated_normal(c, 0.25, 0.5, 0),
        cn_initializer_random_uniform(c, -0.25, 0.5, 0),
        cn_initializer_variance_scaling(c, 0.5, CN_FAN_OUT, CN_DISTRIBUTION_UNTRUNCATED_NORMAL, 4)};
    cn_layer *layers[9] = {NULL};
    for (size_t i = 0; i < 8; i++)
        layers[i] = cn_dense(c, 3, .kernel_initializer = kernels[i], .bias_initializer = biases[i]);
    return fan(c, cn_input(c, {3}), layers);
}

static const cn_activation *const plain_activations[] = {
#define X(constant, name) CN_##constant,
    CN_ACTIVATION_MAP(X)
#undef X
};

/* Those from `begin` on, but for `threshold`, which is no layer in Keras without its options, and
 * `sparsemax`, which Cornu computes otherwise (docs/differences-from-keras.md). */
static cn_model *activations(cn_context *c, size_t begin, size_t end) {
    cn_layer *layers[CN_MAX_LIST + 1] = {NULL};
    size_t count = 0;
    for (size_t i = begin; i < end; i++)
        if (plain_activations[i] != CN_THRESHOLD && plain_activations[i] != CN_SPARSEMAX)
            layers[count++] = cn_activation(c, plain_activations[i]);
    return fan(c, cn_input(c, {4}), layers);
}
static cn_model *activations_a(cn_context *c) {
    return activations(c, 0, 15);
}
static cn_model *activations_b(cn_context *c) {
    return activations(c, 15, sizeof plain_activations / sizeof *plain_activations);
}

static cn_model *activation_layers(cn_context *c) {
    return FAN(c, cn_input(c, {3, 4}), cn_relu(c), cn_relu(c, 1, .negative_slope = 0.25),
               cn_relu(c, .threshold = 0.25), cn_leaky_relu(c), cn_leaky_relu(c, 0.125),
               cn_softmax(c), cn_softmax(c, 1), cn_dense(c, 2, cn_activation_leaky_relu(c, 0.125)),
               cn_dense(c, 2, cn_activation_relu(c, 0.25, 0.5, 0)));
}

static cn_model *shaping(cn_context *c) {
    return FAN(c, cn_input(c, {2, 3, 4}), cn_flatten(c), cn_reshape(c, {6, 4}),
               cn_reshape(c, {4, -1}), cn_permute(c, {2, 1, 3}), cn_rescaling(c, 0.5, 1),
               cn_dropout(c, 0.5), cn_dropout(c, 0.25, .noise_shape = {CN_BATCH, 1, 1, 4}));
}

static cn_model *conv(cn_context *c) {
    return FAN(c, cn_input(c, {5, 6, 2}, "image"), cn_conv2d(c, 2, {3}),
               cn_conv2d(c, 2, {2, 3}, CN_RELU, CN_SAME),
               cn_conv2d(c, 4, {2}, .groups = 2, .no_bias = true),
               cn_conv2d(c, 2, {3}, .strides = {1, 2}, .padding = CN_SAME),
               cn_conv2d(c, 2, {2}, .dilation_rate = {2, 1}, .frozen = true),
               cn_depthwise_conv2d(c, {3}), cn_depthwise_conv2d(c, {2}, 2, .strides = {2}));
}

static cn_model *pooling(cn_context *c) {
    return FAN(c, cn_input(c, {5, 6, 2}), cn_max_pooling2d(c),
               cn_max_pooling2d(c, {3}, {1}, CN_SAME), cn_average_pooling2d(c, {3, 2}),
               cn_average_pooling2d(c, {2}, .padding = CN_SAME), cn_global_average_pooling2d(c),
               cn_global_max_pooling2d(c, .keepdims = true), cn_zero_padding2d(c),
               cn_zero_padding2d(c, {{0, 1}, {2, 0}}));
}

static cn_model *normalization(cn_context *c) {
    return FAN(c, cn_input(c, {2, 3, 4}), cn_batch_normalization(c),
               cn_batch_normalization(c, 1, 0.5, 0.125),
               cn_batch_normalization(c, .no_center = true),
               cn_batch_normalization(c, .no_scale = true, .frozen = true));
}

static cn_model *merging(cn_context *c) {
    cn_tensor a = cn_input(c, {2, 3}, "a"), b = cn_input(c, {2, 3}, "b");
    return cn_model_new(c, {a, b},
                        {cn_apply(cn_add(c), a, b), cn_apply(cn_subtract(c), a, b),
                         cn_apply(cn_multiply(c), a, b, a), cn_apply(cn_average(c), a, b),
                         cn_apply(cn_maximum(c), a, b), cn_apply(cn_concatenate(c), a, b),
                         cn_apply(cn_concatenate(c, 1), a, b)});
}

/* ---- structures -------------------------------------------------------------------------- */

static cn_model *sequential(cn_context *c) {
    return cn_sequential(c, {4}, {cn_dense(c, 3, CN_RELU), cn_dropout(c, 0.5), cn_dense(c, 2)});
}

/* An input that is not on the longest path, and outputs in the middle. */
static cn_model *functional(cn_context *c) {
    cn_tensor a = cn_input(c, {4}, "a"), b = cn_input(c, {3}, "b");
    cn_tensor hidden = cn_apply(cn_dense(c, 3, CN_RELU, "d1"), a);
    cn_tensor deep = cn_apply(cn_dense(c, 3, .name = "d2"), hidden);
    return cn_model_new(c, {a, b}, {cn_apply(cn_add(c), deep, b), hidden}, "two and two");
}

static cn_model *shared(cn_context *c) {
    cn_tensor left = cn_input(c, {4}, "left"), right = cn_input(c, {4}, "right");
    cn_layer *tower = cn_dense(c, 4, CN_TANH, "tower");
    cn_tensor twice = cn_apply(tower, cn_apply(tower, left));
    return cn_model_new(c, {left, right},
                        {cn_apply(cn_concatenate(c), twice, cn_apply(tower, right))});
}

static cn_model *block(cn_context *c, const char *name) {
    cn_tensor x = cn_input(c, {4}, "inner");
    cn_tensor y = cn_apply(cn_dense(c, 4, CN_RELU, "fc"), x);
    return cn_model_new(c, {x}, {cn_apply(cn_batch_normalization(c), y)}, name);
}

static cn_model *nested(cn_context *c) {
    cn_tensor x = cn_input(c, {4}, "x"), z = cn_input(c, {4}, "z");
    cn_layer *inner = cn_model_layer(block(c, "block"));
    cn_layer *stack = cn_model_layer(
        cn_sequential(c, {4}, {cn_model_layer(block(c, "deep")), cn_dense(c, 2)}, "stack"));
    cn_tensor both = cn_apply(cn_subtract(c), cn_apply(inner, x), cn_apply(inner, z));
    return cn_model_new(c, {x, z}, {cn_apply(stack, both), both}, "outer");
}

static cn_model *nested_pair(cn_context *c) {
    cn_tensor p = cn_input(c, {4}, "p"), q = cn_input(c, {3}, "q");
    cn_model *pair = cn_model_new(
        c, {p, q}, {cn_apply(cn_concatenate(c), p, q), cn_apply(cn_dense(c, 2), p)}, "pair");
    cn_tensor x = cn_input(c, {4}, "x"), out[2];
    cn_apply_into(out, cn_model_layer(pair), x, cn_apply(cn_dense(c, 3), x));
    return cn_model_new(c, {x}, {out[1], cn_apply(cn_dense(c, 2), out[0])});
}

static cn_model *odd_names(cn_context *c) {
    cn_tensor x = cn_input(c, {3}, "in put");
    cn_tensor y = cn_apply(cn_dense(c, 3,
                                    .name = "gr\xc3\xb6\xc3\x9f"
                                            "e.1"),
                           x);
    y = cn_apply(cn_dense(c, 2, .name = "a b:c,d"), y);
    return cn_model_new(c, {x}, {cn_apply(cn_relu(c, .name = "\"quoted\" \\ back"), y)}, "mo del");
}

static cn_model *integers(cn_context *c) {
    cn_tensor byte = cn_input(c, {4}, "byte", CN_U8), count = cn_input(c, {4}, "count", CN_I32);
    cn_tensor y = cn_apply(cn_dense(c, 2), cn_op_cast(count, CN_F32));
    return cn_model_new(c, {byte, count}, {cn_apply(cn_rescaling(c, 0.5), byte), y});
}

static cn_model *custom(cn_context *c) {
    gate user = {.width = 2,
                 .rate = 0.25,
                 .use_scale = true,
                 .mode = "mul",
                 .activation = CN_TANH,
                 .kernel_initializer = CN_HE_NORMAL,
                 .kernel_regularizer = cn_regularizer_l2(c, 0.5)};
    cn_custom_layer_options class = gate_class(&user);
    class.context = c;
    return FAN(c, cn_input(c, {3, 4}), cn_custom_layer_at(CN_HERE(cn_custom_layer_options), &class),
               cn_custom_layer(c, .call = plain_call, .class_name = "Plain"));
}

/* ---- ops --------------------------------------------------------------------------------- */

static cn_model *elementwise(cn_context *c) {
    cn_tensor x = cn_input(c, {3, 4}, "x"), y = cn_input(c, {3, 4}, "y");
    cn_tensor p = cn_op_shift(cn_op_square(x), 0.5);
    return cn_model_new(
        c, {x, y},
        {cn_op_add(x, y), cn_op_subtract(x, y), cn_op_multiply(x, y), cn_op_divide(x, p),
         cn_op_power(p, y), cn_op_maximum(x, y), cn_op_minimum_of(x, 0.25), cn_op_scale(x, 0.5),
         cn_op_exp(x), cn_op_log(p), cn_op_sqrt(p), cn_op_negative(x), cn_op_absolute(x),
         cn_op_clip(x, -0.5, 0.5), cn_op_where(cn_op_greater(x, y), x, y), cn_op_sigmoid(x)});
}

static cn_model *shapes(cn_context *c) {
    cn_tensor x = cn_input(c, {3, 4}, "x"), y = cn_input(c, {3, 4}, "y");
    cn_tensor turned = cn_op_transpose(y, (const int64_t[]){0, 2, 1});
    return cn_model_new(
        c, {x, y},
        {cn_op_mean(x, 1, (const int64_t[]){-1}, false),
         cn_op_sum(x, 2, (const int64_t[]){1, 2}, true),
         cn_op_max(x, 1, (const int64_t[]){1}, false),
         cn_op_reshape(x, 2, (const int64_t[]){CN_BATCH, 12}), turned, cn_op_matmul(x, turned),
         cn_op_concatenate((const cn_tensor[]){x, y}, 2, -1), cn_op_expand_dims(x, 1),
         cn_op_squeeze(cn_op_expand_dims(x, -1), 3), cn_op_slice(x, 1, 1, 2), cn_op_softmax(x, -1),
         cn_op_argmax(x, -1), cn_op_relu(x), cn_op_tanh(x)});
}

const saved_model saved_models[] = {
    {"dense", dense},
    {"initializers", initializers},
    {"activations_a", activations_a},
    {"activations_b", activations_b},
    {"activation_layers", activation_layers},
    {"shaping", shaping},
    {"conv", conv},
    {"pooling", pooling},
    {"normalization", normalization},
    {"merging", merging},
    {"sequential", sequential},
    {"functional", functional},
    {"shared", shared},
    {"nested", nested},
    {"nested_pair", nested_pair},
    {"odd_names", odd_names},
    {"integers", integers},
    {"custom", custom},
    {"elementwise", elementwise},
    {"shapes", shapes},
    {NULL, NULL},
};

/* ---- compiled ---------------------------------------------------------------------------- */

static cn_model *compiled(cn_context *c, cn_optimizer *optimizer, const cn_loss *loss) {
    cn_model *m = cn_sequential(c, {4}, {cn_dense(c, 5, CN_TANH), cn_dense(c, 2)});
    cn_status s = cn_compile(m, optimizer, loss, .metrics = {CN_METRIC_MAE});
    (void)s; /* the context has the message */
    return m;
}

static cn_model *sgd(cn_context *c) {
    const cn_schedule *rate = cn_exponential_decay(c, 0.0625, 5, 0.875, true);
    return compiled(c,
                    cn_sgd(c, .schedule = rate, .momentum = 0.5, .nesterov = true, .clipnorm = 1),
                    CN_MEAN_SQUARED_ERROR);
}

static cn_model *adam(cn_context *c) {
    const cn_schedule *rate = cn_cosine_decay(c, 0.0078125, 40, 0.125, 0.015625, 10);
    return compiled(c, cn_adam(c, .schedule = rate, .amsgrad = true, .global_clipnorm = 2),
                    cn_loss_huber(c, .delta = 0.5));
}

static cn_model *adamw(cn_context *c) {
    return compiled(c, cn_adamw(c, 0.0078125, .weight_decay = 0.0625, .clipvalue = 0.5),
                    CN_MEAN_ABSOLUTE_ERROR);
}

static cn_model *rmsprop(cn_context *c) {
    const int64_t boundaries[] = {10, 30};
    const double values[] = {0.0078125, 0.00390625, 0.001953125};
    return compiled(c,
                    cn_rmsprop(c, .centered = true, .momentum = 0.5, .epsilon = 1e-3,
                               .schedule = cn_piecewise_constant_decay(c, 2, boundaries, values)),
                    CN_MEAN_SQUARED_ERROR);
}

/* Two inputs and outputs, each with a loss, a weight and metrics of its own. */
static cn_model *heads(cn_context *c) {
    cn_tensor a = cn_input(c, {4}, "a"), b = cn_input(c, {3}, "b");
    cn_tensor hidden =
        cn_apply(cn_dense(c, 4, CN_RELU, .kernel_regularizer = cn_regularizer_l2(c, 0.015625)), a);
    cn_tensor both = cn_apply(cn_concatenate(c), hidden, b);
    cn_tensor kind = cn_apply(cn_dense(c, 3, CN_SOFTMAX, "kind"), both);
    cn_tensor size = cn_apply(cn_dense(c, 1, .name = "size"), both);
    cn_model *m = cn_model_new(c, {a, b}, {kind, size});
    cn_status s = cn_compile(
        m, cn_adam(c, 0.0078125),
        .outputs = {{kind, CN_SPARSE_CATEGORICAL_CROSSENTROPY, 0.5, .metrics = {CN_ACCURACY}},
                    {size, CN_MEAN_SQUARED_ERROR, .metrics = {CN_METRIC_MAE}}});
    (void)s;
    return m;
}

/* Statistics, a frozen layer, and a nested model that is called twice. */
static cn_model *blocks(cn_context *c) {
    cn_tensor x = cn_input(c, {4}, "x");
    cn_layer *inner = cn_model_layer(block(c, "block"));
    cn_tensor y = cn_apply(cn_add(c), cn_apply(inner, x), cn_apply(inner, cn_op_scale(x, 0.5)));
    y = cn_apply(cn_dense(c, 4, .frozen = true), y);
    cn_model *m = cn_model_new(c, {x}, {cn_apply(cn_dense(c, 3, CN_SOFTMAX), y)});
    cn_status s =
        cn_compile(m, cn_adam(c, 0.0078125), CN_SPARSE_CATEGORICAL_CROSSENTROPY,
                   .metrics = {CN_ACCURACY}, .weighted_metrics = {CN_SPARSE_CATEGORICAL_ACCURACY});
    (void)s;
    return m;
}

const saved_model trained_models[] = {
    {"train_sgd", sgd},     {"train_adam", adam},
    {"train_adamw", adamw}, {"train_rmsprop", rmsprop},
    {"train_heads", heads}, {"train_blocks", blocks},
    {NULL, NULL},
};

target_kind target_of(const cn_array *output) {
    return output->shape[output->rank - 1] == 3 ? TARGET_CLASSES : TARGET_NUMBERS;
}
