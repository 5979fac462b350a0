/* Fusion: which nodes share a kernel.
 *
 *     %3 = dot_general %x, %w : f32[B,10]         %9 = group %x, %w, %b {kind=contract,
 *     %4 = broadcast %b : f32[B,10]           ->       name="dot_add_max_Bx10"} { ... }
 *     %5 = add %3, %4 : f32[B,10]
 *     %6 = max %5, %zero : f32[B,10]
 *
 * Every node that computes starts as a group of its own; groups merge greedily while one loop
 * nest can compute both (fuse_candidate.c). The order decides what is won:
 *
 *   1. bottom-up, every group but contractions takes its producers: maps into maps and into
 *      reductions, reductions into the maps after them (rows)
 *   2. contractions take what follows them (bias, activation, residual, optimizer update), and
 *      then what only they read: whole groups by now, so nothing is stored that a reader could
 *      have computed for itself
 *   3. cheap leftovers that read one array are copied into their few readers
 *   4. sideways: reductions of one input, scalar work, the updates of different parameters
 *
 * Views (reshape, transpose, slice, broadcast), constants, random bits and cheap functions of
 * them are free: never stored, copied to wherever they are read. Each refused merge that a
 * reader may wonder about leaves a line in the remarks.
 *
 * Cost: each edge between groups is tried once per change of its ends.
 */
#include "passes/fuse.h"

#include <string.h>

/* ---- preparation ----------------------------------------------------------------------- */

static void find_users(fusion *f) {
    const graph *g = f->graph;
    const bool *live = graph_live_nodes(g, f->cx->arena);
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        const node *n = graph_node(g, id);
        for (uint32_t i = 0; live[id] && i < n->operand_count; i++) {
            node_list *users = &f->users[n->operands[i].node];
            if (users->count == 0 || vec_last(users) != id)
                vec_push(f->cx->arena, users, id);
        }
    }
    for (uint32_t i = 0; i < g->outputs.count; i++)
        f->is_output[g->outputs.items[i].value.node] = true;
}

/* Reads one operand at indices it computes, unconditionally. */
static bool is_view(fusion *f, const node *n, uint32_t id) {
    const access_list *list = iteration_access(&f->iteration, id);
    return node_has(n, OP_INDEX) && list->known && list->items.count == 1 &&
           n->operand_count == 1 && list->items.items[0].kind <= ACCESS_VIEW;
}

/* A scalar in memory, or something computed from nothing but such and indices. */
static bool is_generated(fusion *f, uint32_t id) {
    const node *n = graph_node(f->graph, id);
    if (fusion_is_source(f, id))
        return n->op == &op_input && n->types[0].rank == 0;
    if (node_has(n, OP_RANDOM))
        return true;
    if (!f->free[id])
        return false;
    for (uint32_t i = 0; i < n->operand_count; i++)
        if (!is_generated(f, n->operands[i].node))
            return false;
    return true;
}

static bool has_generated_operands(fusion *f, const node *n) {
    for (uint32_t i = 0; i < n->operand_count; i++)
        if (!is_generated(f, n->operands[i].node))
            return false;
    return true;
}

static bool is_free(fusion *f, uint32_t id) {
    const node *n = graph_node(f->graph, id);
    if (f->is_output[id] || fusion_is_source(f, id) || !iteration_access(&f->iteration, id)->known)
        return false;
    if (node_has(n, OP_LEAF | OP_RANDOM) || is_view(f, n, id))
        return true;
    return node_has(n, OP_POINTWISE | OP_INDEX) && node_has(n, OP_CHEAP) &&
           has_generated_operands(f, n);
}

/* A scan is several kernels in a loop: it stays as it is, with groups in its body. */
static bool has_kernel(const node *n) {
    return n->op->element != NULL || n->op->contract != NULL || n->op->nest != NULL;
}

