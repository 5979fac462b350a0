/* Conv2D and DepthwiseConv2D: cross-correlation of images [batch, height, width, channels].
 *
 * A depthwise convolution is a grouped one: as many groups as channels, and the kernel
 * [height, width, channels, multiplier] read as [height, width, 1, channels * multiplier], so
 * that result channel c * multiplier + m comes of channel c, as in Keras.
 */
#include "frontend/layers.h"

static const char image[] = "[batch, height, width, channels]";

/* Options that both have in common; strides and dilation exclude each other in Keras. */
static bool complete_window(cn_layer *layer, int64_t kernel_size[2], int64_t strides[2],
                            int64_t dilation[2], cn_padding padding) {
    if (!option_pair(layer, "kernel_size", kernel_size, 0) ||
        !option_pair(layer, "strides", strides, 1) ||
        !option_pair(layer, "dilation_rate", dilation, 1))
        return false;
    if (padding != CN_VALID && padding != CN_SAME)
        return option_fail(layer, ".padding is neither CN_VALID nor CN_SAME");
    bool strided = strides[0] > 1 || strides[1] > 1, dilated = dilation[0] > 1 || dilation[1] > 1;
    return !(strided && dilated) ||
           option_fail(layer, ".strides and .dilation_rate cannot both be more than 1");
}

/* The channels of the image, after checking that at least one window fits; 0 after a failure. */
static int64_t image_channels(cn_layer_call *call, const window2d *w) {
    if (!call_wants_rank(call, 0, 4, image) || !call_window_fits(call, w, "a smaller kernel"))
        return 0;
    return tensor_type(call->inputs[0])->dims[3].count;
}

/* Whether a layer that is shared sees the channels it was built for. */
static bool same_channels(cn_layer_call *call, int64_t channels, int64_t built_for) {
    if (channels == built_for)
        return true;
    if (channels != 0)
        layer_call_fail(call, 0, CN_ERROR_SHAPE, "was built for %lld channels",
                        (long long)built_for);
    return false;
}

static void add_bias(cn_layer *layer, int64_t count, const cn_initializer *initializer,
                     const cn_regularizer *regularizer) {
    layer_add_weight(layer, (cn_weight_options){.name = "bias",
                                                .shape = {count},
                                                .initializer = initializer,
                                                .regularizer = regularizer});
}

/* ---- Conv2D ----------------------------------------------------------------------------- */

static bool conv2d_complete(cn_layer *layer) {
    cn_conv2d_options *o = layer->options;
    layer->frozen = o->frozen;
    layer->activity_regularizer = o->activity_regularizer;
    if (!option_required(layer, "filters", o->filters) ||
        !complete_window(layer, o->kernel_size, o->strides, o->dilation_rate, o->padding))
        return false;
    if (o->groups < 1 || o->filters % o->groups != 0)
        return option_fail(layer, ".groups is %lld; it must divide the %lld filters",
                           (long long)o->groups, (long long)o->filters);
    return true;
}

static window2d conv2d_window(const cn_conv2d_options *o) {
    return (window2d){.size = {o->kernel_size[0], o->kernel_size[1]},
                      .strides = {o->strides[0], o->strides[1]},
                      .dilation = {o->dilation_rate[0], o->dilation_rate[1]},
                      .padding = o->padding};
}

static void conv2d_build(cn_layer_call *call) {
    const cn_conv2d_options *o = call->layer->options;
    window2d w = conv2d_window(o);
    int64_t channels = image_channels(call, &w);
    if (channels == 0)
        return;
    if (channels % o->groups != 0) {
        layer_call_fail(call, 0, CN_ERROR_SHAPE,
                        "has %lld groups, which do not divide the channels", (long long)o->groups);
        return;
    }
    layer_add_weight(call->layer,
                     (cn_weight_options){.name = "kernel",
                                         .shape = {o->kernel_size[0], o->kernel_size[1],
                                                   channels / o->groups, o->filters},
                                         .initializer = o->kernel_initializer,
                                         .regularizer = o->kernel_regularizer});
    if (!o->no_bias)
        add_bias(call->layer, o->filters, o->bias_initializer, o->bias_regularizer);
}

