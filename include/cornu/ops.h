/* Ops on symbolic tensors: the vocabulary of keras.ops, for custom layers, losses and functions.
 *
 * They broadcast as NumPy does and promote as Keras does (C scalars are weak: cn_op_scale(x, 2)
 * keeps x's dtype). Axes count from 0, the batch included, or backwards from -1. Lists are copied.
 * A result belongs to the context of its operands; operands that do not fit give poison, poison in
 * gives poison out, and the context keeps the message, which names the line and both shapes.
 */
#ifndef CORNU_OPS_H
#define CORNU_OPS_H

#include "cornu/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* X(name): one operand, same shape. What has no integer values (exp, sigmoid, ...) is float32 of
 * integers; round is to nearest, halves to even; sign of 0 is 0. Nothing learns through
 * stop_gradient. */
#define CN_OP_UNARY_MAP(X)                                                                     \
    X(negative) X(absolute) X(sign) X(floor) X(ceil) X(round) X(exp) X(expm1) X(log) X(log1p)  \
    X(sqrt) X(rsqrt) X(square) X(reciprocal) X(sin) X(cos) X(tanh) X(sigmoid) X(erf) X(relu)   \
    X(softplus) X(logical_not) X(stop_gradient)
#define X(name) CN_API cn_tensor cn_op_##name(cn_tensor x);
CN_OP_UNARY_MAP(X)
#undef X

/* X(name): two operands, broadcast against each other. Comparisons and logical ops give bool.
 * divide_no_nan is 0 where y is 0; mod has the sign of y, as in Python. */
#define CN_OP_BINARY_MAP(X)                                                                    \
    X(add) X(subtract) X(multiply) X(divide) X(divide_no_nan) X(mod) X(power) X(maximum)       \
    X(minimum) X(equal) X(not_equal) X(less) X(less_equal) X(greater) X(greater_equal)         \
    X(logical_and) X(logical_or)
#define X(name) CN_API cn_tensor cn_op_##name(cn_tensor x, cn_tensor y);
CN_OP_BINARY_MAP(X)
#undef X

/* A scalar. dtype 0 = float32. */
CN_API cn_tensor cn_op_constant(cn_context *c, double value, cn_dtype dtype);
/* A constant of rank 0 to 8 from `data` (row-major, copied). */
CN_API cn_tensor cn_op_array(cn_context *c, cn_dtype dtype, int rank, const int64_t *shape,
                             const void *data);
CN_API cn_tensor cn_op_scale(cn_tensor x, double factor);   /* x * factor */
CN_API cn_tensor cn_op_shift(cn_tensor x, double offset);   /* x + offset */
CN_API cn_tensor cn_op_maximum_of(cn_tensor x, double low); /* max(x, low) */
CN_API cn_tensor cn_op_minimum_of(cn_tensor x, double high);
CN_API cn_tensor cn_op_clip(cn_tensor x, double low, double high);
CN_API cn_tensor cn_op_where(cn_tensor condition, cn_tensor if_true, cn_tensor if_false);
CN_API cn_tensor cn_op_cast(cn_tensor x, cn_dtype dtype);
CN_API cn_tensor cn_op_zeros_like(cn_tensor x);
CN_API cn_tensor cn_op_ones_like(cn_tensor x);

/* Reductions; axis_count 0 = over all axes, the batch included. Sums and products of bool and i8
 * are i32, of u8 u32; means of integers are float32; any and all are bool. */
#define CN_OP_REDUCE_MAP(X) X(sum) X(mean) X(max) X(min) X(prod) X(any) X(all)
#define X(name) \
    CN_API cn_tensor cn_op_##name(cn_tensor x, int axis_count, const int64_t *axes, bool keepdims);
CN_OP_REDUCE_MAP(X)
#undef X
/* The index of the first extreme along the axis, which vanishes: i32. */
CN_API cn_tensor cn_op_argmax(cn_tensor x, int64_t axis);
CN_API cn_tensor cn_op_argmin(cn_tensor x, int64_t axis);
/* Along one axis; safe for large x. */
CN_API cn_tensor cn_op_softmax(cn_tensor x, int64_t axis);
CN_API cn_tensor cn_op_log_softmax(cn_tensor x, int64_t axis);
CN_API cn_tensor cn_op_logsumexp(cn_tensor x, int64_t axis, bool keepdims);
/* The size of x's axis as a scalar; for the batch axis the actual batch. */
CN_API cn_tensor cn_op_size(cn_tensor x, int64_t axis, cn_dtype dtype);