/* A contraction reads each operand many times: what is computed must be computed before. */
static void store_generated_operands(fusion *f, uint32_t id) {
    const node *n = graph_node(f->graph, id);
    for (uint32_t i = 0; i < n->operand_count; i++) {
        uint32_t from = n->operands[i].node;
        if (f->free[from] && is_view(f, graph_node(f->graph, from), from))
            store_generated_operands(f, from);
        else if (f->free[from])
            f->free[from] = false;
    }
}

static void new_group(fusion *f, uint32_t id) {
    uint32_t number = f->groups.count;
    fusion_group g = {.alive = true, .plain = !has_kernel(graph_node(f->graph, id))};
    g.position = number;
    vec_push(f->cx->arena, &g.nodes, id);
    vec_push(f->cx->arena, &f->groups, g);
    vec_push(f->cx->arena, &f->order, number);
    f->group_of[id] = number;
}

static void find_free_nodes(fusion *f) {
    const graph *g = f->graph;
    for (uint32_t id = 1; id < g->nodes.count; id++)
        f->free[id] = is_free(f, id);
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        const node *n = graph_node(g, id);
        if (node_has(n, OP_CONTRACTION))
            store_generated_operands(f, id);
        for (uint32_t i = 0; !has_kernel(n) && i < n->operand_count; i++)
            f->free[n->operands[i].node] = false; /* read from memory */
    }
}

/* Every live node that is neither free nor in memory already becomes a group, in order. */
static void make_groups(fusion *f) {
    const graph *g = f->graph;
    vec_push(f->cx->arena, &f->groups, (fusion_group){.alive = false});
    vec_push(f->cx->arena, &f->order, 0);
    find_free_nodes(f);
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        bool used = f->users[id].count > 0 || f->is_output[id];
        if (used && !f->free[id] && !fusion_is_source(f, id))
            new_group(f, id);
    }
}

static fusion *fusion_new(const graph *g, pass_context *cx) {
    fusion *f = ARENA_NEW(cx->arena, fusion);
    uint32_t count = g->nodes.count;
    f->cx = cx;
    f->graph = g;
    map_init(&f->refused, cx->arena);
    iteration_init(&f->iteration, cx->arena, g, cx->facts->row_bytes);
    f->group_of = ARENA_ARRAY(cx->arena, uint32_t, count);
    f->free = ARENA_ARRAY(cx->arena, bool, count);
    f->users = ARENA_ARRAY(cx->arena, node_list, count);
    f->is_output = ARENA_ARRAY(cx->arena, bool, count);
    f->seen = ARENA_ARRAY(cx->arena, uint32_t, count);
    f->seen_group = ARENA_ARRAY(cx->arena, uint32_t, count + 1);
    find_users(f);
    make_groups(f);
    return f;
}

/* ---- merging --------------------------------------------------------------------------- */

/* `%4 dot_general of "dense"`: with the layer when there is one. */
static void remark_node(fusion *f, uint32_t id) {
    const node *n = graph_node(f->graph, id);
    text_printf(f->cx->remarks, "%%%u %s", id, n->op->name);
    if (n->location.layer != NULL) {
        text_append(f->cx->remarks, " of ");
        text_quote(f->cx->remarks, n->location.layer);
    }
}

static void remark(fusion *f, uint32_t producer, uint32_t consumer, const char *why) {
    if (f->cx->remarks == NULL)
        return;
    uint32_t from = vec_last(&f->groups.items[producer].nodes);
    uint32_t to = f->groups.items[consumer].nodes.items[0];
    text_append(f->cx->remarks, "fuse: ");
    remark_node(f, from);
    text_append(f->cx->remarks, " stays apart from ");
    remark_node(f, to);
    text_printf(f->cx->remarks, ": %s\n", why);
}

/* Whether a refusal may be another now: one of the two has grown, or what lay between. */
static bool is_worth_trying(fusion *f, uint32_t a, uint32_t b) {
    uint32_t pair[] = {a < b ? a : b, a < b ? b : a};
    const uint64_t *refused = map_find(&f->refused, pair, sizeof pair);
    if (refused == NULL)
        return true;
    uint32_t then = (uint32_t)(*refused >> 1);
    bool was_linked = (*refused & 1) != 0;
    return f->groups.items[a].changed > then || f->groups.items[b].changed > then ||
           (was_linked && f->merges > then);
}

