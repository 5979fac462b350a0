/* Folds over axes: reduce and argreduce (cumulative_reduce: cumulative.c).
 *
 * sum, prod, max, min of numbers; and, or of bools and integers. An empty fold is its identity:
 * 0, 1, the lowest and highest value (-inf, inf). max and min propagate NaN; argreduce gives
 * the first extreme, and a NaN counts as extreme. 16-bit floats accumulate in f32.
 */
#include <math.h>

#include "ir/ops/fold.h"
#include "ir/ops/rules.h"

const char *const reduce_kinds[] = {"sum", "prod", "max", "min", "and", "or", NULL};

static const reduce_attributes *reduce_of(const node *n) {
    return n->attributes;
}

static reduce_kind kind_of(const node *n) {
    return (reduce_kind)reduce_of(n)->kind;
}

bool check_fold(const graph *g, const node *n, reduce_kind kind, const type *x, diagnostics *d) {
    bool logical = kind == REDUCE_AND || kind == REDUCE_OR;
    if (logical ? !dtype_is_float(x->dtype) : x->dtype != CN_BOOL)
        return true;
    return op_fail(d, n, "%s does not fold %s; %s", reduce_kind_name(kind), type_words(g, x),
                   logical ? "compare first" : "cast first, or use and/or");
}

double fold_cost(const graph *g, const node *n, int64_t batch) {
    return (double)type_count(operand_type(g, n, 0), batch);
}

/* ---- reduce ------------------------------------------------------------------------------ */

static const attribute_field reduce_fields[] = {
    {"kind", FIELD_ENUM, offsetof(reduce_attributes, kind), reduce_kinds},
    {"axes", FIELD_INTEGERS, offsetof(reduce_attributes, axes), NULL},
    {0}};
static const attribute_schema reduce_schema = {sizeof(reduce_attributes), reduce_fields};

static type without_axes(const type *x, const integer_list *axes) {
    integer_list kept = other_axes(x->rank, axes, NULL);
    type y = {.dtype = x->dtype, .rank = kept.count};
    for (int i = 0; i < kept.count; i++)
        y.dims[i] = x->dims[kept.items[i]];
    return y;
}

static bool reduce_infer(const graph *g, const node *n, type *results, diagnostics *d) {
    const integer_list *axes = &reduce_of(n)->axes;
    const type *x = operand_type(g, n, 0);
    if (!check_fold(g, n, kind_of(n), x, d) || !check_axes(n, axes, x->rank, "axis", d))
        return false;
    for (int i = 1; i < axes->count; i++)
        if (axes->items[i] < axes->items[i - 1])
            return op_fail(d, n, "axes must increase");
    return infer_one(g, n, without_axes(x, axes), results, d);
}

/* Each element gets the product of the others: the quotient where it is not zero, the product of
 * the non-zero ones where it is the only zero, and nothing where another one is zero. */
static value product_gradient(graph *g, value x, value y, value dy, const type *t,
                              const integer_list *axes) {
    value zero = build_zeros(g, t), one = build_full_like(g, x, 1);
    value is_zero = build_compare(g, COMPARE_EQ, x, zero);
    value safe = build_select(g, is_zero, one, x);
    value zeros = build_sum(g, build_select(g, is_zero, one, zero), axes->count, axes->items);
    value rest = build_reduce(g, REDUCE_PROD, safe, axes->count, axes->items);
    value alone = build_compare(g, COMPARE_EQ, zeros, build_full_like(g, zeros, 1));
    value of_zero = build_mul(g, dy, build_select(g, alone, rest, build_full_like(g, rest, 0)));
    value of_others = build_div(g, broadcast_over(g, build_mul(g, dy, y), t, axes), safe);
    return build_select(g, is_zero, broadcast_over(g, of_zero, t, axes), of_others);
}

/* Ties share equally. */
static value extreme_gradient(graph *g, value x, value y, value dy, const type *t,
                              const integer_list *axes) {
    value is_extreme = build_compare(g, COMPARE_EQ, x, broadcast_over(g, y, t, axes));
    value ones = build_cast(g, is_extreme, t->dtype);
    value share = build_div(g, dy, build_sum(g, ones, axes->count, axes->items));
    return build_mul(g, ones, broadcast_over(g, share, t, axes));
}

