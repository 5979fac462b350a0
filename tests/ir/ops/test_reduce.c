/* reduce and argreduce: identities, NaN, ties, rounding. */
#include "evaluate.h"

#define SIX "%1 = constant {value=[3,1,2,6,5,6]} : f32[2,3]\n"
#define NOTHING(dtype) "%1 = constant {value=[1]} : " dtype "[0,2]\n"

static void folds(void **state) {
    workspace *w = *state;
    expect(w, SIX "%2 = reduce %1 {axes=[0]} : f32[3]", "9 6 8");
    expect(w, SIX "%2 = reduce %1 {kind=prod, axes=[1]} : f32[2]", "6 180");
    expect(w, SIX "%2 = reduce %1 {kind=max, axes=[0,1]} : f32[]", "6");
    expect(w, SIX "%2 = reduce %1 {kind=min, axes=[1]} : f32[2]", "1 5");
    expect(w,
           "%1 = constant {value=[1,nan,3]} : f32[3]\n%2 = reduce %1 {kind=max, axes=[0]} : f32[]",
           "nan");
    expect(w, "%1 = constant {value=[100,100]} : i8[2]\n%2 = reduce %1 {axes=[0]} : i8[]", "-56");
    expect(w, "%1 = constant {value=[1,0]} : bool[2]\n%2 = reduce %1 {kind=or, axes=[0]} : bool[]",
           "1");
    expect(w, "%1 = constant {value=[6,3]} : u8[2]\n%2 = reduce %1 {kind=and, axes=[0]} : u8[]",
           "2");
}

static void of_nothing_they_are_identities(void **state) {
    workspace *w = *state;
    expect(w, NOTHING("f32") "%2 = reduce %1 {axes=[0]} : f32[2]", "0 0");
    expect(w, NOTHING("f32") "%2 = reduce %1 {kind=prod, axes=[0]} : f32[2]", "1 1");
    expect(w, NOTHING("f32") "%2 = reduce %1 {kind=max, axes=[0]} : f32[2]", "-inf -inf");
    expect(w, NOTHING("i32") "%2 = reduce %1 {kind=min, axes=[0]} : i32[2]",
           "2147483647 2147483647");
    expect(w, NOTHING("i64") "%2 = reduce %1 {kind=max, axes=[0]} : i64[2]",
           "-9223372036854775808 -9223372036854775808");
    expect(w, NOTHING("u8") "%2 = reduce %1 {kind=and, axes=[0]} : u8[2]", "255 255");
    expect(w, NOTHING("bool") "%2 = reduce %1 {kind=and, axes=[0]} : bool[2]", "1 1");
}

static void half_precision_accumulates_in_single(void **state) {
    workspace *w = *state;
    expect_rounded(w, "%1 = constant {value=[1]} : bf16[1000]\n%2 = reduce %1 {axes=[0]} : bf16[]",
                   "1000");
}

static void argreduce_takes_the_first(void **state) {
    workspace *w = *state;
    expect(w, SIX "%2 = argreduce %1 {axes=[1]} : i32[2]", "0 0");
    expect(w, SIX "%2 = argreduce %1 {kind=min, axes=[0]} : i32[3]", "0 0 0");
    expect(w, "%1 = constant {value=[1,nan,5,nan]} : f32[4]\n%2 = argreduce %1 {axes=[0]} : i32[]",
           "1");
    expect(w,
           "%1 = constant {value=[-5,-5]} : i32[2]\n%2 = argreduce %1 {kind=min, axes=[0]} : i32[]",
           "0");
}

static void misfits_are_refused(void **state) {
    workspace *w = *state;
    expect_error(w, SIX "%2 = reduce %1 {axes=[2]} : f32[2]", "axis 2 is out of range for rank 2");
    expect_error(w, SIX "%2 = reduce %1 {axes=[1,0]} : f32[]", "increase");
    expect_error(w, SIX "%2 = reduce %1 {kind=and, axes=[0]} : f32[3]",
                 "and does not fold f32[2,3]; compare");
    expect_error(w, "%1 = constant {value=[1]} : bool[2]\n%2 = reduce %1 {axes=[0]} : bool[]",
                 "cast first");
    expect_error(w, NOTHING("f32") "%2 = argreduce %1 {axes=[0]} : i32[2]",
                 "no elements to choose from");
    expect_error(w, SIX "%2 = argreduce %1 {axes=[0,1]} : i32[]", "along one axis");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(folds),
        WITH_WORKSPACE(of_nothing_they_are_identities),
        WITH_WORKSPACE(half_precision_accumulates_in_single),
        WITH_WORKSPACE(argreduce_takes_the_first),
        WITH_WORKSPACE(misfits_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
