/* Values of unary ops at the corners; the rest is in the oracle table. */
#include "evaluate.h"

static void unary(workspace *w, const char *op, const char *dtype, const char *x,
                  const char *wanted) {
    int count = 1;
    for (const char *p = x; *p != '\0'; p++)
        count += *p == ',';
    expect(w,
           arena_format(w->arena,
                        "%%1 = constant {value=[%s]} : %s[%d]\n"
                        "%%2 = %s %%1 : %s[%d]",
                        x, dtype, count, op, dtype, count),
           wanted);
}

static void floats_at_corners(void **state) {
    workspace *w = *state;
    unary(w, "neg", "f32", "0,1.5,-inf,nan", "-0 -1.5 inf nan");
    unary(w, "abs", "f32", "-0,-3,-inf,nan", "0 3 inf nan");
    unary(w, "sign", "f32", "0,-0,1e-45,-7,nan,inf", "0 -0 1 -1 nan 1");
    unary(w, "floor", "f32", "1.5,-1.5,-0.5,inf", "1 -2 -1 inf");
    unary(w, "round", "f32", "0.5,1.5,2.5,-0.5,-1.5,0.4999", "0 2 2 -0 -2 0");
    unary(w, "exp", "f32", "0,-inf,inf,nan", "1 0 inf nan");
    unary(w, "expm1", "f64", "0,1e-12,-inf", "0 1e-12 -1");
    unary(w, "log", "f32", "1,0,-1,inf", "0 -inf nan inf");
    unary(w, "log1p", "f64", "0,1e-12,-1,-2", "0 1e-12 -inf nan");
    unary(w, "sqrt", "f32", "4,0,-1,inf", "2 0 nan inf");
    unary(w, "rsqrt", "f32", "4,0,inf,-1", "0.5 inf 0 nan");
    unary(w, "tanh", "f32", "0,100,-inf", "0 1 -1");
    unary(w, "sigmoid", "f32", "0,1000,-1000,nan", "0.5 1 0 nan");
    unary(w, "erf", "f32", "0,10,-inf", "0 1 -1");
}

static void integers_wrap(void **state) {
    workspace *w = *state;
    unary(w, "neg", "i8", "-128,5", "-128 -5");
    unary(w, "neg", "u8", "1,0", "255 0");
    unary(w, "abs", "i32", "-2147483648,-3", "-2147483648 3");
    unary(w, "sign", "i64", "-9,0,4", "-1 0 1");
    unary(w, "not", "i32", "0,-1,5", "-1 0 -6");
    unary(w, "not", "u8", "0,255,1", "255 0 254");
    unary(w, "not", "bool", "0,1", "1 0");
}

static void wrong_types_are_refused(void **state) {
    workspace *w = *state;
    expect_error(w, "%1 = constant {value=[1]} : i32[4]\n%2 = exp %1 : i32[4]",
                 "exp: does not compute on i32[4]; cast to a float type first");
    expect_error(w, "%1 = constant {value=[1]} : bool[]\n%2 = neg %1 : bool[]",
                 "cast to a number type");
    expect_error(w, "%1 = constant {value=[1]} : f32[]\n%2 = not %1 : f32[]",
                 "an integer type or bool");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(floats_at_corners),
        WITH_WORKSPACE(integers_wrap),
        WITH_WORKSPACE(wrong_types_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