static void reduce_vjp(gradient_context *cx, const node *n) {
    const integer_list *axes = &reduce_of(n)->axes;
    const type t = *value_type(cx->g, n->operands[0]);
    value x = n->operands[0], y = forward_result(cx), dy = gradient_of(cx, n), dx;
    if (kind_of(n) == REDUCE_SUM)
        dx = broadcast_over(cx->g, dy, &t, axes);
    else if (kind_of(n) == REDUCE_PROD)
        dx = product_gradient(cx->g, x, y, dy, &t, axes);
    else
        dx = extreme_gradient(cx->g, x, y, dy, &t, axes);
    cx->add(cx, n, 0, dx);
}

/* The element of the result that the element of x at `index` folds into. */
static int64_t folded_offset(const type *y, const integer_list *axes, int rank,
                             const int64_t *index) {
    int64_t kept[MAX_RANK];
    integer_list others = other_axes(rank, axes, NULL);
    for (int i = 0; i < others.count; i++)
        kept[i] = index[others.items[i]];
    return tensor_offset(y, kept);
}

/* A max of equal elements moves as their mean does: tangents of ties are averaged. */
static void average_tied_tangents(interpreter *it, const tensor *x, tensor *y,
                                  const integer_list *axes) {
    double *sums = ARENA_ARRAY(it->arena, double, y->count),
           *ties = ARENA_ARRAY(it->arena, double, y->count);
    int64_t index[MAX_RANK];
    for (int64_t i = 0; i < x->count; i++) {
        tensor_index(&x->type, i, index);
        int64_t to = folded_offset(&y->type, axes, x->type.rank, index);
        if (x->items[i].f == y->items[to].f) {
            sums[to] += x->items[i].tangent;
            ties[to] += 1;
        }
    }
    for (int64_t i = 0; i < y->count; i++)
        y->items[i].tangent = ties[i] > 0 ? sums[i] / ties[i] : 0;
}

static void reduce_interpret(interpreter *it, const node *n, tensor *const *operands,
                             tensor **results) {
    const integer_list *axes = &reduce_of(n)->axes;
    const tensor *x = operands[0];
    tensor *y = results[0];
    reduce_kind kind = kind_of(n);
    int64_t index[MAX_RANK];
    for (int64_t i = 0; i < y->count; i++)
        y->items[i] = fold_identity(kind, x->type.dtype);
    for (int64_t i = 0; i < x->count; i++) {
        tensor_index(&x->type, i, index);
        number *sum = &y->items[folded_offset(&y->type, axes, x->type.rank, index)];
        *sum = fold_step(it, kind, x->type.dtype, *sum, x->items[i]);
    }
    if (dtype_is_float(x->type.dtype) && (kind == REDUCE_MAX || kind == REDUCE_MIN))
        average_tied_tangents(it, x, y, axes);
}

/* Begins a reduce over fresh axes for `axes`; fills the index of the operand. */
static void begin_fold(lowering *l, const type *x, const integer_list *axes,
                       const expr *const *index, const expr **source) {
    loop_variable *variables[MAX_RANK];
    integer_list kept = other_axes(x->rank, axes, NULL);
    for (int i = 0; i < kept.count; i++)
        source[kept.items[i]] = index[i];
    for (int i = 0; i < axes->count; i++) {
        variables[i] = lower_axis(l, "r", x->dims[axes->items[i]]);
        source[axes->items[i]] = expr_variable(l->arena, variables[i]);
    }
    lower_reduce_begin(l, variables, axes->count);
}

static const expr *reduce_element(lowering *l, const node *n, uint32_t result,
                                  const expr *const *index) {
    const type *x = operand_type(l->region, n, 0);
    const integer_list *axes = &reduce_of(n)->axes;
    cn_dtype wide = accumulator_dtype(x->dtype);
    const expr *source[MAX_RANK];
    if (axes->count == 0)
        return lower_operand(l, n, 0, index);
    begin_fold(l, x, axes, index, source);
    const expr *item = cast_expression(l, lower_operand(l, n, 0, source), wide);
    return cast_expression(l, lower_reduce_end(l, fold_of(kind_of(n)), wide, item),
                           n->types[result].dtype);
}

const op_def op_reduce = {
    .name = "reduce",
    .summary = "Fold (sum, prod, max, min, and, or) over axes, which vanish.",
    .operand_count = 1,
    .traits = OP_REDUCTION,
    .attributes = &reduce_schema,
    .infer = reduce_infer,
    .vjp = reduce_vjp,
    .interpret = reduce_interpret,
    .element = reduce_element,
    .cost = fold_cost,
};

/* ---- argreduce --------------------------------------------------------------------------- */

