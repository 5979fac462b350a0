/* The compiler module by its own interface: what it accepts, what it refuses to read, that threads
 * may share it, and that memory stays flat. Skipped where the module was not built. */
#include "tests/test.h"

#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/platform.h"
#include "codegen/cpu/clang_module.h"
#include "codegen/cpu/compiler.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_IS_QUARANTINED 1
#elif defined(__has_feature)
#define MEMORY_IS_QUARANTINED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define MEMORY_IS_QUARANTINED 0
#endif

#define MODULE_PATH CORNU_BUILD_FOLDER "/" CLANG_MODULE_FILE

static compiler *new_module(void) {
    compiler *c = module_compiler_new(MODULE_PATH);
    if (c == NULL)
        skip();
    return c;
}

static bool build(compiler *c, const char *text, const isa_level *isa, diagnostics *d,
                  char **folder) {
    toolchain_unit unit = {.name = "answer", .text = text, .length = strlen(text)};
    toolchain_request r = {.units = &unit, .unit_count = 1, .isa = isa};
    toolchain_report report = {0};
    char output[256];
    *folder = work_folder_new(d);
    assert_non_null(*folder);
    snprintf(output, sizeof output, "%s/program.so", *folder);
    compiler_job job = {&r, TOOLCHAIN_SHARED_OBJECT, *folder, output};
    return c->build(c, &job, d, &report) && access(output, R_OK) == 0;
}

static void expect(compiler *c, const char *text, const char *part_of_failure) {
    diagnostics d;
    diag_init(&d);
    char *folder;
    bool ok = build(c, text, isa_at(0), &d, &folder);
    work_folder_free(folder);
    if (part_of_failure == NULL) {
        assert_string_equal(d.message, "");
        assert_true(ok);
        return;
    }
    assert_false(ok);
    assert_int_equal(d.status, CN_ERROR_COMPILER);
    if (strstr(d.message, part_of_failure) == NULL)
        fail_msg("no '%s' in: %s", part_of_failure, d.message);
}

static void nothing_is_loaded_before_start(void **state) {
    (void)state;
    diagnostics d;
    diag_init(&d);
    compiler *c = new_module();
    assert_int_not_equal(system("grep -q libLLVM /proc/$PPID/maps"), 0);
    assert_true(c->start(c, &d));
    assert_int_equal(system("grep -q libLLVM /proc/$PPID/maps"), 0);
    assert_non_null(strstr(c->name, "clang 19"));
    c->free(c);
}

static void good_code_is_built_and_bad_code_quoted(void **state) {
    (void)state;
    diagnostics d;
    diag_init(&d);
    compiler *c = new_module();
    assert_true(c->start(c, &d));
    expect(c, "int answer(void) { return 42; }\n", NULL);
    expect(c, "int answer(void) { return fourty_two; }\n", "fourty_two");
    expect(c, "int answer(void) { return 42; ", "expected '}'");
    expect(c, "static int a;\nint answer(void) { return &a; }\n", "unit 'answer'");
    c->free(c);
}

static void no_file_of_the_machine_can_be_read(void **state) {
    (void)state;
    diagnostics d;
    diag_init(&d);
    compiler *c = new_module();
    assert_true(c->start(c, &d));
    expect(c, "#include <stddef.h>\n", "file not found");
    expect(c, "#include \"/etc/passwd\"\n", "file not found");
    c->free(c);
}

static void every_level_compiles(void **state) {
    (void)state;
    diagnostics d;
    diag_init(&d);
    compiler *c = new_module();
    assert_true(c->start(c, &d));
    const char *text = "void twice(const float *restrict x, float *restrict y, long n) {\n"
                       "    for (long i = 0; i < n; i++) y[i] = 2 * x[i];\n}\n";
    for (int i = 0; i < isa_count(); i++) {
        char *folder;
        bool ok = build(c, text, isa_at(i), &d, &folder);
        work_folder_free(folder);
        assert_string_equal(d.message, "");
        assert_true(ok);
    }
    c->free(c);
}

static atomic_int failures;

static void compile_repeatedly(void *user) {
    compiler *c = user;
    for (int i = 0; i < 5; i++) {
        diagnostics d;
        diag_init(&d);
        char *folder, text[100];
        snprintf(text, sizeof text, "int f(int x) { return x + %d; }\n", i);
        if (!build(c, text, isa_at(0), &d, &folder))
            atomic_fetch_add(&failures, 1);
        work_folder_free(folder);
    }
}

static void threads_share_the_module(void **state) {
    (void)state;
    diagnostics d;
    diag_init(&d);
    compiler *c = new_module();
    assert_true(c->start(c, &d));
    thread *threads[4];
    for (int i = 0; i < 4; i++)
        threads[i] = thread_start(compile_repeatedly, c);
    for (int i = 0; i < 4; i++)
        thread_join(threads[i]);
    assert_int_equal(atomic_load(&failures), 0);
    c->free(c);
}

static long resident_pages(void) {
    long size, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%ld %ld", &size, &resident), 2);
    fclose(file);
    return resident;
}

static void memory_stays_flat(void **state) {
    (void)state;
    diagnostics d;
    diag_init(&d);
    if (MEMORY_IS_QUARANTINED)
        skip();
    compiler *c = new_module();
    assert_true(c->start(c, &d));
    long before = 0;
    for (int i = 0; i < 200; i++) {
        if (i == 50)
            before = resident_pages();
        expect(c,
               "float f(float *x, long n) { float s = 0;\n"
               "for (long i = 0; i < n; i++) s += x[i]; return s; }\n",
               NULL);
    }
    long growth = (resident_pages() - before) * sysconf(_SC_PAGESIZE);
    assert_true(growth < 4 << 20); /* a unit that is not freed takes more than 100 KB */
    c->free(c);
}

static void other_libraries_are_no_modules(void **state) {
    (void)state;
    diagnostics d;
    diag_init(&d);
    assert_null(module_compiler_new("/nowhere/" CLANG_MODULE_FILE));
    compiler *c = module_compiler_new("/proc/self/exe");
    assert_non_null(c);
    assert_false(c->start(c, &d));
    assert_int_equal(d.status, CN_ERROR_COMPILER);
    c->free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_loaded_before_start), /* so it comes first */
        cmocka_unit_test(good_code_is_built_and_bad_code_quoted),
        cmocka_unit_test(no_file_of_the_machine_can_be_read),
        cmocka_unit_test(every_level_compiles),
        cmocka_unit_test(threads_share_the_module),
        cmocka_unit_test(memory_stays_flat),
        cmocka_unit_test(other_libraries_are_no_modules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
