/* Autodiff: every `gradient` node becomes the nodes that compute it, in reverse mode.
 *
 *     %3 = mul %1, %2 : f32[4]                     %3 = mul %1, %2 : f32[4]
 *     %4 = reduce %3 {axes=[0]} : f32[]            %4 = reduce %3 {axes=[0]} : f32[]
 *     %5 = gradient %4, %1 : f32[4]          ->    %5 = constant {value=[1]} : f32[]
 *                                                  %6 = broadcast %5 : f32[4]
 *                                                  %7 = mul %6, %2 : f32[4]
 *
 * Nodes are met in order, so the nodes of one gradient are there when a later gradient
 * differentiates them: gradients of gradients need nothing special. A sweep forward marks what
 * depends on the values asked for, along floats only and not past ops that stop gradients; a
 * sweep backward from the loss asks each marked node's op for its rule. What meets at a value is
 * added in the order of arrival, which is the reverse order of its users: the same graph gives
 * the same bits. A value that nothing arrives at has gradient zero.
 *
 * The nodes swept may be a region whose copy is being differentiated (ops that own regions): the
 * tables are over the region's nodes, `copies` says which nodes of the graph they stand for.
 * Cost: linear in the nodes for each gradient; no recursion but into regions.
 */
#include <assert.h>

#include "ir/build.h"
#include "passes/pass.h"

typedef struct sweep {
    gradient_context context;
    arena *arena;
    const graph *nodes; /* what is differentiated: the graph itself or a region */
    uint32_t count;     /* of its nodes, before gradients were added */
    value *copies;      /* per node: result 0 of its copy in context.g; NULL: it is its own */
    bool **depends;     /* table: on a value asked for */
    value **gradients;  /* table: the sum of what has arrived so far */
    uint32_t node;      /* whose rule runs: index into nodes */
} sweep;

/* An input's copy is any value, also a later result of its node; other copies start at result 0. */
static value copy_of(const sweep *s, value v) {
    if (s->copies == NULL)
        return v;
    value first = s->copies[v.node];
    return value_is_none(first) ? first : value_result(first, first.result + v.result);
}

static bool is_float_value(const graph *g, value v) {
    return dtype_is_float(value_type(g, v)->dtype);
}

/* ---- what rules may ask ------------------------------------------------------------------ */

static value operand_of_rule(const sweep *s, uint32_t i) {
    return graph_node(s->nodes, s->node)->operands[i];
}

static value gradient_of_result(gradient_context *cx, const node *n, uint32_t r) {
    (void)n;
    const sweep *s = cx->state;
    return s->gradients[s->node][r];
}

static bool operand_depends(gradient_context *cx, const node *n, uint32_t i) {
    (void)n;
    const sweep *s = cx->state;
    value v = operand_of_rule(s, i);
    return s->depends[v.node][v.result];
}

static void arrive(sweep *s, value v, value dx) {
    value *sum = &s->gradients[v.node][v.result];
    *sum = value_is_none(*sum) ? dx : build_add(s->context.g, *sum, dx);
}

static void add_to_operand(gradient_context *cx, const node *n, uint32_t i, value dx) {
    sweep *s = cx->state;
    value v = operand_of_rule(s, i);
    if (value_is_none(dx) || !operand_depends(cx, n, i))
        return;
    assert(type_equal(value_type(cx->g, dx), value_type(s->nodes, v)));
    arrive(s, v, dx);
}

static void differentiate_region(gradient_context *cx, const region_gradient *what);

/* ---- the sweeps -------------------------------------------------------------------------- */

static sweep *sweep_new(arena *a, graph *g, const graph *nodes, value *copies) {
    sweep *s = ARENA_NEW(a, sweep);
    *s = (sweep){.arena = a, .nodes = nodes, .count = nodes->nodes.count, .copies = copies};
    s->context = (gradient_context){.g = g,
                                    .state = s,
                                    .of_result = gradient_of_result,
                                    .needs = operand_depends,
                                    .add = add_to_operand,
                                    .of_region = differentiate_region};
    s->depends = ARENA_ARRAY(a, bool *, s->count);
    s->gradients = ARENA_ARRAY(a, value *, s->count);
    for (uint32_t id = 1; id < s->count; id++) {
        uint32_t results = graph_node(nodes, id)->result_count;
        s->depends[id] = ARENA_ARRAY(a, bool, results);
        s->gradients[id] = ARENA_ARRAY(a, value, results);
    }
    return s;
}

static bool any_operand_depends(const sweep *s, const node *n) {
    for (uint32_t i = 0; i < n->operand_count; i++)
        if (s->depends[n->operands[i].node][n->operands[i].result])
            return true;
    return false;
}

static void mark_dependent(sweep *s) {
    for (uint32_t id = 1; id < s->count; id++) {
        const node *n = graph_node(s->nodes, id);
        if (node_has(n, OP_NO_GRADIENT) || !any_operand_depends(s, n))
            continue;
        for (uint32_t r = 0; r < n->result_count; r++)
            s->depends[id][r] = s->depends[id][r] || dtype_is_float(n->types[r].dtype);
    }
}

static bool any_gradient(const sweep *s, uint32_t id) {
    for (uint32_t r = 0; r < graph_node(s->nodes, id)->result_count; r++)
        if (!value_is_none(s->gradients[id][r]))
            return true;
    return false;
}

