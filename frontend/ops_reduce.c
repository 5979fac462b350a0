/* Ops that fold axes: sums, means, extremes, softmax and what belongs to it.
 *
 * A mean divides by the actual sizes (dim_size), so the short last batch of an epoch is right.
 * Sums of bools and small integers are i32 (u32 for u8), as in Keras.
 */
#include "frontend/record.h"

/* ---- reductions ------------------------------------------------------------------------- */

typedef struct reduce_arguments {
    reduce_kind kind;
    cn_dtype (*dtype)(cn_dtype); /* what the operand is cast to */
    int axis_count;
    const int64_t *axes;
    bool keepdims, mean;
} reduce_arguments;

static cn_dtype sum_dtype(cn_dtype d) {
    return d == CN_U8 ? CN_U32 : d == CN_BOOL || d == CN_I8 ? CN_I32 : d;
}
static cn_dtype bool_dtype(cn_dtype d) {
    (void)d;
    return CN_BOOL;
}

/* How many elements fold into one, as a scalar of the dtype. */
static value folded_count(graph *g, const type *t, const integer_list *axes) {
    dim one = dim_of(1), count = one;
    value rest = NO_VALUE;
    for (int i = 0; i < axes->count; i++) {
        dim extent = t->dims[axes->items[i]], product;
        if (dim_multiply(count, extent, &product)) {
            count = product;
        } else { /* more than one batch axis: no single dim */
            rest = build_dim_size(g, t->dtype, count);
            count = extent;
        }
    }
    value size = count.symbolic ? build_dim_size(g, t->dtype, count)
                                : build_constant(g, t->dtype, (double)count.count);
    return value_is_none(rest) ? size : build_mul(g, rest, size);
}

static value build_reduce_op(const op_call *call) {
    const reduce_arguments *a = call->arguments;
    integer_list axes;
    if (!op_axes(call, a->axis_count, a->axes, call_type(call, 0)->rank, &axes))
        return NO_VALUE;
    value x = build_cast(call->g, call_value(call, 0), a->dtype(call_type(call, 0)->dtype));
    type t = *value_type(call->g, x);
    value y = a->keepdims ? build_reduce_keep(call->g, a->kind, x, axes.count, axes.items)
                          : build_reduce(call->g, a->kind, x, axes.count, axes.items);
    if (!a->mean || value_is_none(y))
        return y;
    value count = folded_count(call->g, &t, &axes);
    return build_div(call->g, y, build_broadcast_scalar(call->g, count, y));
}

#define REDUCE(name, fold, cast, ...)                                                         \
    cn_tensor cn_op_##name(cn_tensor x, int axis_count, const int64_t *axes, bool keepdims) { \
        reduce_arguments a = {.kind = (fold),                                                 \
                              .dtype = (cast),                                                \
                              .axis_count = axis_count,                                       \
                              .axes = axes,                                                   \
                              .keepdims = keepdims,                                           \
                              __VA_ARGS__};                                                   \
        return op_record(x.context, #name, build_reduce_op, &x, 1, &a);                       \
    }
REDUCE(sum, REDUCE_SUM, sum_dtype, .mean = false)
REDUCE(mean, REDUCE_SUM, dtype_as_float, .mean = true)
REDUCE(max, REDUCE_MAX, dtype_arithmetic, .mean = false)
REDUCE(min, REDUCE_MIN, dtype_arithmetic, .mean = false)
REDUCE(prod, REDUCE_PROD, sum_dtype, .mean = false)
REDUCE(any, REDUCE_OR, bool_dtype, .mean = false)
REDUCE(all, REDUCE_AND, bool_dtype, .mean = false)
#undef REDUCE

/* ---- along one axis --------------------------------------------------------------------- */

typedef struct axis_arguments {
    int64_t axis;
    int kind;              /* argreduce_kind */
    const char *composite; /* or its name */
    bool keepdims;
    cn_dtype dtype;
} axis_arguments;

