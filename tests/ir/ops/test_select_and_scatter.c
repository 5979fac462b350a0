/* select_and_scatter: the first extreme of each window, NaN before numbers, never the padding. */
#include "evaluate.h"

#define SELECT "window=[2], strides=[2], low=[0], high=[0]"

static void the_first_extreme_gets_all(void **state) {
    workspace *w = *state;
    expect(w,
           "%1 = constant {value=[1,5,4,4]} : f32[4]\n%2 = constant {value=[10,20]} : f32[2]\n"
           "%3 = select_and_scatter %1, %2 {kind=max, " SELECT "} : f32[4]",
           "0 10 20 0");
    expect(w,
           "%1 = constant {value=[1,5,4,4]} : f32[4]\n%2 = constant {value=[10,20]} : f32[2]\n"
           "%3 = select_and_scatter %1, %2 {kind=min, " SELECT "} : f32[4]",
           "10 0 20 0");
    expect(w,
           "%1 = constant {value=[nan,5,4,nan]} : f32[4]\n%2 = constant {value=[10,20]} : f32[2]\n"
           "%3 = select_and_scatter %1, %2 {kind=max, " SELECT "} : f32[4]",
           "10 0 0 20");
}

static void overlapping_windows_add_up(void **state) {
    workspace *w = *state;
    expect(w,
           "%1 = constant {value=[1,5,2]} : f32[3]\n%2 = constant {value=[10,20]} : f32[2]\n"
           "%3 = select_and_scatter %1, %2 {kind=max, window=[2], strides=[1], low=[0], high=[0]} "
           ": f32[3]",
           "0 30 0");
}

static void padding_is_never_chosen(void **state) {
    workspace *w = *state;
    expect(w,
           "%1 = constant {value=[-inf,-inf]} : f32[2]\n%2 = constant {value=[10,20]} : f32[2]\n"
           "%3 = select_and_scatter %1, %2 {kind=max, window=[2], strides=[1], low=[1], high=[0]} "
           ": f32[2]",
           "30 0");
}

static void gather_reads_there(void **state) {
    workspace *w = *state;
    expect(
        w,
        "%1 = constant {value=[1,5,4,4]} : f32[4]\n%2 = constant {value=[10,20,30,40]} : f32[4]\n"
        "%3 = select_and_scatter %1, %2 {kind=max, " SELECT ", gather=true} : f32[2]",
        "20 30");
}

static void misfits_are_refused(void **state) {
    workspace *w = *state;
    expect_error(w,
                 "%1 = constant {value=[1,5,4,4]} : f32[4]\n"
                 "%2 = select_and_scatter %1, %1 {kind=max, " SELECT "} : f32[4]",
                 "windows over f32[4] need a second operand f32[2], got f32[4]");
    expect_error(w,
                 "%1 = constant {value=[1,5,4,4]} : f32[4]\n"
                 "%2 = select_and_scatter %1, %1 {" SELECT "} : f32[4]",
                 "not by sum");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(the_first_extreme_gets_all), WITH_WORKSPACE(overlapping_windows_add_up),
        WITH_WORKSPACE(padding_is_never_chosen),    WITH_WORKSPACE(gather_reads_there),
        WITH_WORKSPACE(misfits_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
