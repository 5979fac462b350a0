/* pad and concat. */
#include "evaluate.h"

#define THREE "%1 = constant {value=[1,2,3]} : f32[3]\n%2 = constant {value=[9]} : f32[]\n"
#define BATCH "%1 = iota {axis=0} : i32[B]\n%2 = constant {value=[9]} : i32[]\n"

static void pad_surrounds_and_separates(void **state) {
    workspace *w = *state;
    expect(w, THREE "%3 = pad %1, %2 {low=[2], high=[1], interior=[0]} : f32[6]", "9 9 1 2 3 9");
    expect(w, THREE "%3 = pad %1, %2 {low=[0], high=[0], interior=[1]} : f32[5]", "1 9 2 9 3");
    expect(w, BATCH "%3 = pad %1, %2 {low=[1], high=[0], interior=[1]} : i32[2*B]", "9 0 9 1");
}

static void concat_joins(void **state) {
    workspace *w = *state;
    expect(w, THREE "%3 = concat %1, %1 {axes=[0]} : f32[6]", "1 2 3 1 2 3");
    expect(w, BATCH "%3 = concat %1, %1, %1 {axes=[0]} : i32[3*B]", "0 1 0 1 0 1");
}

static void misfits_are_refused(void **state) {
    workspace *w = *state;
    expect_error(w, THREE "%3 = pad %1, %1 {low=[1], high=[0], interior=[0]} : f32[4]",
                 "scalar of its type");
    expect_error(w, THREE "%3 = pad %1, %2 {low=[-1], high=[0], interior=[0]} : f32[2]",
                 "cannot be padded");
    expect_error(w, THREE "%3 = pad %1, %2 {low=[1], high=[0]} : f32[2]", "for each axis");
    expect_error(
        w, THREE "%3 = pad %1, %2 {low=[9223372036854775807], high=[9], interior=[0]} : f32[2]",
        "cannot be padded");
    expect_error(w, BATCH "%3 = pad %1, %2 {low=[1], high=[0], interior=[0]} : i32[B]",
                 "bind the batch");
    expect_error(w, THREE "%3 = concat %1, %2 {axes=[0]} : f32[4]", "may differ in axis 0 only");
    expect_error(w,
                 BATCH "%3 = constant {value=[1]} : i32[4]\n%4 = concat %1, %3 {axes=[0]} : i32[B]",
                 "extents B and 4");
    expect_error(w, THREE "%3 = concat %1, %1 {axes=[1]} : f32[6]", "out of range");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(pad_surrounds_and_separates),
        WITH_WORKSPACE(concat_joins),
        WITH_WORKSPACE(misfits_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
