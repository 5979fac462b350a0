/* Graphs as boxes and arrows: what becomes a box, what words, what it says. */
#include "ir/formats.h"
#include "test.h"

static picture draw(workspace *w, const char *function) {
    const char *source = arena_format(w->arena, "cornu-ir 1\n%s", function);
    graph *g = graph_parse(w->arena, source, strlen(source));
    if (g == NULL)
        fail_msg("%s", w->diagnostics.message);
    return picture_of(g, w->arena);
}

static void inputs_nodes_and_outputs_are_boxes(void **state) {
    picture p = draw(*state, "func @f(%x: f32[B,2], %w: f32[2] state donate \"dense/w\") {\n"
                             "  %3 = reduce %x {axes=[0]} : f32[2]  # a.c:7 norm\n"
                             "  return %3 into %w \"dense/w\"\n"
                             "}\n");
    assert_int_equal(p.nodes.count, 4);
    assert_int_equal(p.nodes.items[0].kind, PICTURE_DATA);
    assert_int_equal(p.nodes.items[1].kind, PICTURE_STATE);
    assert_string_equal(p.nodes.items[1].title, "dense/w");
    assert_int_equal(p.nodes.items[2].kind, PICTURE_REDUCTION);
    assert_string_equal(p.nodes.items[2].detail, "{axes=[0]}");
    assert_string_equal(p.nodes.items[2].type, "f32[2] of norm");
    assert_non_null(strstr(p.nodes.items[2].tooltip, "%3 = reduce {axes=[0]} : f32[2]\na.c:7"));
    assert_int_equal(p.nodes.items[3].kind, PICTURE_OUTPUT);
    assert_int_equal(p.edges.count, 3); /* x to reduce, reduce to the output, it to its state */
    assert_true(p.edges.items[2].update);
    assert_int_equal(p.edges.items[2].to, 1);
}

static void constants_of_one_element_are_words(void **state) {
    picture p = draw(*state, "func @f(%x: f32[2]) {\n"
                             "  %2 = constant {value=[0.5]} : f32[2]\n"
                             "  %3 = constant {value=[1,2]} : f32[2]\n"
                             "  %4 = constant {value=[7]} : f32[2]\n"
                             "  %5 = mul %x, %2 : f32[2]\n"
                             "  %6 = add %5, %3 : f32[2]\n"
                             "  return %6, %4\n"
                             "}\n");
    assert_int_equal(p.nodes.count, 7); /* x, the list, the output's 7, mul, add, two outputs */
    assert_string_equal(p.nodes.items[1].title, "constant");
    assert_string_equal(p.nodes.items[3].title, "mul");
    assert_string_equal(p.nodes.items[3].detail, "[0.5]");
}

static void groups_say_what_they_compute(void **state) {
    picture p = draw(*state, "func @f(%x: f32[2]) {\n"
                             "  %2 = group %x {kind=map, name=\"neg_exp_2\"} : f32[2]\n"
                             "    region (%1: f32[2]) {\n"
                             "      %2 = neg %1 : f32[2]\n"
                             "      %3 = exp %2 : f32[2]\n"
                             "      return %3\n"
                             "    }\n"
                             "  return %2\n"
                             "}\n");
    assert_string_equal(p.nodes.items[1].title, "neg_exp_2");
    assert_string_equal(p.nodes.items[1].detail, "neg, exp");
    assert_int_equal(p.nodes.items[1].kind, PICTURE_POINTWISE);
}

static void long_names_are_cut_between_characters(void **state) {
    picture p = draw(*state, "func @f(%1: f32[] \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                             "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\") {return}\n");
    assert_string_equal(p.nodes.items[0].title, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(inputs_nodes_and_outputs_are_boxes),
        WITH_WORKSPACE(constants_of_one_element_are_words),
        WITH_WORKSPACE(groups_say_what_they_compute),
        WITH_WORKSPACE(long_names_are_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
