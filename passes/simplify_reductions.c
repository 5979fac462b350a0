/* Simplification of reductions: folds over axes that hold nothing new.
 *
 *     %2 = broadcast %1 {axes=[0], shape=[B,8]} : f32[B,8]
 *     %3 = reduce %2 {axes=[1]} : f32[B]                      ->   %2 = mul %1, %eight : f32[B]
 *
 * Autodiff makes these: the gradient of a broadcast is a sum, that of a sum a broadcast. A sum of
 * n equal numbers becomes n times the number, which is rounded once instead of n times; 16-bit
 * floats are left alone, for they accumulate in f32. Cost: linear.
 */
#include "ir/build.h"
#include "ir/ops/rules.h"
#include "passes/simplify.h"
#include "passes/unit_axes.h"

static const reduce_attributes *reduce_of(const node *n) {
    return n->attributes;
}

static value fold_over(graph *g, const node *like, value x, const integer_list *axes) {
    return build_reduce(g, (reduce_kind)reduce_of(like)->kind, x, axes->count, axes->items);
}

static bool is_half(cn_dtype dtype) {
    return dtype == CN_F16 || dtype == CN_BF16;
}

/* ---- axes of 1, orders, folds of folds ------------------------------------------------------- */

static value reduce_unit_axes(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    const type *x = operand_type(g, n, 0), *y = &n->types[0];
    for (int i = 0; i < reduce_of(n)->axes.count; i++)
        if (!dim_is(x->dims[reduce_of(n)->axes.items[i]], 1))
            return NO_VALUE;
    return build_reshape(g, n->operands[0], y->rank, y->dims);
}

static value reduce_of_reduce(graph *g, const node *n, const use_counts *uses) {
    const node *inner = operand_made_by(g, n, 0, &op_reduce);
    if (inner == NULL || operand_is_shared(uses, n, 0) ||
        reduce_of(inner)->kind != reduce_of(n)->kind || is_half(n->types[0].dtype))
        return NO_VALUE;
    const type *x = operand_type(g, inner, 0);
    integer_list axes = {0};
    for (int64_t axis = 0, kept = 0; axis < x->rank; axis++) {
        bool folded = list_has(&reduce_of(inner)->axes, axis);
        if (folded || list_has(&reduce_of(n)->axes, kept))
            axes.items[axes.count++] = axis;
        kept += !folded;
    }
    return fold_over(g, n, inner->operands[0], &axes);
}

/* The fold does not care where its axes stand; what is left is transposed after it. */
static value reduce_of_transpose(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    const node *transpose = operand_made_by(g, n, 0, &op_transpose);
    if (transpose == NULL)
        return NO_VALUE;
    const integer_list *from = &((const movement_attributes *)transpose->attributes)->axes;
    bool folded[MAX_RANK] = {false};
    int64_t rank_among_kept[MAX_RANK], permutation[MAX_RANK];
    integer_list axes = {0};
    int kept = 0;
    for (int i = 0; i < reduce_of(n)->axes.count; i++)
        folded[from->items[reduce_of(n)->axes.items[i]]] = true;
    for (int axis = 0; axis < from->count; axis++) {
        rank_among_kept[axis] = kept;
        kept += !folded[axis];
        if (folded[axis])
            axes.items[axes.count++] = axis;
    }
    kept = 0;
    for (int i = 0; i < from->count; i++)
        if (!folded[from->items[i]])
            permutation[kept++] = rank_among_kept[from->items[i]];
    return build_transpose(g, fold_over(g, n, transpose->operands[0], &axes), permutation);
}

/* A fold over everything, or over a shape that differs in axes of 1, sees through a reshape. */
static value reduce_of_reshape(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    const node *reshape = operand_made_by(g, n, 0, &op_reshape);
    if (reshape == NULL)
        return NO_VALUE;
    const type *x = operand_type(g, reshape, 0), *middle = &reshape->types[0], *y = &n->types[0];
    int64_t map[MAX_RANK];
    bool whole = reduce_of(n)->axes.count == middle->rank;
    if (!whole && !match_unit_axes(x, middle, map))
        return NO_VALUE;
    integer_list axes = {0};
    for (int axis = 0; axis < x->rank; axis++)
        if (whole || (map[axis] >= 0 && list_has(&reduce_of(n)->axes, map[axis])))
            axes.items[axes.count++] = axis;
    return build_reshape(g, fold_over(g, n, reshape->operands[0], &axes), y->rank, y->dims);
}

/* ---- folds of repeated values ---------------------------------------------------------------- */

/* What is repeated and where its axes go; a splat is a repeated scalar. */
typedef struct repeated {
    value x;
    integer_list axes;
} repeated;

static bool find_repeated(graph *g, const node *n, repeated *out) {
    const node *broadcast = operand_made_by(g, n, 0, &op_broadcast);
    *out = (repeated){0};
    if (broadcast != NULL) {
        out->x = broadcast->operands[0];
        out->axes = ((const movement_attributes *)broadcast->attributes)->axes;
    } else if (value_is_splat(g, n->operands[0]) && operand_type(g, n, 0)->rank > 0) {
        const leaf_attributes *a = value_node(g, n->operands[0])->attributes;
        type scalar = type_scalar(a->dtype);
        out->x = build_array(g, &scalar, a->value.bytes, a->value.length);
    }
    return !value_is_none(out->x);
}

/* How many equal elements each element of the result folds; false when that is 0 or no dim. */
static bool count_repeats(const graph *g, const node *n, const repeated *r, dim *out) {
    *out = dim_of(1);
    for (int i = 0; i < reduce_of(n)->axes.count; i++) {
        int64_t axis = reduce_of(n)->axes.items[i];
        if (!list_has(&r->axes, axis) &&
            !dim_multiply(*out, operand_type(g, n, 0)->dims[axis], out))
            return false;
    }
    return out->count > 0;
}

static value repeats_like(graph *g, value x, dim repeats) {
    if (!repeats.symbolic)
        return build_full_like(g, x, (double)repeats.count);
    return build_broadcast_scalar(g, build_dim_size(g, value_type(g, x)->dtype, repeats), x);
}

static value reduce_of_repeated(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    const integer_list *folded = &reduce_of(n)->axes;
    int kind = reduce_of(n)->kind;
    type y = n->types[0];
    repeated r;
    dim repeats;
    if (kind == REDUCE_PROD || (kind == REDUCE_SUM && is_half(y.dtype)) ||
        !find_repeated(g, n, &r) || !count_repeats(g, n, &r, &repeats))
        return NO_VALUE;
    integer_list axes = {0};
    int64_t to[MAX_RANK];
    int kept = 0;
    for (int i = 0; i < r.axes.count; i++) {
        int64_t axis = r.axes.items[i], before = 0;
        for (int k = 0; k < folded->count; k++)
            before += folded->items[k] < axis;
        if (list_has(folded, axis))
            axes.items[axes.count++] = i;
        else
            to[kept++] = axis - before;
    }
    value x = fold_over(g, n, r.x, &axes);
    if (kind == REDUCE_SUM && !dim_is(repeats, 1))
        x = build_mul(g, x, repeats_like(g, x, repeats));
    return build_broadcast(g, x, y.rank, y.dims, to);
}

const peephole simplify_reductions[] = {
    {&op_reduce, reduce_unit_axes},    {&op_reduce, reduce_of_reduce},
    {&op_reduce, reduce_of_transpose}, {&op_reduce, reduce_of_reshape},
    {&op_reduce, reduce_of_repeated},  {NULL, NULL},
};
