/* cumulative_reduce. */
#include "evaluate.h"

#define FOUR "%1 = constant {value=[3,1,4,2]} : f32[4]\n"

static void runs_both_ways(void **state) {
    workspace *w = *state;
    expect(w, FOUR "%2 = cumulative_reduce %1 {axes=[0]} : f32[4]", "3 4 8 10");
    expect(w, FOUR "%2 = cumulative_reduce %1 {axes=[0], reverse=true} : f32[4]", "10 7 6 2");
    expect(w, FOUR "%2 = cumulative_reduce %1 {kind=prod, axes=[0]} : f32[4]", "3 3 12 24");
    expect(w, FOUR "%2 = cumulative_reduce %1 {kind=max, axes=[0]} : f32[4]", "3 3 4 4");
    expect(w, FOUR "%2 = cumulative_reduce %1 {kind=min, axes=[0], reverse=true} : f32[4]",
           "1 1 2 2");
    expect(w, "%1 = iota {axis=1} : i32[B,3]\n%2 = cumulative_reduce %1 {axes=[1]} : i32[B,3]",
           "0 1 3 0 1 3");
    expect(w,
           "%1 = constant {value=[1,nan,2]} : f32[3]\n"
           "%2 = cumulative_reduce %1 {kind=max, axes=[0]} : f32[3]",
           "1 nan nan");
}

static void misfits_are_refused(void **state) {
    workspace *w = *state;
    expect_error(w, "%1 = iota {axis=0} : f32[B]\n%2 = cumulative_reduce %1 {axes=[0]} : f32[B]",
                 "cannot run along axis 0 of f32[B]; bind the batch");
    expect_error(w, FOUR "%2 = cumulative_reduce %1 {axes=[1]} : f32[4]", "out of range");
    expect_error(w, FOUR "%2 = cumulative_reduce %1 : f32[4]", "along one axis, got 0");
}

int main(void) {
    const struct CMUnitTest tests[] = {WITH_WORKSPACE(runs_both_ways),
                                       WITH_WORKSPACE(misfits_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
