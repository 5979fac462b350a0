/* Ops that move elements: reshape, transpose, slices, padding, concatenation.
 *
 * The batch has no number while a graph is built, so an axis that holds it keeps its place or is
 * merged whole; cutting or padding it is refused.
 */
#include "frontend/record.h"

#include <string.h>

typedef struct shape_arguments {
    int64_t axis, start, size; /* slice; pad: low, high */
    double number;
    int rank;
    const int64_t *shape; /* reshape; transpose: axes */
} shape_arguments;

/* ---- reshape ---------------------------------------------------------------------------- */

static const char *shape_words(const op_call *call, int rank, const int64_t *shape) {
    text out;
    text_init(&out, call->context->arena);
    for (int i = 0; i < rank; i++)
        text_printf(&out, i == 0 ? "[%lld" : ",%lld", (long long)shape[i]);
    text_append(&out, rank == 0 ? "[]" : "]");
    return out.data;
}

/* The axis that -1 asks to infer: the only one, or the second when the first is the batch. */
static int inferred_axis(const type *from, const shape_arguments *a, type *to) {
    int count = 0, last = -1;
    for (int i = 0; i < a->rank; i++)
        if (a->shape[i] == CN_BATCH) {
            count++;
            last = i;
        }
    bool batch_first = count == 2 && a->shape[0] == CN_BATCH && from->rank > 0;
    if (count > 2 || (count == 2 && !batch_first))
        return -2;
    if (batch_first)
        to->dims[0] = from->dims[0];
    return last;
}

static bool infer_reshape(const type *from, const shape_arguments *a, type *to) {
    if (a->rank < 0 || a->rank > MAX_RANK)
        return false;
    *to = type_make(from->dtype, a->rank, (dim[MAX_RANK]){{0}});
    int open = inferred_axis(from, a, to);
    dim known = dim_of(1), total;
    if (open == -2 || !type_elements(from, &total))
        return false;
    for (int i = 0; i < a->rank; i++) {
        if (a->shape[i] < 0 && a->shape[i] != CN_BATCH)
            return false;
        if (a->shape[i] != CN_BATCH)
            to->dims[i] = dim_of(a->shape[i]);
        if (i != open && !dim_multiply(known, to->dims[i], &known))
            return false;
    }
    return open < 0 ? dim_equal(known, total) : dim_divide(total, known, &to->dims[open]);
}

static value build_reshape_op(const op_call *call) {
    const shape_arguments *a = call->arguments;
    type to;
    if (!infer_reshape(call_type(call, 0), a, &to))
        return op_refuse(
            call, CN_ERROR_SHAPE,
            "cannot make %s of %s: the elements do not match; -1 stands for the batch, "
            "and one more -1 for what is left",
            shape_words(call, a->rank, a->shape), tensor_describe(call->inputs[0]));
    return build_reshape(call->g, call_value(call, 0), to.rank, to.dims);
}

cn_tensor cn_op_reshape(cn_tensor x, int rank, const int64_t *shape) {
    shape_arguments a = {.rank = rank, .shape = shape};
    return op_record(x.context, "reshape", build_reshape_op, &x, 1, &a);
}

static value build_expand_dims(const op_call *call) {
    const shape_arguments *a = call->arguments;
    type t = *call_type(call, 0);
    if (t.rank == MAX_RANK)
        return op_refuse(call, CN_ERROR_SHAPE, "%s has all the axes there can be",
                         tensor_describe(call->inputs[0]));
    int axis = op_axis(call, a->axis, t.rank + 1);
    if (axis < 0)
        return NO_VALUE;
    for (int i = t.rank; i > axis; i--)
        t.dims[i] = t.dims[i - 1];
    t.dims[axis] = dim_of(1);
    return build_reshape(call->g, call_value(call, 0), t.rank + 1, t.dims);
}

cn_tensor cn_op_expand_dims(cn_tensor x, int64_t axis) {
    shape_arguments a = {.axis = axis};
    return op_record(x.context, "expand_dims", build_expand_dims, &x, 1, &a);
}

static value build_squeeze(const op_call *call) {
    const shape_arguments *a = call->arguments;
    type t = *call_type(call, 0);
    int axis = op_axis(call, a->axis, t.rank);
    if (axis < 0)
        return NO_VALUE;
    if (!dim_is(t.dims[axis], 1))
        return op_refuse(call, CN_ERROR_SHAPE, "axis %d of %s is not of size 1", axis,
                         tensor_describe(call->inputs[0]));
    for (int i = axis; i + 1 < t.rank; i++)
        t.dims[i] = t.dims[i + 1];
    return build_reshape(call->g, call_value(call, 0), t.rank - 1, t.dims);
}

cn_tensor cn_op_squeeze(cn_tensor x, int64_t axis) {
    shape_arguments a = {.axis = axis};
    return op_record(x.context, "squeeze", build_squeeze, &x, 1, &a);
}

/* ---- other orders, repeats -------------------------------------------------------------- */

static value build_transpose_op(const op_call *call) {
    const shape_arguments *a = call->arguments;
    int rank = call_type(call, 0)->rank;
    int64_t permutation[MAX_RANK];
    bool seen[MAX_RANK] = {false};
    for (int i = 0; i < rank; i++) {
        int axis = op_axis(call, a->shape[i], rank);
        if (axis < 0)
            return NO_VALUE;
        if (seen[axis])
            return op_refuse(call, CN_ERROR_INVALID_ARGUMENT, "axis %d is given twice", axis);
        seen[axis] = true;
        permutation[i] = axis;
    }
    return build_transpose(call->g, call_value(call, 0), permutation);
}

cn_tensor cn_op_transpose(cn_tensor x, const int64_t *axes) {
    shape_arguments a = {.shape = axes};
    return op_record(x.context, "transpose", build_transpose_op, &x, 1, &a);
}

