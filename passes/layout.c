/* Layout: transposes around contractions become part of them.
 *
 *     %3 = transpose %1 {axes=[1,0]} : f32[4,8]
 *     %4 = dot_general %3, %2 {left_contract=[1], right_contract=[0]} : f32[4,5]
 *  ->
 *     %3 = dot_general %1, %2 {left_contract=[0], right_contract=[0]} : f32[4,5]
 *
 * A dot_general names the axes it contracts, so it can read a transposed operand as it lies in
 * memory; a target's tiling packs what it reads anyway. A transpose of a result is absorbed when
 * it exchanges the two operands' free axes: then the operands are exchanged. Autodiff makes one
 * such transpose per weight. Only free axes that keep their order can be absorbed.
 *
 * Whole tensors keep their order in memory (docs/design.md says why). Cost: linear.
 */
#include "ir/build.h"
#include "ir/ops/rules.h"
#include "passes/peephole.h"

static const dot_attributes *dot_of(const node *n) {
    return n->attributes;
}

static const integer_list *permutation_of(const node *transpose) {
    return &((const movement_attributes *)transpose->attributes)->axes;
}

/* ---- operands -------------------------------------------------------------------------------- */

static integer_list through(const integer_list *axes, const integer_list *permutation) {
    integer_list out = {.count = axes->count};
    for (int i = 0; i < axes->count; i++)
        out.items[i] = permutation->items[axes->items[i]];
    return out;
}

/* The free axes keep their order, so the result's axes stay as they are. */
static bool free_axes_increase(const integer_list *permutation, const integer_list *batch,
                               const integer_list *contract) {
    int64_t last = -1;
    for (int64_t i = 0; i < permutation->count; i++) {
        if (list_has(batch, i) || list_has(contract, i))
            continue;
        if (permutation->items[i] < last)
            return false;
        last = permutation->items[i];
    }
    return true;
}

static value absorb_left(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    const node *transpose = operand_made_by(g, n, 0, &op_transpose);
    dot_attributes a = *dot_of(n);
    if (transpose == NULL ||
        !free_axes_increase(permutation_of(transpose), &a.left_batch, &a.left_contract))
        return NO_VALUE;
    a.left_batch = through(&a.left_batch, permutation_of(transpose));
    a.left_contract = through(&a.left_contract, permutation_of(transpose));
    return build_dot(g, transpose->operands[0], n->operands[1], &a);
}

static value absorb_right(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    const node *transpose = operand_made_by(g, n, 1, &op_transpose);
    dot_attributes a = *dot_of(n);
    if (transpose == NULL ||
        !free_axes_increase(permutation_of(transpose), &a.right_batch, &a.right_contract))
        return NO_VALUE;
    a.right_batch = through(&a.right_batch, permutation_of(transpose));
    a.right_contract = through(&a.right_contract, permutation_of(transpose));
    return build_dot(g, n->operands[0], transpose->operands[0], &a);
}

/* ---- results --------------------------------------------------------------------------------- */

/* Whether the permutation maps [batch, left free, right free] to [batch, right free, left free]. */
static bool exchanges_operands(const integer_list *permutation, int batch, int left_free) {
    int right_free = permutation->count - batch - left_free;
    for (int i = 0; i < permutation->count; i++) {
        int64_t from = i < batch ? i : i < batch + right_free ? i + left_free : i - right_free;
        if (permutation->items[i] != from)
            return false;
    }
    return true;
}

static value exchange_operands(graph *g, const node *n, const use_counts *uses) {
    const node *dot = operand_made_by(g, n, 0, &op_dot_general);
    if (dot == NULL || operand_is_shared(uses, n, 0))
        return NO_VALUE;
    const dot_attributes *a = dot_of(dot);
    int batch = a->left_batch.count;
    int left_free = operand_type(g, dot, 0)->rank - batch - a->left_contract.count;
    if (!exchanges_operands(permutation_of(n), batch, left_free))
        return NO_VALUE;
    dot_attributes exchanged = {.left_batch = a->right_batch,
                                .right_batch = a->left_batch,
                                .left_contract = a->right_contract,
                                .right_contract = a->left_contract};
    return build_dot(g, dot->operands[1], dot->operands[0], &exchanged);
}

static const peephole rules[] = {
    {&op_dot_general, absorb_left},
    {&op_dot_general, absorb_right},
    {&op_transpose, exchange_operands},
    {NULL, NULL},
};

static graph *run(graph *g, pass_context *cx) {
    return peephole_rewrite(g, cx, (const peephole *const[]){rules, NULL});
}

const pass pass_layout = {
    .name = "layout",
    .summary = "Lets contractions read transposed operands.",
    .run = run,
};
