/* Stabilization: formulas that overflow or cancel become ones that do not.
 *
 *     %2 = composite %1 {name="softmax", parameters=[1]} : f32[B,10]
 *     %3 = log %2 : f32[B,10]
 *  ->
 *     %2 = composite %1 {name="log_softmax", parameters=[1]} : f32[B,10]
 *
 * The plain form of log(softmax(x)) is -inf where softmax underflows, and so is its gradient; the
 * same holds of log(sigmoid(x)). 1 + x and e^x - 1 lose the digits of a small x. Each right side
 * equals the left wherever the left is finite, to rounding. Runs before autodiff, so gradients
 * are taken of the stable form; matches the spelling canonicalize leaves. Cost: linear.
 */
#include <string.h>

#include "ir/build.h"
#include "ir/ops/ops.h"
#include "passes/peephole.h"

static value softplus(graph *g, value x) {
    value y;
    build_composite(g, "softplus", NULL, &x, 1, &y);
    return y;
}

/* The operand of the op that makes operand i of n; NO_VALUE when another op does. */
static value operand_under(const graph *g, const node *n, uint32_t i, const op_def *op) {
    const node *made = operand_made_by(g, n, i, op);
    return made == NULL ? NO_VALUE : made->operands[0];
}

/* ---- logarithms ------------------------------------------------------------------------------ */

static value log_of_softmax(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    const node *inner = operand_made_by(g, n, 0, &op_composite);
    const composite_attributes *a = inner == NULL ? NULL : inner->attributes;
    if (a == NULL || strcmp(a->name, "softmax") != 0)
        return NO_VALUE;
    value y;
    build_composite(g, "log_softmax", a, inner->operands, 1, &y);
    return y;
}

/* log(sigmoid(x)) is -softplus(-x). */
static value log_of_sigmoid(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    value x = operand_under(g, n, 0, &op_sigmoid);
    return value_is_none(x) ? NO_VALUE : build_neg(g, softplus(g, build_neg(g, x)));
}

/* log(1 - sigmoid(x)) is -softplus(x). */
static value log_of_complement(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    const node *sub = operand_made_by(g, n, 0, &op_sub);
    if (sub == NULL || !value_is_number(g, sub->operands[0], 1))
        return NO_VALUE;
    value x = operand_under(g, sub, 1, &op_sigmoid);
    return value_is_none(x) ? NO_VALUE : build_neg(g, softplus(g, x));
}

/* log(x + 1) is log1p(x). */
static value log_of_one_more(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    const node *add = operand_made_by(g, n, 0, &op_add);
    if (add == NULL || !value_is_number(g, add->operands[1], 1))
        return NO_VALUE;
    return build_unary(g, &op_log1p, add->operands[0]);
}

static value log_of_exp(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    return operand_under(g, n, 0, &op_exp);
}

/* log1p(exp(x)) is softplus(x). */
static value log1p_of_exp(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    value x = operand_under(g, n, 0, &op_exp);
    return value_is_none(x) ? NO_VALUE : softplus(g, x);
}

/* log1p(-sigmoid(x)) is -softplus(x). */
static value log1p_of_sigmoid(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    const node *neg = operand_made_by(g, n, 0, &op_neg);
    value x = neg == NULL ? NO_VALUE : operand_under(g, neg, 0, &op_sigmoid);
    return value_is_none(x) ? NO_VALUE : build_neg(g, softplus(g, x));
}

/* ---- exponentials ---------------------------------------------------------------------------- */

/* exp(x) + -1 is expm1(x). */
static value exp_less_one(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    value x = operand_under(g, n, 0, &op_exp);
    if (value_is_none(x) || !value_is_number(g, n->operands[1], -1))
        return NO_VALUE;
    return build_unary(g, &op_expm1, x);
}

/* 1 - exp(x) is -expm1(x). */
static value one_less_exp(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    value x = operand_under(g, n, 1, &op_exp);
    if (value_is_none(x) || !value_is_number(g, n->operands[0], 1))
        return NO_VALUE;
    return build_neg(g, build_unary(g, &op_expm1, x));
}

static const peephole rules[] = {
    {&op_log, log_of_softmax},     {&op_log, log_of_sigmoid},
    {&op_log, log_of_complement},  {&op_log, log_of_one_more},
    {&op_log, log_of_exp},         {&op_log1p, log1p_of_exp},
    {&op_log1p, log1p_of_sigmoid}, {&op_add, exp_less_one},
    {&op_sub, one_less_exp},       {NULL, NULL},
};

static graph *run(graph *g, pass_context *cx) {
    return peephole_rewrite(g, cx, (const peephole *const[]){rules, NULL});
}

const pass pass_stabilize = {
    .name = "stabilize",
    .summary = "Turns formulas into forms that stay finite.",
    .run = run,
};
