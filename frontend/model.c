/* Models: what lies between inputs and outputs, and everything that is given by that order.
 *
 * A model is a set of steps: layer calls, and ops that stand between layers. They are found by a
 * walk from the outputs by operand position. The order of layers is Keras' (keras.md 5.1): by
 * depth, the longest distance to the outputs, deepest first, ties by the order of discovery; so
 * is the order in which steps follow each other. Names, weights' paths and the order of weights
 * follow from it, so they depend on the network and not on the order in which C evaluated the
 * program.
 *
 * A model is a layer too: applied to other tensors, it takes its own steps again, on them, with
 * the same weights (model_call).
 */
#include "frontend/model.h"

#include "frontend/history.h"
#include "frontend/state.h"

#include <stdlib.h>
#include <string.h>

/* ---- the walk --------------------------------------------------------------------------- */

/* A step is a call index, or STEP_OP | node for an op between layers. */
typedef struct walk {
    cn_context *c;
    cn_model *m;
    map index;            /* step -> 1 + place in `steps` */
    VEC(walk_step) steps; /* in order of discovery */
    VEC(uint32_t) order;  /* places in `steps`, operands first */
} walk;

/* The outermost call a node was made in: inside a nested model, the model's own call. */
static uint32_t outer_call(const cn_context *c, uint32_t id) {
    uint32_t call = c->call_of_node.items[id];
    while (c->calls.items[call].parent != 0)
        call = c->calls.items[call].parent;
    return call;
}

static bool is_input_of(const cn_model *m, uint32_t id) {
    for (uint32_t i = 0; i < m->inputs.count; i++) {
        if (m->inputs.items[i].node == id)
            return true;
    }
    return false;
}

/* The step that makes a record node; 0 for weights, which are nobody's step. */
static uint64_t step_of(const walk *w, uint32_t id) {
    if (variable_of(w->c, (value){id, 0}) != NULL)
        return 0;
    uint32_t call = outer_call(w->c, id);
    if (call != 0)
        return call;
    return STEP_OP | id;
}

static uint32_t operand_count(const walk *w, uint64_t id) {
    if (id & STEP_OP)
        return graph_node(w->c->record, (uint32_t)id)->operand_count;
    return w->c->calls.items[id].input_count;
}

static uint32_t operand_node(const walk *w, uint64_t id, uint32_t i) {
    if (id & STEP_OP)
        return graph_node(w->c->record, (uint32_t)id)->operands[i].node;
    return w->c->calls.items[id].inputs[i].node;
}

static bool cuts(const walk *w, uint64_t id) {
    if (id & STEP_OP)
        return is_input_of(w->m, (uint32_t)id);
    const layer_call *call = &w->c->calls.items[id];
    for (uint32_t i = 0; i < call->output_count; i++) {
        if (is_input_of(w->m, call->outputs[i].node))
            return true;
    }
    return false;
}

static uint32_t discover(walk *w, uint64_t id) {
    bool found;
    uint64_t *place = map_put(&w->index, &id, sizeof id, &found);
    if (!found) {
        *place = w->steps.count + 1u;
        vec_push(w->c->arena, &w->steps, (walk_step){.id = id, .is_input = cuts(w, id)});
    }
    return (uint32_t)*place - 1;
}

/* Depth first without recursion; `next` counts the operands already entered. */
static void walk_from(walk *w, uint32_t id) {
    arena *a = w->c->arena;
    VEC(uint32_t) stack = {0};
    uint64_t root = step_of(w, id);
    if (root == 0)
        return;
    vec_push(a, &stack, discover(w, root));
    while (stack.count > 0) {
        uint32_t here = vec_last(&stack);
        walk_step *s = &w->steps.items[here];
        if (s->listed || s->is_input || s->next == operand_count(w, s->id)) {
            if (!s->listed)
                vec_push(a, &w->order, here);
            s->listed = true;
            (void)vec_pop(&stack);
            continue;
        }
        uint64_t below = step_of(w, operand_node(w, s->id, s->next++));
        if (below == 0)
            continue;
        uint32_t place = discover(w, below);
        if (!w->steps.items[place].listed)
            vec_push(a, &stack, place);
    }
}

/* The layer call that a step of the model is; NULL for ops between layers, and for the layer
 * that made a tensor the model begins at. */
static const layer_call *call_of_step(const walk *w, const walk_step *s) {
    const layer_call *call = s->id & STEP_OP ? NULL : &w->c->calls.items[s->id];
    return call != NULL && s->is_input && call->layer->class != &input_class ? NULL : call;
}

