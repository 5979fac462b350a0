/* The schedule: correct, stable, and no worse than the order it came in. */
#include "kernels.h"

#define F(arguments, ...) "cornu-ir 1\nfunc @f(" arguments ") {\n" __VA_ARGS__ "}\n"

/* Two branches, each a large value that is summed: one after the other needs half the memory. */
static const char *const branches =
    F("%x: f32[B,9], %y: f32[B,9]", "  %3 = cumulative_reduce %x {axes=[1]} : f32[B,9]\n"
                                    "  %4 = cumulative_reduce %y {axes=[1]} : f32[B,9]\n"
                                    "  %5 = reduce %3 {axes=[0,1]} : f32[]\n"
                                    "  %6 = reduce %4 {axes=[0,1]} : f32[]\n"
                                    "  %7 = add %5, %6 : f32[]\n  return %7 \"sum\"\n");

static void values_are_used_up_early(void **state) {
    workspace *w = *state;
    graph *g = must_parse(w, branches), *ordered = must_run(w, &pass_order, g);
    assert_ptr_not_equal(g, ordered);
    assert_string_equal(graph_node(ordered, 3)->op->name, "cumulative_reduce");
    assert_string_equal(graph_node(ordered, 4)->op->name, "reduce");
    size_t before = plan_memory(g, 64, w->arena, &test_facts)->arena_bytes;
    assert_true(plan_memory(ordered, 64, w->arena, &test_facts)->arena_bytes < before);
}

static void a_good_order_stays(void **state) {
    workspace *w = *state;
    graph *g = must_run(w, &pass_order, must_parse(w, branches));
    assert_ptr_equal(must_run(w, &pass_order, g), g);
}

static void old_state_is_read_before_it_is_replaced(void **state) {
    workspace *w = *state;
    graph *g = must_run(w, &pass_order,
                        must_parse(w, F("%p: f32[9] state donate \"p\"",
                                        "  %2 = neg %p : f32[9]\n  %3 = exp %p : f32[9]\n"
                                        "  return %2 into %p \"new p\", %3 \"y\"\n")));
    assert_true(g->outputs.items[1].value.node < g->outputs.items[0].value.node);
}

/* The reader of the old value needs the new one too: nothing to gain, nothing to break. */
static void circles_are_left_alone(void **state) {
    workspace *w = *state;
    graph *g = must_parse(w, F("%p: f32[9] state donate \"p\"",
                               "  %2 = neg %p : f32[9]\n  %3 = add %2, %p : f32[9]\n"
                               "  return %2 into %p \"new p\", %3 \"y\"\n"));
    assert_ptr_equal(must_run(w, &pass_order, g), g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(values_are_used_up_early),
        WITH_WORKSPACE(a_good_order_stays),
        WITH_WORKSPACE(old_state_is_read_before_it_is_replaced),
        WITH_WORKSPACE(circles_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
