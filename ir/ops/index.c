/* gather and scatter: elements at places that data names.
 *
 * Two forms. Plain: an index tensor of any shape replaces `axis` by its own axes,
 *     result[outer, i..., inner] = x[outer, indices[i...], inner].
 * Batch ("take along axis"): indices have x's rank and shape but along `axis`,
 *     result[outer, i, inner] = x[outer, indices[outer, i, inner], inner].
 * gather clamps indices into the axis; scatter drops updates outside it. Several updates of one
 * place combine in row-major order: add sums, set keeps the last, max the largest.
 */
#include "ir/ops/pointwise.h"
#include "ir/ops/rules.h"

static const index_attributes *index_of(const node *n) {
    return n->attributes;
}

static int axis_of(const node *n) {
    return (int)index_of(n)->axis;
}

static const attribute_field gather_fields[] = {
    {"axis", FIELD_INTEGER, offsetof(index_attributes, axis), NULL},
    {"batch", FIELD_BOOL, offsetof(index_attributes, batch), NULL},
    {0}};
static const attribute_field scatter_fields[] = {
    {"kind", FIELD_ENUM, offsetof(index_attributes, kind),
     (const char *const[]){"add", "set", "max", NULL}},
    {"axis", FIELD_INTEGER, offsetof(index_attributes, axis), NULL},
    {"batch", FIELD_BOOL, offsetof(index_attributes, batch), NULL},
    {0}};
static const attribute_schema gather_schema = {sizeof(index_attributes), gather_fields};
static const attribute_schema scatter_schema = {sizeof(index_attributes), scatter_fields};

/* ---- what both share --------------------------------------------------------------------- */

/* The shape of what indices pick from x (gather's result, scatter's updates). */
static bool picked_type(const graph *g, const node *n, type *out, diagnostics *d) {
    const type *x = operand_type(g, n, 0), *indices = operand_type(g, n, 1);
    int64_t axis = index_of(n)->axis;
    if (axis < 0 || axis >= x->rank)
        return op_fail(d, n, "%s has no axis %lld", type_words(g, x), (long long)axis);
    if (!dtype_is_integer(indices->dtype))
        return op_fail(d, n, "indices must be integers, got %s; cast them", type_words(g, indices));
    type t = *x;
    if (index_of(n)->batch) {
        if (indices->rank == x->rank)
            t.dims[axis] = indices->dims[axis];
        *out = t;
        return shape_equal(&t, indices) ||
               op_fail(d, n, "indices %s may differ from %s in axis %lld only; broadcast them",
                       type_words(g, indices), type_words(g, x), (long long)axis);
    }
    if (x->rank - 1 + indices->rank > MAX_RANK)
        return op_fail(d, n, "%s at %s has more than 8 axes; reshape the indices", type_words(g, x),
                       type_words(g, indices));
    t.rank = 0;
    for (int i = 0; i < axis; i++)
        t.dims[t.rank++] = x->dims[i];
    for (int i = 0; i < indices->rank; i++)
        t.dims[t.rank++] = indices->dims[i];
    for (int i = (int)axis + 1; i < x->rank; i++)
        t.dims[t.rank++] = x->dims[i];
    *out = t;
    return true;
}

/* From an index of the picked shape: the index into indices, and x's but for the axis. */
static void split_index(const node *n, int x_rank, int indices_rank, const int64_t *picked,
                        int64_t *at_indices, int64_t *at_x) {
    int axis = axis_of(n), skipped = index_of(n)->batch ? 1 : indices_rank;
    for (int i = 0; i < indices_rank; i++)
        at_indices[i] = picked[index_of(n)->batch ? i : axis + i];
    for (int i = 0; i < x_rank; i++)
        at_x[i] = i < axis ? picked[i] : i > axis ? picked[i - 1 + skipped] : 0;
}

static value gather_like(graph *g, const index_attributes *a, value x, value indices) {
    return graph_add(
        g, &(node_spec){.op = &op_gather,
                        .operands = (const value[]){x, indices},
                        .operand_count = 2,
                        .attributes = &(index_attributes){.axis = a->axis, .batch = a->batch}});
}

