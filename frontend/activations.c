/* Activations: Keras' thirty, each a composition of ops with Keras' values at the kinks.
 *
 * Where Keras on JAX has a slope of 0 or 1 at a kink, so has the select here; where it splits
 * a tie of max or min in halves, so does the IR. sparsemax alone differs on purpose: Keras sums
 * the partial sums in place of taking the last one, so that its results do not add up to one; here
 * it is the published projection (Martins and Astudillo 2016).
 */
#include <string.h>

#include "frontend/frontend.h"

typedef const cn_activation *const_activation;

cn_tensor activation_apply(const cn_activation *a, cn_tensor x) {
    if (a == NULL)
        return x;
    if (a->custom != NULL)
        return a->custom(x, a->user);
    return a->function != NULL ? a->function(x, a) : tensor_poison(x.context);
}

/* ---- small words for formulas ----------------------------------------------------------- */

/* A scalar beside x. */
static cn_tensor filled(cn_tensor x, double number) {
    cn_dtype dtype = cn_tensor_dtype(x);
    return cn_op_constant(x.context, number, dtype_is_float(dtype) ? dtype : CN_F32);
}
/* A bool tensor: x OP number. */
static cn_tensor above(cn_tensor x, double number) {
    return cn_op_greater(x, filled(x, number));
}
static cn_tensor at_least(cn_tensor x, double number) {
    return cn_op_greater_equal(x, filled(x, number));
}
static cn_tensor below(cn_tensor x, double number) {
    return cn_op_less(x, filled(x, number));
}
static cn_tensor at_most(cn_tensor x, double number) {
    return cn_op_less_equal(x, filled(x, number));
}

/* ---- rectifiers ------------------------------------------------------------------------- */

static cn_tensor linear(cn_tensor x, const_activation a) {
    (void)a;
    return x;
}

/* parameters: negative slope, highest value (0 = none), threshold. */
static cn_tensor relu(cn_tensor x, const_activation a) {
    double slope = a->parameters[0], high = a->parameters[1], threshold = a->parameters[2];
    cn_tensor y = threshold == 0
                      ? cn_op_relu(x)
                      : cn_op_multiply(x, cn_op_cast(above(x, threshold), cn_tensor_dtype(x)));
    if (high != 0)
        y = cn_op_clip(y, 0, option_number(high, 0));
    if (slope == 0)
        return y;
    cn_tensor under = cn_op_relu(cn_op_shift(cn_op_negative(x), threshold));
    return cn_op_subtract(y, cn_op_scale(under, slope));
}

static cn_tensor relu6(cn_tensor x, const_activation a) {
    (void)a;
    return cn_op_clip(x, 0, 6);
}

static cn_tensor leaky_relu(cn_tensor x, const_activation a) {
    return cn_op_where(at_least(x, 0), x, cn_op_scale(x, a->parameters[0]));
}

/* expm1 sees no positive x: its overflow would make the gradient there NaN. */
static cn_tensor elu_of(cn_tensor x, double alpha) {
    cn_tensor positive = above(x, 0);
    cn_tensor safe = cn_op_where(positive, cn_op_zeros_like(x), x);
    return cn_op_where(positive, x, cn_op_scale(cn_op_expm1(safe), alpha));
}

static cn_tensor elu(cn_tensor x, const_activation a) {
    return elu_of(x, a->parameters[0]);
}

static cn_tensor selu(cn_tensor x, const_activation a) {
    (void)a;
    return cn_op_scale(elu_of(x, 1.6732632423543772), 1.0507009873554805);
}

static cn_tensor celu(cn_tensor x, const_activation a) {
    double alpha = a->parameters[0];
    cn_tensor power = cn_op_expm1(cn_op_scale(cn_op_minimum_of(x, 0), 1 / alpha));
    return cn_op_add(cn_op_maximum_of(x, 0), cn_op_scale(power, alpha));
}

/* parameters: threshold, value at or below it. */
static cn_tensor threshold(cn_tensor x, const_activation a) {
    return cn_op_where(above(x, a->parameters[0]), x, filled(x, a->parameters[1]));
}

/* ---- smooth gates ----------------------------------------------------------------------- */

