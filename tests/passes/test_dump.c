/* Dumps: which files CORNU_DUMP writes, that they can be read back, and what one that looks on
 * sees. */
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
    pipeline_options options = {.label = "train/1", .dump = dump_folder(folder), .verify = "on"};
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
    pipeline_options options = {.dump = dump_folder(folder)};
    assert_non_null(pipeline_run(g, &options, &cx));
    assert_ptr_equal(cx.remarks, &remarks);
    assert_string_equal(file_text(w, folder, "graph-remarks.txt"), "refused: too large\n");
    remove_folder(folder);
}

static void a_folder_that_cannot_be_made_is_named(void **state) {
    workspace *w = *state;
    pass_context cx = {.arena = w->arena, .diag = &w->diagnostics, .facts = &facts};
    graph *g = parse_case(w, "func @f(%x: f32[B]) {\n  return %x\n}\n");
    pipeline_options options = {.dump = dump_folder("/dev/null/dump")};
    assert_null(pipeline_run(g, &options, &cx));
    assert_int_equal(w->diagnostics.status, CN_ERROR_FILE);
    assert_non_null(strstr(w->diagnostics.message, "/dev/null/dump"));
}

static void files_of_a_target_follow_those_of_the_passes(void **state) {
    workspace *w = *state;
    const char *folder = new_folder(w, "target");
    pass_context cx = {.arena = w->arena, .diag = &w->diagnostics, .facts = &facts};
    const dump files = dump_folder(folder);
    const stage_part parts[] = {{"a", "one\n"}, {"b", "two\n"}};
    const stage code = {.kind = STAGE_CODE, .parts = parts, .part_count = 2};
    assert_true(dump_take(&files, &code, "train", &cx));
    int passes = 0;
    while (pipeline[passes] != NULL)
        passes++;
    const char *name = arena_format(w->arena, "%02d-train-kernels.c", passes + 3);
    assert_string_equal(file_text(w, folder, name), "one\n\ntwo\n");
    remove_folder(folder);
}

static void without_a_folder_nothing_happens(void **state) {
    workspace *w = *state;
    pass_context cx = {.arena = w->arena, .diag = &w->diagnostics, .facts = &facts};
    const dump none = dump_folder(NULL);
    assert_false(dump_is_on(&none));
    assert_true(dump_take(&none, &(stage){.kind = STAGE_GRAPH}, "f", &cx));
}

/* ---- one that looks on ----------------------------------------------------------------------- */

typedef struct onlooker {
    const char *until;
    text seen;
    bool done;
} onlooker;

static bool note(const dump *d, const stage *s, const char *label, pass_context *cx) {
    onlooker *o = d->user;
    (void)cx;
    if (o->done || s->kind != STAGE_GRAPH)
        return !o->done;
    text_printf(&o->seen, "%s/%02d-%s%s ", label, s->position, s->name,
                s->unchanged ? "" : "*");
    o->done = strcmp(s->name, o->until) == 0;
    return !o->done;
}

static void one_that_has_seen_enough_ends_the_run(void **state) {
    workspace *w = *state;
    pass_context cx = {.arena = w->arena, .diag = &w->diagnostics, .facts = &facts};
    onlooker o = {.until = "fold"};
    text_init(&o.seen, w->arena);
    graph *g = parse_case(w, "func @f(%x: f32[B]) {\n  return %x\n}\n");
    pipeline_options options = {.label = "f", .dump = {note, &o}};
    assert_null(pipeline_run(g, &options, &cx));
    assert_true(diag_ok(&w->diagnostics));
    assert_null(cx.remarks);
    assert_string_equal(o.seen.data, "f/00-frontend* f/01-pin f/02-canonicalize f/03-fold ");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(changed_graphs_are_written_and_read_back),
        WITH_WORKSPACE(remarks_of_the_caller_are_written_too),
        WITH_WORKSPACE(a_folder_that_cannot_be_made_is_named),
        WITH_WORKSPACE(files_of_a_target_follow_those_of_the_passes),
        WITH_WORKSPACE(without_a_folder_nothing_happens),
        WITH_WORKSPACE(one_that_has_seen_enough_ends_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
