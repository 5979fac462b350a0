/* Rewriting: the one way passes change a graph, and inlining, its simplest case.
 *
 * A rewrite walks the old graph once in order and builds a new one. Because operands are
 * visited before their users, a rule always sees operands that are already rewritten, and one
 * sweep reaches everything below a change. Types are inferred anew on the way, so a rule that
 * replaces a value by one of another type is caught where it happens.
 *
 * Invariant: after the visit of node n, map[n] holds a value of the new graph for each result.
 * Cost: one pass over the nodes, no search.
 */
#include <assert.h>
#include <string.h>

#include "ir/ir.h"
#include "ir/ops/ops.h"

static value **new_map(const graph *g, arena *a) {
    value **map = ARENA_ARRAY(a, value *, g->nodes.count);
    for (uint32_t id = 1; id < g->nodes.count; id++)
        map[id] = ARENA_ARRAY(a, value, graph_node(g, id)->result_count);
    return map;
}

static value mapped(value **map, value v) {
    return map[v.node][v.result];
}

static value *mapped_operands(value **map, const node *n, arena *a) {
    value *operands = ARENA_ARRAY(a, value, n->operand_count);
    for (uint32_t i = 0; i < n->operand_count; i++)
        operands[i] = mapped(map, n->operands[i]);
    return operands;
}

static void copy_into_map(graph *to, const node *n, const value *operands, value *results) {
    value v = graph_copy_node(to, n, operands);
    for (uint32_t r = 0; r < n->result_count; r++)
        results[r] = value_is_none(v) ? NO_VALUE : value_result(v, r);
}

value graph_copy_node(graph *to, const node *n, const value *operands) {
    assert(n->op != &op_input);
    location outer = to->location;
    if (n->location.file != NULL || n->location.layer != NULL)
        to->location = n->location;
    value v = graph_add(to, &(node_spec){.op = n->op,
                                         .operands = operands,
                                         .operand_count = n->operand_count,
                                         .attributes = n->attributes,
                                         .regions = n->regions,
                                         .region_count = n->region_count});
    to->location = outer;
    return v;
}

/* ---- rewriting ---------------------------------------------------------------------------- */

static void copy_interface(rewriter *r) {
    const graph *from = r->from;
    graph *to = r->to;
    to->bound_batch = from->bound_batch;
    for (uint32_t i = 0; i < from->guards.count; i++)
        vec_push(to->arena, &to->guards, arena_string(to->arena, from->guards.items[i]));
    for (uint32_t i = 0; i < from->inputs.count; i++) {
        const graph_input *x = &from->inputs.items[i];
        to->location = value_node(from, x->value)->location;
        r->map[x->value.node][0] =
            graph_add_input(to, x->name, *value_type(from, x->value), x->role, x->donated);
    }
}

static void visit(rewriter *r, rewrite_rule rule, const node *n, value *results) {
    value *operands = mapped_operands(r->map, n, r->to->arena);
    r->to->location = n->location;
    if (rule == NULL || !rule(r, n, operands, results))
        copy_into_map(r->to, n, operands, results);
}

graph *graph_rewrite(const graph *g, arena *a, rewrite_rule rule, void *user) {
    rewriter r = {.from = g, .to = graph_new(a, g->name), .map = new_map(g, a), .user = user};
    const bool *live = graph_live_nodes(g, a);
    copy_interface(&r);
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        const node *n = graph_node(g, id);
        if (live[id] && n->op != &op_input)
            visit(&r, rule, n, r.map[id]);
    }
    for (uint32_t i = 0; i < g->outputs.count; i++) {
        const graph_output *x = &g->outputs.items[i];
        graph_add_output(r.to, mapped(r.map, x->value), x->name, x->into);
        if (value_is_none(mapped(r.map, x->value)))
            return NULL; /* a construction failed and said why */
    }
    r.to->location = g->location;
    return r.to;
}

void graph_inline(const graph *g, graph *to, const value *arguments, value *results) {
    value **map = new_map(g, to->arena);
    const bool *live = graph_live_nodes(g, to->arena);
    for (uint32_t i = 0; i < g->inputs.count; i++)
        map[g->inputs.items[i].value.node][0] = arguments[i];
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        const node *n = graph_node(g, id);
        if (live[id] && n->op != &op_input)
            copy_into_map(to, n, mapped_operands(map, n, to->arena), map[id]);
    }
    for (uint32_t i = 0; i < g->outputs.count; i++)
        results[i] = mapped(map, g->outputs.items[i].value);
}