static void conv2d_call(cn_layer_call *call) {
    const cn_conv2d_options *o = call->layer->options;
    window2d w = conv2d_window(o);
    cn_tensor filters = cn_layer_weight(call->layer, "kernel");
    int64_t built_for = tensor_type(filters)->dims[2].count * o->groups;
    if (!same_channels(call, image_channels(call, &w), built_for))
        return;
    cn_tensor y = op_conv2d(call_input(call, 0), filters, &w, o->groups);
    call_finish(call, y, o->no_bias, o->activation);
}

static const option_row conv2d_options[] = {
    {"filters", OPTION_INTEGER_BY_RULE, OPTION_AT(cn_conv2d_options, filters)},
    {"kernel_size", OPTION_PAIR, OPTION_AT(cn_conv2d_options, kernel_size)},
    {"strides", OPTION_PAIR, OPTION_AT(cn_conv2d_options, strides)},
    {"padding", OPTION_WORD, OPTION_AT(cn_conv2d_options, padding), .more = padding_words},
    {"data_format", OPTION_FIXED, OPTION_WORDS("\"channels_last\"")},
    {"dilation_rate", OPTION_PAIR, OPTION_AT(cn_conv2d_options, dilation_rate)},
    {"groups", OPTION_INTEGER_BY_RULE, OPTION_AT(cn_conv2d_options, groups), .number = 1},
    {"activation", OPTION_ACTIVATION, OPTION_AT(cn_conv2d_options, activation)},
    {"use_bias", OPTION_NOT, OPTION_AT(cn_conv2d_options, no_bias)},
    {"kernel_initializer", OPTION_INITIALIZER, OPTION_AT(cn_conv2d_options, kernel_initializer),
     .more = CN_GLOROT_UNIFORM},
    {"bias_initializer", OPTION_INITIALIZER, OPTION_AT(cn_conv2d_options, bias_initializer),
     .more = CN_ZEROS},
    {"kernel_regularizer", OPTION_REGULARIZER, OPTION_AT(cn_conv2d_options, kernel_regularizer)},
    {"bias_regularizer", OPTION_REGULARIZER, OPTION_AT(cn_conv2d_options, bias_regularizer)},
    {"activity_regularizer", OPTION_REGULARIZER,
     OPTION_AT(cn_conv2d_options, activity_regularizer)},
    {"kernel_constraint", OPTION_FIXED, OPTION_WORDS("null")},
    {"bias_constraint", OPTION_FIXED, OPTION_WORDS("null")},
    {0},
};

const layer_kind conv2d_kind = {
    .class = {.name = "Conv2D",
              .min_inputs = 1,
              .max_inputs = 1,
              .build = conv2d_build,
              .call = conv2d_call},
    LAYER_OPTIONS(cn_conv2d_options),
    .options = conv2d_options,
    .complete = conv2d_complete,
};

cn_layer *cn_conv2d_at(cn_source where, const cn_conv2d_options *options) {
    return layer_construct(where, &conv2d_kind, options);
}

/* ---- DepthwiseConv2D -------------------------------------------------------------------- */

static bool depthwise_complete(cn_layer *layer) {
    cn_depthwise_conv2d_options *o = layer->options;
    layer->frozen = o->frozen;
    layer->activity_regularizer = o->activity_regularizer;
    return complete_window(layer, o->kernel_size, o->strides, o->dilation_rate, o->padding) &&
           option_required(layer, "depth_multiplier", o->depth_multiplier);
}

static window2d depthwise_window(const cn_depthwise_conv2d_options *o) {
    return (window2d){.size = {o->kernel_size[0], o->kernel_size[1]},
                      .strides = {o->strides[0], o->strides[1]},
                      .dilation = {o->dilation_rate[0], o->dilation_rate[1]},
                      .padding = o->padding};
}

