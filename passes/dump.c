/* Writing dumps; see the header.
 *
 * A file is printed into the arena first and written in one go, so that nothing but memory is
 * held while memory may run out.
 */
#include "passes/dump.h"

#include "base/platform.h"

static bool write_file(const dump *out, const char *name, const text *t) {
    diagnostics *d = out->cx->diag;
    const char *path = arena_format(out->cx->arena, "%s/%s", out->folder, name);
    atomic_file *f = atomic_file_open(path, d);
    if (f == NULL)
        return false;
    atomic_file_write(f, t->data, t->length); /* commit reports what went wrong */
    return atomic_file_commit(f, d);
}

static bool write_graph(const dump *out, int position, const char *name, const graph *g) {
    text t;
    text_init(&t, out->cx->arena);
    graph_print(g, &t);
    return write_file(
        out, arena_format(out->cx->arena, "%02d-%s-%s.cnir", position, out->label, name), &t);
}

/* A label is a user's text: only what is safe in a file name stays. */
static const char *file_label(const char *label, arena *a) {
    text t;
    text_init(&t, a);
    text_identifier(&t, label == NULL || *label == '\0' ? "graph" : label);
    return t.data;
}

bool dump_open(dump *out, const graph *g, const pipeline_options *options, pass_context *cx) {
    *out = (dump){.folder = options->dump_directory, .cx = cx, .outer_remarks = cx->remarks};
    if (out->folder == NULL)
        return true;
    out->label = file_label(options->label, cx->arena);
    text_init(&out->timings, cx->arena);
    text_init(&out->remarks, cx->arena);
    if (cx->remarks == NULL)
        cx->remarks = &out->remarks;
    return folder_make(out->folder, cx->diag) && write_graph(out, 0, "frontend", g);
}

bool dump_pass(dump *out, int position, const char *name, const graph *changed, double seconds) {
    if (out->folder == NULL)
        return true;
    text_printf(&out->timings, "%02d %-14s %9.3f ms", position, name, seconds * 1e3);
    if (changed == NULL) {
        text_append(&out->timings, "  unchanged\n");
        return true;
    }
    text_printf(&out->timings, "  %u nodes\n", changed->nodes.count - 1);
    return write_graph(out, position, name, changed);
}

bool dump_close(dump *out) {
    if (out->folder == NULL)
        return true;
    arena *a = out->cx->arena;
    const text *remarks = out->cx->remarks;
    out->cx->remarks = out->outer_remarks;
    return write_file(out, arena_format(a, "%s-timings.txt", out->label), &out->timings) &&
           write_file(out, arena_format(a, "%s-remarks.txt", out->label), remarks);
}

static int last_position(void) {
    int count = 0;
    while (pipeline[count] != NULL)
        count++;
    return count;
}

bool dump_text(const pipeline_options *options, int step, const char *name, const text *t,
               pass_context *cx) {
    dump out = {.folder = options->dump_directory, .cx = cx};
    if (out.folder == NULL)
        return true;
    const char *label = file_label(options->label, cx->arena);
    return write_file(
        &out, arena_format(cx->arena, "%02d-%s-%s", last_position() + step, label, name), t);
}
