/* Elementwise ops: cn_op_add, cn_op_exp and their kin.
 *
 * Each row of the tables below says which IR op it is and what its operands are promoted to; ops
 * that the IR has no node for are composed here, numerically safe. Arithmetic on bools counts
 * them as i32; functions of reals turn integers into f32, as Keras does.
 */
#include "frontend/record.h"

#include <math.h>

/* ---- one operand ------------------------------------------------------------------------ */

typedef enum domain { NUMBERS, REALS, BOOLS } domain;
typedef value (*unary_compose)(graph *g, value x);
typedef struct unary_rule {
    domain domain;
    const op_def *op; /* or, when NULL: */
    unary_compose compose;
} unary_rule;

static cn_dtype into_domain(domain d, cn_dtype dtype) {
    return d == BOOLS ? CN_BOOL : d == REALS ? dtype_as_float(dtype) : dtype_arithmetic(dtype);
}

static value build_unary_rule(const op_call *call) {
    const unary_rule *rule = call->arguments;
    cn_dtype dtype = into_domain(rule->domain, call_type(call, 0)->dtype);
    value x = build_cast(call->g, call_value(call, 0), dtype);
    return rule->op != NULL ? build_unary(call->g, rule->op, x) : rule->compose(call->g, x);
}

static value compose_ceil(graph *g, value x) {
    return build_neg(g, build_unary(g, &op_floor, build_neg(g, x)));
}

/* Integers are round already. */
static value compose_round(graph *g, value x) {
    return dtype_is_float(value_type(g, x)->dtype) ? build_unary(g, &op_round, x) : x;
}

static value compose_square(graph *g, value x) {
    return build_mul(g, x, x);
}

static value compose_reciprocal(graph *g, value x) {
    return build_div(g, build_full_like(g, x, 1), x);
}

/* Not max(x, 0), whose slope at 0 is one half: Keras' relu has slope 0 there. NaN stays NaN. */
static value compose_relu(graph *g, value x) {
    value zero = build_full_like(g, x, 0);
    return build_select(g, build_compare(g, COMPARE_LE, x, zero), zero, x);
}

static value compose_softplus(graph *g, value x) {
    value y;
    build_composite(g, "softplus", NULL, &x, 1, &y);
    return y;
}

static value compose_stop_gradient(graph *g, value x) {
    return build_stop_gradient(g, x);
}

#define UNARY(name, ...)                                                    \
    cn_tensor cn_op_##name(cn_tensor x) {                                   \
        static const unary_rule rule = {__VA_ARGS__};                       \
        return op_record(x.context, #name, build_unary_rule, &x, 1, &rule); \
    }
UNARY(negative, NUMBERS, .op = &op_neg)
UNARY(absolute, NUMBERS, .op = &op_abs)
UNARY(sign, NUMBERS, .op = &op_sign)
UNARY(floor, REALS, .op = &op_floor)
UNARY(ceil, REALS, .compose = compose_ceil)
UNARY(round, NUMBERS, .compose = compose_round)
UNARY(exp, REALS, .op = &op_exp)
UNARY(expm1, REALS, .op = &op_expm1)
UNARY(log, REALS, .op = &op_log)
UNARY(log1p, REALS, .op = &op_log1p)
UNARY(sqrt, REALS, .op = &op_sqrt)
UNARY(rsqrt, REALS, .op = &op_rsqrt)
UNARY(square, NUMBERS, .compose = compose_square)
UNARY(reciprocal, REALS, .compose = compose_reciprocal)
UNARY(sin, REALS, .op = &op_sin)
UNARY(cos, REALS, .op = &op_cos)
UNARY(tanh, REALS, .op = &op_tanh)
UNARY(sigmoid, REALS, .op = &op_sigmoid)
UNARY(erf, REALS, .op = &op_erf)
UNARY(relu, NUMBERS, .compose = compose_relu)
UNARY(softplus, REALS, .compose = compose_softplus)
UNARY(logical_not, BOOLS, .op = &op_not)
#undef UNARY

static value build_stopped(const op_call *call) {
    return compose_stop_gradient(call->g, call_value(call, 0));
}

cn_tensor cn_op_stop_gradient(cn_tensor x) {
    return op_record(x.context, "stop_gradient", build_stopped, &x, 1, NULL);
}

/* ---- two operands ----------------------------------------------------------------------- */

typedef value (*binary_compose)(graph *g, value x, value y);
typedef struct binary_rule {
    domain domain;
    const op_def *op;
    binary_compose compose;
} binary_rule;

static value build_binary_rule(const op_call *call) {
    const binary_rule *rule = call->arguments;
    cn_dtype common = dtype_promote(call_type(call, 0)->dtype, call_type(call, 1)->dtype);
    value v[2];
    if (!op_broadcast_inputs(call, into_domain(rule->domain, common), v))
        return NO_VALUE;
    return rule->op != NULL ? build_binary(call->g, rule->op, v[0], v[1])
                            : rule->compose(call->g, v[0], v[1]);
}

