/* Ops that stand for graphs: what they compute and which regions they take. */
#include "../tensors.h"

static const char head[] = "cornu-ir 1 func @f(%x: f32[3], %y: f32[3], %i: i32[]) {";

static tensor **outputs_of(workspace *w, interpreter *it, const char *body) {
    graph *g = must_parse(w, arena_format(w->arena, "%s %s }", head, body));
    return run_graph(w, it, g, filled_inputs(it, g));
}

static void regions_run_on_the_operands(void **state) {
    workspace *w = *state;
    interpreter it = interpreter_for(w, 1);
    static const char *const ops[] = {"group", "composite"};
    for (int k = 0; k < 2; k++) {
        tensor **y = outputs_of(
            w, &it, arena_format(w->arena,
                                 "%%4:2 = %s %%x, %%y : (f32[3], f32[3])"
                                 " region (%%1: f32[3], %%2: f32[3]) {"
                                 " %%3 = sub %%1, %%2 : f32[3] return %%3, %%2 }"
                                 "return %%4#0, %%4#1, %%x",
                                 ops[k]));
        for (int i = 0; i < 3; i++)
            assert_true(y[0]->items[i].f == y[2]->items[i].f - y[1]->items[i].f);
    }
}

static void stop_gradient_drops_tangents_and_barrier_keeps_them(void **state) {
    workspace *w = *state;
    interpreter it = interpreter_for(w, 1);
    it.tangents = true;
    tensor **y = outputs_of(w, &it, "%4 = stop_gradient %x : f32[3] %5 = barrier %x : f32[3]"
                                    "%6 = stop_gradient %i : i32[] return %4, %5, %x, %6, %i");
    for (int i = 0; i < 3; i++) {
        assert_true(y[0]->items[i].f == y[2]->items[i].f && y[0]->items[i].tangent == 0);
        assert_true(y[1]->items[i].tangent == y[2]->items[i].tangent);
        assert_true(y[2]->items[i].tangent != 0);
    }
    assert_true(y[3]->items[0].i == y[4]->items[0].i);
}

static void an_unexpanded_gradient_stops_the_run(void **state) {
    workspace *w = *state;
    interpreter it = interpreter_for(w, 1);
    const char *source = arena_format(w->arena,
                                      "%s %%4 = reduce %%x {axes=[0]} : f32[]"
                                      "%%5 = gradient %%4, %%x : f32[3] return %%5 }",
                                      head);
    graph *g = must_parse(w, source);
    tensor *output;
    assert_false(interpret_graph(&it, g, filled_inputs(&it, g), &output));
    assert_non_null(strstr(w->diagnostics.message, "gradient: is not expanded"));
}

static void costs_are_those_of_the_region(void **state) {
    workspace *w = *state;
    graph *g = must_parse(w, "cornu-ir 1 func @f(%x: f32[B,3]) {"
                             "%2 = scan %x {carries=1, length=5} : f32[B,3]"
                             "  region (%1: f32[B,3]) { %2 = neg %1 : f32[B,3] return %2 }"
                             "return %2 }");
    assert_true(op_find("scan", 4)->cost(g, graph_node(g, 2), 7) == 5 * 7 * 3);
}

static void mistakes_are_named(void **state) {
    workspace *w = *state;
    static const struct {
        const char *node, *message;
    } cases[] = {
        {"group %x : f32[3]", "group: has 0 regions, needs one"},
        {"group %x : f32[3] region () { return }", "group: its region has 0 inputs for 1 operands"},
        {"group %x : f32[3] region (%1: i32[3]) { return %1 }",
         "group: input 0 of its region is i32[3], its operands need f32[3]"},
        {"composite %x {name=\"softplus\"} : (f32[3], f32[3]) region (%1: f32[3]) {return %1, %1}",
         "composite: \"softplus\" maps 1 operands to 1 results, got 1 and 2"},
        {"gradient %x, %x : f32[3]", "the loss must be a float scalar, got f32[3]"},
        {"gradient %i, %x : f32[3]", "the loss must be a float scalar, got i32[]"},
        {"gradient %s : ()", "gradient: needs a loss and at least one value"},
        {"gradient %s, %i : i32[]", "gradient: cannot differentiate by operand 1, which is i32[]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        diag_clear(&w->diagnostics);
        const char *source = arena_format(
            w->arena, "%s %%s = reduce %%x {axes=[0]} : f32[] %%5 = %s return }", head,
            cases[i].node);
        assert_null(graph_parse(w->arena, source, strlen(source)));
        if (strstr(w->diagnostics.message, cases[i].message) == NULL)
            fail_msg("wanted \"%s\", got \"%s\"", cases[i].message, w->diagnostics.message);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(regions_run_on_the_operands),
        WITH_WORKSPACE(stop_gradient_drops_tangents_and_barrier_keeps_them),
        WITH_WORKSPACE(an_unexpanded_gradient_stops_the_run),
        WITH_WORKSPACE(costs_are_those_of_the_region),
        WITH_WORKSPACE(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