static void meet(walk_step *s, uint32_t *met) {
    if (s->met == 0)
        s->met = ++*met;
}

/* Keras' map_graph. Users come after what they use in `order`, so a backward sweep sees every user
 * first. A call is at least as deep as the calls of its layer that the sweep saw before it. */
static void measure_depths(walk *w) {
    map deepest; /* layer -> depth */
    uint32_t met = 0;
    map_init(&deepest, w->c->arena);
    for (uint32_t i = w->order.count; i-- > 0;) {
        walk_step *s = &w->steps.items[w->order.items[i]];
        const layer_call *call = call_of_step(w, s);
        meet(s, &met);
        if (call != NULL) {
            uint64_t *depth = map_put(&deepest, &call->layer->id, sizeof call->layer->id, NULL);
            s->depth = s->depth < *depth ? (uint32_t)*depth : s->depth;
            *depth = s->depth;
        }
        for (uint32_t k = 0; !s->is_input && k < operand_count(w, s->id); k++) {
            uint64_t below = step_of(w, operand_node(w, s->id, k));
            if (below == 0)
                continue;
            walk_step *b = &w->steps.items[*map_find(&w->index, &below, sizeof below) - 1];
            meet(b, &met);
            if (b->depth < s->depth + 1)
                b->depth = s->depth + 1;
        }
    }
}

typedef struct ranked_step {
    uint32_t place, depth, met;
} ranked_step;

static int by_depth_and_meeting(const void *a, const void *b) {
    const ranked_step *x = a, *y = b;
    if (x->depth != y->depth)
        return x->depth > y->depth ? -1 : 1;
    return x->met < y->met ? -1 : x->met > y->met;
}

/* The order in which Keras runs them, which shows where a layer with state is called twice. */
static void order_steps(walk *w) {
    uint32_t count = w->order.count;
    ranked_step *ranked = ARENA_ARRAY(w->c->arena, ranked_step, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t place = w->order.items[i];
        const walk_step *s = &w->steps.items[place];
        ranked[i] = (ranked_step){place, s->depth, s->met};
    }
    if (count > 0)
        qsort(ranked, count, sizeof *ranked, by_depth_and_meeting);
    for (uint32_t i = 0; i < count; i++)
        w->order.items[i] = ranked[i].place;
}

/* ---- layers in Keras' order, and their names -------------------------------------------- */

typedef struct ranked_layer {
    cn_layer *layer;
    uint32_t depth, found;
} ranked_layer;

static int by_depth(const void *a, const void *b) {
    const ranked_layer *x = a, *y = b;
    if (x->depth != y->depth)
        return x->depth > y->depth ? -1 : 1;
    return x->found < y->found ? -1 : x->found > y->found;
}

static void rank_layers(walk *w) {
    arena *a = w->c->arena;
    VEC(ranked_layer) ranked = {0};
    map places;
    map_init(&places, a);
    for (uint32_t i = 0; i < w->steps.count; i++) {
        const walk_step *s = &w->steps.items[i];
        const layer_call *call = call_of_step(w, s);
        if (call == NULL)
            continue;
        cn_layer *layer = call->layer;
        bool found;
        uint64_t *place = map_put(&places, &layer->id, sizeof layer->id, &found);
        if (!found) {
            *place = ranked.count;
            vec_push(a, &ranked, (ranked_layer){layer, s->depth, i});
        }
        if (ranked.items[*place].depth < s->depth)
            ranked.items[*place].depth = s->depth;
    }
    if (ranked.count > 0)
        qsort(ranked.items, ranked.count, sizeof *ranked.items, by_depth);
    for (uint32_t i = 0; i < ranked.count; i++)
        vec_push(a, &w->m->layers, ranked.items[i].layer);
}

/* Names of one model, or of what a custom layer holds: who has them, and the last number given. */
typedef struct name_table {
    arena *arena;
    map owner;  /* name -> 1 + place of its layer */
    map number; /* automatic stem -> numbers tried */
} name_table;

static const char *automatic_name(name_table *t, const cn_layer *layer) {
    const char *stem = snake_case(t->arena, layer->class_name), *name = stem;
    bool found;
    uint64_t *number = map_put_text(&t->number, stem, &found);
    for (; map_find_text(&t->owner, name) != NULL; ++*number) {
        name = arena_format(t->arena, "%s_%llu", stem, (unsigned long long)*number + 1);
    }
    return name;
}

