/* Binary pointwise ops: arithmetic, compare and bit.
 *
 * Integers: add, sub, mul, neg wrap; x / 0 = x rem 0 = 0; the smallest number over -1 wraps;
 * quotients round toward zero; a negative exponent gives the integer part of the power.
 * Floats: as IEEE 754; rem has the sign of the dividend (fmod). max and min propagate NaN.
 * Gradient of max and min at ties: half to each.
 */
#include <math.h>

#include "ir/ops/pointwise.h"
#include "ir/ops/rules.h"

static double one(double a, double b, double y) {
    (void)a, (void)b, (void)y;
    return 1;
}
static double minus_one(double a, double b, double y) {
    (void)a, (void)b, (void)y;
    return -1;
}

/* ---- add, sub, mul, div ------------------------------------------------------------------ */

static double add_value(double a, double b) {
    return a + b;
}
static int64_t add_integer(int64_t a, int64_t b) {
    return (int64_t)((uint64_t)a + (uint64_t)b);
}
static void add_vjp(gradient_context *cx, const node *n) {
    cx->add(cx, n, 0, gradient_of(cx, n));
    cx->add(cx, n, 1, gradient_of(cx, n));
}
const op_def op_add = {
    .name = "add",
    .summary = "a + b.",
    .operand_count = 2,
    .traits = OP_POINTWISE | OP_CHEAP | OP_COMMUTATIVE,
    .scalar = &(const scalar_rule){SCALAR_ADD, .binary = add_value, .left_slope = one,
                                   .right_slope = one, .binary_integer = add_integer},
    .infer = pointwise_infer,
    .vjp = add_vjp,
    .interpret = pointwise_interpret,
    .element = pointwise_element,
};

static double sub_value(double a, double b) {
    return a - b;
}
static int64_t sub_integer(int64_t a, int64_t b) {
    return (int64_t)((uint64_t)a - (uint64_t)b);
}
static void sub_vjp(gradient_context *cx, const node *n) {
    cx->add(cx, n, 0, gradient_of(cx, n));
    if (cx->needs(cx, n, 1))
        cx->add(cx, n, 1, build_neg(cx->g, gradient_of(cx, n)));
}
const op_def op_sub = {
    .name = "sub",
    .summary = "a - b.",
    .operand_count = 2,
    .traits = OP_POINTWISE | OP_CHEAP,
    .scalar = &(const scalar_rule){SCALAR_SUB, .binary = sub_value, .left_slope = one,
                                   .right_slope = minus_one, .binary_integer = sub_integer},
    .infer = pointwise_infer,
    .vjp = sub_vjp,
    .interpret = pointwise_interpret,
    .element = pointwise_element,
};

static double mul_value(double a, double b) {
    return a * b;
}
static double mul_left(double a, double b, double y) {
    (void)a, (void)y;
    return b;
}
static double mul_right(double a, double b, double y) {
    (void)b, (void)y;
    return a;
}
static int64_t mul_integer(int64_t a, int64_t b) {
    return (int64_t)((uint64_t)a * (uint64_t)b);
}
static void mul_vjp(gradient_context *cx, const node *n) {
    value dy = gradient_of(cx, n);
    if (cx->needs(cx, n, 0))
        cx->add(cx, n, 0, build_mul(cx->g, dy, n->operands[1]));
    if (cx->needs(cx, n, 1))
        cx->add(cx, n, 1, build_mul(cx->g, dy, n->operands[0]));
}
const op_def op_mul = {
    .name = "mul",
    .summary = "a * b.",
    .operand_count = 2,
    .traits = OP_POINTWISE | OP_CHEAP | OP_COMMUTATIVE,
    .scalar = &(const scalar_rule){SCALAR_MUL, .binary = mul_value, .left_slope = mul_left,
                                   .right_slope = mul_right, .binary_integer = mul_integer},
    .infer = pointwise_infer,
    .vjp = mul_vjp,
    .interpret = pointwise_interpret,
    .element = pointwise_element,
};

static double div_value(double a, double b) {
    return a / b;
}
static double div_left(double a, double b, double y) {
    (void)a, (void)y;
    return 1 / b;
}
static double div_right(double a, double b, double y) {
    (void)a;
    return -y / b;
}
static int64_t div_integer(int64_t a, int64_t b) {
    return b == 0 ? 0 : b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}
