/* Canonicalization: one spelling for each meaning, so that later rules match one form.
 *
 *     %4 = constant {value=[3]} : f32[B]           %4 = constant {value=[-3]} : f32[B]
 *     %5 = sub %1, %4 : f32[B]                ->   %5 = add %1, %4 : f32[B]
 *     %6 = neg %2 : f32[B]                         %6 = sub %5, %2 : f32[B]
 *     %7 = add %6, %5 : f32[B]
 *
 * Constants stand right, other operands of commutative ops in the order of their making;
 * subtracting a constant is adding its opposite; negation moves into sums; chains of reshapes,
 * of transposes and of broadcasts are one. Every rule is exact but for the sign of zero, which
 * no pass promises to keep. Nothing is reassociated. Cost: linear.
 */
#include "ir/build.h"
#include "ir/ops/ops.h"
#include "passes/simplify.h"

/* ---- order of operands ----------------------------------------------------------------------- */

static bool in_order(const graph *g, value left, value right) {
    bool left_constant = value_node(g, left)->op == &op_constant;
    bool right_constant = value_node(g, right)->op == &op_constant;
    if (left_constant != right_constant)
        return right_constant;
    return left.node < right.node || (left.node == right.node && left.result <= right.result);
}

static value copy_with_operands(graph *g, const node *n, value first, value second) {
    const value operands[] = {first, second};
    return graph_copy_node(g, n, operands);
}

static value order_commutative(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    bool commutes = node_has(n, OP_COMMUTATIVE) ||
                    (n->op == &op_bit && ((const bit_attributes *)n->attributes)->kind <= BIT_XOR);
    if (!commutes || in_order(g, n->operands[0], n->operands[1]))
        return NO_VALUE;
    return copy_with_operands(g, n, n->operands[1], n->operands[0]);
}

/* 3 < x is x > 3. */
static value order_compare(graph *g, const node *n, const use_counts *uses) {
    static const compare_kind mirrored[] = {COMPARE_EQ, COMPARE_NE, COMPARE_GT,
                                            COMPARE_GE, COMPARE_LT, COMPARE_LE};
    (void)uses;
    value x = n->operands[0], y = n->operands[1];
    if (in_order(g, x, y))
        return NO_VALUE;
    return build_compare(g, mirrored[((const compare_attributes *)n->attributes)->kind], y, x);
}

/* ---- sums ------------------------------------------------------------------------------------ */

static value negated_operand(const graph *g, const node *n, uint32_t i) {
    const node *neg = operand_made_by(g, n, i, &op_neg);
    return neg == NULL ? NO_VALUE : neg->operands[0];
}

/* x - c is x + -c; x - -y is x + y; 0 - x is -x. */
static value sub_forms(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    value x = n->operands[0], y = n->operands[1], negated = negated_operand(g, n, 1);
    double c;
    if (!value_is_none(negated))
        return build_add(g, x, negated);
    if (splat_number(g, y, &c))
        return build_add(g, x, build_full_like(g, y, -c));
    return value_is_number(g, x, 0) ? build_neg(g, y) : NO_VALUE;
}

/* x + -y and -y + x are x - y. */
static value add_forms(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    for (uint32_t i = 0; i < 2; i++) {
        value negated = negated_operand(g, n, i);
        if (!value_is_none(negated))
            return build_sub(g, n->operands[1 - i], negated);
    }
    return NO_VALUE;
}

/* --x is x, -(x - y) is y - x. */
static value neg_forms(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    value negated = negated_operand(g, n, 0);
    const node *sub = operand_made_by(g, n, 0, &op_sub);
    if (!value_is_none(negated))
        return negated;
    return sub == NULL ? NO_VALUE : build_sub(g, sub->operands[1], sub->operands[0]);
}

/* ---- movement -------------------------------------------------------------------------------- */

static const movement_attributes *movement_of(const node *n) {
    return n->attributes;
}

static value merge_reshapes(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    const dim_list *shape = &movement_of(n)->shape;
    const node *inner = operand_made_by(g, n, 0, &op_reshape);
    if (inner != NULL)
        return build_reshape(g, inner->operands[0], shape->count, shape->items);
    return type_equal(operand_type(g, n, 0), &n->types[0]) ? n->operands[0] : NO_VALUE;
}

/* The permutation of two transposes: axis i comes from outer[i] of the inner result. */
static value merge_transposes(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    const integer_list *outer = &movement_of(n)->axes;
    const node *inner = operand_made_by(g, n, 0, &op_transpose);
    int64_t permutation[MAX_RANK];
    if (inner != NULL) {
        for (int i = 0; i < outer->count; i++)
            permutation[i] = movement_of(inner)->axes.items[outer->items[i]];
        return build_transpose(g, inner->operands[0], permutation);
    }
    for (int i = 0; i < outer->count; i++)
        if (outer->items[i] != i)
            return NO_VALUE;
    return n->operands[0];
}

static value merge_broadcasts(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    const movement_attributes *outer = movement_of(n);
    const node *inner = operand_made_by(g, n, 0, &op_broadcast);
    if (outer->axes.count == outer->shape.count)
        return n->operands[0];
    if (inner == NULL)
        return NO_VALUE;
    int64_t axes[MAX_RANK];
    for (int i = 0; i < movement_of(inner)->axes.count; i++)
        axes[i] = outer->axes.items[movement_of(inner)->axes.items[i]];
    return build_broadcast(g, inner->operands[0], outer->shape.count, outer->shape.items, axes);
}

/* A reshape that only inserts axes of 1 before a broadcast: the broadcast makes them itself. */
static value broadcast_of_reshape(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    const movement_attributes *a = movement_of(n);
    const node *reshape = operand_made_by(g, n, 0, &op_reshape);
    if (reshape == NULL)
        return NO_VALUE;
    const type *narrow = operand_type(g, reshape, 0), *wide = &reshape->types[0];
    int64_t axes[MAX_RANK];
    int found = 0;
    for (int i = 0; i < wide->rank; i++) {
        if (found < narrow->rank && dim_equal(wide->dims[i], narrow->dims[found]))
            axes[found++] = a->axes.items[i];
        else if (!dim_is(wide->dims[i], 1))
            return NO_VALUE;
    }
    if (found != narrow->rank)
        return NO_VALUE;
    return build_broadcast(g, reshape->operands[0], a->shape.count, a->shape.items, axes);
}

const peephole canonical_forms[] = {
    {NULL, order_commutative},
    {&op_compare, order_compare},
    {&op_sub, sub_forms},
    {&op_add, add_forms},
    {&op_neg, neg_forms},
    {&op_reshape, merge_reshapes},
    {&op_transpose, merge_transposes},
    {&op_broadcast, merge_broadcasts},
    {&op_broadcast, broadcast_of_reshape},
    {NULL, NULL},
};

static graph *run(graph *g, pass_context *cx) {
    return peephole_rewrite(g, cx, (const peephole *const[]){canonical_forms, NULL});
}

const pass pass_canonicalize = {
    .name = "canonicalize",
    .summary = "Gives each meaning one spelling.",
    .run = run,
};
