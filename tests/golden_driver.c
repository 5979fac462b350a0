/* Runs one golden file: a graph, the passes to run over it, and the text that must come out.
 *
 *     # run: simplify,dce
 *     # show: remarks                  (optional: remarks, kernels)
 *     # Any other comment says what the case is about.
 *     cornu-ir 1
 *     func @f(%x: f32[B]) { ... }
 *     # expect:
 *     # cornu-ir 1
 *     # func @f(%x: f32[B]) { ... }
 *
 * The graph is verified before and after every pass, and each pass must compute what its input
 * computes (compare_runs). `show: remarks` adds the remarks of the passes, one a line;
 * `show: kernels` prints the kernel of each group instead of the graph. A failure is printed as
 * `error: ` and its message, so that what must fail can be expected too. A mismatch prints both
 * texts and the first line that differs; `--update` rewrites the expectation in the file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/platform.h"
#include "base/text.h"
#include "ir/ops/ops.h"
#include "passes/compare_runs.h"
#include "passes/pass.h"

static const target_facts facts = {
    .name = "golden",
    .vector_bytes = 64,
    .row_bytes = 128 << 10,
    .cache_bytes = 1 << 20,
    .alignment = 64,
    .max_group_buffers = 32,
    .max_group_nodes = 256,
    .lowers_to_loops = true,
};

typedef struct golden {
    const char *path;
    arena *arena;
    diagnostics *diag;
    char *source;         /* the whole file */
    size_t graph_length;  /* up to the expectation */
    text expected, got;
} golden;

static const char expectation[] = "\n# expect:\n";

/* ---- the file ----------------------------------------------------------------------------- */

/* The rest of the line `# key: ...` before the graph; NULL when there is none. */
static const char *header(const golden *c, const char *key) {
    const char *start = arena_format(c->arena, "# %s:", key);
    const char *graph_start = strstr(c->source, "cornu-ir");
    const char *line = strstr(c->source, start);
    if (line == NULL || (graph_start != NULL && line > graph_start))
        return NULL;
    line += strlen(start);
    return arena_string_n(c->arena, line, strcspn(line, "\n"));
}

static void read_expectation(golden *c) {
    const char *line = strstr(c->source, expectation);
    text_init(&c->expected, c->arena);
    c->graph_length = line == NULL ? strlen(c->source) : (size_t)(line - c->source) + 1;
    if (line == NULL)
        return;
    for (line += strlen(expectation); *line != '\0';) {
        size_t length = strcspn(line, "\n"), skip = length > 1 ? 2 : length;
        text_append_n(&c->expected, line + skip, length - skip);
        text_append(&c->expected, "\n");
        line += length + (line[length] != '\0');
    }
}

static bool write_expectation(const golden *c) {
    text t;
    text_init(&t, c->arena);
    text_append_n(&t, c->source, c->graph_length);
    if (t.length > 0 && t.data[t.length - 1] != '\n')
        text_append(&t, "\n");
    text_append(&t, expectation + 1);
    for (const char *line = c->got.data; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        text_append(&t, length == 0 ? "#" : "# ");
        text_append_n(&t, line, length);
        text_append(&t, "\n");
        line += length + (line[length] != '\0');
    }
    atomic_file *f = atomic_file_open(c->path, c->diag);
    if (f == NULL)
        return false;
    return atomic_file_write(f, t.data, t.length) ? atomic_file_commit(f, c->diag)
                                                  : (atomic_file_discard(f), false);
}

/* ---- running --------------------------------------------------------------------------------- */

static graph *run_pass(golden *c, graph *g, const pass *p, pass_context *cx) {
    graph *result = p->run(g, cx);
    if (result == NULL || !graph_verify(result, c->diag) || !compare_runs(g, result, c->diag))
        return NULL;
    return result;
}

