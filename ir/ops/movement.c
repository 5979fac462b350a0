/* Movement: ops that only say where an element comes from. Lowered they are index maps.
 *
 * Each is its neighbours' gradient: reshape and transpose undo themselves, broadcast is undone
 * by a sum, slice by pad and pad by slice (interior padding by strides), concat by slices.
 * Dims of k*B: whatever leaves extents of the form c or k*B is allowed, the rest is refused.
 * (pad, the long one, and concat stand in pad.c.)
 */
#include "ir/ops/movement.h"

#include "ir/ops/rules.h"

static const movement_attributes *movement_of(const node *n) {
    return n->attributes;
}

double movement_cost(const graph *g, const node *n, int64_t batch) {
    (void)g, (void)n, (void)batch;
    return 0;
}

void interpret_moved(const node *n, const tensor *x, tensor *y, source_index from) {
    int64_t index[MAX_RANK], source[MAX_RANK];
    for (int64_t i = 0; i < y->count; i++) {
        tensor_index(&y->type, i, index);
        from(n, &x->type, index, source);
        y->items[i] = x->items[tensor_offset(&x->type, source)];
    }
}

static const attribute_field shape_fields[] = {MOVEMENT_SHAPE, {0}};
static const attribute_field axes_fields[] = {MOVEMENT_LIST(axes), {0}};
static const attribute_field broadcast_fields[] = {MOVEMENT_SHAPE, MOVEMENT_LIST(axes), {0}};
static const attribute_field slice_fields[] = {
    MOVEMENT_LIST(starts), MOVEMENT_SHAPE, MOVEMENT_LIST(strides), {0}};
static const attribute_schema reshape_schema = {sizeof(movement_attributes), shape_fields};
static const attribute_schema axes_schema = {sizeof(movement_attributes), axes_fields};
static const attribute_schema broadcast_schema = {sizeof(movement_attributes), broadcast_fields};
static const attribute_schema slice_schema = {sizeof(movement_attributes), slice_fields};

/* ---- reshape ----------------------------------------------------------------------------- */

static bool reshape_infer(const graph *g, const node *n, type *results, diagnostics *d) {
    const dim_list *shape = &movement_of(n)->shape;
    const type *x = operand_type(g, n, 0);
    type y = type_make(x->dtype, shape->count, shape->items);
    dim before, after;
    if (!infer_one(g, n, y, results, d))
        return false;
    if (!type_elements(x, &before) || !type_elements(&y, &after) || !dim_equal(before, after))
        return op_fail(d, n, "%s and %s differ in their number of elements", type_words(g, x),
                       type_words(g, &y));
    return true;
}

static void reshape_vjp(gradient_context *cx, const node *n) {
    const type x = *value_type(cx->g, n->operands[0]);
    cx->add(cx, n, 0, build_reshape(cx->g, gradient_of(cx, n), x.rank, x.dims));
}

static void reshape_interpret(interpreter *it, const node *n, tensor *const *operands,
                              tensor **results) {
    (void)it, (void)n;
    for (int64_t i = 0; i < results[0]->count; i++)
        results[0]->items[i] = operands[0]->items[i];
}

/* Begins, ends and sizes of a run of axes of two shapes that has equal size in both. */
typedef struct axis_run {
    int x_end, y_end;
    dim x_size, y_size;
} axis_run;

static void take_axis(const type *t, int *end, dim *size) {
    bool fits = dim_multiply(*size, t->dims[(*end)++], size);
    (void)fits; /* a part of a size of the form c or k*B is of that form too */
}

/* Which side grows is free: sizes meet at the latest at the end. Growing the smaller one makes
 * the runs short. */
static axis_run next_run(const type *x, int x_begin, const type *y, int y_begin) {
    axis_run run = {x_begin, y_begin, dim_of(1), dim_of(1)};
    do {
        dim a = run.x_size, b = run.y_size;
        bool x_smaller = a.symbolic == b.symbolic ? a.count <= b.count : b.symbolic;
        if (run.x_end < x->rank && (x_smaller || run.y_end == y->rank))
            take_axis(x, &run.x_end, &run.x_size);
        else
            take_axis(y, &run.y_end, &run.y_size);
    } while (!dim_equal(run.x_size, run.y_size));
    return run;
}

