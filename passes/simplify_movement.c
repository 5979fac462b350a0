/* Simplification of movement: moves of moves, and moves of nothing.
 *
 *     %2 = concat %a, %b {axes=[1]} : f32[B,8]
 *     %3 = slice %2 {starts=[0,5], ...} : f32[B,3]   ->   %2 = slice %b {starts=[0,1], ...}
 *
 * Transposes go below broadcasts and elementwise work above them, where there is less of it.
 * Moving is exact. Cost: linear.
 */
#include <string.h>

#include "ir/build.h"
#include "ir/ops/ops.h"
#include "passes/simplify.h"
#include "passes/unit_axes.h"

static const movement_attributes *movement_of(const node *n) {
    return n->attributes;
}

/* ---- slice ----------------------------------------------------------------------------------- */

static bool slice_axis_is_whole(const node *slice, const type *x, int axis) {
    const movement_attributes *a = movement_of(slice);
    return a->starts.items[axis] == 0 && a->strides.items[axis] == 1 &&
           dim_equal(a->shape.items[axis], x->dims[axis]);
}

static value slice_of_whole(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    const type *x = operand_type(g, n, 0);
    for (int i = 0; i < x->rank; i++)
        if (!slice_axis_is_whole(n, x, i))
            return NO_VALUE;
    return n->operands[0];
}

static value slice_of_slice(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    const node *inner = operand_made_by(g, n, 0, &op_slice);
    if (inner == NULL)
        return NO_VALUE;
    const movement_attributes *a = movement_of(n), *b = movement_of(inner);
    int64_t starts[MAX_RANK], strides[MAX_RANK];
    for (int i = 0; i < a->shape.count; i++) {
        starts[i] = b->starts.items[i] + a->starts.items[i] * b->strides.items[i];
        strides[i] = a->strides.items[i] * b->strides.items[i];
    }
    return build_slice(g, inner->operands[0], starts, a->shape.items, strides);
}

/* Start of the slice within a part that covers [begin, begin + extent) of `axis`; -1 when it lies
 * elsewhere or reaches out of it. */
static int64_t start_within(const node *slice, int axis, int64_t begin, dim extent) {
    const movement_attributes *a = movement_of(slice);
    dim size = a->shape.items[axis];
    if (extent.symbolic || size.symbolic || size.count == 0)
        return -1;
    int64_t start = a->starts.items[axis] - begin;
    int64_t last = start + (size.count - 1) * a->strides.items[axis];
    return start >= 0 && last < extent.count ? start : -1;
}

static value slice_of_concat(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    const node *concat = operand_made_by(g, n, 0, &op_concat);
    if (concat == NULL)
        return NO_VALUE;
    const movement_attributes *a = movement_of(n);
    int axis = (int)movement_of(concat)->axes.items[0];
    int64_t starts[MAX_RANK], begin = 0;
    memcpy(starts, a->starts.items, sizeof starts);
    for (uint32_t i = 0; i < concat->operand_count; i++) {
        dim extent = operand_type(g, concat, i)->dims[axis];
        starts[axis] = start_within(n, axis, begin, extent);
        if (starts[axis] >= 0)
            return build_slice(g, concat->operands[i], starts, a->shape.items, a->strides.items);
        begin += extent.count;
    }
    return NO_VALUE;
}

/* A slice that takes nothing of the padding. */
static value slice_of_pad(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    const node *pad = operand_made_by(g, n, 0, &op_pad);
    if (pad == NULL)
        return NO_VALUE;
    const movement_attributes *a = movement_of(n), *p = movement_of(pad);
    const type *x = operand_type(g, pad, 0);
    int64_t starts[MAX_RANK];
    for (int i = 0; i < x->rank; i++) {
        bool untouched = p->low.items[i] == 0 && p->high.items[i] == 0 && p->interior.items[i] == 0;
        starts[i] = untouched                  ? a->starts.items[i]
                    : p->interior.items[i] > 0 ? -1
                                               : start_within(n, i, p->low.items[i], x->dims[i]);
        if (starts[i] < 0)
            return NO_VALUE;
    }
    return build_slice(g, pad->operands[0], starts, a->shape.items, a->strides.items);
}

/* Only repeated axes are cut: fewer repetitions. */
static value slice_of_broadcast(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    const node *broadcast = operand_made_by(g, n, 0, &op_broadcast);
    if (broadcast == NULL)
        return NO_VALUE;
    const integer_list *axes = &movement_of(broadcast)->axes;
    for (int i = 0; i < axes->count; i++)
        if (!slice_axis_is_whole(n, &broadcast->types[0], (int)axes->items[i]))
            return NO_VALUE;
    return build_broadcast(g, broadcast->operands[0], n->types[0].rank, n->types[0].dims,
                           axes->items);
}

/* ---- pad, concat, reverse -------------------------------------------------------------------- */

static bool is_all_zero(const integer_list *list) {
    for (int i = 0; i < list->count; i++)
        if (list->items[i] != 0)
            return false;
    return true;
}

static value pad_by_nothing(graph *g, const node *n, const use_counts *uses) {
    (void)g, (void)uses;
    const movement_attributes *a = movement_of(n);
    bool nothing = is_all_zero(&a->low) && is_all_zero(&a->high) && is_all_zero(&a->interior);
    return nothing ? n->operands[0] : NO_VALUE;
}

