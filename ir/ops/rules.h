/* Small rules that several op families share.
 *
 * Messages: every refusal names the op, the types it got and what to do about it. Types: no
 * result may have a size that is neither c nor k*B. Folds: which dtype a sum accumulates in.
 */
#ifndef CORNU_IR_OPS_RULES_H
#define CORNU_IR_OPS_RULES_H

#include "ir/build.h"
#include "ir/interpret.h"
#include "ir/lower.h"

/* ---- inference --------------------------------------------------------------------------- */

/* "f32[B,28,28,1]" in the graph's arena, for messages. */
const char *type_words(const graph *g, const type *t);
const char *dim_words(const graph *g, dim d);
/* Stores the one result type, unless its size is not of the form c or k*B, or overflows. */
bool infer_one(const graph *g, const node *n, type t, type *results, diagnostics *d);
/* Fails with the op's name: "conv: <message>". Always false. */
bool op_fail(diagnostics *d, const node *n, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The list has `count` entries (`what` in the message), distinct, each 0 <= axis < rank. */
bool check_axes(const node *n, const integer_list *axes, int rank, const char *what,
                diagnostics *d);
bool check_number(const graph *g, const node *n, const type *t, diagnostics *d);
/* Sum of extents; false when it is not of the form c or k*B. */
bool dim_add(dim a, dim b, dim *out);
/* Extent of one axis under a sliding window: floor((d + low + high - span) / stride) + 1. */
bool window_extent(const graph *g, const node *n, int axis, dim extent, int64_t window,
                   int64_t stride, int64_t low, int64_t high, int64_t dilation, dim *out,
                   diagnostics *d);
static inline bool list_has(const integer_list *list, int64_t item) {
    for (int i = 0; i < list->count; i++)
        if (list->items[i] == item)
            return true;
    return false;
}
/* The axes 0 <= a < rank that are in neither list (the second may be NULL), increasing. */
integer_list other_axes(int rank, const integer_list *these, const integer_list *those);

/* ---- gradients --------------------------------------------------------------------------- */

static inline value gradient_of(gradient_context *cx, const node *n) {
    return cx->of_result(cx, n, 0);
}
/* The forward value of result 0. */
static inline value forward_result(const gradient_context *cx) {
    return (value){cx->node, 0};
}
/* x with the axes of `of` that `axes` lists repeated again: undoes a reduction over them. */
value broadcast_over(graph *g, value x, const type *of, const integer_list *axes);
/* Pads by amounts that may be negative, which crop. */
value pad_or_crop(graph *g, value x, const int64_t *low, const int64_t *high,
                  const int64_t *interior);

/* ---- folds ------------------------------------------------------------------------------- */

/* What a fold over this dtype accumulates in: f32 for the 16-bit floats, else itself. */
cn_dtype accumulator_dtype(cn_dtype dtype);
/* Start of a fold, in the number space of the dtype. */
number fold_identity(reduce_kind kind, cn_dtype dtype);
number fold_step(const interpreter *it, reduce_kind kind, cn_dtype dtype, number sum, number x);
number number_product(cn_dtype dtype, number a, number b);
fold_kind fold_of(reduce_kind kind);
const char *reduce_kind_name(reduce_kind kind);

/* Steps `index` through all points of a box in row-major order; false after the last one, when
 * index is all zero again. A box of rank 0 has one point. For boxes that are not empty. */
bool next_point(int rank, const int64_t *extents, int64_t *index);

/* ---- lowering ---------------------------------------------------------------------------- */

const expr *index_constant(lowering *l, int64_t x);
const expr *index_binary(lowering *l, scalar_op op, const expr *x, const expr *y);
/* x times an extent. */
const expr *index_times(lowering *l, const expr *x, dim extent);
/* A comparison or AND of conditions; NULL stands for "always true". */
const expr *index_compare(lowering *l, scalar_op op, const expr *x, const expr *y);
const expr *condition_and(lowering *l, const expr *x, const expr *y);
/* 0 <= x < extent. */
const expr *index_within(lowering *l, const expr *x, dim extent);
/* A fresh parallel or reduction axis of a contraction, as an index. */
const expr *contract_axis(lowering *l, loop_contract *c, bool reduction, const char *hint,
                          dim extent);
/* The identity of a fold as a constant of the dtype. */
const expr *identity_expression(lowering *l, reduce_kind kind, cn_dtype dtype);
/* `x` as `to`: nothing when it has that dtype. */
const expr *cast_expression(lowering *l, const expr *x, cn_dtype to);

#endif
