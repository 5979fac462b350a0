/* scan: order of steps, carries and rows, and what its types must be. */
#include "../tensors.h"

static const char running_sum[] =
    "cornu-ir 1 func @f(%h: f32[2], %x: f32[4,2]) {"
    "%3:2 = scan %h, %x {carries=1, length=4} : (f32[2], f32[4,2])"
    "  region (%1: f32[2], %2: f32[2]) { %3 = add %1, %2 : f32[2] return %3, %1 }"
    "return %3#0, %3#1 }";

static void steps_run_in_order(void **state) {
    workspace *w = *state;
    interpreter it = interpreter_for(w, 1);
    graph *g = must_parse(w, running_sum);
    tensor **in = filled_inputs(&it, g), **out = run_graph(w, &it, g, in);
    for (int k = 0; k < 2; k++) {
        double h = in[0]->items[k].f;
        for (int t = 0; t < 4; t++) {
            assert_true(out[1]->items[t * 2 + k].f == h);
            h += in[1]->items[t * 2 + k].f;
        }
        assert_true(out[0]->items[k].f == h);
    }
}

static void reversed_steps_keep_their_rows(void **state) {
    workspace *w = *state;
    interpreter it = interpreter_for(w, 1);
    graph *g = must_parse(
        w, "cornu-ir 1 func @f(%h: f32[], %x: f32[3]) {"
           "%3:2 = scan %h, %x {carries=1, length=3, reverse=true} : (f32[], f32[3])"
           "  region (%1: f32[], %2: f32[]) { %3 = sub %2, %1 : f32[] return %3, %3 }"
           "return %3#0, %3#1 }");
    tensor **in = filled_inputs(&it, g), **out = run_graph(w, &it, g, in);
    double h = in[0]->items[0].f;
    for (int t = 2; t >= 0; t--) {
        h = in[1]->items[t].f - h;
        assert_true(out[1]->items[t].f == h);
    }
    assert_true(out[0]->items[0].f == h);
}

static void carries_may_be_exchanged(void **state) {
    workspace *w = *state;
    interpreter it = interpreter_for(w, 1);
    graph *g = must_parse(w, "cornu-ir 1 func @f(%a: f32[2], %b: f32[2]) {"
                             "%3:2 = scan %a, %b {carries=2, length=3} : (f32[2], f32[2])"
                             "  region (%1: f32[2], %2: f32[2]) { return %2, %1 }"
                             "return %3#0, %3#1 }");
    tensor **in = filled_inputs(&it, g), **out = run_graph(w, &it, g, in);
    for (int k = 0; k < 2; k++) {
        assert_true(out[0]->items[k].f == in[1]->items[k].f);
        assert_true(out[1]->items[k].f == in[0]->items[k].f);
    }
}

static void no_steps_hand_the_carry_on(void **state) {
    workspace *w = *state;
    interpreter it = interpreter_for(w, 1);
    graph *g = must_parse(w, "cornu-ir 1 func @f(%h: f32[2]) {"
                             "%3:2 = scan %h {carries=1} : (f32[2], f32[0,2])"
                             "  region (%1: f32[2]) { %2 = neg %1 : f32[2] return %2, %1 }"
                             "return %3#0, %3#1 }");
    tensor **in = filled_inputs(&it, g), **out = run_graph(w, &it, g, in);
    assert_true(out[0]->items[1].f == in[0]->items[1].f);
    assert_int_equal(out[1]->count, 0);
}

static void types_that_do_not_fit_are_refused(void **state) {
    workspace *w = *state;
    static const struct {
        const char *scan, *message;
    } cases[] = {
        {"scan %h {carries=1, length=-1} : (f32[2]) region (%1: f32[2]) {return %1}",
         "the length -1 is negative"},
        {"scan %h {carries=2} : (f32[2]) region (%1: f32[2]) {return %1}",
         "0 constants and 2 carries do not fit 1 operands"},
        {"scan %h {carries=1} : (f32[2]) region (%1: f32[2]) {return}",
         "returns 0 values, fewer than its 1 carries"},
        {"scan %h {carries=1} : (f32[2]) region () {return}", "has 0 inputs for 1 operands"},
        {"scan %h {carries=1} : (f32[2])", "has 0 regions, needs one"},
        {"scan %h {length=4} : (f32[2]) region (%1: f32[]) {return}",
         "input 0 is f32[2], its first axis must be the 4 steps"},
        {"scan %h {length=2} : (f32[2]) region (%1: f32[2]) {return}",
         "input 0 of its region is f32[2], its operands need f32[]"},
        {"scan %h {carries=1} : (f32[2]) region (%1: f32[2]) "
         "{%2 = reduce %1 {axes=[0]} : f32[] return %2}",
         "carry 0 enters a step as f32[2] and leaves it as f32[]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        diag_clear(&w->diagnostics);
        const char *source = arena_format(
            w->arena, "cornu-ir 1 func @f(%%h: f32[2]) { %%3 = %s return }", cases[i].scan);
        assert_null(graph_parse(w->arena, source, strlen(source)));
        if (strstr(w->diagnostics.message, cases[i].message) == NULL)
            fail_msg("wanted \"%s\", got \"%s\"", cases[i].message, w->diagnostics.message);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(steps_run_in_order),
        WITH_WORKSPACE(reversed_steps_keep_their_rows),
        WITH_WORKSPACE(carries_may_be_exchanged),
        WITH_WORKSPACE(no_steps_hand_the_carry_on),
        WITH_WORKSPACE(types_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
