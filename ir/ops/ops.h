/* The ops by name and their attribute structs, one per family.
 *
 * Everything an op is stands in its family's file: unary.c, binary.c (with compare and bit),
 * select_cast.c, leaf.c, movement.c, pad.c (and concat), index.c, reduce.c (and argreduce),
 * cumulative.c, window.c, select_and_scatter.c, dot.c, conv.c, control.c (composite, gradient,
 * group, stop_gradient, barrier), scan.c and scan_gradient.c.
 */
#ifndef CORNU_IR_OPS_OPS_H
#define CORNU_IR_OPS_OPS_H

#include "ir/ir.h"

/* X(name): every op; the registry, the externs and the documentation follow this list. */
#define OP_MAP(X)                                                                              \
    X(input) X(constant) X(iota) X(rng_bits) X(dim_size) X(flag)                               \
    X(neg) X(abs) X(sign) X(floor) X(round) X(exp) X(expm1) X(log) X(log1p) X(sqrt) X(rsqrt)   \
    X(sin) X(cos) X(tanh) X(sigmoid) X(erf) X(not)                                             \
    X(add) X(sub) X(mul) X(div) X(rem) X(pow) X(max) X(min) X(compare) X(bit)                  \
    X(select) X(cast) X(bitcast)                                                               \
    X(reshape) X(broadcast) X(transpose) X(slice) X(pad) X(reverse) X(concat)                  \
    X(gather) X(scatter)                                                                       \
    X(reduce) X(argreduce) X(cumulative_reduce)                                                \
    X(reduce_window) X(select_and_scatter)                                                     \
    X(dot_general) X(conv)                                                                     \
    X(scan) X(composite) X(gradient) X(group) X(stop_gradient) X(barrier)

#define X(name) extern const op_def op_##name;
OP_MAP(X)
#undef X

/* leaf: `input` has role and name in graph.inputs; its type is in the attributes. */
typedef struct leaf_attributes {
    cn_dtype dtype;
    dim_list shape;
    byte_string value;    /* constant: elements row-major, or one element for all of them */
    int64_t axis;         /* iota */
    dim size;             /* dim_size: the dim it yields as a scalar */
    int64_t stream;       /* rng_bits: operands key u32[2], step (i64 or u32 scalar); result u32 */
    const char *flag;     /* flag: a bool scalar bound before compiling: "training", "unfrozen:3" */
} leaf_attributes;

typedef enum compare_kind {
    COMPARE_EQ, COMPARE_NE, COMPARE_LT, COMPARE_LE, COMPARE_GT, COMPARE_GE
} compare_kind;
typedef struct compare_attributes { int kind; } compare_attributes;
/* Integers and bool: and, or, xor, shifts. */
typedef enum bit_kind { BIT_AND, BIT_OR, BIT_XOR, BIT_SHIFT_LEFT, BIT_SHIFT_RIGHT } bit_kind;
typedef struct bit_attributes { int kind; } bit_attributes;
typedef struct cast_attributes { cn_dtype to; } cast_attributes;

typedef struct movement_attributes {
    dim_list shape;        /* reshape, broadcast: result dims; slice: sizes */
    integer_list axes;     /* broadcast: operand axis i -> result axis, increasing; transpose:
                              permutation; reverse: which; concat: [axis] */
    integer_list starts;   /* slice */
    integer_list strides;  /* slice */
    integer_list low, high, interior; /* pad with the scalar operand 1; not negative */
} movement_attributes;

/* gather: x, integer indices -> along `axis`: result shape = x[:axis] + indices.shape + x[axis+1:];
 * indices clamp. With batch=true ("take along axis"): indices has x's rank, every axis but `axis`
 * equal to x's or 1-free; result has the shape of indices. scatter: x, indices, updates -> x
 * with updates combined in at indices along `axis` (same two forms); out-of-range drops. */
typedef enum scatter_kind { SCATTER_ADD, SCATTER_SET, SCATTER_MAX } scatter_kind;
typedef struct index_attributes { int64_t axis; bool batch; int kind; } index_attributes;

typedef enum reduce_kind {
    REDUCE_SUM, REDUCE_PROD, REDUCE_MAX, REDUCE_MIN, REDUCE_AND, REDUCE_OR
} reduce_kind;
typedef enum argreduce_kind { ARGREDUCE_MAX, ARGREDUCE_MIN } argreduce_kind;
typedef struct reduce_attributes {
    int kind;
    integer_list axes;  /* increasing, they vanish; argreduce and cumulative_reduce: one */
    bool reverse;       /* cumulative_reduce */
} reduce_attributes;

/* One entry per axis of the operand. reduce_window: fold (sum, max, min by `kind`) over windows;
 * the padding is the fold's identity. select_and_scatter: operands x, dy; where in each window of
 * x the maximum (first of equals; NaN wins) lies, dy is added; with gather=true operands x, g: the
 * element of g there, per window (the two are each other's gradients). */
typedef struct window_attributes {
    int kind; /* reduce_kind */
    integer_list window, strides, low, high;
    bool gather;
} window_attributes;

/* Result axes: batch, then free axes of left, then free axes of right. */
typedef struct dot_attributes {
    integer_list left_batch, right_batch, left_contract, right_contract;
} dot_attributes;

/* x [N, spatial..., Cin], w [kernel..., Cin/groups, Cout], y [N, spatial..., Cout]; all logical
 * NHWC / HWIO; cross-correlation. forward: x, w -> y. backward_data: y, w -> x, backward_filter:
 * x, y -> w; `size` gives the spatial dims of the result there. Closed under differentiation. */
typedef enum conv_direction {
    CONV_FORWARD, CONV_BACKWARD_DATA, CONV_BACKWARD_FILTER
} conv_direction;
typedef struct conv_attributes {
    int direction;
    integer_list strides, low, high, dilation; /* one per spatial axis */
    int64_t groups;                            /* 0 reads as 1 */
    dim_list size;
} conv_attributes;

/* scan: operands constants, carries, inputs; region inputs the same with inputs lacking their
 * leading axis; region outputs carries then per-step outputs; results final carries, then stacked
 * outputs [length, ...]. Runs steps 0..length-1, or downwards when reverse. */
typedef struct scan_attributes {
    int64_t constants, carries, length;
    bool reverse;
} scan_attributes;

typedef struct composite_attributes {
    const char *name;
    integer_list parameters;
    double number;
} composite_attributes;

/* group: one kernel. kind names the loop scheme of its region (passes/fuse.h). */
typedef enum group_kind {
    GROUP_MAP, GROUP_REDUCE, GROUP_ROW, GROUP_CONTRACT, GROUP_OPAQUE
} group_kind;
typedef struct group_attributes {
    int kind;
    const char *name;
    const char *in_place; /* "0=2,1=3": result 0 overwrites operand 2, ...; "" = none */
} group_attributes;

#endif
