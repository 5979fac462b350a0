/* Rewriting: what a copy keeps, what rules may do, inlining. */
#include "ir/build.h"
#include "random_graph.h"
#include "tensors.h"

/* add(x, x) becomes mul(x, 2). */
static bool double_by_multiplying(rewriter *r, const node *n, const value *operands,
                                  value *results) {
    if (n->op != &op_add || !value_equal(operands[0], operands[1]))
        return false;
    ++*(int *)r->user;
    results[0] = build_mul(r->to, operands[0], build_full_like(r->to, operands[0], 2));
    return true;
}

static graph *doubled(workspace *w) {
    graph *g = graph_new(w->arena, "f");
    type t = type_make(CN_F32, 1, (const dim[]){dim_of(4)});
    value x = graph_add_input(g, "x", t, INPUT_STATE, true);
    g->location = (location){"a.c", 3, "twice"};
    value y = build_add(g, x, x);
    build_exp(g, y); /* dead */
    value z = build_add(g, y, y);
    vec_push(w->arena, &g->guards, "because");
    g->bound_batch = 2;
    graph_add_output(g, z, "z", 0);
    return g;
}

static void a_copy_without_rule_is_equal_but_for_dead_nodes(void **state) {
    workspace *w = *state;
    graph *g = doubled(w), *copy = graph_rewrite(g, w->arena, NULL, NULL);
    assert_true(graph_verify(copy, &w->diagnostics));
    assert_int_equal(copy->nodes.count, g->nodes.count - 1);
    assert_string_equal(copy->name, "f");
    assert_string_equal(copy->guards.items[0], "because");
    assert_int_equal(copy->bound_batch, 2);
    assert_true(copy->inputs.items[0].donated);
    assert_int_equal(copy->outputs.items[0].into, 0);
    assert_string_equal(graph_node(copy, 3)->location.layer, "twice");
    assert_true(graph_equal(copy, graph_rewrite(copy, w->arena, NULL, NULL)));
}

static void rules_replace_nodes_and_see_what_is_replaced(void **state) {
    workspace *w = *state;
    int replaced = 0;
    graph *g = graph_rewrite(doubled(w), w->arena, double_by_multiplying, &replaced);
    assert_int_equal(replaced, 2);
    assert_true(graph_verify(g, &w->diagnostics));
    value z = g->outputs.items[0].value;
    assert_ptr_equal(value_node(g, z)->op, &op_mul);
    assert_ptr_equal(value_node(g, value_node(g, z)->operands[0])->op, &op_mul);
    assert_string_equal(value_node(g, z)->location.layer, "twice");
}

/* A rule that goes wrong: f32 becomes i32 below a mul. */
static bool cast_inputs_away(rewriter *r, const node *n, const value *operands, value *results) {
    if (n->op != &op_exp)
        return false;
    results[0] = build_cast(r->to, operands[0], CN_I32);
    return true;
}

static void a_rule_that_breaks_types_is_caught(void **state) {
    workspace *w = *state;
    graph *g = graph_new(w->arena, "f");
    type t = type_make(CN_F32, 1, (const dim[]){dim_of(4)});
    value x = graph_add_input(g, "x", t, INPUT_DATA, false);
    graph_add_output(g, build_mul(g, build_exp(g, x), x), NULL, -1);
    assert_null(graph_rewrite(g, w->arena, cast_inputs_away, NULL));
    assert_false(diag_ok(&w->diagnostics));
}

static void inlining_a_region_changes_nothing(void **state) {
    workspace *w = *state;
    for (uint64_t seed = 0; seed < 30; seed++) {
        graph *g = random_graph(w->arena, seed), *to = graph_new(w->arena, "around");
        value arguments[3], results[2];
        for (uint32_t i = 0; i < 3; i++)
            arguments[i] = graph_add_input(to, NULL, *value_type(g, g->inputs.items[i].value),
                                           INPUT_DATA, false);
        build_exp(to, arguments[0]); /* so that numbers differ */
        graph_inline(g, to, arguments, results);
        graph_add_output(to, results[0], NULL, -1);
        graph_add_output(to, results[1], NULL, -1);
        assert_true(graph_verify(to, &w->diagnostics));
        interpreter it = interpreter_for(w, 2);
        tensor **inputs = filled_inputs(&it, g);
        tensor **a = run_graph(w, &it, g, inputs), **b = run_graph(w, &it, to, inputs);
        for (int i = 0; i < 2; i++)
            assert_memory_equal(a[i]->items, b[i]->items, (size_t)a[i]->count * sizeof(number));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(a_copy_without_rule_is_equal_but_for_dead_nodes),
        WITH_WORKSPACE(rules_replace_nodes_and_see_what_is_replaced),
        WITH_WORKSPACE(a_rule_that_breaks_types_is_caught),
        WITH_WORKSPACE(inlining_a_region_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
