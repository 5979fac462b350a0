/* What tests of printers share: a graph from text, printed. */
#ifndef CORNU_TESTS_IR_PRINT_CASE_H
#define CORNU_TESTS_IR_PRINT_CASE_H

#include "ir/formats.h"
#include "test.h"

static inline const char *print_with(workspace *w, void (*print)(const graph *g, text *out),
                                     const char *function) {
    const char *source = arena_format(w->arena, "cornu-ir 1\n%s", function);
    graph *g = graph_parse(w->arena, source, strlen(source));
    if (g == NULL)
        fail_msg("%s", w->diagnostics.message);
    text t;
    text_init(&t, w->arena);
    print(g, &t);
    return t.data;
}

/* A name that every format has to defend itself against. */
#define HOSTILE                                                     \
    "func @\"q\\\"<&>\\\\\\n\"(%1: f32[] \"a\\\"<b>&\\\\\\n\") {\n" \
    "  return %1 \"c\\\"</svg>\"\n"                                 \
    "}\n"

#endif