/* The node as its rule sees it: a copy, because adding nodes moves the array it lies in, with
 * operands in the graph that is added to. */
static node node_for_rule(const sweep *s, uint32_t id) {
    node n = *graph_node(s->nodes, id);
    value *operands = ARENA_ARRAY(s->arena, value, n.operand_count);
    for (uint32_t i = 0; i < n.operand_count; i++)
        operands[i] = copy_of(s, n.operands[i]);
    n.operands = operands;
    return n;
}

static bool run_rule(sweep *s, uint32_t id) {
    node n = node_for_rule(s, id);
    graph *g = s->context.g;
    diagnostics *d = arena_diagnostics(g->arena);
    if (n.op->vjp == NULL)
        return diag_fail(d, CN_ERROR_UNSUPPORTED,
                         "%s%shas no gradient: %s cannot be differentiated; "
                         "use stop_gradient on its input",
                         n.location.layer == NULL ? "" : n.location.layer,
                         n.location.layer == NULL ? "" : " ", n.op->name);
    s->node = id;
    s->context.node = copy_of(s, (value){id, 0}).node;
    if (n.location.file != NULL || n.location.layer != NULL)
        g->location = n.location;
    n.op->vjp(&s->context, &n);
    return diag_ok(d);
}

static bool sweep_backward(sweep *s) {
    for (uint32_t id = s->count; id-- > 1;)
        if (any_gradient(s, id) && any_operand_depends(s, graph_node(s->nodes, id)) &&
            !node_has(graph_node(s->nodes, id), OP_NO_GRADIENT) && !run_rule(s, id))
            return false;
    return true;
}

/* Sends dy to a value of the nodes, unless it is of no use there. */
static void seed(sweep *s, value v, value dy) {
    if (!value_is_none(dy) && s->depends[v.node][v.result])
        arrive(s, v, dy);
}

/* ---- regions ----------------------------------------------------------------------------- */

/* Copies the nodes of the region one by one. */
static void copy_nodes(sweep *s, const value *arguments) {
    const graph *region = s->nodes;
    for (uint32_t i = 0; i < region->inputs.count; i++)
        s->copies[region->inputs.items[i].value.node] = arguments[i];
    for (uint32_t id = region->inputs.count + 1; id < region->nodes.count; id++) {
        node n = node_for_rule(s, id);
        s->copies[id] = graph_copy_node(s->context.g, &n, n.operands);
    }
}

static void differentiate_region(gradient_context *cx, const region_gradient *what) {
    sweep *outer = cx->state;
    const graph *region = what->region;
    location where = what->to->location;
    value *copies = ARENA_ARRAY(outer->arena, value, region->nodes.count);
    sweep *s = sweep_new(outer->arena, what->to, region, copies);
    copy_nodes(s, what->arguments);
    for (uint32_t i = 0; i < region->inputs.count; i++)
        s->depends[region->inputs.items[i].value.node][0] = what->wanted[i];
    mark_dependent(s);
    for (uint32_t o = 0; o < region->outputs.count; o++) {
        what->outputs[o] = copy_of(s, region->outputs.items[o].value);
        seed(s, region->outputs.items[o].value, what->dy[o]);
    }
    bool done = diag_ok(arena_diagnostics(what->to->arena)) && sweep_backward(s);
    what->to->location = where;
    for (uint32_t i = 0; i < region->inputs.count; i++) {
        uint32_t input = region->inputs.items[i].value.node;
        what->dx[i] = done && what->wanted[i] ? s->gradients[input][0] : NO_VALUE;
    }
}

/* ---- the pass ---------------------------------------------------------------------------- */

/* n: gradient loss, wrt...; its operands are in the new graph, where all nodes before it are. */
static bool expand_gradient(rewriter *r, const node *n, const value *operands, value *results) {
    const pass_context *cx = r->user;
    if (n->op != &op_gradient)
        return false;
    graph *g = r->to;
    location where = g->location;
    sweep *s = sweep_new(cx->arena, g, g, NULL);
    for (uint32_t i = 1; i < n->operand_count; i++)
        s->depends[operands[i].node][operands[i].result] = is_float_value(g, operands[i]);
    mark_dependent(s);
    seed(s, operands[0], build_full_like(g, operands[0], 1));
    sweep_backward(s);
    g->location = where;
    for (uint32_t i = 1; i < n->operand_count; i++) {
        value dx = s->gradients[operands[i].node][operands[i].result];
        type t = n->types[i - 1];
        results[i - 1] = value_is_none(dx) ? build_zeros(g, &t) : dx;
    }
    return true;
}

static graph *run(graph *g, pass_context *cx) {
    bool has_gradients = false;
    for (uint32_t id = 1; id < g->nodes.count; id++)
        has_gradients = has_gradients || graph_node(g, id)->op == &op_gradient;
    if (!has_gradients)
        return g;
    graph *expanded = graph_rewrite(g, cx->arena, expand_gradient, cx);
    return diag_ok(cx->diag) ? expanded : NULL;
}

const pass pass_autodiff = {
    .name = "autodiff",
    .summary = "gradient nodes become the nodes that compute them",
    .run = run,
};