/* Only names that were given can clash: automatic ones of other models are what they are. */
static bool name_all(cn_context *c, cn_source where, cn_layer *const *layers, uint32_t count) {
    name_table t = {.arena = c->arena};
    map_init(&t.owner, c->arena);
    map_init(&t.number, c->arena);
    for (uint32_t i = 0; i < count; i++) {
        cn_layer *l = layers[i];
        if (l->name == NULL)
            l->name = l->given_name;
        if (l->name == NULL)
            continue;
        bool found;
        uint64_t *owner = map_put_text(&t.owner, l->name, &found);
        if (found && l->given_name != NULL && layers[*owner - 1]->given_name != NULL) {
            return context_fail(
                c, where, CN_ERROR_INVALID_ARGUMENT,
                "model: two layers are named \"%s\", one made at %s; names in a model differ",
                l->name, source_text(l->where).words);
        }
        if (!found)
            *owner = i + 1u;
    }
    for (uint32_t i = 0; i < count; i++) {
        cn_layer *l = layers[i];
        if (l->name != NULL)
            continue;
        l->name = automatic_name(&t, l);
        *map_put_text(&t.owner, l->name, NULL) = i + 1u;
    }
    return true;
}

/* ---- weights in Keras' order ------------------------------------------------------------ */

typedef struct weight_list {
    cn_model *m;
    map known; /* variable ids */
    map names; /* -> how often it was asked for */
} weight_list;

/* Its path, as in Keras; a nested model may bring a second "dense/kernel": then
 * "dense/kernel:1". */
static const char *weight_name(weight_list *w, const variable *v) {
    const char *name = v->path;
    bool taken;
    map_put_text(&w->names, name, &taken);
    while (taken) {
        uint64_t k = ++*map_find_text(&w->names, v->path);
        name = arena_format(w->m->context->arena, "%s:%llu", v->path, (unsigned long long)k);
        map_put_text(&w->names, name, &taken);
    }
    return name;
}

static void add_weight(weight_list *w, variable *v) {
    bool known;
    map_put(&w->known, &v->id, sizeof v->id, &known);
    if (known)
        return;
    const char *name = weight_name(w, v);
    vec_push(w->m->context->arena, &w->m->weight_names, name);
    vec_push(w->m->context->arena, &w->m->weights, v);
}

/* `path` is the layer's: its name, after those of custom layers around it. */
static bool own_weights(weight_list *w, cn_layer *l, const char *path) {
    cn_model *m = w->m;
    for (int trainable = 1; trainable >= 0; trainable--) {
        for (uint32_t i = 0; i < l->weights.count; i++) {
            variable *v = l->weights.items[i];
            if (v->trainable != (trainable == 1))
                continue;
            if (v->path[0] == 0)
                v->path = arena_format(m->context->arena, "%s/%s", path, v->name);
            if (!m->context->values_follow && !variable_initialize(m->context, v))
                return false;
            add_weight(w, v);
        }
    }
    return true;
}

/* Keras' order: a layer's own, then those of the layers in it. Recursion is as deep as custom
 * layers are nested in each other, which C's own calls were. */
static bool layer_weights(weight_list *w, cn_source where, cn_layer *l, const char *path) {
    if (!own_weights(w, l, path))
        return false;
    for (uint32_t k = 0; l->model != NULL && k < l->model->weights.count; k++) {
        add_weight(w, l->model->weights.items[k]);
    }
    if (!name_all(w->m->context, where, l->sublayers.items, l->sublayers.count))
        return false;
    for (uint32_t k = 0; k < l->sublayers.count; k++) {
        cn_layer *inner = l->sublayers.items[k];
        const char *inner_path = arena_format(w->m->context->arena, "%s/%s", path, inner->name);
        if (!layer_weights(w, where, inner, inner_path))
            return false;
    }
    return true;
}

static bool collect_weights(cn_model *m, cn_source where) {
    weight_list w = {.m = m};
    map_init(&w.known, m->context->arena);
    map_init(&w.names, m->context->arena);
    for (uint32_t i = 0; i < m->layers.count; i++) {
        cn_layer *l = m->layers.items[i];
        if (!layer_weights(&w, where, l, l->name))
            return false;
    }
    return true;
}

bool variable_learns(const variable *v) {
    return v->kind == VARIABLE_WEIGHT && v->trainable && !v->layer->frozen;
}

/* ---- a model as a layer ----------------------------------------------------------------- */

