/* Running two graphs on the same inputs; see the header.
 *
 * Inputs are drawn by Philox from the position of the element, small enough that nothing
 * overflows: floats in [-1, 1), in a second run in [1/8, 1), where logarithms and square roots
 * are defined; integers in 0..2, so that labels and indices mostly lie in range.
 *
 * Cost: the interpreter's, on the true extents with B = 3: minutes for a large model.
 */
#include "passes/compare_runs.h"

#include <math.h>
#include <string.h>

#include "base/philox.h"
#include "ir/interpret.h"
#include "ir/ops/ops.h"

enum { COMPARED_BATCH = 3 };
static const double tolerance = 1e-9;
static const double f64_over_f32 = 0x1p-20; /* 2^-29, and room for another order of rounding */

/* ---- inputs ---------------------------------------------------------------------------------- */

static void fill_input(tensor *t, uint32_t input, bool positive) {
    for (int64_t i = 0; i < t->count; i++) {
        const uint32_t key[2] = {input, positive}, counter[4] = {(uint32_t)i};
        uint32_t bits[4];
        philox4x32(counter, key, bits);
        double unit = (double)philox_unit_f32(bits[0]);
        if (dtype_is_float(t->type.dtype))
            t->items[i].f = positive ? (unit * 7 + 1) / 8 : unit * 2 - 1;
        else
            t->items[i].i = t->type.dtype == CN_BOOL ? bits[0] & 1 : bits[0] % 3;
    }
}

static tensor **make_inputs(interpreter *it, const graph *g, bool positive) {
    tensor **inputs = ARENA_ARRAY(it->arena, tensor *, g->inputs.count);
    for (uint32_t i = 0; i < g->inputs.count; i++) {
        inputs[i] = tensor_new(it, value_type(g, g->inputs.items[i].value));
        fill_input(inputs[i], i, positive);
    }
    return inputs;
}

/* ---- comparing ------------------------------------------------------------------------------- */

typedef struct run {
    arena *arena;
    diagnostics *diag;
    int64_t batch;
    bool positive;
} run;

static tensor **run_graph(const run *r, const graph *g, interpret_mode mode) {
    interpreter it = {.arena = r->arena, .diag = r->diag, .batch = r->batch, .mode = mode};
    tensor **outputs = ARENA_ARRAY(r->arena, tensor *, g->outputs.count);
    tensor **inputs = make_inputs(&it, g, r->positive);
    return interpret_graph(&it, g, inputs, outputs) ? outputs : NULL;
}

static double largest_magnitude(const tensor *t) {
    double most = 0;
    for (int64_t i = 0; i < t->count; i++)
        if (isfinite(t->items[i].f))
            most = fmax(most, fabs(t->items[i].f));
    return most;
}

static bool floats_agree(double a, double b, double allowed) {
    if (isnan(a) || isnan(b))
        return isnan(a) && isnan(b);
    return a == b || fabs(a - b) <= allowed; /* infinities: equal or not */
}

/* The first element that differs; -1 when none does. `in_f32` (may be NULL) is `a` computed in
 * float32: its error, scaled to double precision, is what rounding alone may do; where float32
 * is not even finite, or decides otherwise, there is nothing to compare. */
static int64_t first_difference(const tensor *a, const tensor *b, const tensor *in_f32,
                                double relative) {
    bool floats = dtype_is_float(a->type.dtype);
    double allowed = floats ? relative * largest_magnitude(a) : 0;
    for (int64_t i = 0; i < a->count; i++) {
        number x = a->items[i], y = b->items[i];
        double error = 0;
        if (in_f32 != NULL && floats)
            error = isfinite(in_f32->items[i].f) ? fabs(in_f32->items[i].f - x.f) : INFINITY;
        if (floats ? floats_agree(x.f, y.f, allowed + error * f64_over_f32)
                   : x.i == y.i || (in_f32 != NULL && in_f32->items[i].i != x.i))
            continue;
        return i;
    }
    return -1;
}

static bool report(const graph *g, uint32_t output, int64_t element, const tensor *a,
                   const tensor *b, diagnostics *d) {
    const char *name = g->outputs.items[output].name;
    bool floats = dtype_is_float(a->type.dtype);
    return diag_fail(d, CN_ERROR_INTERNAL,
                     "changes output %u (%s) at element %lld: %.17g before, %.17g after", output,
                     name == NULL ? "unnamed" : name, (long long)element,
                     floats ? a->items[element].f : (double)a->items[element].i,
                     floats ? b->items[element].f : (double)b->items[element].i);
}

/* Output i differs beyond the tolerance: because of rounding only? */
static bool agrees_by_rounding(const run *r, const graph *before, const graph *after, uint32_t i,
                               const tensor *a, const tensor *b) {
    tensor **a32 = run_graph(r, before, INTERPRET_F32), **b32;
    if (a32 == NULL || first_difference(a, b, a32[i], tolerance) < 0)
        return a32 != NULL;
    b32 = run_graph(r, after, INTERPRET_F32);
    return b32 != NULL && first_difference(a32[i], b32[i], NULL, 0) < 0;
}

static bool compare_once(const run *r, const graph *before, const graph *after) {
    tensor **a = run_graph(r, before, INTERPRET_F64), **b = run_graph(r, after, INTERPRET_F64);
    for (uint32_t i = 0; a != NULL && b != NULL && i < before->outputs.count; i++) {
        int64_t element = first_difference(a[i], b[i], NULL, tolerance);
        if (element >= 0 && !agrees_by_rounding(r, before, after, i, a[i], b[i]))
            return report(before, i, element, a[i], b[i], r->diag);
    }
    return a != NULL && b != NULL;
}

/* What only a later pass gives a meaning. */
static bool can_run(const graph *g) {
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        const node *n = graph_node(g, id);
        if (n->op == &op_gradient || n->op == &op_flag)
            return false;
        for (uint32_t i = 0; i < n->region_count; i++)
            if (!can_run(n->regions[i]))
                return false;
    }
    return true;
}

bool compare_runs(const graph *before, const graph *after, diagnostics *d) {
    if (!can_run(before) || !can_run(after))
        return true;
    if (before->outputs.count != after->outputs.count ||
        before->inputs.count != after->inputs.count)
        return diag_fail(d, CN_ERROR_INTERNAL, "changes the number of inputs or outputs");
    arena *a = after->arena;
    arena_mark mark = arena_get_mark(a);
    run r = {.arena = a, .diag = d};
    r.batch = after->bound_batch != 0 ? after->bound_batch : COMPARED_BATCH;
    bool same = compare_once(&r, before, after);
    r.positive = true;
    same = same && compare_once(&r, before, after);
    arena_rewind(a, mark);
    return same;
}
