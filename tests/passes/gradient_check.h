/* Checks gradients against forward mode: in one run of the interpreter, the sum of
 * gradient x tangent over all inputs must be the tangent of the loss.
 *
 * A checked graph returns the loss first and then the gradients by its float inputs, in order, as
 * `gradient` nodes give them. */
#ifndef CORNU_TESTS_PASSES_GRADIENT_CHECK_H
#define CORNU_TESTS_PASSES_GRADIENT_CHECK_H

#include <math.h>

#include "../ir/tensors.h"
#include "base/text.h"
#include "ir/build.h"
#include "passes/pass.h"

static inline graph *differentiated(workspace *w, graph *g) {
    pass_context cx = {.arena = w->arena, .diag = &w->diagnostics};
    graph *expanded = pass_autodiff.run(g, &cx);
    if (expanded == NULL || !graph_verify(expanded, &w->diagnostics))
        fail_msg("%s", w->diagnostics.message);
    return expanded;
}

static inline void check_directional_derivative(workspace *w, const graph *g, int64_t batch,
                                                uint64_t seed) {
    interpreter it = interpreter_for(w, batch);
    it.tangents = true;
    tensor **inputs = ARENA_ARRAY(w->arena, tensor *, g->inputs.count);
    for (uint32_t i = 0; i < g->inputs.count; i++)
        inputs[i] = filled(&it, value_type(g, g->inputs.items[i].value), seed * 100 + i);
    tensor **outputs = run_graph(w, &it, g, inputs);
    double sum = 0, magnitude = 1e-6;
    uint32_t output = 1;
    for (uint32_t i = 0; i < g->inputs.count; i++) {
        if (!dtype_is_float(inputs[i]->type.dtype))
            continue;
        assert_true(output < g->outputs.count);
        tensor *dx = outputs[output++];
        for (int64_t k = 0; k < dx->count; k++) {
            double term = dx->items[k].f * inputs[i]->items[k].tangent;
            sum += term;
            magnitude += fabs(term);
        }
    }
    double wanted = outputs[0]->items[0].tangent;
    if (!(fabs(sum - wanted) <= 1e-9 * magnitude)) {
        text t;
        text_init(&t, w->arena);
        graph_print(g, &t);
        fail_msg("the gradient gives %g, forward mode %g in\n%s", sum, wanted, t.data);
    }
}

/* A function of a loss, with its gradients by all float inputs as further outputs. */
static inline graph *with_gradients(workspace *w, graph *g) {
    value wrt[16] = {{0}}, dx[16];
    int count = 0;
    for (uint32_t i = 0; i < g->inputs.count; i++) {
        value v = g->inputs.items[i].value;
        if (dtype_is_float(value_type(g, v)->dtype))
            wrt[count++] = v;
    }
    build_gradient(g, g->outputs.items[0].value, wrt, count, dx);
    for (int i = 0; i < count; i++)
        graph_add_output(g, dx[i], NULL, -1);
    return differentiated(w, g);
}

/* The loss of second order: the sum of squares of all outputs but the first. */
static inline graph *sum_of_squared_gradients(workspace *w, const graph *g) {
    graph *squares = graph_rewrite(g, w->arena, NULL, NULL);
    value sum = NO_VALUE;
    for (uint32_t i = 1; i < squares->outputs.count; i++) {
        value dx = squares->outputs.items[i].value, square = build_mul(squares, dx, dx);
        integer_list axes = {.count = value_type(squares, dx)->rank};
        for (int k = 0; k < axes.count; k++)
            axes.items[k] = k;
        value s = build_sum(squares, square, axes.count, axes.items);
        sum = value_is_none(sum) ? s : build_add(squares, sum, s);
    }
    squares->outputs.count = 0;
    graph_add_output(squares, sum, NULL, -1);
    return squares;
}

/* First and second order, at a few points and batches; returns the first. */
static inline graph *check_gradients(workspace *w, const char *source) {
    graph *first = with_gradients(w, must_parse(w, source));
    graph *second = with_gradients(w, sum_of_squared_gradients(w, first));
    for (uint64_t seed = 1; seed <= 3; seed++) {
        check_directional_derivative(w, first, (int64_t)seed, seed);
        check_directional_derivative(w, second, (int64_t)seed, seed);
    }
    return first;
}

#endif
