/* Building graphs, and the questions everybody asks of them: uses, liveness, equality.
 *
 * A graph only grows: nodes are appended and get the types their op infers, so whatever is in
 * a graph was well typed when it entered. Passes never edit a graph, they make the next one
 * (rewrite.c). A failed construction yields NO_VALUE, which every later construction passes
 * on, so builders check nothing and the first message is the one that is kept.
 *
 * Hash and equality are structural: two graphs are equal when they compute the same in the same
 * order; names of inputs and places in the user's program do not count.
 */
#include <assert.h>
#include <string.h>

#include "base/map.h"
#include "ir/ir.h"
#include "ir/ops/ops.h"

graph *graph_new(arena *a, const char *name) {
    graph *g = ARENA_NEW(a, graph);
    g->arena = a;
    g->name = name == NULL ? NULL : arena_string(a, name);
    vec_push(a, &g->nodes, (node){0}); /* so that {0, 0} is no value */
    return g;
}

value graph_add_input(graph *g, const char *name, type t, input_role role, bool donated) {
    assert(g->nodes.count == g->inputs.count + 1); /* inputs are the first nodes */
    leaf_attributes attributes = {.dtype = t.dtype, .shape.count = t.rank};
    memcpy(attributes.shape.items, t.dims, (size_t)t.rank * sizeof(dim));
    value v = graph_add(g, &(node_spec){.op = &op_input, .attributes = &attributes});
    if (value_is_none(v))
        return v;
    graph_input input = {.value = v, .role = role, .donated = donated};
    input.name = name == NULL ? NULL : arena_string(g->arena, name);
    vec_push(g->arena, &g->inputs, input);
    return v;
}

void graph_add_output(graph *g, value v, const char *name, int32_t into) {
    graph_output output = {.value = v, .into = into};
    output.name = name == NULL ? NULL : arena_string(g->arena, name);
    vec_push(g->arena, &g->outputs, output);
}

/* ---- adding nodes -------------------------------------------------------------------- */

static node node_of(graph *g, const node_spec *spec) {
    node n = {.op = spec->op, .operand_count = spec->operand_count, .location = g->location};
    n.operands = arena_copy(g->arena, spec->operands, n.operand_count * sizeof(value));
    const attribute_schema *schema = spec->op->attributes;
    if (schema != NULL) {
        const void *given = spec->attributes;
        if (given == NULL)
            given = arena_alloc(g->arena, schema->size);
        n.attributes = attributes_copy(schema, given, g->arena);
    }
    n.region_count = spec->region_count;
    n.regions = arena_copy(g->arena, spec->regions, n.region_count * sizeof(graph *));
    n.result_count = spec->op->count_results == NULL ? 1 : spec->op->count_results(&n);
    n.types = ARENA_ARRAY(g->arena, type, n.result_count);
    return n;
}

static bool infer_types(const graph *g, node *n, diagnostics *d) {
    bool first = diag_ok(d);
    if (n->op->operand_count >= 0 && n->operand_count != (uint32_t)n->op->operand_count)
        diag_fail(d, CN_ERROR_GRAPH, "%s takes %d operands, got %u", n->op->name,
                  n->op->operand_count, n->operand_count);
    else if (n->op->infer(g, n, n->types, d))
        return true;
    if (first && n->location.file != NULL)
        diag_prefix(d, "%s:%d: ", n->location.file, n->location.line);
    return false;
}

value graph_add(graph *g, const node_spec *spec) {
    for (uint32_t i = 0; i < spec->operand_count; i++) {
        if (value_is_none(spec->operands[i]))
            return NO_VALUE;
        assert(spec->operands[i].node < g->nodes.count);
    }
    node n = node_of(g, spec);
    if (!infer_types(g, &n, arena_diagnostics(g->arena)))
        return NO_VALUE;
    vec_push(g->arena, &g->nodes, n);
    return (value){g->nodes.count - 1, 0};
}

/* ---- uses ------------------------------------------------------------------------------ */

uint32_t *graph_count_uses(const graph *g, arena *a) {
    uint32_t *uses = ARENA_ARRAY(a, uint32_t, g->nodes.count);
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        const node *n = graph_node(g, id);
        for (uint32_t i = 0; i < n->operand_count; i++)
            uses[n->operands[i].node]++;
    }
    for (uint32_t i = 0; i < g->outputs.count; i++)
        uses[g->outputs.items[i].value.node]++;
    return uses;
}

