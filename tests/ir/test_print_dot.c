/* Graphs for Graphviz, word for word. */
#include "print_case.h"

static void boxes_and_arrows_are_statements(void **state) {
    assert_string_equal(
        print_with(*state, graph_print_dot,
                   "func @f(%w: f32[2] state donate) {\n"
                   "  %2 = neg %w : f32[2]\n"
                   "  return %2 into %w \"w\"\n"
                   "}\n"),
        "digraph \"f\" {\n"
        "  rankdir=TB;\n"
        "  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\", fontsize=11];\n"
        "  edge [color=\"#6b7280\"];\n"
        "  n0 [label=\"w\\ndonated\\nf32[2]\", fillcolor=\"#fef3c7\", "
        "tooltip=\"%1 = input : f32[2]\"];\n"
        "  n1 [label=\"neg\\nf32[2]\", fillcolor=\"#d1fae5\", tooltip=\"%2 = neg : f32[2]\"];\n"
        "  n2 [label=\"w\\noverwrites its state\\nf32[2]\", fillcolor=\"#bfdbfe\", "
        "tooltip=\"w\"];\n"
        "  n0 -> n1;\n"
        "  n1 -> n2;\n"
        "  n2 -> n0 [style=dashed, constraint=false];\n"
        "}\n");
}

static void names_stay_in_their_strings(void **state) {
    const char *dot = print_with(*state, graph_print_dot, HOSTILE);
    assert_non_null(strstr(dot, "digraph \"q\\\"<&>\\\\\\n\" {\n"));
    assert_non_null(strstr(dot, "label=\"a\\\"<b>&\\\\\\n\\nf32[]\""));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(boxes_and_arrows_are_statements),
        WITH_WORKSPACE(names_stay_in_their_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