static cn_tensor gelu(cn_tensor x, const_activation a) {
    if (a->parameters[0] == 0) {
        cn_tensor tail = cn_op_shift(cn_op_erf(cn_op_scale(x, 0.70710678118654752)), 1);
        return cn_op_scale(cn_op_multiply(x, tail), 0.5);
    }
    cn_tensor cube = cn_op_multiply(cn_op_square(x), x);
    cn_tensor inner = cn_op_scale(cn_op_add(x, cn_op_scale(cube, 0.044715)), 0.79788456080286536);
    return cn_op_scale(cn_op_multiply(x, cn_op_shift(cn_op_tanh(inner), 1)), 0.5);
}

static cn_tensor silu(cn_tensor x, const_activation a) {
    (void)a;
    return cn_op_multiply(x, cn_op_sigmoid(x));
}

static cn_tensor mish(cn_tensor x, const_activation a) {
    (void)a;
    return cn_op_multiply(x, cn_op_tanh(cn_op_softplus(x)));
}

static cn_tensor hard_sigmoid(cn_tensor x, const_activation a) {
    (void)a;
    return cn_op_scale(cn_op_clip(cn_op_shift(x, 3), 0, 6), 1.0 / 6);
}

static cn_tensor hard_silu(cn_tensor x, const_activation a) {
    return cn_op_multiply(x, hard_sigmoid(x, a));
}

static cn_tensor sigmoid(cn_tensor x, const_activation a) {
    (void)a;
    return cn_op_sigmoid(x);
}

static cn_tensor log_sigmoid(cn_tensor x, const_activation a) {
    (void)a;
    return cn_op_negative(cn_op_softplus(cn_op_negative(x)));
}

static cn_tensor sparse_sigmoid(cn_tensor x, const_activation a) {
    (void)a;
    cn_tensor middle = cn_op_scale(cn_op_shift(x, 1), 0.5);
    cn_tensor upper = cn_op_where(at_least(x, 1), cn_op_ones_like(x), middle);
    return cn_op_where(at_most(x, -1), cn_op_zeros_like(x), upper);
}

/* parameters: axis, whose first half is gated by the second. */
static cn_tensor glu(cn_tensor x, const_activation a) {
    int64_t shape[CN_MAX_RANK], axis = (int64_t)a->parameters[0];
    int rank = cn_tensor_shape(x, shape);
    int64_t at = axis < 0 ? axis + rank : axis;
    if (at < 0 || at >= rank)
        return cn_op_slice(x, axis, 0, 0); /* refuses the axis in its words */
    cn_tensor values = cn_op_slice(x, axis, 0, shape[at] / 2);
    cn_tensor gates = cn_op_slice(x, axis, shape[at] / 2, shape[at] - shape[at] / 2);
    return cn_op_multiply(values, cn_op_sigmoid(gates));
}

/* ---- of tanh, log and root -------------------------------------------------------------- */

static cn_tensor tanh_of(cn_tensor x, const_activation a) {
    (void)a;
    return cn_op_tanh(x);
}

static cn_tensor hard_tanh(cn_tensor x, const_activation a) {
    (void)a;
    return cn_op_clip(x, -1, 1);
}

static cn_tensor tanh_shrink(cn_tensor x, const_activation a) {
    (void)a;
    return cn_op_subtract(x, cn_op_tanh(x));
}

static cn_tensor soft_shrink(cn_tensor x, const_activation a) {
    double limit = a->parameters[0];
    cn_tensor low = cn_op_where(below(x, -limit), cn_op_shift(x, limit), cn_op_zeros_like(x));
    return cn_op_where(above(x, limit), cn_op_shift(x, -limit), low);
}

static cn_tensor hard_shrink(cn_tensor x, const_activation a) {
    return cn_op_where(above(cn_op_absolute(x), a->parameters[0]), x, cn_op_zeros_like(x));
}

static cn_tensor softplus(cn_tensor x, const_activation a) {
    (void)a;
    return cn_op_softplus(x);
}

static cn_tensor sparse_plus(cn_tensor x, const_activation a) {
    (void)a;
    cn_tensor middle = cn_op_scale(cn_op_square(cn_op_shift(x, 1)), 0.25);
    cn_tensor upper = cn_op_where(below(x, 1), middle, x);
    return cn_op_where(at_most(x, -1), cn_op_zeros_like(x), upper);
}

static cn_tensor squareplus(cn_tensor x, const_activation a) {
    cn_tensor root = cn_op_sqrt(cn_op_shift(cn_op_square(x), a->parameters[0]));
    return cn_op_scale(cn_op_add(x, root), 0.5);
}

