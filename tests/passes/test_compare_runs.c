/* The judge of passes: what it lets through and what it names. */
#include "passes/compare_runs.h"

#include "pass_case.h"

static bool agree(workspace *w, const char *before, const char *after) {
    return compare_runs(parse_case(w, before), parse_case(w, after), &w->diagnostics);
}

#define ONE_OP(op) "func @f(%x: f32[B]) {\n  %2 = " op " %x : f32[B]\n  return %2 \"y\"\n}\n"

static void equal_results_agree(void **state) {
    assert_true(agree(*state, ONE_OP("neg"),
                      "func @f(%x: f32[B]) {\n"
                      "  %2 = constant {value=[-1]} : f32[B]\n"
                      "  %3 = mul %x, %2 : f32[B]\n"
                      "  return %3 \"y\"\n"
                      "}\n"));
}

static void a_difference_names_output_and_element(void **state) {
    workspace *w = *state;
    assert_false(agree(w, ONE_OP("exp"), ONE_OP("tanh")));
    assert_int_equal(w->diagnostics.status, CN_ERROR_INTERNAL);
    assert_non_null(strstr(w->diagnostics.message, "changes output 0 (y) at element 0"));
}

/* 1e-7 is rounding in float32, but no pass may round differently by that much. */
static void a_small_relative_change_is_found(void **state) {
    assert_false(agree(*state, ONE_OP("neg"),
                       "func @f(%x: f32[B]) {\n"
                       "  %2 = constant {value=[-1.0000001]} : f32[B]\n"
                       "  %3 = mul %x, %2 : f32[B]\n"
                       "  return %3 \"y\"\n"
                       "}\n"));
}

/* A function that differs only where the logarithm is defined: the second run finds it. */
static void positive_inputs_are_tried_too(void **state) {
    assert_false(agree(*state, ONE_OP("log"),
                       "func @f(%x: f32[B]) {\n"
                       "  %2 = constant {value=[0]} : f32[B]\n"
                       "  %3 = min %x, %2 : f32[B]\n"
                       "  %4 = log %3 : f32[B]\n"
                       "  return %4 \"y\"\n"
                       "}\n"));
}

static void losing_a_nan_is_found(void **state) {
    assert_false(agree(*state,
                       "func @f(%x: f32[]) {\n"
                       "  %2 = constant {value=[0]} : f32[]\n"
                       "  %3 = div %x, %2 : f32[]\n"
                       "  %4 = mul %3, %2 : f32[]\n"
                       "  return %4\n"
                       "}\n",
                       "func @f(%x: f32[]) {\n"
                       "  %2 = constant {value=[0]} : f32[]\n"
                       "  return %2\n"
                       "}\n"));
}

static void rounding_as_the_program_would_agrees(void **state) {
    assert_true(agree(*state,
                      "func @f() {\n"
                      "  %1 = constant {value=[1]} : f32[]\n"
                      "  %2 = constant {value=[3]} : f32[]\n"
                      "  %3 = div %1, %2 : f32[]\n"
                      "  return %3\n"
                      "}\n",
                      "func @f() {\n"
                      "  %1 = constant {value=[0.33333334]} : f32[]\n"
                      "  return %1\n"
                      "}\n"));
}

/* (1 + x * 1e-08) - 1 loses all digits of x in float32, eight in float64. */
static void an_ill_conditioned_formula_may_become_a_better_one(void **state) {
    assert_true(agree(*state,
                      "func @f(%x: f32[B]) {\n"
                      "  %2 = constant {value=[1e-08]} : f32[B]\n"
                      "  %3 = mul %x, %2 : f32[B]\n"
                      "  %4 = constant {value=[1]} : f32[B]\n"
                      "  %5 = add %3, %4 : f32[B]\n"
                      "  %6 = sub %5, %4 : f32[B]\n"
                      "  return %6\n"
                      "}\n",
                      "func @f(%x: f32[B]) {\n"
                      "  %2 = constant {value=[1e-08]} : f32[B]\n"
                      "  %3 = mul %x, %2 : f32[B]\n"
                      "  return %3\n"
                      "}\n"));
}

static void integers_agree_exactly_or_not(void **state) {
    assert_false(agree(*state, "func @f(%i: i32[B]) {\n  return %i\n}\n",
                       "func @f(%i: i32[B]) {\n"
                       "  %2 = constant {value=[1]} : i32[B]\n"
                       "  %3 = add %i, %2 : i32[B]\n"
                       "  return %3\n"
                       "}\n"));
}

/* Two of the other count, and what cannot be run yet. */
static void interfaces_must_match_and_gradients_are_not_run(void **state) {
    workspace *w = *state;
    assert_false(agree(w, ONE_OP("exp"), "func @f(%x: f32[B]) {\n  return %x, %x\n}\n"));
    diag_clear(&w->diagnostics);
    const char *gradient = "func @f(%x: f32[]) {\n"
                           "  %2 = exp %x : f32[]\n"
                           "  %3 = gradient %2, %x : f32[]\n"
                           "  return %3\n"
                           "}\n";
    assert_true(agree(w, gradient, gradient));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(equal_results_agree),
        WITH_WORKSPACE(a_difference_names_output_and_element),
        WITH_WORKSPACE(a_small_relative_change_is_found),
        WITH_WORKSPACE(positive_inputs_are_tried_too),
        WITH_WORKSPACE(losing_a_nan_is_found),
        WITH_WORKSPACE(rounding_as_the_program_would_agrees),
        WITH_WORKSPACE(an_ill_conditioned_formula_may_become_a_better_one),
        WITH_WORKSPACE(integers_agree_exactly_or_not),
        WITH_WORKSPACE(interfaces_must_match_and_gradients_are_not_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
