/* Running graphs in tests: parse, fill inputs with reproducible numbers, interpret. */
#ifndef CORNU_TESTS_IR_TENSORS_H
#define CORNU_TESTS_IR_TENSORS_H

#include <math.h>

#include "ir/interpret.h"
#include "test.h"

/* cmocka's own comparison of floats is in single precision. */
#define assert_near(x, wanted, tolerance) assert_true(fabs((x) - (wanted)) <= (tolerance))

static inline interpreter interpreter_for(workspace *w, int64_t batch) {
    return (interpreter){.arena = w->arena,
                         .diag = &w->diagnostics,
                         .batch = batch,
                         .mode = INTERPRET_F64};
}

static inline graph *must_parse(workspace *w, const char *source) {
    graph *g = graph_parse(w->arena, source, strlen(source));
    if (g == NULL)
        fail_msg("%s", w->diagnostics.message);
    return g;
}

/* Numbers in (-1, 1) for floats, small ones for integers; tangents likewise when asked. */
static inline tensor *filled(interpreter *it, const type *t, uint64_t seed) {
    tensor *x = tensor_new(it, t);
    for (int64_t i = 0; i < x->count; i++) {
        double draws[2];
        for (int k = 0; k < 2; k++) {
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            draws[k] = (double)(seed >> 11) * 0x1p-52 - 1;
        }
        if (dtype_is_float(t->dtype))
            x->items[i] = (number){.f = draws[0], .tangent = it->tangents ? draws[1] : 0};
        else
            x->items[i].i = (int64_t)(draws[0] * 4 + 4) % (t->dtype == CN_BOOL ? 2 : 4);
    }
    return x;
}

static inline tensor **filled_inputs(interpreter *it, const graph *g) {
    tensor **inputs = ARENA_ARRAY(it->arena, tensor *, g->inputs.count);
    for (uint32_t i = 0; i < g->inputs.count; i++)
        inputs[i] = filled(it, value_type(g, g->inputs.items[i].value), i + 1);
    return inputs;
}

static inline tensor **run_graph(workspace *w, interpreter *it, const graph *g,
                                 tensor *const *inputs) {
    tensor **outputs = ARENA_ARRAY(it->arena, tensor *, g->outputs.count);
    if (!interpret_graph(it, g, inputs, outputs))
        fail_msg("%s", w->diagnostics.message);
    return outputs;
}

static inline tensor *scalar_float(interpreter *it, double x) {
    tensor *t = tensor_new(it, &(type){.dtype = CN_F32});
    t->items[0].f = x;
    return t;
}

#endif
