/* Order: in which sequence nodes run, so that little memory is live at once.
 *
 * Two schedules are tried: the order the nodes came in, and a greedy one that always takes the
 * ready node that grows memory least (weight gradients with their updates run as soon as they
 * can and free activations). The one with the lower peak wins, the first when they tie, so
 * equal graphs get equal orders.
 *
 * State is overwritten in place: whoever reads an old value must run before the node that makes
 * the new one. These edges are added here unless they would close a circle; where they would,
 * passes/inplace.c computes elsewhere and copies.
 */
#include <string.h>

#include "ir/ops/ops.h"
#include "passes/interface.h"
#include "passes/pass.h"

/* Sizes with B are compared at this batch. */
enum { TYPICAL_BATCH = 64 };

typedef VEC(uint32_t) id_list;

typedef struct scheduler {
    pass_context *cx;
    const graph *graph;
    id_list *after;   /* by node: nodes that must wait for it, once each */
    uint32_t *waits;  /* by node: how many it waits for */
    int64_t **bytes;  /* by value: what it takes while it lives */
    uint32_t **reads; /* by value: nodes that still read it */
    id_list ready;
    bool *visited;
} scheduler;

typedef struct schedule {
    uint32_t *nodes;
    uint32_t count;
    int64_t peak;
} schedule;

/* ---- dependencies ---------------------------------------------------------------------- */

static void add_edge(scheduler *s, uint32_t from, uint32_t to) {
    id_list *after = &s->after[from];
    for (uint32_t i = 0; i < after->count; i++)
        if (after->items[i] == to)
            return;
    vec_push(s->cx->arena, after, to);
    s->waits[to]++;
}

static void add_operand_edges(scheduler *s) {
    const graph *g = s->graph;
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        const node *n = graph_node(g, id);
        for (uint32_t i = 0; i < n->operand_count; i++)
            if (value_node(g, n->operands[i])->op != &op_input)
                add_edge(s, n->operands[i].node, id);
    }
}

/* Marks all that must run after `id`. */
static void mark_after(scheduler *s, uint32_t id) {
    id_list work = {0};
    memset(s->visited, 0, s->graph->nodes.count * sizeof *s->visited);
    vec_push(s->cx->arena, &work, id);
    while (work.count > 0) {
        uint32_t top = vec_pop(&work);
        for (uint32_t i = 0; i < s->after[top].count; i++) {
            uint32_t next = s->after[top].items[i];
            if (!s->visited[next])
                vec_push(s->cx->arena, &work, next);
            s->visited[next] = true;
        }
    }
}

static bool reads(const node *n, value v) {
    for (uint32_t i = 0; i < n->operand_count; i++)
        if (value_equal(n->operands[i], v))
            return true;
    return false;
}

static void add_state_edges(scheduler *s) {
    const graph *g = s->graph;
    for (uint32_t o = 0; o < g->outputs.count; o++) {
        if (g->outputs.items[o].into < 0)
            continue;
        value old = g->inputs.items[g->outputs.items[o].into].value;
        uint32_t writer = g->outputs.items[o].value.node;
        if (graph_node(g, writer)->op == &op_input)
            continue;
        mark_after(s, writer);
        for (uint32_t id = 1; id < g->nodes.count; id++)
            if (id != writer && !s->visited[id] && reads(graph_node(g, id), old))
                add_edge(s, id, writer);
    }
}

/* ---- memory ---------------------------------------------------------------------------- */

static void count_reads(scheduler *s) {
    const graph *g = s->graph;
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        const node *n = graph_node(g, id);
        memset(s->reads[id], 0, n->result_count * sizeof **s->reads);
    }
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        const node *n = graph_node(g, id);
        for (uint32_t i = 0; i < n->operand_count; i++)
            s->reads[n->operands[i].node][n->operands[i].result]++;
    }
}

/* Inputs, outputs and tables have memory of their own and cost nothing here. */
static void measure(scheduler *s) {
    const graph *g = s->graph;
    int64_t batch = g->bound_batch != 0 ? g->bound_batch : TYPICAL_BATCH;
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        const node *n = graph_node(g, id);
        s->bytes[id] = ARENA_ARRAY(s->cx->arena, int64_t, n->result_count);
        s->reads[id] = ARENA_ARRAY(s->cx->arena, uint32_t, n->result_count);
        for (uint32_t r = 0; r < n->result_count && !node_has(n, OP_LEAF); r++)
            s->bytes[id][r] = type_bytes(&n->types[r], batch);
    }
    for (uint32_t o = 0; o < g->outputs.count; o++)
        s->bytes[g->outputs.items[o].value.node][g->outputs.items[o].value.result] = 0;
}

/* How many operands of n, up to the first `end`, are v. */
static uint32_t count_operand(const node *n, value v, uint32_t end) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < end; i++)
        count += value_equal(n->operands[i], v);
    return count;
}

