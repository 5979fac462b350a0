/* Builders by op name: the one place that knows which attributes an op wants.
 *
 * Nothing is checked here; graph_add infers and reports. Builders that must look at an operand's
 * type first return NO_VALUE for NO_VALUE, so that a failure travels silently to the end.
 */
#include "ir/build.h"

#include <assert.h>
#include <string.h>

#include "ir/composite.h"
#include "ir/interpret.h"

static value add_node(graph *g, const op_def *op, const value *operands, int count,
                      const void *attributes) {
    return graph_add(g, &(node_spec){.op = op,
                                     .operands = operands,
                                     .operand_count = (uint32_t)count,
                                     .attributes = attributes});
}

static int rank_of(const graph *g, value x) {
    return value_is_none(x) ? 0 : value_type(g, x)->rank;
}

static integer_list integers(const int64_t *items, int count) {
    integer_list list = {.count = count};
    assert(count <= MAX_RANK);
    if (count > 0)
        memcpy(list.items, items, (size_t)count * sizeof *items);
    return list;
}

static dim_list dim_items(const dim *items, int count) {
    dim_list list = {.count = count};
    assert(count <= MAX_RANK);
    if (count > 0)
        memcpy(list.items, items, (size_t)count * sizeof *items);
    return list;
}

/* ---- pointwise --------------------------------------------------------------------------- */

value build_unary(graph *g, const op_def *op, value x) {
    return add_node(g, op, &x, 1, NULL);
}
value build_binary(graph *g, const op_def *op, value x, value y) {
    return add_node(g, op, (const value[]){x, y}, 2, NULL);
}
value build_neg(graph *g, value x) {
    return build_unary(g, &op_neg, x);
}
value build_abs(graph *g, value x) {
    return build_unary(g, &op_abs, x);
}
value build_sign(graph *g, value x) {
    return build_unary(g, &op_sign, x);
}
value build_exp(graph *g, value x) {
    return build_unary(g, &op_exp, x);
}
value build_log(graph *g, value x) {
    return build_unary(g, &op_log, x);
}
value build_sqrt(graph *g, value x) {
    return build_unary(g, &op_sqrt, x);
}
value build_sigmoid(graph *g, value x) {
    return build_unary(g, &op_sigmoid, x);
}
value build_not(graph *g, value x) {
    return build_unary(g, &op_not, x);
}
value build_stop_gradient(graph *g, value x) {
    return build_unary(g, &op_stop_gradient, x);
}
value build_add(graph *g, value x, value y) {
    return build_binary(g, &op_add, x, y);
}
value build_sub(graph *g, value x, value y) {
    return build_binary(g, &op_sub, x, y);
}
value build_mul(graph *g, value x, value y) {
    return build_binary(g, &op_mul, x, y);
}
value build_div(graph *g, value x, value y) {
    return build_binary(g, &op_div, x, y);
}
value build_pow(graph *g, value x, value y) {
    return build_binary(g, &op_pow, x, y);
}
value build_max(graph *g, value x, value y) {
    return build_binary(g, &op_max, x, y);
}
value build_min(graph *g, value x, value y) {
    return build_binary(g, &op_min, x, y);
}

value build_compare(graph *g, compare_kind kind, value x, value y) {
    return add_node(g, &op_compare, (const value[]){x, y}, 2,
                    &(compare_attributes){.kind = (int)kind});
}

value build_bit(graph *g, bit_kind kind, value x, value y) {
    return add_node(g, &op_bit, (const value[]){x, y}, 2, &(bit_attributes){.kind = (int)kind});
}

value build_select(graph *g, value condition, value if_true, value if_false) {
    return add_node(g, &op_select, (const value[]){condition, if_true, if_false}, 3, NULL);
}

value build_cast(graph *g, value x, cn_dtype to) {
    if (!value_is_none(x) && value_type(g, x)->dtype == to)
        return x;
    return add_node(g, &op_cast, &x, 1, &(cast_attributes){.to = to});
}

/* ---- leaves ------------------------------------------------------------------------------ */

value build_array(graph *g, const type *t, const void *bytes, size_t length) {
    leaf_attributes a = {
        .dtype = t->dtype, .shape = dim_items(t->dims, t->rank), .value = {length, bytes}};
    return add_node(g, &op_constant, NULL, 0, &a);
}

value build_full(graph *g, cn_dtype dtype, int rank, const dim *dims, double x) {
    unsigned char bytes[8] = {0};
    number_to_bytes(dtype, dtype_is_float(dtype) ? (number){.f = x} : (number){.i = (int64_t)x},
                    bytes);
    type t = type_make(dtype, rank, dims);
    return build_array(g, &t, bytes, (size_t)dtype_bytes(dtype));
}

