/* dot_general: order of the result's axes, rounding, and what does not fit. */
#include "evaluate.h"

#define TWO                                                                                  \
    "%1 = constant {value=[1,2,3,4,5,6]} : f32[2,3]\n%2 = constant {value=[1,0,0,1,1,1]} : " \
    "f32[3,2]\n"

static void sums_of_products(void **state) {
    workspace *w = *state;
    expect(w, TWO "%3 = dot_general %1, %2 {left_contract=[1], right_contract=[0]} : f32[2,2]",
           "4 5 10 11");
    expect(w, TWO "%3 = dot_general %1, %2 {left_contract=[0,1], right_contract=[1,0]} : f32[]",
           "15");
    expect(w,
           "%1 = constant {value=[1,2]} : f32[2]\n%2 = constant {value=[3,4,5]} : f32[3]\n"
           "%3 = dot_general %1, %2 : f32[2,3]",
           "3 4 5 6 8 10");
    expect(w,
           TWO "%3 = dot_general %1, %1 {left_batch=[0], right_batch=[0], left_contract=[1], "
               "right_contract=[1]} : f32[2]",
           "14 77");
    expect(w,
           "%1 = constant {value=[100,100]} : i8[2]\n"
           "%2 = dot_general %1, %1 {left_contract=[0], right_contract=[0]} : i8[]",
           "32");
}

static void half_precision_accumulates_in_single(void **state) {
    workspace *w = *state;
    expect_rounded(w,
                   "%1 = constant {value=[1]} : f16[5000]\n"
                   "%2 = dot_general %1, %1 {left_contract=[0], right_contract=[0]} : f16[]",
                   "5000");
}

static void misfits_are_refused(void **state) {
    workspace *w = *state;
    expect_error(w,
                 TWO "%3 = dot_general %1, %2 {left_contract=[1], right_contract=[1]} : f32[2,3]",
                 "axis 1 of f32[2,3] and axis 1 of f32[3,2] must have one extent");
    expect_error(w, TWO "%3 = dot_general %1, %2 {left_contract=[1]} : f32[2,3]",
                 "1 batch or contracted");
    expect_error(w,
                 TWO "%3 = dot_general %1, %1 {left_batch=[0], right_batch=[0], left_contract=[0], "
                     "right_contract=[0]} : f32[2]",
                 "batch and contracted at once");
    expect_error(w,
                 "%1 = iota {axis=1} : f32[B,3]\n"
                 "%2 = dot_general %1, %1 {left_contract=[1], right_contract=[1]} : f32[B,B]",
                 "f32[B,3] times f32[B,3] has a size that is no multiple of one B");
    expect_error(w, "%1 = constant {value=[1]} : f32[1,1,1,1,1]\n%2 = dot_general %1, %1 : f32[1]",
                 "more than 8 axes");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(sums_of_products),
        WITH_WORKSPACE(half_precision_accumulates_in_single),
        WITH_WORKSPACE(misfits_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
