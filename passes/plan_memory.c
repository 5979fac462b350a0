/* The memory plan: where every value lives, for one capacity of the batch.
 *
 * Inputs, outputs and tables have homes; a donated output lives in its input's buffer, a result
 * in place in its operand's. What remains shares the step arena: each buffer lives from the node
 * that makes it to the last that reads it, and largest first is put into the tightest gap
 * between buffers that live at the same time (greedy best fit by decreasing size). All offsets
 * and sizes are rounded up to the target's alignment.
 *
 * A scan's body has a plan of its own, whose arena is one buffer of the outer one while the scan
 * runs. Whoever runs it binds the body's inputs: constants where the scan's operands lie, carries
 * to the scan's results (which first get the initial values), rows of step t at t * row bytes.
 *
 * Kernels get addresses, so planning for another capacity recompiles nothing.
 * Cost: quadratic in the number of buffers. Independent check: passes/check_memory_plan.c.
 */
#include <stdlib.h>
#include <string.h>

#include "base/size.h"
#include "ir/ops/ops.h"
#include "passes/inplace.h"
#include "passes/pass.h"

/* A buffer of the arena: a value, and all that take its place. */
typedef struct buffer {
    storage *home; /* of the first value; others copy it */
    value first;   /* for the name of the largest; result 0 of a scan for its body's arena */
    size_t bytes, offset;
    uint32_t begin, end;
} buffer;

typedef struct planner {
    const graph *graph;
    arena *arena;
    memory_plan *plan;
    const target_facts *facts;
    size_t alignment;
    VEC(buffer) buffers;
    int32_t **buffer_of; /* by value: index into buffers, or -1 */
} planner;

/* ---- homes ----------------------------------------------------------------------------- */

static storage *home_of(planner *p, value v) {
    return &p->plan->of[v.node][v.result];
}

static bool measure(planner *p, const type *t, size_t *bytes) {
    int64_t exact = type_bytes(t, p->plan->capacity);
    if (exact > INT64_MAX / 4)
        return diag_fail(arena_diagnostics(p->arena), CN_ERROR_OUT_OF_MEMORY,
                         "a batch of %lld needs more memory than can be addressed",
                         (long long)p->plan->capacity);
    *bytes = (size_t)exact;
    return true;
}

static void new_buffer(planner *p, storage *home, value first, size_t bytes) {
    buffer b = {.home = home, .first = first, .begin = first.node, .end = first.node};
    home->kind = STORAGE_ARENA;
    b.bytes = size_align(bytes, p->alignment);
    vec_push(p->arena, &p->buffers, b);
}

/* A result in place of an operand lives where that does. */
static bool take_place(planner *p, value v) {
    const node *n = value_node(p->graph, v);
    int operand = group_in_place(n, v.result);
    if (operand < 0)
        return false;
    value over = n->operands[operand];
    *home_of(p, v) = *home_of(p, over);
    p->buffer_of[v.node][v.result] = p->buffer_of[over.node][over.result];
    return true;
}

/* Outputs and inputs were given homes before; the rest goes to the arena. */
static bool find_home(planner *p, value v, bool has_home) {
    const node *n = value_node(p->graph, v);
    storage *home = home_of(p, v);
    size_t bytes = 0;
    if (!measure(p, &n->types[v.result], &bytes))
        return false;
    p->buffer_of[v.node][v.result] = -1;
    home->bytes = bytes;
    home->first = home->last = v.node;
    if (has_home || take_place(p, v))
        return true;
    if (node_has(n, OP_LEAF)) {
        home->kind = STORAGE_CONSTANT;
        home->index = (int32_t)v.node;
        return true;
    }
    p->buffer_of[v.node][v.result] = (int32_t)p->buffers.count;
    new_buffer(p, home, v, bytes);
    return true;
}

static bool plan_body(planner *p, uint32_t id) {
    const node *n = graph_node(p->graph, id);
    if (n->op != &op_scan)
        return true;
    memory_plan *body = plan_memory(n->regions[0], p->plan->capacity, p->arena, p->facts);
    if (body == NULL)
        return false;
    p->plan->bodies[id] = body;
    p->plan->body_space[id] = (storage){.bytes = body->arena_bytes, .first = id, .last = id};
    new_buffer(p, &p->plan->body_space[id], (value){id, 0}, body->arena_bytes);
    return true;
}

static void place_interface(planner *p, bool **has_home) {
    const graph *g = p->graph;
    for (uint32_t i = 0; i < g->inputs.count; i++) {
        value v = g->inputs.items[i].value;
        *home_of(p, v) = (storage){.kind = STORAGE_INPUT, .index = (int32_t)i};
        has_home[v.node][v.result] = true;
    }
    for (uint32_t i = 0; i < g->outputs.count; i++) {
        const graph_output *o = &g->outputs.items[i];
        if (has_home[o->value.node][o->value.result])
            continue;
        *home_of(p, o->value) = o->into >= 0
                                    ? (storage){.kind = STORAGE_INPUT, .index = o->into}
                                    : (storage){.kind = STORAGE_OUTPUT, .index = (int32_t)i};
        has_home[o->value.node][o->value.result] = true;
    }
}

