/* A model as it stands in a file: its operations, in Keras' order.
 *
 * Keras numbers weights by the order of layers, and finds that order by itself when it opens the
 * file: by depth, the longest distance to an output, deepest first, ties by the order of discovery
 * from the outputs. Ops between layers take part in that, and what is one op of ours may be none in
 * the file (a constant) or stand for itself; so the order is found here, on what is written.
 * Source: keras/src/ops/function.py, map_graph.
 */
#include <stdlib.h>

#include "frontend/keras/write_graph.h"
#include "frontend/model.h"

typedef struct builder {
    const cn_model *m;
    const graph *g;
    arena *a;
    keras_writer *w; /* NULL: nobody wants to know */
    file_graph *out;
    map row_of_layer; /* layer id -> row */
    map names;        /* taken by layers, and given to ops */
    bool ok;
} builder;

static uint64_t tensor_key(cn_tensor t) {
    return (uint64_t)t.node << 32 | t.result;
}

/* What an op's operand is in the file: inline ops that only pass on are passed over. */
static cn_tensor written_tensor(const builder *b, cn_tensor t) {
    for (;;) {
        uint64_t key = tensor_key(t);
        if (map_find(&b->out->call_of_tensor, &key, sizeof key) != NULL)
            return t;
        const node *n = graph_node(b->g, t.node);
        if (!keras_op_is_inline(b->g, t.node) || n->operand_count == 0)
            return t;
        t = tensor_of(t.context, n->operands[0]);
    }
}

static void add_call(builder *b, uint32_t row, uint32_t call, uint32_t id, const cn_tensor *outputs,
                     uint32_t output_count) {
    file_row *r = &b->out->rows.items[row];
    file_call made = {.row = row, .index = r->calls.count, .call = call, .node = id};
    vec_push(b->a, &r->calls, b->out->calls.count);
    vec_push(b->a, &b->out->calls, made);
    for (uint32_t i = 0; i < output_count; i++) {
        uint64_t key = tensor_key(outputs[i]);
        *map_put(&b->out->call_of_tensor, &key, sizeof key, NULL) =
            (uint64_t)b->out->calls.count << 8 | i;
    }
}

static void add_layer_call(builder *b, uint32_t id) {
    const layer_call *call = &b->m->context->calls.items[id];
    bool found;
    uint64_t *row = map_put(&b->row_of_layer, &call->layer->id, sizeof call->layer->id, &found);
    if (!found) {
        *row = b->out->rows.count;
        vec_push(b->a, &b->out->rows, (file_row){.layer = call->layer, .name = call->layer->name});
    }
    add_call(b, (uint32_t)*row, id, 0, call->outputs, call->output_count);
}

/* relu, relu_1, ...: not a name of a layer. */
static const char *op_name(builder *b, const char *class_name) {
    const char *stem = snake_case(b->a, class_name), *name = stem;
    bool taken;
    map_put_text(&b->names, name, &taken);
    while (taken) {
        uint64_t k = ++*map_find_text(&b->names, stem);
        name = arena_format(b->a, "%s_%llu", stem, (unsigned long long)k);
        map_put_text(&b->names, name, &taken);
    }
    return name;
}

static void add_op(builder *b, uint32_t id) {
    file_row row = {0};
    if (keras_op_is_inline(b->g, id))
        return;
    if (!keras_op_spelling(b->g, id, &row.module, &row.class_name)) {
        const char *place =
            arena_format(b->a, "op %s between layers", graph_node(b->g, id)->op->name);
        if (b->w != NULL)
            keras_write_problem(b->w, place, "Keras has no such op%s", "");
        b->ok = false;
        return;
    }
    row.name = op_name(b, row.class_name);
    vec_push(b->a, &b->out->rows, row);
    cn_tensor result = tensor_of(b->m->context, (value){id, 0});
    add_call(b, b->out->rows.count - 1, 0, id, &result, 1);
}

/* ---- operands --------------------------------------------------------------------------- */

static void link_inputs(builder *b) {
    cn_context *c = b->m->context;
    for (uint32_t i = 0; i < b->out->calls.count; i++) {
        file_call *call = &b->out->calls.items[i];
        const layer_call *layer = call->call == 0 ? NULL : &c->calls.items[call->call];
        const node *n = layer != NULL ? NULL : graph_node(b->g, call->node);
        call->input_count = layer != NULL ? layer->input_count : n->operand_count;
        cn_tensor *inputs = ARENA_ARRAY(b->a, cn_tensor, call->input_count + 1);
        for (uint32_t k = 0; k < call->input_count; k++) /* a layer's shapes are its own matter */
            inputs[k] =
                layer != NULL ? layer->inputs[k] : written_tensor(b, tensor_of(c, n->operands[k]));
        call->inputs = inputs;
    }
}

/* The call that makes a tensor; UINT32_MAX for constants and what the model begins at. */
static uint32_t maker(const file_graph *g, cn_tensor t) {
    uint64_t key = tensor_key(t);
    const uint64_t *found = map_find(&g->call_of_tensor, &key, sizeof key);
    return found == NULL ? UINT32_MAX : (uint32_t)(*found >> 8) - 1;
}

/* ---- Keras' order ----------------------------------------------------------------------- */

