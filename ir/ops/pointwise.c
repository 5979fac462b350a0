/* What pointwise ops share; see the header.
 *
 * The interpreter's order is the row-major order of the result, but nothing depends on it:
 * element i of the result uses element i of each operand and nothing else.
 */
#include "ir/ops/pointwise.h"

#include "ir/ops/rules.h"

int64_t integer_wrap(cn_dtype dtype, int64_t x) {
    switch (dtype) {
    case CN_I32:
        return (int32_t)(uint32_t)(uint64_t)x;
    case CN_U32:
        return (int64_t)(uint32_t)x;
    case CN_I8:
        return (int8_t)(uint8_t)(uint64_t)x;
    case CN_U8:
        return (int64_t)(uint8_t)x;
    case CN_BOOL:
        return x & 1;
    default:
        return x;
    }
}

bool check_same_types(const graph *g, const node *n, diagnostics *d) {
    const type *first = operand_type(g, n, 0);
    for (uint32_t i = 1; i < n->operand_count; i++) {
        const type *other = operand_type(g, n, i);
        if (type_equal(first, other))
            continue;
        const char *cure =
            shape_equal(first, other) ? "cast one of them" : "broadcast to one shape first";
        return op_fail(d, n, "operands must have one type, got %s and %s; %s", type_words(g, first),
                       type_words(g, other), cure);
    }
    return true;
}

bool pointwise_infer(const graph *g, const node *n, type *results, diagnostics *d) {
    const scalar_rule *rule = n->op->scalar;
    const type *t = operand_type(g, n, 0);
    if (!check_same_types(g, n, d))
        return false;
    bool floats = rule->unary != NULL || rule->binary != NULL;
    bool integers = rule->unary_integer != NULL || rule->binary_integer != NULL;
    if (dtype_is_float(t->dtype) ? !floats : t->dtype == CN_BOOL ? !rule->takes_bool : !integers)
        return op_fail(d, n, "does not compute on %s; cast to %s first", type_words(g, t),
                       !floats    ? "an integer type or bool"
                       : integers ? "a number type"
                                  : "a float type");
    return infer_one(g, n, *t, results, d);
}

static double slope_or_zero(double (*slope)(double, double), double x, double y) {
    return slope == NULL ? 0 : slope(x, y);
}

static number unary_number(const scalar_rule *rule, number x) {
    double y = rule->unary(x.f);
    return (number){.f = y,
                    .tangent = slope_times(slope_or_zero(rule->unary_slope, x.f, y), x.tangent)};
}

static number binary_number(const scalar_rule *rule, number a, number b) {
    number y = {.f = rule->binary(a.f, b.f)};
    if (a.tangent != 0)
        y.tangent += rule->left_slope(a.f, b.f, y.f) * a.tangent;
    if (b.tangent != 0)
        y.tangent += rule->right_slope(a.f, b.f, y.f) * b.tangent;
    return y;
}

static number float_number(const scalar_rule *rule, number a, number b) {
    return rule->unary != NULL ? unary_number(rule, a) : binary_number(rule, a, b);
}

static int64_t integer_number(const scalar_rule *rule, int64_t a, int64_t b) {
    return rule->unary_integer != NULL ? rule->unary_integer(a) : rule->binary_integer(a, b);
}

void pointwise_interpret(interpreter *it, const node *n, tensor *const *operands,
                         tensor **results) {
    (void)it;
    const scalar_rule *rule = n->op->scalar;
    tensor *y = results[0];
    bool floats = dtype_is_float(y->type.dtype);
    const number *a = operands[0]->items, *b = operands[n->operand_count - 1]->items;
    for (int64_t i = 0; i < y->count; i++) {
        if (floats)
            y->items[i] = float_number(rule, a[i], b[i]);
        else
            y->items[i].i = integer_number(rule, a[i].i, b[i].i);
    }
}

const expr *element_of_operands(lowering *l, const node *n, const expr *const *index,
                                scalar_op scalar, cn_dtype to) {
    const expr *arguments[3];
    for (uint32_t i = 0; i < n->operand_count; i++)
        arguments[i] = lower_operand(l, n, i, index);
    return lower_scalar(l, scalar, to, arguments, (int)n->operand_count);
}

const expr *pointwise_element(lowering *l, const node *n, uint32_t result,
                              const expr *const *index) {
    return element_of_operands(l, n, index, n->op->scalar->scalar, n->types[result].dtype);
}
