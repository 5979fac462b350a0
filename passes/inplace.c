/* In place: results that take over the memory of an operand, after the order is final.
 *
 *     %9 = group %4, %2 {... in_place="0=1"}      result 0 overwrites operand 1
 *
 * Two reasons. A donated output must end up in its input's buffer: it is computed there when the
 * node that makes it is the last to read the input and may overwrite it; else it is computed
 * elsewhere and a copy is added behind all readers. And an intermediate result saves memory and
 * cache when it replaces an operand that dies with it.
 *
 * Invariant: after this pass every donated output's node is, in order, not before any other
 * reader of the input it overwrites. Legality is asked of the loops (passes/overwrite.c).
 */
#include "passes/inplace.h"

#include <stdio.h>
#include <string.h>

#include "ir/ops/ops.h"
#include "passes/interface.h"
#include "passes/pass.h"

int group_in_place(const node *group, uint32_t result) {
    const group_attributes *attributes = group->attributes;
    const char *at = group->op == &op_group ? attributes->in_place : NULL;
    unsigned r, operand;
    for (; at != NULL && sscanf(at, "%u=%u", &r, &operand) == 2; at += *at == ',') {
        if (r == result)
            return (int)operand;
        at += strcspn(at, ",");
    }
    return -1;
}

typedef struct planner {
    pass_context *cx;
    const graph *graph;
    bool only_state;     /* intermediate results get memory of their own */
    uint32_t **last_use; /* by value: the last node that reads it; UINT32_MAX for outputs */
    int32_t **output_of; /* by value: an output it is, or -1 */
    int **over;          /* by value: operand of its node that it overwrites, or -1 */
    bool *copied;        /* by output: computed elsewhere, then copied */
} planner;

/* What the loops of one group allow: may[result * operands + operand]. */
typedef struct permissions {
    bool *may;
    uint32_t operands;
} permissions;

static bool is_allowed(const permissions *p, uint32_t operand, uint32_t result) {
    return p->may != NULL && p->may[result * p->operands + operand];
}

static void *per_value(const graph *g, arena *a, size_t bytes) {
    void **table = ARENA_ARRAY(a, void *, g->nodes.count);
    for (uint32_t id = 1; id < g->nodes.count; id++)
        table[id] = arena_alloc_array(a, graph_node(g, id)->result_count, bytes);
    return table;
}

static void find_uses(planner *p) {
    const graph *g = p->graph;
    p->last_use = per_value(g, p->cx->arena, sizeof **p->last_use);
    p->output_of = per_value(g, p->cx->arena, sizeof **p->output_of);
    p->over = per_value(g, p->cx->arena, sizeof **p->over);
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        const node *n = graph_node(g, id);
        for (uint32_t r = 0; r < n->result_count; r++)
            p->output_of[id][r] = p->over[id][r] = -1;
        for (uint32_t i = 0; i < n->operand_count; i++)
            p->last_use[n->operands[i].node][n->operands[i].result] = id;
    }
    for (uint32_t i = 0; i < g->outputs.count; i++) {
        value v = g->outputs.items[i].value;
        p->output_of[v.node][v.result] = (int32_t)i;
    }
}

/* ---- donated outputs ------------------------------------------------------------------- */

static int find_operand(const node *n, value v) {
    for (uint32_t i = 0; i < n->operand_count; i++)
        if (value_equal(n->operands[i], v))
            return (int)i;
    return -1;
}

static bool last_reader_is(const planner *p, value input, uint32_t id) {
    return p->last_use[input.node][input.result] <= id;
}

static void remark(planner *p, const graph_output *o, const char *why) {
    if (p->cx->remarks != NULL)
        text_printf(p->cx->remarks, "inplace: output \"%s\" is copied: %s\n",
                    o->name == NULL ? "" : o->name, why);
}

/* Why output i cannot be computed in the buffer it overwrites; NULL when it can. */
static const char *why_copied(planner *p, const graph_output *o, const permissions *allowed) {
    value input = p->graph->inputs.items[o->into].value;
    const node *n = value_node(p->graph, o->value);
    if (value_equal(o->value, input))
        return NULL;
    if (n->op == &op_input)
        return "it is another input";
    if (!last_reader_is(p, input, o->value.node))
        return "the old value is read later";
    int operand = find_operand(n, input);
    if (operand < 0)
        return NULL;
    if (!is_allowed(allowed, (uint32_t)operand, o->value.result))
        return "the old value is read at other indices";
    p->over[o->value.node][o->value.result] = operand;
    return NULL;
}

static void decide_donated(planner *p, uint32_t id, const permissions *allowed) {
    const node *n = graph_node(p->graph, id);
    for (uint32_t r = 0; r < n->result_count; r++) {
        int32_t output = p->output_of[id][r];
        if (output < 0 || p->graph->outputs.items[output].into < 0)
            continue;
        const graph_output *o = &p->graph->outputs.items[output];
        const char *why = why_copied(p, o, allowed);
        if (why != NULL)
            remark(p, o, why);
        p->copied[output] = why != NULL;
    }
}

/* ---- intermediate results -------------------------------------------------------------- */