static value build_broadcast_like(const op_call *call) {
    type joined;
    const type *like = call_type(call, 1);
    if (!shape_broadcast(call_type(call, 0), like, &joined) || !shape_equal(&joined, like))
        return op_refuse(call, CN_ERROR_SHAPE, "%s does not broadcast to %s",
                         tensor_describe(call->inputs[0]), tensor_describe(call->inputs[1]));
    return broadcast_to(call->g, call_value(call, 0), like);
}

cn_tensor cn_op_broadcast_like(cn_tensor x, cn_tensor shape_of) {
    const cn_tensor inputs[] = {x, shape_of};
    return op_record(x.context, "broadcast_like", build_broadcast_like, inputs, 2, NULL);
}

static value build_flip(const op_call *call) {
    const shape_arguments *a = call->arguments;
    int64_t axis = op_axis(call, a->axis, call_type(call, 0)->rank);
    return axis < 0 ? NO_VALUE : build_reverse(call->g, call_value(call, 0), 1, &axis);
}

cn_tensor cn_op_flip(cn_tensor x, int64_t axis) {
    shape_arguments a = {.axis = axis};
    return op_record(x.context, "flip", build_flip, &x, 1, &a);
}

/* ---- cutting, padding, joining ---------------------------------------------------------- */

/* The axis, if it may be cut or padded. */
static int countable_axis(const op_call *call, int64_t given) {
    const type *t = call_type(call, 0);
    int axis = op_axis(call, given, t->rank);
    if (axis < 0 || !t->dims[axis].symbolic)
        return axis;
    op_refuse(call, CN_ERROR_SHAPE, "axis %d of %s is the batch, whose size is open", axis,
              tensor_describe(call->inputs[0]));
    return -1;
}

static value build_slice_op(const op_call *call) {
    const shape_arguments *a = call->arguments;
    type t = *call_type(call, 0);
    int axis = countable_axis(call, a->axis);
    if (axis < 0)
        return NO_VALUE;
    int64_t extent = t.dims[axis].count, start = a->start < 0 ? a->start + extent : a->start;
    if (start < 0 || a->size < 0 || start > extent || a->size > extent - start)
        return op_refuse(call, CN_ERROR_SHAPE, "%lld elements from %lld are not in axis %d of %s",
                         (long long)a->size, (long long)a->start, axis,
                         tensor_describe(call->inputs[0]));
    int64_t starts[MAX_RANK] = {0}, strides[MAX_RANK];
    for (int i = 0; i < t.rank; i++)
        strides[i] = 1;
    starts[axis] = start;
    t.dims[axis] = dim_of(a->size);
    return build_slice(call->g, call_value(call, 0), starts, t.dims, strides);
}

cn_tensor cn_op_slice(cn_tensor x, int64_t axis, int64_t start, int64_t size) {
    shape_arguments a = {.axis = axis, .start = start, .size = size};
    return op_record(x.context, "slice", build_slice_op, &x, 1, &a);
}

static value build_pad_op(const op_call *call) {
    const shape_arguments *a = call->arguments;
    int axis = countable_axis(call, a->axis);
    if (axis < 0)
        return NO_VALUE;
    if (a->start < 0 || a->size < 0)
        return op_refuse(call, CN_ERROR_INVALID_ARGUMENT,
                         "padding of %lld and %lld: amounts are not negative", (long long)a->start,
                         (long long)a->size);
    int64_t low[MAX_RANK] = {0}, high[MAX_RANK] = {0}, interior[MAX_RANK] = {0};
    low[axis] = a->start;
    high[axis] = a->size;
    value with = build_constant(call->g, call_type(call, 0)->dtype, a->number);
    return build_pad(call->g, call_value(call, 0), with, low, high, interior);
}

cn_tensor cn_op_pad(cn_tensor x, int64_t axis, int64_t low, int64_t high, double number) {
    shape_arguments a = {.axis = axis, .start = low, .size = high, .number = number};
    return op_record(x.context, "pad", build_pad_op, &x, 1, &a);
}

/* Axes other than `axis` are those of the first. */
static bool joinable(const op_call *call, int axis) {
    const type *first = call_type(call, 0);
    for (size_t i = 1; i < call->input_count; i++) {
        type t = *call_type(call, i);
        if (t.rank == first->rank && !t.dims[axis].symbolic)
            t.dims[axis] = first->dims[axis];
        if (shape_equal(first, &t))
            continue;
        op_refuse(call, CN_ERROR_SHAPE, "%s and %s differ in more than the size of axis %d",
                  tensor_describe(call->inputs[0]), tensor_describe(call->inputs[i]), axis);
        return false;
    }
    return true;
}

static value build_concatenate(const op_call *call) {
    const shape_arguments *a = call->arguments;
    int axis = op_axis(call, a->axis, call_type(call, 0)->rank);
    if (axis < 0 || !joinable(call, axis))
        return NO_VALUE;
    cn_dtype common = call_type(call, 0)->dtype;
    for (size_t i = 1; i < call->input_count; i++)
        common = dtype_promote(common, call_type(call, i)->dtype);
    value *parts = ARENA_ARRAY(call->context->arena, value, call->input_count);
    for (size_t i = 0; i < call->input_count; i++)
        parts[i] = build_cast(call->g, call_value(call, i), common);
    return build_concat(call->g, parts, (int)call->input_count, axis);
}

cn_tensor cn_op_concatenate(const cn_tensor *xs, size_t count, int64_t axis) {
    shape_arguments a = {.axis = axis};
    return count == 0 ? CN_END
                      : op_record(xs[0].context, "concatenate", build_concatenate, xs, count, &a);
}
