/* Order, in place and the memory plan together: a program run in planned memory means what the
 * graph meant, and the independent checker agrees. */
#include "kernels.h"
#include "random_program.h"
#include "sample_models.h"
#include "tests/ir/random_graph.h"

static graph *prepared(workspace *w, graph *g, bool fused) {
    static const pass *const before[] = {&pass_autodiff, &pass_composites, &pass_simplify,
                                         &pass_cse, &pass_dce};
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        g = must_run(w, before[i], g);
    return fused ? must_run(w, &pass_inplace, must_run(w, &pass_order, must_run(w, &pass_fuse, g)))
                 : g;
}

static memory_plan *must_plan(workspace *w, const graph *g, int64_t capacity) {
    memory_plan *plan = plan_memory(g, capacity, w->arena, &test_facts);
    if (plan == NULL || !check_memory_plan(plan, &w->diagnostics)) {
        print_graph(w, g);
        fail_msg("%s", w->diagnostics.message);
    }
    assert_true(plan->arena_bytes >= plan->lower_bound_bytes);
    return plan;
}

static void check_program(workspace *w, graph *g, int64_t batch, int64_t capacity) {
    graph *before = prepared(w, g, false), *after = prepared(w, g, true);
    const memory_plan *plan = must_plan(w, after, capacity);
    interpreter it = interpreter_for(w, batch);
    it.mode = INTERPRET_F32;
    tensor **inputs = rounded_inputs(&it, before);
    tensor **wanted = run_graph(w, &it, before, inputs);
    assert_outputs_agree(w, after, run_planned(w, &it, plan, inputs), wanted, 1e-4);
}

static void training_steps_run_in_planned_memory(void **state) {
    workspace *w = *state;
    check_program(w, mlp_step(w->arena, 8), 3, 5);
    check_program(w, convnet_step(w->arena), 2, 2);
    check_program(w, norms(w->arena), 4, 8);
}

static void random_graphs_run_in_planned_memory(void **state) {
    workspace *w = *state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        arena_mark mark = arena_get_mark(w->arena);
        check_program(w, random_graph(w->arena, seed), 1 + (int64_t)seed % 3, 4);
        arena_rewind(w->arena, mark);
    }
}

static void random_programs_run_in_planned_memory(void **state) {
    workspace *w = *state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        arena_mark mark = arena_get_mark(w->arena);
        check_program(w, random_program_make(w->arena, seed), 1 + (int64_t)seed % 3, 4);
        arena_rewind(w->arena, mark);
    }
}

static void swapped_state_is_copied(void **state) {
    workspace *w = *state;
    graph *g = graph_new(w->arena, "swap");
    type t = type_make(CN_F32, 1, (dim[]){dim_of(3)});
    value a = graph_add_input(g, "a", t, INPUT_STATE, true);
    value b = graph_add_input(g, "b", t, INPUT_STATE, true);
    graph_add_output(g, b, "new a", 0);
    graph_add_output(g, build_neg(g, a), "new b", 1);
    check_program(w, g, 1, 1);
}

static void overlap_is_found(void **state) {
    workspace *w = *state;
    graph *g = prepared(w, convnet_step(w->arena), true);
    memory_plan *plan = must_plan(w, g, 4);
    int found = 0;
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        storage *s = &plan->of[id][0];
        if (s->kind != STORAGE_ARENA || s->offset == 0)
            continue;
        size_t offset = s->offset;
        s->offset = 0;
        diag_clear(&w->diagnostics);
        found += !check_memory_plan(plan, &w->diagnostics);
        s->offset = offset;
    }
    assert_true(found > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(training_steps_run_in_planned_memory),
        WITH_WORKSPACE(random_graphs_run_in_planned_memory),
        WITH_WORKSPACE(random_programs_run_in_planned_memory),
        WITH_WORKSPACE(swapped_state_is_copied),
        WITH_WORKSPACE(overlap_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
