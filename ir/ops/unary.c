/* Unary pointwise ops.
 *
 * Each entry states the function on double, its slope (from the input x or the output y,
 * whichever is cheaper; the dual numbers use it) and the same derivative as graph (vjp, for
 * compiled programs). The two are written apart on purpose: tests hold one against the other.
 * Conventions at corners: abs'(0) = 0; sign, floor and round are flat everywhere.
 */
#include <math.h>

#include "ir/ops/pointwise.h"
#include "ir/ops/rules.h"

/* dx = dy * slope. */
static void add_product(gradient_context *cx, const node *n, value slope) {
    cx->add(cx, n, 0, build_mul(cx->g, gradient_of(cx, n), slope));
}

static value full(gradient_context *cx, const node *n, double x) {
    return build_full_like(cx->g, n->operands[0], x);
}

/* ---- neg, abs, sign, floor, round -------------------------------------------------------- */

static double neg_value(double x) {
    return -x;
}
static double neg_slope(double x, double y) {
    (void)x, (void)y;
    return -1;
}
static int64_t neg_integer(int64_t x) {
    return (int64_t)(0 - (uint64_t)x);
}
static void neg_vjp(gradient_context *cx, const node *n) {
    cx->add(cx, n, 0, build_neg(cx->g, gradient_of(cx, n)));
}
const op_def op_neg = {
    .name = "neg",
    .summary = "-x; integers wrap.",
    .operand_count = 1,
    .traits = OP_POINTWISE | OP_CHEAP,
    .scalar = &(const scalar_rule){SCALAR_NEG, .unary = neg_value, .unary_slope = neg_slope,
                                   .unary_integer = neg_integer},
    .infer = pointwise_infer,
    .vjp = neg_vjp,
    .interpret = pointwise_interpret,
    .element = pointwise_element,
};

/* Keeps zeros and NaN. */
static double sign_value(double x) {
    return x > 0 ? 1 : x < 0 ? -1 : x;
}
static int64_t sign_integer(int64_t x) {
    return (x > 0) - (x < 0);
}
const op_def op_sign = {
    .name = "sign",
    .summary = "-1, 0 or 1 by the sign of x; NaN stays NaN.",
    .operand_count = 1,
    .traits = OP_POINTWISE | OP_CHEAP | OP_NO_GRADIENT,
    .scalar = &(const scalar_rule){SCALAR_SIGN, .unary = sign_value, .unary_integer = sign_integer},
    .infer = pointwise_infer,
    .interpret = pointwise_interpret,
    .element = pointwise_element,
};

static double abs_slope(double x, double y) {
    (void)y;
    return (x > 0) - (x < 0);
}
static int64_t abs_integer(int64_t x) {
    return x < 0 ? neg_integer(x) : x;
}
static void abs_vjp(gradient_context *cx, const node *n) {
    add_product(cx, n, build_sign(cx->g, n->operands[0]));
}
const op_def op_abs = {
    .name = "abs",
    .summary = "|x|; the smallest integer wraps to itself; slope 0 at 0.",
    .operand_count = 1,
    .traits = OP_POINTWISE | OP_CHEAP,
    .scalar = &(const scalar_rule){SCALAR_ABS, .unary = fabs, .unary_slope = abs_slope,
                                   .unary_integer = abs_integer},
    .infer = pointwise_infer,
    .vjp = abs_vjp,
    .interpret = pointwise_interpret,
    .element = pointwise_element,
};

const op_def op_floor = {
    .name = "floor",
    .summary = "Largest integer not above x.",
    .operand_count = 1,
    .traits = OP_POINTWISE | OP_CHEAP | OP_NO_GRADIENT,
    .scalar = &(const scalar_rule){SCALAR_FLOOR, .unary = floor},
    .infer = pointwise_infer,
    .interpret = pointwise_interpret,
    .element = pointwise_element,
};

/* rint in the default mode, which nothing here ever changes: ties to even. */
const op_def op_round = {
    .name = "round",
    .summary = "Nearest integer, halves to even.",
    .operand_count = 1,
    .traits = OP_POINTWISE | OP_CHEAP | OP_NO_GRADIENT,
    .scalar = &(const scalar_rule){SCALAR_ROUND, .unary = rint},
    .infer = pointwise_infer,
    .interpret = pointwise_interpret,
    .element = pointwise_element,
};

/* ---- exp, expm1, log, log1p -------------------------------------------------------------- */

