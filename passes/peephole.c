/* Peephole rewriting; see the header.
 *
 * The walk is graph_rewrite's, so operands are in their final form when a rule sees a node.
 * What a rule made is tried again until nothing applies; nodes that it passed over are dead by
 * then and are swept at the end.
 */
#include "passes/peephole.h"

#include <assert.h>

#include "ir/interpret.h"
#include "ir/ops/ops.h"
#include "passes/dce.h"

typedef struct walk {
    const peephole *rules;
    void *user;
    bool changed;
} walk;

enum { STEPS_PER_NODE = 100 }; /* rules that undo each other are our bug, not an endless loop */

static value first_match(const walk *w, graph *g, const node *n) {
    for (const peephole *p = w->rules; p->rule != NULL; p++) {
        if (p->op != NULL && p->op != n->op)
            continue;
        value v = p->rule(g, n, w->user);
        if (!value_is_none(v)) {
            assert(type_equal(value_type(g, v), &n->types[0]));
            return v;
        }
    }
    return NO_VALUE;
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
    assert(!"rules undo each other");
    return best;
}

static bool visit(rewriter *r, const node *n, const value *operands, value *results);

static graph *rewrite_region(graph *region, arena *a, walk *outer) {
    walk inner = {.rules = outer->rules, .user = outer->user};
    graph *better = graph_rewrite(region, a, visit, &inner);
    if (better == NULL || !inner.changed)
        return region;
    outer->changed = true;
    return without_dead_nodes(better, a);
}

static bool visit(rewriter *r, const node *n, const value *operands, value *results) {
    walk *w = r->user;
    graph *to = r->to;
    if (n->region_count > 0 && !node_has(n, OP_TRANSIENT)) {
        graph **regions = ARENA_ARRAY(to->arena, graph *, n->region_count);
        for (uint32_t i = 0; i < n->region_count; i++)
            regions[i] = rewrite_region(n->regions[i], to->arena, w);
        copy_with_regions(to, n, operands, regions, results);
        return true;
    }
    if (n->result_count != 1)
        return false;
    node candidate = *n;
    candidate.operands = arena_copy(to->arena, operands, n->operand_count * sizeof *operands);
    results[0] = improve(w, to, &candidate);
    return !value_is_none(results[0]);
}

graph *peephole_rewrite(graph *g, pass_context *cx, const peephole *rules, void *user) {
    walk w = {.rules = rules, .user = user};
    graph *better = graph_rewrite(g, cx->arena, visit, &w);
    return better == NULL || !w.changed ? better == NULL ? NULL : g
                                        : without_dead_nodes(better, cx->arena);
}

void copy_with_regions(graph *to, const node *n, const value *operands, graph **regions,
                       value *results) {
    node copy = *n;
    copy.regions = regions;
    value v = graph_copy_node(to, &copy, operands);
    for (uint32_t i = 0; i < n->result_count; i++)
        results[i] = value_is_none(v) ? NO_VALUE : value_result(v, i);
}

/* ---- what rules ask --------------------------------------------------------------------------- */

const node *value_made_by(const graph *g, value v, const op_def *op) {
    const node *n = value_node(g, v);
    return n->op == op && v.result == 0 ? n : NULL;
}

const node *operand_made_by(const graph *g, const node *n, uint32_t i, const op_def *op) {
    return value_made_by(g, n->operands[i], op);
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
