/* Extraction: the function that some values of the record are.
 *
 * Walks from the wanted values down by operand position, so the order of nodes, of state inputs
 * and the streams of randomness depend on what is computed, never on the order in which the
 * program happened to build it. On the way it binds what the record leaves open: data inputs
 * (with the element type the caller will pass, cast where it differs), variables as state
 * inputs, flags as constants, random streams as a hash of the layer's name, the ordinal of the
 * call and that of the op in it.
 *
 *     flag "training"  ->  constant true;   flag "unfrozen:3"  ->  layer 3 is not frozen
 *
 * Invariant: the extracted graph has the data inputs first, in the caller's order, then one
 * state input per variable; data outputs first, then one per updated variable, into it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/frontend.h"
#include "ir/ops/ops.h"

typedef struct extractor {
    cn_context *c;
    const function_spec *spec;
    extraction *out;
    graph *g;
    const graph *record;
    value **map;           /* record node -> values of g; NULL before it is visited */
    VEC(uint32_t) order;   /* needed record nodes, operands before users */
    uint8_t *seen;         /* record node: 1 entered, 2 listed */
    uint32_t *state_index; /* variable id -> 1 + its place in out->variables */
    bool *updated;         /* by variable id */
    map paths;             /* how many variables have this path */
    map call_places;       /* call -> 1 + its place among the calls of its path */
    map path_calls;        /* hash of a path -> calls of it so far */
    map call_random;       /* call -> random ops of it so far */
} extractor;

/* ---- which nodes ---------------------------------------------------------------------------- */

static void need_variable(extractor *x, variable *v) {
    if (x->state_index[v->id] != 0)
        return;
    vec_push(x->g->arena, &x->out->variables, v);
    x->state_index[v->id] = x->out->variables.count;
    ++*map_put_text(&x->paths, v->path, NULL);
}

static void list_node(extractor *x, uint32_t id) {
    x->seen[id] = 2;
    vec_push(x->g->arena, &x->order, id);
    variable *v = variable_of(x->c, (value){id, 0});
    if (v != NULL)
        need_variable(x, v);
}

/* Depth first without recursion: a node is listed once all its operands are. */
static void need(extractor *x, value root) {
    VEC(uint32_t) stack = {0};
    arena *a = x->g->arena;
    vec_push(a, &stack, root.node);
    while (stack.count > 0) {
        uint32_t id = vec_last(&stack);
        const node *n = graph_node(x->record, id);
        if (x->seen[id] != 0) {
            (void)vec_pop(&stack);
            if (x->seen[id] == 1)
                list_node(x, id);
            continue;
        }
        x->seen[id] = 1;
        for (uint32_t i = n->operand_count; i-- > 0;) {
            if (x->seen[n->operands[i].node] == 0)
                vec_push(a, &stack, n->operands[i].node);
        }
    }
}

static void collect(extractor *x) {
    const function_spec *s = x->spec;
    for (uint32_t i = 0; i < s->input_count; i++)
        x->seen[s->inputs[i].node] = 2; /* ends here */
    for (uint32_t i = 0; i < s->output_count; i++)
        need(x, s->outputs[i].value);
    for (uint32_t i = 0; i < s->update_count; i++)
        need(x, s->updates[i].new_value);
    for (uint32_t i = 0; i < s->update_count; i++)
        need_variable(x, s->updates[i].variable);
}

/* ---- inputs --------------------------------------------------------------------------------- */

static value *map_slot(extractor *x, uint32_t id) {
    if (x->map[id] == NULL) {
        x->map[id] = ARENA_ARRAY(x->g->arena, value, graph_node(x->record, id)->result_count);
    }
    return x->map[id];
}

static void add_data_inputs(extractor *x, value *inputs) {
    const function_spec *s = x->spec;
    for (uint32_t i = 0; i < s->input_count; i++) {
        type t = *value_type(x->record, s->inputs[i]);
        if (s->input_dtypes != NULL)
            t.dtype = s->input_dtypes[i];
        inputs[i] = graph_add_input(x->g, s->input_names[i], t, INPUT_DATA, false);
    }
}

/* "conv2d/kernel"; variables that no model named, and those of two models that are named alike, are
 * numbered by their place. */