static void depthwise_build(cn_layer_call *call) {
    const cn_depthwise_conv2d_options *o = call->layer->options;
    window2d w = depthwise_window(o);
    int64_t channels = image_channels(call, &w);
    if (channels == 0)
        return;
    layer_add_weight(call->layer,
                     (cn_weight_options){.name = "kernel",
                                         .shape = {o->kernel_size[0], o->kernel_size[1], channels,
                                                   o->depth_multiplier},
                                         .initializer = o->depthwise_initializer,
                                         .regularizer = o->depthwise_regularizer});
    if (!o->no_bias)
        add_bias(call->layer, channels * o->depth_multiplier, o->bias_initializer,
                 o->bias_regularizer);
}

static void depthwise_call(cn_layer_call *call) {
    const cn_depthwise_conv2d_options *o = call->layer->options;
    window2d w = depthwise_window(o);
    cn_tensor filters = cn_layer_weight(call->layer, "kernel");
    int64_t channels = tensor_type(filters)->dims[2].count;
    if (!same_channels(call, image_channels(call, &w), channels))
        return;
    const int64_t grouped[] = {w.size[0], w.size[1], 1, channels * o->depth_multiplier};
    filters = cn_op_reshape(filters, 4, grouped);
    cn_tensor y = op_conv2d(call_input(call, 0), filters, &w, channels);
    call_finish(call, y, o->no_bias, o->activation);
}

static const option_row depthwise_conv2d_options[] = {
    {"depth_multiplier", OPTION_INTEGER_BY_RULE,
     OPTION_AT(cn_depthwise_conv2d_options, depth_multiplier), .number = 1},
    {"kernel_size", OPTION_PAIR, OPTION_AT(cn_depthwise_conv2d_options, kernel_size)},
    {"strides", OPTION_PAIR, OPTION_AT(cn_depthwise_conv2d_options, strides)},
    {"padding", OPTION_WORD, OPTION_AT(cn_depthwise_conv2d_options, padding),
     .more = padding_words},
    {"data_format", OPTION_FIXED, OPTION_WORDS("\"channels_last\"")},
    {"dilation_rate", OPTION_PAIR, OPTION_AT(cn_depthwise_conv2d_options, dilation_rate)},
    {"activation", OPTION_ACTIVATION, OPTION_AT(cn_depthwise_conv2d_options, activation)},
    {"use_bias", OPTION_NOT, OPTION_AT(cn_depthwise_conv2d_options, no_bias)},
    {"depthwise_initializer", OPTION_INITIALIZER,
     OPTION_AT(cn_depthwise_conv2d_options, depthwise_initializer), .more = CN_GLOROT_UNIFORM},
    {"bias_initializer", OPTION_INITIALIZER,
     OPTION_AT(cn_depthwise_conv2d_options, bias_initializer), .more = CN_ZEROS},
    {"depthwise_regularizer", OPTION_REGULARIZER,
     OPTION_AT(cn_depthwise_conv2d_options, depthwise_regularizer)},
    {"bias_regularizer", OPTION_REGULARIZER,
     OPTION_AT(cn_depthwise_conv2d_options, bias_regularizer)},
    {"activity_regularizer", OPTION_REGULARIZER,
     OPTION_AT(cn_depthwise_conv2d_options, activity_regularizer)},
    {"depthwise_constraint", OPTION_FIXED, OPTION_WORDS("null")},
    {"bias_constraint", OPTION_FIXED, OPTION_WORDS("null")},
    {0},
};

const layer_kind depthwise_conv2d_kind = {
    .class = {.name = "DepthwiseConv2D",
              .min_inputs = 1,
              .max_inputs = 1,
              .build = depthwise_build,
              .call = depthwise_call},
    LAYER_OPTIONS(cn_depthwise_conv2d_options),
    .options = depthwise_conv2d_options,
    .complete = depthwise_complete,
};

cn_layer *cn_depthwise_conv2d_at(cn_source where, const cn_depthwise_conv2d_options *options) {
    return layer_construct(where, &depthwise_conv2d_kind, options);
}
