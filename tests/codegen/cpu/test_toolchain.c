/* From texts to loaded code, with the module and with the external compiler: results, the cache,
 * failures and their cures, and what loaded code must not do to its process. */
#include "tests/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "codegen/cpu/clang_module.h"
#include "codegen/cpu/toolchain.h"

#define MODULE_PATH CORNU_BUILD_FOLDER "/" CLANG_MODULE_FILE

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define SANITIZED 0
#endif

typedef struct fixture {
    const char *compiler; /* "module" or "cc" */
    char folder[64];
    char warnings[4096];
    diagnostics diagnostics;
    toolchain *toolchain;
} fixture;

static void collect(void *user, const char *text, size_t length) {
    fixture *f = user;
    strncat(f->warnings, text, length < 1000 ? length : 1000);
}

static toolchain *make_toolchain(fixture *f, const char *cache, const char *compiler) {
    toolchain_options o = {.cache_directory = cache,
                           .compiler = compiler,
                           .module_path = access(MODULE_PATH, R_OK) == 0 ? MODULE_PATH : NULL};
    toolchain *t = toolchain_new(&f->diagnostics, &o);
    assert_non_null(t);
    return t;
}

static void open_fixture(void **state, const char *compiler) {
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->compiler = compiler;
    strcpy(f->folder, "/tmp/cornu-test-toolchain-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    diag_init(&f->diagnostics);
    f->diagnostics.writer = collect;
    f->diagnostics.writer_user = f;
    f->toolchain = make_toolchain(f, f->folder, compiler);
    *state = f;
}

static int setup_module(void **state) {
    open_fixture(state, "module");
    return 0;
}

static int setup_external(void **state) {
    open_fixture(state, "cc");
    return 0;
}

static int teardown(void **state) {
    fixture *f = *state;
    char command[128];
    toolchain_free(f->toolchain);
    snprintf(command, sizeof command, "rm -rf '%s'", f->folder);
    int status = system(command);
    free(f);
    return status;
}

static bool has_compiler(fixture *f) {
    char line[256];
    return toolchain_describe(f->toolchain, line, sizeof line);
}

/* ---- Programs ---- */

static const char add_text[] = "int add_one(int x) { return x + 1; }\n";
static const char use_text[] =
    "int add_one(int x);\n"
    "int add_two(int x) { return add_one(add_one(x)); }\n"
    "void scale(const float *restrict x, float *restrict y, long n, float a, float b) {\n"
    "    for (long i = 0; i < n; i++) y[i] = x[i] * a + b;\n"
    "}\n"
    "void clear(float *x, long n) { for (long i = 0; i < n; i++) x[i] = 0; }\n";

static const toolchain_unit two_units[] = {
    {.name = "add", .text = add_text, .length = sizeof add_text - 1},
    {.name = "use", .text = use_text, .length = sizeof use_text - 1},
};

static toolchain_request two_unit_request(void) {
    return (toolchain_request){
        .units = two_units, .unit_count = 2, .isa = isa_host(), .threads = 2};
}

static void expect_load(fixture *f, toolchain *t, const toolchain_request *r, toolchain_library **l,
                        toolchain_report *report) {
    bool ok = toolchain_load(t, r, &f->diagnostics, l, report);
    assert_string_equal(f->diagnostics.message, "");
    assert_true(ok);
    assert_non_null(*l);
}

typedef int int_function(int);
typedef void scale_function(const float *, float *, long, float, float);

static int call(toolchain_library *l, const char *name, int argument) {
    int_function *function;
    void *symbol = toolchain_symbol(l, name);
    assert_non_null(symbol);
    memcpy(&function, &symbol, sizeof function);
    return function(argument);
}

static void units_become_one_library(void **state) {
    fixture *f = *state;
    if (!has_compiler(f))
        skip();
    toolchain_request r = two_unit_request();
    toolchain_library *l;
    toolchain_report report;
    expect_load(f, f->toolchain, &r, &l, &report);
    assert_int_equal(call(l, "add_two", 40), 42);
    assert_null(toolchain_symbol(l, "no_such_name"));
    assert_false(report.cache_hit);
    assert_true(report.compile_ms > 0 && report.link_ms > 0 && report.load_ms > 0);
    assert_true(strlen(report.compiler) > 2);
    toolchain_library_free(l);
    toolchain_library_free(NULL);
    assert_string_equal(f->warnings, "");
}

static void the_second_time_it_is_cached(void **state) {
    fixture *f = *state;
    if (!has_compiler(f))
        skip();
    toolchain_request r = two_unit_request();
    toolchain_library *first, *second;
    toolchain_report cold, warm;
    expect_load(f, f->toolchain, &r, &first, &cold);
    toolchain *other = make_toolchain(f, f->folder, f->compiler);
    r.threads = 1;
    expect_load(f, other, &r, &second, &warm);
    assert_false(cold.cache_hit);
    assert_true(warm.cache_hit);
    assert_true(warm.compile_ms == 0 && warm.link_ms == 0 && warm.load_ms > 0);
    assert_string_equal(warm.compiler, cold.compiler);
    toolchain_free(other);
    toolchain_library_free(first);
    assert_int_equal(call(second, "add_two", 40), 42);
    toolchain_library_free(second);
}

static void any_difference_is_another_program(void **state) {
    fixture *f = *state;
    if (!has_compiler(f))
        skip();
    toolchain_request r = two_unit_request();
    toolchain_unit units[2] = {two_units[0], two_units[1]};
    toolchain_library *l;
    toolchain_report report;
    expect_load(f, f->toolchain, &r, &l, &report);
    toolchain_library_free(l);
    units[0].name = "another name"; /* no difference */
    r.units = units;
    expect_load(f, f->toolchain, &r, &l, &report);
    assert_true(report.cache_hit);
    toolchain_library_free(l);
    units[0].text = "int add_one(int x) { return x + 2; }\n";
    expect_load(f, f->toolchain, &r, &l, &report);
    assert_false(report.cache_hit);
    assert_int_equal(call(l, "add_two", 38), 42);
    toolchain_library_free(l);
    if (isa_host() != isa_at(0)) {
        r.isa = isa_at(0);
        expect_load(f, f->toolchain, &r, &l, &report);
        assert_false(report.cache_hit);
        toolchain_library_free(l);
    }
}

/* The only entry, through the shell: its name is the key, which is nobody's business. */
static void damage_entry(const fixture *f) {
    char command[256];
    snprintf(command, sizeof command,
             "printf X | dd of=$(ls %s/*.so) bs=1 seek=1000 conv=notrunc 2>/dev/null", f->folder);
    assert_int_equal(system(command), 0);
}

static void a_damaged_entry_is_made_again(void **state) {
    fixture *f = *state;
    if (!has_compiler(f))
        skip();
    toolchain_request r = two_unit_request();
    toolchain_library *l;
    toolchain_report report;
    expect_load(f, f->toolchain, &r, &l, &report);
    toolchain_library_free(l);
    damage_entry(f);
    expect_load(f, f->toolchain, &r, &l, &report);
    assert_false(report.cache_hit);
    assert_non_null(strstr(f->warnings, "damaged"));
    assert_int_equal(call(l, "add_two", 40), 42);
    toolchain_library_free(l);
    expect_load(f, f->toolchain, &r, &l, &report);
    assert_true(report.cache_hit);
    toolchain_library_free(l);
}

static void without_a_cache_it_still_loads(void **state) {
    fixture *f = *state;
    if (!has_compiler(f))
        skip();
    setenv("TMPDIR", f->folder, 1);
    toolchain *uncached = make_toolchain(f, "", f->compiler);
    toolchain_request r = two_unit_request();
    toolchain_library *l;
    toolchain_report report;
    for (int i = 0; i < 2; i++) {
        expect_load(f, uncached, &r, &l, &report);
        assert_false(report.cache_hit);
        assert_int_equal(call(l, "add_two", 40), 42);
        toolchain_library_free(l);
    }
    toolchain_free(uncached);
    unsetenv("TMPDIR");
    assert_int_equal(rmdir(f->folder), 0); /* nothing was left behind */
    assert_int_equal(mkdir(f->folder, 0700), 0);
}

static void bad_code_is_quoted(void **state) {
    fixture *f = *state;
    if (!has_compiler(f))
        skip();
    toolchain_unit unit = {
        .name = "broken", .text = "int f(void) { return oops; }\n", .length = 29};
    toolchain_request r = {.units = &unit, .unit_count = 1, .isa = isa_host()};
    toolchain_library *l;
    assert_false(toolchain_load(f->toolchain, &r, &f->diagnostics, &l, NULL));
    assert_null(l);
    assert_int_equal(f->diagnostics.status, CN_ERROR_COMPILER);
    assert_non_null(strstr(f->diagnostics.message, "broken"));
    assert_non_null(strstr(f->diagnostics.message, "oops"));
}

static void code_that_misses_a_symbol_does_not_load(void **state) {
    fixture *f = *state;
    if (!has_compiler(f))
        skip();
    const char *text = "int nobody_has_this(void);\nint f(void) { return nobody_has_this(); }\n";
    toolchain_unit unit = {.name = "unresolved", .text = text, .length = strlen(text)};
    toolchain_request r = {.units = &unit, .unit_count = 1, .isa = isa_host()};
    toolchain_library *l;
    assert_false(toolchain_load(f->toolchain, &r, &f->diagnostics, &l, NULL));
    assert_non_null(strstr(f->diagnostics.message, "nobody_has_this"));
}

/* ---- What the flags promise ---- */

static void products_are_not_contracted(void **state) {
    fixture *f = *state;
    if (!has_compiler(f))
        skip();
    toolchain_request r = two_unit_request();
    toolchain_library *l;
    expect_load(f, f->toolchain, &r, &l, NULL);
    float x[64], y[64];
    for (int i = 0; i < 64; i++)
        x[i] = 1.0f + (float)i * 0x1p-23f;
    const float a = 1.0f + 0x1p-23f, b = -1.0f;
    scale_function *scale;
    void *symbol = toolchain_symbol(l, "scale");
    memcpy(&scale, &symbol, sizeof scale);
    scale(x, y, 64, a, b);
    for (int i = 0; i < 64; i++) {
        volatile float product = x[i] * a;
        assert_true(y[i] == product + b);
    }
    toolchain_library_free(l);
}

#if defined(__x86_64__)
static unsigned float_environment(void) {
    return __builtin_ia32_stmxcsr();
}

static void loading_leaves_the_float_environment(void **state) {
    fixture *f = *state;
    if (!has_compiler(f))
        skip();
    toolchain_request r = two_unit_request();
    toolchain_library *l;
    unsigned before = float_environment() & ~63u; /* without the sticky flags */
    expect_load(f, f->toolchain, &r, &l, NULL);
    call(l, "add_two", 1);
    assert_int_equal(float_environment() & ~63u, before);
    toolchain_library_free(l);
}
#endif

static void no_page_is_writable_and_executable(void **state) {
    fixture *f = *state;
    if (!has_compiler(f))
        skip();
    toolchain_request r = two_unit_request();
    toolchain_library *l;
    expect_load(f, f->toolchain, &r, &l, NULL);
    assert_int_equal(system("grep -q ' rwx' /proc/$PPID/maps"), 256);
    toolchain_library_free(l);
}

static void sanitized_code_comes_from_the_external_compiler(void **state) {
    fixture *f = *state;
    if (!has_compiler(f) || SANITIZED)
        skip();
    const char *text = "int divide(int x, int y) { return x / y; }\n";
    toolchain_unit unit = {.name = "divide", .text = text, .length = strlen(text)};
    toolchain_request r = {.units = &unit, .unit_count = 1, .isa = isa_host()};
    r.sanitize_undefined = true;
    toolchain_library *l;
    toolchain_report report;
    expect_load(f, f->toolchain, &r, &l, &report);
    assert_null(strstr(report.compiler, "in process"));
    pid_t child = fork();
    if (child == 0) {
        int fd = open("/dev/null", O_WRONLY);
        dup2(fd, 2);
        int (*divide)(int, int);
        void *symbol = toolchain_symbol(l, "divide");
        memcpy(&divide, &symbol, sizeof divide);
        _exit(divide(1, 0) & 1 ? 3 : 2);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 2 && WEXITSTATUS(status) != 3);
    toolchain_library_free(l);
}

#if defined(__SANITIZE_ADDRESS__) && !defined(__clang__)
/* Code sanitized like the process it is loaded into, as the fuzzers use it. */
static void sanitized_code_loads_into_a_sanitized_process(void **state) {
    fixture *f = *state;
    if (!has_compiler(f))
        skip();
    toolchain_request r = two_unit_request();
    r.sanitize_address = r.sanitize_undefined = true;
    toolchain_library *l;
    expect_load(f, f->toolchain, &r, &l, NULL);
    assert_int_equal(call(l, "add_two", 40), 42);
    toolchain_library_free(l);
}
#endif

/* ---- Files ---- */

static void files_are_written_for_any_level(void **state) {
    fixture *f = *state;
    if (!has_compiler(f))
        skip();
    bool cross = strcmp(f->compiler, "module") == 0;
    for (int i = 0; i < isa_count(); i++) {
        const isa_level *level = isa_at(i);
        if (!cross && strcmp(level->triple, isa_host()->triple) != 0)
            continue;
        toolchain_request r = two_unit_request();
        r.isa = level;
        for (int product = TOOLCHAIN_SHARED_OBJECT; product <= TOOLCHAIN_OBJECT; product++) {
            char path[128];
            unsigned char header[20];
            snprintf(path, sizeof path, "%s/written", f->folder);
            bool ok = toolchain_write(f->toolchain, &r, (toolchain_product)product, path,
                                      &f->diagnostics, NULL);
            assert_string_equal(f->diagnostics.message, "");
            assert_true(ok);
            FILE *file = fopen(path, "rb");
            assert_non_null(file);
            assert_int_equal(fread(header, 1, sizeof header, file), sizeof header);
            fclose(file);
            assert_memory_equal(header,
                                "\x7f"
                                "ELF",
                                4);
            assert_int_equal(header[16], product == TOOLCHAIN_OBJECT ? 1 : 3);
            assert_int_equal(header[18], level->triple[0] == 'a' ? 183 : 62);
        }
    }
}

/* ---- Choosing a compiler ---- */

static void fail_to_load(fixture *f, toolchain *t, const char *part) {
    toolchain_request r = two_unit_request();
    toolchain_library *l;
    char line[512];
    assert_false(toolchain_load(t, &r, &f->diagnostics, &l, NULL));
    assert_int_equal(f->diagnostics.status, CN_ERROR_COMPILER);
    if (strstr(f->diagnostics.message, part) == NULL)
        fail_msg("no '%s' in: %s", part, f->diagnostics.message);
    assert_false(toolchain_describe(t, line, sizeof line));
    assert_non_null(strstr(line, part));
    toolchain_free(t);
}

static void a_missing_compiler_names_its_cure(void **state) {
    fixture *f = *state;
    fail_to_load(f, make_toolchain(f, "", "no-such-compiler"), "no program 'no-such-compiler'");
    diag_clear(&f->diagnostics);
    toolchain_options o = {.compiler = "module", .module_path = "/nowhere", .cache_directory = ""};
    fail_to_load(f, toolchain_new(&f->diagnostics, &o), "CORNU_CLANG_MODULE");
    diag_clear(&f->diagnostics);
    char *path = strdup(getenv("PATH"));
    setenv("PATH", "/nowhere", 1);
    o.compiler = "auto";
    fail_to_load(f, toolchain_new(&f->diagnostics, &o), "apt-get install gcc");
    setenv("PATH", path, 1);
    free(path);
}

static void the_environment_chooses(void **state) {
    fixture *f = *state;
    setenv("CORNU_CC", "no-such-compiler", 1);
    toolchain_options o = {.cache_directory = ""};
    fail_to_load(f, toolchain_new(&f->diagnostics, &o), "no program 'no-such-compiler'");
    unsetenv("CORNU_CC");
}

static void a_broken_module_gives_way(void **state) {
    fixture *f = *state;
    if (!has_compiler(f))
        skip();
    toolchain_options o = {
        .cache_directory = f->folder, .compiler = "auto", .module_path = "/proc/self/exe"};
    toolchain *t = toolchain_new(&f->diagnostics, &o);
    toolchain_request r = two_unit_request();
    toolchain_library *l;
    toolchain_report report;
    for (int i = 0; i < 2; i++) {
        expect_load(f, t, &r, &l, &report);
        assert_int_equal(report.cache_hit, i == 1);
        toolchain_library_free(l);
    }
    assert_non_null(strstr(f->warnings, "using 'cc' instead"));
    assert_null(strstr(strstr(f->warnings, "using 'cc'") + 1, "using 'cc'")); /* said once */
    toolchain_free(t);
}

/* A process that finds everything in the cache must not load LLVM. */
static void a_warm_start_does_not_load_the_module(void **state) {
    fixture *f = *state;
    toolchain_request r = two_unit_request();
    toolchain_library *l;
    toolchain_report report;
    pid_t child = fork();
    if (child == 0)
        _exit(toolchain_load(f->toolchain, &r, &f->diagnostics, &l, NULL) ? 0 : 1);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (status != 0)
        skip();
    expect_load(f, f->toolchain, &r, &l, &report);
    assert_true(report.cache_hit);
    assert_int_equal(system("grep -q libLLVM /proc/$PPID/maps"), 256);
    toolchain_library_free(l);
}

#define WITH_MODULE(test) \
    { "module: " #test, test, setup_module, teardown, NULL }
#define WITH_EXTERNAL(test) \
    { "cc: " #test, test, setup_external, teardown, NULL }
#define WITH_BOTH(test) WITH_MODULE(test), WITH_EXTERNAL(test)

int main(void) {
    unsetenv("CORNU_CC");
    const struct CMUnitTest tests[] = {
        WITH_MODULE(a_warm_start_does_not_load_the_module), /* first: nothing has loaded it yet */
        WITH_BOTH(units_become_one_library),
        WITH_BOTH(the_second_time_it_is_cached),
        WITH_BOTH(any_difference_is_another_program),
        WITH_BOTH(a_damaged_entry_is_made_again),
        WITH_BOTH(without_a_cache_it_still_loads),
        WITH_BOTH(bad_code_is_quoted),
        WITH_BOTH(code_that_misses_a_symbol_does_not_load),
        WITH_BOTH(products_are_not_contracted),
#if defined(__x86_64__)
        WITH_BOTH(loading_leaves_the_float_environment),
#endif
        WITH_BOTH(no_page_is_writable_and_executable),
        WITH_BOTH(sanitized_code_comes_from_the_external_compiler),
#if defined(__SANITIZE_ADDRESS__) && !defined(__clang__)
        WITH_BOTH(sanitized_code_loads_into_a_sanitized_process),
#endif
        WITH_BOTH(files_are_written_for_any_level),
        WITH_EXTERNAL(a_missing_compiler_names_its_cure),
        WITH_EXTERNAL(the_environment_chooses),
        WITH_EXTERNAL(a_broken_module_gives_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
