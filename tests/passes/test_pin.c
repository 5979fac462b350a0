/* A golden case is in tests/golden/pin; here which values are pinned. */
#include "ir/ops/ops.h"
#include "pass_case.h"

static int count_barriers(const graph *g) {
    int count = 0;
    for (uint32_t id = 1; id < g->nodes.count; id++)
        count += graph_node(g, id)->op == &op_barrier;
    return count;
}

static void inputs_need_no_pin(void **state) {
    stays(*state, &pass_pin,
          "func @f(%w: f32[]) {\n"
          "  %2 = exp %w : f32[]\n"
          "  %3 = gradient %2, %w : f32[]\n"
          "  return %3\n"
          "}\n");
}

static void each_value_is_pinned_once(void **state) {
    workspace *w = *state;
    graph *g = parse_case(w, "func @f(%x: f32[]) {\n"
                             "  %2 = exp %x : f32[]\n"
                             "  %3 = tanh %2 : f32[]\n"
                             "  %4 = gradient %3, %2 : f32[]\n"
                             "  %5:2 = gradient %3, %2, %3 : (f32[], f32[])\n"
                             "  return %4, %5#0, %5#1\n"
                             "}\n");
    graph *pinned = run_plain(w, &pass_pin, g, NULL);
    assert_true(graph_verify(pinned, &w->diagnostics));
    assert_int_equal(count_barriers(pinned), 2);
    assert_ptr_equal(run_plain(w, &pass_pin, pinned, NULL), pinned);
}

/* x * 1 is x, but the gradient by x * 1 is not the gradient by x. */
static void simplification_cannot_see_through(void **state) {
    workspace *w = *state;
    graph *g = parse_case(w, "func @f(%x: f32[]) {\n"
                             "  %2 = constant {value=[1]} : f32[]\n"
                             "  %3 = mul %x, %2 : f32[]\n"
                             "  %4 = mul %3, %x : f32[]\n"
                             "  %5 = gradient %4, %3 : f32[]\n"
                             "  return %5\n"
                             "}\n");
    const pass *const passes[] = {&pass_pin,        &pass_simplify, &pass_cse, &pass_autodiff,
                                  &pass_composites, &pass_simplify, &pass_dce};
    for (size_t i = 0; i < sizeof passes / sizeof *passes; i++)
        g = run_plain(w, passes[i], g, NULL);
    assert_string_equal(print_case(w, g), "func @f(%x: f32[]) {\n  return %x\n}\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(inputs_need_no_pin),
        WITH_WORKSPACE(each_value_is_pinned_once),
        WITH_WORKSPACE(simplification_cannot_see_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
