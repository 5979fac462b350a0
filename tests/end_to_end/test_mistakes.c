/* What goes wrong around a program that is itself right: no compiler, a damaged cache, too little
 * memory. Each failure has a status and words that name the cause and the cure, leaks nothing, and
 * leaves a context that works once the cause is gone.
 */
#include "tests/test.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include "frontend/frontend.h"

enum { SAMPLES = 40, FEATURES = 6, MANY = 1 << 16 };
static float features[SAMPLES][FEATURES];
static int32_t labels[SAMPLES];

static int fill_samples(void **state) {
    (void)state;
    for (int i = 0; i < SAMPLES; i++) {
        for (int k = 0; k < FEATURES; k++)
            features[i][k] = (float)((i * 5 + k * 7) % 13) / 13;
        labels[i] = i % 3;
    }
    return 0;
}

static cn_model *small_model(cn_context *c) {
    return cn_sequential(
        c, {FEATURES}, {cn_dense(c, 16, CN_RELU), cn_dropout(c, 0.2), cn_dense(c, 3, CN_SOFTMAX)});
}

static cn_dataset *samples(cn_context *c) {
    return cn_dataset_arrays(c, .inputs = {{.data = features, .shape = {SAMPLES, FEATURES}}},
                             .targets = {{.data = labels, .dtype = CN_I32, .shape = {SAMPLES}}});
}

static cn_status compile(cn_context *c, cn_model *m) {
    return cn_compile(m, .optimizer = cn_adam(c, 0.01), .loss = CN_SPARSE_CATEGORICAL_CROSSENTROPY,
                      .metrics = {CN_ACCURACY});
}

static cn_status compile_and_fit(cn_context *c, cn_model *m, int64_t batch_size) {
    cn_dataset *data = samples(c);
    cn_status s = compile(c, m);
    return s != CN_OK ? s : cn_fit(m, data, .batch_size = batch_size, .verbose = -1);
}

static void expect_failure(cn_context *c, cn_status got, cn_status want, const char *words) {
    if (got != want || strstr(cn_error_message(c), words) == NULL)
        fail_msg("wanted \"%s\" and \"%s\", got \"%s\": %s", cn_status_text(want), words,
                 cn_status_text(got), cn_error_message(c));
    cn_error_clear(c);
}

/* ---- the compiler ---------------------------------------------------------------------------- */

typedef struct saved_variable {
    const char *name;
    char *words;
} saved_variable;

static saved_variable replace_variable(const char *name, const char *words) {
    const char *old = getenv(name);
    saved_variable saved = {name, old == NULL ? NULL : strdup(old)};
    setenv(name, words, 1);
    return saved;
}

static void restore_variable(saved_variable *saved) {
    if (saved->words != NULL)
        setenv(saved->name, saved->words, 1);
    else
        unsetenv(saved->name);
    free(saved->words);
}

static void a_compiler_that_is_not_there(void **state) {
    (void)state;
    cn_context *c = cn_context_new(&(cn_context_options){.cache_directory = "", .quiet = true});
    cn_model *m = small_model(c);
    saved_variable command = replace_variable("CORNU_CC", "/nonexistent/compiler");
    expect_failure(c, compile_and_fit(c, m, 8), CN_ERROR_COMPILER,
                   "there is no program '/nonexistent/compiler'; cure:");
    restore_variable(&command);
    assert_int_equal(compile_and_fit(c, m, 8), CN_OK);
    cn_context_free(c);
}

static void a_module_that_is_not_there(void **state) {
    (void)state;
    if (getenv("CORNU_SANITIZE_GENERATED") != NULL) /* never from the module */
        skip();
    cn_context *c = cn_context_new(&(cn_context_options){.cache_directory = "", .quiet = true});
    cn_model *m = small_model(c);
    saved_variable command = replace_variable("CORNU_CC", "module");
    saved_variable module = replace_variable("CORNU_CLANG_MODULE", "/nonexistent/module.so");
    expect_failure(c, compile_and_fit(c, m, 8), CN_ERROR_COMPILER, "CORNU_CLANG_MODULE");
    restore_variable(&module);
    restore_variable(&command);
    assert_int_equal(compile_and_fit(c, m, 8), CN_OK);
    cn_context_free(c);
}

static void a_level_this_machine_cannot_name(void **state) {
    (void)state;
    cn_context *c = cn_context_new(&(cn_context_options){.cache_directory = "", .quiet = true});
    cn_model *m = small_model(c);
    saved_variable level = replace_variable("CORNU_ISA", "x86-64-v9");
    expect_failure(c, compile_and_fit(c, m, 8), CN_ERROR_INVALID_ARGUMENT, "x86-64-v9");
    restore_variable(&level);
    assert_int_equal(compile_and_fit(c, m, 8), CN_OK);
    cn_context_free(c);
}

/* ---- the cache ------------------------------------------------------------------------------- */

