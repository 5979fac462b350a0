/* Building graphs; uses, liveness, structural equality. */
#include "ir/build.h"
#include "test.h"

static value input(graph *g, const char *name, int64_t size) {
    type t = type_make(CN_F32, 1, (const dim[]){dim_of(size)});
    return graph_add_input(g, name, t, INPUT_DATA, false);
}

static void a_new_graph_has_no_value_zero(void **state) {
    workspace *w = *state;
    graph *g = graph_new(w->arena, "f");
    assert_int_equal(g->nodes.count, 1);
    value x = input(g, "x", 4);
    assert_int_equal(x.node, 1);
    assert_false(value_is_none(x));
    assert_true(value_is_none(NO_VALUE));
    assert_string_equal(g->inputs.items[0].name, "x");
    assert_string_equal(g->name, "f");
}

static void nodes_get_the_types_their_op_infers(void **state) {
    workspace *w = *state;
    graph *g = graph_new(w->arena, "f");
    value x = graph_add_input(g, "x", type_make(CN_F32, 2, (const dim[]){dim_batch(1), dim_of(3)}),
                              INPUT_DATA, false);
    value y = build_compare(g, COMPARE_LT, x, x);
    assert_int_equal(value_type(g, y)->dtype, CN_BOOL);
    assert_true(shape_equal(value_type(g, y), value_type(g, x)));
}

static void a_failed_node_poisons_what_follows_and_keeps_the_first_message(void **state) {
    workspace *w = *state;
    graph *g = graph_new(w->arena, "f");
    value x = input(g, "x", 4), y = input(g, "y", 5);
    uint32_t before = g->nodes.count;
    g->location = (location){"model.c", 7, "sum"};
    value bad = build_add(g, x, y);
    assert_true(value_is_none(bad));
    assert_int_equal(g->nodes.count, before);
    assert_non_null(strstr(w->diagnostics.message, "model.c:7: add: "));
    assert_true(value_is_none(build_exp(g, bad)));
    g->location.line = 9;
    build_mul(g, x, y);
    assert_null(strstr(w->diagnostics.message, "model.c:9"));
}

static void the_number_of_operands_is_checked(void **state) {
    workspace *w = *state;
    graph *g = graph_new(w->arena, "f");
    value x = input(g, "x", 4);
    value y = graph_add(g, &(node_spec){.op = &op_add, .operands = &x, .operand_count = 1});
    assert_true(value_is_none(y));
    assert_string_equal(w->diagnostics.message, "add takes 2 operands, got 1");
}

static void uses_count_operands_and_outputs(void **state) {
    workspace *w = *state;
    graph *g = graph_new(w->arena, "f");
    value x = input(g, "x", 4), y = build_add(g, x, x), dead = build_exp(g, y);
    graph_add_output(g, y, "y", -1);
    graph_add_output(g, y, "again", -1);
    uint32_t *uses = graph_count_uses(g, w->arena);
    assert_int_equal(uses[x.node], 2);
    assert_int_equal(uses[y.node], 3);
    assert_int_equal(uses[dead.node], 0);
    bool *live = graph_live_nodes(g, w->arena);
    assert_true(live[x.node] && live[y.node]);
    assert_false(live[dead.node]);
}

/* y = (x + x) * c; what differs is chosen by the caller. */
static graph *sample(workspace *w, const char *name, int64_t size, double c, bool donate) {
    graph *g = graph_new(w->arena, "f");
    type t = type_make(CN_F32, 1, (const dim[]){dim_of(size)});
    g->location = (location){name, 1, name};
    value x = graph_add_input(g, name, t, INPUT_STATE, donate);
    value y = build_add(g, x, x);
    graph_add_output(g, build_mul(g, y, build_full_like(g, y, c)), name, donate ? 0 : -1);
    return g;
}

static void names_and_locations_are_no_part_of_equality(void **state) {
    workspace *w = *state;
    graph *a = sample(w, "a", 4, 2, false), *b = sample(w, "b", 4, 2, false);
    assert_true(graph_equal(a, b));
    assert_true(graph_hash(a) == graph_hash(b));
}

static void everything_else_is(void **state) {
    workspace *w = *state;
    graph *a = sample(w, "a", 4, 2, false);
    graph *others[] = {sample(w, "a", 5, 2, false), sample(w, "a", 4, 3, false),
                       sample(w, "a", 4, 2, true)};
    for (int i = 0; i < 3; i++) {
        assert_false(graph_equal(a, others[i]));
        assert_true(graph_hash(a) != graph_hash(others[i]));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(a_new_graph_has_no_value_zero),
        WITH_WORKSPACE(nodes_get_the_types_their_op_infers),
        WITH_WORKSPACE(a_failed_node_poisons_what_follows_and_keeps_the_first_message),
        WITH_WORKSPACE(the_number_of_operands_is_checked),
        WITH_WORKSPACE(uses_count_operands_and_outputs),
        WITH_WORKSPACE(names_and_locations_are_no_part_of_equality),
        WITH_WORKSPACE(everything_else_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
