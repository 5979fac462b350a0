/* Handing stages over, and the dump that writes files; see the header.
 *
 * A file is printed into the arena first and written in one go, so that nothing but memory is
 * held while memory may run out.
 */
#include "passes/dump.h"

#include "base/platform.h"
#include "passes/pass.h"

bool dump_take(const dump *d, const stage *s, const char *label, pass_context *cx) {
    return d->take == NULL || d->take(d, s, label, cx);
}

/* ---- files ----------------------------------------------------------------------------------- */

/* What follows the label in a file's name, and its place behind the files of the passes. */
static const struct {
    const char *ending;
    int step; /* 1 is the first thing made of the finished graph; 0 = without a number */
} files[STAGE_KIND_COUNT] = {
    [STAGE_TIMINGS] = {"timings.txt", 0}, [STAGE_REMARKS] = {"remarks.txt", 0},
    [STAGE_MEMORY] = {"memory.txt", 1},   [STAGE_LOOPS] = {"kernels.loop", 2},
    [STAGE_CODE] = {"kernels.c", 3},      [STAGE_LAUNCHES] = {"launches.txt", 4},
    [STAGE_REPORT] = {"report.txt", 0},
};

/* A label is a user's text: only what is safe in a file name stays. */
static const char *file_label(const char *label, arena *a) {
    text t;
    text_init(&t, a);
    text_identifier(&t, label == NULL || *label == '\0' ? "graph" : label);
    return t.data;
}

static int last_position(void) {
    int count = 0;
    while (pipeline[count] != NULL)
        count++;
    return count;
}

static const char *file_name(const stage *s, const char *label, arena *a) {
    if (s->kind == STAGE_GRAPH)
        return arena_format(a, "%02d-%s-%s.cnir", s->position, label, s->name);
    if (files[s->kind].step == 0)
        return arena_format(a, "%s-%s", label, files[s->kind].ending);
    return arena_format(a, "%02d-%s-%s", last_position() + files[s->kind].step, label,
                        files[s->kind].ending);
}

static bool write_file(const char *path, const text *t, diagnostics *d) {
    atomic_file *f = atomic_file_open(path, d);
    if (f == NULL)
        return false;
    atomic_file_write(f, t->data, t->length); /* commit reports what went wrong */
    return atomic_file_commit(f, d);
}

static bool take_file(const dump *d, const stage *s, const char *label, pass_context *cx) {
    const char *folder = d->user;
    text t;
    if (s->unchanged)
        return true;
    text_init(&t, cx->arena);
    stage_format_find(s->kind, NULL)->print(s, &t);
    const char *name = file_name(s, file_label(label, cx->arena), cx->arena);
    return folder_make(folder, cx->diag) &&
           write_file(arena_format(cx->arena, "%s/%s", folder, name), &t, cx->diag);
}

dump dump_folder(const char *folder) {
    /* The dump only reads it. */
    return (dump){.take = folder == NULL ? NULL : take_file, .user = (void *)(uintptr_t)folder};
}
