/* What a scan computes for nobody: stacked outputs without users, carries that reach no result,
 * operands its body does not look at.
 *
 *     %3:2 = scan %h, %x {carries=1, ...}           %3 = scan %h, %x {carries=1, ...}
 *       region (...) { return %4, %5 }         ->     region (...) { return %4 }
 *     return %3#0                                   return %3
 *
 * A carry is needed when its final value is used, or when a step computes something needed from
 * it; the second makes other carries needed in turn, so the marks grow until they settle.
 * A dropped output saves its length in memory, not only work. Cost: linear per scan and round.
 */
#include "ir/ops/ops.h"
#include "ir/ops/scan.h"
#include "passes/dce.h"

typedef struct pruning {
    arena *arena;
    bool **used; /* table: which results of the old graph somebody uses */
    bool changed;
} pruning;

/* Which outputs and inputs of the body stay. */
typedef struct needs {
    bool *outputs, *inputs;
} needs;

static bool **find_used(const graph *g, arena *a) {
    bool **used = ARENA_ARRAY(a, bool *, g->nodes.count);
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        const node *n = graph_node(g, id);
        used[id] = ARENA_ARRAY(a, bool, n->result_count);
        for (uint32_t i = 0; i < n->operand_count; i++)
            used[n->operands[i].node][n->operands[i].result] = true;
    }
    for (uint32_t i = 0; i < g->outputs.count; i++)
        used[g->outputs.items[i].value.node][g->outputs.items[i].value.result] = true;
    return used;
}

/* ---- what is needed -------------------------------------------------------------------------- */

static void mark_inputs(const graph *body, const needs *need, arena *a) {
    bool *live = ARENA_ARRAY(a, bool, body->nodes.count);
    for (uint32_t o = 0; o < body->outputs.count; o++)
        if (need->outputs[o])
            live[body->outputs.items[o].value.node] = true;
    for (uint32_t id = body->nodes.count; id-- > 1;) {
        const node *n = graph_node(body, id);
        for (uint32_t i = 0; live[id] && i < n->operand_count; i++)
            live[n->operands[i].node] = true;
    }
    for (uint32_t i = 0; i < body->inputs.count; i++)
        need->inputs[i] = live[body->inputs.items[i].value.node];
}

static needs find_needs(const node *scan, const bool *used, arena *a) {
    const scan_attributes *at = scan->attributes;
    const graph *body = scan->regions[0];
    needs need = {.outputs = arena_copy(a, used, body->outputs.count * sizeof *used),
                  .inputs = ARENA_ARRAY(a, bool, body->inputs.count)};
    for (bool grows = true; grows;) {
        grows = false;
        mark_inputs(body, &need, a);
        for (int64_t k = 0; k < at->carries; k++) {
            bool read = need.inputs[at->constants + k];
            grows = grows || (read && !need.outputs[k]);
            need.outputs[k] = need.outputs[k] || read;
        }
    }
    for (int64_t k = 0; k < at->carries; k++)
        need.inputs[at->constants + k] = need.outputs[k];
    return need;
}

static bool needs_all(const node *scan, const needs *need) {
    for (uint32_t o = 0; o < scan->regions[0]->outputs.count; o++)
        if (!need->outputs[o])
            return false;
    for (uint32_t i = 0; i < scan->operand_count; i++)
        if (!need->inputs[i])
            return false;
    return true;
}

/* ---- the smaller scan ------------------------------------------------------------------------ */

static graph *smaller_body(const graph *body, const needs *need, arena *a) {
    graph *out = graph_new(a, NULL);
    value *arguments = ARENA_ARRAY(a, value, body->inputs.count); /* none for what is dropped */
    value *results = ARENA_ARRAY(a, value, body->outputs.count);
    for (uint32_t i = 0; i < body->inputs.count; i++)
        if (need->inputs[i])
            arguments[i] = graph_add_input(
                out, NULL, *value_type(body, body->inputs.items[i].value), INPUT_DATA, false);
    graph_inline(body, out, arguments, results);
    for (uint32_t o = 0; o < body->outputs.count; o++)
        if (need->outputs[o])
            graph_add_output(out, results[o], NULL, -1);
    return without_dead_nodes(out, a);
}

static int64_t count_kept(const bool *kept, int64_t begin, int64_t count) {
    int64_t sum = 0;
    for (int64_t i = begin; i < begin + count; i++)
        sum += kept[i];
    return sum;
}

static void add_smaller(rewriter *r, const node *n, const value *operands, const needs *need,
                        value *results) {
    arena *a = r->to->arena;
    scan_attributes at = *(const scan_attributes *)n->attributes;
    value *kept = ARENA_ARRAY(a, value, n->operand_count);
    uint32_t count = 0, result = 0;
    for (uint32_t i = 0; i < n->operand_count; i++)
        if (need->inputs[i])
            kept[count++] = operands[i];
    at.carries = count_kept(need->inputs, at.constants, at.carries);
    at.constants = count_kept(need->inputs, 0, at.constants);
    graph *body = smaller_body(n->regions[0], need, a);
    value v = graph_add(r->to, &(node_spec){.op = &op_scan,
                                            .operands = kept,
                                            .operand_count = count,
                                            .attributes = &at,
                                            .regions = &body,
                                            .region_count = 1});
    for (uint32_t o = 0; o < n->result_count; o++) {
        bool keep = need->outputs[o] && !value_is_none(v);
        results[o] = keep ? value_result(v, result++) : NO_VALUE;
    }
}

static bool prune(rewriter *r, const node *n, const value *operands, value *results) {
    pruning *p = r->user;
    if (n->op != &op_scan)
        return false;
    graph *body = without_dead_scan_parts(n->regions[0], p->arena);
    p->changed = p->changed || body != n->regions[0];
    node scan = *n;
    scan.regions = &body;
    needs need = find_needs(&scan, p->used[n - r->from->nodes.items], p->arena);
    if (needs_all(&scan, &need)) {
        value v = graph_copy_node(r->to, &scan, operands);
        for (uint32_t o = 0; o < n->result_count; o++)
            results[o] = value_is_none(v) ? NO_VALUE : value_result(v, o);
    } else {
        p->changed = true;
        add_smaller(r, &scan, operands, &need, results);
    }
    return true;
}

static bool has_scan(const graph *g) {
    for (uint32_t id = 1; id < g->nodes.count; id++)
        if (graph_node(g, id)->op == &op_scan)
            return true;
    return false;
}

graph *without_dead_scan_parts(graph *g, arena *a) {
    if (!has_scan(g))
        return g;
    pruning p = {.arena = a, .used = find_used(g, a)};
    graph *out = graph_rewrite(g, a, prune, &p);
    return out == NULL || p.changed ? out : g;
}