static void div_vjp(gradient_context *cx, const node *n) {
    graph *g = cx->g;
    value da = build_div(g, gradient_of(cx, n), n->operands[1]);
    cx->add(cx, n, 0, da);
    if (cx->needs(cx, n, 1))
        cx->add(cx, n, 1, build_neg(g, build_mul(g, da, forward_result(cx))));
}
const op_def op_div = {
    .name = "div",
    .summary = "a / b; integers round toward zero, and x / 0 = 0.",
    .operand_count = 2,
    .traits = OP_POINTWISE,
    .scalar = &(const scalar_rule){SCALAR_DIV, .binary = div_value, .left_slope = div_left,
                                   .right_slope = div_right, .binary_integer = div_integer},
    .infer = pointwise_infer,
    .vjp = div_vjp,
    .interpret = pointwise_interpret,
    .element = pointwise_element,
};

/* ---- rem, pow ---------------------------------------------------------------------------- */

/* a - b * trunc(a / b): the quotient is exact up to rounding, and rounding mends it. */
static double rem_right(double a, double b, double y) {
    return -rint((a - y) / b);
}
static int64_t rem_integer(int64_t a, int64_t b) {
    return b == 0 || b == -1 ? 0 : a % b;
}
static void rem_vjp(gradient_context *cx, const node *n) {
    graph *g = cx->g;
    value dy = gradient_of(cx, n);
    cx->add(cx, n, 0, dy);
    if (!cx->needs(cx, n, 1))
        return;
    value whole = build_sub(g, n->operands[0], forward_result(cx));
    value quotient = build_unary(g, &op_round, build_div(g, whole, n->operands[1]));
    cx->add(cx, n, 1, build_neg(g, build_mul(g, dy, quotient)));
}
const op_def op_rem = {
    .name = "rem",
    .summary = "Remainder of a / b with the sign of a; x rem 0 is NaN, for integers 0.",
    .operand_count = 2,
    .traits = OP_POINTWISE,
    .scalar = &(const scalar_rule){SCALAR_REM, .binary = fmod, .left_slope = one,
                                   .right_slope = rem_right, .binary_integer = rem_integer},
    .infer = pointwise_infer,
    .vjp = rem_vjp,
    .interpret = pointwise_interpret,
    .element = pointwise_element,
};

static double pow_left(double a, double b, double y) {
    (void)y;
    return b == 0 ? 0 : b * pow(a, b - 1);
}
static double pow_right(double a, double b, double y) {
    (void)b;
    return a == 0 ? 0 : y * log(a);
}
static int64_t pow_integer(int64_t a, int64_t b) {
    if (b < 0)
        return a == 1 ? 1 : a == -1 ? (b % 2 == 0 ? 1 : -1) : 0;
    uint64_t square = (uint64_t)a, power = 1;
    for (; b > 0; b >>= 1, square *= square)
        power = b & 1 ? power * square : power;
    return (int64_t)power;
}
/* The selects stand inside the function whose pole they avoid: a select outside would still
 * multiply the unused branch's infinity by zero in the next derivative. */
static void pow_vjp(gradient_context *cx, const node *n) {
    graph *g = cx->g;
    value a = n->operands[0], b = n->operands[1], dy = gradient_of(cx, n);
    value zero = build_full_like(g, a, 0), one_like = build_full_like(g, a, 1);
    if (cx->needs(cx, n, 0)) {
        value flat = build_compare(g, COMPARE_EQ, b, zero);
        value lower = build_select(g, flat, one_like, build_sub(g, b, one_like));
        cx->add(cx, n, 0, build_mul(g, dy, build_mul(g, b, build_pow(g, a, lower))));
    }
    if (cx->needs(cx, n, 1)) {
        value at_zero = build_compare(g, COMPARE_EQ, a, zero);
        value logarithm = build_log(g, build_select(g, at_zero, one_like, a));
        cx->add(cx, n, 1, build_mul(g, dy, build_mul(g, forward_result(cx), logarithm)));
    }
}
const op_def op_pow = {
    .name = "pow",
    .summary = "a to the b; 0 to the 0 is 1; integers wrap.",
    .operand_count = 2,
    .traits = OP_POINTWISE,
    .scalar = &(const scalar_rule){SCALAR_POW, .binary = pow, .left_slope = pow_left,
                                   .right_slope = pow_right, .binary_integer = pow_integer},
    .infer = pointwise_infer,
    .vjp = pow_vjp,
    .interpret = pointwise_interpret,
    .element = pointwise_element,
};

