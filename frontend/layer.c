/* Layers as objects: making them, their weights, their words in messages; custom layers.
 *
 * A layer's class is a row of functions over `cn_layer_call`; its options are a copy of the
 * caller's struct. Built-in classes and users' custom layers go the same way: both compose
 * cn_op_* in `call` and add weights in `build`.
 */

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "frontend/frontend.h"
#include "frontend/keras/keras.h"
#include "ir/interpret.h"

const layer_class input_class = {.name = "InputLayer", .max_inputs = -1};

/* ---- making --------------------------------------------------------------------------------- */

/* For callers without a context: everything done with it stays poison. */
static const cn_layer orphan;

cn_layer *layer_poison(cn_context *c) {
    if (c == NULL)
        return (cn_layer *)(uintptr_t)&orphan; /* never written: it has no class */
    cn_layer *layer = ARENA_NEW(c->arena, cn_layer);
    layer->context = c;
    return layer;
}

cn_layer *layer_new(cn_source where, const layer_class *class, cn_context *c, const void *options,
                    size_t options_size, const char *name) {
    cn_layer *layer = ARENA_NEW(c->arena, cn_layer);
    *layer = (cn_layer){.context = c, .class = class, .where = where, .class_name = class->name};
    layer->options = arena_alloc(c->arena, options_size);
    memcpy(layer->options, options, options_size);
    layer->given_name = name == NULL ? NULL : arena_string(c->arena, name);
    layer->id = c->layers.count;
    vec_push(c->arena, &c->layers, layer);
    return layer;
}

