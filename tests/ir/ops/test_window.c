/* reduce_window: pooling with padding, strides and gaps. */
#include "evaluate.h"

#define GRID "%1 = iota {axis=1} : f32[3,4]\n"
#define ROW "%1 = constant {value=[1,5,2,4,3]} : f32[5]\n"

static void windows_slide(void **state) {
    workspace *w = *state;
    expect(w,
           ROW
           "%2 = reduce_window %1 {kind=max, window=[2], strides=[2], low=[0], high=[0]} : f32[2]",
           "5 4");
    expect(w, ROW "%2 = reduce_window %1 {window=[3], strides=[1], low=[1], high=[1]} : f32[5]",
           "6 8 11 9 7");
    expect(w,
           ROW
           "%2 = reduce_window %1 {kind=min, window=[2], strides=[3], low=[1], high=[0]} : f32[2]",
           "1 2");
    expect(w,
           GRID
           "%2 = reduce_window %1 {window=[2,2], strides=[1,2], low=[0,0], high=[0,0]} : f32[2,2]",
           "2 10 2 10");
    expect(w,
           "%1 = constant {value=[1,nan]} : f32[2]\n"
           "%2 = reduce_window %1 {kind=max, window=[2], strides=[1], low=[1], high=[0]} : f32[2]",
           "1 nan");
}

static void misfits_are_refused(void **state) {
    workspace *w = *state;
    expect_error(w,
                 ROW "%2 = reduce_window %1 {window=[6], strides=[1], low=[0], high=[0]} : f32[1]",
                 "a window of 6 (dilation 1) is longer than the 5");
    expect_error(w,
                 ROW "%2 = reduce_window %1 {window=[2], strides=[0], low=[0], high=[0]} : f32[1]",
                 "positive");
    expect_error(w,
                 ROW "%2 = reduce_window %1 {window=[2], strides=[1], low=[-1], high=[0]} : f32[1]",
                 "negative");
    expect_error(w, ROW "%2 = reduce_window %1 {window=[2]} : f32[1]",
                 "one number for each axis of f32[5]");
    expect_error(
        w,
        ROW
        "%2 = reduce_window %1 {kind=prod, window=[2], strides=[1], low=[0], high=[0]} : f32[4]",
        "not by prod");
    expect_error(w,
                 "%1 = iota {axis=0} : f32[B]\n"
                 "%2 = reduce_window %1 {window=[2], strides=[2], low=[0], high=[0]} : f32[B]",
                 "extent B cannot be windowed");
}

int main(void) {
    const struct CMUnitTest tests[] = {WITH_WORKSPACE(windows_slide),
                                       WITH_WORKSPACE(misfits_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
