/* cumulative_reduce: running sum, prod, max or min along one axis, forward or in reverse.
 *
 * Each row along the axis is one serial chain; rows are independent. The axis has a constant
 * extent (k*B is no length to step through).
 */
#include "ir/ops/fold.h"
#include "ir/ops/rules.h"

static const reduce_attributes *reduce_of(const node *n) {
    return n->attributes;
}

static int axis_of(const node *n) {
    return (int)reduce_of(n)->axes.items[0];
}

static const attribute_field fields[] = {
    {"kind", FIELD_ENUM, offsetof(reduce_attributes, kind), reduce_kinds},
    {"axes", FIELD_INTEGERS, offsetof(reduce_attributes, axes), NULL},
    {"reverse", FIELD_BOOL, offsetof(reduce_attributes, reverse), NULL},
    {0}};
static const attribute_schema schema = {sizeof(reduce_attributes), fields};

static bool cumulative_infer(const graph *g, const node *n, type *results, diagnostics *d) {
    const reduce_attributes *a = reduce_of(n);
    const type *x = operand_type(g, n, 0);
    if (!check_fold(g, n, (reduce_kind)a->kind, x, d) ||
        !check_axes(n, &a->axes, x->rank, "axis", d))
        return false;
    if (a->axes.count != 1)
        return op_fail(d, n, "runs along one axis, got %d", a->axes.count);
    if (x->dims[axis_of(n)].symbolic)
        return op_fail(d, n, "cannot run along axis %d of %s; bind the batch to a constant",
                       axis_of(n), type_words(g, x));
    return infer_one(g, n, *x, results, d);
}

/* ---- gradient ---------------------------------------------------------------------------- */

static value cumulate(graph *g, const node *n, reduce_kind kind, value x, bool reverse) {
    reduce_attributes a = {.kind = (int)kind, .axes = reduce_of(n)->axes, .reverse = reverse};
    return graph_add(
        g, &(node_spec){
               .op = &op_cumulative_reduce, .operands = &x, .operand_count = 1, .attributes = &a});
}

/* What arrives at or after each position (in the direction of the fold). */
static value suffix_sum(graph *g, const node *n, value dy) {
    return cumulate(g, n, REDUCE_SUM, dy, !reduce_of(n)->reverse);
}

/* Before the first zero of a row dx = suffix_sum(dy * y) / x. At the first zero the products
 * that skip it are those of the row with a 1 in its place; behind it everything is flat. */
static value product_gradient(graph *g, const node *n, value x, value y, value dy) {
    value zero = build_full_like(g, x, 0), one = build_full_like(g, x, 1);
    value is_zero = build_compare(g, COMPARE_EQ, x, zero);
    value seen =
        cumulate(g, n, REDUCE_SUM, build_select(g, is_zero, one, zero), reduce_of(n)->reverse);
    value is_first = build_bit(g, BIT_AND, is_zero, build_compare(g, COMPARE_EQ, seen, one));
    value before = build_compare(g, COMPARE_EQ, seen, zero);
    value skipping =
        cumulate(g, n, REDUCE_PROD, build_select(g, is_first, one, x), reduce_of(n)->reverse);
    value at_first = suffix_sum(g, n, build_mul(g, dy, skipping));
    value later = suffix_sum(g, n, build_mul(g, dy, y));
    value quotient = build_div(g, later, build_select(g, is_zero, one, x));
    return build_select(g, is_first, at_first, build_select(g, before, quotient, zero));
}

/* y_j came from the latest i at or before j where x_i == y_i; dy_j goes there. */
static value extreme_gradient(graph *g, const node *n, value x, value y, value dy) {
    const type t = *value_type(g, x);
    int axis = axis_of(n);
    bool reverse = reduce_of(n)->reverse;
    double none = reverse ? (double)t.dims[axis].count : -1; /* dropped by scatter: only NaN rows */
    value position = build_iota(g, CN_I32, t.rank, t.dims, axis);
    value is_source = build_compare(g, COMPARE_EQ, x, y);
    value mark = build_select(g, is_source, position, build_full_like(g, position, none));
    value source = cumulate(g, n, reverse ? REDUCE_MIN : REDUCE_MAX, mark, reverse);
    index_attributes a = {.axis = axis, .batch = true, .kind = SCATTER_ADD};
    return graph_add(g, &(node_spec){.op = &op_scatter,
                                     .operands = (const value[]){build_zeros(g, &t), source, dy},
                                     .operand_count = 3,
                                     .attributes = &a});
}

static void cumulative_vjp(gradient_context *cx, const node *n) {
    reduce_kind kind = (reduce_kind)reduce_of(n)->kind;
    value x = n->operands[0], y = forward_result(cx), dy = gradient_of(cx, n), dx;
    if (kind == REDUCE_SUM)
        dx = suffix_sum(cx->g, n, dy);
    else if (kind == REDUCE_PROD)
        dx = product_gradient(cx->g, n, x, y, dy);
    else
        dx = extreme_gradient(cx->g, n, x, y, dy);
    cx->add(cx, n, 0, dx);
}