cn_layer *layer_fail(cn_source where, cn_context *c, const char *class_name, const char *format,
                     ...) {
    char words[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    context_fail(c, where, CN_ERROR_INVALID_ARGUMENT, "%s: %s", snake_case(c->arena, class_name),
                 words);
    return layer_poison(c);
}

void layer_call_fail(cn_layer_call *call, size_t input, cn_status status, const char *format, ...) {
    char words[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    cn_context *c = call->layer->context;
    cn_source where = c->calls.items[c->current_call].where;
    if (input < call->input_count) {
        context_fail(c, where, status, "%s %s; got %s", layer_title(call->layer), words,
                     tensor_describe(call->inputs[input]));
    } else {
        context_fail(c, where, status, "%s %s", layer_title(call->layer), words);
    }
}

/* ---- names ---------------------------------------------------------------------------------- */

const char *snake_case(arena *a, const char *name) {
    text out;
    text_init(&out, a);
    for (size_t i = 0; name[i] != 0; i++) {
        unsigned char here = (unsigned char)name[i], next = (unsigned char)name[i + 1];
        bool word = i > 0 && isupper(here) && islower(next);
        bool step = i > 0 && islower((unsigned char)name[i - 1]) && isupper(here);
        if (!isalnum(here) && here != '_')
            continue;
        if (word || step)
            text_append(&out, "_");
        char lower = (char)tolower(here);
        text_append_n(&out, &lower, 1);
    }
    return out.data;
}

const char *layer_title(const cn_layer *layer) {
    arena *a = layer->context->arena;
    const char *class_name = snake_case(a, layer->class_name);
    const char *name = layer->given_name != NULL ? layer->given_name : layer->name;
    if (name == NULL || strcmp(name, class_name) == 0)
        return class_name;
    return arena_format(a, "%s \"%s\"", class_name, name);
}

const char *cn_layer_name(const cn_layer *layer) {
    if (layer == NULL)
        return "";
    return layer->name != NULL ? layer->name : layer->given_name != NULL ? layer->given_name : "";
}

void cn_layer_set_trainable(cn_layer *layer, bool trainable) {
    if (layer == NULL || layer->class == NULL)
        return;
    layer->frozen = !trainable;
    for (uint32_t i = 0; i < layer->sublayers.count; i++) {
        cn_layer_set_trainable(layer->sublayers.items[i], trainable);
    }
    if (layer->model == NULL)
        return;
    for (uint32_t i = 0; i < layer->model->layers.count; i++) {
        cn_layer_set_trainable(layer->model->layers.items[i], trainable);
    }
}

/* ---- weights -------------------------------------------------------------------------------- */

variable *variable_new(cn_context *c, variable_kind kind, const char *name, const type *t) {
    variable *v = ARENA_NEW(c->arena, variable);
    *v = (variable){.kind = kind,
                    .id = c->variables.count,
                    .name = arena_string(c->arena, name),
                    .path = "",
                    .type = *t,
                    .node = tensor_value(record_input(c, t))};
    vec_push(c->arena, &c->variables, v);
    *map_put(&c->variable_of_node, &v->node.node, sizeof v->node.node, NULL) = v->id + 1u;
    return v;
}

variable *variable_of(const cn_context *c, value v) {
    const uint64_t *id = map_find(&c->variable_of_node, &v.node, sizeof v.node);
    return id == NULL ? NULL : c->variables.items[*id - 1];
}

cn_tensor variable_tensor(cn_context *c, const variable *v) {
    return tensor_of(c, v->node);
}

static uint64_t seed_of(const cn_context *c, const variable *v) {
    if (v->initializer->seed != 0)
        return v->initializer->seed;
    return hash_combine(c->options.seed, hash_bytes(v->path, strlen(v->path), 0));
}

static void store_number(char *data, cn_dtype dtype, int64_t i, double x) {
    number n = dtype_is_float(dtype) ? (number){.f = x} : (number){.i = (int64_t)x};
    number_to_bytes(dtype, n, data + i * dtype_bytes(dtype));
}

bool variable_allocate(cn_context *c, variable *v) {
    if (v->data != NULL)
        return true;
    size_t bytes = (size_t)type_bytes(&v->type, 0);
    v->data = memory_take(c->memory, bytes, 64);
    return v->data != NULL ||
           diag_fail(&c->diag, CN_ERROR_OUT_OF_MEMORY,
                     "no memory for \"%s\": %zu bytes asked, %zu in use, %zu at the most",
                     v->path[0] != 0 ? v->path : v->name, bytes, memory_live(c->memory),
                     memory_peak(c->memory));
}

bool variable_initialize(cn_context *c, variable *v) {
    if (v->data != NULL)
        return true;
    arena_mark mark = arena_get_mark(c->arena);
    int64_t count = v->initializer == NULL ? 0 : type_count(&v->type, 0);
    double *values = ARENA_ARRAY(c->arena, double, count);
    bool ok = v->initializer == NULL ||
              v->initializer->fill(v->initializer, &v->type, seed_of(c, v), values, c->arena);
    ok = ok && variable_allocate(c, v); /* last: a value exists whole or not at all */
    for (int64_t i = 0; ok && i < count; i++)
        store_number(v->data, v->type.dtype, i, values[i]);
    arena_rewind(c->arena, mark);
    return ok;
}

static bool inside_call_of(const cn_layer *layer) {
    const cn_context *c = layer->context;
    return c->current_call != 0 && c->calls.items[c->current_call].layer == layer;
}

static bool weight_type(const cn_weight_options *o, cn_source where, type *out) {
    dim dims[MAX_RANK];
    int rank = 0;
    if ((int)o->dtype < 0 || o->dtype >= CN_DTYPE_COUNT) {
        return context_fail(o->layer->context, where, CN_ERROR_INVALID_ARGUMENT,
                            "%s: .dtype %d of weight \"%s\" is not an element type",
                            layer_title(o->layer), (int)o->dtype, o->name);
    }
    for (; rank < CN_MAX_RANK && o->shape[rank] != 0; rank++) {
        if (o->shape[rank] < 0) {
            return context_fail(o->layer->context, where, CN_ERROR_INVALID_ARGUMENT,
                                "%s: axis %d of weight \"%s\" is %lld", layer_title(o->layer), rank,
                                o->name, (long long)o->shape[rank]);
        }
        dims[rank] = dim_of(o->shape[rank]);
    }
    *out = type_make(o->dtype == CN_DTYPE_DEFAULT ? CN_F32 : o->dtype, rank, dims);
    if (type_bytes(out, 0) < INT64_MAX)
        return true;
    return context_fail(o->layer->context, where, CN_ERROR_SHAPE, "%s: weight \"%s\" is too large",
                        layer_title(o->layer), o->name);
}

cn_tensor cn_layer_add_weight_at(cn_source where, const cn_weight_options *options) {
    cn_weight_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    if (o.layer == NULL || o.layer->class == NULL)
        return CN_END;
    cn_context *c = o.layer->context;
    CONTEXT_ENTER(c, tensor_poison(c));
    cn_tensor result = tensor_poison(c);
    type t;
    if (o.name == NULL) {
        context_fail(c, where, CN_ERROR_INVALID_ARGUMENT, "%s: a weight needs a .name",
                     layer_title(o.layer));
    } else if (!inside_call_of(o.layer) || o.layer->built) {
        context_fail(c, where, CN_ERROR_GRAPH,
                     "%s: weight \"%s\" is added outside of the layer's build",
                     layer_title(o.layer), o.name);
    } else if (weight_type(&o, where, &t)) {
        variable *v = variable_new(c, VARIABLE_WEIGHT, o.name, &t);
        v->initializer = o.initializer != NULL ? o.initializer : CN_GLOROT_UNIFORM;
        v->regularizer = o.regularizer;
        v->layer = o.layer;
        v->trainable = !o.not_trainable;
        vec_push(c->arena, &o.layer->weights, v);
        result = variable_tensor(c, v);
    }
    CONTEXT_LEAVE(c);
    return result;
}

cn_tensor cn_layer_weight(cn_layer *layer, const char *name) {
    if (layer == NULL || layer->context == NULL)
        return CN_END;
    for (uint32_t i = 0; name != NULL && i < layer->weights.count; i++) {
        const variable *v = layer->weights.items[i];
        if (strcmp(v->name, name) == 0)
            return variable_tensor(layer->context, v);
    }
    return tensor_poison(layer->context);
}

/* ---- what a call may leave besides outputs -------------------------------------------------- */

void cn_layer_update(cn_layer *layer, cn_tensor weight, cn_tensor new_value) {
    if (layer == NULL || layer->class == NULL || !cn_tensor_ok(weight) || !cn_tensor_ok(new_value))
        return;
    cn_context *c = layer->context;
    CONTEXT_ENTER(c, );
    cn_source where = c->calls.items[c->current_call].where;
    variable *v = weight.context == c ? variable_of(c, tensor_value(weight)) : NULL;
    if (!inside_call_of(layer) || new_value.context != c) {
        context_fail(c, where, CN_ERROR_GRAPH,
                     "%s: a weight is updated outside of the layer's call", layer_title(layer));
    } else if (v == NULL || v->layer != layer || v->trainable) {
        context_fail(c, where, CN_ERROR_INVALID_ARGUMENT,
                     "%s: only a weight of the layer made with .not_trainable can be updated",
                     layer_title(layer));
    } else if (!type_equal(tensor_type(new_value), &v->type)) {
        context_fail(c, where, CN_ERROR_SHAPE, "%s: the new value of \"%s\" is %s",
                     layer_title(layer), v->name, tensor_describe(new_value));
    } else {
        update u = {.variable = v, .new_value = tensor_value(new_value)};
        vec_push(c->arena, &c->calls.items[c->current_call].updates, u);
    }
    CONTEXT_LEAVE(c);
}

void cn_layer_add_loss(cn_layer *layer, cn_tensor loss) {
    if (layer == NULL || layer->class == NULL || !cn_tensor_ok(loss))
        return;
    cn_context *c = layer->context;
    CONTEXT_ENTER(c, );
    if (!inside_call_of(layer) || loss.context != c) {
        context_fail(c, c->where, CN_ERROR_GRAPH, "%s: a loss is added outside of the layer's call",
                     layer_title(layer));
    } else if (tensor_type(loss)->rank != 0 || !dtype_is_float(tensor_type(loss)->dtype)) {
        context_fail(c, c->calls.items[c->current_call].where, CN_ERROR_SHAPE,
                     "%s: an added loss is a float scalar; this is %s", layer_title(layer),
                     tensor_describe(loss));
    } else {
        vec_push(c->arena, &c->calls.items[c->current_call].losses, tensor_value(loss));
    }
    CONTEXT_LEAVE(c);
}

void layer_regularize_activity(cn_layer *layer, cn_tensor output) {
    cn_tensor batch = cn_op_size(output, 0, CN_F32);
    cn_layer_add_loss(layer,
                      cn_op_divide(regularizer_apply(layer->activity_regularizer, output), batch));
}

cn_tensor flag_tensor(cn_context *c, const char *flag) {
    leaf_attributes a = {.dtype = CN_BOOL, .flag = flag};
    value v = graph_add(c->record, &(node_spec){.op = &op_flag, .attributes = &a});
    context_note_nodes(c);
    return tensor_of(c, v);
}

cn_tensor cn_layer_training(cn_layer *layer, bool unfrozen) {
    if (layer == NULL || layer->class == NULL)
        return CN_END;
    cn_context *c = layer->context;
    CONTEXT_ENTER(c, tensor_poison(c));
    cn_tensor flag = flag_tensor(c, "training");
    if (unfrozen) {
        cn_tensor free_to_learn = flag_tensor(c, arena_format(c->arena, "unfrozen:%u", layer->id));
        flag = cn_op_logical_and(flag, free_to_learn);
    }
    CONTEXT_LEAVE(c);
    return flag;
}

/* ---- custom layers -------------------------------------------------------------------------- */

static void custom_build(cn_layer_call *call) {
    const cn_custom_layer_options *o = call->layer->options;
    if (o->build != NULL)
        o->build(call);
}

static void custom_call(cn_layer_call *call) {
    const cn_custom_layer_options *o = call->layer->options;
    o->call(call);
    if (call->output_count < 1 || call->output_count > CN_MAX_LIST) {
        layer_call_fail(call, SIZE_MAX, CN_ERROR_GRAPH,
                        "says it has %zu outputs; 1 to %d are possible", call->output_count,
                        CN_MAX_LIST);
        call->output_count = 1;
    }
    for (size_t i = 0; i < call->output_count; i++) {
        if (cn_tensor_ok(call->outputs[i]) && call->outputs[i].context == call->layer->context)
            continue;
        layer_call_fail(call, SIZE_MAX, CN_ERROR_GRAPH,
                        cn_tensor_ok(call->outputs[i]) ? "took output %zu from another context"
                                                       : "left output %zu empty",
                        i);
    }
}

const layer_class custom_class = {
    .name = "Custom", .min_inputs = 1, .build = custom_build, .call = custom_call};

void *layer_user(cn_layer *layer) {
    if (layer->class != &custom_class)
        return NULL;
    return (void *)(uintptr_t)((const cn_custom_layer_options *)layer->options)->user;
}

cn_layer *cn_custom_layer_at(cn_source where, const cn_custom_layer_options *options) {
    cn_custom_layer_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    cn_context *c = o.context;
    if (c == NULL)
        return layer_poison(NULL);
    CONTEXT_ENTER(c, layer_poison(NULL));
    cn_layer *layer;
    if (o.call == NULL) {
        layer = layer_fail(where, c, "CustomLayer", "the function .call is missing");
    } else if (!custom_fields_fit(c, where, "custom_layer", &o)) {
        layer = layer_poison(c);
    } else {
        custom_options_keep(c->arena, &o);
        o.class_name = arena_string(c->arena, o.class_name != NULL ? o.class_name : "CustomLayer");
        layer = layer_new(where, &custom_class, c, &o, sizeof o, o.name);
        const char *package = strchr(o.class_name, '>');
        layer->class_name = package == NULL ? o.class_name : package + 1;
        layer->frozen = o.frozen;
    }
    CONTEXT_LEAVE(c);
    return layer;
}
