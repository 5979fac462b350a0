/* The sweeps of autodiff: which paths carry gradients, how they meet, what stops them. The rules
 * of the ops are tested in test_gradients.c. */
#include "tests/ir/tensors.h"

#include "ir/build.h"
#include "passes/pass.h"

/* Parses, expands gradients and runs on inputs 3, 5, 7, ...; prints the outputs. */
static const char *run_text(workspace *w, const char *source) {
    graph *g = must_parse(w, source);
    pass_context cx = {.arena = w->arena, .diag = &w->diagnostics};
    graph *expanded = pass_autodiff.run(g, &cx);
    if (expanded == NULL || !graph_verify(expanded, &w->diagnostics))
        fail_msg("%s", w->diagnostics.message);
    interpreter it = interpreter_for(w, 2);
    tensor **inputs = ARENA_ARRAY(w->arena, tensor *, g->inputs.count);
    for (uint32_t i = 0; i < g->inputs.count; i++) {
        inputs[i] = tensor_new(&it, value_type(expanded, g->inputs.items[i].value));
        bool is_float = dtype_is_float(inputs[i]->type.dtype);
        for (int64_t k = 0; k < inputs[i]->count; k++)
            inputs[i]->items[k] =
                is_float ? (number){.f = 3 + 2 * i + (double)k} : (number){.i = k};
    }
    tensor **outputs = run_graph(w, &it, expanded, inputs);
    text words;
    text_init(&words, w->arena);
    for (uint32_t i = 0; i < g->outputs.count; i++)
        for (int64_t k = 0; k < outputs[i]->count; k++)
            text_printf(&words, "%s%.10g", words.length == 0 ? "" : " ", outputs[i]->items[k].f);
    return words.data;
}

#define TWO_SCALARS "cornu-ir 1\nfunc @f(%x: f64[], %y: f64[]) {\n" /* x = 3, y = 5 */

static void fan_in_is_summed(void **state) {
    workspace *w = *state; /* x*x + x*y: 2x + y, x */
    assert_string_equal(
        run_text(w, TWO_SCALARS "%3 = mul %x, %x : f64[]\n%4 = mul %x, %y : f64[]\n"
                                "%5 = add %3, %4 : f64[]\n"
                                "%6:2 = gradient %5, %x, %y : (f64[], f64[])\nreturn %6#0, %6#1 }"),
        "11 3");
}

static void by_values_in_the_middle(void **state) {
    workspace *w = *state; /* m = x*y, loss = m*m + x: by m 2m; by x 2m*y + 1 */
    assert_string_equal(run_text(w, TWO_SCALARS
                                 "%3 = mul %x, %y : f64[]\n%4 = mul %3, %3 : f64[]\n"
                                 "%5 = add %4, %x : f64[]\n"
                                 "%6:3 = gradient %5, %3, %x, %5 : (f64[], f64[], f64[])\n"
                                 "return %6#0, %6#1, %6#2 }"),
                        "30 151 1");
}

static void gradients_of_gradients(void **state) {
    workspace *w = *state; /* x^3: 3x^2, 6x, 6 */
    assert_string_equal(run_text(w, TWO_SCALARS
                                 "%3 = mul %x, %x : f64[]\n%4 = mul %3, %x : f64[]\n"
                                 "%5 = gradient %4, %x : f64[]\n%6 = gradient %5, %x : f64[]\n"
                                 "%7 = gradient %6, %x : f64[]\nreturn %5, %6, %7 }"),
                        "27 18 6");
}

static void what_does_not_arrive_is_zero(void **state) {
    workspace *w = *state;
    assert_string_equal(
        run_text(w, TWO_SCALARS "%3 = stop_gradient %y : f64[]\n%4 = mul %x, %3 : f64[]\n"
                                "%5 = floor %y : f64[]\n%6 = add %4, %5 : f64[]\n"
                                "%7:2 = gradient %6, %x, %y : (f64[], f64[])\nreturn %7#0, %7#1 }"),
        "5 0");
}

static void integers_stop_it(void **state) {
    workspace *w = *state;
    assert_string_equal(
        run_text(w,
                 TWO_SCALARS "%3 = cast %x {to=i32} : i32[]\n%4 = cast %3 {to=f64} : f64[]\n"
                             "%5 = mul %4, %x : f64[]\n%6 = gradient %5, %x : f64[]\nreturn %6 }"),
        "3");
    assert_string_equal(
        run_text(w, "cornu-ir 1\nfunc @f(%x: f32[3], %i: i32[2]) {\n"
                    "%3 = gather %x, %i : f32[2]\n%4 = mul %3, %3 : f32[2]\n"
                    "%5 = reduce %4 {axes=[0]} : f32[]\n%6 = gradient %5, %x : f32[3]\n"
                    "return %6 }"),
        "6 8 0");
}