/* Row-major position within the axes [begin, end). */
static const expr *flatten(lowering *l, const type *t, int begin, int end,
                           const expr *const *index) {
    const expr *flat = index[begin];
    for (int a = begin + 1; a < end; a++)
        flat = expr_add(l->arena, index_times(l, flat, t->dims[a]), index[a]);
    return flat;
}

/* And back: fills index[begin..end). */
static void unflatten(lowering *l, const type *t, int begin, int end, const expr *flat,
                      const expr **index) {
    for (int a = end - 1; a > begin; a--) {
        const expr *extent = expr_extent(l->arena, t->dims[a]);
        index[a] = index_binary(l, SCALAR_REM, flat, extent);
        flat = index_binary(l, SCALAR_DIV, flat, extent);
    }
    index[begin] = flat;
}

/* Axes are matched in runs of equal size, so that an axis that is only passed on keeps its own
 * variable and divisions stay inside the axes that really are merged or split. */
static const expr *reshape_element(lowering *l, const node *n, uint32_t result,
                                   const expr *const *index) {
    const type *x = operand_type(l->region, n, 0), *y = &n->types[result];
    const expr *source[MAX_RANK];
    dim elements;
    if (!type_elements(x, &elements) || elements.count == 0)
        return identity_expression(l, REDUCE_SUM, x->dtype); /* never runs */
    for (int i = 0; i < x->rank; i++)
        source[i] = index_constant(l, 0);
    for (int i = 0, j = 0; i < x->rank || j < y->rank;) {
        axis_run run = next_run(x, i, y, j);
        if (run.x_end > i && run.y_end > j)
            unflatten(l, x, i, run.x_end, flatten(l, y, j, run.y_end, index), source);
        i = run.x_end, j = run.y_end;
    }
    return lower_operand(l, n, 0, source);
}

const op_def op_reshape = {
    .name = "reshape",
    .summary = "The same elements in row-major order under another shape.",
    .operand_count = 1,
    .traits = OP_INDEX | OP_CHEAP,
    .attributes = &reshape_schema,
    .infer = reshape_infer,
    .vjp = reshape_vjp,
    .interpret = reshape_interpret,
    .element = reshape_element,
    .cost = movement_cost,
};

/* ---- broadcast --------------------------------------------------------------------------- */

static bool broadcast_infer(const graph *g, const node *n, type *results, diagnostics *d) {
    const movement_attributes *a = movement_of(n);
    const type *x = operand_type(g, n, 0);
    type y = type_make(x->dtype, a->shape.count, a->shape.items);
    if (a->axes.count != x->rank)
        return op_fail(d, n, "%s needs one result axis for each of its axes, got %d",
                       type_words(g, x), a->axes.count);
    if (!check_axes(n, &a->axes, y.rank, "result axis", d))
        return false;
    for (int i = 0; i < x->rank; i++) {
        if (i > 0 && a->axes.items[i] < a->axes.items[i - 1])
            return op_fail(d, n, "the result axes must increase; transpose first");
        if (!dim_equal(x->dims[i], y.dims[a->axes.items[i]]))
            return op_fail(d, n,
                           "axis %d of %s is not axis %lld of %s; reshape axes of 1 away, they are "
                           "repeated where the operand has none",
                           i, type_words(g, x), (long long)a->axes.items[i], type_words(g, &y));
    }
    return infer_one(g, n, y, results, d);
}

static void broadcast_vjp(gradient_context *cx, const node *n) {
    integer_list repeated = other_axes(n->types[0].rank, &movement_of(n)->axes, NULL);
    cx->add(cx, n, 0, build_sum(cx->g, gradient_of(cx, n), repeated.count, repeated.items));
}

static void broadcast_source(const node *n, const type *x, const int64_t *index, int64_t *source) {
    for (int i = 0; i < x->rank; i++)
        source[i] = index[movement_of(n)->axes.items[i]];
}

static void broadcast_interpret(interpreter *it, const node *n, tensor *const *operands,
                                tensor **results) {
    (void)it;
    interpret_moved(n, operands[0], results[0], broadcast_source);
}

static const expr *broadcast_element(lowering *l, const node *n, uint32_t result,
                                     const expr *const *index) {
    (void)result;
    const expr *source[MAX_RANK];
    for (int i = 0; i < movement_of(n)->axes.count; i++)
        source[i] = index[movement_of(n)->axes.items[i]];
    return lower_operand(l, n, 0, source);
}