static const char *state_name(const extractor *x, const variable *v) {
    const char *name = v->path[0] != 0 ? v->path : v->name;
    if (v->path[0] != 0 && *map_find_text(&x->paths, v->path) == 1)
        return name;
    return arena_format(x->g->arena, "%s:%u", name, x->state_index[v->id]);
}

/* From what the caller passes to what was recorded. */
static value convert_input(extractor *x, value input, cn_dtype wanted) {
    cn_dtype given = value_type(x->g, input)->dtype;
    if (given == wanted)
        return input;
    value v = build_cast(x->g, input, wanted);
    if (x->spec->input_scale == 0 || dtype_is_float(given) || !dtype_is_float(wanted))
        return v;
    value scale = build_constant(x->g, wanted, x->spec->input_scale);
    return build_binary(x->g, &op_mul, v, build_broadcast_scalar(x->g, scale, v));
}

static void add_inputs(extractor *x) {
    const function_spec *s = x->spec;
    value *inputs = ARENA_ARRAY(x->g->arena, value, s->input_count + 1);
    add_data_inputs(x, inputs);
    for (uint32_t i = 0; i < x->out->variables.count; i++) {
        const variable *v = x->out->variables.items[i];
        *map_slot(x, v->node.node) =
            graph_add_input(x->g, state_name(x, v), v->type, INPUT_STATE, x->updated[v->id]);
    }
    for (uint32_t i = 0; i < s->input_count; i++)
        *map_slot(x, s->inputs[i].node) =
            convert_input(x, inputs[i], value_type(x->record, s->inputs[i])->dtype);
}

/* ---- nodes ---------------------------------------------------------------------------------- */

static bool flag_value(const extractor *x, const char *flag) {
    if (strcmp(flag, "training") == 0)
        return x->spec->training;
    const char *words = strchr(flag, ':');
    if (words == NULL)
        return true;
    size_t id = strtoul(words + 1, NULL, 10);
    return !(x->spec->frozen != NULL ? x->spec->frozen[id] : x->c->layers.items[id]->frozen);
}

/* Of the layer's name and those of the models it is nested in. */
static uint64_t hash_path(const cn_context *c, const layer_call *call, uint64_t seed) {
    const char *name = cn_layer_name(call->layer);
    uint64_t h = hash_bytes(name, strlen(name), seed);
    for (uint32_t outer = call->parent; outer != 0; outer = c->calls.items[outer].parent) {
        name = cn_layer_name(c->calls.items[outer].layer);
        h = hash_bytes(name, strlen(name), h);
    }
    return h;
}

/* Which call of its path this is, in the order of the walk: the record's order is C's. */
static uint64_t place_of_call(extractor *x, uint32_t index) {
    bool found;
    uint64_t *place = map_put(&x->call_places, &index, sizeof index, &found);
    if (!found) {
        uint64_t path = hash_path(x->c, &x->c->calls.items[index], 0);
        *place = ++*map_put(&x->path_calls, &path, sizeof path, NULL);
    }
    return *place - 1;
}

/* By path, so that adding a layer elsewhere changes no other layer's randomness, and by the order
 * of the walk within a call. What no model named has a number of its own, so that two functions
 * draw differently. */
static int64_t random_stream(extractor *x, uint32_t id) {
    uint32_t index = x->c->call_of_node.items[id];
    const layer_call *call = &x->c->calls.items[index];
    uint64_t h, ordinal = 0;
    if (call->layer != NULL && cn_layer_name(call->layer)[0] != 0) {
        h = hash_path(x->c, call, place_of_call(x, index));
        ordinal = (*map_put(&x->call_random, &index, sizeof index, NULL))++;
    } else {
        h = hash_bytes("", 0, context_random_place(x->c, id));
    }
    return (int64_t)(uint32_t)hash_combine(h, ordinal);
}

static value copy_random(extractor *x, uint32_t id, const node *n, const value *operands) {
    leaf_attributes a = *(const leaf_attributes *)n->attributes;
    a.stream = random_stream(x, id);
    return graph_add(x->g, &(node_spec){.op = n->op,
                                        .operands = operands,
                                        .operand_count = n->operand_count,
                                        .attributes = &a});
}

