/* Dense, Activation, Dropout, Rescaling. */
#include "frontend/layers.h"

#include <math.h>

/* ---- dense ------------------------------------------------------------------------------ */

static bool dense_complete(cn_layer *layer) {
    const cn_dense_options *o = layer->options;
    layer->frozen = o->frozen;
    layer->activity_regularizer = o->activity_regularizer;
    return option_required(layer, "units", o->units);
}

static void dense_build(cn_layer_call *call) {
    const cn_dense_options *o = call->layer->options;
    const type *x = tensor_type(call->inputs[0]);
    if (x->rank < 2) {
        layer_call_fail(call, SIZE_MAX, CN_ERROR_SHAPE,
                        "wants [batch, features], got %s; cn_reshape(c, {1}) adds the axis",
                        tensor_describe(call->inputs[0]));
        return;
    }
    dim features = x->dims[x->rank - 1];
    if (features.symbolic) {
        layer_call_fail(call, 0, CN_ERROR_SHAPE, "wants features on the last axis, not the batch");
        return;
    }
    layer_add_weight(call->layer, (cn_weight_options){.name = "kernel",
                                                      .shape = {features.count, o->units},
                                                      .initializer = o->kernel_initializer,
                                                      .regularizer = o->kernel_regularizer});
    if (!o->no_bias)
        layer_add_weight(call->layer, (cn_weight_options){.name = "bias",
                                                          .shape = {o->units},
                                                          .initializer = o->bias_initializer,
                                                          .regularizer = o->bias_regularizer});
}

static void dense_call(cn_layer_call *call) {
    const cn_dense_options *o = call->layer->options;
    cn_tensor kernel_weight = cn_layer_weight(call->layer, "kernel");
    const type *x = tensor_type(call->inputs[0]);
    dim features = tensor_type(kernel_weight)->dims[0];
    if (x->rank < 2 || !dim_equal(x->dims[x->rank - 1], features)) {
        layer_call_fail(call, 0, CN_ERROR_SHAPE, "was built for %lld features on the last axis",
                        (long long)features.count);
        return;
    }
    cn_tensor y = cn_op_matmul(call_input(call, 0), kernel_weight);
    call_finish(call, y, o->no_bias, o->activation);
}

static const option_row dense_options[] = {
    {"units", OPTION_INTEGER_BY_RULE, OPTION_AT(cn_dense_options, units)},
    {"activation", OPTION_ACTIVATION, OPTION_AT(cn_dense_options, activation)},
    {"use_bias", OPTION_NOT, OPTION_AT(cn_dense_options, no_bias)},
    {"kernel_initializer", OPTION_INITIALIZER, OPTION_AT(cn_dense_options, kernel_initializer),
     .more = CN_GLOROT_UNIFORM},
    {"bias_initializer", OPTION_INITIALIZER, OPTION_AT(cn_dense_options, bias_initializer),
     .more = CN_ZEROS},
    {"kernel_regularizer", OPTION_REGULARIZER, OPTION_AT(cn_dense_options, kernel_regularizer)},
    {"bias_regularizer", OPTION_REGULARIZER, OPTION_AT(cn_dense_options, bias_regularizer)},
    {"activity_regularizer", OPTION_REGULARIZER, OPTION_AT(cn_dense_options, activity_regularizer)},
    {"kernel_constraint", OPTION_FIXED, OPTION_WORDS("null")},
    {"bias_constraint", OPTION_FIXED, OPTION_WORDS("null")},
    {"quantization_config", OPTION_FIXED, OPTION_WORDS("", "null")},
    {0},
};

const layer_kind dense_kind = {
    .class = {.name = "Dense",
              .min_inputs = 1,
              .max_inputs = 1,
              .build = dense_build,
              .call = dense_call},
    LAYER_OPTIONS(cn_dense_options),
    .options = dense_options,
    .complete = dense_complete,
};

cn_layer *cn_dense_at(cn_source where, const cn_dense_options *options) {
    return layer_construct(where, &dense_kind, options);
}

/* ---- activation ------------------------------------------------------------------------- */

static bool activation_complete(cn_layer *layer) {
    const cn_activation_layer_options *o = layer->options;
    return o->activation != NULL || option_fail(layer, ".activation is missing");
}

static void activation_call(cn_layer_call *call) {
    const cn_activation_layer_options *o = call->layer->options;
    call->outputs[0] = activation_apply(o->activation, call->inputs[0]);
}

static const option_row activation_options[] = {
    {"activation", OPTION_ACTIVATION, OPTION_AT(cn_activation_layer_options, activation)},
    {0},
};