static value scatter_like(graph *g, const index_attributes *a, scatter_kind kind, value x,
                          value indices, value updates) {
    index_attributes with = {.axis = a->axis, .batch = a->batch, .kind = (int)kind};
    return graph_add(g, &(node_spec){.op = &op_scatter,
                                     .operands = (const value[]){x, indices, updates},
                                     .operand_count = 3,
                                     .attributes = &with});
}

/* The extent of the axis as an i64 of the shape of `like`. */
static value extent_like(graph *g, dim extent, value like) {
    return build_broadcast_scalar(g, build_dim_size(g, CN_I64, extent), like);
}

/* A value with the shape of the indices, repeated to the shape of what they pick. */
static value repeat_to_picked(graph *g, const node *n, value x, const type *picked) {
    int64_t axes[MAX_RANK];
    if (index_of(n)->batch || value_is_none(x))
        return x;
    for (int i = 0; i < value_type(g, x)->rank; i++)
        axes[i] = index_of(n)->axis + i;
    return build_broadcast(g, x, picked->rank, picked->dims, axes);
}

/* ---- gather ------------------------------------------------------------------------------ */

static bool gather_infer(const graph *g, const node *n, type *results, diagnostics *d) {
    type t;
    if (!picked_type(g, n, &t, d))
        return false;
    const type *x = operand_type(g, n, 0);
    if (x->dims[axis_of(n)].count == 0)
        return op_fail(d, n, "axis %d of %s has no elements to pick from", axis_of(n),
                       type_words(g, x));
    return infer_one(g, n, t, results, d);
}

/* scatter drops what gather clamped, so the indices are clamped first. */
static void gather_vjp(gradient_context *cx, const node *n) {
    graph *g = cx->g;
    const type x = *value_type(g, n->operands[0]);
    value wide = build_cast(g, n->operands[1], CN_I64), zero = build_full_like(g, wide, 0);
    value extent = extent_like(g, x.dims[axis_of(n)], wide);
    value last = build_sub(g, extent, build_full_like(g, wide, 1));
    value clamped = build_min(g, build_max(g, wide, zero), last);
    value dy = gradient_of(cx, n), zeros = build_zeros(g, &x);
    cx->add(cx, n, 0, scatter_like(g, index_of(n), SCATTER_ADD, zeros, clamped, dy));
}

static void gather_interpret(interpreter *it, const node *n, tensor *const *operands,
                             tensor **results) {
    (void)it;
    const tensor *x = operands[0], *indices = operands[1];
    int64_t picked[MAX_RANK], at_indices[MAX_RANK], at_x[MAX_RANK];
    int64_t extent = x->type.dims[axis_of(n)].count;
    for (int64_t i = 0; extent > 0 && i < results[0]->count; i++) {
        tensor_index(&results[0]->type, i, picked);
        split_index(n, x->type.rank, indices->type.rank, picked, at_indices, at_x);
        int64_t at = indices->items[tensor_offset(&indices->type, at_indices)].i;
        at_x[axis_of(n)] = at < 0 ? 0 : at >= extent ? extent - 1 : at;
        results[0]->items[i] = x->items[tensor_offset(&x->type, at_x)];
    }
}

/* An i64 clamped to 0 <= i < extent, as one expression: so bounds can be read off it. */
static const expr *clamped_index(lowering *l, const expr *at, dim extent) {
    const expr *last = expr_add(l->arena, expr_extent(l->arena, extent), index_constant(l, -1));
    const expr *low = index_binary(l, SCALAR_MAX, index_constant(l, 0), at);
    return index_binary(l, SCALAR_MIN, last, low);
}

static const expr *gather_element(lowering *l, const node *n, uint32_t result,
                                  const expr *const *index) {
    (void)result;
    const type *x = operand_type(l->region, n, 0), *indices = operand_type(l->region, n, 1);
    int axis = axis_of(n), skipped = index_of(n)->batch ? 1 : indices->rank;
    const expr *at_x[MAX_RANK];
    const expr *named = lower_operand(l, n, 1, index_of(n)->batch ? index : index + axis);
    for (int i = 0; i < x->rank; i++)
        at_x[i] = i < axis ? index[i] : i > axis ? index[i - 1 + skipped] : NULL;
    at_x[axis] = clamped_index(l, cast_expression(l, named, CN_I64), x->dims[axis]);
    return lower_operand(l, n, 0, at_x);
}