/* Dividing by 1 where y is 0 keeps the gradient finite there too. */
static value compose_divide_no_nan(graph *g, value x, value y) {
    value zero = build_full_like(g, y, 0), one = build_full_like(g, y, 1);
    value none = build_compare(g, COMPARE_EQ, y, zero);
    return build_select(g, none, zero, build_div(g, x, build_select(g, none, one, y)));
}

/* Python's: the sign of y, where the IR's rem has the sign of x. */
static value compose_mod(graph *g, value x, value y) {
    value zero = build_full_like(g, y, 0), rest = build_binary(g, &op_rem, x, y);
    value rest_below = build_compare(g, COMPARE_LT, rest, zero);
    value y_below = build_compare(g, COMPARE_LT, y, zero);
    value apart = build_compare(g, COMPARE_NE, rest_below, y_below);
    value some = build_compare(g, COMPARE_NE, rest, zero);
    value wrong = build_bit(g, BIT_AND, apart, some);
    return build_select(g, wrong, build_add(g, rest, y), rest);
}

static value compose_and(graph *g, value x, value y) {
    return build_bit(g, BIT_AND, x, y);
}
static value compose_or(graph *g, value x, value y) {
    return build_bit(g, BIT_OR, x, y);
}
static value compose_equal(graph *g, value x, value y) {
    return build_compare(g, COMPARE_EQ, x, y);
}
static value compose_not_equal(graph *g, value x, value y) {
    return build_compare(g, COMPARE_NE, x, y);
}
static value compose_less(graph *g, value x, value y) {
    return build_compare(g, COMPARE_LT, x, y);
}
static value compose_less_equal(graph *g, value x, value y) {
    return build_compare(g, COMPARE_LE, x, y);
}
static value compose_greater(graph *g, value x, value y) {
    return build_compare(g, COMPARE_GT, x, y);
}
static value compose_greater_equal(graph *g, value x, value y) {
    return build_compare(g, COMPARE_GE, x, y);
}

#define BINARY(name, ...)                                                                   \
    cn_tensor cn_op_##name(cn_tensor x, cn_tensor y) {                                      \
        static const binary_rule rule = {__VA_ARGS__};                                      \
        cn_context *c = x.context != NULL ? x.context : y.context;                          \
        return op_record(c, #name, build_binary_rule, (const cn_tensor[]){x, y}, 2, &rule); \
    }
BINARY(add, NUMBERS, .op = &op_add)
BINARY(subtract, NUMBERS, .op = &op_sub)
BINARY(multiply, NUMBERS, .op = &op_mul)
BINARY(divide, REALS, .op = &op_div)
BINARY(divide_no_nan, REALS, .compose = compose_divide_no_nan)
BINARY(mod, NUMBERS, .compose = compose_mod)
BINARY(power, NUMBERS, .op = &op_pow)
BINARY(maximum, NUMBERS, .op = &op_max)
BINARY(minimum, NUMBERS, .op = &op_min)
BINARY(equal, NUMBERS, .compose = compose_equal)
BINARY(not_equal, NUMBERS, .compose = compose_not_equal)
BINARY(less, NUMBERS, .compose = compose_less)
BINARY(less_equal, NUMBERS, .compose = compose_less_equal)
BINARY(greater, NUMBERS, .compose = compose_greater)
BINARY(greater_equal, NUMBERS, .compose = compose_greater_equal)
BINARY(logical_and, BOOLS, .compose = compose_and)
BINARY(logical_or, BOOLS, .compose = compose_or)
#undef BINARY

/* ---- a tensor and a C scalar ------------------------------------------------------------ */

typedef struct scalar_rule_arguments {
    const op_def *op;
    double number;
} scalar_rule_arguments;

static value build_beside_scalar(const op_call *call) {
    const scalar_rule_arguments *a = call->arguments;
    value x = call_value(call, 0);
    x = build_cast(call->g, x, dtype_beside(call_type(call, 0)->dtype, a->number));
    return build_binary(call->g, a->op, x, build_full_like(call->g, x, a->number));
}

static cn_tensor beside_scalar(const char *name, const op_def *op, cn_tensor x, double number) {
    scalar_rule_arguments a = {op, number};
    return op_record(x.context, name, build_beside_scalar, &x, 1, &a);
}

cn_tensor cn_op_scale(cn_tensor x, double factor) {
    return beside_scalar("scale", &op_mul, x, factor);
}
cn_tensor cn_op_shift(cn_tensor x, double offset) {
    return beside_scalar("shift", &op_add, x, offset);
}
cn_tensor cn_op_maximum_of(cn_tensor x, double low) {
    return beside_scalar("maximum_of", &op_max, x, low);
}
cn_tensor cn_op_minimum_of(cn_tensor x, double high) {
    return beside_scalar("minimum_of", &op_min, x, high);
}

