/* Convolution and pooling over images, for the layers.
 *
 * CN_SAME is TensorFlow's: out = ceil(in / stride), the padding that this takes is split evenly
 * and the odd cell goes after. Shapes were checked by the layer.
 */
#include "frontend/internal_ops.h"
#include "frontend/record.h"

typedef struct window_padding {
    int64_t low[2], high[2];
} window_padding;

static int64_t window_span(const window2d *w, int axis) {
    return (w->size[axis] - 1) * w->dilation[axis] + 1;
}

int64_t window_positions(const window2d *w, int axis, int64_t extent) {
    int64_t stride = w->strides[axis], room = extent - window_span(w, axis);
    if (w->padding == CN_SAME)
        return (extent + stride - 1) / stride;
    return room < 0 ? 0 : room / stride + 1;
}

static window_padding window_pad(const window2d *w, const type *x) {
    window_padding p = {{0, 0}, {0, 0}};
    for (int i = 0; i < 2 && w->padding == CN_SAME; i++) {
        int64_t extent = x->dims[i + 1].count, count = window_positions(w, i, extent);
        int64_t total = (count - 1) * w->strides[i] + window_span(w, i) - extent;
        p.low[i] = total > 0 ? total / 2 : 0;
        p.high[i] = total > 0 ? total - p.low[i] : 0;
    }
    return p;
}

/* ---- convolution ------------------------------------------------------------------------ */

typedef struct conv_arguments {
    const window2d *window;
    int64_t groups;
} conv_arguments;

static value build_conv2d(const op_call *call) {
    const conv_arguments *a = call->arguments;
    window_padding p = window_pad(a->window, call_type(call, 0));
    conv_attributes attributes = {.direction = CONV_FORWARD,
                                  .strides.count = 2,
                                  .low.count = 2,
                                  .high.count = 2,
                                  .dilation.count = 2,
                                  .groups = a->groups};
    for (int i = 0; i < 2; i++) {
        attributes.strides.items[i] = a->window->strides[i];
        attributes.dilation.items[i] = a->window->dilation[i];
        attributes.low.items[i] = p.low[i];
        attributes.high.items[i] = p.high[i];
    }
    return build_conv(call->g, call_value(call, 0), call_value(call, 1), &attributes);
}

cn_tensor op_conv2d(cn_tensor x, cn_tensor filters, const window2d *w, int64_t groups) {
    conv_arguments a = {w, groups};
    return op_record(x.context, "conv", build_conv2d, (const cn_tensor[]){x, filters}, 2, &a);
}

/* ---- pooling ---------------------------------------------------------------------------- */

static value build_windows(const op_call *call, reduce_kind kind) {
    const window2d *w = call->arguments;
    window_padding p = window_pad(w, call_type(call, 0));
    window_attributes a = {.kind = (int)kind,
                           .window = {.count = 4, .items = {1, w->size[0], w->size[1], 1}},
                           .strides = {.count = 4, .items = {1, w->strides[0], w->strides[1], 1}},
                           .low = {.count = 4, .items = {0, p.low[0], p.low[1], 0}},
                           .high = {.count = 4, .items = {0, p.high[0], p.high[1], 0}}};
    return build_reduce_window(call->g, call_value(call, 0), &a);
}

static value build_max_pool(const op_call *call) {
    return build_windows(call, REDUCE_MAX);
}

cn_tensor op_max_pool2d(cn_tensor x, const window2d *w) {
    return op_record(x.context, "max_pool", build_max_pool, &x, 1, w);
}

/* Cells of the image under position `at` of the window, along one axis. */
static int64_t cells_inside(const window2d *w, int axis, int64_t low, int64_t extent, int64_t at) {
    int64_t begin = at * w->strides[axis] - low, end = begin + w->size[axis];
    return (end < extent ? end : extent) - (begin > 0 ? begin : 0);
}

/* [height, width, 1] of the result: how many cells each window holds. */
static value build_cell_counts(const op_call *call, const type *result) {
    const window2d *w = call->arguments;
    const type *x = call_type(call, 0);
    window_padding p = window_pad(w, x);
    int64_t height = result->dims[1].count, width = result->dims[2].count;
    type t = type_make(CN_F32, 3, (const dim[]){dim_of(height), dim_of(width), dim_of(1)});
    float *counts = ARENA_ARRAY(call->context->arena, float, height *width);
    for (int64_t i = 0; i < height; i++)
        for (int64_t j = 0; j < width; j++)
            counts[i * width + j] = (float)(cells_inside(w, 0, p.low[0], x->dims[1].count, i) *
                                            cells_inside(w, 1, p.low[1], x->dims[2].count, j));
    return build_array(call->g, &t, counts, (size_t)type_bytes(&t, 0));
}

static value build_average_pool(const op_call *call) {
    const window2d *w = call->arguments;
    value sum = build_windows(call, REDUCE_SUM);
    if (value_is_none(sum))
        return NO_VALUE;
    type t = *value_type(call->g, sum);
    if (w->padding == CN_VALID)
        return build_div(call->g, sum,
                         build_full_like(call->g, sum, (double)(w->size[0] * w->size[1])));
    value counts = build_cast(call->g, build_cell_counts(call, &t), t.dtype);
    return build_div(call->g, sum, broadcast_to(call->g, counts, &t));
}

cn_tensor op_average_pool2d(cn_tensor x, const window2d *w) {
    return op_record(x.context, "average_pool", build_average_pool, &x, 1, w);
}
