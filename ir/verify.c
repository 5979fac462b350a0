/* What must hold between passes; ir.h lists it. Run after every pass in tests and debug builds.
 *
 * The check is independent of how a graph came to be: it trusts no count, looks at every
 * reference before following it, and infers all types again. A message names the node as the
 * text form does, so that it can be found in a dump.
 */
#include <assert.h>

#include "base/map.h"
#include "base/text.h"
#include "ir/ops/ops.h"

typedef struct verifier {
    const graph *graph;
    diagnostics *diag;
    arena *scratch;
    bool is_region;
} verifier;

static bool verify_graph(const graph *g, bool is_region, diagnostics *d);

static bool fail_at(const verifier *v, uint32_t id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool fail_at(const verifier *v, uint32_t id, const char *format, ...) {
    const node *n = graph_node(v->graph, id);
    bool first = diag_ok(v->diag);
    va_list arguments;
    va_start(arguments, format);
    diag_fail_list(v->diag, CN_ERROR_GRAPH, format, arguments);
    va_end(arguments);
    if (first)
        diag_prefix(v->diag, "%s%%%u = %s: ", v->is_region ? "in a region, " : "", id,
                    n->op == NULL ? "?" : n->op->name);
    return false;
}

static bool fail(const verifier *v, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool fail(const verifier *v, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    diag_fail_list(v->diag, CN_ERROR_GRAPH, format, arguments);
    va_end(arguments);
    return false;
}

/* ---- nodes ------------------------------------------------------------------------------ */

static bool verify_operands(const verifier *v, uint32_t id) {
    const node *n = graph_node(v->graph, id);
    for (uint32_t i = 0; i < n->operand_count; i++) {
        value x = n->operands[i];
        if (x.node == 0 || x.node >= id)
            return fail_at(v, id, "operand %u is %%%u, which is not defined before", i, x.node);
        if (x.result >= value_node(v->graph, x)->result_count)
            return fail_at(v, id, "operand %u is %%%u#%u, which has %u results", i, x.node,
                           x.result, value_node(v->graph, x)->result_count);
    }
    return true;
}

static bool verify_types(const verifier *v, uint32_t id) {
    const node *n = graph_node(v->graph, id);
    type *inferred = ARENA_ARRAY(v->scratch, type, n->result_count);
    uint32_t count = n->op->count_results == NULL ? 1 : n->op->count_results(n);
    if (n->result_count != count)
        return fail_at(v, id, "has %u results where the op gives %u", n->result_count, count);
    if (!diag_ok(v->diag) || !n->op->infer(v->graph, n, inferred, v->diag))
        return fail_at(v, id, "its types cannot be inferred");
    for (uint32_t r = 0; r < n->result_count; r++) {
        if (type_equal(&inferred[r], &n->types[r]))
            continue;
        text says, gives;
        text_init(&says, v->scratch);
        text_init(&gives, v->scratch);
        text_type(&says, &n->types[r]);
        text_type(&gives, &inferred[r]);
        return fail_at(v, id, "result %u says %s where the op gives %s", r, says.data, gives.data);
    }
    return true;
}

static bool verify_node(const verifier *v, uint32_t id) {
    const node *n = graph_node(v->graph, id);
    if (n->op == NULL || (n->attributes == NULL && n->op->attributes != NULL))
        return fail_at(v, id, "has no op, or not the attributes of its op");
    if ((n->op == &op_input) != (id <= v->graph->inputs.count))
        return fail_at(v, id, "inputs and nothing else must be the first nodes");
    if (n->op->operand_count >= 0 && n->operand_count != (uint32_t)n->op->operand_count)
        return fail_at(v, id, "has %u operands, the op takes %d", n->operand_count,
                       n->op->operand_count);
    if (n->region_count > 0 && !node_has(n, OP_REGION))
        return fail_at(v, id, "has a region, which the op does not take");
    if (!verify_operands(v, id))
        return false;
    for (uint32_t i = 0; i < n->region_count; i++)
        if (!verify_graph(n->regions[i], true, v->diag))
            return false;
    return verify_types(v, id);
}

/* ---- inputs and outputs ---------------------------------------------------------------------- */

static bool verify_inputs(const verifier *v) {
    map names;
    map_init(&names, v->scratch);
    for (uint32_t i = 0; i < v->graph->inputs.count; i++) {
        const graph_input *x = &v->graph->inputs.items[i];
        bool found = false;
        if (x->value.node != i + 1 || x->value.result != 0)
            return fail(v, "input %u must be %%%u, is %%%u", i, i + 1, x->value.node);
        if (x->name != NULL)
            map_put_text(&names, x->name, &found);
        if (found)
            return fail(v, "two inputs are called \"%s\"", x->name);
        if (x->donated && x->role != INPUT_STATE)
            return fail(v, "input %u is donated but no state: it belongs to the caller", i);
        /* A fused scan overwrites its carries: they are donated. */
        if (v->is_region && x->role == INPUT_STATE && !x->donated)
            return fail(v, "input %u of a region is state; only functions have state", i);
    }
    return true;
}

static bool verify_donation(const verifier *v, const graph_output *y, bool *overwritten) {
    if (y->into < 0)
        return true;
    if ((uint32_t)y->into >= v->graph->inputs.count)
        return fail(v, "an output overwrites input %d of %u", y->into, v->graph->inputs.count);
    const graph_input *x = &v->graph->inputs.items[y->into];
    if (!x->donated)
        return fail(v, "an output overwrites %%%u, which is not donated", x->value.node);
    if (overwritten[y->into])
        return fail(v, "two outputs overwrite %%%u", x->value.node);
    overwritten[y->into] = true;
    if (!type_equal(value_type(v->graph, x->value), value_type(v->graph, y->value)))
        return fail(v, "an output overwrites %%%u, which is of another type", x->value.node);
    return true;
}

static bool verify_outputs(const verifier *v) {
    bool *overwritten = ARENA_ARRAY(v->scratch, bool, v->graph->inputs.count);
    for (uint32_t i = 0; i < v->graph->outputs.count; i++) {
        const graph_output *y = &v->graph->outputs.items[i];
        if (y->value.node == 0 || y->value.node >= v->graph->nodes.count ||
            y->value.result >= value_node(v->graph, y->value)->result_count)
            return fail(v, "output %u is %%%u#%u, which does not exist", i, y->value.node,
                        y->value.result);
        if (!verify_donation(v, y, overwritten))
            return false;
    }
    return true;
}

/* ---- graphs ---------------------------------------------------------------------------------- */

static bool verify_with(const verifier *v) {
    const graph *g = v->graph;
    if (g->nodes.count == 0 || g->inputs.count >= g->nodes.count || g->bound_batch < 0)
        return fail(v, "a graph without its first, unused node, or with a negative batch");
    if (!verify_inputs(v))
        return false;
    for (uint32_t id = 1; id < g->nodes.count; id++)
        if (!verify_node(v, id))
            return false;
    return verify_outputs(v);
}

static bool verify_graph(const graph *g, bool is_region, diagnostics *d) {
    arena_mark before = arena_get_mark(g->arena);
    verifier v = {g, d, g->arena, is_region};
    bool holds = verify_with(&v);
    arena_rewind(g->arena, before);
    return holds;
}

bool graph_verify(const graph *g, diagnostics *d) {
    return diag_ok(d) && verify_graph(g, false, d);
}
