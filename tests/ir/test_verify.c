/* The verifier finds each kind of damage, wherever it is done. */
#include "ir/build.h"
#include "random_graph.h"
#include "test.h"

static graph *sample(workspace *w) {
    graph *g = graph_new(w->arena, "f");
    type t = type_make(CN_F32, 1, (const dim[]){dim_of(4)});
    value x = graph_add_input(g, "x", t, INPUT_STATE, true);
    graph_add_input(g, "y", t, INPUT_DATA, false);
    value a = build_add(g, x, x);
    value b = build_sum(g, a, 1, (const int64_t[]){0});
    graph_add_output(g, a, "a", 0);
    graph_add_output(g, b, "b", -1);
    return g;
}

static void damage_is_found(workspace *w, const graph *g, const char *message) {
    diag_clear(&w->diagnostics);
    assert_false(graph_verify(g, &w->diagnostics));
    if (strstr(w->diagnostics.message, message) == NULL)
        fail_msg("wanted \"%s\", got \"%s\"", message, w->diagnostics.message);
}

static void what_was_built_holds(void **state) {
    workspace *w = *state;
    assert_true(graph_verify(sample(w), &w->diagnostics));
    for (uint64_t seed = 0; seed < 50; seed++)
        if (!graph_verify(random_graph(w->arena, seed), &w->diagnostics))
            fail_msg("%s", w->diagnostics.message);
}

static void a_recorded_failure_is_no_success(void **state) {
    workspace *w = *state;
    graph *g = sample(w);
    diag_fail(&w->diagnostics, CN_ERROR_SHAPE, "before");
    assert_false(graph_verify(g, &w->diagnostics));
}

static void damaged_references_are_found(void **state) {
    workspace *w = *state;
    graph *g = sample(w);
    g->nodes.items[3].operands[1] = (value){4, 0};
    damage_is_found(w, g, "%3 = add: operand 1 is %4, which is not defined before");
    g->nodes.items[3].operands[1] = (value){0, 0};
    damage_is_found(w, g, "operand 1 is %0");
    g->nodes.items[3].operands[1] = (value){1, 1};
    damage_is_found(w, g, "operand 1 is %1#1, which has 1 results");
    g = sample(w);
    g->outputs.items[1].value = (value){9, 0};
    damage_is_found(w, g, "output 1 is %9#0, which does not exist");
    g = sample(w);
    g->inputs.items[0].value = (value){2, 0};
    damage_is_found(w, g, "input 0 must be %1, is %2");
    g = sample(w);
    g->inputs.count = 1;
    damage_is_found(w, g, "inputs and nothing else must be the first nodes");
}

static void damaged_nodes_are_found(void **state) {
    workspace *w = *state;
    graph *g = sample(w);
    g->nodes.items[4].types[0] = type_scalar(CN_I32);
    damage_is_found(w, g, "%4 = reduce: result 0 says i32[] where the op gives f32[]");
    g = sample(w);
    g->nodes.items[4].result_count = 2;
    damage_is_found(w, g, "has 2 results where the op gives 1");
    g = sample(w);
    g->nodes.items[4].attributes = NULL;
    damage_is_found(w, g, "not the attributes of its op");
    g = sample(w);
    g->nodes.items[3].operand_count = 1;
    damage_is_found(w, g, "has 1 operands, the op takes 2");
    g = sample(w);
    ((reduce_attributes *)g->nodes.items[4].attributes)->axes.items[0] = 7;
    damage_is_found(w, g, "reduce: ");
}

static void damaged_donations_are_found(void **state) {
    workspace *w = *state;
    graph *g = sample(w);
    g->outputs.items[0].into = 1;
    damage_is_found(w, g, "an output overwrites %2, which is not donated");
    g->outputs.items[0].into = 2;
    damage_is_found(w, g, "an output overwrites input 2 of 2");
    g->outputs.items[0].into = 0;
    g->outputs.items[1].into = 0;
    damage_is_found(w, g, "two outputs overwrite %1");
    g->outputs.items[0].into = -1;
    damage_is_found(w, g, "an output overwrites %1, which is of another type");
    g = sample(w);
    g->inputs.items[1].donated = true;
    damage_is_found(w, g, "input 1 is donated but no state");
    g = sample(w);
    g->inputs.items[1].name = "x";
    damage_is_found(w, g, "two inputs are called \"x\"");
}

static void regions_are_verified_too(void **state) {
    workspace *w = *state;
    graph *g = sample(w);
    value y;
    composite_attributes a = {.parameters = {1, {0}}};
    build_composite(g, "softmax", &a, &g->inputs.items[0].value, 1, &y);
    assert_true(graph_verify(g, &w->diagnostics));
    graph *region = value_node(g, y)->regions[0];
    region->inputs.items[0].role = INPUT_STATE;
    damage_is_found(w, g, "only functions have state");
    region->inputs.items[0].role = INPUT_DATA;
    region->nodes.items[2].types[0].dtype = CN_F64;
    damage_is_found(w, g, "in a region, %2 = ");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(what_was_built_holds),
        WITH_WORKSPACE(a_recorded_failure_is_no_success),
        WITH_WORKSPACE(damaged_references_are_found),
        WITH_WORKSPACE(damaged_nodes_are_found),
        WITH_WORKSPACE(damaged_donations_are_found),
        WITH_WORKSPACE(regions_are_verified_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