static double gather_cost(const graph *g, const node *n, int64_t batch) {
    (void)g, (void)n, (void)batch;
    return 0;
}

const op_def op_gather = {
    .name = "gather",
    .summary = "Elements of operand 0 at the indices of operand 1 along one axis; indices clamp.",
    .operand_count = 2,
    .traits = OP_INDEX,
    .attributes = &gather_schema,
    .infer = gather_infer,
    .vjp = gather_vjp,
    .interpret = gather_interpret,
    .element = gather_element,
    .cost = gather_cost,
};

/* ---- scatter ----------------------------------------------------------------------------- */

static scatter_kind kind_of(const node *n) {
    return (scatter_kind)index_of(n)->kind;
}

static bool scatter_infer(const graph *g, const node *n, type *results, diagnostics *d) {
    const type *x = operand_type(g, n, 0), *updates = operand_type(g, n, 2);
    type picked;
    if (!picked_type(g, n, &picked, d))
        return false;
    if (!type_equal(&picked, updates))
        return op_fail(d, n, "updates of %s at %s must be %s, got %s", type_words(g, x),
                       type_words(g, operand_type(g, n, 1)), type_words(g, &picked),
                       type_words(g, updates));
    return (kind_of(n) == SCATTER_SET || check_number(g, n, x, d)) &&
           infer_one(g, n, *x, results, d);
}

/* Where an update lies inside the axis, as a bool of the updates' shape. */
static value is_inside(graph *g, const node *n, const type *x, const type *picked) {
    value wide = build_cast(g, n->operands[1], CN_I64);
    value low = build_compare(g, COMPARE_GE, wide, build_full_like(g, wide, 0));
    value high = build_compare(g, COMPARE_LT, wide, extent_like(g, x->dims[axis_of(n)], wide));
    return repeat_to_picked(g, n, build_bit(g, BIT_AND, low, high), picked);
}

/* Where an update is the last one of its place (and inside), as a bool of the updates' shape:
 * each scatters its own number, and those that find it again have won. */
static value is_last(graph *g, const node *n, const type *x, const type *picked) {
    value indices = n->operands[1], ids, places;
    const type t = *value_type(g, indices);
    index_attributes plain = {.axis = index_of(n)->batch ? index_of(n)->axis : 0,
                              .batch = index_of(n)->batch};
    dim count;
    if (index_of(n)->batch) {
        ids = build_iota(g, CN_I32, t.rank, t.dims, axis_of(n));
        places = build_full(g, CN_I32, x->rank, x->dims, -1);
    } else {
        bool fits = type_elements(&t, &count);
        ids =
            fits ? build_reshape(g, build_iota(g, CN_I32, 1, &count, 0), t.rank, t.dims) : NO_VALUE;
        places = build_full(g, CN_I32, 1, &x->dims[axis_of(n)], -1);
    }
    value winners = scatter_like(g, &plain, SCATTER_SET, places, indices, ids);
    value won = build_compare(g, COMPARE_EQ, gather_like(g, &plain, winners, indices), ids);
    return repeat_to_picked(g, n, won, picked);
}

/* All that reach the maximum share equally: the element of x and the updates. */
static void scatter_max_vjp(gradient_context *cx, const node *n, const type *x,
                            const type *picked) {
    graph *g = cx->g;
    const index_attributes *a = index_of(n);
    value indices = n->operands[1], y = forward_result(cx);
    value kept = build_cast(g, build_compare(g, COMPARE_EQ, n->operands[0], y), x->dtype);
    value reached = build_compare(g, COMPARE_EQ, n->operands[2], gather_like(g, a, y, indices));
    value hit = build_cast(g, build_bit(g, BIT_AND, reached, is_inside(g, n, x, picked)), x->dtype);
    value winners = scatter_like(g, a, SCATTER_ADD, kept, indices, hit);
    value share = build_div(g, gradient_of(cx, n), winners);
    cx->add(cx, n, 0, build_mul(g, kept, share));
    if (cx->needs(cx, n, 2))
        cx->add(cx, n, 2, build_mul(g, hit, gather_like(g, a, share, indices)));
}