/* The operand dies here and has memory of its own: not an input, a table or an output. */
static bool is_replaceable(const planner *p, const node *n, uint32_t id, uint32_t i) {
    value v = n->operands[i];
    const node *maker = value_node(p->graph, v);
    if (maker->op != &op_group || p->output_of[v.node][v.result] >= 0 ||
        p->last_use[v.node][v.result] != id)
        return false;
    for (uint32_t k = 0; k < n->operand_count; k++)
        if (k != i && value_equal(n->operands[k], v))
            return false;
    return true;
}

static bool is_taken(const planner *p, uint32_t id, uint32_t operand) {
    for (uint32_t r = 0; r < graph_node(p->graph, id)->result_count; r++)
        if (p->over[id][r] == (int)operand)
            return true;
    return false;
}

static void decide_intermediate(planner *p, uint32_t id, const permissions *allowed) {
    const node *n = graph_node(p->graph, id);
    for (uint32_t r = 0; r < n->result_count; r++)
        for (uint32_t i = 0; p->output_of[id][r] < 0 && i < n->operand_count; i++)
            if (p->over[id][r] < 0 && is_allowed(allowed, i, r) && is_replaceable(p, n, id, i) &&
                !is_taken(p, id, i))
                p->over[id][r] = (int)i;
}

/* Lowers the group once to ask; what that took is given back. */
static bool find_permissions(planner *p, const node *n, permissions *out) {
    arena *a = p->cx->arena;
    *out = (permissions){NULL, n->operand_count};
    if (n->op != &op_group)
        return true;
    out->may = ARENA_ARRAY(a, bool, n->operand_count * n->result_count);
    arena_mark mark = arena_get_mark(a);
    const kernel *k = lower_group(p->graph, n, a, p->cx->diag);
    for (uint32_t r = 0; k != NULL && r < n->result_count; r++)
        for (uint32_t i = 0; i < n->operand_count; i++)
            out->may[r * n->operand_count + i] =
                type_equal(&n->types[r],
                           operand_type(p->graph, n, i)) && /* one view of the buffer */
                kernel_may_overwrite(k, (int)i, (int)(n->operand_count + r));
    arena_rewind(a, mark);
    return k != NULL;
}

static bool decide(planner *p) {
    permissions allowed;
    for (uint32_t id = 1; id < p->graph->nodes.count; id++) {
        const node *n = graph_node(p->graph, id);
        if (n->op == &op_input)
            continue;
        if (!find_permissions(p, n, &allowed))
            return false;
        decide_donated(p, id, &allowed);
        if (!p->only_state)
            decide_intermediate(p, id, &allowed);
    }
    return true;
}

/* ---- the new graph --------------------------------------------------------------------- */

static bool set_attribute(rewriter *r, const node *n, const value *operands, value *results) {
    planner *p = r->user;
    text pairs;
    text_init(&pairs, r->to->arena);
    for (uint32_t i = 0; i < n->result_count; i++)
        if (p->over[n - r->from->nodes.items][i] >= 0)
            text_printf(&pairs, "%s%u=%d", pairs.length > 0 ? "," : "", i,
                        p->over[n - r->from->nodes.items][i]);
    if (pairs.length == 0)
        return false;
    group_attributes attributes = *(const group_attributes *)n->attributes;
    attributes.in_place = pairs.data;
    node with = *n;
    with.attributes = &attributes;
    value v = graph_copy_node(r->to, &with, operands);
    for (uint32_t i = 0; i < n->result_count; i++)
        results[i] = value_result(v, i);
    return true;
}

static value add_copy(graph *g, value v) {
    graph *region = graph_new(g->arena, "copy");
    value inside = graph_add_input(region, NULL, *value_type(g, v), INPUT_DATA, false);
    graph_add_output(region, inside, NULL, -1);
    group_attributes attributes = {.kind = GROUP_MAP, .name = "copy", .in_place = ""};
    return graph_add(g, &(node_spec){.op = &op_group,
                                     .operands = &v,
                                     .operand_count = 1,
                                     .attributes = &attributes,
                                     .regions = &region,
                                     .region_count = 1});
}

static graph *plan(graph *g, pass_context *cx, bool only_state) {
    planner p = {.cx = cx, .graph = g, .only_state = only_state};
    p.copied = ARENA_ARRAY(cx->arena, bool, g->outputs.count);
    find_uses(&p);
    if (!decide(&p))
        return NULL;
    graph *out = graph_rewrite(g, cx->arena, set_attribute, &p);
    for (uint32_t i = 0; out != NULL && i < out->outputs.count; i++)
        if (p.copied[i])
            out->outputs.items[i].value = add_copy(out, out->outputs.items[i].value);
    return out;
}

static graph *run(graph *g, pass_context *cx) {
    g = with_scan_bodies(g, cx, run);
    return g == NULL ? NULL : plan(g, cx, false);
}

/* Switched off: state is donated all the same, and copied where it must be. */
static graph *run_for_state(graph *g, pass_context *cx) {
    g = with_scan_bodies(g, cx, run_for_state);
    return g == NULL ? NULL : plan(g, cx, true);
}

const pass pass_inplace = {
    .name = "inplace",
    .summary = "Lets results overwrite operands that die with them, donated state above all.",
    .run = run,
    .instead = run_for_state,
};
