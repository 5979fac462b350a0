/* What is found on a machine, and the cache as people see it. */
#include "test.h"

#include <stdio.h>
#include <unistd.h>

#include "base/diag.h"
#include "codegen/cache.h"
#include "cornu.h"

static const cn_finding *find(const cn_findings *f, const char *subject) {
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->rows[i].subject, subject) == 0)
            return &f->rows[i];
    return NULL;
}

static cn_findings look(cn_context *c) {
    cn_findings found;
    assert_int_equal(cn_doctor(c, &found), CN_OK);
    return found;
}

static void headers_and_library_are_of_one_version(void **state) {
    (void)state;
    char words[32];
    snprintf(words, sizeof words, "%d.%d.%d", CN_VERSION_NUMBER / 10000,
             CN_VERSION_NUMBER / 100 % 100, CN_VERSION_NUMBER % 100);
    assert_string_equal(words, CN_VERSION);
    assert_string_equal(cn_version(), CN_VERSION);
}

static void every_row_says_what_and_whence_and_how_to_mend(void **state) {
    (void)state;
    cn_context *c = cn_context_new(&(cn_context_options){.quiet = true, .threads = 2});
    cn_findings found = look(c);
    static const char *const subjects[] = {
        "Cornu",           "threads",           "backend cpu",   "backend ref", "processor",
        "compiler module", "external compiler", "compiles with", "BLAS",        "cache"};
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
        assert_non_null(find(&found, subjects[i]));
    for (size_t i = 0; i < found.count; i++) {
        assert_non_null(found.rows[i].value);
        assert_non_null(found.rows[i].origin);
        assert_true(found.rows[i].found == (found.rows[i].cure == NULL));
        assert_null(strchr(found.rows[i].value, '\n'));
    }
    assert_string_equal(find(&found, "Cornu")->value, cn_version());
    assert_string_equal(find(&found, "threads")->origin, "the program");
    cn_context_free(c);
}

static void what_is_missing_comes_with_its_cure(void **state) {
    (void)state;
    char *kept = getenv("CORNU_CLANG_MODULE");
    setenv("CORNU_CC", "no-such-compiler", 1);
    setenv("CORNU_CLANG_MODULE", "/nowhere/cornu-clang.so", 1);
    setenv("CORNU_ISA", "abacus", 1);
    const char *program = getenv("CORNU_HDF5");
    char *program_kept = program == NULL ? NULL : strdup(program);
    setenv("CORNU_HDF5", "/nowhere/cornu-hdf5", 1);
    setenv("CORNU_DMUP", "x", 1);
    cn_context *c = cn_context_new(&(cn_context_options){.quiet = true});
    cn_findings found = look(c);
    static const char *const rows[][2] = {{"external compiler", "unset CORNU_CC"},
                                          {"compiler module", "unset CORNU_CLANG_MODULE"},
                                          {"processor", "unset CORNU_ISA"},
                                          {"Keras files", "name its path in CORNU_HDF5"},
                                          {"CORNU_DMUP", "unset CORNU_DMUP"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const cn_finding *row = find(&found, rows[i][0]);
        assert_non_null(row);
        assert_false(row->found);
        assert_string_equal(row->cure, rows[i][1]);
    }
    assert_true(find(&found, "CORNU_CC")->found);
    cn_context_free(c);
    unsetenv("CORNU_CC");
    unsetenv("CORNU_ISA");
    unsetenv("CORNU_DMUP");
    unsetenv("CORNU_HDF5");
    if (program_kept != NULL)
        setenv("CORNU_HDF5", program_kept, 1);
    free(program_kept);
    if (kept == NULL)
        unsetenv("CORNU_CLANG_MODULE");
}

static void store(const char *folder, const char *content) {
    diagnostics d;
    diag_init(&d);
    cache *store = cache_open(folder, ".so", 0, &d);
    sha256 hash;
    sha256_init(&hash);
    sha256_update(&hash, content, strlen(content));
    sha256_digest key = sha256_finish(&hash);
    cache_entry entry;
    assert_true(cache_store(store, &key, "abacus 1", content, strlen(content), &d, &entry));
    cache_entry_free(&entry);
    cache_free(store);
}

static void the_cache_is_listed_and_cleared(void **state) {
    (void)state;
    char folder[] = "/tmp/cornu-test-environment-XXXXXX";
    assert_non_null(mkdtemp(folder));
    cn_context *c = cn_context_new(&(cn_context_options){.quiet = true, .cache_directory = folder});
    cn_cache listed;
    size_t removed;
    assert_int_equal(cn_cache_list(c, &listed), CN_OK);
    assert_int_equal(listed.count, 0);
    store(folder, "first");
    store(folder, "second");
    assert_int_equal(cn_cache_list(c, &listed), CN_OK);
    assert_string_equal(listed.folder, folder);
    assert_int_equal(listed.count, 2);
    assert_string_equal(listed.entries[0].maker, "abacus 1");
    assert_true(listed.entries[0].used > 0);
    assert_int_equal(listed.bytes, listed.entries[0].bytes + listed.entries[1].bytes);
    assert_int_equal(listed.limit, CACHE_DEFAULT_LIMIT);
    assert_int_equal(cn_cache_clear(c, &removed), CN_OK);
    assert_int_equal(removed, 2);
    assert_int_equal(cn_cache_list(c, &listed), CN_OK);
    assert_int_equal(listed.count, 0);
    cn_context_free(c);
    assert_int_equal(rmdir(folder), 0);
}

static void a_cache_that_is_off_is_empty(void **state) {
    (void)state;
    cn_context *c = cn_context_new(&(cn_context_options){.quiet = true, .cache_directory = ""});
    cn_cache listed;
    size_t removed = 1;
    assert_int_equal(cn_cache_list(c, &listed), CN_OK);
    assert_null(listed.folder);
    assert_int_equal(listed.count, 0);
    assert_int_equal(cn_cache_clear(c, &removed), CN_OK);
    assert_int_equal(removed, 0);
    cn_findings found = look(c);
    assert_false(find(&found, "cache")->found);
    cn_context_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_and_library_are_of_one_version),
        cmocka_unit_test(every_row_says_what_and_whence_and_how_to_mend),
        cmocka_unit_test(what_is_missing_comes_with_its_cure),
        cmocka_unit_test(the_cache_is_listed_and_cleared),
        cmocka_unit_test(a_cache_that_is_off_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
