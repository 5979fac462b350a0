/* Pinning: values that gradients are taken by keep their identity until autodiff.
 *
 *     %2 = mul %1, %1 : f32[]                  %2 = mul %1, %1 : f32[]
 *     %3 = add %2, %1 : f32[]           ->     %3 = barrier %2 : f32[]
 *     %4 = gradient %3, %2 : f32[]             %4 = add %3, %1 : f32[]
 *                                              %5 = gradient %4, %3 : f32[]
 *
 * A gradient by an intermediate value counts the paths through that value only. Merging it with
 * an equal one, or seeing through it, would change which paths these are, though not the value.
 * Barriers are opaque to every pass; those before autodiff go with the composites. Inputs need
 * none. Cost: linear.
 */
#include "ir/build.h"
#include "ir/ops/ops.h"
#include "passes/pass.h"

static bool is_pinned(const node *n) {
    return n->op == &op_input || n->op == &op_barrier;
}

/* Per node: what gradients are taken by and is neither input nor barrier. NULL: nothing. */
static bool *nodes_to_pin(const graph *g, arena *a) {
    bool *pin = NULL;
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        const node *n = graph_node(g, id);
        for (uint32_t i = 1; n->op == &op_gradient && i < n->operand_count; i++) {
            if (is_pinned(value_node(g, n->operands[i])))
                continue;
            if (pin == NULL)
                pin = ARENA_ARRAY(a, bool, g->nodes.count);
            pin[n->operands[i].node] = true;
        }
    }
    return pin;
}

static bool pin_results(rewriter *r, const node *n, const value *operands, value *results) {
    const bool *pin = r->user;
    if (!pin[n - r->from->nodes.items])
        return false;
    value v = graph_copy_node(r->to, n, operands);
    for (uint32_t i = 0; i < n->result_count; i++)
        results[i] = build_unary(r->to, &op_barrier, value_is_none(v) ? v : value_result(v, i));
    return true;
}

static graph *run(graph *g, pass_context *cx) {
    bool *pin = nodes_to_pin(g, cx->arena);
    return pin == NULL ? g : graph_rewrite(g, cx->arena, pin_results, pin);
}

const pass pass_pin = {
    .name = "pin",
    .summary = "Keeps apart what gradients are taken by.",
    .run = run,
};