static void remember_refusal(fusion *f, uint32_t a, uint32_t b, const char *why) {
    uint32_t pair[] = {a < b ? a : b, a < b ? b : a};
    bool linked = why == refused_as_linked;
    *map_put(&f->refused, pair, sizeof pair, NULL) = (uint64_t)f->merges << 1 | linked;
}

static bool try_merge(fusion *f, uint32_t into, uint32_t from) {
    const char *why = NULL;
    if (f->groups.items[into].several || f->groups.items[from].several ||
        !is_worth_trying(f, into, from))
        return false;
    if (!candidate_accept(f, into, from, &why)) {
        remember_refusal(f, into, from, why);
        return false;
    }
    merge_groups(f, into, from, f->iteration.kind);
    return true;
}

/* ---- 1: producers into consumers ------------------------------------------------------- */

static void collect_producers(fusion *f, uint32_t id, uint32_t group, node_list *out) {
    const node *n = graph_node(f->graph, id);
    for (uint32_t i = 0; i < n->operand_count; i++) {
        uint32_t from = n->operands[i].node, producer = f->group_of[from];
        if (f->free[from]) {
            collect_producers(f, from, group, out);
        } else if (producer != group && producer != 0 && f->seen_group[producer] != f->now) {
            f->seen_group[producer] = f->now;
            vec_push(f->cx->arena, out, producer);
        }
    }
}

static node_list producers_of(fusion *f, uint32_t group) {
    node_list producers = {0};
    f->now++;
    for (uint32_t i = f->groups.items[group].nodes.count; i-- > 0;)
        collect_producers(f, f->groups.items[group].nodes.items[i], group, &producers);
    return producers;
}

static bool is_contraction(const fusion *f, uint32_t group) {
    return f->groups.items[group].kind == GROUP_CONTRACT;
}

static bool take_one_producer(fusion *f, uint32_t group, bool contractions) {
    if (!contractions && is_contraction(f, group))
        return false;
    node_list producers = producers_of(f, group);
    for (uint32_t i = 0; i < producers.count; i++)
        if ((contractions || !is_contraction(f, producers.items[i])) &&
            try_merge(f, group, producers.items[i]))
            return true;
    return false;
}

/* Groups are numbered by their first node, so this order is bottom-up. A merge below may open
 * one above (the sum of a softmax, then its exponential): again until nothing changes. */
static void merge_producers(fusion *f, bool contractions) {
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t g = f->groups.count; g-- > 1;)
            while (f->groups.items[g].alive && take_one_producer(f, g, contractions))
                changed = true;
    }
}

/* One line for each edge between kernels: why it is one. */
static void report_refusals(fusion *f) {
    const char *why = NULL;
    for (uint32_t g = 1; f->cx->remarks != NULL && g < f->groups.count; g++) {
        if (!f->groups.items[g].alive)
            continue;
        node_list producers = producers_of(f, g);
        for (uint32_t i = 0; i < producers.count; i++)
            if (!candidate_accept(f, g, producers.items[i], &why))
                remark(f, producers.items[i], g, why);
    }
}

/* ---- 2: what follows a contraction ----------------------------------------------------- */

/* Groups that read a value of this node, through free nodes too. */
static void collect_readers(fusion *f, uint32_t id, uint32_t group, node_list *out) {
    const node_list *users = &f->users[id];
    for (uint32_t i = 0; i < users->count; i++) {
        uint32_t user = users->items[i], reader = f->group_of[user];
        if (f->free[user]) {
            collect_readers(f, user, group, out);
        } else if (reader != group && reader != 0 && f->seen_group[reader] != f->now) {
            f->seen_group[reader] = f->now;
            vec_push(f->cx->arena, out, reader);
        }
    }
}

static node_list readers_of(fusion *f, uint32_t group) {
    node_list readers = {0};
    f->now++;
    for (uint32_t i = 0; i < f->groups.items[group].nodes.count; i++)
        collect_readers(f, f->groups.items[group].nodes.items[i], group, &readers);
    return readers;
}

