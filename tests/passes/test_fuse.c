/* Fusion: the fused graph, run kernel by kernel, means what the graph meant; every kernel apart
 * gives the same bits; and the groups are the ones the rules promise. */
#include "kernels.h"
#include "random_program.h"
#include "sample_models.h"
#include "tests/ir/random_graph.h"

static graph *expanded(workspace *w, graph *g) {
    static const pass *const before[] = {&pass_autodiff, &pass_composites, &pass_simplify,
                                         &pass_cse, &pass_dce};
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        g = must_run(w, before[i], g);
    return g;
}

/* One kernel per node. */
static graph *unfused(workspace *w, graph *g) {
    target_facts apart = test_facts;
    apart.max_group_nodes = 0;
    pass_context cx = context_for(w, NULL);
    cx.facts = &apart;
    graph *after = pass_fuse.run(g, &cx);
    assert_non_null(after);
    return after;
}

static void assert_same_bits(workspace *w, const graph *fused, const graph *apart, int64_t batch) {
    interpreter it = interpreter_for(w, batch);
    it.mode = INTERPRET_F32;
    tensor **inputs = rounded_inputs(&it, fused);
    tensor **x = run_kernels(w, &it, fused, inputs), **y = run_kernels(w, &it, apart, inputs);
    assert_outputs_agree(w, fused, x, y, 0);
}

static void check_fusion(workspace *w, graph *g, int64_t batch) {
    graph *before = expanded(w, g), *after = must_run(w, &pass_fuse, before);
    if (getenv("SHOW") != NULL)
        print_graph(w, after);
    assert_same_meaning(w, before, after, batch);
    assert_same_bits(w, after, unfused(w, before), batch);
}

static void training_steps_keep_their_meaning(void **state) {
    workspace *w = *state;
    for (int64_t batch = 1; batch <= 5; batch += 2) {
        check_fusion(w, mlp_step(w->arena, 8), batch);
        check_fusion(w, convnet_step(w->arena), batch);
        check_fusion(w, norms(w->arena), batch);
    }
}

static void random_graphs_keep_their_meaning(void **state) {
    workspace *w = *state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        arena_mark mark = arena_get_mark(w->arena);
        check_fusion(w, random_graph(w->arena, seed), 1 + (int64_t)seed % 4);
        arena_rewind(w->arena, mark);
    }
}

static void random_programs_keep_their_meaning(void **state) {
    workspace *w = *state;
    const char *from = getenv("SEED");
    uint64_t first = from == NULL ? 1 : strtoull(from, NULL, 10);
    for (uint64_t seed = first; seed < first + 400; seed++) {
        arena_mark mark = arena_get_mark(w->arena);
        if (from != NULL)
            fprintf(stderr, "seed %llu\n", (unsigned long long)seed);
        check_fusion(w, random_program_make(w->arena, seed), 1 + (int64_t)seed % 3);
        arena_rewind(w->arena, mark);
    }
}

/* ---- the groups that the rules promise ------------------------------------------------- */

static const node *find_group(const graph *g, const char *prefix) {
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        const node *n = graph_node(g, id);
        const group_attributes *a = n->attributes;
        if (n->op == &op_group && strncmp(a->name, prefix, strlen(prefix)) == 0)
            return n;
    }
    return NULL;
}

static group_kind kind_of(const node *group) {
    return (group_kind)((const group_attributes *)group->attributes)->kind;
}

/* Three forward kernels (two contractions, rows), the loss, and in the backward pass one
 * contraction for each gradient with its update, and two bias reductions with theirs. */
static void an_mlp_step_is_nine_kernels(void **state) {
    workspace *w = *state;
    graph *g = must_run(w, &pass_fuse, expanded(w, mlp_step(w->arena, 8)));
    assert_int_equal(count_groups(g), 9);
    const node *update = find_group(g, "dot_general_mul_add_sqrt");
    assert_non_null(update);
    assert_int_equal(kind_of(update), GROUP_CONTRACT);
    assert_int_equal(update->result_count, 3);
}