static void scatter_vjp(gradient_context *cx, const node *n) {
    graph *g = cx->g;
    const type x = *value_type(g, n->operands[0]), picked = *value_type(g, n->operands[2]);
    value dy = gradient_of(cx, n), indices = n->operands[1];
    if (x.dims[axis_of(n)].count == 0)
        return; /* nothing to update */
    if (kind_of(n) == SCATTER_MAX) {
        scatter_max_vjp(cx, n, &x, &picked);
        return;
    }
    bool add = kind_of(n) == SCATTER_ADD;
    if (cx->needs(cx, n, 0))
        cx->add(
            cx, n, 0,
            add ? dy
                : scatter_like(g, index_of(n), SCATTER_SET, dy, indices, build_zeros(g, &picked)));
    if (cx->needs(cx, n, 2)) {
        value used = add ? is_inside(g, n, &x, &picked) : is_last(g, n, &x, &picked);
        value got = gather_like(g, index_of(n), dy, indices);
        cx->add(cx, n, 2, build_select(g, used, got, build_zeros(g, &picked)));
    }
}

static number scatter_step(const interpreter *it, scatter_kind kind, cn_dtype dtype, number old,
                           number update) {
    if (kind == SCATTER_SET)
        return update;
    number y = fold_step(it, kind == SCATTER_ADD ? REDUCE_SUM : REDUCE_MAX, dtype, old, update);
    if (dtype_is_float(dtype))
        y.f = interpret_round(it, dtype, y.f); /* a step goes through memory, f16 as f16 */
    return y;
}

/* The offset in x that update i goes to; -1 when it is dropped. */
static int64_t target_offset(const node *n, const tensor *x, const tensor *indices,
                             const type *picked, int64_t i) {
    int64_t index[MAX_RANK], at_indices[MAX_RANK], at_x[MAX_RANK];
    tensor_index(picked, i, index);
    split_index(n, x->type.rank, indices->type.rank, index, at_indices, at_x);
    int64_t at = indices->items[tensor_offset(&indices->type, at_indices)].i;
    if (at < 0 || at >= x->type.dims[axis_of(n)].count)
        return -1;
    at_x[axis_of(n)] = at;
    return tensor_offset(&x->type, at_x);
}

static void average_tied_tangents(interpreter *it, const node *n, tensor *const *operands,
                                  tensor *y) {
    double *ties = ARENA_ARRAY(it->arena, double, y->count),
           *sums = ARENA_ARRAY(it->arena, double, y->count);
    for (int64_t i = 0; i < y->count; i++)
        if (operands[0]->items[i].f == y->items[i].f)
            ties[i] = 1, sums[i] = operands[0]->items[i].tangent;
    for (int64_t i = 0; i < operands[2]->count; i++) {
        int64_t to = target_offset(n, operands[0], operands[1], &operands[2]->type, i);
        if (to >= 0 && operands[2]->items[i].f == y->items[to].f)
            ties[to] += 1, sums[to] += operands[2]->items[i].tangent;
    }
    for (int64_t i = 0; i < y->count; i++)
        y->items[i].tangent = ties[i] > 0 ? sums[i] / ties[i] : 0;
}

static void scatter_interpret(interpreter *it, const node *n, tensor *const *operands,
                              tensor **results) {
    const tensor *x = operands[0], *updates = operands[2];
    tensor *y = results[0];
    for (int64_t i = 0; i < x->count; i++)
        y->items[i] = x->items[i];
    for (int64_t i = 0; i < updates->count; i++) {
        int64_t to = target_offset(n, x, operands[1], &updates->type, i);
        if (to >= 0)
            y->items[to] =
                scatter_step(it, kind_of(n), x->type.dtype, y->items[to], updates->items[i]);
    }
    if (kind_of(n) == SCATTER_MAX && dtype_is_float(x->type.dtype))
        average_tied_tangents(it, n, operands, y);
}

/* ---- lowering of scatter ----------------------------------------------------------------- */