static cn_tensor softsign(cn_tensor x, const_activation a) {
    (void)a;
    return cn_op_divide(x, cn_op_shift(cn_op_absolute(x), 1));
}

static cn_tensor exponential(cn_tensor x, const_activation a) {
    (void)a;
    return cn_op_exp(x);
}

/* ---- over an axis ----------------------------------------------------------------------- */

static cn_tensor softmax(cn_tensor x, const_activation a) {
    return cn_op_softmax(x, (int64_t)a->parameters[0]);
}

static cn_tensor log_softmax(cn_tensor x, const_activation a) {
    return cn_op_log_softmax(x, (int64_t)a->parameters[0]);
}

/* x and its axis moved to the last place, or back: the exchange is its own inverse. */
static cn_tensor exchange_last(cn_tensor x, int64_t axis) {
    int64_t axes[CN_MAX_RANK];
    int rank = cn_tensor_ok(x) ? tensor_type(x)->rank : 0;
    int64_t at = axis < 0 ? axis + rank : axis;
    for (int i = 0; i < rank; i++)
        axes[i] = i;
    if (at >= 0 && at < rank) {
        axes[at] = rank - 1;
        axes[rank - 1] = at;
    }
    return cn_op_transpose(x, axes);
}

/* max(x - tau, 0) with tau such that the results sum to one. Element i is in the support when
 * 1 + n_i x_i > s_i, n_i and s_i being count and sum of the elements that are at least x_i: the
 * sorted formula without a sort, by comparing all pairs. */
static cn_tensor sparsemax(cn_tensor given, const_activation a) {
    cn_tensor x = exchange_last(given, (int64_t)a->parameters[0]);
    x = cn_op_subtract(x, cn_op_stop_gradient(cn_op_max(x, 1, &(const int64_t){-1}, true)));
    cn_tensor one = cn_op_expand_dims(x, -1), other = cn_op_expand_dims(x, -2);
    cn_tensor order = cn_op_cast(cn_op_greater_equal(other, one), cn_tensor_dtype(x));
    cn_tensor count = cn_op_sum(order, 1, &(const int64_t){-1}, false);
    cn_tensor sum = cn_op_sum(cn_op_multiply(order, other), 1, &(const int64_t){-1}, false);
    cn_tensor inside = cn_op_greater(cn_op_shift(cn_op_multiply(count, x), 1), sum);
    cn_tensor support = cn_op_cast(inside, cn_tensor_dtype(x));
    cn_tensor size = cn_op_sum(support, 1, &(const int64_t){-1}, true);
    cn_tensor held = cn_op_sum(cn_op_multiply(support, x), 1, &(const int64_t){-1}, true);
    cn_tensor tau = cn_op_divide(cn_op_shift(held, -1), size);
    return exchange_last(cn_op_relu(cn_op_subtract(x, tau)), (int64_t)a->parameters[0]);
}

/* ---- the objects ------------------------------------------------------------------------ */

#define OBJECT(keras, formula, ...)                      \
    const cn_activation cn_activation_object_##keras = { \
        .name = #keras, .function = (formula), .parameters = {__VA_ARGS__}};
OBJECT(linear, linear, 0)
OBJECT(relu, relu, 0)
OBJECT(relu6, relu6, 0)
OBJECT(leaky_relu, leaky_relu, 0.2)
OBJECT(elu, elu, 1)
OBJECT(selu, selu, 0)
OBJECT(celu, celu, 1)
OBJECT(gelu, gelu, 0)
OBJECT(silu, silu, 0)
OBJECT(mish, mish, 0)
OBJECT(softmax, softmax, -1)
OBJECT(log_softmax, log_softmax, -1)
OBJECT(sparsemax, sparsemax, -1)
OBJECT(sigmoid, sigmoid, 0)
OBJECT(log_sigmoid, log_sigmoid, 0)
OBJECT(hard_sigmoid, hard_sigmoid, 0)
OBJECT(sparse_sigmoid, sparse_sigmoid, 0)
OBJECT(hard_silu, hard_silu, 0)
OBJECT(tanh, tanh_of, 0)
OBJECT(hard_tanh, hard_tanh, 0)
OBJECT(tanh_shrink, tanh_shrink, 0)
OBJECT(soft_shrink, soft_shrink, 0.5)
OBJECT(hard_shrink, hard_shrink, 0.5)
OBJECT(softplus, softplus, 0)
OBJECT(sparse_plus, sparse_plus, 0)
OBJECT(squareplus, squareplus, 4)
OBJECT(softsign, softsign, 0)
OBJECT(exponential, exponential, 0)
OBJECT(glu, glu, -1)
OBJECT(threshold, threshold, 0)
#undef OBJECT

