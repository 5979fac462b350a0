/* CORNU_DUMP: which files appear, and that they can be read back. */
#include "passes/dump.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/platform.h"
#include "pass_case.h"

static const target_facts facts = {.name = "plain"};

/* Empty at first. */
static const char *new_folder(workspace *w, const char *name) {
    const char *path = arena_format(w->arena, CORNU_BUILD_FOLDER "/tests/%s-%d", name, getpid());
    mkdir(CORNU_BUILD_FOLDER "/tests", 0777);
    rmdir(path);
    return path;
}

static int remove_folder(const char *path) {
    int files = 0;
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char name[1024];
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        files += unlink(name) == 0;
    }
    closedir(folder);
    rmdir(path);
    return files;
}

static const char *file_text(workspace *w, const char *folder, const char *name) {
    uint8_t *bytes;
    size_t length;
    if (!file_read_all(arena_format(w->arena, "%s/%s", folder, name), &w->diagnostics, &bytes,
                       &length))
        fail_msg("%s", w->diagnostics.message);
    const char *copy = arena_string_n(w->arena, (const char *)bytes, length);
    free(bytes);
    return copy;
}

static void changed_graphs_are_written_and_read_back(void **state) {
    workspace *w = *state;
    const char *folder = new_folder(w, "dump");
    graph *g = parse_case(w, "func @f(%x: f32[B]) {\n"
                             "  %2 = constant {value=[2]} : f32[B]\n"
                             "  %3 = sub %x, %2 : f32[B]\n"
                             "  return %3 \"y\"\n"
                             "}\n");
    pipeline_options options = {.label = "train/1", .dump_directory = folder, .verify = true};
    pass_context cx = {.arena = w->arena, .diag = &w->diagnostics, .facts = &facts};
    graph *out = pipeline_run(g, &options, &cx);
    assert_non_null(out);
    assert_null(cx.remarks);
    const char *first = file_text(w, folder, "00-train_1-frontend.cnir");
    const char *changed = file_text(w, folder, "02-train_1-canonicalize.cnir");
    assert_string_equal(first, arena_format(w->arena, "cornu-ir 1\n%s", print_case(w, g)));
    assert_string_equal(changed, arena_format(w->arena, "cornu-ir 1\n%s", print_case(w, out)));
    assert_true(graph_equal(graph_parse(w->arena, changed, strlen(changed)), out));
    const char *timings = file_text(w, folder, "train_1-timings.txt");
    assert_non_null(strstr(timings, "02 canonicalize"));
    assert_non_null(strstr(timings, "unchanged"));
    assert_string_equal(file_text(w, folder, "train_1-remarks.txt"), "");
    assert_int_equal(remove_folder(folder), 4); /* no pass but one changed anything */
}

static void remarks_of_the_caller_are_written_too(void **state) {
    workspace *w = *state;
    const char *folder = new_folder(w, "remarks");
    text remarks;
    text_init(&remarks, w->arena);
    text_append(&remarks, "refused: too large\n");
    pass_context cx = {
        .arena = w->arena, .diag = &w->diagnostics, .facts = &facts, .remarks = &remarks};
    graph *g = parse_case(w, "func @f(%x: f32[B]) {\n  return %x\n}\n");
    dump out;
    assert_true(dump_open(&out, g, &(pipeline_options){.dump_directory = folder}, &cx));
    assert_true(dump_close(&out));
    assert_ptr_equal(cx.remarks, &remarks);
    assert_string_equal(file_text(w, folder, "graph-remarks.txt"), "refused: too large\n");
    remove_folder(folder);
}

static void a_folder_that_cannot_be_made_is_named(void **state) {
    workspace *w = *state;
    pass_context cx = {.arena = w->arena, .diag = &w->diagnostics, .facts = &facts};
    graph *g = parse_case(w, "func @f(%x: f32[B]) {\n  return %x\n}\n");
    pipeline_options options = {.dump_directory = "/dev/null/dump"};
    assert_null(pipeline_run(g, &options, &cx));
    assert_int_equal(w->diagnostics.status, CN_ERROR_FILE);
    assert_non_null(strstr(w->diagnostics.message, "/dev/null/dump"));
}

static void files_of_a_target_follow_those_of_the_passes(void **state) {
    workspace *w = *state;
    const char *folder = new_folder(w, "target");
    pass_context cx = {.arena = w->arena, .diag = &w->diagnostics, .facts = &facts};
    pipeline_options options = {.label = "train", .dump_directory = folder};
    text t;
    text_init(&t, w->arena);
    text_append(&t, "the plan\n");
    assert_true(folder_make(folder, &w->diagnostics));
    assert_true(dump_text(&options, 1, "memory.txt", &t, &cx));
    int passes = 0;
    while (pipeline[passes] != NULL)
        passes++;
    const char *name = arena_format(w->arena, "%02d-train-memory.txt", passes + 1);
    assert_string_equal(file_text(w, folder, name), "the plan\n");
    remove_folder(folder);
}

static void without_a_folder_nothing_happens(void **state) {
    workspace *w = *state;
    pass_context cx = {.arena = w->arena, .diag = &w->diagnostics, .facts = &facts};
    dump out;
    assert_true(dump_open(&out, NULL, &(pipeline_options){0}, &cx));
    assert_true(dump_pass(&out, 1, "pass", NULL, 0));
    assert_true(dump_close(&out));
    assert_true(dump_text(&(pipeline_options){0}, 1, "memory.txt", NULL, &cx));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(changed_graphs_are_written_and_read_back),
        WITH_WORKSPACE(remarks_of_the_caller_are_written_too),
        WITH_WORKSPACE(a_folder_that_cannot_be_made_is_named),
        WITH_WORKSPACE(files_of_a_target_follow_those_of_the_passes),
        WITH_WORKSPACE(without_a_folder_nothing_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