const op_def op_broadcast = {
    .name = "broadcast",
    .summary = "Operand axis i becomes result axis axes[i]; along the others it repeats.",
    .operand_count = 1,
    .traits = OP_INDEX | OP_CHEAP,
    .attributes = &broadcast_schema,
    .infer = broadcast_infer,
    .vjp = broadcast_vjp,
    .interpret = broadcast_interpret,
    .element = broadcast_element,
    .cost = movement_cost,
};

/* ---- transpose --------------------------------------------------------------------------- */

static bool transpose_infer(const graph *g, const node *n, type *results, diagnostics *d) {
    const integer_list *axes = &movement_of(n)->axes;
    type x = *operand_type(g, n, 0), y = x;
    if (axes->count != x.rank)
        return op_fail(d, n, "%s needs a permutation of its axes, got %d numbers",
                       type_words(g, &x), axes->count);
    if (!check_axes(n, axes, x.rank, "axis", d))
        return false;
    for (int i = 0; i < x.rank; i++)
        y.dims[i] = x.dims[axes->items[i]];
    return infer_one(g, n, y, results, d);
}

static void transpose_vjp(gradient_context *cx, const node *n) {
    const integer_list *axes = &movement_of(n)->axes;
    int64_t inverse[MAX_RANK];
    for (int i = 0; i < axes->count; i++)
        inverse[axes->items[i]] = i;
    cx->add(cx, n, 0, build_transpose(cx->g, gradient_of(cx, n), inverse));
}

static void transpose_source(const node *n, const type *x, const int64_t *index, int64_t *source) {
    for (int i = 0; i < x->rank; i++)
        source[movement_of(n)->axes.items[i]] = index[i];
}

static void transpose_interpret(interpreter *it, const node *n, tensor *const *operands,
                                tensor **results) {
    (void)it;
    interpret_moved(n, operands[0], results[0], transpose_source);
}

static const expr *transpose_element(lowering *l, const node *n, uint32_t result,
                                     const expr *const *index) {
    (void)result;
    const expr *source[MAX_RANK];
    for (int i = 0; i < movement_of(n)->axes.count; i++)
        source[movement_of(n)->axes.items[i]] = index[i];
    return lower_operand(l, n, 0, source);
}

const op_def op_transpose = {
    .name = "transpose",
    .summary = "Result axis i is operand axis axes[i].",
    .operand_count = 1,
    .traits = OP_INDEX | OP_CHEAP,
    .attributes = &axes_schema,
    .infer = transpose_infer,
    .vjp = transpose_vjp,
    .interpret = transpose_interpret,
    .element = transpose_element,
    .cost = movement_cost,
};

/* ---- slice ------------------------------------------------------------------------------- */

/* Every stride-th element of an axis from start, `size` of them, all inside. Along k*B the slice
 * takes one element of every block of `stride`, so that its length is a multiple of B again. */
static bool slice_axis_fits(dim extent, int64_t start, dim size, int64_t stride) {
    if (start < 0 || stride < 1 || size.count < 0)
        return false;
    if (!extent.symbolic) {
        int64_t last;
        if (size.symbolic || size.count == 0)
            return !size.symbolic && start <= extent.count;
        return !__builtin_mul_overflow(size.count - 1, stride, &last) &&
               !__builtin_add_overflow(last, start, &last) && last < extent.count;
    }
    return size.symbolic && extent.count % stride == 0 && extent.count / stride == size.count &&
           start < stride;
}

static bool slice_infer(const graph *g, const node *n, type *results, diagnostics *d) {
    const movement_attributes *a = movement_of(n);
    const type *x = operand_type(g, n, 0);
    if (a->shape.count != x->rank || a->starts.count != x->rank || a->strides.count != x->rank)
        return op_fail(d, n, "%s needs a start, a size and a stride for each axis",
                       type_words(g, x));
    for (int i = 0; i < x->rank; i++)
        if (!slice_axis_fits(x->dims[i], a->starts.items[i], a->shape.items[i],
                             a->strides.items[i]))
            return op_fail(d, n, "axis %d of %s has no %s elements from %lld by steps of %lld%s", i,
                           type_words(g, x), dim_words(g, a->shape.items[i]),
                           (long long)a->starts.items[i], (long long)a->strides.items[i],
                           x->dims[i].symbolic ? "; bind the batch to a constant" : "");
    return infer_one(g, n, type_make(x->dtype, x->rank, a->shape.items), results, d);
}