static value concat_of_one(graph *g, const node *n, const use_counts *uses) {
    (void)g, (void)uses;
    return n->operand_count == 1 ? n->operands[0] : NO_VALUE;
}

/* Axes of 1 do not turn; what is turned twice is not. */
static value reverse_forms(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    const integer_list *axes = &movement_of(n)->axes;
    const node *inner = operand_made_by(g, n, 0, &op_reverse);
    bool turns = false;
    for (int i = 0; i < axes->count; i++)
        turns = turns || !dim_is(n->types[0].dims[axes->items[i]], 1);
    if (!turns)
        return n->operands[0];
    if (inner == NULL || !attributes_equal(n->op->attributes, n->attributes, inner->attributes))
        return NO_VALUE;
    return inner->operands[0];
}

/* ---- transpose, reshape ---------------------------------------------------------------------- */

/* Axes of 1 lie anywhere in memory: moving only them is a reshape. (Not after a contraction: the
 * layout pass will turn that one.) */
static value transpose_of_unit_axes(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    const integer_list *axes = &movement_of(n)->axes;
    int64_t last = -1;
    if (operand_made_by(g, n, 0, &op_dot_general) != NULL)
        return NO_VALUE;
    for (int i = 0; i < axes->count; i++) {
        if (dim_is(n->types[0].dims[i], 1))
            continue;
        if (axes->items[i] < last)
            return NO_VALUE;
        last = axes->items[i];
    }
    return build_reshape(g, n->operands[0], n->types[0].rank, n->types[0].dims);
}

static int position_of(const integer_list *list, int64_t item) {
    for (int i = 0; i < list->count; i++)
        if (list->items[i] == item)
            return i;
    return -1;
}

static value transpose_of_broadcast(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    const node *broadcast = operand_made_by(g, n, 0, &op_broadcast);
    if (broadcast == NULL)
        return NO_VALUE;
    const integer_list *permutation = &movement_of(n)->axes, *axes = &movement_of(broadcast)->axes;
    int64_t inner[MAX_RANK], to[MAX_RANK];
    int count = 0;
    for (int i = 0; i < permutation->count; i++) {
        int from = position_of(axes, permutation->items[i]);
        if (from >= 0) {
            inner[count] = from;
            to[count++] = i;
        }
    }
    value x = build_transpose(g, broadcast->operands[0], inner);
    return build_broadcast(g, x, n->types[0].rank, n->types[0].dims, to);
}

/* A reshape that inserts or drops axes of 1 which the broadcast made. */
static value reshape_of_broadcast(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    const node *broadcast = operand_made_by(g, n, 0, &op_broadcast);
    int64_t map[MAX_RANK], axes[MAX_RANK];
    if (broadcast == NULL || !match_unit_axes(&broadcast->types[0], &n->types[0], map))
        return NO_VALUE;
    const integer_list *from = &movement_of(broadcast)->axes;
    for (int i = 0; i < from->count; i++) {
        axes[i] = map[from->items[i]];
        if (axes[i] < 0)
            return NO_VALUE;
    }
    return build_broadcast(g, broadcast->operands[0], n->types[0].rank, n->types[0].dims, axes);
}

/* ---- pointwise over broadcast ---------------------------------------------------------------- */

/* The broadcast whose like all operands are, splats aside; NULL when there is none. */
static const node *common_broadcast(const graph *g, const node *n) {
    const node *common = NULL;
    for (uint32_t i = 0; i < n->operand_count; i++) {
        if (value_is_splat(g, n->operands[i]))
            continue;
        const node *b = operand_made_by(g, n, i, &op_broadcast);
        if (b == NULL)
            return NULL;
        if (common == NULL)
            common = b;
        else if (!attributes_equal(b->op->attributes, b->attributes, common->attributes))
            return NULL;
    }
    return common;
}

static value pointwise_of_broadcast(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    const node *common = node_has(n, OP_POINTWISE) ? common_broadcast(g, n) : NULL;
    if (common == NULL)
        return NO_VALUE;
    const type small = *operand_type(g, common, 0);
    value *operands = ARENA_ARRAY(g->arena, value, n->operand_count);
    for (uint32_t i = 0; i < n->operand_count; i++) {
        const node *from = value_node(g, n->operands[i]);
        const leaf_attributes *a = from->attributes;
        type t = type_with_dtype(small, from->types[0].dtype);
        operands[i] = from->op == &op_broadcast
                          ? from->operands[0]
                          : build_array(g, &t, a->value.bytes, a->value.length);
    }
    const movement_attributes *b = movement_of(common);
    return build_broadcast(g, graph_copy_node(g, n, operands), b->shape.count, b->shape.items,
                           b->axes.items);
}

const peephole simplify_movement[] = {
    {&op_slice, slice_of_whole},
    {&op_slice, slice_of_slice},
    {&op_slice, slice_of_concat},
    {&op_slice, slice_of_pad},
    {&op_slice, slice_of_broadcast},
    {&op_pad, pad_by_nothing},
    {&op_concat, concat_of_one},
    {&op_reverse, reverse_forms},
    {&op_transpose, transpose_of_unit_axes},
    {&op_transpose, transpose_of_broadcast},
    {&op_reshape, reshape_of_broadcast},
    {NULL, pointwise_of_broadcast},
    {NULL, NULL},
};
