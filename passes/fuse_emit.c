/* Writes the chosen groups as `group` nodes.
 *
 * A group's region gets its inputs in the order of first use, copies of its nodes and of the
 * free nodes between them, and as outputs what others read. Groups come in topological order,
 * by their first nodes where that leaves a choice. Outputs of the graph that no kernel makes (an
 * input handed on, a table, the same value twice) get a group that copies.
 *
 * A name says what a kernel computes: its ops without repetition, the anchor first, and the
 * shape of the first result: "conv_add_max_Bx26x26x32".
 */
#include <assert.h>
#include <string.h>

#include "passes/fuse.h"
#include "passes/interface.h"

enum { MOST_NAMES = 4 };

typedef struct emission {
    fusion *f;
    graph *to;
    value **map;         /* by node of the old graph: values in `to` */
    value **inner;       /* ... and in the region that is being built; cleared after it */
    bool *emitted_group; /* by group */
} emission;

static arena *arena_of(const emission *e) {
    return e->f->cx->arena;
}

static value mapped(const emission *e, value v) {
    return e->map[v.node] == NULL ? NO_VALUE : e->map[v.node][v.result];
}

static void set_map(emission *e, uint32_t id, uint32_t results) {
    e->map[id] = ARENA_ARRAY(arena_of(e), value, results);
}

/* ---- names ----------------------------------------------------------------------------- */

static bool is_named(const text *name, const char *word) {
    size_t length = strlen(word);
    for (const char *at = name->data; at != NULL; at = strchr(at, '_')) {
        at += *at == '_';
        if (strncmp(at, word, length) == 0 && (at[length] == '_' || at[length] == '\0'))
            return true;
    }
    return false;
}

static void append_word(text *name, const char *word, int *count) {
    if (*count >= MOST_NAMES || is_named(name, word))
        return;
    text_printf(name, "%s%s", *count > 0 ? "_" : "", word);
    (*count)++;
}

static void append_shape(text *name, const type *t) {
    for (int i = 0; i < t->rank; i++) {
        text_append(name, i > 0 ? "x" : "_");
        if (!t->dims[i].symbolic)
            text_printf(name, "%lld", (long long)t->dims[i].count);
        else if (t->dims[i].count == 1)
            text_append(name, "B");
        else
            text_printf(name, "%lldB", (long long)t->dims[i].count);
    }
}

/* Anchors first, then work, then (only if there is nothing else) movement. */
static const char *group_name(const emission *e, const fusion_group *g, const type *shape) {
    static const uint32_t rounds[] = {OP_CONTRACTION | OP_OPAQUE | OP_WINDOW | OP_REDUCTION,
                                      OP_POINTWISE, OP_INDEX | OP_BARRIER | OP_LEAF | OP_RANDOM};
    text name;
    int count = 0;
    text_init(&name, arena_of(e));
    for (size_t r = 0; r < sizeof rounds / sizeof *rounds; r++)
        for (uint32_t i = 0; i < g->nodes.count && (r < 2 || count == 0); i++) {
            const node *n = graph_node(e->f->graph, g->nodes.items[i]);
            if (node_has(n, rounds[r]))
                append_word(&name, n->op->name, &count);
        }
    if (g->several)
        text_append(&name, "_and_more");
    append_shape(&name, shape);
    return arena_string(arena_of(e), name.data);
}

/* ---- regions --------------------------------------------------------------------------- */

typedef struct region_builder {
    graph *region;
    VEC(value) operands; /* in the old graph */
} region_builder;

static value region_value(emission *e, region_builder *b, value v) {
    const node *n = value_node(e->f->graph, v);
    if (e->inner[v.node] == NULL)
        e->inner[v.node] = ARENA_ARRAY(arena_of(e), value, n->result_count);
    value *inside = &e->inner[v.node][v.result];
    if (value_is_none(*inside)) {
        *inside = graph_add_input(b->region, NULL, n->types[v.result], INPUT_DATA, false);
        vec_push(arena_of(e), &b->operands, v);
    }
    return *inside;
}

static void copy_member(emission *e, region_builder *b, uint32_t id) {
    const node *n = graph_node(e->f->graph, id);
    value *operands = ARENA_ARRAY(arena_of(e), value, n->operand_count);
    for (uint32_t i = 0; i < n->operand_count; i++)
        operands[i] = e->inner[n->operands[i].node][n->operands[i].result];
    value v = graph_copy_node(b->region, n, operands);
    e->inner[id] = ARENA_ARRAY(arena_of(e), value, n->result_count);
    for (uint32_t r = 0; r < n->result_count; r++)
        e->inner[id][r] = value_result(v, r);
}

/* Inputs are the first nodes of a graph: they are made before any member is copied. */
static void add_region_inputs(emission *e, region_builder *b) {
    fusion *f = e->f;
    f->now++;
    for (uint32_t i = 0; i < f->members.count; i++)
        f->seen[f->members.items[i]] = f->now;
    for (uint32_t i = 0; i < f->members.count; i++) {
        const node *n = graph_node(f->graph, f->members.items[i]);
        for (uint32_t k = 0; k < n->operand_count; k++)
            if (f->seen[n->operands[k].node] != f->now)
                region_value(e, b, n->operands[k]);
    }
}