/* ---- max, min ---------------------------------------------------------------------------- */

/* 1 where a wins, a half at ties, 0 where b wins. */
static value share(graph *g, compare_kind wins, value a, value b) {
    value equal = build_compare(g, COMPARE_EQ, a, b), half = build_full_like(g, a, 0.5);
    value tied = build_select(g, equal, half, build_full_like(g, a, 0));
    value won = build_compare(g, wins, a, b);
    return build_select(g, won, build_full_like(g, a, 1), tied);
}

static void extremum_vjp(gradient_context *cx, const node *n, compare_kind wins) {
    value a = n->operands[0], b = n->operands[1], dy = gradient_of(cx, n);
    if (cx->needs(cx, n, 0))
        cx->add(cx, n, 0, build_mul(cx->g, dy, share(cx->g, wins, a, b)));
    if (cx->needs(cx, n, 1))
        cx->add(cx, n, 1, build_mul(cx->g, dy, share(cx->g, wins, b, a)));
}

static double max_value(double a, double b) {
    return isnan(a) || a > b ? a : b;
}
static double max_left(double a, double b, double y) {
    (void)y;
    return a > b ? 1 : a == b ? 0.5 : 0;
}
static double max_right(double a, double b, double y) {
    return max_left(b, a, y);
}
static int64_t max_integer(int64_t a, int64_t b) {
    return a > b ? a : b;
}
static void max_vjp(gradient_context *cx, const node *n) {
    extremum_vjp(cx, n, COMPARE_GT);
}
const op_def op_max = {
    .name = "max",
    .summary = "The larger of a and b; NaN if either is; gradient halves at ties.",
    .operand_count = 2,
    .traits = OP_POINTWISE | OP_CHEAP | OP_COMMUTATIVE,
    .scalar = &(const scalar_rule){SCALAR_MAX, .binary = max_value, .left_slope = max_left,
                                   .right_slope = max_right, .binary_integer = max_integer},
    .infer = pointwise_infer,
    .vjp = max_vjp,
    .interpret = pointwise_interpret,
    .element = pointwise_element,
};

static double min_value(double a, double b) {
    return isnan(a) || a < b ? a : b;
}
static int64_t min_integer(int64_t a, int64_t b) {
    return a < b ? a : b;
}
static void min_vjp(gradient_context *cx, const node *n) {
    extremum_vjp(cx, n, COMPARE_LT);
}
const op_def op_min = {
    .name = "min",
    .summary = "The smaller of a and b; NaN if either is; gradient halves at ties.",
    .operand_count = 2,
    .traits = OP_POINTWISE | OP_CHEAP | OP_COMMUTATIVE,
    .scalar = &(const scalar_rule){SCALAR_MIN, .binary = min_value, .left_slope = max_right,
                                   .right_slope = max_left, .binary_integer = min_integer},
    .infer = pointwise_infer,
    .vjp = min_vjp,
    .interpret = pointwise_interpret,
    .element = pointwise_element,
};

/* ---- compare ----------------------------------------------------------------------------- */

static const attribute_schema compare_schema = {
    sizeof(compare_attributes),
    (const attribute_field[]){{"kind", FIELD_ENUM, offsetof(compare_attributes, kind),
                               (const char *const[]){"eq", "ne", "lt", "le", "gt", "ge", NULL}},
                              {0}},
};

static bool compare_infer(const graph *g, const node *n, type *results, diagnostics *d) {
    return check_same_types(g, n, d) &&
           infer_one(g, n, type_with_dtype(*operand_type(g, n, 0), CN_BOOL), results, d);
}

/* From the signs of (a < b, a > b, a == b): with NaN all three are false. */
static bool compare_holds(compare_kind kind, bool less, bool greater, bool equal) {
    switch (kind) {
    case COMPARE_EQ:
        return equal;
    case COMPARE_NE:
        return !equal;
    case COMPARE_LT:
        return less;
    case COMPARE_LE:
        return less || equal;
    case COMPARE_GT:
        return greater;
    case COMPARE_GE:
        return greater || equal;
    }
    return false;
}

