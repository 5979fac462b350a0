/* Simplification: the algebra that frontends and autodiff leave behind.
 *
 *     %3 = broadcast %2 : f32[B,8]                %3 = reduce %1 {axes=[0]} : f32[]
 *     %4 = mul %1, %one : f32[B]           ->     ...
 *     %5 = reduce %4 {axes=[0]} : f32[]
 *
 * Here: arithmetic, logic and casts; simplify_movement.c has moves, simplify_reductions.c folds.
 *
 * What a rule may change: rounding, where a known number of operations is exact or becomes
 * fewer, and the sign of zero. What none may: which elements are infinite or NaN. So x * 0 stays
 * (0 * inf is NaN) unless both are constants, and x - x and x / x stay. Powers of two are the
 * only divisors that turn into factors. Cost: linear.
 */
#include "passes/simplify.h"

#include <math.h>

#include "ir/build.h"
#include "ir/ops/ops.h"

/* ---- neutral elements ------------------------------------------------------------------------ */

/* x + 0. */
static value add_zero(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    return value_is_number(g, n->operands[1], 0) ? n->operands[0] : NO_VALUE;
}

static bool dtype_is_signed(cn_dtype dtype) {
    return dtype_is_float(dtype) || dtype == CN_I64 || dtype == CN_I32 || dtype == CN_I8;
}

/* x * 1, x * -1, -x * -y, -x * c. */
static value mul_forms(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    value x = n->operands[0], y = n->operands[1];
    const node *left = operand_made_by(g, n, 0, &op_neg),
               *right = operand_made_by(g, n, 1, &op_neg);
    double c;
    if (value_is_number(g, y, 1))
        return x;
    if (value_is_number(g, y, -1) && dtype_is_signed(n->types[0].dtype))
        return build_neg(g, x);
    if (left != NULL && right != NULL)
        return build_mul(g, left->operands[0], right->operands[0]);
    if (left != NULL && splat_number(g, y, &c) && dtype_is_signed(n->types[0].dtype))
        return build_mul(g, left->operands[0], build_full_like(g, y, -c));
    return NO_VALUE;
}

/* Whether 1 / c is exact in every float dtype: a power of two that is normal in f16. */
static bool has_exact_inverse(double c) {
    int exponent;
    return isfinite(c) && fabs(frexp(c, &exponent)) == 0.5 && exponent > -13 && exponent < 15;
}

/* x / 1, x / 2^k, -x / -y. */
static value div_forms(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    value x = n->operands[0], y = n->operands[1];
    const node *left = operand_made_by(g, n, 0, &op_neg),
               *right = operand_made_by(g, n, 1, &op_neg);
    double c;
    if (value_is_number(g, y, 1))
        return x;
    if (!dtype_is_float(n->types[0].dtype))
        return NO_VALUE;
    if (splat_number(g, y, &c) && has_exact_inverse(c))
        return build_mul(g, x, build_full_like(g, y, 1 / c));
    if (left != NULL && right != NULL)
        return build_div(g, left->operands[0], right->operands[0]);
    return NO_VALUE;
}

/* Small whole exponents; pow(x, 0) is 1 for every x, NaN too. */
static value pow_forms(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    value x = n->operands[0];
    double exponent;
    if (!dtype_is_float(n->types[0].dtype) || !splat_number(g, n->operands[1], &exponent))
        return NO_VALUE;
    if (exponent == 0)
        return build_full_like(g, x, 1);
    if (exponent == 1)
        return x;
    if (exponent == 2)
        return build_mul(g, x, x);
    return exponent == -1 ? build_div(g, build_full_like(g, x, 1), x) : NO_VALUE;
}

/* |-x| and ||x||. */
static value abs_forms(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    const node *neg = operand_made_by(g, n, 0, &op_neg);
    if (neg != NULL)
        return build_abs(g, neg->operands[0]);
    return operand_made_by(g, n, 0, &op_abs) != NULL ? n->operands[0] : NO_VALUE;
}

/* max(x, x), min(x, x), and with the element beyond which nothing lies. */
static value extreme_forms(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    value x = n->operands[0], y = n->operands[1];
    double beyond = n->op == &op_max ? -INFINITY : INFINITY;
    return value_equal(x, y) || value_is_number(g, y, beyond) ? x : NO_VALUE;
}

/* ---- logic ----------------------------------------------------------------------------------- */

