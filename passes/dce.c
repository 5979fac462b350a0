/* Dead code elimination: what no output needs goes.
 *
 *     %1 = input : f32[B]                     %1 = input : f32[B]
 *     %2 = exp %1 : f32[B]             ->     %2 = neg %1 : f32[B]
 *     %3 = neg %1 : f32[B]                    return %2
 *     return %3
 *
 * Every rewrite drops the dead nodes of the graph it starts from, so other passes use the same
 * sweep for what they have left behind. Inputs are the interface of a function or region and stay;
 * but a scan loses what nobody needs of it (prune_scan.c), which may make its operands dead in
 * turn. Cost: linear, times the depth of such chains.
 */
#include "passes/dce.h"

#include "ir/ops/ops.h"
#include "passes/peephole.h"

static bool has_dead_nodes(const graph *g, arena *a) {
    const bool *live = graph_live_nodes(g, a);
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        const node *n = graph_node(g, id);
        if (!live[id] && n->op != &op_input)
            return true;
        for (uint32_t i = 0; i < n->region_count; i++)
            if (has_dead_nodes(n->regions[i], a))
                return true;
    }
    return false;
}

static bool sweep_regions(rewriter *r, const node *n, const value *operands, value *results) {
    if (n->region_count == 0)
        return false;
    graph **regions = ARENA_ARRAY(r->to->arena, graph *, n->region_count);
    for (uint32_t i = 0; i < n->region_count; i++)
        regions[i] = without_dead_nodes(n->regions[i], r->to->arena);
    copy_with_regions(r->to, n, operands, regions, results);
    return true;
}

graph *without_dead_nodes(graph *g, arena *a) {
    return has_dead_nodes(g, a) ? graph_rewrite(g, a, sweep_regions, NULL) : g;
}

static graph *run(graph *g, pass_context *cx) {
    for (graph *before = NULL; g != NULL && g != before;) {
        before = g;
        g = without_dead_nodes(g, cx->arena);
        g = g == NULL ? NULL : without_dead_scan_parts(g, cx->arena);
    }
    return g;
}

const pass pass_dce = {
    .name = "dce",
    .summary = "Drops what no output needs.",
    .run = run,
};
