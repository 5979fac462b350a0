/* Symbolic tensors: inputs, and how layers are applied to them.
 *
 * Applying a layer opens a row in `context.calls`, runs the layer's `call` with the row current,
 * so that every node the ops append is known to belong to it, and closes it. A tensor is never
 * owned by anybody: it names a value of the record.
 */
#include <string.h>

#include "frontend/frontend.h"

cn_tensor tensor_poison(cn_context *c) {
    return (cn_tensor){.context = c};
}

cn_tensor tensor_of(cn_context *c, value v) {
    return (cn_tensor){.context = c, .node = v.node, .result = v.result};
}

bool cn_tensor_ok(cn_tensor x) {
    return x.context != NULL && x.node != 0;
}

/* Of poison: a scalar of no dtype, so that a layer's call may go on when memory ran out in an
 * op. */
const type *tensor_type(cn_tensor t) {
    static const type none;
    return cn_tensor_ok(t) ? value_type(t.context->record, tensor_value(t)) : &none;
}

cn_dtype cn_tensor_dtype(cn_tensor x) {
    return cn_tensor_ok(x) ? tensor_type(x)->dtype : CN_DTYPE_DEFAULT;
}

int cn_tensor_shape(cn_tensor x, int64_t shape[CN_MAX_RANK]) {
    if (!cn_tensor_ok(x))
        return 0;
    const type *t = tensor_type(x);
    for (int i = 0; i < t->rank; i++) {
        shape[i] = t->dims[i].symbolic ? CN_BATCH : t->dims[i].count;
    }
    return t->rank;
}

void context_give_nodes(cn_context *c, uint32_t call, cn_source where) {
    while (c->call_of_node.count < c->record->nodes.count) {
        vec_push(c->arena, &c->call_of_node, call);
        vec_push(c->arena, &c->where_of_node, where);
    }
}

void context_note_nodes(cn_context *c) {
    context_give_nodes(c, c->current_call, c->where);
}

cn_tensor cn_at(cn_source where, cn_tensor x) {
    if (x.context != NULL && x.context->current_call == 0)
        x.context->where = where;
    return x;
}

/* The call a tensor came out of: its own, or the outermost one when a model was applied. */
static const layer_call *producer(cn_tensor t) {
    cn_context *c = t.context;
    if (t.node >= c->call_of_node.count)
        return NULL;
    uint32_t call = c->call_of_node.items[t.node];
    while (call != 0 && c->calls.items[call].parent != c->current_call &&
           c->calls.items[call].parent != 0) {
        call = c->calls.items[call].parent;
    }
    return call == 0 ? NULL : &c->calls.items[call];
}

const char *tensor_describe(cn_tensor t) {
    cn_context *c = t.context;
    if (!cn_tensor_ok(t))
        return "a failed tensor";
    text out;
    text_init(&out, c->arena);
    text_type(&out, tensor_type(t));
    const layer_call *call = producer(t);
    if (call != NULL && call->layer != NULL) {
        text_printf(&out, " made by %s", layer_title(call->layer));
        text_printf(&out, " at %s", source_text(call->where).words);
    } else if (t.node < c->where_of_node.count && c->where_of_node.items[t.node].file != NULL) {
        cn_source where = c->where_of_node.items[t.node];
        text_printf(&out, " made at %s", source_text(where).words);
    }
    return out.data;
}

/* ---- inputs ---------------------------------------------------------------------------------- */

static int shape_length(const int64_t *shape, int given) {
    int rank = 0;
    if (given > 0)
        return given;
    while (rank < CN_MAX_RANK && shape[rank] != 0)
        rank++;
    return rank;
}

static bool input_type(const cn_input_options *o, cn_source where, type *out) {
    cn_context *c = o->context;
    int rank = o->scalar ? 0 : shape_length(o->shape, o->rank);
    if (rank == 0 && !o->scalar) {
        return context_fail(c, where, CN_ERROR_INVALID_ARGUMENT,
                            "input: the shape is missing; give it without the batch axis, as in "
                            "cn_input(c, {28, 28, 1}), or .scalar = true");
    }
    if (rank + 1 > MAX_RANK) {
        return context_fail(c, where, CN_ERROR_INVALID_ARGUMENT,
                            "input: %d axes and the batch are more than %d", rank, MAX_RANK);
    }
    dim dims[MAX_RANK] = {o->batch_size > 0 ? dim_of(o->batch_size) : dim_batch(1)};
    for (int i = 0; i < rank; i++) {
        if (o->shape[i] < 0) {
            return context_fail(c, where, CN_ERROR_INVALID_ARGUMENT,
                                "input: axis %d of the shape is %lld; sizes are not negative", i,
                                (long long)o->shape[i]);
        }
        dims[i + 1] = dim_of(o->shape[i]);
    }
    if ((int)o->dtype < 0 || o->dtype >= CN_DTYPE_COUNT) {
        return context_fail(c, where, CN_ERROR_INVALID_ARGUMENT,
                            "input: .dtype %d is not an element type", (int)o->dtype);
    }
    *out = type_make(o->dtype == CN_DTYPE_DEFAULT ? CN_F32 : o->dtype, rank + 1, dims);
    if (type_bytes(out, 1) == INT64_MAX)
        return context_fail(c, where, CN_ERROR_SHAPE,
                            "input: the sizes of the shape are too large");
    return true;
}