#define SQUARE                                                            \
    "{name=\"mine\"} : (f64[], f64[])\nregion (%1: f64[], %2: f64[]) {\n" \
    "%3 = mul %1, %2 : f64[]\n%4 = mul %3, %1 : f64[]\nreturn %4, %2 }\n"

static void through_regions(void **state) {
    workspace *w = *state; /* the region is a*b*a, and b handed on */
    assert_string_equal(
        run_text(w, TWO_SCALARS "%3:2 = composite %x, %y " SQUARE "%4 = mul %3#0, %3#1 : f64[]\n"
                                "%5:2 = gradient %4, %x, %y : (f64[], f64[])\nreturn %5#0, %5#1 }"),
        "150 90");
    /* the same value twice, and an argument that depends on the other outside */
    assert_string_equal(run_text(w, TWO_SCALARS "%3:2 = composite %x, %x " SQUARE
                                                "%4 = gradient %3#0, %x : f64[]\nreturn %4 }"),
                        "27");
    assert_string_equal(run_text(w, TWO_SCALARS
                                 "%3 = mul %x, %x : f64[]\n%4:2 = composite %x, %3 " SQUARE
                                 "%5 = gradient %4#0, %x : f64[]\nreturn %5 }"),
                        "108");
    /* a later result of a node as the argument */
    assert_string_equal(
        run_text(w,
                 TWO_SCALARS "%3:2 = composite %x, %y " SQUARE "%4:2 = composite %3#1, %x " SQUARE
                             "%5:2 = gradient %4#0, %x, %y : (f64[], f64[])\nreturn %5#0, %5#1 }"),
        "25 30");
}

static void regions_to_second_order(void **state) {
    workspace *w = *state; /* x^2 y: by x 2xy, by x and y 2x */
    assert_string_equal(
        run_text(w, TWO_SCALARS
                 "%3:2 = composite %x, %y " SQUARE "%4 = gradient %3#0, %x : f64[]\n"
                 "%5:2 = gradient %4, %x, %y : (f64[], f64[])\nreturn %4, %5#0, %5#1 }"),
        "30 10 6");
}

static void depth_is_no_limit(void **state) {
    workspace *w = *state;
    enum { DEPTH = 100000 };
    graph *g = graph_new(w->arena, "deep");
    type t = type_scalar(CN_F64);
    value x = graph_add_input(g, "x", t, INPUT_DATA, false), y = x, dx;
    for (int i = 0; i < DEPTH; i++)
        y = build_add(g, y, x);
    build_gradient(g, y, &x, 1, &dx);
    graph_add_output(g, dx, "dx", -1);
    pass_context cx = {.arena = w->arena, .diag = &w->diagnostics};
    graph *expanded = pass_autodiff.run(g, &cx);
    interpreter it = interpreter_for(w, 1);
    tensor *input = tensor_new(&it, &t);
    assert_true(run_graph(w, &it, expanded, &input)[0]->items[0].f == DEPTH + 1);
}

static void nothing_to_do_returns_the_same(void **state) {
    workspace *w = *state;
    graph *g = must_parse(w, TWO_SCALARS "return %x }");
    pass_context cx = {.arena = w->arena, .diag = &w->diagnostics};
    assert_ptr_equal(pass_autodiff.run(g, &cx), g);
}

static void an_op_without_a_rule_is_named(void **state) {
    workspace *w = *state;
    graph *g = must_parse(w, TWO_SCALARS
                          "%3 = composite %x {name=\"mine\"} : f64[]\nregion (%1: f64[]) {\n"
                          "%2 = mul %1, %1 : f64[]\n%3 = gradient %2, %1 : f64[]\nreturn %3 }\n"
                          "%4 = gradient %3, %x : f64[]\nreturn %4 }");
    pass_context cx = {.arena = w->arena, .diag = &w->diagnostics};
    assert_null(pass_autodiff.run(g, &cx));
    assert_non_null(strstr(w->diagnostics.message, "gradient cannot be differentiated"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(fan_in_is_summed),
        WITH_WORKSPACE(by_values_in_the_middle),
        WITH_WORKSPACE(gradients_of_gradients),
        WITH_WORKSPACE(what_does_not_arrive_is_zero),
        WITH_WORKSPACE(integers_stop_it),
        WITH_WORKSPACE(through_regions),
        WITH_WORKSPACE(regions_to_second_order),
        WITH_WORKSPACE(depth_is_no_limit),
        WITH_WORKSPACE(nothing_to_do_returns_the_same),
        WITH_WORKSPACE(an_op_without_a_rule_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
