/* Layer updates: what calls of layers leave in their layers' state (moving statistics).
 *
 * Each call records the new value of a state as a function of the old one, as if it were the only
 * call. Where a layer is called again, the later call starts from what the earlier one left, as in
 * Keras: the nodes of the later call that read the state are made once more, on the earlier new
 * value. Only the new values follow each other; outputs read the state as the step found it.
 *
 * Walks (which calls, which nodes) are sweeps over node ids: in the record operands come first.
 */
#include "frontend/training.h"

/* ---- which calls -------------------------------------------------------------------------- */

bool call_within(const cn_context *c, uint32_t call, uint32_t outer) {
    while (call != 0 && call != outer)
        call = c->calls.items[call].parent;
    return call == outer;
}

/* The call a node was made in and those around it; weights belong to no call of their layer. */
static void mark_calls(const cn_context *c, uint32_t id, bool *reached) {
    if (variable_of(c, (value){id, 0}) != NULL)
        return;
    for (uint32_t call = c->call_of_node.items[id]; call != 0; call = c->calls.items[call].parent)
        reached[call] = true;
}

id_list calls_behind(cn_context *c, const value *results, uint32_t count) {
    uint32_t node_count = c->record->nodes.count;
    bool *needed = ARENA_ARRAY(c->arena, bool, node_count + 1);
    bool *reached = ARENA_ARRAY(c->arena, bool, c->calls.count + 1);
    id_list list = {0};
    for (uint32_t i = 0; i < count; i++)
        needed[results[i].node] = true;
    for (uint32_t id = node_count; id-- > 0;) {
        if (!needed[id])
            continue;
        const node *n = graph_node(c->record, id);
        for (uint32_t i = 0; i < n->operand_count; i++)
            needed[n->operands[i].node] = true;
        mark_calls(c, id, reached);
    }
    for (uint32_t call = 1; call < c->calls.count; call++) {
        if (reached[call])
            vec_push(c->arena, &list, call);
    }
    return list;
}

/* ---- one call after another --------------------------------------------------------------- */

/* The part of the record that a call made, up to a value, and what became of its nodes. */
typedef struct rewriting {
    cn_context *c;
    const cn_updates *now; /* state after the calls so far */
    uint32_t begin, end;   /* node ids */
    bool *needed;
    uint32_t *made; /* the node that stands for begin + i: itself, or one made again */
} rewriting;

static value latest(const rewriting *r, value v) {
    const variable *state = variable_of(r->c, v);
    const update *u = state == NULL ? NULL : updates_find(r->now, state);
    if (u != NULL)
        return u->new_value;
    return v.node < r->begin ? v : (value){r->made[v.node - r->begin], v.result};
}

static void find_needed(rewriting *r, value wanted) {
    r->needed[wanted.node - r->begin] = true;
    for (uint32_t id = r->end; id-- > r->begin;) {
        const node *n = graph_node(r->c->record, id);
        for (uint32_t i = 0; r->needed[id - r->begin] && i < n->operand_count; i++) {
            if (n->operands[i].node >= r->begin)
                r->needed[n->operands[i].node - r->begin] = true;
        }
    }
}

static void make_again(rewriting *r, uint32_t id) {
    cn_context *c = r->c;
    const node *n = graph_node(c->record, id);
    value *operands = ARENA_ARRAY(c->arena, value, n->operand_count + 1);
    bool changed = false;
    for (uint32_t i = 0; i < n->operand_count; i++) {
        operands[i] = latest(r, n->operands[i]);
        changed = changed || operands[i].node != n->operands[i].node;
    }
    if (changed)
        r->made[id - r->begin] = graph_copy_node(c->record, n, operands).node;
}

/* `wanted` as the call computes it from the state as it is now. */
static value follow(cn_context *c, const cn_updates *now, uint32_t call, value wanted) {
    rewriting r = {.c = c, .now = now, .begin = wanted.node + 1, .end = wanted.node + 1};
    while (r.begin > 0 && call_within(c, c->call_of_node.items[r.begin - 1], call))
        r.begin--;
    uint32_t count = r.end - r.begin;
    r.needed = ARENA_ARRAY(c->arena, bool, count + 1);
    r.made = ARENA_ARRAY(c->arena, uint32_t, count + 1);
    if (count > 0)
        find_needed(&r, wanted);
    for (uint32_t id = r.begin; id < r.end; id++) {
        r.made[id - r.begin] = id;
        if (r.needed[id - r.begin])
            make_again(&r, id);
    }
    return latest(&r, wanted);
}

static bool called_before(const cn_updates *now, const layer_call *call) {
    for (uint32_t i = 0; i < call->updates.count; i++) {
        if (updates_find(now, call->updates.items[i].variable) != NULL)
            return true;
    }
    return false;
}

/* All new values of a call start from the state that it found. */
static void apply_call(cn_context *c, cn_updates *now, uint32_t index) {
    const layer_call *call = &c->calls.items[index];
    bool again = called_before(now, call);
    value *values = ARENA_ARRAY(c->arena, value, call->updates.count + 1);
    for (uint32_t i = 0; i < call->updates.count; i++) {
        value alone = call->updates.items[i].new_value;
        values[i] = again ? follow(c, now, index, alone) : alone;
    }
    context_give_nodes(c, index, call->where); /* as those they were made from */
    for (uint32_t i = 0; i < call->updates.count; i++)
        updates_replace(now, call->updates.items[i].variable, values[i]);
}

void layer_updates_add(cn_updates *u, const id_list *calls, const bool *frozen) {
    cn_context *c = u->context;
    cn_updates *now = cn_updates_new(c);
    for (uint32_t i = 0; i < calls->count; i++) {
        const cn_layer *layer = c->calls.items[calls->items[i]].layer;
        if (!(frozen != NULL ? frozen[layer->id] : layer->frozen))
            apply_call(c, now, calls->items[i]);
    }
    for (uint32_t i = 0; i < now->items.count; i++) {
        const update *one = &now->items.items[i];
        if (updates_find(u, one->variable) == NULL)
            updates_replace(u, one->variable, one->new_value);
    }
}