value build_constant(graph *g, cn_dtype dtype, double x) {
    return build_full(g, dtype, 0, NULL, x);
}

value build_full_like(graph *g, value like, double x) {
    if (value_is_none(like))
        return NO_VALUE;
    type t = *value_type(g, like);
    return build_full(g, t.dtype, t.rank, t.dims, x);
}

value build_zeros(graph *g, const type *t) {
    return build_full(g, t->dtype, t->rank, t->dims, 0);
}

value build_iota(graph *g, cn_dtype dtype, int rank, const dim *dims, int axis) {
    leaf_attributes a = {.dtype = dtype, .shape = dim_items(dims, rank), .axis = axis};
    return add_node(g, &op_iota, NULL, 0, &a);
}

value build_dim_size(graph *g, cn_dtype dtype, dim d) {
    return add_node(g, &op_dim_size, NULL, 0, &(leaf_attributes){.dtype = dtype, .size = d});
}

value build_rng_bits(graph *g, value key, value step, int rank, const dim *dims, uint32_t stream) {
    leaf_attributes a = {.dtype = CN_U32, .shape = dim_items(dims, rank), .stream = stream};
    return add_node(g, &op_rng_bits, (const value[]){key, step}, 2, &a);
}

/* ---- movement ---------------------------------------------------------------------------- */

value build_reshape(graph *g, value x, int rank, const dim *dims) {
    if (!value_is_none(x)) {
        type t = *value_type(g, x), wanted = type_make(t.dtype, rank, dims);
        if (type_equal(&t, &wanted))
            return x;
    }
    return add_node(g, &op_reshape, &x, 1, &(movement_attributes){.shape = dim_items(dims, rank)});
}

value build_broadcast(graph *g, value x, int rank, const dim *dims, const int64_t *axes) {
    movement_attributes a = {.shape = dim_items(dims, rank), .axes = integers(axes, rank_of(g, x))};
    if (!value_is_none(x) && rank_of(g, x) == rank)
        return build_reshape(g, x, rank, dims); /* nothing is repeated */
    return add_node(g, &op_broadcast, &x, 1, &a);
}

value build_broadcast_scalar(graph *g, value x, value like) {
    if (value_is_none(like))
        return NO_VALUE;
    type t = *value_type(g, like);
    return build_broadcast(g, x, t.rank, t.dims, NULL);
}

value build_transpose(graph *g, value x, const int64_t *permutation) {
    movement_attributes a = {.axes = integers(permutation, rank_of(g, x))};
    bool identity = true;
    for (int i = 0; i < a.axes.count; i++)
        identity = identity && a.axes.items[i] == i;
    return identity ? x : add_node(g, &op_transpose, &x, 1, &a);
}

value build_slice(graph *g, value x, const int64_t *starts, const dim *sizes,
                  const int64_t *strides) {
    int rank = rank_of(g, x);
    movement_attributes a = {.shape = dim_items(sizes, rank),
                             .starts = integers(starts, rank),
                             .strides = integers(strides, rank)};
    return add_node(g, &op_slice, &x, 1, &a);
}

value build_pad(graph *g, value x, value with, const int64_t *low, const int64_t *high,
                const int64_t *interior) {
    int rank = rank_of(g, x);
    movement_attributes a = {.low = integers(low, rank),
                             .high = integers(high, rank),
                             .interior = integers(interior, rank)};
    bool nothing = true;
    for (int i = 0; i < rank; i++)
        nothing = nothing && low[i] == 0 && high[i] == 0 && interior[i] == 0;
    return nothing ? x : add_node(g, &op_pad, (const value[]){x, with}, 2, &a);
}

value build_reverse(graph *g, value x, int axis_count, const int64_t *axes) {
    return add_node(g, &op_reverse, &x, 1,
                    &(movement_attributes){.axes = integers(axes, axis_count)});
}

value build_concat(graph *g, const value *xs, int count, int axis) {
    movement_attributes a = {.axes = {.count = 1, .items = {axis}}};
    return count == 1 ? xs[0] : add_node(g, &op_concat, xs, count, &a);
}

value build_gather(graph *g, value x, value indices, int axis) {
    return add_node(g, &op_gather, (const value[]){x, indices}, 2,
                    &(index_attributes){.axis = axis});
}

/* ---- folds and contractions -------------------------------------------------------------- */

