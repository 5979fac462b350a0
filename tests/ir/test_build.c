/* Builders: what they leave out, and how a failure travels through them. */
#include "ir/build.h"
#include "ir/interpret.h"
#include "test.h"

static value input(graph *g, cn_dtype dtype, int64_t rows, int64_t columns) {
    dim dims[] = {dim_of(rows), dim_of(columns)};
    return graph_add_input(g, NULL, type_make(dtype, 2, dims), INPUT_DATA, false);
}

static void nothing_to_do_adds_no_node(void **state) {
    workspace *w = *state;
    graph *g = graph_new(w->arena, "identities");
    value x = input(g, CN_F32, 2, 3);
    uint32_t count = g->nodes.count;
    const type t = *value_type(g, x);
    int64_t zeros[] = {0, 0}, identity[] = {0, 1};
    assert_true(value_equal(build_cast(g, x, CN_F32), x));
    assert_true(value_equal(build_reshape(g, x, 2, t.dims), x));
    assert_true(value_equal(build_transpose(g, x, identity), x));
    assert_true(value_equal(build_broadcast(g, x, 2, t.dims, identity), x));
    assert_true(value_equal(build_reduce(g, REDUCE_MAX, x, 0, NULL), x));
    assert_true(value_equal(build_pad(g, x, NO_VALUE, zeros, zeros, zeros), x));
    assert_true(value_equal(build_concat(g, &x, 1, 0), x));
    assert_int_equal(g->nodes.count, count);
}

static void constants_of_every_type(void **state) {
    workspace *w = *state;
    graph *g = graph_new(w->arena, "constants");
    for (int dtype = CN_F32; dtype < CN_DTYPE_COUNT; dtype++) {
        value v = build_constant(g, (cn_dtype)dtype, 1);
        const leaf_attributes *a = value_node(g, v)->attributes;
        assert_int_equal(a->value.length, dtype_bytes((cn_dtype)dtype));
        number x = number_from_bytes((cn_dtype)dtype, a->value.bytes);
        assert_true(dtype_is_float((cn_dtype)dtype) ? x.f == 1 : x.i == 1);
    }
}

static void kept_axes_are_one(void **state) {
    workspace *w = *state;
    graph *g = graph_new(w->arena, "keep");
    int64_t axis = 1;
    const type *t =
        value_type(g, build_reduce_keep(g, REDUCE_SUM, input(g, CN_F32, 2, 3), 1, &axis));
    assert_true(t->rank == 2 && dim_is(t->dims[0], 2) && dim_is(t->dims[1], 1));
}

static void matmul_contracts_the_last_axis(void **state) {
    workspace *w = *state;
    graph *g = graph_new(w->arena, "matmul");
    value x = input(g, CN_F32, 2, 3), y = input(g, CN_F32, 3, 5);
    const type *t = value_type(g, build_matmul(g, x, y));
    assert_true(t->rank == 2 && dim_is(t->dims[0], 2) && dim_is(t->dims[1], 5));
}

/* The first message stays, and no builder looks into a value that is none. */
static void failure_travels_silently(void **state) {
    workspace *w = *state;
    graph *g = graph_new(w->arena, "poison");
    value x = input(g, CN_F32, 2, 3), y = input(g, CN_F32, 3, 2), dx[1], out[1];
    value bad = build_add(g, x, y);
    assert_true(value_is_none(bad));
    int64_t list[] = {0, 0};
    dim dims[] = {dim_of(6)};
    value all[] = {
        build_neg(g, bad),
        build_mul(g, x, bad),
        build_select(g, bad, x, x),
        build_cast(g, bad, CN_I32),
        build_full_like(g, bad, 1),
        build_broadcast_scalar(g, x, bad),
        build_reshape(g, bad, 1, dims),
        build_broadcast(g, bad, 1, dims, list),
        build_transpose(g, bad, list),
        build_slice(g, bad, list, dims, list),
        build_reverse(g, bad, 1, list),
        build_gather(g, x, bad, 0),
        build_reduce(g, REDUCE_SUM, bad, 1, list),
        build_reduce_keep(g, REDUCE_SUM, bad, 1, list),
        build_argreduce(g, ARGREDUCE_MAX, bad, 0),
        build_matmul(g, bad, x),
        build_stop_gradient(g, bad),
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_true(value_is_none(all[i]));
    build_gradient(g, bad, &x, 1, dx);
    assert_true(value_is_none(dx[0]));
    build_composite(g, "softplus", NULL, &bad, 1, out);
    assert_true(value_is_none(out[0]));
    assert_non_null(strstr(w->diagnostics.message, "add: operands must have one type"));
}

static void composites_carry_their_decomposition(void **state) {
    workspace *w = *state;
    graph *g = graph_new(w->arena, "composite");
    value x = input(g, CN_F32, 2, 3), y;
    build_composite(g, "softplus", NULL, &x, 1, &y);
    const node *n = value_node(g, y);
    assert_ptr_equal(n->op, &op_composite);
    assert_string_equal(((const composite_attributes *)n->attributes)->name, "softplus");
    assert_int_equal(n->region_count, 1);
    assert_true(graph_verify(g, &w->diagnostics));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(nothing_to_do_adds_no_node),
        WITH_WORKSPACE(constants_of_every_type),
        WITH_WORKSPACE(kept_axes_are_one),
        WITH_WORKSPACE(matmul_contracts_the_last_axis),
        WITH_WORKSPACE(failure_travels_silently),
        WITH_WORKSPACE(composites_carry_their_decomposition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
