/* Ops that pick elements by index, and one_hot, which is their transpose in spirit.
 *
 * Negative indices count from the end, as in Python; others beyond the end are clamped to it, so
 * that no input can make a program read outside its memory.
 */
#include "frontend/record.h"

#include <string.h>

typedef struct index_arguments {
    int64_t axis, classes;
    cn_dtype dtype;
} index_arguments;

static bool integer_input(const op_call *call, size_t i) {
    if (dtype_is_integer(call_type(call, i)->dtype))
        return true;
    op_refuse(call, CN_ERROR_DTYPE, "indices are integers; got %s; cast them",
              tensor_describe(call->inputs[i]));
    return false;
}

/* indices + (indices < 0 ? extent : 0). */
static value count_from_end(graph *g, value indices, dim extent) {
    cn_dtype dtype = value_type(g, indices)->dtype;
    if (dtype == CN_U8 || dtype == CN_U32)
        return indices;
    if (dtype == CN_I8)
        indices = build_cast(g, indices, CN_I32);
    value zero = build_full_like(g, indices, 0);
    value size = build_dim_size(g, value_type(g, indices)->dtype, extent);
    value wrapped = build_add(g, indices, build_broadcast_scalar(g, size, indices));
    return build_select(g, build_compare(g, COMPARE_LT, indices, zero), wrapped, indices);
}

static value build_take(const op_call *call) {
    const index_arguments *a = call->arguments;
    int axis = op_axis(call, a->axis, call_type(call, 0)->rank);
    if (axis < 0 || !integer_input(call, 1))
        return NO_VALUE;
    value indices = count_from_end(call->g, call_value(call, 1), call_type(call, 0)->dims[axis]);
    return build_gather(call->g, call_value(call, 0), indices, axis);
}

cn_tensor cn_op_take(cn_tensor x, cn_tensor indices, int64_t axis) {
    index_arguments a = {.axis = axis};
    return op_record(x.context, "take", build_take, (const cn_tensor[]){x, indices}, 2, &a);
}

/* All axes but `axis` must agree; those of size one in the indices are repeated first. */
static value build_take_along_axis(const op_call *call) {
    const index_arguments *a = call->arguments;
    type x = *call_type(call, 0), picked = *call_type(call, 1), joined;
    int axis = op_axis(call, a->axis, x.rank);
    if (axis < 0 || !integer_input(call, 1))
        return NO_VALUE;
    dim extent = x.dims[axis];
    if (picked.rank == x.rank)
        x.dims[axis] = picked.dims[axis];
    if (picked.rank != x.rank || !shape_broadcast(&picked, &x, &joined) ||
        !shape_equal(&joined, &x))
        return op_refuse(call, CN_ERROR_SHAPE, "indices %s do not fit %s: equal but in axis %d",
                         tensor_describe(call->inputs[1]), tensor_describe(call->inputs[0]), axis);
    value indices = broadcast_to(call->g, call_value(call, 1), &joined);
    const value operands[] = {call_value(call, 0), count_from_end(call->g, indices, extent)};
    return graph_add(call->g,
                     &(node_spec){.op = &op_gather,
                                  .operands = operands,
                                  .operand_count = 2,
                                  .attributes = &(index_attributes){.axis = axis, .batch = true}});
}

cn_tensor cn_op_take_along_axis(cn_tensor x, cn_tensor indices, int64_t axis) {
    index_arguments a = {.axis = axis};
    const cn_tensor inputs[] = {x, indices};
    return op_record(x.context, "take_along_axis", build_take_along_axis, inputs, 2, &a);
}

/* A label outside [0, classes) gives a row of zeros. */
static value build_one_hot(const op_call *call) {
    const index_arguments *a = call->arguments;
    type t = *call_type(call, 0);
    if (!integer_input(call, 0))
        return NO_VALUE;
    if (a->classes < 1 || t.rank == MAX_RANK)
        return op_refuse(call, CN_ERROR_INVALID_ARGUMENT, "%lld classes over %s",
                         (long long)a->classes, tensor_describe(call->inputs[0]));
    int64_t axes[MAX_RANK];
    for (int i = 0; i < t.rank; i++)
        axes[i] = i;
    t.dims[t.rank] = dim_of(a->classes);
    t.rank++;
    value labels = build_broadcast(call->g, call_value(call, 0), t.rank, t.dims, axes);
    value classes = build_iota(call->g, t.dtype, t.rank, t.dims, t.rank - 1);
    return build_cast(call->g, build_compare(call->g, COMPARE_EQ, labels, classes), a->dtype);
}

cn_tensor cn_op_one_hot(cn_tensor x, int64_t classes, cn_dtype dtype) {
    index_arguments a = {.classes = classes, .dtype = dtype == CN_DTYPE_DEFAULT ? CN_F32 : dtype};
    return op_record(x.context, "one_hot", build_one_hot, &x, 1, &a);
}