static cn_tensor mapped(const cn_model *m, const map *now, cn_tensor t) {
    uint64_t key = (uint64_t)t.node << 32 | t.result;
    const uint64_t *v = map_find(now, &key, sizeof key);
    if (v == NULL)
        return t; /* a weight */
    return (cn_tensor){.context = m->context, .node = (uint32_t)(*v >> 32), .result = (uint32_t)*v};
}

static void bind(map *now, cn_tensor was, cn_tensor is) {
    uint64_t key = (uint64_t)was.node << 32 | was.result;
    *map_put(now, &key, sizeof key, NULL) = (uint64_t)is.node << 32 | is.result;
}

static void repeat_op(cn_model *m, map *now, uint32_t id) {
    cn_context *c = m->context;
    const node *n = graph_node(c->record, id);
    value *operands = ARENA_ARRAY(c->arena, value, n->operand_count);
    for (uint32_t i = 0; i < n->operand_count; i++) {
        operands[i] = tensor_value(mapped(m, now, tensor_of(c, n->operands[i])));
    }
    uint32_t result_count = n->result_count;
    value v = result_count == 0 || n->op == &op_input ? (value){id, 0}
                                                      : graph_copy_node(c->record, n, operands);
    context_note_nodes(c);
    for (uint32_t r = 0; r < result_count; r++) {
        bind(now, tensor_of(c, (value){id, r}), tensor_of(c, value_result(v, r)));
    }
}

static bool repeat_call(cn_model *m, map *now, uint32_t id) {
    cn_context *c = m->context;
    layer_call row = c->calls.items[id]; /* a copy: applying moves the rows */
    cn_tensor *inputs = ARENA_ARRAY(c->arena, cn_tensor, row.input_count + 1);
    cn_tensor outputs[CN_MAX_LIST];
    for (uint32_t i = 0; i < row.input_count; i++)
        inputs[i] = mapped(m, now, row.inputs[i]);
    size_t count = layer_apply(row.where, row.layer, inputs, row.input_count, outputs, CN_MAX_LIST);
    for (uint32_t i = 0; i < row.output_count && i < count; i++)
        bind(now, row.outputs[i], outputs[i]);
    return count > 0;
}

static void model_call(cn_layer_call *call) {
    cn_model *m = call->layer->model;
    map now;
    map_init(&now, m->context->arena);
    for (uint32_t i = 0; i < m->inputs.count; i++) {
        const type *wanted = tensor_type(m->inputs.items[i]), *given = tensor_type(call->inputs[i]);
        if (!shape_equal(wanted, given)) {
            layer_call_fail(call, i, CN_ERROR_SHAPE, "wants %s",
                            tensor_describe(m->inputs.items[i]));
            return;
        }
        cn_tensor x = call->inputs[i];
        bind(&now, m->inputs.items[i],
             given->dtype == wanted->dtype ? x : cn_op_cast(x, wanted->dtype));
    }
    for (uint32_t i = 0; i < m->steps.count; i++) {
        uint64_t id = m->steps.items[i];
        if (id & STEP_OP)
            repeat_op(m, &now, (uint32_t)id);
        else if (!repeat_call(m, &now, (uint32_t)id))
            return;
    }
    call->output_count = m->outputs.count;
    for (uint32_t i = 0; i < m->outputs.count; i++) {
        call->outputs[i] = mapped(m, &now, m->outputs.items[i].tensor);
    }
}

static const layer_class functional_class = {
    .name = "Functional", .min_inputs = 1, .call = model_call};
static const layer_class sequential_class = {
    .name = "Sequential", .min_inputs = 1, .call = model_call};

/* ---- making models ---------------------------------------------------------------------- */

