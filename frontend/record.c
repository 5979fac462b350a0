/* The shared path of ops, promotion and broadcasting: see record.h.
 *
 * Promotion is Keras' lattice over the element types there are: bool < u8, i8 < i32, u32 < i64 <
 * f16, bf16 < f32 < f64, where the join of i8 and u8 is i32 (there is no i16), of u32 and a signed
 * type i64, of f16 and bf16 f32.
 */
#include "frontend/record.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- recording -------------------------------------------------------------------------- */

static cn_source current_source(const cn_context *c) {
    return c->current_call != 0 ? c->calls.items[c->current_call].where : c->where;
}

/* "train.c:41: dense "fc1": matmul: " before the refusal; the op's name only where the layer's
 * does not say it. */
static void prefix_place(cn_context *c, const char *name) {
    cn_source where = current_source(c);
    const cn_layer *layer = c->current_call == 0 ? NULL : c->calls.items[c->current_call].layer;
    if (layer == NULL || strcmp(snake_case(c->arena, layer->class_name), name) != 0)
        diag_prefix(&c->diag, "%s: ", name);
    if (layer != NULL)
        diag_prefix(&c->diag, "%s: ", layer_title(layer));
    if (where.file != NULL)
        diag_prefix(&c->diag, "%s: ", source_text(where).words);
}

static bool inputs_usable(cn_context *c, const char *name, const cn_tensor *inputs, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!cn_tensor_ok(inputs[i]))
            return false;
    for (size_t i = 0; i < count; i++)
        if (inputs[i].context != c) {
            diag_fail(&c->diag, CN_ERROR_INVALID_ARGUMENT, "input %zu belongs to another context",
                      i);
            prefix_place(c, name);
            return false;
        }
    return true;
}

static value build_op(const op_call *call, op_builder build) {
    cn_context *c = call->context;
    value v = build(call);
    context_note_nodes(c);
    if (diag_ok(&c->diag) && value_is_none(v))
        diag_fail(&c->diag, CN_ERROR_INTERNAL, "refused without a reason");
    if (!diag_ok(&c->diag))
        prefix_place(c, call->name);
    return diag_ok(&c->diag) ? v : NO_VALUE;
}

cn_tensor op_record(cn_context *c, const char *name, op_builder build, const cn_tensor *inputs,
                    size_t input_count, const void *arguments) {
    if (c == NULL)
        return CN_END;
    if (!diag_ok(&c->diag))
        return tensor_poison(c);
    CONTEXT_ENTER(c, tensor_poison(c));
    op_call call = {.context = c,
                    .g = c->record,
                    .name = name,
                    .inputs = inputs,
                    .input_count = input_count,
                    .arguments = arguments};
    value v = inputs_usable(c, name, inputs, input_count) ? build_op(&call, build) : NO_VALUE;
    CONTEXT_LEAVE(c);
    return tensor_of(c, v);
}

value op_refuse(const op_call *call, cn_status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    diag_fail_list(&call->context->diag, status, format, arguments);
    va_end(arguments);
    return NO_VALUE;
}

/* ---- element types ---------------------------------------------------------------------- */

static cn_dtype promote_floats(cn_dtype a, cn_dtype b) {
    if (!dtype_is_float(a) || !dtype_is_float(b))
        return dtype_is_float(a) ? a : b;
    return a == CN_F64 || b == CN_F64 ? CN_F64 : CN_F32;
}

cn_dtype dtype_promote(cn_dtype a, cn_dtype b) {
    if (a == b || b == CN_BOOL)
        return a;
    if (a == CN_BOOL)
        return b;
    if (dtype_is_float(a) || dtype_is_float(b))
        return promote_floats(a, b);
    if (a == CN_I64 || b == CN_I64)
        return CN_I64;
    if (a != CN_U32 && b != CN_U32)
        return CN_I32;
    return a == CN_U8 || b == CN_U8 ? CN_U32 : CN_I64;
}

cn_dtype dtype_arithmetic(cn_dtype d) {
    return d == CN_BOOL ? CN_I32 : d;
}

