/* Parts of lowering: see the header.
 *
 * Row locals: a pass over a row is a reduction or the final stores. A computed value that two
 * passes read is kept for the row, unless it is a view; passes are counted from the outputs
 * up, and a value that is kept makes a pass of its own (the loop that fills it).
 */
#include "passes/lower_parts.h"

#include <string.h>

#include "passes/inplace.h"

/* ---- index maps ------------------------------------------------------------------------ */

void spread_index(lowering *l, const type *from, const expr *const *index, const type *to,
                  const expr **out) {
    int i = 0;
    for (int d = 0; d < to->rank; d++) {
        out[d] = expr_integer(l->arena, CN_I64, 0);
        if (dim_is(to->dims[d], 1))
            continue;
        while (i < from->rank && dim_is(from->dims[i], 1))
            i++;
        if (i < from->rank)
            out[d] = index[i++];
    }
}

void map_index(lowering *l, iteration *it, value from, const expr *const *index, value to,
               const expr **out) {
    for (int d = 0; d < value_type(l->region, to)->rank; d++) {
        int c = iteration_class(it, to, d);
        out[d] = expr_integer(l->arena, CN_I64, 0);
        for (int i = 0; c >= 0 && i < value_type(l->region, from)->rank; i++)
            if (iteration_class(it, from, i) == c)
                out[d] = index[i];
    }
}

/* ---- rows ------------------------------------------------------------------------------ */

bool is_free_in_region(iteration *it, uint32_t id) {
    const node *n = graph_node(it->graph, id);
    const access_list *list = iteration_access(it, id);
    if (node_has(n, OP_LEAF | OP_RANDOM))
        return true;
    return node_has(n, OP_INDEX) && list->known && list->items.count == 1 &&
           n->operand_count == 1 && list->items.items[0].kind <= ACCESS_VIEW;
}

static bool spans_row(iteration *it, value v) {
    class_list l = iteration_classes(it, v);
    for (int i = 0; i < l.count; i++)
        if (class_list_has(&it->row, l.items[i]))
            return true;
    return false;
}

static bool is_kept(iteration *it, const member *m, uint64_t passes) {
    return (passes & (passes - 1)) != 0 && !m->free && m->shifted == 0 &&
           spans_row(it, (value){m->node, 0}) &&
           node_has(graph_node(it->graph, m->node), OP_POINTWISE | OP_INDEX);
}

static void keep(lowering *l, iteration *it, uint32_t id) {
    row_local *local = &lowering_state(l)->locals[id];
    const type *t = &graph_node(l->region, id)->types[0];
    dim dims[MAX_RANK];
    for (int d = 0; d < t->rank; d++) {
        int c = iteration_class(it, (value){id, 0}, d);
        if (c < 0 || !class_list_has(&it->row, c))
            continue;
        dims[local->rank] = t->dims[d];
        local->dims[local->rank++] = d;
    }
    local->buffer = (int)l->kernel->buffers.count;
    loop_buffer b = {type_make(t->dtype, local->rank, dims), BUFFER_LOCAL, "row"};
    vec_push(l->arena, &l->kernel->buffers, b);
}

/* Adds the passes in which a member is evaluated to those of its operands. */
static void hand_on(const node *n, uint64_t passes, uint64_t *of) {
    for (uint32_t k = 0; k < n->operand_count; k++)
        of[n->operands[k].node] |= passes;
}

void choose_locals(lowering *l, iteration *it) {
    lower_state *s = l->state;
    uint32_t count = l->region->nodes.count;
    uint64_t *passes = ARENA_ARRAY(l->arena, uint64_t, count);
    int next = 1;
    s->locals = ARENA_ARRAY(l->arena, row_local, count);
    for (uint32_t id = 0; id < count; id++)
        s->locals[id].buffer = -1;
    for (uint32_t i = it->members.count; i-- > 0;) {
        const member *m = &it->members.items[i];
        const node *n = graph_node(l->region, m->node);
        passes[m->node] |= m->output ? 1 : 0;
        bool kept = is_kept(it, m, passes[m->node]);
        if (kept)
            keep(l, it, m->node);
        bool own_pass = kept || node_has(n, OP_REDUCTION);
        hand_on(n, own_pass ? UINT64_C(1) << (next % 64) : passes[m->node], passes);
        next += own_pass;
    }
}

const node *find_nest(const lowering *l) {
    for (uint32_t id = 1; id < l->region->nodes.count; id++)
        if (graph_node(l->region, id)->op->nest != NULL)
            return graph_node(l->region, id);
    return NULL;
}

/* ---- in place -------------------------------------------------------------------------- */

static void redirect(stmt_list *body, int from, int to) {
    for (uint32_t i = 0; i < body->count; i++) {
        stmt *s = body->items[i];
        if (s->kind == STMT_STORE && s->buffer == from)
            s->buffer = to;
        redirect(&s->body, from, to);
        if (s->contract != NULL)
            redirect(&s->contract->epilogue, from, to);
    }
}

void apply_in_place(kernel *k, const node *group) {
    for (uint32_t r = 0; r < group->result_count; r++) {
        int operand = group_in_place(group, r);
        if (operand < 0)
            continue;
        k->buffers.items[operand].access = BUFFER_IN_OUT;
        redirect(&k->body, (int)(group->operand_count + r), operand);
    }
}
