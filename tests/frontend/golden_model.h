/* Models from the textual descriptions in tests/golden/keras/training.json and summary.json (see
 * scripts/golden/model_text.py). */
#ifndef CORNU_TESTS_FRONTEND_GOLDEN_MODEL_H
#define CORNU_TESTS_FRONTEND_GOLDEN_MODEL_H

#include "golden.h"

/* ---- pieces ----------------------------------------------------------------------------- */

/* Of {"ClassName": {config}} or "ClassName": the class, and the configuration (NULL for a name). */
static inline const char *golden_class(const json_t *thing, const json_t **config) {
    void *member = json_object_iter((json_t *)(uintptr_t)thing);
    *config = member != NULL ? json_object_iter_value(member) : NULL;
    return member != NULL ? json_object_iter_key(member) : json_string_value(thing);
}

static inline const cn_regularizer *golden_regularizer(cn_context *c, const json_t *config,
                                                       const char *key) {
    const json_t *options, *thing = json_object_get(config, key);
    const char *name = thing == NULL ? NULL : golden_class(thing, &options);
    if (name == NULL)
        return NULL;
    if (strcmp(name, "L1") == 0)
        return cn_regularizer_l1(c, golden_number(options, "l1", 0));
    return cn_regularizer_l2(c, golden_number(options, "l2", 0));
}

static inline const cn_activation *golden_model_activation(const json_t *config) {
    const char *name = golden_text(config, "activation");
    return strcmp(name, "relu") == 0      ? CN_RELU
           : strcmp(name, "softmax") == 0 ? CN_SOFTMAX
           : strcmp(name, "tanh") == 0    ? CN_TANH
           : strcmp(name, "sigmoid") == 0 ? CN_SIGMOID
                                          : NULL;
}

static inline cn_layer *golden_dense(cn_context *c, const json_t *o, const char *name) {
    return cn_dense(c, golden_integer(o, "units", 0), golden_model_activation(o), .name = name,
                    .no_bias = !golden_bool(o, "use_bias", true),
                    .frozen = !golden_bool(o, "trainable", true),
                    .kernel_regularizer = golden_regularizer(c, o, "kernel_regularizer"),
                    .bias_regularizer = golden_regularizer(c, o, "bias_regularizer"));
}

static inline cn_layer *golden_conv2d(cn_context *c, const json_t *o, const char *name) {
    cn_conv2d_options conv = {
        .context = c, .filters = golden_integer(o, "filters", 0), .name = name};
    conv.activation = golden_model_activation(o);
    conv.frozen = !golden_bool(o, "trainable", true);
    conv.padding = strcmp(golden_text(o, "padding"), "same") == 0 ? CN_SAME : CN_VALID;
    golden_integers(o, "kernel_size", conv.kernel_size, 2);
    return cn_conv2d_at(CN_HERE(conv), &conv);
}

static inline cn_layer *golden_depthwise(cn_context *c, const json_t *o, const char *name) {
    cn_depthwise_conv2d_options conv = {.context = c, .name = name};
    conv.depth_multiplier = golden_integer(o, "depth_multiplier", 1);
    conv.no_bias = !golden_bool(o, "use_bias", true);
    golden_integers(o, "kernel_size", conv.kernel_size, 2);
    golden_integers(o, "strides", conv.strides, 2);
    return cn_depthwise_conv2d_at(CN_HERE(conv), &conv);
}

static inline cn_layer *golden_normalization(cn_context *c, const json_t *o, const char *name) {
    return cn_batch_normalization(c, .name = name, .momentum = golden_number(o, "momentum", 0),
                                  .no_scale = !golden_bool(o, "scale", true),
                                  .frozen = !golden_bool(o, "trainable", true));
}

static inline cn_layer *golden_padding_layer(cn_context *c, const json_t *o, const char *name) {
    const json_t *pairs = json_object_get(o, "padding");
    cn_zero_padding2d_options pad = {.context = c, .name = name};
    for (size_t i = 0; i < 4; i++) {
        const json_t *pair = json_array_get(pairs, i / 2);
        pad.padding[i / 2][i % 2] = json_integer_value(json_array_get(pair, i % 2));
    }
    return cn_zero_padding2d_at(CN_HERE(pad), &pad);
}

