/* Activations that are layers of their own: ReLU, LeakyReLU, Softmax. */
#include "frontend/layers.h"

static bool relu_complete(cn_layer *layer) {
    const cn_relu_options *o = layer->options;
    double high = option_number(o->max_value, 0);
    if (!(high >= 0))
        return option_fail(layer, ".max_value is %g; it must not be negative", high);
    if (!(o->negative_slope >= 0))
        return option_fail(layer, ".negative_slope is %g; it must not be negative",
                           o->negative_slope);
    return o->threshold >= 0 ||
           option_fail(layer, ".threshold is %g; it must not be negative", o->threshold);
}

static void relu_call(cn_layer_call *call) {
    const cn_relu_options *o = call->layer->options;
    const cn_activation *a =
        cn_activation_relu(call->layer->context, o->negative_slope, o->max_value, o->threshold);
    call->outputs[0] = activation_apply(a, call->inputs[0]);
}

static const option_row relu_options[] = {
    {"max_value", OPTION_NUMBER_OR_NONE, OPTION_AT(cn_relu_options, max_value)},
    {"negative_slope", OPTION_NUMBER_BY_RULE, OPTION_AT(cn_relu_options, negative_slope)},
    {"threshold", OPTION_NUMBER_BY_RULE, OPTION_AT(cn_relu_options, threshold)},
    {0},
};

const layer_kind relu_kind = {
    .class = {.name = "ReLU", .min_inputs = 1, .max_inputs = 1, .call = relu_call},
    LAYER_OPTIONS(cn_relu_options),
    .options = relu_options,
    .complete = relu_complete,
};

cn_layer *cn_relu_at(cn_source where, const cn_relu_options *options) {
    return layer_construct(where, &relu_kind, options);
}

static bool leaky_relu_complete(cn_layer *layer) {
    const cn_leaky_relu_options *o = layer->options;
    return o->negative_slope >= 0 || option_fail(layer,
                                                 ".negative_slope is %g; it must not be "
                                                 "negative",
                                                 o->negative_slope);
}

static void leaky_relu_call(cn_layer_call *call) {
    const cn_leaky_relu_options *o = call->layer->options;
    const cn_activation *a = cn_activation_leaky_relu(call->layer->context, o->negative_slope);
    call->outputs[0] = activation_apply(a, call->inputs[0]);
}

static const option_row leaky_relu_options[] = {
    {"negative_slope", OPTION_NUMBER_BY_RULE, OPTION_AT(cn_leaky_relu_options, negative_slope),
     .number = 0.3},
    {0},
};

const layer_kind leaky_relu_kind = {
    .class = {.name = "LeakyReLU", .min_inputs = 1, .max_inputs = 1, .call = leaky_relu_call},
    LAYER_OPTIONS(cn_leaky_relu_options),
    .options = leaky_relu_options,
    .complete = leaky_relu_complete,
};

cn_layer *cn_leaky_relu_at(cn_source where, const cn_leaky_relu_options *options) {
    return layer_construct(where, &leaky_relu_kind, options);
}

static void softmax_call(cn_layer_call *call) {
    const cn_softmax_options *o = call->layer->options;
    call->outputs[0] = cn_op_softmax(call->inputs[0], o->axis);
}

static const option_row softmax_options[] = {
    {"axis", OPTION_INTEGER_BY_RULE, OPTION_AT(cn_softmax_options, axis), .number = -1},
    {0},
};

const layer_kind softmax_kind = {
    .class = {.name = "Softmax", .min_inputs = 1, .max_inputs = 1, .call = softmax_call},
    LAYER_OPTIONS(cn_softmax_options),
    .options = softmax_options,
};

cn_layer *cn_softmax_at(cn_source where, const cn_softmax_options *options) {
    return layer_construct(where, &softmax_kind, options);
}