static void compare_interpret(interpreter *it, const node *n, tensor *const *operands,
                              tensor **results) {
    compare_kind kind = (compare_kind)((const compare_attributes *)n->attributes)->kind;
    tensor *y = results[0];
    (void)it;
    bool floats = dtype_is_float(operands[0]->type.dtype);
    for (int64_t i = 0; i < y->count; i++) {
        number a = operands[0]->items[i], b = operands[1]->items[i];
        y->items[i].i = floats ? compare_holds(kind, a.f<b.f, a.f> b.f, a.f == b.f)
                               : compare_holds(kind, a.i<b.i, a.i> b.i, a.i == b.i);
    }
}

static const expr *compare_element(lowering *l, const node *n, uint32_t result,
                                   const expr *const *index) {
    static const scalar_op scalars[] = {SCALAR_EQ, SCALAR_NE, SCALAR_LT,
                                        SCALAR_LE, SCALAR_GT, SCALAR_GE};
    (void)result;
    return element_of_operands(l, n, index,
                               scalars[((const compare_attributes *)n->attributes)->kind], CN_BOOL);
}

const op_def op_compare = {
    .name = "compare",
    .summary = "eq, ne, lt, le, gt or ge as a bool; with NaN only ne holds.",
    .operand_count = 2,
    .traits = OP_POINTWISE | OP_CHEAP | OP_NO_GRADIENT,
    .attributes = &compare_schema,
    .infer = compare_infer,
    .interpret = compare_interpret,
    .element = compare_element,
};

/* ---- bit --------------------------------------------------------------------------------- */

static const attribute_schema bit_schema = {
    sizeof(bit_attributes),
    (const attribute_field[]){
        {"kind", FIELD_ENUM, offsetof(bit_attributes, kind),
         (const char *const[]){"and", "or", "xor", "shift_left", "shift_right", NULL}},
        {0}},
};

static bool bit_infer(const graph *g, const node *n, type *results, diagnostics *d) {
    const bit_attributes *a = n->attributes;
    const type *t = operand_type(g, n, 0);
    if (!check_same_types(g, n, d))
        return false;
    bool shift = a->kind == BIT_SHIFT_LEFT || a->kind == BIT_SHIFT_RIGHT;
    if (dtype_is_float(t->dtype) || (shift && t->dtype == CN_BOOL))
        return op_fail(d, n, "does not compute on %s; use integers%s", type_words(g, t),
                       shift ? "" : " or bool");
    return infer_one(g, n, *t, results, d);
}

/* A count at or above the width, or negative, shifts everything out; >> keeps the sign of
 * signed integers while it shifts. */
static int64_t shift_integer(cn_dtype dtype, bool left, int64_t x, int64_t count) {
    if (count < 0 || count >= 8 * dtype_bytes(dtype))
        return 0;
    return left ? (int64_t)((uint64_t)x << count) : x >> count;
}

static int64_t bit_integer(cn_dtype dtype, bit_kind kind, int64_t a, int64_t b) {
    switch (kind) {
    case BIT_AND:
        return a & b;
    case BIT_OR:
        return a | b;
    case BIT_XOR:
        return a ^ b;
    default:
        return shift_integer(dtype, kind == BIT_SHIFT_LEFT, a, b);
    }
}

static void bit_interpret(interpreter *it, const node *n, tensor *const *operands,
                          tensor **results) {
    bit_kind kind = (bit_kind)((const bit_attributes *)n->attributes)->kind;
    tensor *y = results[0];
    (void)it;
    for (int64_t i = 0; i < y->count; i++)
        y->items[i].i =
            bit_integer(y->type.dtype, kind, operands[0]->items[i].i, operands[1]->items[i].i);
}

static const expr *bit_element(lowering *l, const node *n, uint32_t result,
                               const expr *const *index) {
    static const scalar_op scalars[] = {SCALAR_AND, SCALAR_OR, SCALAR_XOR, SCALAR_SHIFT_LEFT,
                                        SCALAR_SHIFT_RIGHT};
    return element_of_operands(l, n, index, scalars[((const bit_attributes *)n->attributes)->kind],
                               n->types[result].dtype);
}

const op_def op_bit = {
    .name = "bit",
    .summary = "and, or, xor of bools or integers; shifts, by the width or more to 0.",
    .operand_count = 2,
    .traits = OP_POINTWISE | OP_CHEAP | OP_NO_GRADIENT,
    .attributes = &bit_schema,
    .infer = bit_infer,
    .interpret = bit_interpret,
    .element = bit_element,
};
