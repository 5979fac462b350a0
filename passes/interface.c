/* Copies what callers of a function see of it before its nodes: see the header. */
#include "passes/interface.h"

#include "ir/ops/ops.h"

void copy_interface(const graph *from, graph *to, value **map) {
    to->bound_batch = from->bound_batch;
    for (uint32_t i = 0; i < from->guards.count; i++)
        vec_push(to->arena, &to->guards, from->guards.items[i]);
    for (uint32_t i = 0; i < from->inputs.count; i++) {
        const graph_input *x = &from->inputs.items[i];
        const type *t = value_type(from, x->value);
        to->location = value_node(from, x->value)->location;
        map[x->value.node] = ARENA_NEW(to->arena, value);
        *map[x->value.node] = graph_add_input(to, x->name, *t, x->role, x->donated);
    }
    to->location = from->location;
}

typedef struct body_rewrite {
    pass_context *cx;
    graph *(*run)(graph *body, pass_context *cx);
} body_rewrite;

static bool replace_body(rewriter *r, const node *n, const value *operands, value *results) {
    body_rewrite *b = r->user;
    if (n->op != &op_scan)
        return false;
    graph *body = b->run(n->regions[0], b->cx);
    node with = *n;
    with.regions = &body;
    value v = body == NULL ? NO_VALUE : graph_copy_node(r->to, &with, operands);
    for (uint32_t i = 0; i < n->result_count; i++)
        results[i] = value_is_none(v) ? NO_VALUE : value_result(v, i);
    return true;
}

graph *with_scan_bodies(graph *g, pass_context *cx, graph *(*run)(graph *body, pass_context *cx)) {
    bool any = false;
    for (uint32_t id = 1; id < g->nodes.count; id++)
        any = any || graph_node(g, id)->op == &op_scan;
    return any ? graph_rewrite(g, cx->arena, replace_body, &(body_rewrite){cx, run}) : g;
}