/* Loops over the axes [begin, end) of t; index[at...] gets their variables. */
static int begin_loops(lowering *l, const type *t, int begin, int end, bool parallel,
                       const expr **index) {
    for (int i = begin; i < end; i++) {
        loop_variable *v = lower_axis(l, parallel ? "i" : "u", t->dims[i]);
        index[i - begin] = expr_variable(l->arena, v);
        lower_loop_begin(l, v, parallel);
    }
    return end - begin;
}

static void end_loops(lowering *l, int count) {
    while (count-- > 0)
        lower_loop_end(l);
}

/* One update: y[outer, at, inner] = step(y[...], update) where `at` is inside; elsewhere some
 * element is stored back as it is, because a store cannot be left out. */
static void store_update(lowering *l, const node *n, const expr *const *picked, const expr **at_x) {
    const type *x = operand_type(l->region, n, 0);
    int axis = axis_of(n);
    const expr *named = lower_operand(l, n, 1, index_of(n)->batch ? picked : picked + axis);
    const expr *at = cast_expression(l, named, CN_I64), *zero = index_constant(l, 0);
    const expr *low = lower_scalar(l, SCALAR_LE, CN_BOOL, (const expr *const[]){zero, at}, 2);
    const expr *extent = expr_extent(l->arena, x->dims[axis]);
    const expr *high = lower_scalar(l, SCALAR_LT, CN_BOOL, (const expr *const[]){at, extent}, 2);
    const expr *inside = lower_scalar(l, SCALAR_AND, CN_BOOL, (const expr *const[]){low, high}, 2);
    at_x[axis] = clamped_index(l, at, x->dims[axis]);
    const expr *old = lower_load_result(l, n, 0, at_x), *update = lower_operand(l, n, 2, picked);
    scalar_op step = kind_of(n) == SCATTER_ADD ? SCALAR_ADD : SCALAR_MAX;
    const expr *combined = update;
    if (kind_of(n) != SCATTER_SET)
        combined = lower_scalar(l, step, x->dtype, (const expr *const[]){old, update}, 2);
    const expr *choice[] = {inside, combined, old};
    lower_store(l, n, 0, at_x, lower_scalar(l, SCALAR_SELECT, x->dtype, choice, 3));
}

/* parallel outer { y = x; for each update in order { parallel inner { y[at] = step(...) } } } */
static void scatter_nest(lowering *l, const node *n) {
    const type *x = operand_type(l->region, n, 0), *indices = operand_type(l->region, n, 1);
    int axis = axis_of(n), inner_rank = x->rank - axis - 1;
    int first =
        index_of(n)->batch ? axis : 0; /* the axes of the indices that are stepped through */
    int serial_rank = index_of(n)->batch ? 1 : indices->rank;
    const expr *at_x[MAX_RANK], *picked[MAX_RANK];
    int outer = begin_loops(l, x, 0, axis, true, at_x);
    int copy = begin_loops(l, x, axis, x->rank, true, at_x + axis);
    lower_store(l, n, 0, at_x, lower_operand(l, n, 0, at_x));
    end_loops(l, copy);
    for (int i = 0; i < axis; i++)
        picked[i] = at_x[i];
    if (x->dims[axis].count > 0) {
        begin_loops(l, indices, first, first + serial_rank, false, picked + axis);
        begin_loops(l, x, axis + 1, x->rank, true, at_x + axis + 1);
        for (int i = 0; i < inner_rank; i++)
            picked[axis + serial_rank + i] = at_x[axis + 1 + i];
        store_update(l, n, picked, at_x);
        end_loops(l, serial_rank + inner_rank);
    }
    end_loops(l, outer);
}

static double scatter_cost(const graph *g, const node *n, int64_t batch) {
    return (double)type_count(operand_type(g, n, 2), batch);
}

const op_def op_scatter = {
    .name = "scatter",
    .summary = "Operand 0 with updates added, set or maximised in at indices along one axis.",
    .operand_count = 3,
    .traits = OP_OPAQUE,
    .attributes = &scatter_schema,
    .infer = scatter_infer,
    .vjp = scatter_vjp,
    .interpret = scatter_interpret,
    .nest = scatter_nest,
    .cost = scatter_cost,
};
