/* Peephole rewriting; see the header.
 *
 * The walk is graph_rewrite's, so operands are in their final form when a rule sees a node.
 * What a rule made is tried again until nothing applies; nodes that it passed over are dead by
 * then and are swept at the end. Sweeps repeat until one changes nothing.
 */
#include "passes/peephole.h"

#include <assert.h>

#include "ir/interpret.h"
#include "ir/ops/ops.h"
#include "passes/dce.h"

struct use_counts {
    VEC(uint32_t) of; /* per node of the new graph; 0 or beyond the end: not known yet */
};

typedef struct walk {
    const peephole *const *tables;
    const uint32_t *old_uses; /* per node of the graph that is rewritten */
    use_counts uses;
    bool changed;
} walk;

enum { STEPS_PER_NODE = 100 }; /* rules that undo each other are our bug, not an endless loop */

static value match_in(const walk *w, const peephole *rules, graph *g, const node *n) {
    for (const peephole *p = rules; p->rule != NULL; p++) {
        if (p->op != NULL && p->op != n->op)
            continue;
        value v = p->rule(g, n, &w->uses);
        if (!value_is_none(v)) {
            assert(type_equal(value_type(g, v), &n->types[0]));
            return v;
        }
    }
    return NO_VALUE;
}

static value first_match(const walk *w, graph *g, const node *n) {
    value v = NO_VALUE;
    for (const peephole *const *t = w->tables; *t != NULL && value_is_none(v); t++)
        v = match_in(w, *t, g, n);
    return v;
}

/* NO_VALUE when no rule applies to n as it stands. */
static value improve(walk *w, graph *g, const node *n) {
    value best = NO_VALUE;
    node now = *n;
    for (int step = 0; step < STEPS_PER_NODE; step++) {
        uint32_t count = g->nodes.count;
        value v = first_match(w, g, &now);
        if (value_is_none(v))
            return best;
        w->changed = true;
        best = v;
        now = *value_node(g, v);
        if (v.node < count || now.result_count != 1)
            return best; /* it was there before: tried already */
    }
    assert(false && "rules undo each other");
    return best;
}

/* What replaces a node inherits its uses. */
static void inherit_uses(walk *w, const rewriter *r, const node *n, value result) {
    if (value_is_none(result))
        return;
    vec_reserve(r->to->arena, &w->uses.of, result.node + 1);
    if (w->uses.of.count <= result.node)
        w->uses.of.count = result.node + 1;
    w->uses.of.items[result.node] += w->old_uses[n - r->from->nodes.items];
}

static bool visit(rewriter *r, const node *n, const value *operands, value *results);

static graph *rewrite_with(const graph *g, arena *a, const peephole *const *tables, bool *changed) {
    walk w = {.tables = tables, .old_uses = graph_count_uses(g, a)};
    graph *better = graph_rewrite(g, a, visit, &w);
    *changed = w.changed;
    return better;
}

static graph *rewrite_region(graph *region, arena *a, walk *outer) {
    bool changed;
    graph *better = rewrite_with(region, a, outer->tables, &changed);
    if (better == NULL || !changed)
        return region;
    outer->changed = true;
    return without_dead_nodes(better, a);
}

static void visit_regions(walk *w, graph *to, const node *n, const value *operands,
                          value *results) {
    graph **regions = ARENA_ARRAY(to->arena, graph *, n->region_count);
    for (uint32_t i = 0; i < n->region_count; i++)
        regions[i] = rewrite_region(n->regions[i], to->arena, w);
    copy_with_regions(to, n, operands, regions, results);
}

static bool visit(rewriter *r, const node *n, const value *operands, value *results) {
    walk *w = r->user;
    node candidate = *n;
    candidate.operands = arena_copy(r->to->arena, operands, n->operand_count * sizeof *operands);
    value better = n->result_count == 1 ? improve(w, r->to, &candidate) : NO_VALUE;
    if (!value_is_none(better))
        results[0] = better;
    else if (node_has(n, OP_TRANSIENT))
        copy_with_regions(r->to, n, operands, n->regions, results);
    else
        visit_regions(w, r->to, n, operands, results);
    if (n->result_count > 0)
        inherit_uses(w, r, n, results[0]);
    return true;
}

/* Nodes a rule makes on the way to its result are seen by the next sweep only. The last sweep
 * finds nothing, and what it copied is given back. */
graph *peephole_rewrite(graph *g, pass_context *cx, const peephole *const *tables) {
    enum { MOST_SWEEPS = 10 };
    for (int sweep = 0; g != NULL && sweep < MOST_SWEEPS; sweep++) {
        bool changed;
        arena_mark mark = arena_get_mark(cx->arena);
        graph *better = rewrite_with(g, cx->arena, tables, &changed);
        if (better != NULL && !changed) {
            arena_rewind(cx->arena, mark);
            return g;
        }
        g = better == NULL ? NULL : without_dead_nodes(better, cx->arena);
    }
    return g;
}

void copy_with_regions(graph *to, const node *n, const value *operands, graph **regions,
                       value *results) {
    node copy = *n;
    copy.regions = regions;
    value v = graph_copy_node(to, &copy, operands);
    for (uint32_t i = 0; i < n->result_count; i++)
        results[i] = value_is_none(v) ? NO_VALUE : value_result(v, i);
}

/* ---- what rules ask -------------------------------------------------------------------------- */

const node *value_made_by(const graph *g, value v, const op_def *op) {
    const node *n = value_node(g, v);
    return n->op == op && v.result == 0 ? n : NULL;
}

const node *operand_made_by(const graph *g, const node *n, uint32_t i, const op_def *op) {
    return value_made_by(g, n->operands[i], op);
}

bool operand_is_shared(const use_counts *uses, const node *n, uint32_t i) {
    uint32_t id = n->operands[i].node;
    return id >= uses->of.count || uses->of.items[id] != 1;
}

bool value_is_splat(const graph *g, value v) {
    const node *n = value_made_by(g, v, &op_constant);
    const leaf_attributes *a = n == NULL ? NULL : n->attributes;
    return a != NULL && a->value.length == (size_t)dtype_bytes(a->dtype);
}

static const int64_t most_exact = (int64_t)1 << 53; /* integers beyond are not all doubles */

bool splat_number(const graph *g, value v, double *out) {
    if (!value_is_splat(g, v))
        return false;
    const leaf_attributes *a = value_node(g, v)->attributes;
    number x = number_from_bytes(a->dtype, a->value.bytes);
    *out = dtype_is_float(a->dtype) ? x.f : (double)x.i;
    return dtype_is_float(a->dtype) || (x.i <= most_exact && x.i >= -most_exact);
}

bool value_is_number(const graph *g, value v, double wanted) {
    double x;
    return splat_number(g, v, &x) && x == wanted;
}