/* By how much memory grows while the node runs, and by how much it shrinks after it. */
static int64_t growth(const scheduler *s, uint32_t id, int64_t *freed) {
    const node *n = graph_node(s->graph, id);
    int64_t made = 0;
    *freed = 0;
    for (uint32_t r = 0; r < n->result_count; r++)
        made += s->bytes[id][r];
    for (uint32_t i = 0; i < n->operand_count; i++) {
        value v = n->operands[i];
        bool last = s->reads[v.node][v.result] == count_operand(n, v, n->operand_count);
        if (last && count_operand(n, v, i) == 0)
            *freed += s->bytes[v.node][v.result];
    }
    return made;
}

/* ---- schedules ------------------------------------------------------------------------- */

static uint32_t take(scheduler *s, uint32_t position) {
    uint32_t id = s->ready.items[position];
    memmove(s->ready.items + position, s->ready.items + position + 1,
            (s->ready.count - position - 1) * sizeof id);
    s->ready.count--;
    return id;
}

/* The first ready node by number, or the one after which least memory is live. */
static uint32_t choose(scheduler *s, bool greedy) {
    uint32_t best = 0;
    int64_t best_growth = INT64_MAX;
    for (uint32_t i = 0; i < s->ready.count; i++) {
        int64_t freed, made = growth(s, s->ready.items[i], &freed);
        int64_t value_of = greedy ? made - freed : 0;
        bool earlier = s->ready.items[i] < s->ready.items[best];
        if (value_of < best_growth || (value_of == best_growth && earlier)) {
            best = i;
            best_growth = value_of;
        }
    }
    return take(s, best);
}

static void release(scheduler *s, uint32_t id, uint32_t *waits) {
    for (uint32_t i = 0; i < s->after[id].count; i++)
        if (--waits[s->after[id].items[i]] == 0)
            vec_push(s->cx->arena, &s->ready, s->after[id].items[i]);
}

static schedule make_schedule(scheduler *s, bool greedy) {
    const graph *g = s->graph;
    arena *a = s->cx->arena;
    schedule out = {.nodes = ARENA_ARRAY(a, uint32_t, g->nodes.count)};
    uint32_t *waits = arena_copy(a, s->waits, g->nodes.count * sizeof *waits);
    int64_t live = 0, freed;
    count_reads(s);
    s->ready.count = 0;
    for (uint32_t id = 1; id < g->nodes.count; id++)
        if (waits[id] == 0 && graph_node(g, id)->op != &op_input)
            vec_push(a, &s->ready, id);
    while (s->ready.count > 0) {
        uint32_t id = choose(s, greedy);
        const node *n = graph_node(g, id);
        live += growth(s, id, &freed);
        out.peak = live > out.peak ? live : out.peak;
        live -= freed;
        for (uint32_t i = 0; i < n->operand_count; i++)
            s->reads[n->operands[i].node][n->operands[i].result]--;
        release(s, id, waits);
        out.nodes[out.count++] = id;
    }
    return out;
}

/* ---- the pass -------------------------------------------------------------------------- */

static bool is_sorted(const schedule *s) {
    for (uint32_t i = 1; i < s->count; i++)
        if (s->nodes[i] < s->nodes[i - 1])
            return false;
    return true;
}

static graph *in_order(const graph *g, const schedule *s, arena *a) {
    graph *to = graph_new(a, g->name);
    value **map = ARENA_ARRAY(a, value *, g->nodes.count);
    copy_interface(g, to, map);
    for (uint32_t i = 0; i < s->count; i++) {
        const node *n = graph_node(g, s->nodes[i]);
        value *operands = ARENA_ARRAY(a, value, n->operand_count);
        for (uint32_t k = 0; k < n->operand_count; k++)
            operands[k] = map[n->operands[k].node][n->operands[k].result];
        value v = graph_copy_node(to, n, operands);
        if (value_is_none(v))
            return NULL;
        map[s->nodes[i]] = ARENA_ARRAY(a, value, n->result_count);
        for (uint32_t r = 0; r < n->result_count; r++)
            map[s->nodes[i]][r] = value_result(v, r);
    }
    for (uint32_t i = 0; i < g->outputs.count; i++) {
        const graph_output *o = &g->outputs.items[i];
        graph_add_output(to, map[o->value.node][o->value.result], o->name, o->into);
    }
    return to;
}

static graph *run(graph *g, pass_context *cx) {
    g = with_scan_bodies(g, cx, run);
    if (g == NULL)
        return NULL;
    uint32_t count = g->nodes.count;
    scheduler s = {.cx = cx, .graph = g};
    s.after = ARENA_ARRAY(cx->arena, id_list, count);
    s.waits = ARENA_ARRAY(cx->arena, uint32_t, count);
    s.bytes = ARENA_ARRAY(cx->arena, int64_t *, count);
    s.reads = ARENA_ARRAY(cx->arena, uint32_t *, count);
    s.visited = ARENA_ARRAY(cx->arena, bool, count);
    add_operand_edges(&s);
    add_state_edges(&s);
    measure(&s);
    schedule plain = make_schedule(&s, false), greedy = make_schedule(&s, true);
    const schedule *best = greedy.peak < plain.peak ? &greedy : &plain;
    return is_sorted(best) ? g : in_order(g, best, cx->arena);
}

const pass pass_order = {
    .name = "order",
    .summary = "Sorts nodes so that little memory is live at once.",
    .run = run,
};