static void slice_vjp(gradient_context *cx, const node *n) {
    const movement_attributes *a = movement_of(n);
    const type x = *value_type(cx->g, n->operands[0]);
    int64_t high[MAX_RANK], interior[MAX_RANK];
    for (int i = 0; i < x.rank; i++) {
        int64_t start = a->starts.items[i], stride = a->strides.items[i],
                size = a->shape.items[i].count;
        interior[i] = stride - 1;
        if (x.dims[i].symbolic)
            high[i] = stride - 1 - start;
        else
            high[i] = x.dims[i].count - start - (size > 0 ? (size - 1) * stride + 1 : 0);
    }
    value zero = build_constant(cx->g, x.dtype, 0);
    cx->add(cx, n, 0, build_pad(cx->g, gradient_of(cx, n), zero, a->starts.items, high, interior));
}

static void slice_source(const node *n, const type *x, const int64_t *index, int64_t *source) {
    const movement_attributes *a = movement_of(n);
    for (int i = 0; i < x->rank; i++)
        source[i] = a->starts.items[i] + index[i] * a->strides.items[i];
}

static void slice_interpret(interpreter *it, const node *n, tensor *const *operands,
                            tensor **results) {
    (void)it;
    interpret_moved(n, operands[0], results[0], slice_source);
}

static const expr *slice_element(lowering *l, const node *n, uint32_t result,
                                 const expr *const *index) {
    const movement_attributes *a = movement_of(n);
    const expr *source[MAX_RANK];
    for (int i = 0; i < n->types[result].rank; i++)
        source[i] = expr_add(l->arena, expr_multiply(l->arena, index[i], a->strides.items[i]),
                             index_constant(l, a->starts.items[i]));
    return lower_operand(l, n, 0, source);
}

const op_def op_slice = {
    .name = "slice",
    .summary = "Per axis `shape` elements from `starts` by steps of `strides`.",
    .operand_count = 1,
    .traits = OP_INDEX | OP_CHEAP,
    .attributes = &slice_schema,
    .infer = slice_infer,
    .vjp = slice_vjp,
    .interpret = slice_interpret,
    .element = slice_element,
    .cost = movement_cost,
};

/* ---- reverse ----------------------------------------------------------------------------- */

static bool reverse_infer(const graph *g, const node *n, type *results, diagnostics *d) {
    const type *x = operand_type(g, n, 0);
    return check_axes(n, &movement_of(n)->axes, x->rank, "axis", d) &&
           infer_one(g, n, *x, results, d);
}

static void reverse_vjp(gradient_context *cx, const node *n) {
    const integer_list *axes = &movement_of(n)->axes;
    cx->add(cx, n, 0, build_reverse(cx->g, gradient_of(cx, n), axes->count, axes->items));
}

static void reverse_source(const node *n, const type *x, const int64_t *index, int64_t *source) {
    for (int i = 0; i < x->rank; i++)
        source[i] = list_has(&movement_of(n)->axes, i) ? x->dims[i].count - 1 - index[i] : index[i];
}

static void reverse_interpret(interpreter *it, const node *n, tensor *const *operands,
                              tensor **results) {
    (void)it;
    interpret_moved(n, operands[0], results[0], reverse_source);
}

static const expr *reverse_element(lowering *l, const node *n, uint32_t result,
                                   const expr *const *index) {
    const type *y = &n->types[result];
    const expr *source[MAX_RANK];
    for (int i = 0; i < y->rank; i++) {
        const expr *last =
            expr_add(l->arena, expr_extent(l->arena, y->dims[i]), index_constant(l, -1));
        source[i] = list_has(&movement_of(n)->axes, i)
                        ? expr_add(l->arena, last, expr_multiply(l->arena, index[i], -1))
                        : index[i];
    }
    return lower_operand(l, n, 0, source);
}

const op_def op_reverse = {
    .name = "reverse",
    .summary = "The elements along `axes` in opposite order.",
    .operand_count = 1,
    .traits = OP_INDEX | OP_CHEAP,
    .attributes = &axes_schema,
    .infer = reverse_infer,
    .vjp = reverse_vjp,
    .interpret = reverse_interpret,
    .element = reverse_element,
    .cost = movement_cost,
};
