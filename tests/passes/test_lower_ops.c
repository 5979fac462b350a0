/* Every op of the oracle table through its lowering: `element`, `contract` and `nest` as kernels,
 * run by the loop interpreter, against the op's own meaning. One node per kernel; how nodes join
 * is tested with fusion. */
#include "test.h"

#include <math.h>

#include "ir/loop_interpret.h"
#include "ir/op_cases.h"
#include "passes/pass.h"

/* The case as a graph of one group of the given kind. */
static graph *grouped(workspace *w, const op_case *c, group_kind kind) {
    graph *region = op_case_graph(c, w->arena), *g = graph_new(w->arena, "grouped");
    value inputs[MAX_CASE_INPUTS];
    for (int k = 0; k < c->input_count; k++)
        inputs[k] = graph_add_input(g, NULL, op_case_input_type(c, k), INPUT_DATA, false);
    group_attributes a = {.kind = (int)kind, .name = "kernel_under_test"};
    value v = graph_add(g, &(node_spec){.op = &op_group,
                                        .operands = inputs,
                                        .operand_count = (uint32_t)c->input_count,
                                        .attributes = &a,
                                        .regions = &region,
                                        .region_count = 1});
    return value_is_none(v) ? NULL : g;
}

/* Both keep floats in double, but for casts: a kernel rounds a large integer once. */
static bool numbers_agree(const op_case *c, cn_dtype dtype, number x, number y) {
    double tolerance = c->op == &op_cast && dtype == CN_F32 ? 1e-7 : 1e-12;
    if (!dtype_is_float(dtype))
        return x.i == y.i;
    if (isnan(x.f) || isnan(y.f))
        return isnan(x.f) && isnan(y.f);
    return x.f == y.f || fabs(x.f - y.f) <= tolerance * (1 + fabs(y.f));
}

static void check_kernel(workspace *w, const op_case *c, const kernel *k, int64_t batch) {
    interpreter it = {.arena = w->arena, .diag = &w->diagnostics, .batch = batch};
    op_case_run run;
    assert_true(op_case_interpret(&it, c, 9, &run));
    const tensor *wanted = run.outputs[0];
    tensor *got = tensor_new(&it, &wanted->type), *arguments[MAX_CASE_INPUTS + 1];
    for (int i = 0; i < c->input_count; i++)
        arguments[i] = run.inputs[i];
    arguments[c->input_count] = got;
    for (int64_t i = 0; dtype_is_float(got->type.dtype) && i < got->count; i++)
        got->items[i].f = NAN; /* an element that is not stored shows */
    if (!kernel_interpret(&it, k, arguments))
        fail_msg("%s: %s", c->name, w->diagnostics.message);
    for (int64_t i = 0; i < wanted->count; i++)
        if (!numbers_agree(c, wanted->type.dtype, got->items[i], wanted->items[i]))
            fail_msg("%s at batch %lld, element %lld: %.17g (%lld), not %.17g (%lld)", c->name,
                     (long long)batch, (long long)i, got->items[i].f, (long long)got->items[i].i,
                     wanted->items[i].f, (long long)wanted->items[i].i);
}

/* False when the op has no such form for this case. */
static bool check_case(workspace *w, const op_case *c, group_kind kind) {
    graph *g = grouped(w, c, kind);
    assert_non_null(g);
    kernel *k = lower_group(g, graph_node(g, g->nodes.count - 1), w->arena, &w->diagnostics);
    if (k == NULL && kind == GROUP_CONTRACT && w->diagnostics.status == CN_ERROR_UNSUPPORTED) {
        diag_clear(&w->diagnostics);
        return false;
    }
    if (k == NULL)
        fail_msg("%s: %s", c->name, w->diagnostics.message);
    check_kernel(w, c, k, 1);
    check_kernel(w, c, k, 3);
    return true;
}

static bool is_table(const op_case *c) {
    const leaf_attributes *a = c->attributes;
    return c->op == &op_constant && a->value.length > (size_t)dtype_bytes(a->dtype);
}

static void every_element_and_nest(void **state) {
    workspace *w = *state;
    for (int i = 0; i < op_case_count(); i++) {
        const op_case *c = op_case_at(i);
        arena_mark mark = arena_get_mark(w->arena);
        if (!is_table(c))
            check_case(w, c, c->op->nest != NULL ? GROUP_OPAQUE : GROUP_MAP);
        arena_rewind(w->arena, mark);
    }
}

static void every_contraction(void **state) {
    workspace *w = *state;
    int structured = 0;
    for (int i = 0; i < op_case_count(); i++) {
        const op_case *c = op_case_at(i);
        arena_mark mark = arena_get_mark(w->arena);
        if (c->op->contract != NULL)
            structured += check_case(w, c, GROUP_CONTRACT);
        arena_rewind(w->arena, mark);
    }
    assert_true(structured > 25);
}

int main(void) {
    const struct CMUnitTest tests[] = {WITH_WORKSPACE(every_element_and_nest),
                                       WITH_WORKSPACE(every_contraction)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