static bool take_tensors(cn_model *m, cn_source where, const cn_model_options *o) {
    cn_context *c = m->context;
    const cn_tensor *in = o->input_list != NULL ? o->input_list : o->inputs;
    const cn_tensor *out = o->output_list != NULL ? o->output_list : o->outputs;
    size_t in_count = o->input_list != NULL ? o->input_count : tensor_list_length(o->inputs);
    size_t out_count = o->output_list != NULL ? o->output_count : tensor_list_length(o->outputs);
    if (!diag_ok(&c->diag))
        return false;
    if (in_count == 0 || out_count == 0) {
        return context_fail(c, where, CN_ERROR_INVALID_ARGUMENT, "model: %s missing",
                            in_count == 0 ? ".inputs are" : ".outputs are");
    }
    if (in_count > CN_MAX_LIST || out_count > CN_MAX_LIST) {
        return context_fail(
            c, where, CN_ERROR_UNSUPPORTED,
            "model: %zu inputs and %zu outputs; at most %d of each, so concatenate some", in_count,
            out_count, CN_MAX_LIST);
    }
    for (size_t i = 0; i < in_count + out_count; i++) {
        cn_tensor t = i < in_count ? in[i] : out[i - in_count];
        if (!cn_tensor_ok(t) || t.context != c) {
            return context_fail(c, where, CN_ERROR_GRAPH,
                                "model: %s %zu is not a tensor of this context",
                                i < in_count ? "input" : "output", i < in_count ? i : i - in_count);
        }
        if (i < in_count && is_input_of(m, t.node)) {
            return context_fail(c, where, CN_ERROR_INVALID_ARGUMENT,
                                "model: input %zu, %s, is given twice", i, tensor_describe(t));
        }
        if (i < in_count)
            vec_push(c->arena, &m->inputs, t);
        else
            vec_push(c->arena, &m->outputs, (model_output){.tensor = t});
    }
    return true;
}

/* Every input the outputs reach must be one of the model's. */
static bool check_closed(walk *w, cn_source where) {
    for (uint32_t i = 0; i < w->steps.count; i++) {
        const walk_step *s = &w->steps.items[i];
        const layer_call *call = s->id & STEP_OP ? NULL : &w->c->calls.items[s->id];
        if (s->is_input || call == NULL || call->layer->class != &input_class)
            continue;
        return context_fail(w->c, where, CN_ERROR_GRAPH,
                            "model: an output depends on %s, which is not among the inputs",
                            tensor_describe(call->outputs[0]));
    }
    return true;
}

static void keep_steps(walk *w) {
    for (uint32_t i = 0; i < w->order.count; i++) {
        const walk_step *s = &w->steps.items[w->order.items[i]];
        if (call_of_step(w, s) != NULL)
            vec_push(w->c->arena, &w->m->calls, (uint32_t)s->id);
        if (s->is_input)
            continue;
        vec_push(w->c->arena, &w->m->steps, s->id);
        if (s->id & STEP_OP && graph_node(w->c->record, (uint32_t)s->id)->op == &op_rng_bits)
            (void)context_random_place(w->c, (uint32_t)s->id);
    }
}

static void name_outputs(cn_model *m) {
    for (uint32_t i = 0; i < m->outputs.count; i++) {
        model_output *o = &m->outputs.items[i];
        uint32_t call = outer_call(m->context, o->tensor.node);
        const cn_layer *l = m->context->calls.items[call].layer;
        o->name = l != NULL ? l->name : arena_format(m->context->arena, "output_%u", i);
    }
}

/* A file's order, which is Keras' too: ops between layers may be more or fewer there, and so change
 * depths. */
static void take_order(cn_model *m, const layer_order *order) {
    m->layers.count = 0;
    for (uint32_t i = 0; i < order->count; i++)
        if (order->layers[i]->calls.count > 0)
            vec_push(m->context->arena, &m->layers, order->layers[i]);
}

static bool build_model(cn_model *m, cn_source where, const cn_model_options *o,
                        const layer_order *order) {
    if (!take_tensors(m, where, o))
        return false;
    walk w = {.c = m->context, .m = m};
    map_init(&w.index, m->context->arena);
    for (uint32_t i = 0; i < m->outputs.count; i++)
        walk_from(&w, m->outputs.items[i].tensor.node);
    for (uint32_t i = 0; i < m->inputs.count; i++)
        walk_from(&w, m->inputs.items[i].node);
    if (!check_closed(&w, where))
        return false;
    measure_depths(&w);
    order_steps(&w);
    rank_layers(&w);
    if (order != NULL)
        take_order(m, order);
    keep_steps(&w);
    if (!name_all(m->context, where, m->layers.items, m->layers.count) ||
        !collect_weights(m, where))
        return false;
    name_outputs(m);
    return true;
}

cn_model *model_build(cn_source where, const cn_model_options *o, bool sequential,
                      const layer_order *order) {
    cn_context *c = o->context;
    cn_model *m = ARENA_NEW(c->arena, cn_model);
    *m = (cn_model){.context = c, .sequential = sequential, .order_seed = c->options.seed};
    m->name = arena_string(c->arena, o->name != NULL ? o->name
                                     : sequential    ? "sequential"
                                                     : "functional");
    m->layer = layer_new(where, sequential ? &sequential_class : &functional_class, c, &(char){0},
                         1, o->name);
    m->layer->model = m;
    vec_push(c->arena, &c->models, m);
    m->poison = !build_model(m, where, o, order);
    return m;
}