/* ---- interpretation and lowering --------------------------------------------------------- */

/* Of two equal extremes the later one is kept, so that a tangent follows the same element as the
 * gradient does. */
static number cumulative_step(const interpreter *it, reduce_kind kind, cn_dtype dtype, number sum,
                              number x) {
    bool extreme = kind == REDUCE_MAX || kind == REDUCE_MIN;
    return extreme && dtype_is_float(dtype) && sum.f == x.f ? x
                                                            : fold_step(it, kind, dtype, sum, x);
}

static void cumulative_interpret(interpreter *it, const node *n, tensor *const *operands,
                                 tensor **results) {
    reduce_kind kind = (reduce_kind)reduce_of(n)->kind;
    const tensor *x = operands[0];
    int axis = axis_of(n);
    int64_t index[MAX_RANK], extent = x->type.dims[axis].count;
    for (int64_t k = 0; k < x->count; k++) {
        int64_t i = reduce_of(n)->reverse ? x->count - 1 - k : k;
        tensor_index(&x->type, i, index);
        int64_t first = reduce_of(n)->reverse ? extent - 1 : 0,
                before = reduce_of(n)->reverse ? 1 : -1;
        results[0]->items[i] = x->items[i];
        if (index[axis] == first)
            continue;
        index[axis] += before;
        number sum = results[0]->items[tensor_offset(&x->type, index)];
        results[0]->items[i] = cumulative_step(it, kind, x->type.dtype, sum, x->items[i]);
    }
}

static scalar_op step_of(reduce_kind kind) {
    static const scalar_op steps[] = {SCALAR_ADD, SCALAR_MUL, SCALAR_MAX,
                                      SCALAR_MIN, SCALAR_AND, SCALAR_OR};
    return steps[kind];
}

/* Loops over the axes [begin, end) except the one folded along; index[] gets their variables. */
static int begin_loops(lowering *l, const type *x, int begin, int end, const expr **index) {
    for (int i = begin; i < end; i++) {
        loop_variable *v = lower_axis(l, "i", x->dims[i]);
        index[i] = expr_variable(l->arena, v);
        lower_loop_begin(l, v, true);
    }
    return end - begin;
}

static void end_loops(lowering *l, int count) {
    while (count-- > 0)
        lower_loop_end(l);
}

/* parallel outer { y[first] = x[first]; for step { y[next] = y[previous] + x[next] } }, each
 * statement under parallel loops over the inner axes. */
static void cumulative_nest(lowering *l, const node *n) {
    const type *x = operand_type(l->region, n, 0);
    int axis = axis_of(n);
    bool reverse = reduce_of(n)->reverse;
    int64_t extent = x->dims[axis].count;
    const expr *index[MAX_RANK], *previous[MAX_RANK];
    if (extent == 0)
        return;
    int outer = begin_loops(l, x, 0, axis, index);
    int inner = begin_loops(l, x, axis + 1, x->rank, index);
    index[axis] = index_constant(l, reverse ? extent - 1 : 0);
    lower_store(l, n, 0, index, lower_operand(l, n, 0, index));
    end_loops(l, inner);

    loop_variable *step = lower_axis(l, "t", dim_of(extent - 1));
    lower_loop_begin(l, step, false);
    begin_loops(l, x, axis + 1, x->rank, index);
    const expr *t = expr_variable(l->arena, step);
    const expr *next =
        reverse ? expr_add(l->arena, index_constant(l, extent - 2), expr_multiply(l->arena, t, -1))
                : expr_add(l->arena, t, index_constant(l, 1));
    index[axis] = next;
    for (int i = 0; i < x->rank; i++)
        previous[i] =
            i == axis ? expr_add(l->arena, next, index_constant(l, reverse ? 1 : -1)) : index[i];
    const expr *terms[] = {lower_load_result(l, n, 0, previous), lower_operand(l, n, 0, index)};
    const expr *sum = lower_scalar(l, step_of((reduce_kind)reduce_of(n)->kind), x->dtype, terms, 2);
    lower_store(l, n, 0, index, sum);
    end_loops(l, inner + 1 + outer);
}

const op_def op_cumulative_reduce = {
    .name = "cumulative_reduce",
    .summary = "Running sum, prod, max or min along one axis.",
    .operand_count = 1,
    .traits = OP_OPAQUE,
    .attributes = &schema,
    .infer = cumulative_infer,
    .vjp = cumulative_vjp,
    .interpret = cumulative_interpret,
    .nest = cumulative_nest,
    .cost = fold_cost,
};
