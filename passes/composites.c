/* Composites: those the target has no kernel for become their decomposition.
 *
 *     %2 = composite %1 {name="softplus"} : f32[B]        %2 = exp %1 ...
 *                                                   ->    %3 = log1p %2 ...
 *
 * Runs after autodiff, so what only gradients look at goes too: stop_gradient and barrier become
 * their operand. Decompositions may hold composites themselves, and so may bodies of scans; both
 * are expanded from the inside out. Deleting all claims changes speed and nothing else.
 * Cost: linear in the size of the expanded graph.
 */
#include <string.h>

#include "ir/ops/ops.h"
#include "passes/peephole.h"

static bool is_claimed(const node *n, const target_facts *facts) {
    const composite_attributes *a = n->attributes;
    for (const char *const *claim = facts->claims; claim != NULL && *claim != NULL; claim++)
        if (strcmp(*claim, a->name) == 0)
            return true;
    return false;
}

static bool is_for_gradients(const node *n) {
    return n->op == &op_stop_gradient || n->op == &op_barrier;
}

static bool needs_expanding(const graph *g, const target_facts *facts) {
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        const node *n = graph_node(g, id);
        if (is_for_gradients(n) || (n->op == &op_composite && !is_claimed(n, facts)))
            return true;
        for (uint32_t i = 0; n->op != &op_composite && i < n->region_count; i++)
            if (needs_expanding(n->regions[i], facts))
                return true;
    }
    return false;
}

static bool expand(rewriter *r, const node *n, const value *operands, value *results);

static graph *expanded(graph *g, pass_context *cx) {
    return needs_expanding(g, cx->facts) ? graph_rewrite(g, cx->arena, expand, cx) : g;
}

static bool expand(rewriter *r, const node *n, const value *operands, value *results) {
    pass_context *cx = r->user;
    bool composite = n->op == &op_composite;
    if (is_for_gradients(n)) {
        results[0] = operands[0];
        return true;
    }
    if (n->region_count == 0 || (composite && is_claimed(n, cx->facts)))
        return false;
    graph **regions = ARENA_ARRAY(cx->arena, graph *, n->region_count);
    for (uint32_t i = 0; i < n->region_count; i++)
        regions[i] = expanded(n->regions[i], cx);
    if (composite)
        graph_inline(regions[0], r->to, operands, results);
    else
        copy_with_regions(r->to, n, operands, regions, results);
    return true;
}

static graph *run(graph *g, pass_context *cx) {
    return expanded(g, cx);
}

const pass pass_composites = {
    .name = "composites",
    .summary = "Replaces composites no target claims by what they stand for.",
    .run = run,
};