value build_reduce(graph *g, reduce_kind kind, value x, int axis_count, const int64_t *axes) {
    reduce_attributes a = {.kind = (int)kind, .axes = integers(axes, axis_count)};
    return axis_count == 0 ? x : add_node(g, &op_reduce, &x, 1, &a);
}

value build_reduce_keep(graph *g, reduce_kind kind, value x, int axis_count, const int64_t *axes) {
    value folded = build_reduce(g, kind, x, axis_count, axes);
    if (value_is_none(folded))
        return NO_VALUE;
    type t = *value_type(g, x);
    for (int i = 0; i < axis_count; i++)
        t.dims[axes[i]] = dim_of(1);
    return build_reshape(g, folded, t.rank, t.dims);
}

value build_sum(graph *g, value x, int axis_count, const int64_t *axes) {
    return build_reduce(g, REDUCE_SUM, x, axis_count, axes);
}

value build_argreduce(graph *g, argreduce_kind kind, value x, int axis) {
    reduce_attributes a = {.kind = (int)kind, .axes = {.count = 1, .items = {axis}}};
    return add_node(g, &op_argreduce, &x, 1, &a);
}

value build_dot(graph *g, value left, value right, const dot_attributes *attributes) {
    return add_node(g, &op_dot_general, (const value[]){left, right}, 2, attributes);
}

value build_matmul(graph *g, value x, value w) {
    dot_attributes a = {.left_contract = {.count = 1, .items = {rank_of(g, x) - 1}},
                        .right_contract = {.count = 1, .items = {0}}};
    return build_dot(g, x, w, &a);
}

value build_conv(graph *g, value left, value right, const conv_attributes *attributes) {
    return add_node(g, &op_conv, (const value[]){left, right}, 2, attributes);
}

value build_reduce_window(graph *g, value x, const window_attributes *attributes) {
    return add_node(g, &op_reduce_window, &x, 1, attributes);
}

value build_select_and_scatter(graph *g, value x, value dy, const window_attributes *attributes) {
    return add_node(g, &op_select_and_scatter, (const value[]){x, dy}, 2, attributes);
}

/* ---- gradients and composites ------------------------------------------------------------ */

void build_gradient(graph *g, value loss, const value *wrt, int count, value *results) {
    value *operands = ARENA_ARRAY(g->arena, value, count + 1);
    operands[0] = loss;
    memcpy(operands + 1, wrt, (size_t)count * sizeof *wrt);
    value first = add_node(g, &op_gradient, operands, count + 1, NULL);
    for (int i = 0; i < count; i++)
        results[i] = value_is_none(first) ? NO_VALUE : value_result(first, (uint32_t)i);
}

/* The decomposition as a region over inputs of the operands' types. */
static graph *decompose(graph *g, const composite_def *def, const composite_attributes *a,
                        const value *operands, int operand_count) {
    graph *region = graph_new(g->arena, NULL);
    region->location = g->location;
    value *inputs = ARENA_ARRAY(g->arena, value, operand_count);
    value *outputs = ARENA_ARRAY(g->arena, value, def->result_count);
    for (int i = 0; i < operand_count; i++)
        inputs[i] = graph_add_input(region, NULL, *value_type(g, operands[i]), INPUT_DATA, false);
    def->decompose(region, a, inputs, outputs);
    for (int i = 0; i < def->result_count; i++) {
        if (value_is_none(outputs[i]))
            return NULL;
        graph_add_output(region, outputs[i], NULL, -1);
    }
    return region;
}

void build_composite(graph *g, const char *name, const void *attributes, const value *operands,
                     int operand_count, value *results) {
    const composite_def *def = composite_find(name);
    assert(def != NULL && def->operand_count == operand_count);
    composite_attributes a = {0};
    if (attributes != NULL)
        a = *(const composite_attributes *)attributes;
    a.name = def->name;
    bool complete = true;
    for (int i = 0; i < operand_count; i++)
        complete = complete && !value_is_none(operands[i]);
    graph *region = complete ? decompose(g, def, &a, operands, operand_count) : NULL;
    value first = NO_VALUE;
    if (region != NULL)
        first = graph_add(g, &(node_spec){.op = &op_composite,
                                          .operands = operands,
                                          .operand_count = (uint32_t)operand_count,
                                          .attributes = &a,
                                          .regions = &region,
                                          .region_count = 1});
    for (int i = 0; i < def->result_count; i++)
        results[i] = value_is_none(first) ? NO_VALUE : value_result(first, (uint32_t)i);
}