cn_tensor cn_op_clip(cn_tensor x, double low, double high) {
    return cn_op_minimum_of(cn_op_maximum_of(x, low), high);
}

/* ---- choice, casts, constants ----------------------------------------------------------- */

static value build_where(const op_call *call) {
    type shape, choices;
    const type *x = call_type(call, 1), *y = call_type(call, 2);
    if (!shape_broadcast(x, y, &choices) || !shape_broadcast(&choices, call_type(call, 0), &shape))
        return op_refuse(call, CN_ERROR_SHAPE,
                         "shapes do not fit: a condition %s with %s and %s; axes must be equal or "
                         "1, counted from the last",
                         tensor_describe(call->inputs[0]), tensor_describe(call->inputs[1]),
                         tensor_describe(call->inputs[2]));
    cn_dtype dtype = dtype_promote(x->dtype, y->dtype);
    value v[3];
    for (size_t i = 0; i < 3; i++) {
        value part = build_cast(call->g, call_value(call, i), i == 0 ? CN_BOOL : dtype);
        v[i] = broadcast_to(call->g, part, &shape);
    }
    return build_select(call->g, v[0], v[1], v[2]);
}

cn_tensor cn_op_where(cn_tensor condition, cn_tensor if_true, cn_tensor if_false) {
    const cn_tensor inputs[] = {condition, if_true, if_false};
    return op_record(condition.context, "where", build_where, inputs, 3, NULL);
}

static bool known_dtype(const op_call *call, cn_dtype dtype) {
    if (dtype > CN_DTYPE_DEFAULT && dtype < CN_DTYPE_COUNT)
        return true;
    op_refuse(call, CN_ERROR_DTYPE, "%d is not an element type; use one such as CN_F32",
              (int)dtype);
    return false;
}

static value build_cast_op(const op_call *call) {
    const cn_dtype *to = call->arguments;
    return known_dtype(call, *to) ? build_cast(call->g, call_value(call, 0), *to) : NO_VALUE;
}

cn_tensor cn_op_cast(cn_tensor x, cn_dtype dtype) {
    if (dtype == CN_DTYPE_DEFAULT)
        dtype = CN_F32;
    return op_record(x.context, "cast", build_cast_op, &x, 1, &dtype);
}

static value build_like(const op_call *call) {
    return build_full_like(call->g, call_value(call, 0), *(const double *)call->arguments);
}

cn_tensor cn_op_zeros_like(cn_tensor x) {
    return op_record(x.context, "zeros_like", build_like, &x, 1, &(const double){0});
}
cn_tensor cn_op_ones_like(cn_tensor x) {
    return op_record(x.context, "ones_like", build_like, &x, 1, &(const double){1});
}

typedef struct array_arguments {
    cn_dtype dtype;
    int rank;
    const int64_t *shape;
    const void *data;
    double number; /* of every element, when there is no data */
} array_arguments;

static value build_constant_op(const op_call *call) {
    const array_arguments *a = call->arguments;
    return known_dtype(call, a->dtype) ? build_constant(call->g, a->dtype, a->number) : NO_VALUE;
}

cn_tensor cn_op_constant(cn_context *c, double number, cn_dtype dtype) {
    array_arguments a = {.dtype = dtype == CN_DTYPE_DEFAULT ? CN_F32 : dtype, .number = number};
    return op_record(c, "constant", build_constant_op, NULL, 0, &a);
}

static value build_array_op(const op_call *call) {
    const array_arguments *a = call->arguments;
    if (!known_dtype(call, a->dtype))
        return NO_VALUE;
    if (a->rank < 0 || a->rank > MAX_RANK)
        return op_refuse(call, CN_ERROR_SHAPE, "%d axes are not from 0 to %d", a->rank, MAX_RANK);
    type t = type_make(a->dtype, a->rank, (dim[MAX_RANK]){{0}});
    for (int i = 0; i < a->rank; i++) {
        if (a->shape[i] < 0)
            return op_refuse(call, CN_ERROR_SHAPE, "axis %d has size %lld", i,
                             (long long)a->shape[i]);
        t.dims[i] = dim_of(a->shape[i]);
    }
    dim elements;
    if (!type_elements(&t, &elements))
        return op_refuse(call, CN_ERROR_SHAPE, "more elements than can be counted");
    return build_array(call->g, &t, a->data, (size_t)type_bytes(&t, 0));
}

cn_tensor cn_op_array(cn_context *c, cn_dtype dtype, int rank, const int64_t *shape,
                      const void *data) {
    array_arguments a = {.dtype = dtype == CN_DTYPE_DEFAULT ? CN_F32 : dtype,
                         .rank = rank,
                         .shape = shape,
                         .data = data};
    return op_record(c, "array", build_array_op, NULL, 0, &a);
}
