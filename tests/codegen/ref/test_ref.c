/* The reference target: a training step by hand, and every way a run is refused. */
#include <math.h>

#include "codegen/target.h"
#include "ir/build.h"
#include "ir/ops/ops.h"
#include "test.h"

typedef struct compiled {
    workspace *w;
    executable *executable;
} compiled;

static compiled compile(workspace *w, graph *g) {
    const compile_options options = {.label = "test", .capacity = 4, .verify = "exec"};
    compiled c = {w, target_find("ref")->compile(g, &options, w->memory, &w->diagnostics)};
    return c;
}

static graph *graph_in(arena *a, const char *source) {
    graph *g = graph_parse(a, source, strlen(source));
    if (g == NULL)
        fail_msg("%s", arena_diagnostics(a)->message);
    return g;
}

/* loss = sum((x w)^2); w -= loss'(w) */
static const char *const step = "cornu-ir 1\n"
                                "func @step(%x: f32[B,2], %w: f32[2] state donate) {\n"
                                "  %3 = dot_general %x, %w {left_contract=[1], "
                                "right_contract=[0]} : f32[B]\n"
                                "  %4 = mul %3, %3 : f32[B]\n"
                                "  %5 = reduce %4 {axes=[0]} : f32[]\n"
                                "  %6 = gradient %5, %w : f32[2]\n"
                                "  %7 = sub %w, %6 : f32[2]\n"
                                "  return %5 \"loss\", %7 into %w \"w\"\n"
                                "}\n";

static void a_step_updates_its_state_in_place(void **state) {
    workspace *w = *state;
    arena *a = arena_new(w->memory, &w->diagnostics);
    compiled c = compile(w, graph_in(a, step));
    arena_free(a); /* the graph is not needed afterwards */
    assert_non_null(c.executable);
    const executable_operations *x = c.executable->operations;
    execution *e = x->execution_new(c.executable, 4, &w->diagnostics);
    float rows[] = {1, 2, 3, 4}, weights[] = {0.5f, -0.25f}, loss;
    void *inputs[] = {rows, weights}, *outputs[] = {&loss, weights};
    assert_true(x->run(e, NULL, inputs, outputs, 2, &w->diagnostics));
    /* x w = {0, 0.5}; loss 0.25; gradient 2 * 0.5 * {3, 4} */
    assert_true(loss == 0.25f);
    assert_true(weights[0] == -2.5f && weights[1] == -4.25f);
    assert_true(x->run(e, NULL, inputs, outputs, 1, &w->diagnostics)); /* another batch */
    assert_true(loss == 121.0f);
    x->execution_free(e);
    x->free(c.executable);
}

static void arguments_and_memory_are_known_before_a_run(void **state) {
    workspace *w = *state;
    compiled c = compile(w, graph_in(w->arena, step));
    executable_memory small, large;
    assert_int_equal(c.executable->input_count, 2);
    assert_string_equal(c.executable->inputs[1].name, "w");
    assert_int_equal(c.executable->outputs[1].into, 1);
    assert_true(c.executable->operations->memory(c.executable, 1, &small));
    assert_true(c.executable->operations->memory(c.executable, 1000, &large));
    assert_int_equal(small.state_bytes, 8);
    assert_int_equal(small.io_bytes, 8 + 4);
    assert_int_equal(large.io_bytes, 8000 + 4);
    assert_true(large.workspace_bytes > 500 * small.workspace_bytes / 2);
    assert_false(c.executable->operations->memory(c.executable, INT64_MAX / 2, &large));
    c.executable->operations->free(c.executable);
}

static void a_batch_that_does_not_fit_is_refused(void **state) {
    workspace *w = *state;
    compiled c = compile(w, graph_in(w->arena, step));
    const executable_operations *x = c.executable->operations;
    execution *e = x->execution_new(c.executable, 2, &w->diagnostics);
    static const int64_t wrong[] = {0, -1, 3};
    for (int i = 0; i < 3; i++) {
        diag_clear(&w->diagnostics);
        assert_false(x->run(e, NULL, NULL, NULL, wrong[i], &w->diagnostics));
        assert_int_equal(w->diagnostics.status, CN_ERROR_INVALID_ARGUMENT);
    }
    x->execution_free(e);
    diag_clear(&w->diagnostics);
    assert_null(x->execution_new(c.executable, 0, &w->diagnostics));
    diag_clear(&w->diagnostics);
    assert_null(x->execution_new(c.executable, INT64_MAX / 2, &w->diagnostics));
    assert_int_equal(w->diagnostics.status, CN_ERROR_INVALID_ARGUMENT);
    x->free(c.executable);
}