static bool is_map(const fusion *f, uint32_t group) {
    const node_list *nodes = &f->groups.items[group].nodes;
    for (uint32_t i = 0; i < nodes->count; i++)
        if (!node_has(graph_node(f->graph, nodes->items[i]), OP_POINTWISE | OP_INDEX))
            return false;
    return true;
}

static bool take_one_reader(fusion *f, uint32_t group) {
    node_list readers = readers_of(f, group);
    for (uint32_t i = 0; i < readers.count; i++)
        if (is_map(f, readers.items[i]) && try_merge(f, group, readers.items[i]))
            return true;
    return false;
}

static void grow_contractions(fusion *f) {
    for (uint32_t g = 1; g < f->groups.count; g++) {
        const fusion_group *group = &f->groups.items[g];
        while (group->alive && group->kind == GROUP_CONTRACT && take_one_reader(f, g)) {
        }
    }
}

/* ---- 3: copies of cheap work ----------------------------------------------------------- */

enum { MOST_COPIES = 6 };

/* Arrays as large as the result that computing it anew would read. Small ones that are repeated
 * along axes stay in cache. */
static uint32_t count_large_operands(fusion *f, const node *n) {
    uint32_t count = 0;
    dim elements = dim_of(0), other = dim_of(0);
    type_elements(&n->types[0], &elements);
    for (uint32_t i = 0; i < n->operand_count; i++) {
        uint32_t from = n->operands[i].node;
        while (f->free[from] && graph_node(f->graph, from)->operand_count == 1)
            from = graph_node(f->graph, from)->operands[0].node;
        type_elements(&graph_node(f->graph, from)->types[0], &other);
        bool smaller = other.count < elements.count && (elements.symbolic || !other.symbolic);
        count += !f->free[from] && !smaller;
    }
    return count;
}

/* Reading its operand again costs no more than reading its result would. */
static bool is_worth_copying(fusion *f, uint32_t group) {
    const fusion_group *g = &f->groups.items[group];
    if (!g->alive || g->plain || g->nodes.count != 1)
        return false;
    uint32_t id = g->nodes.items[0];
    const node *n = graph_node(f->graph, id);
    return !f->is_output[id] && f->users[id].count <= MOST_COPIES && node_has(n, OP_POINTWISE) &&
           node_has(n, OP_CHEAP) && count_large_operands(f, n) <= 1;
}

/* Freed, the node is part of every reader; all of them must still be one kernel. */
static bool copy_into_readers(fusion *f, uint32_t group) {
    uint32_t id = f->groups.items[group].nodes.items[0];
    node_list readers = readers_of(f, group);
    const char *why;
    f->free[id] = true;
    f->group_of[id] = 0;
    bool fits = true;
    for (uint32_t i = 0; fits && i < readers.count; i++) {
        const fusion_group *r = &f->groups.items[readers.items[i]];
        fits = !r->plain &&
               (r->kind == GROUP_MAP || r->kind == GROUP_REDUCE || r->kind == GROUP_ROW) &&
               candidate_accept(f, readers.items[i], 0, &why) && candidate_fits(f);
    }
    f->free[id] = fits;
    f->group_of[id] = fits ? 0 : group;
    f->groups.items[group].alive = !fits;
    return fits;
}

static void copy_cheap_work(fusion *f) {
    for (uint32_t g = f->groups.count; g-- > 1;)
        if (is_worth_copying(f, g))
            copy_into_readers(f, g);
}

/* ---- 4: sideways ----------------------------------------------------------------------- */

/* Whether all the group stores overwrites state: an optimizer's update, a statistic. */
static bool is_update(fusion *f, uint32_t group) {
    const graph *g = f->graph;
    candidate_build(f, group, 0);
    for (uint32_t i = 0; i < f->outputs.count; i++) {
        bool found = false;
        for (uint32_t k = 0; k < g->outputs.count && !found; k++)
            found = g->outputs.items[k].value.node == f->outputs.items[i] &&
                    g->outputs.items[k].into >= 0;
        if (!found)
            return false;
    }
    return f->groups.items[group].kind == GROUP_MAP;
}

