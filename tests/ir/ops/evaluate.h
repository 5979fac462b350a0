/* Tests of ops in the text form: a body is lines of .cnir, and the last value is what counts.
 *
 *     expect(w, "%1 = constant {value=[1,-2]} : f32[2]\n"
 *               "%2 = neg %1 : f32[2]", "-1 2");
 */
#ifndef CORNU_TESTS_IR_OPS_EVALUATE_H
#define CORNU_TESTS_IR_OPS_EVALUATE_H

#include <stdio.h>

#include "tests/ir/tensors.h"

/* The body as a graph that returns its last value; NULL with the message in the diagnostics. */
static inline graph *graph_of(workspace *w, const char *body) {
    int last = 0;
    for (const char *p = body; (p = strchr(p, '%')) != NULL; p++)
        if ((p == body || p[-1] == '\n') && atoi(p + 1) > last)
            last = atoi(p + 1);
    const char *source =
        arena_format(w->arena, "cornu-ir 1\nfunc @test() {\n%s\nreturn %%%d\n}\n", body, last);
    return graph_parse(w->arena, source, strlen(source));
}

/* The elements of the last value at batch 2, separated by blanks. */
static inline const char *evaluate(workspace *w, const char *body, interpret_mode mode) {
    graph *g = graph_of(w, body);
    if (g == NULL)
        fail_msg("%s", w->diagnostics.message);
    interpreter it = interpreter_for(w, 2);
    it.mode = mode;
    tensor **y = run_graph(w, &it, g, NULL);
    text words;
    text_init(&words, w->arena);
    for (int64_t i = 0; i < y[0]->count; i++) {
        const char *blank = i == 0 ? "" : " ";
        if (!dtype_is_float(y[0]->type.dtype))
            text_printf(&words, "%s%lld", blank, (long long)y[0]->items[i].i);
        else if (isnan(y[0]->items[i].f))
            text_printf(&words, "%snan", blank);
        else
            text_printf(&words, "%s%.6g", blank, y[0]->items[i].f);
    }
    return words.data;
}

static inline void expect(workspace *w, const char *body, const char *wanted) {
    assert_string_equal(evaluate(w, body, INTERPRET_F64), wanted);
}

/* The same in the arithmetic of the types themselves. */
static inline void expect_rounded(workspace *w, const char *body, const char *wanted) {
    assert_string_equal(evaluate(w, body, INTERPRET_F32), wanted);
}

/* The body is refused with a message that contains `words`. */
static inline void expect_error(workspace *w, const char *body, const char *words) {
    assert_null(graph_of(w, body));
    if (strstr(w->diagnostics.message, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", w->diagnostics.message, words);
    diag_clear(&w->diagnostics);
}

#endif
