/* May these two groups be one kernel? The four questions of fusion.
 *
 * Convexity: no path leaves the union and comes back, or the kernel would wait for itself.
 * Size: the target bounds arguments and nodes. Scheme: one loop nest must compute the union
 * without computing anything costly twice (passes/iteration.c). And what the union would have
 * to store: values that others read.
 *
 * Free nodes (views, constants, random bits) belong to no group; a candidate takes copies of
 * those between its members and what lies in memory.
 */
#include <string.h>

#include "passes/fuse.h"

const char refused_as_linked[] = "another kernel lies between them";

bool fusion_is_source(fusion *f, uint32_t id) {
    const node *n = graph_node(f->graph, id);
    if (n->op == &op_input)
        return true;
    return node_has(n, OP_LEAF) && !iteration_access(&f->iteration, id)->known;
}

/* ---- convexity ------------------------------------------------------------------------- */

static bool first_visit(uint32_t *seen, uint32_t at, uint32_t now) {
    bool first = seen[at] != now;
    seen[at] = now;
    return first;
}

static void push_nodes(fusion *f, uint32_t group) {
    const node_list *nodes = &f->groups.items[group].nodes;
    for (uint32_t i = 0; i < nodes->count; i++)
        vec_push(f->cx->arena, &f->work, nodes->items[i]);
}

static uint32_t position(const fusion *f, uint32_t group) {
    return f->groups.items[group].position;
}

/* Collects in `exits` the groups that read `from` and stand before `to`; free nodes between are
 * part of either end. Whether `to` itself reads it. */
static bool find_exits(fusion *f, uint32_t from, uint32_t to) {
    bool meets = false;
    f->now++;
    f->work.count = f->exits.count = 0;
    push_nodes(f, from);
    for (uint32_t i = 0; i < f->work.count; i++) {
        const node_list *users = &f->users[f->work.items[i]];
        for (uint32_t k = 0; k < users->count; k++) {
            uint32_t user = users->items[k], group = f->group_of[user];
            meets = meets || group == to;
            if (group == 0 ? first_visit(f->seen, user, f->now) : false)
                vec_push(f->cx->arena, &f->work, user);
            if (group != 0 && group != from && position(f, group) < position(f, to) &&
                first_visit(f->seen_group, group, f->now))
                vec_push(f->cx->arena, &f->exits, group);
        }
    }
    return meets;
}

/* Marks in seen_group all groups between the two, in order, that depend on `from`. Whether one of
 * them leads to `to`; with `direct`, also whether `from` does. */
static bool mark_between(fusion *f, uint32_t from, uint32_t to, bool direct) {
    if (find_exits(f, from, to) && direct)
        return true;
    f->now++;
    f->work.count = 0;
    for (uint32_t i = 0; i < f->exits.count; i++) {
        f->seen_group[f->exits.items[i]] = f->now;
        push_nodes(f, f->exits.items[i]);
    }
    for (uint32_t i = 0; i < f->work.count; i++) {
        const node_list *users = &f->users[f->work.items[i]];
        for (uint32_t k = 0; k < users->count; k++) {
            uint32_t user = users->items[k], group = f->group_of[user];
            if (group == to)
                return true;
            if (group == 0 ? first_visit(f->seen, user, f->now) : false)
                vec_push(f->cx->arena, &f->work, user);
            if (group != 0 && position(f, group) < position(f, to) &&
                first_visit(f->seen_group, group, f->now))
                push_nodes(f, group);
        }
    }
    return false;
}

bool groups_are_linked(fusion *f, uint32_t a, uint32_t b, bool direct) {
    bool a_first = position(f, a) < position(f, b);
    return mark_between(f, a_first ? a : b, a_first ? b : a, direct);
}

/* ---- merging --------------------------------------------------------------------------- */

static void merge_lists(fusion *f, node_list *to, const node_list *from) {
    node_list merged = {0};
    for (uint32_t i = 0, k = 0; i < to->count || k < from->count;) {
        bool left = k == from->count || (i < to->count && to->items[i] < from->items[k]);
        vec_push(f->cx->arena, &merged, left ? to->items[i++] : from->items[k++]);
    }
    *to = merged;
}

static void put(fusion *f, uint32_t at, uint32_t group) {
    f->order.items[at] = group;
    f->groups.items[group].position = at;
}

/* Of what stands between the two, what depends on the first moves behind the second. */
static void close_gap(fusion *f, uint32_t into, uint32_t from) {
    bool into_first = position(f, into) < position(f, from);
    uint32_t first = into_first ? into : from, last = into_first ? from : into;
    uint32_t begin = position(f, first), end = position(f, last), at = begin;
    mark_between(f, first, last, false);
    f->exits.count = 0;
    for (uint32_t i = begin + 1; i < end; i++) {
        uint32_t group = f->order.items[i];
        if (f->seen_group[group] == f->now)
            vec_push(f->cx->arena, &f->exits, group);
        else
            put(f, at++, group);
    }
    put(f, at++, into);
    for (uint32_t i = 0; i < f->exits.count; i++)
        put(f, at++, f->exits.items[i]);
    f->order.items[end] = from; /* dead: it keeps the last place */
    f->groups.items[from].position = end;
}