static bool find_homes(planner *p) {
    const graph *g = p->graph;
    bool **has_home = ARENA_ARRAY(p->arena, bool *, g->nodes.count);
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        uint32_t count = graph_node(g, id)->result_count;
        p->plan->of[id] = ARENA_ARRAY(p->arena, storage, count);
        p->buffer_of[id] = ARENA_ARRAY(p->arena, int32_t, count);
        has_home[id] = ARENA_ARRAY(p->arena, bool, count);
    }
    place_interface(p, has_home);
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        for (uint32_t r = 0; r < graph_node(g, id)->result_count; r++)
            if (!find_home(p, (value){id, r}, has_home[id][r]))
                return false;
        if (!plan_body(p, id))
            return false;
    }
    return true;
}

/* ---- lifetimes ------------------------------------------------------------------------- */

static void touch(planner *p, value v, uint32_t id) {
    storage *home = home_of(p, v);
    int32_t b = p->buffer_of[v.node][v.result];
    home->last = id > home->last ? id : home->last;
    if (b >= 0 && id > p->buffers.items[b].end)
        p->buffers.items[b].end = id;
}

static void find_lifetimes(planner *p) {
    const graph *g = p->graph;
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        const node *n = graph_node(g, id);
        for (uint32_t i = 0; i < n->operand_count; i++)
            touch(p, n->operands[i], id);
        for (uint32_t r = 0; r < n->result_count; r++)
            touch(p, (value){id, r}, id);
    }
    for (uint32_t i = 0; i < g->outputs.count; i++) /* readable after the last node */
        touch(p, g->outputs.items[i].value, g->nodes.count);
}

/* ---- offsets --------------------------------------------------------------------------- */

static bool live_together(const buffer *x, const buffer *y) {
    return x->begin <= y->end && y->begin <= x->end;
}

static int by_size(const void *x, const void *y) {
    const buffer *a = *(const buffer *const *)x, *b = *(const buffer *const *)y;
    if (a->bytes != b->bytes)
        return a->bytes > b->bytes ? -1 : 1;
    return a->begin != b->begin ? (a->begin < b->begin ? -1 : 1) : (a < b ? -1 : a > b);
}

/* `placed` is sorted by offset: walks the gaps between those that live at the same time. */
static size_t best_gap(buffer *const *placed, uint32_t count, const buffer *b) {
    size_t end = 0, best = SIZE_MAX, best_room = SIZE_MAX;
    for (uint32_t i = 0; i < count; i++) {
        if (!live_together(placed[i], b))
            continue;
        size_t room = placed[i]->offset > end ? placed[i]->offset - end : 0;
        if (room >= b->bytes && room < best_room) {
            best = end;
            best_room = room;
        }
        if (placed[i]->offset + placed[i]->bytes > end)
            end = placed[i]->offset + placed[i]->bytes;
    }
    return best == SIZE_MAX ? end : best;
}

static void insert_sorted(buffer **placed, uint32_t count, buffer *b) {
    uint32_t i = count;
    for (; i > 0 && placed[i - 1]->offset > b->offset; i--)
        placed[i] = placed[i - 1];
    placed[i] = b;
}

static void assign_offsets(planner *p) {
    uint32_t count = p->buffers.count;
    buffer **sorted = ARENA_ARRAY(p->arena, buffer *, count);
    buffer **placed = ARENA_ARRAY(p->arena, buffer *, count);
    for (uint32_t i = 0; i < count; i++)
        sorted[i] = &p->buffers.items[i];
    if (count > 0)
        qsort(sorted, count, sizeof *sorted, by_size);
    for (uint32_t i = 0; i < count; i++) {
        buffer *b = sorted[i];
        b->home->offset = b->offset = best_gap(placed, i, b);
        insert_sorted(placed, i, b);
        if (b->offset + b->bytes > p->plan->arena_bytes)
            p->plan->arena_bytes = b->offset + b->bytes;
    }
    for (uint32_t id = 1; id < p->graph->nodes.count; id++)
        for (uint32_t r = 0; r < graph_node(p->graph, id)->result_count; r++)
            if (p->buffer_of[id][r] >= 0)
                p->plan->of[id][r].offset = p->buffers.items[p->buffer_of[id][r]].offset;
}

/* ---- what a caller wants to know ------------------------------------------------------- */

/* The most bytes alive at one node: no plan can do with less. */
static void find_lower_bound(planner *p) {
    size_t *grows = ARENA_ARRAY(p->arena, size_t, p->graph->nodes.count + 2);
    size_t *shrinks = ARENA_ARRAY(p->arena, size_t, p->graph->nodes.count + 2);
    size_t live = 0;
    for (uint32_t i = 0; i < p->buffers.count; i++) {
        const buffer *b = &p->buffers.items[i];
        grows[b->begin] += b->bytes;
        shrinks[b->end + 1] += b->bytes;
    }
    for (uint32_t id = 0; id <= p->graph->nodes.count; id++) {
        live = live + grows[id] - shrinks[id];
        if (live > p->plan->lower_bound_bytes)
            p->plan->lower_bound_bytes = live;
    }
}

