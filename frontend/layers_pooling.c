/* Pooling of images: the largest or the mean of each window, or of the whole image. */
#include "frontend/layers.h"

static const char image[] = "[batch, height, width, channels]";

static bool pooling_complete(cn_layer *layer) {
    cn_pooling2d_options *o = layer->options;
    if (!option_pair(layer, "pool_size", o->pool_size, 2))
        return false;
    if (o->strides[0] == 0 && o->strides[1] == 0) {
        o->strides[0] = o->pool_size[0];
        o->strides[1] = o->pool_size[1];
    }
    if (o->padding != CN_VALID && o->padding != CN_SAME)
        return option_fail(layer, ".padding is neither CN_VALID nor CN_SAME");
    return option_pair(layer, "strides", o->strides, 1);
}

static void pooling_call(cn_layer_call *call, cn_tensor (*fold)(cn_tensor, const window2d *)) {
    const cn_pooling2d_options *o = call->layer->options;
    window2d w = {.size = {o->pool_size[0], o->pool_size[1]},
                  .strides = {o->strides[0], o->strides[1]},
                  .dilation = {1, 1},
                  .padding = o->padding};
    if (call_wants_rank(call, 0, 4, image) && call_window_fits(call, &w, "a smaller .pool_size"))
        call->outputs[0] = fold(call->inputs[0], &w);
}

static void max_pooling_call(cn_layer_call *call) {
    pooling_call(call, op_max_pool2d);
}
static void average_pooling_call(cn_layer_call *call) {
    pooling_call(call, op_average_pool2d);
}

static const option_row pooling2d_options[] = {
    {"pool_size", OPTION_PAIR, OPTION_AT(cn_pooling2d_options, pool_size)},
    {"padding", OPTION_WORD, OPTION_AT(cn_pooling2d_options, padding), .more = padding_words},
    {"strides", OPTION_PAIR, OPTION_AT(cn_pooling2d_options, strides)},
    {"data_format", OPTION_FIXED, OPTION_WORDS("\"channels_last\"")},
    {0},
};

const layer_kind max_pooling2d_kind = {
    .class = {.name = "MaxPooling2D", .min_inputs = 1, .max_inputs = 1, .call = max_pooling_call},
    LAYER_OPTIONS(cn_pooling2d_options),
    .options = pooling2d_options,
    .complete = pooling_complete,
};
const layer_kind average_pooling2d_kind = {
    .class = {.name = "AveragePooling2D",
              .min_inputs = 1,
              .max_inputs = 1,
              .call = average_pooling_call},
    LAYER_OPTIONS(cn_pooling2d_options),
    .options = pooling2d_options,
    .complete = pooling_complete,
};

cn_layer *cn_max_pooling2d_at(cn_source where, const cn_pooling2d_options *options) {
    return layer_construct(where, &max_pooling2d_kind, options);
}
cn_layer *cn_average_pooling2d_at(cn_source where, const cn_pooling2d_options *options) {
    return layer_construct(where, &average_pooling2d_kind, options);
}

/* ---- over the whole image --------------------------------------------------------------- */

typedef cn_tensor (*reduction)(cn_tensor x, int axis_count, const int64_t *axes, bool keepdims);

static void global_pooling_call(cn_layer_call *call, reduction reduce) {
    const cn_global_pooling2d_options *o = call->layer->options;
    const int64_t spatial[] = {1, 2};
    if (call_wants_rank(call, 0, 4, image))
        call->outputs[0] = reduce(call->inputs[0], 2, spatial, o->keepdims);
}

static void global_average_call(cn_layer_call *call) {
    global_pooling_call(call, cn_op_mean);
}
static void global_max_call(cn_layer_call *call) {
    global_pooling_call(call, cn_op_max);
}

static const option_row global_pooling2d_options[] = {
    {"data_format", OPTION_FIXED, OPTION_WORDS("\"channels_last\"")},
    {"keepdims", OPTION_FLAG, OPTION_AT(cn_global_pooling2d_options, keepdims)},
    {0},
};

const layer_kind global_average_pooling2d_kind = {
    .class = {.name = "GlobalAveragePooling2D",
              .min_inputs = 1,
              .max_inputs = 1,
              .call = global_average_call},
    LAYER_OPTIONS(cn_global_pooling2d_options),
    .options = global_pooling2d_options,
};
const layer_kind global_max_pooling2d_kind = {
    .class = {.name = "GlobalMaxPooling2D",
              .min_inputs = 1,
              .max_inputs = 1,
              .call = global_max_call},
    LAYER_OPTIONS(cn_global_pooling2d_options),
    .options = global_pooling2d_options,
};

cn_layer *cn_global_average_pooling2d_at(cn_source where,
                                         const cn_global_pooling2d_options *options) {
    return layer_construct(where, &global_average_pooling2d_kind, options);
}
cn_layer *cn_global_max_pooling2d_at(cn_source where, const cn_global_pooling2d_options *options) {
    return layer_construct(where, &global_max_pooling2d_kind, options);
}
