/* Gradients of every case of the oracle table, against two witnesses that share no code with the
 * rules: dual numbers in the interpreter (exact to rounding, also at corners and ties) and
 * central differences (of cases away from corners). Then the gradient of the gradient.
 *
 * With loss = sum(w * y) for weights w and any direction v, the derivative of the loss along v
 * is the sum over all inputs of dx * v. */
#include "test.h"

#include <math.h>

#include "ir/build.h"
#include "ir/op_cases.h"
#include "passes/pass.h"

enum { MAX_VALUES = MAX_CASE_INPUTS + 2, DIRECTIONS = 3 };

/* A case under test: function of x (its inputs), w and u (weights of first and second order).
 * Outputs: loss, dx...; when of second order: h = sum(dx * u), then its gradients. */
typedef struct subject {
    workspace *w;
    const op_case *c;
    graph *g;
    int64_t batch;
    value loss;
    value wrt[2 * MAX_VALUES];
    int wrt_count;
    tensor *inputs[3 * MAX_VALUES], *outputs[3 * MAX_VALUES];
} subject;

static double next_unit(uint64_t *seed) {
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(*seed >> 40) / (double)(1 << 24);
}

static bool is_float(const graph *g, value v) {
    return dtype_is_float(value_type(g, v)->dtype);
}

static value sum_all(graph *g, value x) {
    int64_t axes[MAX_RANK] = {0, 1, 2, 3, 4, 5, 6, 7};
    return build_sum(g, x, value_type(g, x)->rank, axes);
}

/* Rebuilds the case with a further input per weight: inputs come first in a graph. */
static graph *with_weights(subject *s, const graph *plain, bool second_order) {
    graph *g = graph_new(s->w->arena, "gradients");
    value x[MAX_CASE_INPUTS], w = NO_VALUE, u[MAX_CASE_INPUTS];
    value output = plain->outputs.items[0].value;
    for (int k = 0; k < s->c->input_count; k++) {
        x[k] = graph_add_input(g, arena_format(s->w->arena, "x%d", k), op_case_input_type(s->c, k),
                               INPUT_DATA, false);
        if (is_float(g, x[k]))
            s->wrt[s->wrt_count++] = x[k];
    }
    int dx_count = s->wrt_count;
    w = graph_add_input(g, "w", *value_type(plain, output), INPUT_DATA, false);
    for (int i = 0; second_order && i < dx_count; i++)
        u[i] = graph_add_input(g, arena_format(s->w->arena, "u%d", i), *value_type(g, s->wrt[i]),
                               INPUT_DATA, false);
    value y;
    graph_inline(plain, g, x, &y);
    value loss = sum_all(g, build_mul(g, w, y)), dx[2 * MAX_VALUES];
    build_gradient(g, loss, s->wrt, dx_count, dx);
    if (second_order) {
        loss = sum_all(g, build_mul(g, dx[0], u[0]));
        for (int i = 1; i < dx_count; i++)
            loss = build_add(
                g, loss,
                build_cast(g, sum_all(g, build_mul(g, dx[i], u[i])), value_type(g, loss)->dtype));
        s->wrt[s->wrt_count++] = w;
        build_gradient(g, loss, s->wrt, s->wrt_count, dx);
    }
    graph_add_output(g, loss, "loss", -1);
    for (int i = 0; i < s->wrt_count; i++)
        graph_add_output(g, dx[i], arena_format(s->w->arena, "dx%d", i), -1);
    return g;
}

static void expect_ok(const subject *s, bool ok) {
    if (!ok)
        fail_msg("%s: %s", s->c->name, s->w->diagnostics.message);
}

/* Builds the graph, expands its gradients and fills the inputs. */
static subject subject_of(workspace *w, const op_case *c, bool second_order) {
    subject s = {.w = w, .c = c, .batch = 3};
    graph *plain = op_case_graph(c, w->arena);
    expect_ok(&s, plain != NULL);
    graph *g = with_weights(&s, plain, second_order);
    pass_context cx = {.arena = w->arena, .diag = &w->diagnostics};
    expect_ok(&s, diag_ok(&w->diagnostics));
    s.g = pass_autodiff.run(g, &cx);
    expect_ok(&s, s.g != NULL && graph_verify(s.g, &w->diagnostics));
    interpreter it = {.arena = w->arena, .diag = &w->diagnostics, .batch = s.batch};
    uint64_t seed = 77;
    for (uint32_t k = 0; k < s.g->inputs.count; k++) {
        s.inputs[k] = tensor_new(&it, value_type(s.g, s.g->inputs.items[k].value));
        void *bytes = NULL;
        if (k < (uint32_t)c->input_count)
            bytes = op_case_input(c, (int)k, s.batch, 5, w->arena);
        else
            for (int64_t i = 0; i < s.inputs[k]->count; i++)
                s.inputs[k]->items[i].f = next_unit(&seed) * 2 - 0.7;
        if (bytes != NULL)
            tensor_from_bytes(s.inputs[k], bytes);
    }
    return s;
}

