/* Matrix products.
 *
 * x [..., k] times y [k, n] contracts the last axis of x whatever its rank: what Dense does. With
 * two batched operands, x [..., m, k] times y [..., k, n], the leading axes broadcast as in NumPy.
 */
#include "frontend/record.h"

#include <string.h>

static value refuse_product(const op_call *call) {
    return op_refuse(call, CN_ERROR_SHAPE,
                     "cannot multiply %s by %s: the last axis of the first must equal %s of the "
                     "second",
                     tensor_describe(call->inputs[0]), tensor_describe(call->inputs[1]),
                     call_type(call, 1)->rank > 2 ? "the one before the last" : "the first");
}

/* The leading axes of t, with the last two of `of`. */
static type with_matrix_of(type t, const type *of) {
    t.dims[t.rank++] = of->dims[of->rank - 2];
    t.dims[t.rank++] = of->dims[of->rank - 1];
    return t;
}

static type leading_axes(const type *t) {
    type leading = *t;
    leading.rank -= 2;
    return leading;
}

static value build_batched(const op_call *call, value x, value y) {
    type tx = *value_type(call->g, x), ty = *value_type(call->g, y), leading;
    type lx = leading_axes(&tx), ly = leading_axes(&ty);
    if (!shape_broadcast(&lx, &ly, &leading) ||
        !dim_equal(tx.dims[tx.rank - 1], ty.dims[ty.rank - 2]))
        return refuse_product(call);
    type wide_x = with_matrix_of(leading, &tx), wide_y = with_matrix_of(leading, &ty);
    x = broadcast_to(call->g, x, &wide_x);
    y = broadcast_to(call->g, y, &wide_y);
    dot_attributes a = {.left_batch.count = leading.rank,
                        .right_batch.count = leading.rank,
                        .left_contract = {.count = 1, .items = {leading.rank + 1}},
                        .right_contract = {.count = 1, .items = {leading.rank}}};
    for (int i = 0; i < leading.rank; i++)
        a.left_batch.items[i] = a.right_batch.items[i] = i;
    return build_dot(call->g, x, y, &a);
}

static value build_matmul_op(const op_call *call) {
    const type *tx = call_type(call, 0), *ty = call_type(call, 1);
    cn_dtype dtype = dtype_arithmetic(dtype_promote(tx->dtype, ty->dtype));
    int rx = tx->rank, ry = ty->rank;
    if (rx == 0 || ry == 0 || (ry > 2 && rx < 2))
        return refuse_product(call);
    if (ry <= 2 && !dim_equal(tx->dims[rx - 1], ty->dims[0]))
        return refuse_product(call);
    value x = build_cast(call->g, call_value(call, 0), dtype);
    value y = build_cast(call->g, call_value(call, 1), dtype);
    return ry <= 2 ? build_matmul(call->g, x, y) : build_batched(call, x, y);
}

cn_tensor cn_op_matmul(cn_tensor x, cn_tensor y) {
    const cn_tensor inputs[] = {x, y};
    return op_record(x.context, "matmul", build_matmul_op, inputs, 2, NULL);
}
