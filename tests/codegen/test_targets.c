/* The list of targets, and what they share. */
#include "codegen/target.h"
#include "ir/build.h"
#include "test.h"

static void every_target_is_found_and_complete(void **state) {
    (void)state;
    const compile_options options = {.capacity = 1};
    for (const target *const *t = target_registry; *t != NULL; t++) {
        assert_ptr_equal(target_find((*t)->name), *t);
        assert_string_equal((*t)->facts(&options)->name, (*t)->name);
        assert_non_null((*t)->compile);
        assert_true(strlen((*t)->summary) > 10);
    }
    assert_null(target_find("abacus"));
}

static void verification_follows_the_environment(void **state) {
    (void)state;
    const char *given = target_pipeline_options(&(compile_options){.verify = "exec"}).verify;
    assert_string_equal(given, "exec");
    assert_non_null(target_pipeline_options(&(compile_options){0}).verify);
}

/* A copy outlives what it is made of: regions and names too. */
static void a_copy_shares_nothing(void **state) {
    workspace *w = *state;
    arena *first = arena_new(w->memory, &w->diagnostics);
    graph *g = graph_new(first, "f");
    value x = graph_add_input(g, "x", type_scalar(CN_F32), INPUT_DATA, false), y;
    g->location = (location){.file = "model.c", .line = 3, .layer = "dense"};
    build_composite(g, "softplus", NULL, &x, 1, &y);
    graph_add_output(g, y, "y", -1);
    graph *copy = target_copy_graph(g, false, w->arena);
    assert_true(graph_equal(g, copy));
    arena_free(first);
    assert_string_equal(copy->name, "f");
    assert_string_equal(copy->inputs.items[0].name, "x");
    assert_null(graph_node(copy, copy->nodes.count - 1)->location.layer);
    assert_true(graph_verify(copy, &w->diagnostics));
}

static void arguments_are_described(void **state) {
    workspace *w = *state;
    const dim batch = dim_batch(1);
    graph *g = graph_new(w->arena, "f");
    value x = graph_add_input(g, "x", type_make(CN_F32, 1, &batch), INPUT_DATA, false);
    value count = graph_add_input(g, "count", type_scalar(CN_I64), INPUT_STATE, true);
    graph_add_output(g, x, "y", -1);
    graph_add_output(g, count, "count", 1);
    executable e = {0};
    target_describe(&e, g, w->arena);
    assert_int_equal(e.input_count, 2);
    assert_int_equal(e.output_count, 2);
    assert_false(e.inputs[0].state);
    assert_true(e.inputs[1].state);
    assert_int_equal(e.outputs[0].into, -1);
    assert_int_equal(e.outputs[1].into, 1);
    assert_string_equal(e.outputs[1].name, "count");
    assert_true(type_equal(&e.inputs[0].type, value_type(g, x)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(every_target_is_found_and_complete),
        WITH_WORKSPACE(verification_follows_the_environment),
        WITH_WORKSPACE(a_copy_shares_nothing),
        WITH_WORKSPACE(arguments_are_described),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
