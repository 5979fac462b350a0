/* The network of a profile: a row for each call of a layer, and for those inside nested models.
 *
 * A call's inputs are the calls that made its operands, on its own level; ops between layers have
 * no row, so the search goes through them to the calls behind.
 */
#include <string.h>

#include "frontend/model.h"
#include "frontend/profile.h"

typedef VEC(int) row_list;

typedef struct network {
    const cn_context *c;
    arena *arena;
    VEC(cn_profile_layer) layers;
    int *row_of; /* call -> 1 + row */
    bool *seen;  /* record nodes of the current search */
} network;

static const char *output_words(const network *n, const layer_call *call) {
    text words;
    text_init(&words, n->arena);
    for (uint32_t i = 0; i < call->output_count; i++) {
        text_append(&words, i > 0 ? ", " : "");
        text_type(&words, tensor_type(call->outputs[i]));
    }
    return words.data;
}

/* ---- where operands come from ----------------------------------------------------------- */

/* The row of the call a node was made in, or of one around it, as a part of `outer`. */
static int row_at_level(const network *n, uint32_t id, int outer) {
    for (uint32_t call = n->c->call_of_node.items[id]; call != 0;
         call = n->c->calls.items[call].parent) {
        int row = n->row_of[call] - 1;
        if (row >= 0 && n->layers.items[row].outer == outer)
            return row;
    }
    return -1;
}

static bool holds(const row_list *rows, int row) {
    for (uint32_t i = 0; i < rows->count; i++)
        if (rows->items[i] == row)
            return true;
    return false;
}

/* Without recursion: ops between layers may be many. */
static void find_makers(network *n, uint32_t root, int outer, row_list *rows) {
    VEC(uint32_t) stack = {0};
    vec_push(n->arena, &stack, root);
    while (stack.count > 0) {
        uint32_t id = vec_pop(&stack);
        if (id == 0 || n->seen[id])
            continue;
        n->seen[id] = true;
        int row = row_at_level(n, id, outer);
        if (row >= 0 && !holds(rows, row))
            vec_push(n->arena, rows, row);
        const node *made = graph_node(n->c->record, id);
        for (uint32_t i = made->operand_count; row < 0 && i-- > 0;)
            vec_push(n->arena, &stack, made->operands[i].node);
    }
}

static void add_inputs(network *n, const layer_call *call, int row) {
    row_list rows = {0};
    cn_profile_layer *l = &n->layers.items[row];
    memset(n->seen, 0, n->c->record->nodes.count * sizeof *n->seen);
    for (uint32_t i = 0; i < call->input_count; i++)
        find_makers(n, call->inputs[i].node, l->outer, &rows);
    l->inputs = rows.items;
    l->input_count = rows.count;
}

/* ---- rows ------------------------------------------------------------------------------- */

static int add_row(network *n, uint32_t id, int outer) {
    const layer_call *call = &n->c->calls.items[id];
    const char *file = call->where.file == NULL ? NULL : source_file(call->where);
    vec_push(n->arena, &n->layers,
             (cn_profile_layer){.name = cn_layer_name(call->layer),
                                .class_name = call->layer->class_name,
                                .output = output_words(n, call),
                                .parameters = layer_parameters(call->layer),
                                .file = file,
                                .line = call->where.line,
                                .outer = outer});
    n->row_of[id] = (int)n->layers.count;
    return (int)n->layers.count - 1;
}

/* A call, then those made inside of it; models nest a few deep. */
static void add_call(network *n, uint32_t id, int outer) {
    int row = add_row(n, id, outer);
    add_inputs(n, &n->c->calls.items[id], row);
    for (uint32_t inner = 1; inner < n->c->calls.count; inner++)
        if (n->c->calls.items[inner].parent == id && n->c->calls.items[inner].layer != NULL)
            add_call(n, inner, row);
}

void profile_layers(const cn_model *m, arena *a, cn_profile *out) {
    network n = {.c = m->context, .arena = a};
    n.row_of = ARENA_ARRAY(a, int, n.c->calls.count + 1);
    n.seen = ARENA_ARRAY(a, bool, n.c->record->nodes.count);
    for (uint32_t i = 0; i < m->calls.count; i++)
        add_call(&n, m->calls.items[i], -1);
    out->layers = n.layers.items;
    out->layer_count = n.layers.count;
}