static int rank_of_group(const fusion *f, uint32_t group) {
    return graph_node(f->graph, vec_last(&f->groups.items[group].nodes))->types[0].rank;
}

static bool fits_sideways(fusion *f, uint32_t a, uint32_t b) {
    candidate_build(f, a, b);
    return candidate_fits(f) && !groups_are_linked(f, a, b, true);
}

/* One kernel with a loop nest for each: saves launches where each is small. */
static void merge_sideways(fusion *f, const node_list *groups) {
    for (uint32_t i = 0; i < groups->count; i++) {
        uint32_t a = groups->items[i];
        for (uint32_t k = i + 1; f->groups.items[a].alive && k < groups->count; k++) {
            uint32_t b = groups->items[k];
            if (!f->groups.items[b].alive || !fits_sideways(f, a, b))
                continue;
            merge_groups(f, a, b, GROUP_MAP);
            f->groups.items[a].several = true;
        }
    }
}

static void merge_updates(fusion *f) {
    node_list arrays = {0}, scalars = {0};
    for (uint32_t g = 1; g < f->groups.count; g++) {
        if (!f->groups.items[g].alive || f->groups.items[g].plain ||
            f->groups.items[g].kind != GROUP_MAP || !is_map(f, g))
            continue;
        if (rank_of_group(f, g) == 0)
            vec_push(f->cx->arena, &scalars, g);
        else if (is_update(f, g))
            vec_push(f->cx->arena, &arrays, g);
    }
    merge_sideways(f, &arrays);
    merge_sideways(f, &scalars);
}

static bool share_a_source(fusion *f, uint32_t a, uint32_t b) {
    uint32_t apart = 0;
    candidate_build(f, a, 0);
    apart += f->buffers - f->outputs.count;
    candidate_build(f, b, 0);
    apart += f->buffers - f->outputs.count;
    candidate_build(f, a, b);
    return f->buffers - f->outputs.count < apart;
}

/* Reductions of one input over the same axes: the second finds it in cache. */
static void merge_sibling_reductions(fusion *f) {
    for (uint32_t a = 1; a < f->groups.count; a++) {
        for (uint32_t b = a + 1; b < f->groups.count; b++) {
            const fusion_group *x = &f->groups.items[a], *y = &f->groups.items[b];
            if (x->alive && y->alive && x->kind == GROUP_REDUCE && y->kind == GROUP_REDUCE &&
                share_a_source(f, a, b) && !groups_are_linked(f, a, b, true))
                try_merge(f, a, b);
        }
    }
}

/* ---- the pass -------------------------------------------------------------------------- */

/* The scheme of each group as it stands, for those no merge has touched. */
static void classify_groups(fusion *f) {
    const char *why;
    for (uint32_t g = 1; g < f->groups.count; g++) {
        if (!f->groups.items[g].alive || f->groups.items[g].several || f->groups.items[g].plain)
            continue;
        bool single = candidate_accept(f, g, 0, &why);
        f->groups.items[g].kind = single ? f->iteration.kind : GROUP_MAP;
    }
}

static graph *run(graph *g, pass_context *cx) {
    fusion *f = fusion_new(g, cx);
    classify_groups(f);
    merge_producers(f, false);
    grow_contractions(f);
    merge_producers(f, true);
    copy_cheap_work(f);
    classify_groups(f);
    merge_producers(f, true);
    report_refusals(f);
    merge_sibling_reductions(f);
    merge_updates(f);
    return fusion_emit(f);
}

/* A kernel for every node: what remains when fusion is switched off. */
static graph *run_apart(graph *g, pass_context *cx) {
    fusion *f = fusion_new(g, cx);
    classify_groups(f);
    return fusion_emit(f);
}

const pass pass_fuse = {
    .name = "fuse",
    .summary = "Puts nodes that one loop nest can compute into groups, one kernel each.",
    .run = run,
    .instead = run_apart,
};