cn_tensor record_input(cn_context *c, const type *t) {
    leaf_attributes a = {.dtype = t->dtype, .shape = {.count = t->rank}};
    memcpy(a.shape.items, t->dims, sizeof(dim) * (size_t)t->rank);
    value v = graph_add(c->record, &(node_spec){.op = &op_input, .attributes = &a});
    context_note_nodes(c);
    return tensor_of(c, v);
}

cn_tensor cn_input_at(cn_source where, const cn_input_options *options) {
    cn_input_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    cn_context *c = o.context;
    if (c == NULL)
        return CN_END;
    uint32_t outer = c->current_call;
    CONTEXT_ENTER(c, (c->current_call = outer, tensor_poison(c)));
    cn_tensor result = tensor_poison(c);
    type t;
    if (input_type(&o, where, &t)) {
        layer_call row = {.layer = layer_new(where, &input_class, c, &o, sizeof o, o.name),
                          .where = where};
        vec_push(c->arena, &c->calls, row);
        c->current_call = c->calls.count - 1;
        result = record_input(c, &t);
        c->current_call = outer;
        layer_call *call = &vec_last(&c->calls);
        call->outputs = arena_copy(c->arena, &result, sizeof result);
        call->output_count = 1;
        vec_push(c->arena, &call->layer->calls, c->calls.count - 1);
    }
    CONTEXT_LEAVE(c);
    return result;
}

/* ---- applying layers ------------------------------------------------------------------------ */

static bool inputs_usable(cn_layer *layer, cn_source where, const cn_tensor *inputs, size_t count) {
    cn_context *c = layer->context;
    for (size_t i = 0; i < count; i++) {
        if (!cn_tensor_ok(inputs[i]))
            return false;
        if (inputs[i].context != c) {
            return context_fail(c, where, CN_ERROR_INVALID_ARGUMENT,
                                "%s: input %zu belongs to another context", layer_title(layer), i);
        }
    }
    int least = layer->class->min_inputs, most = layer->class->max_inputs;
    if ((int)count < least || (most > 0 && (int)count > most)) {
        return context_fail(c, where, CN_ERROR_INVALID_ARGUMENT, "%s wants %s%d input%s, got %zu",
                            layer_title(layer), most == least ? "" : "at least ", least,
                            least == 1 ? "" : "s", count);
    }
    return true;
}

/* An input that comes out as it is (dropout at rate 0) gets a node of the call: models find their
 * layers by the calls that made the nodes. */
static void own_outputs(cn_context *c, uint32_t first_node, cn_tensor *outputs, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!cn_tensor_ok(outputs[i]) || outputs[i].node >= first_node)
            continue;
        const type *t = tensor_type(outputs[i]);
        movement_attributes a = {.shape = {.count = t->rank}};
        memcpy(a.shape.items, t->dims, sizeof(dim) * (size_t)t->rank);
        value x = tensor_value(outputs[i]);
        node_spec same = {.op = &op_reshape, .operands = &x, .operand_count = 1, .attributes = &a};
        outputs[i] = tensor_of(c, graph_add(c->record, &same));
    }
}

/* Runs build (once) and call with the row current; the outputs land in the row. */
static void run_call(cn_context *c, uint32_t index, cn_layer *layer) {
    cn_tensor outputs[CN_MAX_LIST];
    for (int i = 0; i < CN_MAX_LIST; i++)
        outputs[i] = tensor_poison(c);
    layer_call *row = &c->calls.items[index];
    uint32_t first_node = c->record->nodes.count;
    cn_layer_call call = {.layer = layer,
                          .user = layer_user(layer),
                          .inputs = row->inputs,
                          .input_count = row->input_count,
                          .outputs = outputs,
                          .output_count = 1};
    if (!layer->built) {
        layer->weights.count = 0; /* of a build that failed */
        if (layer->class->build != NULL)
            layer->class->build(&call);
        layer->built = diag_ok(&c->diag);
    }
    if (diag_ok(&c->diag))
        layer->class->call(&call);
    own_outputs(c, first_node, outputs, call.output_count);
    context_note_nodes(c);
    row = &c->calls.items[index];
    row->output_count = (uint32_t)call.output_count;
    row->outputs = arena_copy(c->arena, outputs, call.output_count * sizeof *outputs);
    if (layer->activity_regularizer != NULL && cn_tensor_ok(outputs[0])) {
        layer_regularize_activity(layer, outputs[0]);
        context_note_nodes(c);
    }
}

