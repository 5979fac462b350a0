/* What both compilers share: every unit once on any number of threads, the first failure in order,
 * folders that are private and vanish, response files that survive odd names. */
#include "tests/test.h"

#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/platform.h"
#include "codegen/cpu/compiler.h"

enum { UNITS = 100 };

static toolchain_unit units[UNITS];
static atomic_int calls[UNITS];
static int failing[2];

static char *count_call(void *user, int index) {
    char *message = NULL;
    (void)user;
    atomic_fetch_add(&calls[index], 1);
    if (index == failing[0] || index == failing[1]) {
        message = malloc(32);
        snprintf(message, 32, "unit number %d", index);
    }
    return message;
}

static bool run(int threads, int first_failing, int second_failing, diagnostics *d) {
    toolchain_request r = {.units = units, .unit_count = UNITS, .threads = threads};
    failing[0] = first_failing;
    failing[1] = second_failing;
    for (int i = 0; i < UNITS; i++) {
        units[i].name = "some name";
        atomic_store(&calls[i], 0);
    }
    diag_init(d);
    return compile_units(&r, count_call, NULL, d);
}

static void every_unit_is_compiled_once(void **state) {
    (void)state;
    diagnostics d;
    const int threads[] = {0, 1, 2, 3, 1000};
    for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
        assert_true(run(threads[t], -1, -1, &d));
        for (int i = 0; i < UNITS; i++)
            assert_int_equal(atomic_load(&calls[i]), 1);
    }
}

static void the_first_failure_in_order_is_reported(void **state) {
    (void)state;
    diagnostics d;
    for (int threads = 1; threads < 4; threads++) {
        assert_false(run(threads, 70, 7, &d));
        assert_int_equal(d.status, CN_ERROR_COMPILER);
        assert_non_null(strstr(d.message, "some name"));
        assert_non_null(strstr(d.message, "unit number 7"));
        assert_null(strstr(d.message, "unit number 70"));
    }
}

static void work_folders_are_private_and_vanish(void **state) {
    (void)state;
    diagnostics d;
    diag_init(&d);
    char path[256], *folder = work_folder_new(&d), *other = work_folder_new(&d);
    assert_non_null(folder);
    assert_string_not_equal(folder, other);
    work_folder_free(other);
    struct stat facts;
    assert_int_equal(stat(folder, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0700);
    snprintf(path, sizeof path, "%s/file", folder);
    fclose(fopen(path, "w"));
    snprintf(path, sizeof path, "%s", folder);
    work_folder_free(folder);
    assert_int_not_equal(access(path, F_OK), 0);

    setenv("TMPDIR", "/nowhere", 1);
    assert_null(work_folder_new(&d));
    assert_non_null(strstr(d.message, "/nowhere"));
    unsetenv("TMPDIR");
    work_folder_free(NULL);
}

static void object_lists_quote_their_prefix(void **state) {
    (void)state;
    diagnostics d;
    diag_init(&d);
    char *folder = work_folder_new(&d);
    toolchain_request r = {.unit_count = 2};
    compiler_job job = {.request = &r, .folder = folder};
    char *argument = write_object_list(&job, "/a \"b\"\\", &d);
    assert_non_null(argument);
    assert_int_equal(argument[0], '@');
    uint8_t *bytes;
    size_t size;
    assert_true(file_read_all(argument + 1, &d, &bytes, &size));
    const char *expected = "\"/a \\\"b\\\"\\\\/unit-0.o\"\n\"/a \\\"b\\\"\\\\/unit-1.o\"\n";
    assert_int_equal(size, strlen(expected));
    assert_memory_equal(bytes, expected, size);
    free(bytes);
    free(argument);
    work_folder_free(folder);
}

static void a_changed_file_has_another_identity(void **state) {
    (void)state;
    diagnostics d;
    diag_init(&d);
    char *folder = work_folder_new(&d), path[256];
    sha256_digest digests[3];
    snprintf(path, sizeof path, "%s/file", folder);
    for (int i = 0; i < 3; i++) {
        FILE *file = i == 1 ? fopen(path, "w") : NULL;
        if (file != NULL)
            fclose(file);
        if (i == 2)
            assert_int_equal(truncate(path, 1), 0);
        sha256 hash;
        sha256_init(&hash);
        identify_file(path, &hash);
        digests[i] = sha256_finish(&hash);
    }
    assert_memory_not_equal(&digests[0], &digests[1], sizeof *digests);
    assert_memory_not_equal(&digests[1], &digests[2], sizeof *digests);
    work_folder_free(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_unit_is_compiled_once),
        cmocka_unit_test(the_first_failure_in_order_is_reported),
        cmocka_unit_test(work_folders_are_private_and_vanish),
        cmocka_unit_test(object_lists_quote_their_prefix),
        cmocka_unit_test(a_changed_file_has_another_identity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
