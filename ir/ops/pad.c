/* pad and concat: the movement ops whose result has more than one source.
 *
 * Along k*B pad may only fill gaps so that the extent stays a multiple of B: low + high equal to
 * interior, which is what the gradient of a strided slice needs. concat adds extents, k*B to
 * k*B or constants to constants.
 */
#include "ir/ops/movement.h"
#include "ir/ops/rules.h"

static const movement_attributes *movement_of(const node *n) {
    return n->attributes;
}

static const attribute_field pad_fields[] = {
    MOVEMENT_LIST(low), MOVEMENT_LIST(high), MOVEMENT_LIST(interior), {0}};
static const attribute_field concat_fields[] = {MOVEMENT_LIST(axes), {0}};
static const attribute_schema pad_schema = {sizeof(movement_attributes), pad_fields};
static const attribute_schema concat_schema = {sizeof(movement_attributes), concat_fields};

/* ---- pad --------------------------------------------------------------------------------- */

static bool padded_extent(dim x, int64_t low, int64_t high, int64_t interior, dim *out) {
    int64_t step, total;
    if (low < 0 || high < 0 || interior < 0 || __builtin_add_overflow(interior, 1, &step))
        return false;
    if (x.symbolic)
        return low <= interior && high == interior - low && dim_multiply(x, dim_of(step), out);
    if (__builtin_mul_overflow(x.count, step, &total) ||
        __builtin_sub_overflow(total, x.count > 0 ? interior : 0, &total) ||
        __builtin_add_overflow(total, low, &total) || __builtin_add_overflow(total, high, &total))
        return false;
    *out = dim_of(total);
    return true;
}

static bool pad_infer(const graph *g, const node *n, type *results, diagnostics *d) {
    const movement_attributes *a = movement_of(n);
    const type *x = operand_type(g, n, 0), *with = operand_type(g, n, 1);
    if (with->rank != 0 || with->dtype != x->dtype)
        return op_fail(d, n, "%s is padded with a scalar of its type, got %s", type_words(g, x),
                       type_words(g, with));
    if (a->low.count != x->rank || a->high.count != x->rank || a->interior.count != x->rank)
        return op_fail(d, n, "%s needs low, high and interior padding for each axis",
                       type_words(g, x));
    type y = *x;
    for (int i = 0; i < x->rank; i++)
        if (!padded_extent(x->dims[i], a->low.items[i], a->high.items[i], a->interior.items[i],
                           &y.dims[i]))
            return op_fail(d, n,
                           "axis %d of %s cannot be padded by %lld before, %lld after and %lld "
                           "between%s",
                           i, type_words(g, x), (long long)a->low.items[i],
                           (long long)a->high.items[i], (long long)a->interior.items[i],
                           x->dims[i].symbolic ? "; bind the batch to a constant" : "");
    return infer_one(g, n, y, results, d);
}

/* dx picks the elements back; the scalar gets the sum over the places it filled. */
static void pad_vjp(gradient_context *cx, const node *n) {
    const movement_attributes *a = movement_of(n);
    graph *g = cx->g;
    value dy = gradient_of(cx, n), x = n->operands[0];
    const type t = *value_type(g, x);
    int64_t strides[MAX_RANK], all[MAX_RANK];
    for (int i = 0; i < t.rank; i++) {
        strides[i] = a->interior.items[i] + 1;
        all[i] = i;
    }
    if (cx->needs(cx, n, 0))
        cx->add(cx, n, 0, build_slice(g, dy, a->low.items, t.dims, strides));
    if (cx->needs(cx, n, 1)) {
        value zeros = build_zeros(g, &t), one = build_constant(g, t.dtype, 1);
        value filled = build_pad(g, zeros, one, a->low.items, a->high.items, a->interior.items);
        cx->add(cx, n, 1, build_sum(g, build_mul(g, dy, filled), t.rank, all));
    }
}