static inline cn_layer *golden_plain_layer(cn_context *c, const char *kind, const char *name) {
    if (strcmp(kind, "MaxPooling2D") == 0)
        return cn_max_pooling2d(c, .name = name);
    if (strcmp(kind, "GlobalAveragePooling2D") == 0)
        return cn_global_average_pooling2d(c, .name = name);
    if (strcmp(kind, "Flatten") == 0)
        return cn_flatten(c, .name = name);
    if (strcmp(kind, "ReLU") == 0)
        return cn_relu(c, .name = name);
    if (strcmp(kind, "Add") == 0)
        return cn_add(c, .name = name);
    if (strcmp(kind, "Concatenate") == 0)
        return cn_concatenate(c, .name = name);
    fail_msg("no layer %s", kind);
    return NULL;
}

static inline cn_model *golden_model(cn_context *c, const json_t *description, const char *name);

static inline cn_layer *golden_model_layer(cn_context *c, const json_t *call) {
    const char *kind = golden_text(call, "layer"), *name = golden_text(call, "name");
    const json_t *config = json_object_get(call, "config");
    if (json_object_get(call, "model") != NULL)
        return cn_model_layer(golden_model(c, json_object_get(call, "model"), name));
    if (strcmp(kind, "Dense") == 0)
        return golden_dense(c, config, name);
    if (strcmp(kind, "Conv2D") == 0)
        return golden_conv2d(c, config, name);
    if (strcmp(kind, "DepthwiseConv2D") == 0)
        return golden_depthwise(c, config, name);
    if (strcmp(kind, "BatchNormalization") == 0)
        return golden_normalization(c, config, name);
    if (strcmp(kind, "ZeroPadding2D") == 0)
        return golden_padding_layer(c, config, name);
    return golden_plain_layer(c, kind, name);
}

/* ---- models ----------------------------------------------------------------------------- */

enum { GOLDEN_TENSORS = 64 };
typedef struct golden_names {
    const char *names[GOLDEN_TENSORS];
    cn_tensor tensors[GOLDEN_TENSORS];
    cn_layer *layers[GOLDEN_TENSORS];
    const char *layer_names[GOLDEN_TENSORS];
    int tensor_count, layer_count;
} golden_names;

static inline cn_tensor golden_tensor_named(const golden_names *n, const char *name) {
    for (int i = 0; i < n->tensor_count; i++)
        if (strcmp(n->names[i], name) == 0)
            return n->tensors[i];
    fail_msg("no tensor %s", name);
    return CN_END;
}

static inline void golden_call(cn_context *c, golden_names *n, const json_t *call) {
    cn_tensor inputs[8];
    const json_t *list = json_object_get(call, "inputs");
    size_t count = json_array_size(list);
    for (size_t i = 0; i < count; i++)
        inputs[i] = golden_tensor_named(n, json_string_value(json_array_get(list, i)));
    cn_layer *layer = NULL;
    for (int i = 0; i < n->layer_count; i++)
        if (strcmp(n->layer_names[i], golden_text(call, "shared")) == 0)
            layer = n->layers[i];
    if (layer == NULL) {
        layer = golden_model_layer(c, call);
        n->layer_names[n->layer_count] = golden_text(call, "name");
        n->layers[n->layer_count++] = layer;
    }
    n->names[n->tensor_count] = golden_text(call, "output");
    n->tensors[n->tensor_count++] = cn_apply_list(layer, inputs, count);
}

static inline cn_model *golden_model(cn_context *c, const json_t *description, const char *name) {
    golden_names n = {.tensor_count = 0};
    cn_model_options o = {.context = c, .name = name};
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(description, "inputs"), i, item) {
        cn_input_options in = {.context = c, .name = golden_text(item, "name")};
        golden_integers(item, "shape", in.shape, CN_MAX_RANK);
        o.inputs[i] = cn_input_at(CN_HERE(in), &in);
        n.names[n.tensor_count] = in.name;
        n.tensors[n.tensor_count++] = o.inputs[i];
    }
    json_array_foreach(json_object_get(description, "calls"), i, item) golden_call(c, &n, item);
    json_array_foreach(json_object_get(description, "outputs"), i, item) o.outputs[i] =
        golden_tensor_named(&n, json_string_value(item));
    return cn_model_new_at(CN_HERE(o), &o);
}

