/* What tests of passes share: graphs as text, and running a pass under every check there is. */
#ifndef CORNU_TESTS_PASSES_PASS_CASE_H
#define CORNU_TESTS_PASSES_PASS_CASE_H

#include "passes/compare_runs.h"
#include "passes/pass.h"
#include "test.h"

static inline graph *parse_case(workspace *w, const char *function) {
    const char *source = arena_format(w->arena, "cornu-ir 1\n%s", function);
    graph *g = graph_parse(w->arena, source, strlen(source));
    if (g == NULL)
        fail_msg("%s", w->diagnostics.message);
    return g;
}

static inline const char *print_case(workspace *w, const graph *g) {
    text t;
    text_init(&t, w->arena);
    graph_print(g, &t);
    return strchr(t.data, '\n') + 1; /* without the version line */
}

static inline graph *run_plain(workspace *w, const pass *p, graph *g, const target_facts *facts) {
    static const target_facts no_facts = {.name = "test"};
    pass_context cx = {
        .arena = w->arena, .diag = &w->diagnostics, .facts = facts == NULL ? &no_facts : facts};
    graph *out = p->run(g, &cx);
    if (out == NULL)
        fail_msg("%s: %s", p->name, w->diagnostics.message);
    return out;
}

/* Runs the pass; what it made is well formed, computes the same, and is as good as it gets: the
 * pass run again returns the same graph. */
static inline graph *run_checked(workspace *w, const pass *p, graph *g) {
    graph *out = run_plain(w, p, g, NULL);
    if (!graph_verify(out, &w->diagnostics) || !compare_runs(g, out, &w->diagnostics))
        fail_msg("%s: %s\n%s->\n%s", p->name, w->diagnostics.message, print_case(w, g),
                 print_case(w, out));
    graph *again = run_plain(w, p, out, NULL);
    if (again != out)
        fail_msg("%s is not done after one run:\n%s->\n%s", p->name, print_case(w, out),
                 print_case(w, again));
    return out;
}

static inline void becomes(workspace *w, const pass *p, const char *before, const char *after) {
    assert_string_equal(print_case(w, run_checked(w, p, parse_case(w, before))), after);
}

static inline void stays(workspace *w, const pass *p, const char *function) {
    graph *g = parse_case(w, function);
    graph *out = run_plain(w, p, g, NULL);
    if (out != g)
        fail_msg("%s changes:\n%s->\n%s", p->name, function, print_case(w, out));
}

#endif