/* Scatters x into a result that is filled with the scalar. */
static void pad_interpret(interpreter *it, const node *n, tensor *const *operands,
                          tensor **results) {
    (void)it;
    const movement_attributes *a = movement_of(n);
    const tensor *x = operands[0];
    tensor *y = results[0];
    int64_t index[MAX_RANK];
    for (int64_t i = 0; i < y->count; i++)
        y->items[i] = operands[1]->items[0];
    for (int64_t i = 0; i < x->count; i++) {
        tensor_index(&x->type, i, index);
        for (int k = 0; k < x->type.rank; k++)
            index[k] = a->low.items[k] + index[k] * (a->interior.items[k] + 1);
        y->items[tensor_offset(&y->type, index)] = x->items[i];
    }
}

static const expr *pad_element(lowering *l, const node *n, uint32_t result,
                               const expr *const *index) {
    (void)result;
    const movement_attributes *a = movement_of(n);
    const type *x = operand_type(l->region, n, 0);
    const expr *source[MAX_RANK], *inside = NULL, *zero = index_constant(l, 0);
    for (int i = 0; i < x->rank; i++) {
        int64_t low = a->low.items[i], step = a->interior.items[i] + 1;
        source[i] = expr_add(l->arena, index[i], index_constant(l, -low));
        if (low > 0)
            inside = condition_and(l, inside, index_compare(l, SCALAR_GE, source[i], zero));
        if (step > 1) {
            const expr *gap = index_binary(l, SCALAR_REM, source[i], index_constant(l, step));
            inside = condition_and(l, inside, index_compare(l, SCALAR_EQ, gap, zero));
            source[i] = index_binary(l, SCALAR_DIV, source[i], index_constant(l, step));
        }
        if (a->high.items[i] > 0)
            inside = condition_and(
                l, inside,
                index_compare(l, SCALAR_LT, source[i], expr_extent(l->arena, x->dims[i])));
    }
    const expr *with = lower_operand(l, n, 1, NULL);
    return inside == NULL ? lower_operand(l, n, 0, source)
                          : lower_operand_guarded(l, n, 0, source, inside, with);
}

const op_def op_pad = {
    .name = "pad",
    .summary =
        "Operand 0 with `low`, `high` and, between elements, `interior` copies of the scalar.",
    .operand_count = 2,
    .traits = OP_INDEX | OP_CHEAP,
    .attributes = &pad_schema,
    .infer = pad_infer,
    .vjp = pad_vjp,
    .interpret = pad_interpret,
    .element = pad_element,
    .cost = movement_cost,
};

/* ---- concat ------------------------------------------------------------------------------ */

static bool concat_infer(const graph *g, const node *n, type *results, diagnostics *d) {
    const integer_list *axes = &movement_of(n)->axes;
    if (n->operand_count == 0)
        return op_fail(d, n, "needs at least one operand");
    type y = *operand_type(g, n, 0);
    if (axes->count != 1 || !check_axes(n, axes, y.rank, "axis", d))
        return axes->count == 1 ? false
                                : op_fail(d, n, "joins along one axis, got %d", axes->count);
    int64_t axis = axes->items[0];
    for (uint32_t i = 1; i < n->operand_count; i++) {
        const type *x = operand_type(g, n, i);
        type like = y;
        if (x->rank == y.rank)
            like.dims[axis] = x->dims[axis];
        if (!type_equal(x, &like))
            return op_fail(d, n, "%s and %s may differ in axis %lld only", type_words(g, &y),
                           type_words(g, x), (long long)axis);
        if (!dim_add(y.dims[axis], x->dims[axis], &y.dims[axis]))
            return op_fail(
                d, n,
                "extents %s and %s of axis %lld do not add up to a constant or a multiple "
                "of B; bind the batch to a constant",
                dim_words(g, y.dims[axis]), dim_words(g, x->dims[axis]), (long long)axis);
    }
    return infer_one(g, n, y, results, d);
}

