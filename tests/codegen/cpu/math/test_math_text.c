/* math_text.c: the texts are found, name what they need, and compile as a program on their own,
 * without a header or a warning. */
#include "test.h"

#include <stdio.h>

#include "codegen/cpu/math/math_text.h"

static void names_are_sorted_and_found(void **state) {
    (void)state;
    assert_true(math_function_count > 100);
    for (int i = 0; i < math_function_count; i++) {
        const math_function *f = &math_functions[i];
        if (i > 0) assert_true(strcmp(math_functions[i - 1].name, f->name) < 0);
        assert_ptr_equal(math_find(f->name), f);
    }
    assert_null(math_functions[math_function_count].name);
}

static void unknown_names_are_not_found(void **state) {
    (void)state;
    assert_null(math_find(""));
    assert_null(math_find("cn_exp"));
    assert_null(math_find("cn_exp_f3"));
    assert_null(math_find("cn_exp_f322"));
    assert_null(math_find("zzz"));
}

static void every_operation_exists_for_its_types(void **state) {
    (void)state;
    static const char *const floats[] = {"abs", "sign", "floor", "round", "exp", "expm1", "log",
                                         "log1p", "sqrt", "rsqrt", "sin", "cos", "tanh",
                                         "sigmoid", "erf", "pow", "rem", "max", "min"};
    static const char *const integers[] = {"add", "sub", "mul", "neg", "abs", "sign", "div",
                                           "rem", "pow", "max", "min", "shl", "shr"};
    static const char *const integer_types[] = {"i32", "i64", "u32", "u8", "i8"};
    char name[64];
    for (size_t i = 0; i < sizeof floats / sizeof *floats; i++)
        for (int wide = 0; wide < 2; wide++) {
            snprintf(name, sizeof name, "cn_%s_%s", floats[i], wide ? "f64" : "f32");
            if (!math_find(name)) fail_msg("%s is missing", name);
        }
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++)
        for (size_t t = 0; t < sizeof integer_types / sizeof *integer_types; t++) {
            snprintf(name, sizeof name, "cn_%s_%s", integers[i], integer_types[t]);
            if (!math_find(name)) fail_msg("%s is missing", name);
        }
}

/* Prints f after what it needs, each once, as an emitter does. */
static void print_with_needs(FILE *file, const math_function *f, bool *printed) {
    assert_non_null(f);
    if (printed[f - math_functions]) return;
    printed[f - math_functions] = true;
    for (const char *const *need = f->needs; *need; need++)
        print_with_needs(file, math_find(*need), printed);
    fprintf(file, "%s\n", f->text);
}

static void texts_compile_alone_without_warnings(void **state) {
    (void)state;
    FILE *file = fopen("math_texts.c", "w");
    assert_non_null(file);
    bool *printed = calloc((size_t)math_function_count, sizeof *printed);
    assert_non_null(printed);
    for (int i = math_function_count - 1; i >= 0; i--)
        print_with_needs(file, &math_functions[i], printed);
    free(printed);
    fputs("int nothing;\n", file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(system("cc -std=c11 -O1 -ffreestanding -Wall -Wextra -Wshadow -pedantic "
                            "-Wconversion -Wno-unused-function -Werror -c math_texts.c "
                            "-o math_texts.o"),
                     0);
}

/* Loops over these functions must become vector code, or generated programs are many times
 * slower. clang reports every loop that it leaves scalar. */
static void float_functions_vectorise(void **state) {
    (void)state;
    static const char *const names[] = {"exp", "expm1", "log", "log1p", "tanh", "sigmoid", "erf",
                                        "sin", "cos", "sqrt", "rsqrt", "floor", "round", "sign"};
    if (system("command -v clang-19 >/dev/null") != 0) skip();
    FILE *file = fopen("math_loops.c", "w");
    assert_non_null(file);
    fputs("#include \"codegen/cpu/math/f32/all.h\"\n", file);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        fprintf(file,
                "void %s_all(const float *restrict x, float *restrict y) {\n"
                "    for (int i = 0; i < 4096; i++) y[i] = cn_%s_f32(x[i]);\n}\n",
                names[i], names[i]);
    fputs("void pow_all(const float *restrict x, float *restrict y) {\n"
          "    for (int i = 0; i < 4096; i++) y[i] = cn_pow_f32(x[i], y[i]);\n}\n", file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(system("clang-19 --target=x86_64-linux-gnu -O2 -march=x86-64-v3 "
                            "-fno-math-errno -ffp-contract=off -Rpass-missed=loop-vectorize "
                            "-I " CORNU_SOURCE_FOLDER " -S math_loops.c -o math_loops.s "
                            "2>math_loops.txt && ! grep remark math_loops.txt && "
                            "grep -q vfmadd.*ymm math_loops.s"),
                     0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_sorted_and_found),
        cmocka_unit_test(unknown_names_are_not_found),
        cmocka_unit_test(every_operation_exists_for_its_types),
        cmocka_unit_test(texts_compile_alone_without_warnings),
        cmocka_unit_test(float_functions_vectorise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
