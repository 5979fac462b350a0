/* A contraction with its epilogue: one structured statement.
 *
 * The op describes its loops and operands; its operands' lets land in lists of their own. The
 * outputs are pulled in the epilogue, where the product at its own index is the result of the
 * sum. Then the statement is turned so that targets see one form: parallel axes stand in the
 * order in which outputs are stored (a transposed product is stored transposed), and the axis
 * stored side by side belongs to the right operand. Products commute, so the bits stay.
 */
#include <string.h>

#include "ir/loop_index.h"
#include "passes/lower_parts.h"

/* The one that anchors the group: others (grouped convolutions) are sums for each element. */
static const node *find_contraction(const lowering *l, iteration *it) {
    for (uint32_t id = 1; id < l->region->nodes.count; id++)
        if (iteration_access(it, id)->contracts)
            return graph_node(l->region, id);
    return NULL;
}

static bool describe(lowering *l, const node *n, loop_contract *c) {
    lower_state *s = l->state;
    scope *outer = s->scope;
    s->contraction = n;
    s->floor = s->contract_depth = 1;
    s->left = lower_scope_open(l, &c->left_lets, NULL);
    s->scope = outer;
    s->right = lower_scope_open(l, &c->right_lets, NULL);
    s->scope = outer;
    bool ok = n->op->contract(l, n, c);
    s->contraction = NULL;
    s->left = s->right = NULL;
    return ok;
}

static void lower_epilogue(lowering *l, iteration *it, value product, loop_contract *c) {
    const type *t = value_type(l->region, product);
    uint32_t outputs = l->region->outputs.count;
    pending_store *stores = ARENA_ARRAY(l->arena, pending_store, outputs);
    const expr *index[MAX_RANK];
    lower_scope_open(l, &c->epilogue, NULL);
    c->result = lower_variable(l, "sum", c->accumulator, lowering_state(l)->scope->depth);
    for (int i = 0; i < t->rank; i++)
        index[i] = expr_variable(l->arena, c->parallel.items[i]);
    const expr *sum = expr_variable(l->arena, c->result);
    lower_assume(l, product, index, lower_scalar(l, SCALAR_CAST, t->dtype, &sum, 1));
    for (uint32_t i = 0; i < outputs; i++) {
        stores[i].output = i;
        map_index(l, it, product, index, l->region->outputs.items[i].value, stores[i].index);
        pull_output(l, &stores[i]);
    }
    store_all(l, stores, outputs);
    lower_scope_close(l);
}

/* ---- orientation ----------------------------------------------------------------------- */

/* Parallel axes in the order of the outputs' dims; axes of extent 1 first. */
static void order_axes(lowering *l, iteration *it, value product, loop_contract *c) {
    loop_variable *sorted[MAX_RANK];
    int rank = value_type(l->region, product)->rank, count = 0;
    for (int i = 0; i < rank; i++)
        if (iteration_class(it, product, i) < 0)
            sorted[count++] = c->parallel.items[i];
    for (int k = 0; k < it->outer.count; k++)
        for (int i = 0; i < rank; i++)
            if (iteration_class(it, product, i) == it->outer.items[k])
                sorted[count++] = c->parallel.items[i];
    if (count == rank && rank > 0)
        memcpy(c->parallel.items, sorted, (size_t)rank * sizeof *sorted);
}

static bool operand_uses(const expr *x, const stmt_list *lets, const loop_variable *v) {
    bool uses = expr_uses(x, v);
    for (uint32_t i = 0; i < lets->count; i++)
        uses = uses || expr_uses(lets->items[i]->value, v);
    return uses;
}

static void swap_operands(loop_contract *c) {
    const expr *left = c->left;
    stmt_list lets = c->left_lets;
    c->left = c->right;
    c->left_lets = c->right_lets;
    c->right = left;
    c->right_lets = lets;
}

static void orient(lowering *l, iteration *it, value product, loop_contract *c) {
    order_axes(l, it, product, c);
    for (uint32_t i = c->parallel.count; i-- > 0;) {
        const loop_variable *last = c->parallel.items[i];
        if (dim_is(last->extent, 1))
            continue;
        if (operand_uses(c->left, &c->left_lets, last) &&
            !operand_uses(c->right, &c->right_lets, last))
            swap_operands(c);
        return;
    }
}

bool lower_contraction(lowering *l, iteration *it, diagnostics *d) {
    const node *n = find_contraction(l, it);
    if (n == NULL)
        return diag_fail(d, CN_ERROR_UNSUPPORTED, "no contraction to make a kernel of");
    value product = {(uint32_t)(n - l->region->nodes.items), 0};
    stmt *s = ARENA_NEW(l->arena, stmt);
    s->kind = STMT_CONTRACT;
    s->contract = ARENA_NEW(l->arena, loop_contract);
    if (!describe(l, n, s->contract))
        return diag_fail(d, CN_ERROR_UNSUPPORTED, "no kernel for this %s", n->op->name);
    lower_epilogue(l, it, product, s->contract);
    orient(l, it, product, s->contract);
    vec_push(l->arena, &l->kernel->body, s);
    return true;
}