static const attribute_field argreduce_fields[] = {
    {"kind", FIELD_ENUM, offsetof(reduce_attributes, kind),
     (const char *const[]){"max", "min", NULL}},
    {"axes", FIELD_INTEGERS, offsetof(reduce_attributes, axes), NULL},
    {0}};
static const attribute_schema argreduce_schema = {sizeof(reduce_attributes), argreduce_fields};

static bool argreduce_infer(const graph *g, const node *n, type *results, diagnostics *d) {
    const integer_list *axes = &reduce_of(n)->axes;
    const type *x = operand_type(g, n, 0);
    if (!check_number(g, n, x, d) || !check_axes(n, axes, x->rank, "axis", d))
        return false;
    if (axes->count != 1)
        return op_fail(d, n, "works along one axis, got %d", axes->count);
    if (x->dims[axes->items[0]].count == 0)
        return op_fail(d, n, "axis %lld of %s has no elements to choose from",
                       (long long)axes->items[0], type_words(g, x));
    return infer_one(g, n, type_with_dtype(without_axes(x, axes), CN_I32), results, d);
}

/* Whether b beats a, which comes first. */
static bool beats(cn_dtype dtype, argreduce_kind kind, number a, number b) {
    if (!dtype_is_float(dtype))
        return kind == ARGREDUCE_MAX ? b.i > a.i : b.i < a.i;
    if (isnan(a.f) || isnan(b.f))
        return !isnan(a.f);
    return kind == ARGREDUCE_MAX ? b.f > a.f : b.f < a.f;
}

static void argreduce_interpret(interpreter *it, const node *n, tensor *const *operands,
                                tensor **results) {
    const integer_list *axes = &reduce_of(n)->axes;
    const tensor *x = operands[0];
    tensor *y = results[0];
    number *best = ARENA_ARRAY(it->arena, number, y->count);
    int64_t index[MAX_RANK];
    for (int64_t i = 0; i < x->count; i++) {
        tensor_index(&x->type, i, index);
        int64_t to = folded_offset(&y->type, axes, x->type.rank, index), at = index[axes->items[0]];
        if (at > 0 &&
            !beats(x->type.dtype, (argreduce_kind)reduce_of(n)->kind, best[to], x->items[i]))
            continue;
        best[to] = x->items[i];
        y->items[to].i = at;
    }
}

/* The extreme value first, then the smallest index that has it. With a NaN among the elements the
 * extreme is NaN, which no element equals, and the test x != x alone finds the first. */
static const expr *argreduce_element(lowering *l, const node *n, uint32_t result,
                                     const expr *const *index) {
    (void)result;
    const type *x = operand_type(l->region, n, 0);
    const integer_list *axes = &reduce_of(n)->axes;
    fold_kind fold = reduce_of(n)->kind == ARGREDUCE_MAX ? FOLD_MAX : FOLD_MIN;
    const expr *source[MAX_RANK];
    begin_fold(l, x, axes, index, source);
    const expr *extreme = lower_reduce_end(l, fold, x->dtype, lower_operand(l, n, 0, source));
    begin_fold(l, x, axes, index, source);
    const expr *item = lower_operand(l, n, 0, source);
    const expr *found =
        lower_scalar(l, SCALAR_EQ, CN_BOOL, (const expr *const[]){item, extreme}, 2);
    if (dtype_is_float(x->dtype)) {
        const expr *nan = lower_scalar(l, SCALAR_NE, CN_BOOL, (const expr *const[]){item, item}, 2);
        found = lower_scalar(l, SCALAR_OR, CN_BOOL, (const expr *const[]){found, nan}, 2);
    }
    const expr *at = cast_expression(l, source[axes->items[0]], CN_I32);
    const expr *choice[] = {found, at, expr_integer(l->arena, CN_I32, INT32_MAX)};
    return lower_reduce_end(l, FOLD_MIN, CN_I32, lower_scalar(l, SCALAR_SELECT, CN_I32, choice, 3));
}

static double argreduce_cost(const graph *g, const node *n, int64_t batch) {
    return 3 * fold_cost(g, n, batch);
}

const op_def op_argreduce = {
    .name = "argreduce",
    .summary =
        "i32 index of the first maximum or minimum along one axis, which vanishes; NaN wins.",
    .operand_count = 1,
    .traits = OP_REDUCTION | OP_NO_GRADIENT,
    .attributes = &argreduce_schema,
    .infer = argreduce_infer,
    .interpret = argreduce_interpret,
    .element = argreduce_element,
    .cost = argreduce_cost,
};