static void set_location(extractor *x, uint32_t id) {
    cn_context *c = x->c;
    uint32_t call = id < c->call_of_node.count ? c->call_of_node.items[id] : 0;
    const layer_call *row = &c->calls.items[call];
    cn_source where = call != 0 ? row->where : c->where_of_node.items[id];
    x->g->location =
        (location){.file = where.file == NULL ? NULL : source_file(where),
                   .line = where.line,
                   .layer = call == 0 || row->layer == NULL ? NULL : cn_layer_name(row->layer)};
}

static bool unbound_input(extractor *x, uint32_t id) {
    cn_tensor t = tensor_of(x->c, (value){id, 0});
    return diag_fail(&x->c->diag, CN_ERROR_GRAPH,
                     "\"%s\": an output depends on the input %s, which is not among the inputs",
                     x->spec->name, tensor_describe(t));
}

static bool copy_node(extractor *x, uint32_t id) {
    const node *n = graph_node(x->record, id);
    if (x->map[id] != NULL)
        return true; /* an input */
    if (n->op == &op_input)
        return unbound_input(x, id);
    value *operands = ARENA_ARRAY(x->g->arena, value, n->operand_count);
    for (uint32_t i = 0; i < n->operand_count; i++) {
        operands[i] = x->map[n->operands[i].node][n->operands[i].result];
    }
    set_location(x, id);
    value v;
    if (n->op == &op_flag) {
        v = build_constant(x->g, CN_BOOL,
                           flag_value(x, ((const leaf_attributes *)n->attributes)->flag));
    } else {
        v = n->op == &op_rng_bits ? copy_random(x, id, n, operands)
                                  : graph_copy_node(x->g, n, operands);
    }
    value *slot = map_slot(x, id);
    for (uint32_t r = 0; r < n->result_count; r++)
        slot[r] = value_result(v, r);
    return !value_is_none(v);
}

static void add_outputs(extractor *x) {
    const function_spec *s = x->spec;
    for (uint32_t i = 0; i < s->output_count; i++) {
        value v = s->outputs[i].value;
        graph_add_output(x->g, x->map[v.node][v.result], s->outputs[i].name, -1);
    }
    for (uint32_t i = 0; i < s->update_count; i++) {
        const update *u = &s->updates[i];
        uint32_t input = s->input_count + x->state_index[u->variable->id] - 1;
        graph_add_output(x->g, x->map[u->new_value.node][u->new_value.result],
                         state_name(x, u->variable), (int32_t)input);
    }
}

/* A variable has one new value; two updates of one would race. */
static bool check_updates(extractor *x) {
    const function_spec *s = x->spec;
    x->updated = ARENA_ARRAY(x->g->arena, bool, x->c->variables.count + 1);
    for (uint32_t i = 0; i < s->update_count; i++) {
        const variable *v = s->updates[i].variable;
        if (x->updated[v->id]) {
            return diag_fail(&x->c->diag, CN_ERROR_GRAPH, "\"%s\" updates \"%s\" twice", s->name,
                             v->path[0] != 0 ? v->path : v->name);
        }
        x->updated[v->id] = true;
    }
    return true;
}

bool extract_function(cn_context *c, const function_spec *spec, arena *a, extraction *out) {
    *out = (extraction){.graph = graph_new(a, spec->name)};
    extractor x = {.c = c, .spec = spec, .out = out, .g = out->graph, .record = c->record};
    x.map = ARENA_ARRAY(a, value *, c->record->nodes.count);
    x.seen = ARENA_ARRAY(a, uint8_t, c->record->nodes.count);
    x.state_index = ARENA_ARRAY(a, uint32_t, c->variables.count + 1);
    map_init(&x.paths, a);
    map_init(&x.call_places, a);
    map_init(&x.path_calls, a);
    map_init(&x.call_random, a);
    if (!check_updates(&x))
        return false;
    collect(&x);
    add_inputs(&x);
    for (uint32_t i = 0; i < x.order.count; i++) {
        if (!copy_node(&x, x.order.items[i]))
            return false;
    }
    add_outputs(&x);
    return diag_ok(&c->diag);
}
