/* An external command as a compiler, by its own interface: how it is found, named, identified, and
 * what it says about bad code. */
#include "tests/test.h"

#include <stdio.h>
#include <unistd.h>

#include "base/platform.h"
#include "codegen/cpu/compiler.h"

static const char good[] = "int answer(void) { return 42; }\n";
static const char bad[] = "int answer(void) { return fourty_two; }\n";

static bool build(compiler *c, const char *text, diagnostics *d, char **folder) {
    toolchain_unit unit = {.name = "answer", .text = text, .length = strlen(text)};
    toolchain_request r = {.units = &unit, .unit_count = 1, .isa = isa_at(0)};
#if defined(__aarch64__)
    r.isa = isa_host();
#endif
    toolchain_report report = {0};
    char output[256];
    diag_init(d);
    *folder = work_folder_new(d);
    assert_non_null(*folder);
    snprintf(output, sizeof output, "%s/program.so", *folder);
    compiler_job job = {&r, TOOLCHAIN_SHARED_OBJECT, *folder, output};
    return c->build(c, &job, d, &report) && access(output, R_OK) == 0;
}

static void commands_are_found_through_the_path(void **state) {
    (void)state;
    compiler *c = external_compiler_new("cc", 60);
    if (c == NULL)
        skip();
    c->free(c);
    assert_null(external_compiler_new("no-such-compiler", 60));
    assert_null(external_compiler_new("/dev/null", 60));
    assert_null(external_compiler_new("/tmp", 60));
    assert_null(external_compiler_new("  ", 60));
}

static void a_command_may_have_words(void **state) {
    (void)state;
    diagnostics d;
    char *folder;
    compiler *c = external_compiler_new("cc  -DANSWER=42 ", 60);
    if (c == NULL)
        skip();
    assert_true(build(c, "int answer(void) { return ANSWER; }\n", &d, &folder));
    work_folder_free(folder);
    c->free(c);
}

static void the_version_is_its_name(void **state) {
    (void)state;
    diagnostics d;
    diag_init(&d);
    compiler *c = external_compiler_new("cc", 60);
    if (c == NULL)
        skip();
    assert_string_equal(c->name, "");
    assert_true(c->start(c, &d));
    assert_true(strlen(c->name) > 2);
    assert_null(strchr(c->name, '\n'));
    c->free(c);
}

static void good_code_is_built_and_bad_code_quoted(void **state) {
    (void)state;
    diagnostics d;
    char *folder;
    compiler *c = external_compiler_new("cc", 60);
    if (c == NULL)
        skip();
    assert_true(build(c, good, &d, &folder));
    work_folder_free(folder);
    assert_false(build(c, bad, &d, &folder));
    assert_int_equal(d.status, CN_ERROR_COMPILER);
    assert_non_null(strstr(d.message, "fourty_two"));
    assert_non_null(strstr(d.message, "unit-0.c"));
    work_folder_free(folder);
    c->free(c);
}

static void a_compiler_that_hangs_is_stopped(void **state) {
    (void)state;
    diagnostics d;
    diag_init(&d);
    char *folder = work_folder_new(&d), path[256], *build_folder;
    snprintf(path, sizeof path, "%s/slow-cc", folder);
    FILE *file = fopen(path, "w");
    fputs("#!/bin/sh\nsleep 60\n", file);
    fclose(file);
    assert_int_equal(system("true"), 0);
    char command[300];
    snprintf(command, sizeof command, "chmod +x '%s'", path);
    assert_int_equal(system(command), 0);
    compiler *c = external_compiler_new(path, 0.1);
    assert_non_null(c);
    double begin = clock_seconds();
    assert_false(build(c, good, &d, &build_folder));
    assert_true(clock_seconds() - begin < 10);
    assert_non_null(strstr(d.message, "longer than"));
    work_folder_free(build_folder);
    c->free(c);
    work_folder_free(folder);
}

static sha256_digest identity(compiler *c, const toolchain_request *r) {
    sha256 hash;
    sha256_init(&hash);
    c->identify(c, r, &hash);
    return sha256_finish(&hash);
}

static void the_identity_covers_what_matters(void **state) {
    (void)state;
    compiler *c = external_compiler_new("cc", 60), *words = external_compiler_new("cc -g", 60);
    if (c == NULL)
        skip();
    toolchain_request plain = {.isa = isa_find("x86-64-v2"), .threads = 1};
    toolchain_request threads = plain, sanitized = plain, level = plain;
    threads.threads = 8;
    sanitized.sanitize_undefined = true;
    level.isa = isa_find("x86-64-v3");
    sha256_digest a = identity(c, &plain), same = identity(c, &threads);
    sha256_digest b = identity(c, &sanitized), other = identity(c, &level);
    sha256_digest e = identity(words, &plain);
    assert_memory_equal(&a, &same, sizeof a);
    assert_memory_not_equal(&a, &b, sizeof a);
    assert_memory_not_equal(&a, &other, sizeof a);
    assert_memory_not_equal(&a, &e, sizeof a);
    c->free(c);
    words->free(words);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_found_through_the_path),
        cmocka_unit_test(a_command_may_have_words),
        cmocka_unit_test(the_version_is_its_name),
        cmocka_unit_test(good_code_is_built_and_bad_code_quoted),
        cmocka_unit_test(a_compiler_that_hangs_is_stopped),
        cmocka_unit_test(the_identity_covers_what_matters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