/* The group node around a finished region. */
static value add_group(emission *e, const region_builder *b, const group_attributes *attributes) {
    value *operands = ARENA_ARRAY(arena_of(e), value, b->operands.count);
    for (uint32_t i = 0; i < b->operands.count; i++)
        operands[i] = mapped(e, b->operands.items[i]);
    return graph_add(e->to, &(node_spec){.op = &op_group,
                                         .operands = operands,
                                         .operand_count = b->operands.count,
                                         .attributes = attributes,
                                         .regions = &b->region,
                                         .region_count = 1});
}

static region_builder new_region(emission *e, const char *name) {
    return (region_builder){.region = graph_new(arena_of(e), name)};
}

/* Results others read, in node order; an opaque nest stores all of its own. */
static void add_outputs(emission *e, region_builder *b) {
    const fusion *f = e->f;
    for (uint32_t i = 0; i < f->outputs.count; i++) {
        uint32_t id = f->outputs.items[i];
        for (uint32_t r = 0; r < graph_node(f->graph, id)->result_count; r++)
            graph_add_output(b->region, e->inner[id][r], NULL, -1);
    }
}

static void forget_region(emission *e, const region_builder *b) {
    for (uint32_t i = 0; i < e->f->members.count; i++)
        e->inner[e->f->members.items[i]] = NULL;
    for (uint32_t i = 0; i < b->operands.count; i++)
        e->inner[b->operands.items[i].node] = NULL;
}

static void emit_group(emission *e, uint32_t group) {
    fusion *f = e->f;
    const fusion_group *g = &f->groups.items[group];
    candidate_build(f, group, 0);
    const node *last = graph_node(f->graph, vec_last(&f->outputs));
    group_attributes attributes = {
        .kind = (int)g->kind, .name = group_name(e, g, &last->types[0]), .in_place = ""};
    region_builder b = new_region(e, attributes.name);
    add_region_inputs(e, &b);
    for (uint32_t i = 0; i < f->members.count; i++)
        copy_member(e, &b, f->members.items[i]);
    add_outputs(e, &b);
    forget_region(e, &b);
    e->to->location = last->location;
    value v = add_group(e, &b, &attributes);
    uint32_t next = 0;
    for (uint32_t i = 0; i < f->outputs.count; i++) {
        uint32_t id = f->outputs.items[i], results = graph_node(f->graph, id)->result_count;
        set_map(e, id, results);
        for (uint32_t r = 0; r < results; r++)
            e->map[id][r] = value_is_none(v) ? NO_VALUE : value_result(v, next++);
    }
}

/* ---- order ----------------------------------------------------------------------------- */

typedef VEC(uint32_t) id_stack;

static bool is_done(const emission *e, uint32_t id) {
    uint32_t group = e->f->group_of[id];
    if (e->f->free[id])
        return false; /* asked for its operands, never emitted */
    return group != 0 ? e->emitted_group[group] : e->map[id] != NULL;
}

/* Pushes what a node of this group (0 = none) waits for; true when there is nothing. */
static bool push_missing(emission *e, uint32_t id, uint32_t group, id_stack *stack) {
    const node *n = graph_node(e->f->graph, id);
    bool ready = true;
    for (uint32_t i = 0; i < n->operand_count; i++) {
        uint32_t from = n->operands[i].node;
        if (group != 0 && e->f->group_of[from] == group)
            continue;
        if (e->f->free[from]) {
            ready = push_missing(e, from, group, stack) && ready;
        } else if (!is_done(e, from)) {
            vec_push(arena_of(e), stack, from);
            ready = false;
        }
    }
    return ready;
}

static bool push_missing_of_group(emission *e, uint32_t group, id_stack *stack) {
    const node_list *nodes = &e->f->groups.items[group].nodes;
    bool ready = true;
    for (uint32_t i = 0; i < nodes->count; i++)
        ready = push_missing(e, nodes->items[i], group, stack) && ready;
    return ready;
}

/* A scan's body, fused. Its carries become state: one buffer each, overwritten in every step. */
static graph *fused_body(const node *scan, pass_context *cx) {
    const scan_attributes *a = scan->attributes;
    graph body = *scan->regions[0];
    size_t inputs = body.inputs.count * sizeof *body.inputs.items;
    size_t outputs = body.outputs.count * sizeof *body.outputs.items;
    body.inputs.items = arena_copy(cx->arena, body.inputs.items, inputs);
    body.outputs.items = arena_copy(cx->arena, body.outputs.items, outputs);
    for (int64_t i = 0; i < a->carries; i++) {
        body.inputs.items[a->constants + i].role = INPUT_STATE;
        body.inputs.items[a->constants + i].donated = true;
        body.outputs.items[i].into = (int32_t)(a->constants + i);
    }
    return pass_fuse.run(&body, cx);
}