static graph *run_passes(golden *c, graph *g, pass_context *cx) {
    const char *names = header(c, "run");
    for (const char *name = names; name != NULL && g != NULL && *name != '\0';) {
        name += strspn(name, ", ");
        size_t length = strcspn(name, ", ");
        const char *one = arena_string_n(c->arena, name, length);
        const pass *p = pass_find(one);
        if (length > 0 && p == NULL)
            diag_fail(c->diag, CN_ERROR_INVALID_ARGUMENT, "no pass is called \"%s\"", one);
        g = p != NULL ? run_pass(c, g, p, cx) : diag_ok(c->diag) ? g : NULL;
        name += length;
    }
    return g;
}

static void print_kernels(golden *c, const graph *g) {
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        if (graph_node(g, id)->op != &op_group)
            continue;
        const kernel *k = lower_group(g, graph_node(g, id), c->arena, c->diag);
        if (k != NULL)
            kernel_print(k, &c->got);
    }
}

static void run_case(golden *c) {
    text remarks;
    text_init(&remarks, c->arena);
    text_init(&c->got, c->arena);
    pass_context cx = {
        .arena = c->arena, .diag = c->diag, .facts = &facts, .remarks = &remarks};
    const char *show = header(c, "show");
    graph *g = graph_parse(c->arena, c->source, c->graph_length);
    if (g != NULL)
        g = run_passes(c, g, &cx);
    if (g != NULL && show != NULL && strstr(show, "kernels") != NULL)
        print_kernels(c, g);
    else if (g != NULL)
        graph_print(g, &c->got);
    if (show != NULL && strstr(show, "remarks") != NULL)
        text_append(&c->got, remarks.data);
    if (!diag_ok(c->diag))
        text_printf(&c->got, "error: %s\n", c->diag->message);
}

/* ---- judging --------------------------------------------------------------------------------- */

static void print_mismatch(const golden *c) {
    const char *a = c->expected.data, *b = c->got.data;
    int line = 1;
    for (; *a != '\0' && *a == *b; a++, b++)
        line += *a == '\n';
    while (a > c->expected.data && a[-1] != '\n')
        a--, b--;
    printf("%s\n--- expected\n%s--- got\n%s--- first difference, line %d\n-%.*s\n+%.*s\n", c->path,
           c->expected.data, c->got.data, line, (int)strcspn(a, "\n"), a, (int)strcspn(b, "\n"), b);
}

static int judge(golden *c, bool update) {
    if (strcmp(c->expected.data, c->got.data) == 0)
        return 0;
    if (!update) {
        print_mismatch(c);
        return 1;
    }
    diag_clear(c->diag);
    if (write_expectation(c))
        return 0;
    printf("%s: %s\n", c->path, c->diag->message);
    return 1;
}

static int run_file(const char *path, arena *a, bool update) {
    uint8_t *bytes;
    size_t length;
    golden c = {.path = path, .arena = a, .diag = arena_diagnostics(a)};
    if (!file_read_all(path, c.diag, &bytes, &length)) {
        printf("%s\n", c.diag->message);
        return 1;
    }
    c.source = arena_string_n(a, (const char *)bytes, length);
    free(bytes);
    read_expectation(&c);
    run_case(&c);
    return judge(&c, update);
}

/* Memory that runs out unwinds to here. */
static int run_guarded(const char *path, arena *a, bool update) {
    diag_recovery point;
    if (DIAG_RECOVER(arena_diagnostics(a), &point)) {
        printf("%s: out of memory\n", path);
        return 1;
    }
    int failures = run_file(path, a, update);
    diag_pop_recovery(arena_diagnostics(a), &point);
    return failures;
}

int main(int argc, char **argv) {
    bool update = argc > 1 && strcmp(argv[1], "--update") == 0;
    int failures = 0;
    for (int i = update ? 2 : 1; i < argc; i++) {
        diagnostics d;
        diag_init(&d);
        memory *m = memory_new(0);
        arena *a = m == NULL ? NULL : arena_new(m, &d);
        failures += a == NULL ? 1 : run_guarded(argv[i], a, update);
        arena_free(a);
        memory_free(m);
    }
    return failures != 0;
}