static int64_t greatest_common_divisor(int64_t a, int64_t b) {
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* The part of dy that came from an operand of type `part`, at `offset` along the axis. Along
 * k*B a slice has no constant start, so the axis is split into blocks of unit*B first. */
static value take_part(graph *g, value dy, int axis, const type *part, int64_t offset,
                       int64_t unit) {
    type t = *value_type(g, dy);
    dim extent = t.dims[axis];
    int64_t starts[MAX_RANK] = {0}, ones[MAX_RANK];
    for (int i = 0; i < MAX_RANK; i++)
        ones[i] = 1;
    t.dims[axis] = part->dims[axis];
    starts[axis] = offset;
    if (!extent.symbolic)
        return build_slice(g, dy, starts, t.dims, ones);
    if (t.rank == MAX_RANK) {
        diag_fail(arena_diagnostics(g->arena), CN_ERROR_UNSUPPORTED,
                  "concat: no gradient along the batch axis of %s; bind the batch to a constant",
                  type_words(g, value_type(g, dy)));
        return NO_VALUE;
    }
    type blocks = t;
    blocks.rank++;
    for (int i = axis + 1; i < t.rank; i++)
        blocks.dims[i + 1] = t.dims[i];
    blocks.dims[axis] = dim_of(extent.count / unit);
    blocks.dims[axis + 1] = dim_batch(unit);
    value split = build_reshape(g, dy, blocks.rank, blocks.dims);
    starts[axis] = offset / unit;
    blocks.dims[axis] = dim_of(part->dims[axis].count / unit);
    return build_reshape(g, build_slice(g, split, starts, blocks.dims, ones), t.rank, t.dims);
}

static void concat_vjp(gradient_context *cx, const node *n) {
    int axis = (int)movement_of(n)->axes.items[0];
    int64_t offset = 0, unit = 0;
    for (uint32_t i = 0; i < n->operand_count; i++)
        unit = greatest_common_divisor(unit, value_type(cx->g, n->operands[i])->dims[axis].count);
    for (uint32_t i = 0; i < n->operand_count; i++) {
        type part = *value_type(cx->g, n->operands[i]);
        if (cx->needs(cx, n, i))
            cx->add(cx, n, i,
                    part.dims[axis].count == 0
                        ? build_zeros(cx->g, &part)
                        : take_part(cx->g, gradient_of(cx, n), axis, &part, offset, unit));
        offset += part.dims[axis].count;
    }
}

static void concat_interpret(interpreter *it, const node *n, tensor *const *operands,
                             tensor **results) {
    (void)it;
    int axis = (int)movement_of(n)->axes.items[0];
    int64_t index[MAX_RANK], offset = 0;
    for (uint32_t o = 0; o < n->operand_count; o++) {
        const tensor *x = operands[o];
        for (int64_t i = 0; i < x->count; i++) {
            tensor_index(&x->type, i, index);
            index[axis] += offset;
            results[0]->items[tensor_offset(&results[0]->type, index)] = x->items[i];
        }
        offset += x->type.dims[axis].count;
    }
}

/* From the last operand to the first: "this one up to its end, else what comes after". */
static const expr *concat_element(lowering *l, const node *n, uint32_t result,
                                  const expr *const *index) {
    (void)result;
    int axis = (int)movement_of(n)->axes.items[0];
    dim start = operand_type(l->region, n, 0)->dims[axis];
    for (uint32_t o = 1; o < n->operand_count; o++)
        dim_add(start, operand_type(l->region, n, o)->dims[axis], &start);
    const expr *source[MAX_RANK], *after = identity_expression(l, REDUCE_SUM, n->types[0].dtype);
    for (int i = 0; i < n->types[0].rank; i++)
        source[i] = index[i];
    for (uint32_t o = n->operand_count; o-- > 0;) {
        dim extent = operand_type(l->region, n, o)->dims[axis];
        start.count -= extent.count;
        const expr *begin = expr_extent(l->arena, start);
        source[axis] = expr_add(l->arena, index[axis], expr_multiply(l->arena, begin, -1));
        const expr *inside = index_within(l, source[axis], extent);
        if (extent.count > 0)
            after = lower_operand_guarded(l, n, o, source, inside, after);
    }
    return after;
}

const op_def op_concat = {
    .name = "concat",
    .summary = "The operands one after the other along one axis.",
    .operand_count = -1,
    .traits = OP_INDEX | OP_CHEAP,
    .attributes = &concat_schema,
    .infer = concat_infer,
    .vjp = concat_vjp,
    .interpret = concat_interpret,
    .element = concat_element,
    .cost = movement_cost,
};