/* A node without a kernel of its own: a table, a scan with groups in its body. */
static void emit_plain(emission *e, uint32_t id) {
    const node *n = graph_node(e->f->graph, id);
    value *operands = ARENA_ARRAY(arena_of(e), value, n->operand_count);
    for (uint32_t i = 0; i < n->operand_count; i++)
        operands[i] = mapped(e, n->operands[i]);
    node copy = *n;
    bool ok = true;
    copy.regions = ARENA_ARRAY(arena_of(e), graph *, n->region_count);
    for (uint32_t r = 0; r < n->region_count; r++)
        copy.regions[r] = n->op == &op_scan ? fused_body(n, e->f->cx) : n->regions[r];
    for (uint32_t r = 0; r < n->region_count; r++)
        ok = ok && copy.regions[r] != NULL;
    value v = ok ? graph_copy_node(e->to, &copy, operands) : NO_VALUE;
    set_map(e, id, n->result_count);
    for (uint32_t r = 0; r < n->result_count; r++)
        e->map[id][r] = value_is_none(v) ? NO_VALUE : value_result(v, r);
}

/* Emits a node or its group, after everything it reads. */
static void emit_with_operands(emission *e, uint32_t id) {
    id_stack stack = {0};
    vec_push(arena_of(e), &stack, id);
    while (stack.count > 0) {
        uint32_t top = vec_last(&stack), group = e->f->group_of[top];
        bool done = is_done(e, top);
        bool ready = done || (group != 0 ? push_missing_of_group(e, group, &stack)
                                         : push_missing(e, top, 0, &stack));
        if (!ready)
            continue;
        stack.count--;
        if (done)
            continue;
        if (group != 0 && !e->f->groups.items[group].plain)
            emit_group(e, group);
        else
            emit_plain(e, top);
        if (group != 0)
            e->emitted_group[group] = true;
    }
}

/* ---- outputs --------------------------------------------------------------------------- */

static value emit_copy(emission *e, value v) {
    const type *t = value_type(e->f->graph, v);
    text name;
    text_init(&name, arena_of(e));
    text_append(&name, "copy");
    append_shape(&name, t);
    group_attributes attributes = {
        .kind = GROUP_MAP, .name = arena_string(arena_of(e), name.data), .in_place = ""};
    region_builder b = new_region(e, attributes.name);
    graph_add_output(b.region, region_value(e, &b, v), NULL, -1);
    e->f->members.count = 0;
    forget_region(e, &b);
    return add_group(e, &b, &attributes);
}

/* Of outputs that are one value, the one that is made directly: the first that overwrites
 * nothing, because what overwrites state may have to be copied anyway. */
static bool is_made_directly(const graph *g, uint32_t output) {
    const graph_output *o = &g->outputs.items[output];
    for (uint32_t i = 0; i < g->outputs.count; i++) {
        const graph_output *other = &g->outputs.items[i];
        bool before = (other->into < 0) == (o->into < 0) ? i < output : other->into < 0;
        if (i != output && value_equal(other->value, o->value) && before)
            return false;
    }
    return true;
}

/* Whether the value has no memory of its own for this output. */
static bool needs_copy(emission *e, uint32_t output) {
    const graph *g = e->f->graph;
    const graph_output *o = &g->outputs.items[output];
    bool itself = o->into >= 0 && value_equal(g->inputs.items[o->into].value, o->value);
    if (itself)
        return false;
    return fusion_is_source(e->f, o->value.node) || !is_made_directly(g, output);
}

static bool add_graph_outputs(emission *e) {
    const graph *g = e->f->graph;
    for (uint32_t i = 0; i < g->outputs.count; i++) {
        const graph_output *o = &g->outputs.items[i];
        value v = needs_copy(e, i) ? emit_copy(e, o->value) : mapped(e, o->value);
        if (value_is_none(v))
            return false;
        graph_add_output(e->to, v, o->name, o->into);
    }
    return true;
}

graph *fusion_emit(fusion *f) {
    emission e = {.f = f, .to = graph_new(f->cx->arena, f->graph->name)};
    e.map = ARENA_ARRAY(f->cx->arena, value *, f->graph->nodes.count);
    e.inner = ARENA_ARRAY(f->cx->arena, value *, f->graph->nodes.count);
    e.emitted_group = ARENA_ARRAY(f->cx->arena, bool, f->groups.count);
    copy_interface(f->graph, e.to, e.map);
    for (uint32_t id = 1; id < f->graph->nodes.count; id++) {
        bool live = f->users[id].count > 0 || f->is_output[id];
        if (live && !f->free[id] && !is_done(&e, id))
            emit_with_operands(&e, id);
    }
    e.to->location = f->graph->location;
    return add_graph_outputs(&e) && diag_ok(f->cx->diag) ? e.to : NULL;
}
