/* Values of binary ops at the corners; the rest is in the oracle table. */
#include "evaluate.h"

static void binary(workspace *w, const char *op, const char *dtype, const char *a, const char *b,
                   const char *wanted) {
    int count = 1;
    for (const char *p = a; *p != '\0'; p++)
        count += *p == ',';
    const char *result = strncmp(op, "compare", 7) == 0 ? "bool" : dtype;
    const char *attributes = strchr(op, '/') == NULL ? "" : strchr(op, '/') + 1;
    const char *name = arena_string_n(w->arena, op, strcspn(op, "/"));
    const char *kind = *attributes == '\0' ? "" : arena_format(w->arena, " {kind=%s}", attributes);
    expect(w,
           arena_format(w->arena,
                        "%%1 = constant {value=[%s]} : %s[%d]\n"
                        "%%2 = constant {value=[%s]} : %s[%d]\n"
                        "%%3 = %s %%1, %%2%s : %s[%d]",
                        a, dtype, count, b, dtype, count, name, kind, result, count),
           wanted);
}

static void floats_at_corners(void **state) {
    workspace *w = *state;
    binary(w, "add", "f32", "1,inf,nan", "2,-inf,1", "3 nan nan");
    binary(w, "sub", "f32", "1,inf", "2,inf", "-1 nan");
    binary(w, "mul", "f32", "3,0,-0", "-2,inf,5", "-6 nan -0");
    binary(w, "div", "f32", "1,-1,0,3", "0,0,0,2", "inf -inf nan 1.5");
    binary(w, "rem", "f32", "7,-7,7,1,5", "3,3,-3,0,inf", "1 -1 1 nan 5");
    binary(w, "pow", "f32", "0,2,-2,-2,4", "0,-1,3,0.5,0.5", "1 0.5 -8 nan 2");
    binary(w, "max", "f32", "1,nan,1,-inf", "2,1,nan,3", "2 nan nan 3");
    binary(w, "min", "f32", "1,nan,1,-inf", "2,1,nan,3", "1 nan nan -inf");
}

static void integers_wrap_and_never_fail(void **state) {
    workspace *w = *state;
    binary(w, "add", "i8", "127,-128", "1,-1", "-128 127");
    binary(w, "sub", "u8", "0,200", "1,100", "255 100");
    binary(w, "mul", "i32", "65536,-3", "65536,7", "0 -21");
    binary(w, "mul", "u32", "4294967295", "4294967295", "1");
    binary(w, "div", "i32", "7,-7,5,-2147483648", "2,2,0,-1", "3 -3 0 -2147483648");
    binary(w, "rem", "i32", "7,-7,5,-2147483648", "2,2,0,-1", "1 -1 0 0");
    binary(w, "pow", "i32", "3,2,-1,5,0,7", "4,33,-3,-1,-1,0", "81 0 -1 0 0 1");
    binary(w, "max", "u8", "200,3", "100,4", "200 4");
    binary(w, "min", "i64", "-5,3", "5,-4", "-5 -4");
}

static void comparisons_with_nan(void **state) {
    workspace *w = *state;
    binary(w, "compare/eq", "f32", "1,nan,0", "1,nan,-0", "1 0 1");
    binary(w, "compare/ne", "f32", "1,nan,0", "1,nan,-0", "0 1 0");
    binary(w, "compare/lt", "f32", "1,nan,2", "2,1,2", "1 0 0");
    binary(w, "compare/le", "f32", "1,nan,2", "2,1,2", "1 0 1");
    binary(w, "compare/gt", "f32", "1,nan,3", "2,1,2", "0 0 1");
    binary(w, "compare/ge", "i32", "1,2,3", "2,2,2", "0 1 1");
}

static void bits(void **state) {
    workspace *w = *state;
    binary(w, "bit/and", "i32", "12,-1", "10,7", "8 7");
    binary(w, "bit/or", "bool", "0,1", "1,1", "1 1");
    binary(w, "bit/xor", "u8", "255,1", "15,1", "240 0");
    binary(w, "bit/shift_left", "i32", "1,1,1,3", "4,31,32,-1", "16 -2147483648 0 0");
    binary(w, "bit/shift_right", "i32", "-8,-8,8", "1,32,2", "-4 0 2");
    binary(w, "bit/shift_right", "u32", "4294967295,8", "31,40", "1 0");
}

static void differing_operands_are_refused(void **state) {
    workspace *w = *state;
    const char *operands = "%1 = constant {value=[1]} : f32[B,3]\n%2 = constant {value=[1]} : ";
    expect_error(w, arena_format(w->arena, "%sf32[B,4]\n%%3 = add %%1, %%2 : f32[B,3]", operands),
                 "add: operands must have one type, got f32[B,3] and f32[B,4]; broadcast");
    expect_error(w, arena_format(w->arena, "%sf64[B,3]\n%%3 = mul %%1, %%2 : f32[B,3]", operands),
                 "got f32[B,3] and f64[B,3]; cast one of them");
    expect_error(w,
                 "%1 = constant {value=[1]} : bool[2]\n%2 = bit %1, %1 {kind=shift_left} : bool[2]",
                 "use integers");
    expect_error(w, "%1 = constant {value=[1]} : f32[2]\n%2 = bit %1, %1 {kind=or} : f32[2]",
                 "use integers or bool");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(floats_at_corners),
        WITH_WORKSPACE(integers_wrap_and_never_fail),
        WITH_WORKSPACE(comparisons_with_nan),
        WITH_WORKSPACE(bits),
        WITH_WORKSPACE(differing_operands_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
