/* The text form, word for word: what documents and golden files rely on. */
#include "base/text.h"
#include "ir/build.h"
#include "test.h"

static const char *printed(workspace *w, const graph *g) {
    text t;
    text_init(&t, w->arena);
    graph_print(g, &t);
    return t.data;
}

static type vector(int64_t size) {
    return type_make(CN_F32, 1, (const dim[]){dim_of(size)});
}

static void a_function_prints_as_documented(void **state) {
    workspace *w = *state;
    graph *g = graph_new(w->arena, "train_step");
    type batch = type_make(CN_F32, 2, (const dim[]){dim_batch(1), dim_of(3)});
    value x = graph_add_input(g, "image", batch, INPUT_DATA, false);
    value b = graph_add_input(g, "dense/bias", vector(3), INPUT_STATE, true);
    g->location = (location){"train.c", 8, "dense"};
    value wide = build_broadcast(g, b, 2, batch.dims, (const int64_t[]){1});
    value y = build_add(g, x, wide);
    g->location = (location){0};
    value sum = build_sum(g, y, 2, (const int64_t[]){0, 1});
    graph_add_output(g, sum, "loss", -1);
    graph_add_output(g, b, "dense/bias", 1);
    assert_string_equal(
        printed(w, g),
        "cornu-ir 1\n"
        "func @train_step(%image: f32[B,3], %dense_bias: f32[3] state donate \"dense/bias\") {\n"
        "  %3 = broadcast %dense_bias {axes=[1]} : f32[B,3]  # train.c:8 dense\n"
        "  %4 = add %image, %3 : f32[B,3]  # train.c:8 dense\n"
        "  %5 = reduce %4 {axes=[0,1]} : f32[]\n"
        "  return %5 \"loss\", %dense_bias into %dense_bias \"dense/bias\"\n"
        "}\n");
}

static graph *counting_body(workspace *w) {
    graph *body = graph_new(w->arena, NULL);
    value h = graph_add_input(body, NULL, vector(2), INPUT_DATA, false);
    value x = graph_add_input(body, NULL, vector(2), INPUT_DATA, false);
    value next = build_add(body, h, x);
    graph_add_output(body, next, NULL, -1);
    graph_add_output(body, h, NULL, -1);
    return body;
}

static void regions_are_indented_and_numbered_by_themselves(void **state) {
    workspace *w = *state;
    graph *g = graph_new(w->arena, "f");
    type rows = type_make(CN_F32, 2, (const dim[]){dim_of(5), dim_of(2)});
    value start = graph_add_input(g, NULL, vector(2), INPUT_DATA, false);
    value x = graph_add_input(g, NULL, rows, INPUT_DATA, false);
    graph *body = counting_body(w);
    value y = graph_add(g, &(node_spec){.op = &op_scan,
                                        .operands = (const value[]){start, x},
                                        .operand_count = 2,
                                        .attributes = &(scan_attributes){.carries = 1, .length = 5},
                                        .regions = &body,
                                        .region_count = 1});
    g->guards.count = 0;
    vec_push(w->arena, &g->guards, "batch = 4: \"sort\"");
    g->bound_batch = 4;
    graph_add_output(g, value_result(y, 1), NULL, -1);
    assert_string_equal(printed(w, g),
                        "cornu-ir 1\n"
                        "func @f(%1: f32[2], %2: f32[5,2]) {\n"
                        "  guard \"batch = 4: \\\"sort\\\"\"\n"
                        "  batch 4\n"
                        "  %3:2 = scan %1, %2 {carries=1, length=5} : (f32[2], f32[5,2])\n"
                        "    region (%1: f32[2], %2: f32[2]) {\n"
                        "      %3 = add %1, %2 : f32[2]\n"
                        "      return %3, %1\n"
                        "    }\n"
                        "  return %3#1\n"
                        "}\n");
}

static void inputs_without_a_name_of_their_own_go_by_number(void **state) {
    workspace *w = *state;
    graph *g = graph_new(w->arena, "two words");
    graph_add_input(g, "a/b", vector(1), INPUT_DATA, false);
    graph_add_input(g, "a.b", vector(1), INPUT_DATA, false); /* a_b is taken */
    graph_add_input(g, "1st", vector(1), INPUT_DATA, false); /* would look like a number */
    graph_add_input(g, "", vector(1), INPUT_DATA, false);
    assert_string_equal(printed(w, g), "cornu-ir 1\n"
                                       "func @\"two words\"(%a_b: f32[1] \"a/b\", "
                                       "%2: f32[1] \"a.b\", %3: f32[1] \"1st\", "
                                       "%4: f32[1] \"\") {\n"
                                       "  return\n"
                                       "}\n");
}

static void inputs_that_do_not_fit_a_line_stand_below_each_other(void **state) {
    workspace *w = *state;
    graph *g = graph_new(w->arena, "f");
    for (int i = 0; i < 2; i++)
        graph_add_input(g, arena_format(w->arena, "an_input_with_quite_a_long_name_%d", i),
                        vector(i + 1), INPUT_STATE, true);
    assert_string_equal(printed(w, g),
                        "cornu-ir 1\n"
                        "func @f(\n"
                        "  %an_input_with_quite_a_long_name_0: f32[1] state donate,\n"
                        "  %an_input_with_quite_a_long_name_1: f32[2] state donate) {\n"
                        "  return\n"
                        "}\n");
}

static void constants_print_their_elements(void **state) {
    workspace *w = *state;
    graph *g = graph_new(w->arena, "f");
    type t = vector(2);
    graph_add_output(g, build_array(g, &t, (const float[]){0.1f, -2}, 8), NULL, -1);
    graph_add_output(g, build_constant(g, CN_BOOL, 1), NULL, -1);
    assert_string_equal(printed(w, g), "cornu-ir 1\n"
                                       "func @f() {\n"
                                       "  %1 = constant {value=[0.1,-2]} : f32[2]\n"
                                       "  %2 = constant {value=[true]} : bool[]\n"
                                       "  return %1, %2\n"
                                       "}\n");
}

static void a_location_cannot_end_its_line(void **state) {
    workspace *w = *state;
    graph *g = graph_new(w->arena, "f");
    g->location = (location){NULL, 0, "a\nb"};
    graph_add_output(g, build_constant(g, CN_F32, 0), NULL, -1);
    assert_non_null(strstr(printed(w, g), " : f32[]  # :0 a?b\n"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(a_function_prints_as_documented),
        WITH_WORKSPACE(regions_are_indented_and_numbered_by_themselves),
        WITH_WORKSPACE(inputs_without_a_name_of_their_own_go_by_number),
        WITH_WORKSPACE(inputs_that_do_not_fit_a_line_stand_below_each_other),
        WITH_WORKSPACE(constants_print_their_elements),
        WITH_WORKSPACE(a_location_cannot_end_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