static void a_bound_batch_is_the_only_one(void **state) {
    workspace *w = *state;
    compiled c = compile(w, graph_in(w->arena, "cornu-ir 1\n"
                                               "func @f(%x: f32[B]) {\n"
                                               "  guard \"batch = 3: sorted\"\n"
                                               "  batch 3\n"
                                               "  %2 = neg %x : f32[B]\n"
                                               "  return %2\n"
                                               "}\n"));
    const executable_operations *x = c.executable->operations;
    execution *e = x->execution_new(c.executable, 4, &w->diagnostics);
    float values[] = {1, 2, 3};
    void *arguments[] = {values};
    assert_int_equal(c.executable->bound_batch, 3);
    assert_true(x->run(e, NULL, arguments, arguments, 3, &w->diagnostics));
    assert_true(values[2] == -3);
    assert_false(x->run(e, NULL, arguments, arguments, 2, &w->diagnostics));
    assert_non_null(strstr(w->diagnostics.message, "batch = 3: sorted"));
    x->execution_free(e);
    x->free(c.executable);
}

static void results_are_rounded_to_float32(void **state) {
    workspace *w = *state;
    compiled c = compile(w, graph_in(w->arena, "cornu-ir 1\n"
                                               "func @f(%x: f32[], %y: f32[]) {\n"
                                               "  %3 = add %x, %y : f32[]\n"
                                               "  %4 = sub %3, %x : f32[]\n"
                                               "  return %4\n"
                                               "}\n"));
    const executable_operations *x = c.executable->operations;
    execution *e = x->execution_new(c.executable, 1, &w->diagnostics);
    float one = 1, tiny = 1e-9f, result = 7;
    assert_true(x->run(e, NULL, (void *[]){&one, &tiny}, (void *[]){&result}, 1, &w->diagnostics));
    assert_true(result == 0);
    x->execution_free(e);
    x->free(c.executable);
}

static void what_cannot_run_says_why(void **state) {
    workspace *w = *state;
    graph *g = graph_new(w->arena, "f");
    value flag = graph_add(
        g, &(node_spec){.op = &op_flag, .attributes = &(leaf_attributes){.flag = "training"}});
    graph_add_output(g, flag, "y", -1);
    compiled c = compile(w, g);
    bool result;
    if (c.executable != NULL) {
        const executable_operations *x = c.executable->operations;
        execution *e = x->execution_new(c.executable, 1, &w->diagnostics);
        assert_false(x->run(e, NULL, NULL, (void *[]){&result}, 1, &w->diagnostics));
        x->execution_free(e);
        x->free(c.executable);
    }
    assert_non_null(strstr(w->diagnostics.message, "training"));
}

/* Wherever memory ends, the call fails with a message and everything is given back. */
static void running_out_of_memory_is_survived(void **state) {
    workspace *w = *state;
    graph *g = graph_in(w->arena, step);
    size_t before = memory_live(w->memory);
    float rows[] = {1, 2}, weights[] = {0.5f, -0.25f}, loss;
    bool done = false;
    for (int64_t n = 1; !done; n++) {
        diag_clear(&w->diagnostics);
        memory_fail_at(w->memory, n, true);
        compiled c = compile(w, g);
        if (c.executable != NULL) {
            const executable_operations *x = c.executable->operations;
            execution *e = x->execution_new(c.executable, 1, &w->diagnostics);
            done = e != NULL && x->run(e, NULL, (void *[]){rows, weights},
                                       (void *[]){&loss, weights}, 1, &w->diagnostics);
            x->execution_free(e);
            x->free(c.executable);
        }
        memory_fail_at(w->memory, 0, false);
        assert_int_equal(w->diagnostics.status, done ? CN_OK : CN_ERROR_OUT_OF_MEMORY);
        assert_int_equal(memory_live(w->memory), before);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(a_step_updates_its_state_in_place),
        WITH_WORKSPACE(arguments_and_memory_are_known_before_a_run),
        WITH_WORKSPACE(a_batch_that_does_not_fit_is_refused),
        WITH_WORKSPACE(a_bound_batch_is_the_only_one),
        WITH_WORKSPACE(results_are_rounded_to_float32),
        WITH_WORKSPACE(what_cannot_run_says_why),
        WITH_WORKSPACE(running_out_of_memory_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