static void a_long_row_stays_apart(void **state) {
    workspace *w = *state;
    graph *g = graph_new(w->arena, "rows");
    value x[2], out[2];
    for (int i = 0; i < 2; i++) {
        type t = type_make(CN_F32, 2, (dim[]){dim_batch(1), dim_of(i == 0 ? 100 : 100000)});
        x[i] = graph_add_input(g, i == 0 ? "short" : "long", t, INPUT_DATA, false);
    }
    for (int i = 0; i < 2; i++) {
        composite_attributes last = {.parameters = {1, {1}}};
        build_composite(g, "softmax", &last, &x[i], 1, &out[i]);
        graph_add_output(g, out[i], i == 0 ? "a" : "b", -1);
    }
    text remarks;
    text_init(&remarks, w->arena);
    pass_context cx = context_for(w, &remarks);
    graph *fused = pass_fuse.run(expanded(w, g), &cx);
    assert_int_equal(count_groups(fused), 1 + 4);
    assert_non_null(strstr(remarks.data, "the row is too long to stay in fast memory"));
}

static void kernels_respect_the_limits(void **state) {
    workspace *w = *state;
    target_facts small = test_facts;
    small.max_group_buffers = 6;
    small.max_group_nodes = 9;
    pass_context cx = context_for(w, NULL);
    cx.facts = &small;
    graph *before = expanded(w, mlp_step(w->arena, 8)), *after = pass_fuse.run(before, &cx);
    assert_non_null(after);
    for (uint32_t id = 1; id < after->nodes.count; id++) {
        const node *n = graph_node(after, id);
        if (n->op != &op_group)
            continue;
        assert_true(n->operand_count + n->result_count <= 6);
        assert_true(n->regions[0]->nodes.count - 1 - n->operand_count <= 9);
    }
    assert_same_meaning(w, before, after, 3);
}

static void leftover_updates_share_a_kernel(void **state) {
    workspace *w = *state;
    graph *g = graph_new(w->arena, "decay");
    value p[5];
    for (int i = 0; i < 5; i++) {
        type t = type_make(CN_F32, 1, (dim[]){dim_of(10 + i)});
        p[i] = graph_add_input(g, arena_format(w->arena, "p%d", i), t, INPUT_STATE, true);
    }
    for (int i = 0; i < 5; i++)
        graph_add_output(g, scaled(g, p[i], 0.5), arena_format(w->arena, "q%d", i), i);
    graph *fused = must_run(w, &pass_fuse, g);
    assert_int_equal(count_groups(fused), 1);
    assert_same_meaning(w, g, fused, 1);
}

static void costly_values_are_not_computed_twice(void **state) {
    workspace *w = *state;
    graph *g = graph_new(w->arena, "shared");
    type t = type_make(CN_F32, 2, (dim[]){dim_batch(1), dim_of(6)});
    value x = graph_add_input(g, "x", t, INPUT_DATA, false), e = build_exp(g, x);
    graph_add_output(g, build_sum(g, e, 1, (int64_t[]){0}), "columns", -1);
    graph_add_output(g, build_sum(g, e, 1, (int64_t[]){1}), "rows", -1);
    graph *fused = must_run(w, &pass_fuse, g);
    int count = 0;
    for (uint32_t id = 1; id < fused->nodes.count; id++)
        for (uint32_t k = 1; graph_node(fused, id)->op == &op_group &&
                             k < graph_node(fused, id)->regions[0]->nodes.count;
             k++)
            count += graph_node(graph_node(fused, id)->regions[0], k)->op == &op_exp;
    assert_int_equal(count, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(training_steps_keep_their_meaning),
        WITH_WORKSPACE(random_graphs_keep_their_meaning),
        WITH_WORKSPACE(random_programs_keep_their_meaning),
        WITH_WORKSPACE(an_mlp_step_is_nine_kernels),
        WITH_WORKSPACE(a_long_row_stays_apart),
        WITH_WORKSPACE(kernels_respect_the_limits),
        WITH_WORKSPACE(leftover_updates_share_a_kernel),
        WITH_WORKSPACE(costly_values_are_not_computed_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
