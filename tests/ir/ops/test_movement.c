/* Movement ops: where elements come from, and what is refused. */
#include "evaluate.h"

#define SIX "%1 = constant {value=[1,2,3,4,5,6]} : f32[2,3]\n"
#define BATCH "%1 = iota {axis=0} : i32[2*B,3]\n"

static void elements_move(void **state) {
    workspace *w = *state;
    expect(w, SIX "%2 = reshape %1 : f32[3,2]", "1 2 3 4 5 6");
    expect(w, SIX "%2 = transpose %1 {axes=[1,0]} : f32[3,2]", "1 4 2 5 3 6");
    expect(w, SIX "%2 = reverse %1 {axes=[1]} : f32[2,3]", "3 2 1 6 5 4");
    expect(w, SIX "%2 = slice %1 {starts=[0,1], strides=[1,1]} : f32[2,2]", "2 3 5 6");
    expect(w, SIX "%2 = slice %1 {starts=[1,0], strides=[1,2]} : f32[1,2]", "4 6");
    expect(w, "%1 = constant {value=[7,8]} : f32[2]\n%2 = broadcast %1 {axes=[1]} : f32[2,2]",
           "7 8 7 8");
    expect(w, "%1 = constant {value=[7,8]} : f32[2]\n%2 = broadcast %1 {axes=[0]} : f32[2,2]",
           "7 7 8 8");
}

static void the_batch_moves_too(void **state) { /* B = 2 */
    workspace *w = *state;
    expect(w, BATCH "%2 = slice %1 {starts=[1,0], strides=[2,1]} : i32[B,1]", "1 3");
    expect(w, BATCH "%2 = reshape %1 : i32[B,6]", "0 0 0 1 1 1 2 2 2 3 3 3");
    expect(w, BATCH "%2 = reverse %1 {axes=[0]} : i32[2*B,3]", "3 3 3 2 2 2 1 1 1 0 0 0");
}

static void misfits_are_refused(void **state) {
    workspace *w = *state;
    expect_error(w, SIX "%2 = reshape %1 : f32[4]", "reshape: f32[2,3] and f32[4] differ");
    expect_error(w, SIX "%2 = reshape %1 : f32[B]", "differ in their number of elements");
    expect_error(w, SIX "%2 = transpose %1 {axes=[0,0]} : f32[2,2]", "axis 0 is given twice");
    expect_error(w, SIX "%2 = transpose %1 {axes=[0]} : f32[2]", "permutation");
    expect_error(w, SIX "%2 = reverse %1 {axes=[2]} : f32[2,3]", "out of range");
    expect_error(w, SIX "%2 = broadcast %1 {axes=[1,0]} : f32[3,2]", "must increase");
    expect_error(w, SIX "%2 = broadcast %1 {axes=[0,1]} : f32[2,4]",
                 "axis 1 of f32[2,3] is not axis 1");
    expect_error(w,
                 SIX "%2 = broadcast %1 {axes=[1,2]} : f32[B,2,3]\n"
                     "%3 = broadcast %2 {axes=[1,2,3]} : f32[B,B,2,3]",
                 "multiple of B");
    expect_error(w, SIX "%2 = slice %1 {starts=[0,2], strides=[1,1]} : f32[2,2]",
                 "has no 2 elements from 2");
    expect_error(w, SIX "%2 = slice %1 {starts=[0,-1], strides=[1,1]} : f32[2,1]", "from -1");
    expect_error(w, SIX "%2 = slice %1 {starts=[0,0], strides=[0,1]} : f32[2,1]", "steps of 0");
    expect_error(w, BATCH "%2 = slice %1 {starts=[0,0], strides=[1,1]} : i32[1,3]",
                 "bind the batch");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(elements_move),
        WITH_WORKSPACE(the_batch_moves_too),
        WITH_WORKSPACE(misfits_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