/* ---- compiling -------------------------------------------------------------------------- */

static inline cn_optimizer *golden_optimizer(cn_context *c, const json_t *thing) {
    const json_t *o, *decay;
    const char *kind = golden_class(thing, &o);
    const json_t *rate = json_object_get(o, "learning_rate");
    cn_optimizer_options x = {.context = c};
    if (json_is_object(rate)) {
        golden_class(rate, &decay);
        x.schedule = cn_exponential_decay(c, golden_number(decay, "initial_learning_rate", 0),
                                          golden_integer(decay, "decay_steps", 1),
                                          golden_number(decay, "decay_rate", 1), false);
    } else {
        x.learning_rate = golden_number(o, "learning_rate", 0);
    }
    x.momentum = golden_number(o, "momentum", 0);
    x.nesterov = golden_bool(o, "nesterov", false);
    x.weight_decay = golden_number(o, "weight_decay", 0);
    x.global_clipnorm = golden_number(o, "global_clipnorm", 0);
    cn_source here = CN_HERE(x);
    if (strcmp(kind, "SGD") == 0)
        return cn_sgd_at(here, &x);
    if (strcmp(kind, "Adam") == 0)
        return cn_adam_at(here, &x);
    if (strcmp(kind, "AdamW") == 0)
        return cn_adamw_at(here, &x);
    return cn_rmsprop_at(here, &x);
}

static inline const cn_loss *golden_loss(cn_context *c, const json_t *thing) {
    const json_t *o;
    const char *kind = golden_class(thing, &o);
    if (strcmp(kind, "sparse_categorical_crossentropy") == 0)
        return CN_SPARSE_CATEGORICAL_CROSSENTROPY;
    if (strcmp(kind, "binary_crossentropy") == 0)
        return CN_BINARY_CROSSENTROPY;
    if (strcmp(kind, "mse") == 0)
        return CN_MEAN_SQUARED_ERROR;
    if (strcmp(kind, "Huber") == 0)
        return cn_loss_huber(c, .delta = golden_number(o, "delta", 0));
    if (strcmp(kind, "CategoricalCrossentropy") == 0)
        return cn_loss_categorical_crossentropy(c, .label_smoothing =
                                                       golden_number(o, "label_smoothing", 0));
    if (strcmp(kind, "SparseCategoricalCrossentropy") == 0)
        return cn_loss_sparse_categorical_crossentropy(c, .from_logits =
                                                              golden_bool(o, "from_logits", false));
    fail_msg("no loss %s", kind);
    return NULL;
}

static inline void golden_metrics(const json_t *list, const cn_metric *out[8]) {
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item) {
        const char *name = json_string_value(item);
        out[i] = strcmp(name, "mae") == 0   ? CN_METRIC_MAE
                 : strcmp(name, "mse") == 0 ? CN_METRIC_MSE
                                            : CN_ACCURACY;
    }
}

/* Losses and metrics of several outputs are lists, one entry per output. */
static inline cn_status golden_compile(cn_context *c, cn_model *m, const json_t *plan) {
    cn_compile_options o = {.model = m};
    const json_t *loss = json_object_get(plan, "loss"), *metrics = json_object_get(plan, "metrics");
    const json_t *weighted = json_object_get(plan, "weighted_metrics");
    o.optimizer = golden_optimizer(c, json_object_get(plan, "optimizer"));
    if (json_is_array(loss)) {
        const json_t *weights = json_object_get(plan, "loss_weights");
        for (size_t i = 0; i < json_array_size(loss); i++) {
            o.outputs[i].output = m->outputs.items[i].tensor;
            o.outputs[i].loss = golden_loss(c, json_array_get(loss, i));
            o.outputs[i].weight = json_number_value(json_array_get(weights, i));
            golden_metrics(json_array_get(metrics, i), o.outputs[i].metrics);
            golden_metrics(json_array_get(weighted, i), o.outputs[i].weighted_metrics);
        }
    } else {
        o.loss = golden_loss(c, loss);
        golden_metrics(metrics, o.metrics);
        golden_metrics(weighted, o.weighted_metrics);
    }
    return cn_compile_at(CN_HERE(o), &o);
}

#endif