static void run(subject *s) {
    interpreter it = {
        .arena = s->w->arena, .diag = &s->w->diagnostics, .batch = s->batch, .tangents = true};
    expect_ok(s, interpret_graph(&it, s->g, s->inputs, s->outputs));
}

/* The input that was differentiated by as number i. */
static tensor *wrt_input(const subject *s, int i) {
    return s->inputs[s->wrt[i].node - 1];
}

/* Gives all inputs of interest random tangents. */
static void choose_direction(subject *s, uint64_t *seed) {
    for (int i = 0; i < s->wrt_count; i++) {
        tensor *x = wrt_input(s, i);
        for (int64_t k = 0; k < x->count; k++)
            x->items[k].tangent = (next_unit(seed) < 0.5 ? -1 : 1) * (0.5 + next_unit(seed));
    }
}

static void move(subject *s, double step) {
    for (int i = 0; i < s->wrt_count; i++)
        for (int64_t k = 0; k < wrt_input(s, i)->count; k++)
            wrt_input(s, i)->items[k].f += step * wrt_input(s, i)->items[k].tangent;
}

/* Sum of dx * v, and of the magnitudes of its terms. */
static double along(const subject *s, double *magnitude) {
    double sum = 0;
    *magnitude = 1;
    for (int i = 0; i < s->wrt_count; i++)
        for (int64_t k = 0; k < wrt_input(s, i)->count; k++) {
            double term = s->outputs[1 + i]->items[k].f * wrt_input(s, i)->items[k].tangent;
            sum += term;
            *magnitude += fabs(term);
        }
    return sum;
}

/* 2 / sqrt(pi) is the one constant of the rules that a narrow type does not hold exactly. */
static double exactness(const op_case *c) {
    cn_dtype dtype = op_case_input_type(c, 0).dtype;
    if (c->op != &op_erf || dtype == CN_F64)
        return 1e-10;
    return dtype == CN_F32 ? 1e-7 : 1e-2;
}

static void check_against_tangents(subject *s) {
    double magnitude, mine = along(s, &magnitude), dual = s->outputs[0]->items[0].tangent;
    if (isnan(mine) && isnan(dual))
        return; /* log of -1: nowhere defined, and both say so */
    if (!(fabs(mine - dual) <= exactness(s->c) * magnitude))
        fail_msg("%s: derivative %.17g, dual numbers say %.17g", s->c->name, mine, dual);
}

static void check_against_differences(subject *s) {
    static const double step = 1e-6;
    double magnitude, mine = along(s, &magnitude);
    move(s, step);
    run(s);
    double above = s->outputs[0]->items[0].f;
    move(s, -2 * step);
    run(s);
    double difference = (above - s->outputs[0]->items[0].f) / (2 * step);
    move(s, step);
    double tolerance = (1e-5 + (exactness(s->c) > 1e-10 ? exactness(s->c) : 0)) * magnitude;
    if (!(fabs(mine - difference) <= tolerance))
        fail_msg("%s: derivative %.12g, differences say %.12g", s->c->name, mine, difference);
}

static bool has_gradient(const op_case *c, arena *a) {
    bool float_input = false, special = false;
    for (int k = 0; k < c->input_count; k++) {
        bool is_float_input = dtype_is_float(op_case_input_type(c, k).dtype);
        float_input = float_input || is_float_input;
        special = special || (is_float_input && c->inputs[k].domain == SPECIAL);
    }
    graph *g = op_case_graph(c, a);
    return float_input && !special && is_float(g, g->outputs.items[0].value);
}

static void check_case(workspace *w, const op_case *c, bool second_order) {
    uint64_t seed = 3;
    subject s = subject_of(w, c, second_order);
    for (int i = 0; i < DIRECTIONS; i++) {
        choose_direction(&s, &seed);
        run(&s);
        check_against_tangents(&s);
        if (op_case_is_smooth(c))
            check_against_differences(&s);
    }
}

static void check_all(workspace *w, bool second_order) {
    int checked = 0;
    for (int i = 0; i < op_case_count(); i++) {
        const op_case *c = op_case_at(i);
        arena_mark mark = arena_get_mark(w->arena);
        if (has_gradient(c, w->arena) && (!second_order || op_case_is_smooth(c))) {
            check_case(w, c, second_order);
            checked++;
        }
        arena_rewind(w->arena, mark);
    }
    assert_true(checked > 200);
}

static void first_order(void **state) {
    check_all(*state, false);
}

static void second_order(void **state) {
    check_all(*state, true);
}

int main(void) {
    const struct CMUnitTest tests[] = {WITH_WORKSPACE(first_order), WITH_WORKSPACE(second_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