static double exp_slope(double x, double y) {
    (void)x;
    return y;
}
static void exp_vjp(gradient_context *cx, const node *n) {
    add_product(cx, n, forward_result(cx));
}
const op_def op_exp = {
    .name = "exp",
    .summary = "e to the x.",
    .operand_count = 1,
    .traits = OP_POINTWISE,
    .scalar = &(const scalar_rule){SCALAR_EXP, .unary = exp, .unary_slope = exp_slope},
    .infer = pointwise_infer,
    .vjp = exp_vjp,
    .interpret = pointwise_interpret,
    .element = pointwise_element,
};

static double expm1_slope(double x, double y) {
    (void)x;
    return y + 1;
}
static void expm1_vjp(gradient_context *cx, const node *n) {
    add_product(cx, n, build_add(cx->g, forward_result(cx), full(cx, n, 1)));
}
const op_def op_expm1 = {
    .name = "expm1",
    .summary = "e to the x, minus 1, accurate near 0.",
    .operand_count = 1,
    .traits = OP_POINTWISE,
    .scalar = &(const scalar_rule){SCALAR_EXPM1, .unary = expm1, .unary_slope = expm1_slope},
    .infer = pointwise_infer,
    .vjp = expm1_vjp,
    .interpret = pointwise_interpret,
    .element = pointwise_element,
};

static double log_slope(double x, double y) {
    (void)y;
    return 1 / x;
}
static void log_vjp(gradient_context *cx, const node *n) {
    cx->add(cx, n, 0, build_div(cx->g, gradient_of(cx, n), n->operands[0]));
}
const op_def op_log = {
    .name = "log",
    .summary = "Natural logarithm; -inf at 0, NaN below.",
    .operand_count = 1,
    .traits = OP_POINTWISE,
    .scalar = &(const scalar_rule){SCALAR_LOG, .unary = log, .unary_slope = log_slope},
    .infer = pointwise_infer,
    .vjp = log_vjp,
    .interpret = pointwise_interpret,
    .element = pointwise_element,
};

static double log1p_slope(double x, double y) {
    (void)y;
    return 1 / (1 + x);
}
static void log1p_vjp(gradient_context *cx, const node *n) {
    value one_more = build_add(cx->g, n->operands[0], full(cx, n, 1));
    cx->add(cx, n, 0, build_div(cx->g, gradient_of(cx, n), one_more));
}
const op_def op_log1p = {
    .name = "log1p",
    .summary = "log(1 + x), accurate near 0.",
    .operand_count = 1,
    .traits = OP_POINTWISE,
    .scalar = &(const scalar_rule){SCALAR_LOG1P, .unary = log1p, .unary_slope = log1p_slope},
    .infer = pointwise_infer,
    .vjp = log1p_vjp,
    .interpret = pointwise_interpret,
    .element = pointwise_element,
};

/* ---- sqrt, rsqrt ------------------------------------------------------------------------- */

static double sqrt_slope(double x, double y) {
    (void)x;
    return 0.5 / y;
}
static void sqrt_vjp(gradient_context *cx, const node *n) {
    value dy = gradient_of(cx, n);
    value half = build_mul(cx->g, dy, full(cx, n, 0.5));
    cx->add(cx, n, 0, build_div(cx->g, half, forward_result(cx)));
}
const op_def op_sqrt = {
    .name = "sqrt",
    .summary = "Square root; NaN below 0.",
    .operand_count = 1,
    .traits = OP_POINTWISE,
    .scalar = &(const scalar_rule){SCALAR_SQRT, .unary = sqrt, .unary_slope = sqrt_slope},
    .infer = pointwise_infer,
    .vjp = sqrt_vjp,
    .interpret = pointwise_interpret,
    .element = pointwise_element,
};

static double rsqrt_value(double x) {
    return 1 / sqrt(x);
}
static double rsqrt_slope(double x, double y) {
    return -0.5 * y / x;
}
static void rsqrt_vjp(gradient_context *cx, const node *n) {
    value y = forward_result(cx), cube = build_mul(cx->g, build_mul(cx->g, y, y), y);
    add_product(cx, n, build_mul(cx->g, cube, full(cx, n, -0.5)));
}
const op_def op_rsqrt = {
    .name = "rsqrt",
    .summary = "1 / sqrt(x).",
    .operand_count = 1,
    .traits = OP_POINTWISE,
    .scalar = &(const scalar_rule){SCALAR_RSQRT, .unary = rsqrt_value, .unary_slope = rsqrt_slope},
    .infer = pointwise_infer,
    .vjp = rsqrt_vjp,
    .interpret = pointwise_interpret,
    .element = pointwise_element,
};

/* ---- sin, cos, tanh, sigmoid, erf -------------------------------------------------------- */