/* A poison activation: it makes poison tensors. */
static const cn_activation failed = {.name = "failed"};

static const cn_activation *with_parameters(cn_context *c, const cn_activation *like, double p0,
                                            double p1, double p2) {
    if (c == NULL)
        return &failed;
    CONTEXT_ENTER(c, &failed);
    cn_activation *a = ARENA_NEW(c->arena, cn_activation);
    *a = (cn_activation){
        .name = like->name, .function = like->function, .parameters = {p0, p1, p2}, .context = c};
    CONTEXT_LEAVE(c);
    return a;
}

const cn_activation *cn_activation_relu(cn_context *c, double negative_slope, double max_value,
                                        double threshold_value) {
    return with_parameters(c, CN_RELU, negative_slope, max_value, threshold_value);
}
const cn_activation *cn_activation_leaky_relu(cn_context *c, double negative_slope) {
    return with_parameters(c, CN_LEAKY_RELU, negative_slope, 0, 0);
}
const cn_activation *cn_activation_elu(cn_context *c, double alpha) {
    return with_parameters(c, CN_ELU, alpha, 0, 0);
}
const cn_activation *cn_activation_celu(cn_context *c, double alpha) {
    return with_parameters(c, CN_CELU, alpha, 0, 0);
}
const cn_activation *cn_activation_gelu(cn_context *c, bool approximate) {
    return with_parameters(c, CN_GELU, approximate, 0, 0);
}
const cn_activation *cn_activation_softmax(cn_context *c, int64_t axis) {
    return with_parameters(c, CN_SOFTMAX, (double)axis, 0, 0);
}
const cn_activation *cn_activation_log_softmax(cn_context *c, int64_t axis) {
    return with_parameters(c, CN_LOG_SOFTMAX, (double)axis, 0, 0);
}
const cn_activation *cn_activation_sparsemax(cn_context *c, int64_t axis) {
    return with_parameters(c, CN_SPARSEMAX, (double)axis, 0, 0);
}
const cn_activation *cn_activation_soft_shrink(cn_context *c, double limit) {
    return with_parameters(c, CN_SOFT_SHRINK, limit, 0, 0);
}
const cn_activation *cn_activation_hard_shrink(cn_context *c, double limit) {
    return with_parameters(c, CN_HARD_SHRINK, limit, 0, 0);
}
const cn_activation *cn_activation_squareplus(cn_context *c, double b) {
    return with_parameters(c, CN_SQUAREPLUS, b, 0, 0);
}
const cn_activation *cn_activation_glu(cn_context *c, int64_t axis) {
    return with_parameters(c, CN_GLU, (double)axis, 0, 0);
}
const cn_activation *cn_activation_threshold(cn_context *c, double limit, double otherwise) {
    return with_parameters(c, CN_THRESHOLD, limit, otherwise, 0);
}

static cn_activation *new_custom(cn_context *c, const char *name, const void *user, size_t size) {
    cn_activation *a = ARENA_NEW(c->arena, cn_activation);
    *a = (cn_activation){.name = arena_string(c->arena, name != NULL ? name : "custom"),
                         .user = user == NULL ? NULL : arena_copy(c->arena, user, size),
                         .context = c};
    return a;
}

const cn_activation *cn_activation_custom(cn_context *c, const char *name,
                                          cn_tensor (*function)(cn_tensor x, const void *user),
                                          const void *user, size_t user_size) {
    if (c == NULL)
        return &failed;
    CONTEXT_ENTER(c, &failed);
    cn_activation *a = new_custom(c, name, user, user_size);
    a->custom = function;
    if (function == NULL)
        diag_fail(&c->diag, CN_ERROR_INVALID_ARGUMENT,
                  "cn_activation_custom: the function of \"%s\" is missing", a->name);
    CONTEXT_LEAVE(c);
    return a;
}
