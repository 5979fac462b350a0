/* The list as a whole: what runs for whom, switches, and random programs with gradients from end
 * to end. */
#include "ir/ops/ops.h"
#include "pass_case.h"
#include "random_program.h"

static const target_facts plain = {.name = "plain"};
static const target_facts loops = {.name = "loops",
                                   .vector_bytes = 64,
                                   .row_bytes = 128 << 10,
                                   .cache_bytes = 1 << 20,
                                   .alignment = 64,
                                   .max_group_buffers = 32,
                                   .max_group_nodes = 256,
                                   .lowers_to_loops = true};

static graph *run_pipeline(workspace *w, graph *g, const target_facts *facts, const char *passes,
                           bool by_execution) {
    pipeline_options options = {
        .label = "test", .passes = passes, .verify = by_execution ? "exec" : "on"};
    pass_context cx = {.arena = w->arena, .diag = &w->diagnostics, .facts = facts};
    return pipeline_run(g, &options, &cx);
}

static const char *const step = "func @step(%x: f32[B,3], %w: f32[3] state donate) {\n"
                                "  %3 = dot_general %x, %w {left_contract=[1], "
                                "right_contract=[0]} : f32[B]\n"
                                "  %4 = stop_gradient %3 : f32[B]\n"
                                "  %5 = mul %3, %4 : f32[B]\n"
                                "  %6 = reduce %5 {axes=[0]} : f32[]\n"
                                "  %7 = gradient %6, %w : f32[3]\n"
                                "  %8 = sub %w, %7 : f32[3]\n"
                                "  return %6 \"loss\", %8 into %w \"w\"\n"
                                "}\n";

static bool has_op(const graph *g, const op_def *op) {
    for (uint32_t id = 1; id < g->nodes.count; id++)
        if (graph_node(g, id)->op == op)
            return true;
    return false;
}

static void plain_targets_get_primitives(void **state) {
    workspace *w = *state;
    graph *g = run_pipeline(w, parse_case(w, step), &plain, NULL, true);
    assert_non_null(g);
    for (uint32_t id = 1; id < g->nodes.count; id++)
        assert_false(node_has(graph_node(g, id), OP_TRANSIENT));
    assert_true(has_op(g, &op_dot_general));
    assert_false(has_op(g, &op_group));
}

static void loop_targets_get_groups(void **state) {
    workspace *w = *state;
    graph *g = run_pipeline(w, parse_case(w, step), &loops, NULL, true);
    assert_non_null(g);
    assert_true(has_op(g, &op_group));
    assert_false(has_op(g, &op_dot_general));
}

static void passes_are_switched_off_by_name(void **state) {
    static const char *const constants = "func @f() {\n"
                                         "  %1 = constant {value=[9]} : f32[]\n"
                                         "  %2 = sqrt %1 : f32[]\n"
                                         "  %3 = sqrt %1 : f32[]\n"
                                         "  return %2, %3\n"
                                         "}\n";
    workspace *w = *state;
    graph *folded = run_pipeline(w, parse_case(w, constants), &plain, "", true);
    graph *merged = run_pipeline(w, parse_case(w, constants), &plain, "-fold", true);
    graph *neither = run_pipeline(w, parse_case(w, constants), &plain, "-cse,-fold", true);
    assert_false(has_op(folded, &op_sqrt));
    assert_true(has_op(merged, &op_sqrt));
    assert_int_equal(neither->nodes.count, merged->nodes.count + 1);
}

/* Code is made of groups, so without fusion each is one node. */
static void without_fusion_every_node_is_a_kernel(void **state) {
    workspace *w = *state;
    graph *g = run_pipeline(w, parse_case(w, step), &loops, "-fuse,-inplace", true);
    assert_non_null(g);
    assert_true(has_op(g, &op_group));
    assert_false(has_op(g, &op_dot_general));
}

static void unknown_switches_are_refused(void **state) {
    static const char *const wrong[] = {"-fusion", "fuse", "-fuse,-", "-fuse -cse", "-fuse,,-cse"};
    workspace *w = *state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        diag_clear(&w->diagnostics);
        assert_null(run_pipeline(w, parse_case(w, step), &loops, wrong[i], false));
        assert_int_equal(w->diagnostics.status, CN_ERROR_INVALID_ARGUMENT);
    }
}

static void unknown_verifications_are_refused(void **state) {
    static const char *const words[] = {"1", "yes", "On", "executed"};
    workspace *w = *state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        pipeline_options options = {.label = "test", .verify = words[i]};
        pass_context cx = {.arena = w->arena, .diag = &w->diagnostics, .facts = &plain};
        diag_clear(&w->diagnostics);
        assert_null(pipeline_run(parse_case(w, step), &options, &cx));
        assert_int_equal(w->diagnostics.status, CN_ERROR_INVALID_ARGUMENT);
        assert_non_null(strstr(w->diagnostics.message, "is not off, on or exec"));
    }
}

static void every_pass_is_found_and_described(void **state) {
    (void)state;
    for (const pass *const *p = pipeline; *p != NULL; p++) {
        assert_ptr_equal(pass_find((*p)->name), *p);
        assert_true(strlen((*p)->summary) > 10);
    }
    assert_null(pass_find("no such pass"));
}

/* What the passes make of a program computes what autodiff alone makes of it. (Without folding,
 * which rounds: then the last digits depend on what the other passes did after it.) */
static void random_gradients_are_the_same_with_and_without_passes(void **state) {
    workspace *w = *state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        arena_mark mark = arena_get_mark(w->arena);
        graph *g = with_gradients(random_program_make(w->arena, seed));
        graph *reference =
            run_pipeline(w, g, &plain, "-pin,-canonicalize,-fold,-simplify,-stabilize,-cse", false);
        graph *optimized = run_pipeline(w, g, &loops, "-fold,-fuse,-order,-inplace", true);
        if (reference == NULL || optimized == NULL ||
            !compare_runs(reference, optimized, &w->diagnostics))
            fail_msg("seed %u: %s\n%s", (unsigned)seed, w->diagnostics.message, print_case(w, g));
        arena_rewind(w->arena, mark);
    }
}

/* Down to kernels, each pass judged by itself. */
static void random_programs_survive_every_pass(void **state) {
    workspace *w = *state;
    for (uint64_t seed = 1; seed <= 80; seed++) {
        arena_mark mark = arena_get_mark(w->arena);
        graph *g = with_gradients(random_program_make(w->arena, seed));
        if (run_pipeline(w, g, &loops, NULL, true) == NULL)
            fail_msg("seed %u: %s\n%s", (unsigned)seed, w->diagnostics.message, print_case(w, g));
        arena_rewind(w->arena, mark);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(plain_targets_get_primitives),
        WITH_WORKSPACE(loop_targets_get_groups),
        WITH_WORKSPACE(passes_are_switched_off_by_name),
        WITH_WORKSPACE(without_fusion_every_node_is_a_kernel),
        WITH_WORKSPACE(unknown_switches_are_refused),
        WITH_WORKSPACE(unknown_verifications_are_refused),
        WITH_WORKSPACE(every_pass_is_found_and_described),
        WITH_WORKSPACE(random_gradients_are_the_same_with_and_without_passes),
        WITH_WORKSPACE(random_programs_survive_every_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
