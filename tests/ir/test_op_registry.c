/* Walks the list of ops: each is complete, has enough cases, and every case of the oracle table
 * infers, prints, parses back, and runs. What ops mean is tested beside their files. */
#include "test.h"

#include <math.h>

#include "ir/op_cases.h"

/* Ops that are more than one node over inputs: their own tests make graphs for them. */
static bool has_own_cases(const op_def *op) {
    return op == &op_input || op == &op_flag || op == &op_composite || op == &op_gradient ||
           op == &op_group || op == &op_scan;
}

static void every_op_is_complete(void **state) {
    (void)state;
    for (const op_def *const *p = op_registry; *p != NULL; p++) {
        const op_def *op = *p;
        assert_non_null(op->name);
        assert_ptr_equal(op_find(op->name, strlen(op->name)), op);
        if (op->summary == NULL || op->summary[strlen(op->summary) - 1] != '.')
            fail_msg("%s: the summary is no sentence", op->name);
        if (op->infer == NULL || op->interpret == NULL)
            fail_msg("%s lacks infer or interpret", op->name);
        uint32_t excuse = OP_NO_GRADIENT | OP_TRANSIENT;
        if (op->vjp == NULL && (op->traits & excuse) == 0)
            fail_msg("%s has no vjp and does not say why", op->name);
        if (op->vjp != NULL && (op->traits & OP_NO_GRADIENT) != 0)
            fail_msg("%s has a vjp that nobody calls", op->name);
        bool lowers = op->element != NULL || op->nest != NULL;
        if (!lowers && !has_own_cases(op))
            fail_msg("%s cannot be lowered", op->name);
        if ((op->traits & OP_OPAQUE) != 0 && op->nest == NULL && !has_own_cases(op))
            fail_msg("%s is opaque and has no nest", op->name);
        if ((op->traits & OP_CONTRACTION) != 0 && op->contract == NULL)
            fail_msg("%s is a contraction without its structured form", op->name);
        if ((op->traits & OP_CHEAP) != 0 && (op->traits & (OP_POINTWISE | OP_INDEX | OP_LEAF)) == 0)
            fail_msg("%s cannot be cheap to duplicate", op->name);
    }
}

static void every_op_has_four_cases(void **state) {
    (void)state;
    for (const op_def *const *p = op_registry; *p != NULL; p++) {
        int count = 0;
        for (int i = 0; i < op_case_count(); i++)
            count += op_case_at(i)->op == *p;
        if (count < 4 && !has_own_cases(*p))
            fail_msg("%s has %d cases", (*p)->name, count);
    }
}

static void names_of_cases_are_unique(void **state) {
    (void)state;
    for (int i = 0; i < op_case_count(); i++)
        for (int j = 0; j < i; j++)
            assert_string_not_equal(op_case_at(i)->name, op_case_at(j)->name);
}

static void every_case_verifies_and_prints_itself(void **state) {
    workspace *w = *state;
    for (int i = 0; i < op_case_count(); i++) {
        graph *g = op_case_graph(op_case_at(i), w->arena);
        if (g == NULL || !graph_verify(g, &w->diagnostics))
            fail_msg("%s: %s", op_case_at(i)->name, w->diagnostics.message);
        text first, second;
        text_init(&first, w->arena);
        text_init(&second, w->arena);
        graph_print(g, &first);
        graph *again = graph_parse(w->arena, first.data, first.length);
        if (again == NULL)
            fail_msg("%s: %s in\n%s", op_case_at(i)->name, w->diagnostics.message, first.data);
        graph_print(again, &second);
        assert_string_equal(first.data, second.data);
        assert_true(graph_equal(g, again));
    }
}

/* Error of f32 arithmetic against f64: small for a small case, and 0 for integers. */
static void compare_modes(const op_case *c, const tensor *exact, const tensor *rounded) {
    assert_true(type_equal(&exact->type, &rounded->type));
    for (int64_t i = 0; i < exact->count; i++) {
        number a = exact->items[i], b = rounded->items[i];
        if (!dtype_is_float(exact->type.dtype))
            assert_true(a.i == b.i);
        else if (isfinite(a.f) && isfinite(b.f) && fabs(a.f - b.f) > 0.06 * (1 + fabs(a.f)))
            fail_msg("%s[%lld]: %g in f64 and %g in f32", c->name, (long long)i, a.f, b.f);
    }
}

static void every_case_runs_at_several_batches(void **state) {
    workspace *w = *state;
    static const int64_t batches[] = {1, 3, 4};
    for (int i = 0; i < op_case_count(); i++)
        for (size_t b = 0; b < sizeof batches / sizeof *batches; b++) {
            const op_case *c = op_case_at(i);
            arena_mark mark = arena_get_mark(w->arena);
            interpreter it = {.arena = w->arena, .diag = &w->diagnostics, .batch = batches[b]};
            op_case_run exact, rounded;
            if (!op_case_interpret(&it, c, 1, &exact))
                fail_msg("%s: %s", c->name, w->diagnostics.message);
            it.mode = INTERPRET_F32;
            assert_true(op_case_interpret(&it, c, 1, &rounded));
            if (op_case_is_smooth(c))
                for (uint32_t o = 0; o < exact.graph->outputs.count; o++)
                    compare_modes(c, exact.outputs[o], rounded.outputs[o]);
            arena_rewind(w->arena, mark);
        }
}

static void costs_are_finite(void **state) {
    workspace *w = *state;
    for (int i = 0; i < op_case_count(); i++) {
        graph *g = op_case_graph(op_case_at(i), w->arena);
        const node *n = value_node(g, g->outputs.items[0].value);
        double cost = n->op->cost == NULL ? 0 : n->op->cost(g, n, 5);
        assert_true(isfinite(cost) && cost >= 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_op_is_complete),
        cmocka_unit_test(every_op_has_four_cases),
        cmocka_unit_test(names_of_cases_are_unique),
        WITH_WORKSPACE(every_case_verifies_and_prints_itself),
        WITH_WORKSPACE(every_case_runs_at_several_batches),
        WITH_WORKSPACE(costs_are_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