/* and, or, xor of bools with a constant or with itself. */
static value bit_forms(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    value x = n->operands[0], y = n->operands[1];
    int kind = ((const bit_attributes *)n->attributes)->kind;
    if (value_equal(x, y) && (kind == BIT_AND || kind == BIT_OR))
        return x;
    double c;
    if (n->types[0].dtype != CN_BOOL || !splat_number(g, y, &c))
        return NO_VALUE;
    bool truth = c != 0;
    if (kind == BIT_XOR)
        return truth ? build_not(g, x) : x;
    return truth == (kind == BIT_AND) ? x : build_full_like(g, x, truth);
}

/* Not of not; not of eq and ne. The other comparisons have no opposite: NaN. */
static value not_forms(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    const node *inner = operand_made_by(g, n, 0, &op_not);
    if (inner != NULL)
        return inner->operands[0];
    const node *compare = operand_made_by(g, n, 0, &op_compare);
    if (compare == NULL)
        return NO_VALUE;
    compare_kind kind = (compare_kind)((const compare_attributes *)compare->attributes)->kind;
    if (kind != COMPARE_EQ && kind != COMPARE_NE)
        return NO_VALUE;
    return build_compare(g, kind == COMPARE_EQ ? COMPARE_NE : COMPARE_EQ, compare->operands[0],
                         compare->operands[1]);
}

/* Equal choices; a negated condition; constants that repeat the condition. */
static value select_forms(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    value x = n->operands[1], y = n->operands[2];
    const node *negated = operand_made_by(g, n, 0, &op_not);
    if (value_equal(x, y))
        return x;
    if (negated != NULL)
        return build_select(g, negated->operands[0], y, x);
    if (n->types[0].dtype == CN_BOOL && value_is_number(g, x, 1) && value_is_number(g, y, 0))
        return n->operands[0];
    return NO_VALUE;
}

/* ---- casts ----------------------------------------------------------------------------------- */

/* How many bits of a whole number a dtype always keeps. */
static int exact_bits(cn_dtype dtype) {
    static const int bits[CN_DTYPE_COUNT] = {
        [CN_BOOL] = 1, [CN_U8] = 8,   [CN_I8] = 7,   [CN_I32] = 31, [CN_U32] = 32,
        [CN_I64] = 63, [CN_BF16] = 8, [CN_F16] = 11, [CN_F32] = 24, [CN_F64] = 53,
    };
    return bits[dtype];
}

/* Whether every value of `from` is a value of `to`. */
static bool cast_is_exact(cn_dtype from, cn_dtype to) {
    if (from == to || from == CN_BOOL)
        return true;
    if (to == CN_BOOL)
        return false;
    if (dtype_is_float(from))
        return to == CN_F64 || (to == CN_F32 && from != CN_F64);
    return exact_bits(from) <= exact_bits(to) && (dtype_is_signed(to) || !dtype_is_signed(from));
}

/* A cast to the same, and a cast of an exact cast. Whole numbers wrap on their way to narrower
 * ones, floats saturate: a float in between may only go where the number fits. */
static value cast_forms(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    cn_dtype to = n->types[0].dtype;
    value x = n->operands[0];
    if (value_type(g, x)->dtype == to)
        return x;
    const node *inner = operand_made_by(g, n, 0, &op_cast);
    if (inner == NULL)
        return NO_VALUE;
    cn_dtype from = operand_type(g, inner, 0)->dtype, middle = inner->types[0].dtype;
    bool saturates = !dtype_is_float(from) && dtype_is_float(middle) && dtype_is_integer(to);
    if (!cast_is_exact(from, middle) || (saturates && !cast_is_exact(from, to)))
        return NO_VALUE;
    return build_cast(g, inner->operands[0], to);
}

const peephole simplify_arithmetic[] = {
    {&op_add, add_zero},        {&op_mul, mul_forms},     {&op_div, div_forms},
    {&op_pow, pow_forms},       {&op_max, extreme_forms}, {&op_abs, abs_forms},
    {&op_min, extreme_forms},   {&op_bit, bit_forms},     {&op_not, not_forms},
    {&op_select, select_forms}, {&op_cast, cast_forms},   {NULL, NULL},
};

static graph *run(graph *g, pass_context *cx) {
    static const peephole *const tables[] = {canonical_forms, simplify_arithmetic,
                                             simplify_movement, simplify_reductions, NULL};
    return peephole_rewrite(g, cx, tables);
}

const pass pass_simplify = {
    .name = "simplify",
    .summary = "Removes work that algebra shows to be none.",
    .run = run,
};