static value build_argreduce_op(const op_call *call) {
    const axis_arguments *a = call->arguments;
    int axis = op_axis(call, a->axis, call_type(call, 0)->rank);
    value x = build_cast(call->g, call_value(call, 0), dtype_arithmetic(call_type(call, 0)->dtype));
    return axis < 0 ? NO_VALUE : build_argreduce(call->g, (argreduce_kind)a->kind, x, axis);
}

cn_tensor cn_op_argmax(cn_tensor x, int64_t axis) {
    axis_arguments a = {.axis = axis, .kind = ARGREDUCE_MAX};
    return op_record(x.context, "argmax", build_argreduce_op, &x, 1, &a);
}
cn_tensor cn_op_argmin(cn_tensor x, int64_t axis) {
    axis_arguments a = {.axis = axis, .kind = ARGREDUCE_MIN};
    return op_record(x.context, "argmin", build_argreduce_op, &x, 1, &a);
}

static value build_softmax_op(const op_call *call) {
    const axis_arguments *a = call->arguments;
    int axis = op_axis(call, a->axis, call_type(call, 0)->rank);
    if (axis < 0)
        return NO_VALUE;
    value y,
        x = build_cast(call->g, call_value(call, 0), dtype_as_float(call_type(call, 0)->dtype));
    composite_attributes attributes = {.parameters = {.count = 1, .items = {axis}}};
    build_composite(call->g, a->composite, &attributes, &x, 1, &y);
    return y;
}

cn_tensor cn_op_softmax(cn_tensor x, int64_t axis) {
    axis_arguments a = {.axis = axis, .composite = "softmax"};
    return op_record(x.context, "softmax", build_softmax_op, &x, 1, &a);
}
cn_tensor cn_op_log_softmax(cn_tensor x, int64_t axis) {
    axis_arguments a = {.axis = axis, .composite = "log_softmax"};
    return op_record(x.context, "log_softmax", build_softmax_op, &x, 1, &a);
}

/* m + log(sum(exp(x - m))) with m the maximum, or 0 where that is infinite: inf - inf is NaN. The
 * gradient is softmax whatever m is, so none flows through it. */
static value build_logsumexp(const op_call *call) {
    const axis_arguments *a = call->arguments;
    graph *g = call->g;
    int64_t axis = op_axis(call, a->axis, call_type(call, 0)->rank);
    if (axis < 0)
        return NO_VALUE;
    value x = build_cast(g, call_value(call, 0), dtype_as_float(call_type(call, 0)->dtype));
    type t = *value_type(g, x);
    value top = build_stop_gradient(g, build_reduce_keep(g, REDUCE_MAX, x, 1, &axis));
    value size = build_abs(g, top);
    value infinite = build_compare(g, COMPARE_EQ, size, build_full_like(g, top, __builtin_inf()));
    top = build_select(g, infinite, build_full_like(g, top, 0), top);
    value powers = build_exp(g, build_sub(g, x, broadcast_to(g, top, &t)));
    value sum = build_log(g, build_reduce_keep(g, REDUCE_SUM, powers, 1, &axis));
    value y = build_add(g, sum, top);
    if (a->keepdims || value_is_none(y))
        return y;
    for (int i = (int)axis; i + 1 < t.rank; i++)
        t.dims[i] = t.dims[i + 1];
    return build_reshape(g, y, t.rank - 1, t.dims);
}

cn_tensor cn_op_logsumexp(cn_tensor x, int64_t axis, bool keepdims) {
    axis_arguments a = {.axis = axis, .keepdims = keepdims};
    return op_record(x.context, "logsumexp", build_logsumexp, &x, 1, &a);
}

static value build_size(const op_call *call) {
    const axis_arguments *a = call->arguments;
    int axis = op_axis(call, a->axis, call_type(call, 0)->rank);
    return axis < 0 ? NO_VALUE : build_dim_size(call->g, a->dtype, call_type(call, 0)->dims[axis]);
}

cn_tensor cn_op_size(cn_tensor x, int64_t axis, cn_dtype dtype) {
    axis_arguments a = {.axis = axis, .dtype = dtype == CN_DTYPE_DEFAULT ? CN_I32 : dtype};
    return op_record(x.context, "size", build_size, &x, 1, &a);
}