cn_dtype dtype_as_float(cn_dtype d) {
    return dtype_is_float(d) ? d : CN_F32;
}

cn_dtype dtype_beside(cn_dtype x, double number) {
    bool integral = number == floor(number) && fabs(number) < 0x1p62;
    return integral ? dtype_arithmetic(x) : dtype_as_float(x);
}

/* ---- shapes ----------------------------------------------------------------------------- */

bool shape_broadcast(const type *a, const type *b, type *out) {
    const type *longer = a->rank >= b->rank ? a : b, *shorter = longer == a ? b : a;
    int ahead = longer->rank - shorter->rank;
    *out = type_with_dtype(*longer, a->dtype);
    for (int i = 0; i < shorter->rank; i++) {
        dim x = shorter->dims[i], y = longer->dims[i + ahead];
        if (!dim_equal(x, y) && !dim_is(x, 1) && !dim_is(y, 1))
            return false;
        out->dims[i + ahead] = dim_is(y, 1) ? x : y;
    }
    return true;
}

/* The IR repeats missing axes only: axes of size one that grow are dropped first. */
value broadcast_to(graph *g, value x, const type *shape) {
    if (value_is_none(x))
        return NO_VALUE;
    type from = *value_type(g, x);
    int ahead = shape->rank - from.rank, kept = 0;
    dim dims[MAX_RANK];
    int64_t axes[MAX_RANK];
    for (int i = 0; i < from.rank; i++) {
        if (!dim_equal(from.dims[i], shape->dims[i + ahead]))
            continue;
        dims[kept] = from.dims[i];
        axes[kept++] = i + ahead;
    }
    value squeezed = build_reshape(g, x, kept, dims);
    return build_broadcast(g, squeezed, shape->rank, shape->dims, axes);
}

static bool common_shape(const op_call *call, type *shape) {
    *shape = *call_type(call, 0);
    for (size_t i = 1; i < call->input_count; i++) {
        type joined;
        if (!shape_broadcast(shape, call_type(call, i), &joined)) {
            op_refuse(call, CN_ERROR_SHAPE,
                      "shapes do not fit: %s and %s; axes must be equal or 1, counted from the "
                      "last; reshape or expand_dims one of them",
                      tensor_describe(call->inputs[i - 1]), tensor_describe(call->inputs[i]));
            return false;
        }
        *shape = joined;
    }
    return true;
}

bool op_broadcast_inputs(const op_call *call, cn_dtype dtype, value *out) {
    type shape;
    if (!common_shape(call, &shape))
        return false;
    cn_dtype common = call_type(call, 0)->dtype;
    for (size_t i = 1; i < call->input_count; i++)
        common = dtype_promote(common, call_type(call, i)->dtype);
    for (size_t i = 0; i < call->input_count; i++) {
        value x = build_cast(call->g, call_value(call, i), dtype == 0 ? common : dtype);
        out[i] = broadcast_to(call->g, x, &shape);
    }
    return true;
}

int op_axis(const op_call *call, int64_t axis, int rank) {
    if (axis >= -rank && axis < rank)
        return (int)(axis < 0 ? axis + rank : axis);
    op_refuse(call, CN_ERROR_INVALID_ARGUMENT, "axis %lld is not one of the %d axes of %s",
              (long long)axis, rank, tensor_describe(call->inputs[0]));
    return -1;
}

bool op_axes(const op_call *call, int count, const int64_t *axes, int rank, integer_list *out) {
    bool chosen[MAX_RANK] = {false};
    for (int i = 0; i < count; i++) {
        int axis = op_axis(call, axes[i], rank);
        if (axis < 0)
            return false;
        if (chosen[axis]) {
            op_refuse(call, CN_ERROR_INVALID_ARGUMENT, "axis %lld is given twice",
                      (long long)axes[i]);
            return false;
        }
        chosen[axis] = true;
    }
    out->count = 0;
    for (int i = 0; i < rank; i++)
        if (chosen[i] || count == 0)
            out->items[out->count++] = i;
    return true;
}
