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

bool fusion_is_source(fusion *f, uint32_t id) {
    const node *n = graph_node(f->graph, id);
    if (n->op == &op_input)
        return true;
    return node_has(n, OP_LEAF) && !iteration_access(&f->iteration, id)->known;
}

/* ---- convexity ----------------------------------------------------------------------------- */

static bool first_visit(fusion *f, uint32_t id) {
    bool first = f->seen[id] != f->now;
    f->seen[id] = f->now;
    return first;
}

static void push_group(fusion *f, uint32_t group, node_list *work) {
    if (f->seen_group[group] == f->now)
        return;
    f->seen_group[group] = f->now;
    const node_list *nodes = &f->groups.items[group].nodes;
    for (uint32_t i = 0; i < nodes->count; i++)
        vec_push(f->cx->arena, work, nodes->items[i]);
}

/* The users of both groups that lie outside them, through free nodes, which are part of either
 * end. True when `direct` edges count and there is one. */
static bool find_exits(fusion *f, uint32_t a, uint32_t b, bool direct, node_list *exits) {
    node_list work = {0};
    f->now++;
    push_group(f, a, &work);
    push_group(f, b, &work);
    uint32_t members = work.count;
    for (uint32_t i = 0; i < work.count; i++) {
        const node_list *users = &f->users[work.items[i]];
        for (uint32_t k = 0; k < users->count; k++) {
            uint32_t user = users->items[k], group = f->group_of[user];
            bool inside = group != 0 && (group == a || group == b);
            if (inside && direct && (i >= members || group != f->group_of[work.items[i]]))
                return true;
            if (inside || !first_visit(f, user))
                continue;
            if (f->free[user])
                vec_push(f->cx->arena, &work, user);
            else
                vec_push(f->cx->arena, exits, user);
        }
    }
    return false;
}

bool groups_are_linked(fusion *f, uint32_t a, uint32_t b, bool direct) {
    node_list exits = {0}, work = {0};
    if (find_exits(f, a, b, direct, &exits))
        return true;
    f->now++;
    for (uint32_t i = 0; i < exits.count; i++) {
        if (f->group_of[exits.items[i]] != 0)
            push_group(f, f->group_of[exits.items[i]], &work);
        else
            vec_push(f->cx->arena, &work, exits.items[i]);
    }
    for (uint32_t i = 0; i < work.count; i++) {
        const node_list *users = &f->users[work.items[i]];
        for (uint32_t k = 0; k < users->count; k++) {
            uint32_t user = users->items[k], group = f->group_of[user];
            if (group != 0 && (group == a || group == b))
                return true;
            if (group != 0)
                push_group(f, group, &work);
            else if (first_visit(f, user))
                vec_push(f->cx->arena, &work, user);
        }
    }
    return false;
}

/* ---- members, outputs, buffers ----------------------------------------------------------------- */

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

bool candidate_accept(fusion *f, uint32_t a, uint32_t b, const char **why) {
    const target_facts *facts = f->cx->facts;
    if (b != 0 && (has_barrier(f, a) || has_barrier(f, b))) {
        *why = "a barrier stands there";
        return false;
    }
    candidate_build(f, a, b);
    if (b != 0 && (f->members.count > (uint32_t)facts->max_group_nodes ||
                   f->buffers > (uint32_t)facts->max_group_buffers)) {
        *why = "the kernel would be too large";
        return false;
    }
    if (!classify(f)) {
        *why = f->iteration.refusal;
        return false;
    }
    if (b != 0 && groups_are_linked(f, a, b, false)) {
        *why = "another kernel lies between them";
        return false;
    }
    return true;
}