bool *graph_live_nodes(const graph *g, arena *a) {
    bool *live = ARENA_ARRAY(a, bool, g->nodes.count);
    for (uint32_t i = 0; i < g->outputs.count; i++)
        live[g->outputs.items[i].value.node] = true;
    for (uint32_t id = g->nodes.count; id-- > 1;) {
        const node *n = graph_node(g, id);
        for (uint32_t i = 0; live[id] && i < n->operand_count; i++)
            live[n->operands[i].node] = true;
    }
    return live;
}

/* ---- structural hash and equality ------------------------------------------------------- */

static uint64_t type_hash(const type *t, uint64_t h) {
    h = hash_combine(h, (uint64_t)t->dtype * 16 + (uint64_t)t->rank);
    for (int i = 0; i < t->rank; i++)
        h = hash_combine(h, (uint64_t)t->dims[i].count * 2 + t->dims[i].symbolic);
    return h;
}

static uint64_t value_hash(value v, uint64_t h) {
    return hash_combine(h, (uint64_t)v.node << 32 | v.result);
}

uint64_t node_hash(const node *n, uint64_t h) {
    h = hash_bytes(n->op->name, strlen(n->op->name), h);
    for (uint32_t i = 0; i < n->operand_count; i++)
        h = value_hash(n->operands[i], h);
    for (uint32_t i = 0; i < n->result_count; i++)
        h = type_hash(&n->types[i], h);
    for (uint32_t i = 0; i < n->region_count; i++)
        h = hash_combine(h, graph_hash(n->regions[i]));
    if (n->op->attributes != NULL)
        h = hash_combine(h, attributes_hash(n->op->attributes, n->attributes));
    return h;
}

uint64_t graph_hash(const graph *g) {
    uint64_t h = hash_combine(g->nodes.count, (uint64_t)g->bound_batch);
    for (uint32_t id = 1; id < g->nodes.count; id++)
        h = node_hash(graph_node(g, id), h);
    for (uint32_t i = 0; i < g->inputs.count; i++)
        h = hash_combine(h, (uint64_t)g->inputs.items[i].role * 2 + g->inputs.items[i].donated);
    for (uint32_t i = 0; i < g->outputs.count; i++) {
        h = value_hash(g->outputs.items[i].value, h);
        h = hash_combine(h, (uint64_t)(int64_t)g->outputs.items[i].into);
    }
    return h;
}

bool node_equal(const node *a, const node *b) {
    if (a->op != b->op || a->operand_count != b->operand_count ||
        a->result_count != b->result_count || a->region_count != b->region_count)
        return false;
    for (uint32_t i = 0; i < a->operand_count; i++)
        if (!value_equal(a->operands[i], b->operands[i]))
            return false;
    for (uint32_t i = 0; i < a->result_count; i++)
        if (!type_equal(&a->types[i], &b->types[i]))
            return false;
    for (uint32_t i = 0; i < a->region_count; i++)
        if (!graph_equal(a->regions[i], b->regions[i]))
            return false;
    return a->op->attributes == NULL ||
           attributes_equal(a->op->attributes, a->attributes, b->attributes);
}

static bool interfaces_equal(const graph *a, const graph *b) {
    for (uint32_t i = 0; i < a->inputs.count; i++) {
        const graph_input *x = &a->inputs.items[i], *y = &b->inputs.items[i];
        if (!value_equal(x->value, y->value) || x->role != y->role || x->donated != y->donated)
            return false;
    }
    for (uint32_t i = 0; i < a->outputs.count; i++) {
        const graph_output *x = &a->outputs.items[i], *y = &b->outputs.items[i];
        if (!value_equal(x->value, y->value) || x->into != y->into)
            return false;
    }
    return true;
}

bool graph_equal(const graph *a, const graph *b) {
    if (a == b)
        return true;
    if (a->nodes.count != b->nodes.count || a->inputs.count != b->inputs.count ||
        a->outputs.count != b->outputs.count || a->bound_batch != b->bound_batch)
        return false;
    for (uint32_t id = 1; id < a->nodes.count; id++)
        if (!node_equal(graph_node(a, id), graph_node(b, id)))
            return false;
    return interfaces_equal(a, b);
}