void merge_groups(fusion *f, uint32_t into, uint32_t from, group_kind kind) {
    fusion_group *a = &f->groups.items[into], *b = &f->groups.items[from];
    close_gap(f, into, from);
    merge_lists(f, &a->nodes, &b->nodes);
    for (uint32_t i = 0; i < b->nodes.count; i++)
        f->group_of[b->nodes.items[i]] = into;
    a->kind = kind;
    a->several = a->several || b->several;
    a->changed = ++f->merges;
    b->alive = false;
    b->nodes.count = 0;
}

/* ---- members, outputs, buffers --------------------------------------------------------- */

static bool in_union(const fusion *f, uint32_t id, uint32_t a, uint32_t b) {
    uint32_t group = f->group_of[id];
    return group != 0 && (group == a || group == b);
}

/* Adds the free nodes that operands of `id` come through, operands first. */
static void add_free_operands(fusion *f, uint32_t id) {
    const node *n = graph_node(f->graph, id);
    for (uint32_t i = 0; i < n->operand_count; i++) {
        uint32_t from = n->operands[i].node;
        if (!f->free[from] || f->seen[from] == f->now)
            continue;
        f->seen[from] = f->now;
        add_free_operands(f, from);
        vec_push(f->cx->arena, &f->members, from);
    }
}

static void add_members(fusion *f, uint32_t a, uint32_t b) {
    const node_list empty = {0}, *x = &f->groups.items[a].nodes;
    const node_list *y = b == 0 ? &empty : &f->groups.items[b].nodes;
    for (uint32_t i = 0, k = 0; i < x->count || k < y->count;) {
        bool left = k == y->count || (i < x->count && x->items[i] < y->items[k]);
        uint32_t id = left ? x->items[i++] : y->items[k++];
        add_free_operands(f, id);
        vec_push(f->cx->arena, &f->members, id);
    }
}

static bool needed_outside(const fusion *f, uint32_t id, uint32_t a, uint32_t b) {
    const node_list *users = &f->users[id];
    if (f->is_output[id])
        return true;
    for (uint32_t i = 0; i < users->count; i++) {
        uint32_t user = users->items[i];
        if (f->free[user] ? needed_outside(f, user, a, b) : !in_union(f, user, a, b))
            return true;
    }
    return false;
}

/* Values read from memory, each once. */
static uint32_t count_sources(fusion *f, uint32_t a, uint32_t b) {
    uint32_t count = 0;
    f->now++;
    for (uint32_t i = 0; i < f->members.count; i++) {
        const node *n = graph_node(f->graph, f->members.items[i]);
        for (uint32_t k = 0; k < n->operand_count; k++) {
            uint32_t from = n->operands[k].node;
            if (f->free[from] || in_union(f, from, a, b) || f->seen[from] == f->now)
                continue;
            f->seen[from] = f->now;
            count++;
        }
    }
    return count;
}

void candidate_build(fusion *f, uint32_t a, uint32_t b) {
    f->members.count = f->outputs.count = 0;
    f->now++;
    add_members(f, a, b);
    f->buffers = count_sources(f, a, b);
    for (uint32_t i = 0; i < f->members.count; i++) {
        uint32_t id = f->members.items[i];
        if (f->free[id] || !needed_outside(f, id, a, b))
            continue;
        vec_push(f->cx->arena, &f->outputs, id);
        f->buffers += graph_node(f->graph, id)->result_count;
    }
}

static bool classify(fusion *f) {
    iteration *it = &f->iteration;
    uint32_t next_output = 0;
    iteration_begin(it);
    for (uint32_t i = 0; i < f->members.count; i++) {
        uint32_t id = f->members.items[i];
        bool output = next_output < f->outputs.count && f->outputs.items[next_output] == id;
        next_output += output;
        iteration_add(it, id, f->free[id], output);
    }
    return iteration_classify(it);
}

static bool has_barrier(const fusion *f, uint32_t group) {
    return node_has(graph_node(f->graph, f->groups.items[group].nodes.items[0]), OP_BARRIER);
}

bool candidate_fits(const fusion *f) {
    const target_facts *facts = f->cx->facts;
    return f->members.count <= (uint32_t)facts->max_group_nodes &&
           f->buffers <= (uint32_t)facts->max_group_buffers;
}

bool candidate_accept(fusion *f, uint32_t a, uint32_t b, const char **why) {
    if (b != 0 && (f->groups.items[a].plain || f->groups.items[b].plain)) {
        *why = "a scan is a loop over kernels";
        return false;
    }
    if (b != 0 && (has_barrier(f, a) || has_barrier(f, b))) {
        *why = "a barrier stands there";
        return false;
    }
    candidate_build(f, a, b);
    if (b != 0 && !candidate_fits(f)) {
        *why = "the kernel would be too large";
        return false;
    }
    if (!classify(f)) {
        *why = f->iteration.refusal;
        return false;
    }
    if (b != 0 && groups_are_linked(f, a, b, false)) {
        *why = refused_as_linked;
        return false;
    }
    return true;
}