/* shape includes the batch (CN_BATCH); one entry may be -1 when x's batch axis is kept first:
 * the first CN_BATCH is the batch, a second one is inferred. */
CN_API cn_tensor cn_op_reshape(cn_tensor x, int rank, const int64_t *shape);
/* Axis i of the result is axis axes[i] of x. */
CN_API cn_tensor cn_op_transpose(cn_tensor x, const int64_t *axes);
CN_API cn_tensor cn_op_expand_dims(cn_tensor x, int64_t axis);
CN_API cn_tensor cn_op_squeeze(cn_tensor x, int64_t axis);
/* x, broadcast to the other's shape. */
CN_API cn_tensor cn_op_broadcast_like(cn_tensor x, cn_tensor shape_of);
CN_API cn_tensor cn_op_concatenate(const cn_tensor *xs, size_t count, int64_t axis);
/* Elements start to start + size of one axis; not of the batch. */
CN_API cn_tensor cn_op_slice(cn_tensor x, int64_t axis, int64_t start, int64_t size);
/* `low` copies of value before and `high` after, along one axis. */
CN_API cn_tensor cn_op_pad(cn_tensor x, int64_t axis, int64_t low, int64_t high, double value);
CN_API cn_tensor cn_op_flip(cn_tensor x, int64_t axis);
/* x at integer indices along an axis: x's shape with that axis replaced by the indices' shape;
 * along_axis: the shape of indices, which has x's rank. Negative indices count from the end;
 * beyond it they are clamped. */
CN_API cn_tensor cn_op_take(cn_tensor x, cn_tensor indices, int64_t axis);
CN_API cn_tensor cn_op_take_along_axis(cn_tensor x, cn_tensor indices, int64_t axis);
/* A last axis of `classes`: 1 at x, 0 elsewhere; all 0 where x is none of them. dtype 0 =
 * float32. */
CN_API cn_tensor cn_op_one_hot(cn_tensor x, int64_t classes, cn_dtype dtype);
/* x [..., k] times y [k, n], or x [..., m, k] times y [..., k, n] with NumPy's broadcasting of the
 * leading axes. */
CN_API cn_tensor cn_op_matmul(cn_tensor x, cn_tensor y);

/* Uniform in [0,1) and standard normal, one per element of `like`; the bits depend on the seed, the
 * layer (or function) they stand in, the ordinal there, and the step. */
CN_API cn_tensor cn_op_random_uniform(cn_tensor like);
CN_API cn_tensor cn_op_random_normal(cn_tensor like);

/* Each op by its name again, with the line it stands on: a failure names it. The library itself
 * calls the functions, for there the line is that of the layer. */
