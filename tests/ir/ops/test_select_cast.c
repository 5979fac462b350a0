/* select, cast and bitcast: what saturates, what wraps, what rounds. */
#include "evaluate.h"

static const char *cast_text(workspace *w, const char *op, const char *from, const char *x,
                             const char *to) {
    int count = 1;
    for (const char *p = x; *p != '\0'; p++)
        count += *p == ',';
    return arena_format(w->arena,
                        "%%1 = constant {value=[%s]} : %s[%d]\n"
                        "%%2 = %s %%1 {to=%s} : %s[%d]",
                        x, from, count, op, to, to, count);
}

static void floats_to_integers_saturate(void **state) {
    workspace *w = *state;
    expect(w, cast_text(w, "cast", "f32", "1.9,-1.9,3e9,-3e9,nan,inf", "i32"),
           "1 -1 2147483647 -2147483648 0 2147483647");
    expect(w, cast_text(w, "cast", "f32", "-5,255.9,256,nan", "u8"), "0 255 255 0");
    expect(w, cast_text(w, "cast", "f32", "-129,127.5,200", "i8"), "-128 127 127");
    expect(w, cast_text(w, "cast", "f64", "1e30,-1e30", "i64"),
           "9223372036854775807 -9223372036854775808");
    expect(w, cast_text(w, "cast", "f64", "4294967295,4294967296,-1", "u32"),
           "4294967295 4294967295 0");
}

static void integers_keep_their_low_bits(void **state) {
    workspace *w = *state;
    expect(w, cast_text(w, "cast", "i32", "300,-1,128", "i8"), "44 -1 -128");
    expect(w, cast_text(w, "cast", "i32", "-1", "u32"), "4294967295");
    expect(w, cast_text(w, "cast", "u32", "4294967295", "i32"), "-1");
    expect(w, cast_text(w, "cast", "u8", "200", "f32"), "200");
}

static void bool_is_zero_or_one(void **state) {
    workspace *w = *state;
    expect(w, cast_text(w, "cast", "f32", "0,-0,0.1,nan", "bool"), "0 0 1 1");
    expect(w, cast_text(w, "cast", "bool", "0,1", "f32"), "0 1");
    expect(w, cast_text(w, "cast", "i8", "0,-3", "bool"), "0 1");
}

static void narrowing_rounds_to_nearest_even(void **state) {
    workspace *w = *state;
    expect_rounded(w, cast_text(w, "cast", "f32", "2049,2051,70000,1e-8", "f16"),
                   "2048 2052 inf 0");
    expect_rounded(w, cast_text(w, "cast", "f32", "257,259", "bf16"), "256 260");
    expect_rounded(w, cast_text(w, "cast", "i64", "9007199791611905", "f32"), "9.0072e+15");
}

static void bitcast_reads_bytes(void **state) {
    workspace *w = *state;
    expect(w, cast_text(w, "bitcast", "f32", "1,-0", "u32"), "1065353216 2147483648");
    expect(w, cast_text(w, "bitcast", "u32", "1065353216,1073741824", "f32"), "1 2");
    expect(w, cast_text(w, "bitcast", "u8", "255", "i8"), "-1");
    expect_error(w, cast_text(w, "bitcast", "f32", "1", "f64"), "cast instead");
    expect_error(w, cast_text(w, "bitcast", "f16", "1", "bf16"), "cast instead");
}

static void select_chooses(void **state) {
    workspace *w = *state;
    const char *operands = "%1 = constant {value=[1,0]} : bool[2]\n"
                           "%2 = constant {value=[nan,2]} : f32[2]\n"
                           "%3 = constant {value=[3,inf]} : f32[2]\n";
    expect(w, arena_format(w->arena, "%s%%4 = select %%1, %%2, %%3 : f32[2]", operands), "nan inf");
    expect_error(w, arena_format(w->arena, "%s%%4 = select %%2, %%2, %%3 : f32[2]", operands),
                 "the condition must be bool, got f32[2]; compare first");
    expect_error(w,
                 "%1 = constant {value=[1]} : bool[]\n%2 = constant {value=[1]} : f32[3]\n"
                 "%3 = select %1, %2, %2 : f32[3]",
                 "condition bool[] and choices f32[3] and f32[3]");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(floats_to_integers_saturate),
        WITH_WORKSPACE(integers_keep_their_low_bits),
        WITH_WORKSPACE(bool_is_zero_or_one),
        WITH_WORKSPACE(narrowing_rounds_to_nearest_even),
        WITH_WORKSPACE(bitcast_reads_bytes),
        WITH_WORKSPACE(select_chooses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
