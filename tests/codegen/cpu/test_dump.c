/* What CORNU_DUMP writes of the cpu target, read back. */
#include "tests/test.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/platform.h"
#include "codegen/cpu/clang_module.h"
#include "codegen/target.h"
#include "tests/passes/sample_models.h"

static void use_module(void) {
    setenv("CORNU_CACHE_DIR", "", 1);
    if (access(CORNU_BUILD_FOLDER "/" CLANG_MODULE_FILE, R_OK) == 0)
        setenv("CORNU_CLANG_MODULE", CORNU_BUILD_FOLDER "/" CLANG_MODULE_FILE, 1);
}

static void remove_folder(const char *path) {
    DIR *folder = opendir(path);
    if (folder == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char name[1024];
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        unlink(name);
    }
    closedir(folder);
    rmdir(path);
}

static const char *read_text(workspace *w, const char *folder, const char *name) {
    uint8_t *bytes;
    size_t length;
    if (!file_read_all(arena_format(w->arena, "%s/%s", folder, name), &w->diagnostics, &bytes,
                       &length))
        fail_msg("%s", w->diagnostics.message);
    const char *copy = arena_string_n(w->arena, (const char *)bytes, length);
    free(bytes);
    return copy;
}

static int count(const char *words, const char *part) {
    int found = 0;
    for (; (words = strstr(words, part)) != NULL; words++)
        found++;
    return found;
}

static void a_program_is_dumped_down_to_its_c(void **state) {
    workspace *w = *state;
    use_module();
    mkdir(CORNU_BUILD_FOLDER "/tests", 0777);
    const char *folder =
        arena_format(w->arena, CORNU_BUILD_FOLDER "/tests/cpu-dump-%d", getpid());
    remove_folder(folder);
    compile_options o = {.label = "train", .dump = dump_folder(folder), .cache_directory = "",
                         .capacity = 32, .compile_threads = 2};
    executable *x =
        target_find("cpu")->compile(mlp_step(w->arena, 8), &o, w->memory, &w->diagnostics);
    if (x == NULL)
        fail_msg("%s", w->diagnostics.message);
    assert_non_null(strstr(read_text(w, folder, "18-train-memory.txt"), "batch of 32"));
    int kernels = count(read_text(w, folder, "19-train-kernels.loop"), "kernel @");
    assert_true(kernels > 1);
    const char *code = read_text(w, folder, "20-train-kernels.c");
    assert_int_equal(count(code, "typedef long long i64;"), 1); /* one prelude for all */
    assert_true(count(code, "HIDDEN void k_") >= kernels);
    assert_true(count(read_text(w, folder, "21-train-launches.txt"), "%") >= kernels);
    assert_non_null(strstr(read_text(w, folder, "train-report.txt"), x->report));
    x->operations->free(x);
    remove_folder(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {WITH_WORKSPACE(a_program_is_dumped_down_to_its_c)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