#if !defined(__cplusplus) && !defined(CN_BUILDING_LIBRARY)
#define cn_op_negative(x) cn_op_negative(cn_at(CN_WHERE, (x)))
#define cn_op_absolute(x) cn_op_absolute(cn_at(CN_WHERE, (x)))
#define cn_op_sign(x) cn_op_sign(cn_at(CN_WHERE, (x)))
#define cn_op_floor(x) cn_op_floor(cn_at(CN_WHERE, (x)))
#define cn_op_ceil(x) cn_op_ceil(cn_at(CN_WHERE, (x)))
#define cn_op_round(x) cn_op_round(cn_at(CN_WHERE, (x)))
#define cn_op_exp(x) cn_op_exp(cn_at(CN_WHERE, (x)))
#define cn_op_expm1(x) cn_op_expm1(cn_at(CN_WHERE, (x)))
#define cn_op_log(x) cn_op_log(cn_at(CN_WHERE, (x)))
#define cn_op_log1p(x) cn_op_log1p(cn_at(CN_WHERE, (x)))
#define cn_op_sqrt(x) cn_op_sqrt(cn_at(CN_WHERE, (x)))
#define cn_op_rsqrt(x) cn_op_rsqrt(cn_at(CN_WHERE, (x)))
#define cn_op_square(x) cn_op_square(cn_at(CN_WHERE, (x)))
#define cn_op_reciprocal(x) cn_op_reciprocal(cn_at(CN_WHERE, (x)))
#define cn_op_sin(x) cn_op_sin(cn_at(CN_WHERE, (x)))
#define cn_op_cos(x) cn_op_cos(cn_at(CN_WHERE, (x)))
#define cn_op_tanh(x) cn_op_tanh(cn_at(CN_WHERE, (x)))
#define cn_op_sigmoid(x) cn_op_sigmoid(cn_at(CN_WHERE, (x)))
#define cn_op_erf(x) cn_op_erf(cn_at(CN_WHERE, (x)))
#define cn_op_relu(x) cn_op_relu(cn_at(CN_WHERE, (x)))
#define cn_op_softplus(x) cn_op_softplus(cn_at(CN_WHERE, (x)))
#define cn_op_logical_not(x) cn_op_logical_not(cn_at(CN_WHERE, (x)))
#define cn_op_stop_gradient(x) cn_op_stop_gradient(cn_at(CN_WHERE, (x)))
#define cn_op_add(x, ...) cn_op_add(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_subtract(x, ...) cn_op_subtract(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_multiply(x, ...) cn_op_multiply(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_divide(x, ...) cn_op_divide(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_divide_no_nan(x, ...) cn_op_divide_no_nan(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_mod(x, ...) cn_op_mod(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_power(x, ...) cn_op_power(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_maximum(x, ...) cn_op_maximum(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_minimum(x, ...) cn_op_minimum(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_equal(x, ...) cn_op_equal(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_not_equal(x, ...) cn_op_not_equal(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_less(x, ...) cn_op_less(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_less_equal(x, ...) cn_op_less_equal(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_greater(x, ...) cn_op_greater(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_greater_equal(x, ...) cn_op_greater_equal(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_logical_and(x, ...) cn_op_logical_and(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_logical_or(x, ...) cn_op_logical_or(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_scale(x, ...) cn_op_scale(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_shift(x, ...) cn_op_shift(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_maximum_of(x, ...) cn_op_maximum_of(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_minimum_of(x, ...) cn_op_minimum_of(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_clip(x, ...) cn_op_clip(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_where(condition, ...) cn_op_where(cn_at(CN_WHERE, (condition)), __VA_ARGS__)
#define cn_op_cast(x, ...) cn_op_cast(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_zeros_like(x) cn_op_zeros_like(cn_at(CN_WHERE, (x)))
#define cn_op_ones_like(x) cn_op_ones_like(cn_at(CN_WHERE, (x)))
#define cn_op_sum(x, ...) cn_op_sum(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_mean(x, ...) cn_op_mean(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_max(x, ...) cn_op_max(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_min(x, ...) cn_op_min(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_prod(x, ...) cn_op_prod(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_any(x, ...) cn_op_any(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_all(x, ...) cn_op_all(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_argmax(x, ...) cn_op_argmax(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_argmin(x, ...) cn_op_argmin(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_softmax(x, ...) cn_op_softmax(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_log_softmax(x, ...) cn_op_log_softmax(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_logsumexp(x, ...) cn_op_logsumexp(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_size(x, ...) cn_op_size(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_reshape(x, ...) cn_op_reshape(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_transpose(x, ...) cn_op_transpose(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_expand_dims(x, ...) cn_op_expand_dims(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_squeeze(x, ...) cn_op_squeeze(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_broadcast_like(x, ...) cn_op_broadcast_like(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_slice(x, ...) cn_op_slice(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_pad(x, ...) cn_op_pad(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_flip(x, ...) cn_op_flip(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_take(x, ...) cn_op_take(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_take_along_axis(x, ...) cn_op_take_along_axis(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_one_hot(x, ...) cn_op_one_hot(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_matmul(x, ...) cn_op_matmul(cn_at(CN_WHERE, (x)), __VA_ARGS__)
#define cn_op_random_uniform(like) cn_op_random_uniform(cn_at(CN_WHERE, (like)))
#define cn_op_random_normal(like) cn_op_random_normal(cn_at(CN_WHERE, (like)))
#endif

#ifdef __cplusplus
}
#endif
#endif