const layer_kind activation_kind = {
    .class = {.name = "Activation", .min_inputs = 1, .max_inputs = 1, .call = activation_call},
    LAYER_OPTIONS(cn_activation_layer_options),
    .options = activation_options,
    .complete = activation_complete,
};

cn_layer *cn_activation_at(cn_source where, const cn_activation_layer_options *options) {
    return layer_construct(where, &activation_kind, options);
}

/* ---- dropout ---------------------------------------------------------------------------- */

static bool dropout_complete(cn_layer *layer) {
    const cn_dropout_options *o = layer->options;
    return (o->rate >= 0 && o->rate <= 1) ||
           option_fail(layer, ".rate is %g; it must be from 0 to 1", o->rate);
}

/* The shape of the mask: that of x, or of noise_shape, which broadcasts to it. */
static bool noise_type(cn_layer_call *call, type *noise) {
    const cn_dropout_options *o = call->layer->options;
    *noise = *tensor_type(call->inputs[0]);
    int count = option_count(o->noise_shape);
    if (count != 0 && count != noise->rank) {
        layer_call_fail(call, 0, CN_ERROR_SHAPE,
                        "has a .noise_shape of %d axes, the batch included", count);
        return false;
    }
    for (int i = 0; i < count; i++) {
        int64_t given = o->noise_shape[i];
        bool whole = noise->dims[i].symbolic ? given == CN_BATCH : given == noise->dims[i].count;
        if (!whole && given != 1) {
            layer_call_fail(call, 0, CN_ERROR_SHAPE,
                            "has %lld in axis %d of .noise_shape; use 1, or the size of the input "
                            "there (CN_BATCH for the batch)",
                            (long long)given, i);
            return false;
        }
        if (given == 1)
            noise->dims[i] = dim_of(1);
    }
    return true;
}

/* select(training, select(keep, x / (1 - rate), 0), x); the flag is a constant once compiled. */
static void dropout_call(cn_layer_call *call) {
    const cn_dropout_options *o = call->layer->options;
    cn_tensor x = call->inputs[0];
    type noise;
    if (!noise_type(call, &noise))
        return;
    call->outputs[0] = x;
    if (o->rate == 0)
        return;
    cn_tensor dropped = cn_op_zeros_like(x);
    if (o->rate < 1) {
        cn_tensor keep = op_random_keep(x.context, &noise, o->rate);
        dropped = cn_op_where(keep, cn_op_scale(x, 1 / (1 - o->rate)), dropped);
    }
    call->outputs[0] = cn_op_where(cn_layer_training(call->layer, false), dropped, x);
}

static const option_row dropout_options[] = {
    {"rate", OPTION_NUMBER_BY_RULE, OPTION_AT(cn_dropout_options, rate)},
    {"seed", .kind = OPTION_FREE},
    {"noise_shape", OPTION_SHAPE, OPTION_AT(cn_dropout_options, noise_shape)},
    {0},
};

const layer_kind dropout_kind = {
    .class = {.name = "Dropout", .min_inputs = 1, .max_inputs = 1, .call = dropout_call},
    LAYER_OPTIONS(cn_dropout_options),
    .options = dropout_options,
    .complete = dropout_complete,
};

cn_layer *cn_dropout_at(cn_source where, const cn_dropout_options *options) {
    return layer_construct(where, &dropout_kind, options);
}

/* ---- rescaling -------------------------------------------------------------------------- */

static bool rescaling_complete(cn_layer *layer) {
    const cn_rescaling_options *o = layer->options;
    if (isnan(o->scale))
        return option_fail(layer, ".scale is missing");
    return isfinite(o->scale) || option_fail(layer, ".scale is not finite");
}

static void rescaling_call(cn_layer_call *call) {
    const cn_rescaling_options *o = call->layer->options;
    cn_tensor y = cn_op_scale(call_input(call, 0), o->scale);
    call->outputs[0] = o->offset == 0 ? y : cn_op_shift(y, o->offset);
}

static const option_row rescaling_options[] = {
    {"scale", OPTION_NUMBER_BY_RULE, OPTION_AT(cn_rescaling_options, scale), .number = (double)NAN},
    {"offset", OPTION_NUMBER_BY_RULE, OPTION_AT(cn_rescaling_options, offset)},
    {0},
};

const layer_kind rescaling_kind = {
    .class = {.name = "Rescaling", .min_inputs = 1, .max_inputs = 1, .call = rescaling_call},
    LAYER_OPTIONS(cn_rescaling_options),
    .options = rescaling_options,
    .complete = rescaling_complete,
};

cn_layer *cn_rescaling_at(cn_source where, const cn_rescaling_options *options) {
    return layer_construct(where, &rescaling_kind, options);
}