/* For callers without a context: every call on it says that it could not be built. */
static const cn_model orphan = {.poison = true};
cn_model *orphan_model(void) {
    return (cn_model *)(uintptr_t)&orphan;
}

cn_model *model_poison(cn_context *c) {
    cn_model *m = ARENA_NEW(c->arena, cn_model);
    *m = (cn_model){.context = c, .name = "", .poison = true};
    return m;
}

cn_model *cn_model_new_at(cn_source where, const cn_model_options *options) {
    cn_model_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    if (o.context == NULL)
        return orphan_model();
    CONTEXT_ENTER(o.context, o.context->poison_model);
    cn_model *m = model_build(where, &o, false, NULL);
    CONTEXT_LEAVE(o.context);
    return m;
}

cn_model *cn_sequential_at(cn_source where, const cn_sequential_options *options) {
    cn_sequential_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    if (o.context == NULL)
        return orphan_model();
    cn_input_options input = {.context = o.context, .dtype = o.dtype};
    memcpy(input.shape, o.input_shape, sizeof input.shape);
    where.options_size = sizeof input;
    cn_tensor x = cn_input_at(where, &input);
    size_t count = o.layer_count;
    cn_layer *const *layers = o.layer_list != NULL ? o.layer_list : o.layers;
    if (o.layer_list == NULL)
        while (count < 64 && layers[count] != NULL)
            count++;
    cn_tensor y = cn_chain_list_at(where, x, layers, count);
    cn_model_options m = {.context = o.context, .inputs = {x}, .outputs = {y}, .name = o.name};
    CONTEXT_ENTER(o.context, o.context->poison_model);
    cn_model *result = model_build(where, &m, true, NULL);
    CONTEXT_LEAVE(o.context);
    return result;
}

void cn_model_free(cn_model *m) {
    if (m == NULL || m->context == NULL || m->busy != NULL)
        return; /* inside: the context frees it */
    model_drop_programs(m, true);
    history_free(m);
    if (m->logs_arena != NULL)
        arena_free(m->logs_arena);
    m->logs_arena = NULL;
    m->logs = (cn_logs){0};
    state_forget(m);
    m->training = NULL;
}

cn_layer *cn_model_layer(cn_model *m) {
    return m == NULL || m->poison ? layer_poison(m == NULL ? NULL : m->context) : m->layer;
}

cn_context *cn_model_context(const cn_model *m) {
    return m == NULL ? NULL : m->context;
}
const char *cn_model_name(const cn_model *m) {
    return m == NULL || m->name == NULL ? "" : m->name;
}

size_t cn_model_weights(const cn_model *m, bool trainable_only, cn_tensor *weights,
                        size_t capacity) {
    size_t count = 0;
    for (uint32_t i = 0; m != NULL && i < m->weights.count; i++) {
        const variable *v = m->weights.items[i];
        if (trainable_only && !variable_learns(v))
            continue;
        if (count < capacity)
            weights[count] = variable_tensor(m->context, v);
        count++;
    }
    return count;
}

size_t cn_parameter_count(const cn_model *m, bool trainable_only) {
    size_t count = 0;
    for (uint32_t i = 0; m != NULL && i < m->weights.count; i++) {
        const variable *v = m->weights.items[i];
        if (!trainable_only || variable_learns(v))
            count += (size_t)type_count(&v->type, 0);
    }
    return count;
}

/* ---- one call at a time ----------------------------------------------------------------- */

bool model_acquire(cn_model *m, cn_source where, const char *call) {
    if (m == NULL || m->context == NULL)
        return false;
    if (m->poison || !diag_ok(&m->context->diag)) {
        return context_fail(m->context, where, CN_ERROR_GRAPH, "%s: the model could not be built",
                            call);
    }
    if (m->busy != NULL) {
        return context_fail(m->context, where, CN_ERROR_BUSY,
                            "%s: model \"%s\" is inside %s; only one of "
                            "fit, evaluate and predict runs at a time",
                            call, m->name, m->busy);
    }
    m->busy = call;
    return true;
}

void model_release(cn_model *m) {
    m->busy = NULL;
}

void cn_stop_training(cn_model *m) {
    if (m != NULL && m->context != NULL)
        m->stop = 1;
}