static void train_with_cache(const char *folder, char checksum[65]) {
    cn_context *c =
        cn_context_new(&(cn_context_options){.cache_directory = folder, .quiet = true, .seed = 3});
    cn_model *m = small_model(c);
    if (compile_and_fit(c, m, 8) != CN_OK)
        fail_msg("%s", cn_error_message(c));
    cn_checksum(m, checksum);
    cn_context_free(c);
}

/* Overwrites a byte in the middle of every file; returns how many there are. */
static int damage_files(const char *folder) {
    int count = 0;
    char path[512];
    DIR *d = opendir(folder);
    assert_non_null(d);
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        FILE *f = e->d_name[0] == '.' ? NULL : fopen(path, "r+b");
        if (f == NULL)
            continue;
        fseek(f, 0, SEEK_END);
        long middle = ftell(f) / 2;
        fseek(f, middle, SEEK_SET);
        int byte = fgetc(f);
        fseek(f, middle, SEEK_SET);
        fputc(~byte, f);
        count += fclose(f) == 0;
    }
    closedir(d);
    return count;
}

static void damaged_programs_are_made_again(void **state) {
    (void)state;
    char folder[] = "mistakes-cache-XXXXXX", command[64], first[65], again[65];
    assert_non_null(mkdtemp(folder));
    train_with_cache(folder, first);
    assert_true(damage_files(folder) > 0);
    train_with_cache(folder, again);
    assert_string_equal(first, again);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void a_batch_beyond_the_limit(void **state) {
    (void)state;
    cn_context *probe = cn_context_new(&(cn_context_options){.quiet = true});
    cn_model *m = small_model(probe);
    assert_int_equal(compile_and_fit(probe, m, 1), CN_OK);
    size_t room = cn_memory_peak(probe) + (256 << 10);
    cn_context_free(probe);

    cn_context *c = cn_context_new(&(cn_context_options){.memory_limit = room, .quiet = true});
    m = small_model(c);
    assert_int_equal(compile(c, m), CN_OK);
    float *many = calloc(MANY * FEATURES, sizeof *many);
    int32_t *zeros = calloc(MANY, sizeof *zeros);
    cn_status s = cn_train_on_batch(m, {{.data = many, .shape = {MANY, FEATURES}}},
                                    {{.data = zeros, .dtype = CN_I32, .shape = {MANY}}});
    free(many);
    free(zeros);
    if (strstr(cn_error_message(c), "in use") == NULL)
        fail_msg("%s", cn_error_message(c));
    assert_non_null(strstr(cn_error_message(c), "at the most"));
    expect_failure(c, s, CN_ERROR_OUT_OF_MEMORY, "use a smaller batch");
    s = cn_fit(m, samples(c), .batch_size = 1, .verbose = -1);
    if (s != CN_OK)
        fail_msg("%s", cn_error_message(c));
    cn_context_free(c);
}

/* Builds, compiles and trains while the n-th allocation fails (and, if sticky, all after it). */
static cn_status run_short_of_memory(int64_t n, bool sticky) {
    cn_context *c =
        cn_context_new(&(cn_context_options){.backend = "ref", .threads = 1, .quiet = true});
    assert_non_null(c);
    memory_fail_at(c->memory, n, sticky);
    cn_model *m = small_model(c);
    cn_status s = compile_and_fit(c, m, SAMPLES);
    memory_fail_at(c->memory, 0, false);
    if (s != CN_OK) {
        assert_int_equal(s, CN_ERROR_OUT_OF_MEMORY);
        assert_int_equal(cn_error_status(c), CN_ERROR_OUT_OF_MEMORY);
        assert_true(strlen(cn_error_message(c)) > 10);
        cn_error_clear(c);
        m = small_model(c);
        s = compile_and_fit(c, m, SAMPLES);
        if (s != CN_OK)
            fail_msg("allocation %lld failed, then: %s", (long long)n, cn_error_message(c));
        s = CN_ERROR_OUT_OF_MEMORY;
    }
    cn_context_free(c);
    return s;
}

static void sweep(bool sticky) {
    int failures = 0, successes = 0;
    for (int64_t n = 1; successes < 8; n++) { /* beyond the last allocation */
        bool done = run_short_of_memory(n, sticky) == CN_OK;
        successes = done ? successes + 1 : 0;
        failures += !done;
    }
    assert_true(failures > 5);
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    sweep(false);
}

static void memory_may_end_at_any_allocation(void **state) {
    (void)state;
    sweep(true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_compiler_that_is_not_there),
        cmocka_unit_test(a_module_that_is_not_there),
        cmocka_unit_test(a_level_this_machine_cannot_name),
        cmocka_unit_test(damaged_programs_are_made_again),
        cmocka_unit_test(a_batch_beyond_the_limit),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(memory_may_end_at_any_allocation),
    };
    return cmocka_run_group_tests(tests, fill_samples, NULL);
}
