/* What running a lowering rule on symbols tells about how an op reads. */
#include "tensors.h"

#include "ir/access.h"
#include "ir/ops/ops.h"

/* The access list of the last node of a function. */
static const access_list *accesses(workspace *w, const char *source) {
    const graph *g = must_parse(w, source);
    const graph_output *last = &g->outputs.items[g->outputs.count - 1];
    return access_of(w->arena, g, value_node(g, last->value));
}

#define FUNCTION(arguments, node) \
    "cornu-ir 1\nfunc @f(" arguments ") {\n  %9 = " node "\n  return %9\n}\n"

static void pointwise_ops_read_at_their_own_index(void **state) {
    workspace *w = *state;
    const access_list *l =
        accesses(w, FUNCTION("%x: f32[B,3], %y: f32[B,3]", "add %x, %y : f32[B,3]"));
    assert_true(l->known);
    assert_int_equal(l->items.count, 2);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(l->items.items[i].kind, ACCESS_SIMPLE);
        assert_int_equal(l->items.items[i].operand, i);
        assert_int_equal(l->items.items[i].axes[0], 0);
        assert_int_equal(l->items.items[i].axes[1], 1);
    }
}

static void movement_shows_its_index_map(void **state) {
    workspace *w = *state;
    const access_list *l =
        accesses(w, FUNCTION("%x: f32[B,3]", "transpose %x {axes=[1,0]} : f32[3,B]"));
    assert_int_equal(l->items.items[0].kind, ACCESS_SIMPLE);
    assert_int_equal(l->items.items[0].axes[0], 1);
    l = accesses(w, FUNCTION("%x: f32[3]", "broadcast %x {axes=[1]} : f32[B,3]"));
    assert_int_equal(l->items.items[0].kind, ACCESS_SIMPLE);
    assert_int_equal(l->items.items[0].axes[0], 1);
    l = accesses(w, FUNCTION("%x: f32[B,1,3]", "reshape %x : f32[B,3]"));
    assert_int_equal(l->items.items[0].kind, ACCESS_SIMPLE);
    assert_int_equal(l->items.items[0].axes[1], AXIS_NONE);
    l = accesses(w, FUNCTION("%x: f32[B,6]", "reshape %x : f32[B,2,3]"));
    assert_int_equal(l->items.items[0].kind, ACCESS_VIEW);
}

/* It reads x at its own index, and yet not all of x. */
static void a_slice_from_zero_is_no_pointwise_read(void **state) {
    workspace *w = *state;
    const access_list *l =
        accesses(w, FUNCTION("%x: f32[B,6]", "slice %x {starts=[0,0], strides=[1,1]} : f32[B,4]"));
    assert_int_equal(l->items.items[0].kind, ACCESS_VIEW);
}

static void padding_and_gathering_are_told_apart(void **state) {
    workspace *w = *state;
    const access_list *l =
        accesses(w, FUNCTION("%x: f32[4], %z: f32[]",
                             "pad %x, %z {low=[1], high=[0], interior=[0]} : f32[5]"));
    assert_int_equal(l->items.count, 2); /* the scalar, and x where it is */
    for (uint32_t i = 0; i < 2; i++)
        if (l->items.items[i].operand == 0)
            assert_int_equal(l->items.items[i].kind, ACCESS_GUARDED);
    l = accesses(w, FUNCTION("%x: f32[9,2], %i: i32[B]", "gather %x, %i : f32[B,2]"));
    assert_int_equal(l->items.items[l->items.count - 1].kind, ACCESS_DATA);
}

static void reductions_show_their_axes(void **state) {
    workspace *w = *state;
    const access_list *l =
        accesses(w, FUNCTION("%x: f32[B,3,5]", "reduce %x {axes=[0,2]} : f32[3]"));
    assert_int_equal(l->rank, 1);
    assert_int_equal(l->reduced_count, 2);
    assert_true(dim_equal(l->reduced[0], dim_batch(1)));
    assert_int_equal(l->items.items[0].axes[0], 1); /* the first reduced axis */
    assert_int_equal(l->items.items[0].axes[1], 0); /* the result's */
    assert_int_equal(l->items.items[0].axes[2], 2);
}

static void contractions_and_opaque_ops_have_none(void **state) {
    workspace *w = *state;
    const access_list *l = accesses(
        w, FUNCTION("%x: f32[B,3], %y: f32[3,2]",
                    "dot_general %x, %y {left_contract=[1], right_contract=[0]} : f32[B,2]"));
    assert_false(l->known);
    assert_true(l->contracts);
    l = accesses(w, FUNCTION("%x: f32[B,3]", "cumulative_reduce %x {axes=[1]} : f32[B,3]"));
    assert_false(l->known || l->contracts);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(pointwise_ops_read_at_their_own_index),
        WITH_WORKSPACE(movement_shows_its_index_map),
        WITH_WORKSPACE(a_slice_from_zero_is_no_pointwise_read),
        WITH_WORKSPACE(padding_and_gathering_are_told_apart),
        WITH_WORKSPACE(reductions_show_their_axes),
        WITH_WORKSPACE(contractions_and_opaque_ops_have_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