static double sin_slope(double x, double y) {
    (void)y;
    return cos(x);
}
static void sin_vjp(gradient_context *cx, const node *n) {
    add_product(cx, n, build_unary(cx->g, &op_cos, n->operands[0]));
}
const op_def op_sin = {
    .name = "sin",
    .summary = "Sine of x in radians.",
    .operand_count = 1,
    .traits = OP_POINTWISE,
    .scalar = &(const scalar_rule){SCALAR_SIN, .unary = sin, .unary_slope = sin_slope},
    .infer = pointwise_infer,
    .vjp = sin_vjp,
    .interpret = pointwise_interpret,
    .element = pointwise_element,
};

static double cos_slope(double x, double y) {
    (void)y;
    return -sin(x);
}
static void cos_vjp(gradient_context *cx, const node *n) {
    add_product(cx, n, build_neg(cx->g, build_unary(cx->g, &op_sin, n->operands[0])));
}
const op_def op_cos = {
    .name = "cos",
    .summary = "Cosine of x in radians.",
    .operand_count = 1,
    .traits = OP_POINTWISE,
    .scalar = &(const scalar_rule){SCALAR_COS, .unary = cos, .unary_slope = cos_slope},
    .infer = pointwise_infer,
    .vjp = cos_vjp,
    .interpret = pointwise_interpret,
    .element = pointwise_element,
};

static double tanh_slope(double x, double y) {
    (void)x;
    return 1 - y * y;
}
static void tanh_vjp(gradient_context *cx, const node *n) {
    value y = forward_result(cx), one = full(cx, n, 1);
    add_product(cx, n, build_sub(cx->g, one, build_mul(cx->g, y, y)));
}
const op_def op_tanh = {
    .name = "tanh",
    .summary = "Hyperbolic tangent.",
    .operand_count = 1,
    .traits = OP_POINTWISE,
    .scalar = &(const scalar_rule){SCALAR_TANH, .unary = tanh, .unary_slope = tanh_slope},
    .infer = pointwise_infer,
    .vjp = tanh_vjp,
    .interpret = pointwise_interpret,
    .element = pointwise_element,
};

static double sigmoid_value(double x) {
    double e = exp(-fabs(x)); /* never overflows */
    return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}
static double sigmoid_slope(double x, double y) {
    (void)x;
    return y * (1 - y);
}
static void sigmoid_vjp(gradient_context *cx, const node *n) {
    value y = forward_result(cx);
    add_product(cx, n, build_mul(cx->g, y, build_sub(cx->g, full(cx, n, 1), y)));
}
const op_def op_sigmoid = {
    .name = "sigmoid",
    .summary = "1 / (1 + e^-x).",
    .operand_count = 1,
    .traits = OP_POINTWISE,
    .scalar =
        &(const scalar_rule){SCALAR_SIGMOID, .unary = sigmoid_value, .unary_slope = sigmoid_slope},
    .infer = pointwise_infer,
    .vjp = sigmoid_vjp,
    .interpret = pointwise_interpret,
    .element = pointwise_element,
};

#define TWO_OVER_ROOT_PI 1.1283791670955126 /* erf'(0) */

static double erf_slope(double x, double y) {
    (void)y;
    return TWO_OVER_ROOT_PI * exp(-x * x);
}
static void erf_vjp(gradient_context *cx, const node *n) {
    value x = n->operands[0], bell = build_exp(cx->g, build_neg(cx->g, build_mul(cx->g, x, x)));
    add_product(cx, n, build_mul(cx->g, full(cx, n, TWO_OVER_ROOT_PI), bell));
}
const op_def op_erf = {
    .name = "erf",
    .summary = "Gauss error function.",
    .operand_count = 1,
    .traits = OP_POINTWISE,
    .scalar = &(const scalar_rule){SCALAR_ERF, .unary = erf, .unary_slope = erf_slope},
    .infer = pointwise_infer,
    .vjp = erf_vjp,
    .interpret = pointwise_interpret,
    .element = pointwise_element,
};

/* ---- not --------------------------------------------------------------------------------- */

static int64_t not_integer(int64_t x) {
    return ~x;
}
const op_def op_not = {
    .name = "not",
    .summary = "Logical not of a bool, complement of an integer.",
    .operand_count = 1,
    .traits = OP_POINTWISE | OP_CHEAP | OP_NO_GRADIENT,
    .scalar = &(const scalar_rule){SCALAR_NOT, .unary_integer = not_integer, .takes_bool = true},
    .infer = pointwise_infer,
    .interpret = pointwise_interpret,
    .element = pointwise_element,
};