/* A custom layer owns the layers it applies: their weights are trained with its own. */
static void adopt(cn_context *c, cn_layer *layer) {
    cn_layer *owner = c->current_call == 0 ? NULL : c->calls.items[c->current_call].layer;
    if (owner == NULL || owner->model != NULL)
        return;
    for (uint32_t i = 0; i < owner->sublayers.count; i++) {
        if (owner->sublayers.items[i] == layer)
            return;
    }
    vec_push(c->arena, &owner->sublayers, layer);
}

/* Index of the new call, or 0 when an input is poison or the layer refuses. */
static uint32_t apply(cn_source where, cn_layer *layer, const cn_tensor *inputs, size_t count) {
    cn_context *c = layer->context;
    if (!diag_ok(&c->diag) || layer->class == NULL || !inputs_usable(layer, where, inputs, count))
        return 0;
    adopt(c, layer);
    layer_call row = {.layer = layer,
                      .where = where,
                      .parent = c->current_call,
                      .ordinal = layer->calls.count,
                      .input_count = (uint32_t)count,
                      .inputs = arena_copy(c->arena, inputs, count * sizeof *inputs)};
    vec_push(c->arena, &c->calls, row);
    uint32_t index = c->calls.count - 1, outer = c->current_call;
    vec_push(c->arena, &layer->calls, index);
    c->current_call = index;
    run_call(c, index, layer);
    c->current_call = outer;
    return diag_ok(&c->diag) ? index : 0;
}

size_t layer_apply(cn_source where, cn_layer *layer, const cn_tensor *inputs, size_t count,
                   cn_tensor *outputs, size_t capacity) {
    cn_context *c = layer != NULL && layer->context != NULL ? layer->context
                    : inputs != NULL && count > 0           ? inputs[0].context
                                                            : NULL;
    for (size_t i = 0; i < capacity; i++)
        outputs[i] = c == NULL ? CN_END : tensor_poison(c);
    if (c == NULL)
        return 0;
    if (layer == NULL || layer->context == NULL) {
        context_fail(c, where, CN_ERROR_INVALID_ARGUMENT, "apply: the layer %s",
                     layer == NULL ? "is NULL" : "was made without a context");
        return 0;
    }
    uint32_t outer = c->current_call;
    CONTEXT_ENTER(c, (c->current_call = outer, 0));
    uint32_t index = apply(where, layer, inputs, count);
    CONTEXT_LEAVE(c);
    if (index == 0)
        return 0;
    const layer_call *row = &c->calls.items[index];
    for (uint32_t i = 0; i < row->output_count && i < capacity; i++)
        outputs[i] = row->outputs[i];
    return row->output_count;
}

size_t tensor_list_length(const cn_tensor *list) {
    size_t n = 0;
    while (n < CN_MAX_LIST && list[n].context != NULL)
        n++;
    return n;
}

cn_tensor cn_apply_list_at(cn_source where, cn_layer *layer, const cn_tensor *inputs,
                           size_t count) {
    cn_tensor result = CN_END;
    layer_apply(where, layer, inputs, count, &result, 1);
    return result;
}

cn_tensor cn_apply_at(cn_source where, cn_layer *layer, const cn_tensor *inputs) {
    return cn_apply_list_at(where, layer, inputs, tensor_list_length(inputs));
}

size_t cn_apply_into_at(cn_source where, cn_tensor *outputs, size_t capacity, cn_layer *layer,
                        const cn_tensor *inputs) {
    return layer_apply(where, layer, inputs, tensor_list_length(inputs), outputs, capacity);
}

cn_tensor cn_chain_list_at(cn_source where, cn_tensor x, cn_layer *const *layers, size_t count) {
    for (size_t i = 0; i < count; i++) {
        /* In a chain the layer's own line says more than the chain's. */
        cn_source at =
            layers[i] != NULL && layers[i]->where.file != NULL ? layers[i]->where : where;
        x = cn_apply_list_at(at, layers[i], &x, 1);
    }
    return x;
}

cn_tensor cn_chain_at(cn_source where, cn_tensor x, cn_layer *const *layers) {
    size_t count = 0;
    while (layers[count] != NULL)
        count++;
    return cn_chain_list_at(where, x, layers, count);
}