static const char *name_of(const planner *p, value v) {
    const node *n = value_node(p->graph, v);
    const group_attributes *attributes = n->attributes;
    const char *what = n->op == &op_group ? attributes->name : n->op->name;
    const char *layer = n->location.layer;
    return layer == NULL ? what : arena_format(p->arena, "%s of %s", what, layer);
}

static void find_largest(planner *p) {
    for (uint32_t i = 0; i < p->buffers.count; i++) {
        const buffer *b = &p->buffers.items[i];
        if (b->bytes <= p->plan->largest_bytes)
            continue;
        p->plan->largest_bytes = b->bytes;
        p->plan->largest_name = name_of(p, b->first);
    }
}

static void sum_interface(planner *p) {
    const graph *g = p->graph;
    for (uint32_t i = 0; i < g->inputs.count; i++) {
        size_t bytes = home_of(p, g->inputs.items[i].value)->bytes;
        if (g->inputs.items[i].role == INPUT_STATE)
            p->plan->state_bytes += bytes;
        else
            p->plan->io_bytes += bytes;
    }
    for (uint32_t i = 0; i < g->outputs.count; i++)
        if (g->outputs.items[i].into < 0)
            p->plan->io_bytes += home_of(p, g->outputs.items[i].value)->bytes;
}

memory_plan *plan_memory(const graph *g, int64_t capacity, arena *a, const target_facts *facts) {
    planner p = {.graph = g, .arena = a, .facts = facts, .plan = ARENA_NEW(a, memory_plan)};
    p.alignment = facts->alignment > 0 ? (size_t)facts->alignment : 1;
    *p.plan = (memory_plan){.graph = g, .capacity = capacity, .largest_name = ""};
    p.plan->of = ARENA_ARRAY(a, storage *, g->nodes.count);
    p.plan->bodies = ARENA_ARRAY(a, memory_plan *, g->nodes.count);
    p.plan->body_space = ARENA_ARRAY(a, storage, g->nodes.count);
    p.buffer_of = ARENA_ARRAY(a, int32_t *, g->nodes.count);
    if (!find_homes(&p))
        return NULL;
    find_lifetimes(&p);
    assign_offsets(&p);
    find_lower_bound(&p);
    find_largest(&p);
    sum_interface(&p);
    return p.plan;
}

/* ---- text ------------------------------------------------------------------------------ */

/* "arena 4096", "state dense/kernel". */
static const char *place_words(const memory_plan *p, const storage *s, arena *a) {
    const graph *g = p->graph;
    if (s->kind == STORAGE_ARENA)
        return arena_format(a, "arena %zu", s->offset);
    if (s->kind == STORAGE_CONSTANT)
        return "constant";
    const char *name = s->kind == STORAGE_INPUT ? g->inputs.items[s->index].name
                                                : g->outputs.items[s->index].name;
    bool state = s->kind == STORAGE_INPUT && g->inputs.items[s->index].role == INPUT_STATE;
    const char *kind = state ? "state" : s->kind == STORAGE_INPUT ? "input" : "output";
    return name != NULL ? arena_format(a, "%s %s", kind, name)
                        : arena_format(a, "%s %d", kind, (int)s->index);
}

static void print_value(const memory_plan *p, value v, text *out) {
    const storage *s = &p->of[v.node][v.result];
    const node *n = value_node(p->graph, v);
    text name, words;
    text_init(&name, out->arena);
    text_init(&words, out->arena);
    text_printf(&name, n->result_count > 1 ? "%%%u#%u" : "%%%u", v.node, v.result);
    text_type(&words, &n->types[v.result]);
    text_printf(out, "  %-6s %-18s %9zu bytes  nodes %2u to %2u  %s\n", name.data, words.data,
                s->bytes, s->first, s->last, place_words(p, s, out->arena));
}

void memory_plan_print(const memory_plan *p, text *out) {
    text_printf(out,
                "memory for a batch of %lld: arena %zu bytes (at least %zu), state %zu, "
                "inputs and outputs %zu\n",
                (long long)p->capacity, p->arena_bytes, p->lower_bound_bytes, p->state_bytes,
                p->io_bytes);
    if (p->largest_bytes > 0)
        text_printf(out, "largest: %zu bytes, %s\n", p->largest_bytes, p->largest_name);
    for (uint32_t id = 1; id < p->graph->nodes.count; id++) {
        for (uint32_t r = 0; r < graph_node(p->graph, id)->result_count; r++)
            print_value(p, (value){id, r}, out);
        if (p->bodies[id] == NULL)
            continue;
        text_printf(out, "  body of %%%u at %zu: ", id, p->body_space[id].offset);
        memory_plan_print(p->bodies[id], out);
    }
}
