/* Layers of the program's own: those of scripts/golden/file_custom.py in C. */
#ifndef CORNU_TESTS_FRONTEND_KERAS_CUSTOM_LAYERS_H
#define CORNU_TESTS_FRONTEND_KERAS_CUSTOM_LAYERS_H

#include <stddef.h>
#include <string.h>

#include "cornu/ops.h"
#include "cornu/saving.h"

/* x, weighed along its last axis by activation(x @ kernel) @ back. */
typedef struct gate {
    int64_t width;
    double rate;
    bool use_scale;
    const char *mode; /* "add", "mul" */
    const cn_activation *activation;
    const cn_initializer *kernel_initializer;
    const cn_regularizer *kernel_regularizer;
} gate;

static const cn_field gate_fields[] = {
    {"width", CN_FIELD_INTEGER, offsetof(gate, width)},
    {"rate", CN_FIELD_NUMBER, offsetof(gate, rate)},
    {"use_scale", CN_FIELD_FLAG, offsetof(gate, use_scale)},
    {"mode", CN_FIELD_TEXT, offsetof(gate, mode)},
    {"activation", CN_FIELD_ACTIVATION, offsetof(gate, activation)},
    {"kernel_initializer", CN_FIELD_INITIALIZER, offsetof(gate, kernel_initializer)},
    {"kernel_regularizer", CN_FIELD_REGULARIZER, offsetof(gate, kernel_regularizer)},
};

static inline void gate_build(cn_layer_call *call) {
    const gate *g = call->user;
    int64_t shape[CN_MAX_RANK];
    int64_t features = shape[cn_tensor_shape(call->inputs[0], shape) - 1];
    cn_layer_add_weight(call->layer, "kernel", .shape = {features, g->width},
                        .initializer = g->kernel_initializer, .regularizer = g->kernel_regularizer);
    cn_layer_add_weight(call->layer, "back", .shape = {g->width, features}, .initializer = CN_ONES);
    if (g->use_scale)
        cn_layer_add_weight(call->layer, "scale", .shape = {features}, .initializer = CN_ONES,
                            .not_trainable = true);
}

static inline void gate_call(cn_layer_call *call) {
    const gate *g = call->user;
    cn_tensor x = call->inputs[0];
    cn_tensor inner = cn_op_matmul(x, cn_layer_weight(call->layer, "kernel"));
    cn_layer *activation = cn_activation(inner.context, g->activation);
    cn_tensor open =
        cn_op_matmul(cn_apply(activation, inner), cn_layer_weight(call->layer, "back"));
    open = cn_op_scale(open, g->rate);
    cn_tensor y = strcmp(g->mode, "mul") == 0 ? cn_op_multiply(x, open) : cn_op_add(x, open);
    call->outputs[0] = g->use_scale ? cn_op_multiply(y, cn_layer_weight(call->layer, "scale")) : y;
}

static inline cn_custom_layer_options gate_class(const gate *user) {
    return (cn_custom_layer_options){.call = gate_call,
                                     .build = gate_build,
                                     .user = user,
                                     .user_size = sizeof *user,
                                     .class_name = "gates>SpatialGate",
                                     .fields = gate_fields,
                                     .field_count = sizeof gate_fields / sizeof *gate_fields};
}

/* x * x, without options and without weights. */
static inline void plain_call(cn_layer_call *call) {
    call->outputs[0] = cn_op_multiply(call->inputs[0], call->inputs[0]);
}

static inline void register_custom_layers(cn_context *c) {
    gate defaults = {.rate = 0.5, .use_scale = true, .mode = "add", .activation = CN_SIGMOID};
    cn_custom_layer_options class = gate_class(&defaults);
    class.context = c;
    cn_status s = cn_register_layer_at(CN_HERE(cn_custom_layer_options), &class);
    if (s == CN_OK)
        s = cn_register_layer(c, .call = plain_call, .class_name = "Plain");
    (void)s; /* the context has the message */
}

#endif
