/* Building nodes by the name of the op, for vjp rules, passes, composites and the frontend.
 *
 * Strict: operand types must already agree; nothing broadcasts or promotes here (the frontend
 * has its own layer for that). All return NO_VALUE when an operand is NO_VALUE or the op's
 * infer refused, with the message in the diagnostics of the graph's arena.
 */
#ifndef CORNU_IR_BUILD_H
#define CORNU_IR_BUILD_H

#include "ir/ir.h"
#include "ir/ops/ops.h"

value build_unary(graph *g, const op_def *op, value x);
value build_binary(graph *g, const op_def *op, value x, value y);
value build_neg(graph *g, value x);
value build_abs(graph *g, value x);
value build_sign(graph *g, value x);
value build_exp(graph *g, value x);
value build_log(graph *g, value x);
value build_sqrt(graph *g, value x);
value build_sigmoid(graph *g, value x);
value build_not(graph *g, value x);
value build_add(graph *g, value x, value y);
value build_sub(graph *g, value x, value y);
value build_mul(graph *g, value x, value y);
value build_div(graph *g, value x, value y);
value build_pow(graph *g, value x, value y);
value build_max(graph *g, value x, value y);
value build_min(graph *g, value x, value y);
value build_compare(graph *g, compare_kind kind, value x, value y);
value build_bit(graph *g, bit_kind kind, value x, value y);
value build_select(graph *g, value condition, value if_true, value if_false);
value build_cast(graph *g, value x, cn_dtype to);

/* Constants: a scalar, or a scalar broadcast to a shape. */
value build_constant(graph *g, cn_dtype dtype, double number);
value build_full(graph *g, cn_dtype dtype, int rank, const dim *dims, double number);
value build_full_like(graph *g, value like, double number);
value build_zeros(graph *g, const type *t);
value build_array(graph *g, const type *t, const void *bytes, size_t length);
value build_iota(graph *g, cn_dtype dtype, int rank, const dim *dims, int axis);
value build_dim_size(graph *g, cn_dtype dtype, dim d); /* d as a scalar */

value build_reshape(graph *g, value x, int rank, const dim *dims);
/* axes[i]: which result axis operand axis i becomes (increasing); others are repeated. */
value build_broadcast(graph *g, value x, int rank, const dim *dims, const int64_t *axes);
/* A scalar to the shape of `like`. */
value build_broadcast_scalar(graph *g, value x, value like);
/* Result axis i is operand axis permutation[i]. */
value build_transpose(graph *g, value x, const int64_t *permutation);
value build_slice(graph *g, value x, const int64_t *starts, const dim *sizes,
                  const int64_t *strides);
value build_pad(graph *g, value x, value with, const int64_t *low, const int64_t *high,
                const int64_t *interior);
value build_reverse(graph *g, value x, int axis_count, const int64_t *axes);
value build_concat(graph *g, const value *xs, int count, int axis);
value build_gather(graph *g, value x, value indices, int axis);

/* Folds over `axes`; they vanish. build_reduce_keep keeps them as 1. */
value build_reduce(graph *g, reduce_kind kind, value x, int axis_count, const int64_t *axes);
value build_reduce_keep(graph *g, reduce_kind kind, value x, int axis_count, const int64_t *axes);
value build_sum(graph *g, value x, int axis_count, const int64_t *axes);
value build_argreduce(graph *g, argreduce_kind kind, value x, int axis); /* i32 */
value build_dot(graph *g, value left, value right, const dot_attributes *attributes);
/* x [..., k] times w [k, n] over the last axis of x. */
value build_matmul(graph *g, value x, value w);
value build_conv(graph *g, value left, value right, const conv_attributes *attributes);
value build_reduce_window(graph *g, value x, const window_attributes *attributes);
value build_select_and_scatter(graph *g, value x, value dy, const window_attributes *attributes);
value build_rng_bits(graph *g, value key, value step, int rank, const dim *dims, uint32_t stream);
value build_stop_gradient(graph *g, value x);
/* d loss / d wrt[i] for a scalar float loss; fills results[count]. Expanded by autodiff. */
void build_gradient(graph *g, value loss, const value *wrt, int count, value *results);
/* A named composite (ir/composite.h) applied to operands; fills its results. */
void build_composite(graph *g, const char *name, const void *attributes, const value *operands,
                     int operand_count, value *results);

#endif
