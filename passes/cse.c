/* Common subexpressions: what is computed twice is computed once.
 *
 *     %2 = exp %1 : f32[B]                      %2 = exp %1 : f32[B]
 *     %3 = exp %1 : f32[B]                ->    %3 = mul %2, %2 : f32[B]
 *     %4 = mul %2, %3 : f32[B]
 *
 * Two nodes are one when op, attributes, operands and regions are equal; names and places in
 * the source do not count. Random bits are a function of their stream, key and step, so equal
 * streams merge and different ones never do: the stream is an attribute. Inputs and barriers keep
 * their identity. Bodies of scans are treated alike. Cost: linear, by hashing.
 */
#include "base/map.h"
#include "ir/ops/ops.h"
#include "passes/peephole.h"

/* Nodes of equal hash form a list; links are 1 + index, 0 = end. */
typedef struct row {
    uint32_t node, next;
} row;

typedef struct seen {
    map by_hash; /* hash of a node -> link to the newest row */
    VEC(row) rows;
    bool changed;
} seen;

static bool merge(rewriter *r, const node *n, const value *operands, value *results);

static graph *merged(graph *g, arena *a) {
    seen s = {0};
    map_init(&s.by_hash, a);
    graph *out = graph_rewrite(g, a, merge, &s);
    return out == NULL || s.changed ? out : g;
}

/* The candidate as it would be in the new graph; regions already merged inside. */
static node rewritten(rewriter *r, const node *n, const value *operands) {
    seen *s = r->user;
    arena *a = r->to->arena;
    node candidate = *n;
    candidate.operands = arena_copy(a, operands, n->operand_count * sizeof *operands);
    candidate.regions = ARENA_ARRAY(a, graph *, n->region_count);
    for (uint32_t i = 0; i < n->region_count; i++) {
        candidate.regions[i] = merged(n->regions[i], a);
        s->changed = s->changed || candidate.regions[i] != n->regions[i];
    }
    return candidate;
}

static uint32_t find_equal(const seen *s, const graph *g, const node *n, uint64_t first) {
    for (uint64_t at = first; at != 0; at = s->rows.items[at - 1].next)
        if (node_equal(graph_node(g, s->rows.items[at - 1].node), n))
            return s->rows.items[at - 1].node;
    return 0;
}

static bool merge(rewriter *r, const node *n, const value *operands, value *results) {
    seen *s = r->user;
    graph *to = r->to;
    if (node_has(n, OP_BARRIER))
        return false;
    node candidate = rewritten(r, n, operands);
    uint64_t hash = node_hash(&candidate, 0);
    uint64_t *first = map_put(&s->by_hash, &hash, sizeof hash, NULL);
    uint32_t equal = find_equal(s, to, &candidate, *first);
    value v = {equal, 0};
    if (equal != 0) {
        s->changed = true;
    } else {
        v = graph_copy_node(to, &candidate, candidate.operands);
        vec_push(to->arena, &s->rows, (row){v.node, (uint32_t)*first});
        *first = s->rows.count;
    }
    for (uint32_t i = 0; i < n->result_count; i++)
        results[i] = value_is_none(v) ? NO_VALUE : value_result(v, i);
    return true;
}

static graph *run(graph *g, pass_context *cx) {
    arena_mark mark = arena_get_mark(cx->arena);
    graph *out = merged(g, cx->arena);
    if (out == g)
        arena_rewind(cx->arena, mark);
    return out;
}

const pass pass_cse = {
    .name = "cse",
    .summary = "Computes equal nodes once.",
    .run = run,
};