typedef struct ranking {
    const file_graph *g;
    arena *a;
    uint32_t *depth_of_call, *depth_of_row, *found_of_row, found_count;
    uint32_t *next; /* of each call, the next operand of the walk */
    bool *seen;
    VEC(uint32_t) order; /* calls, operands first */
} ranking;

static void discover(ranking *k, uint32_t call) {
    uint32_t *found = &k->found_of_row[k->g->calls.items[call].row];
    if (*found == 0)
        *found = ++k->found_count;
    k->seen[call] = true;
}

static void walk_from(ranking *k, uint32_t root) {
    VEC(uint32_t) stack = {0};
    if (root == UINT32_MAX || k->seen[root])
        return;
    discover(k, root);
    vec_push(k->a, &stack, root);
    while (stack.count > 0) {
        uint32_t here = vec_last(&stack);
        const file_call *call = &k->g->calls.items[here];
        if (k->next[here] == call->input_count) {
            vec_push(k->a, &k->order, here);
            (void)vec_pop(&stack);
            continue;
        }
        uint32_t below = maker(k->g, call->inputs[k->next[here]++]);
        if (below == UINT32_MAX || k->seen[below])
            continue;
        discover(k, below);
        vec_push(k->a, &stack, below);
    }
}

static void deepen(uint32_t *depth, uint32_t least) {
    if (*depth < least)
        *depth = least;
}

static void measure(ranking *k) {
    for (uint32_t i = k->order.count; i-- > 0;) {
        uint32_t here = k->order.items[i];
        const file_call *call = &k->g->calls.items[here];
        deepen(&k->depth_of_call[here], k->depth_of_row[call->row]);
        deepen(&k->depth_of_row[call->row], k->depth_of_call[here]);
        for (uint32_t j = 0; j < call->input_count; j++) {
            uint32_t below = maker(k->g, call->inputs[j]);
            if (below != UINT32_MAX)
                deepen(&k->depth_of_call[below], k->depth_of_call[here] + 1);
        }
    }
}

typedef struct ranked_row {
    uint32_t depth, found, row;
} ranked_row;

static int by_depth(const void *x, const void *y) {
    const ranked_row *a = x, *b = y;
    if (a->depth != b->depth)
        return a->depth > b->depth ? -1 : 1;
    return a->found < b->found ? -1 : a->found > b->found;
}

/* Rows, and with them the numbers in the calls, move to their places. */
static void sort_rows(file_graph *g, const ranking *k, arena *a) {
    uint32_t count = g->rows.count;
    ranked_row *ranked = ARENA_ARRAY(a, ranked_row, count + 1);
    file_row *rows = ARENA_ARRAY(a, file_row, count + 1);
    uint32_t *place = ARENA_ARRAY(a, uint32_t, count + 1);
    for (uint32_t i = 0; i < count; i++)
        ranked[i] = (ranked_row){k->depth_of_row[i], k->found_of_row[i], i};
    if (count > 0)
        qsort(ranked, count, sizeof *ranked, by_depth);
    for (uint32_t i = 0; i < count; i++) {
        rows[i] = g->rows.items[ranked[i].row];
        place[ranked[i].row] = i;
    }
    g->rows.items = rows;
    for (uint32_t i = 0; i < g->calls.count; i++)
        g->calls.items[i].row = place[g->calls.items[i].row];
}

static void rank_rows(builder *b) {
    const file_graph *g = b->out;
    uint32_t calls = g->calls.count + 1, rows = g->rows.count + 1;
    ranking k = {.g = g,
                 .a = b->a,
                 .depth_of_call = ARENA_ARRAY(b->a, uint32_t, calls),
                 .depth_of_row = ARENA_ARRAY(b->a, uint32_t, rows),
                 .found_of_row = ARENA_ARRAY(b->a, uint32_t, rows),
                 .next = ARENA_ARRAY(b->a, uint32_t, calls),
                 .seen = ARENA_ARRAY(b->a, bool, calls)};
    for (uint32_t i = 0; i < b->m->outputs.count; i++)
        walk_from(&k, maker(g, b->m->outputs.items[i].tensor));
    for (uint32_t i = 0; i < b->m->inputs.count; i++)
        walk_from(&k, maker(g, b->m->inputs.items[i]));
    measure(&k);
    sort_rows(b->out, &k, b->a);
}

/* ---- the whole -------------------------------------------------------------------------- */

static bool is_step(const cn_model *m, uint32_t call) {
    return m->context->calls.items[call].layer->class == &input_class;
}

bool keras_file_graph(const cn_model *m, arena *a, keras_writer *w, file_graph *out) {
    builder b = {.m = m, .g = m->context->record, .a = a, .w = w, .out = out, .ok = true};
    *out = (file_graph){.model = m};
    map_init(&out->call_of_tensor, a);
    map_init(&b.row_of_layer, a);
    map_init(&b.names, a);
    for (uint32_t i = 0; i < m->layers.count; i++)
        map_put_text(&b.names, m->layers.items[i]->name, NULL);
    for (uint32_t i = 0; i < m->calls.count; i++)
        if (is_step(m, m->calls.items[i]))
            add_layer_call(&b, m->calls.items[i]);
    for (uint32_t i = 0; i < m->steps.count; i++) {
        uint64_t step = m->steps.items[i];
        if (step & STEP_OP)
            add_op(&b, (uint32_t)step);
        else
            add_layer_call(&b, (uint32_t)step);
    }
    link_inputs(&b);
    rank_rows(&b);
    return b.ok;
}
