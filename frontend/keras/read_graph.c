/* A configuration to a model: its calls, made in an order in which operands come first.
 *
 * A call names the tensors it takes by ["layer", call, output] ("keras_history"), in any order in
 * the file. They are made depth first with a stack of our own; a cycle is a problem like any other.
 * Nested structures of tensors count as flat lists, dictionaries in the order of their keys, as in
 * keras.tree. Source: keras/src/models/functional.py (functional_from_config), sequential.py.
 */
#include <stdlib.h>
#include <string.h>

#include "frontend/keras/read_graph.h"
#include "frontend/model.h"

/* ---- references to tensors -------------------------------------------------------------- */

typedef struct linker {
    keras_reader *r;
    graph_parts *parts;
    graph_call *call; /* NULL: of the model's inputs or outputs */
    const char *place;
    VEC(tensor_reference) found;
} linker;

/* ["layer", call, output]. In lists of a model's own tensors, Keras counts the calls of a nested
 * functional model from 1. */
static bool resolve(linker *l, const json_t *history, bool of_model, tensor_reference *out) {
    const char *name = json_string_value(json_array_get(history, 0));
    json_int_t call = json_integer_value(json_array_get(history, 1));
    json_int_t index = json_integer_value(json_array_get(history, 2));
    const uint64_t *place = name == NULL ? NULL : map_find_text(&l->parts->row_of_name, name);
    const graph_row *row = place == NULL ? NULL : &l->parts->rows.items[*place];
    if (row != NULL && of_model && row->is_functional && call > 0)
        call--;
    if (row == NULL || call < 0 || call >= (json_int_t)row->call_count || index < 0 ||
        index >= CN_MAX_LIST) {
        keras_problem(l->r, l->place, "refers to a tensor that is not in the file: %s",
                      keras_words(l->r->scratch, history));
        return false;
    }
    *out = (tensor_reference){row->first_call + (uint32_t)call, (uint32_t)index};
    return true;
}

static const json_t *history_of(const json_t *j) {
    const char *class_name = json_string_value(json_object_get(j, "class_name"));
    if (class_name == NULL || strcmp(class_name, "__keras_tensor__") != 0)
        return NULL;
    return json_object_get(json_object_get(j, "config"), "keras_history");
}

static bool is_history(const json_t *j) {
    return json_is_array(j) && json_array_size(j) >= 3 && json_is_string(json_array_get(j, 0)) &&
           json_is_integer(json_array_get(j, 1)) && json_is_integer(json_array_get(j, 2));
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Keys in order; the list is as long as the object. */
static const char **sorted_keys(arena *a, const json_t *object) {
    const char **keys = ARENA_ARRAY(a, const char *, json_object_size(object) + 1), *key;
    size_t count = 0;
    json_t *unused;
    json_object_foreach((json_t *)(uintptr_t)object, key, unused) keys[count++] = key;
    qsort(keys, count, sizeof *keys, by_text);
    return keys;
}

static void add_reference(linker *l, const json_t *history, bool of_model) {
    tensor_reference t;
    if (resolve(l, history, of_model, &t))
        vec_push(l->r->scratch, &l->found, t);
}

/* Tensors in a structure, in keras.tree's order. A tensor in an argument is marked with its place
 * among them, by which readers of ops find it again. Depth is limited by the reader of JSON. */
static void find_tensors(linker *l, json_t *j) {
    const json_t *history = history_of(j);
    if (history != NULL) {
        json_object_set_new(j, "tensor", json_integer((json_int_t)l->found.count));
        add_reference(l, history, false);
    } else if (json_is_array(j)) {
        for (size_t i = 0; i < json_array_size(j); i++)
            find_tensors(l, json_array_get(j, i));
    } else if (json_is_object(j)) {
        const char **keys = sorted_keys(l->r->scratch, j);
        for (size_t i = 0; i < json_object_size(j); i++)
            find_tensors(l, json_object_get(j, keys[i]));
    }
}

/* The model's own inputs and outputs: one, a list, a dictionary, or lists of them. */
static void find_own_tensors(linker *l, const json_t *j) {
    if (is_history(j)) {
        add_reference(l, j, true);
    } else if (json_is_array(j)) {
        for (size_t i = 0; i < json_array_size(j); i++)
            find_own_tensors(l, json_array_get(j, i));
    } else if (json_is_object(j)) {
        const char **keys = sorted_keys(l->r->scratch, j);
        for (size_t i = 0; i < json_object_size(j); i++)
            find_own_tensors(l, json_object_get(j, keys[i]));
    }
}

/* [["in", 0, 0, {}], ...] of Keras 2. */
static void find_old_tensors(linker *l, const json_t *list) {
    if (is_history(list))
        add_reference(l, list, false);
    for (size_t i = 0; !is_history(list) && i < json_array_size(list); i++)
        find_old_tensors(l, json_array_get(list, i));
}

/* null, false, or a list or dictionary of them. */
static bool says_nothing(const json_t *j) {
    const char *key;
    json_t *part;
    for (size_t i = 0; i < json_array_size(j); i++)
        if (!says_nothing(json_array_get(j, i)))
            return false;
    json_object_foreach((json_t *)(uintptr_t)j, key, part) if (!says_nothing(part)) return false;
    return j == NULL || json_is_null(j) || json_is_false(j) || json_is_array(j) ||
           json_is_object(j);
}

/* Arguments of layers besides tensors: training=None and mask=None are in every file. */
static void check_arguments(const linker *l, const graph_call *call) {
    const char *key;
    json_t *said;
    json_object_foreach((json_t *)(uintptr_t)call->kwargs, key, said) {
        bool refused = strcmp(key, "training") == 0 || strcmp(key, "mask") == 0;
        if (refused ? !says_nothing(said)
                    : history_of(said) == NULL && !json_is_array(said) && !json_is_object(said) &&
                          !says_nothing(said))
            keras_problem(l->r, l->place, "is called with %s=%s, which Cornu's layers do not take",
                          key, keras_words(l->r->scratch, said));
    }
    for (size_t i = 0; i < json_array_size(call->args); i++) {
        const json_t *given = json_array_get(call->args, i);
        if (!json_is_array(given) && !json_is_object(given) && !says_nothing(given))
            keras_problem(l->r, l->place, "is called on the number %s",
                          keras_words(l->r->scratch, given));
    }
}

static bool link_calls(keras_reader *r, graph_parts *parts) {
    uint32_t before = r->problem_count;
    for (uint32_t i = 0; i < parts->calls.count; i++) {
        graph_call *call = &parts->calls.items[i];
        const graph_row *row = &parts->rows.items[call->row];
        linker l = {.r = r, .parts = parts, .call = call, .place = row->place};
        if (row->is_input)
            continue;
        if (!json_is_object(call->kwargs)) {
            find_old_tensors(&l, call->args);
        } else {
            find_tensors(&l, (json_t *)(uintptr_t)call->args);
            find_tensors(&l, (json_t *)(uintptr_t)call->kwargs);
            if (!row->is_op)
                check_arguments(&l, call);
        }
        if (!row->is_op && l.found.count == 0)
            keras_problem(r, row->place, "is called on nothing");
        call->needs.items = l.found.items;
        call->needs.count = l.found.count;
    }
    return r->problem_count == before;
}

/* ---- making calls ----------------------------------------------------------------------- */

static cn_tensor reference_tensor(const graph_parts *parts, tensor_reference t) {
    const graph_call *call = &parts->calls.items[t.call];
    return call->outputs[t.index];
}

static size_t make_op(keras_reader *r, const graph_row *row, const graph_call *call,
                      const cn_tensor *inputs, cn_tensor *outputs) {
    keras_op_call op = {.place = row->place,
                        .class_name = row->class_name,
                        .config = row->config,
                        .args = call->args,
                        .kwargs = call->kwargs,
                        .tensors = inputs,
                        .tensor_count = call->needs.count};
    return keras_read_op(r, &op, outputs, CN_MAX_LIST);
}

static bool make_call(keras_reader *r, const graph_parts *parts, graph_call *call) {
    const graph_row *row = &parts->rows.items[call->row];
    cn_tensor outputs[CN_MAX_LIST];
    cn_tensor *inputs = ARENA_ARRAY(r->scratch, cn_tensor, call->needs.count + 1);
    for (uint32_t i = 0; i < call->needs.count; i++) {
        tensor_reference t = call->needs.items[i];
        if (t.index >= parts->calls.items[t.call].output_count) {
            keras_problem(r, row->place, "refers to output %u of a call that has %u", t.index,
                          parts->calls.items[t.call].output_count);
            return false;
        }
        inputs[i] = reference_tensor(parts, t);
    }
    size_t count = 1;
    if (row->is_input)
        outputs[0] = row->input;
    else if (row->is_op)
        count = make_op(r, row, call, inputs, outputs);
    else
        count = layer_apply(r->where, row->layer, inputs, call->needs.count, outputs, CN_MAX_LIST);
    call->outputs = arena_copy(r->scratch, outputs, count * sizeof *outputs);
    call->output_count = (uint32_t)count;
    return count > 0;
}

/* The first operand of the call that is not made; UINT32_MAX when there is none. */
static uint32_t missing_operand(const graph_parts *parts, const graph_call *call) {
    for (uint32_t i = 0; i < call->needs.count; i++)
        if (parts->calls.items[call->needs.items[i].call].outputs == NULL)
            return call->needs.items[i].call;
    return UINT32_MAX;
}

static bool make_with_operands(keras_reader *r, graph_parts *parts, uint32_t root) {
    VEC(uint32_t) stack = {0};
    vec_push(r->scratch, &stack, root);
    while (stack.count > 0) {
        graph_call *call = &parts->calls.items[vec_last(&stack)];
        uint32_t missing = call->outputs != NULL ? UINT32_MAX : missing_operand(parts, call);
        call->open = true;
        if (missing == UINT32_MAX) {
            if (call->outputs == NULL && !make_call(r, parts, call))
                return false;
            (void)vec_pop(&stack);
        } else if (parts->calls.items[missing].open) {
            keras_problem(r, parts->rows.items[call->row].place, "depends on itself");
            return false;
        } else {
            vec_push(r->scratch, &stack, missing);
        }
    }
    return true;
}

/* ---- models ----------------------------------------------------------------------------- */

/* trainable=False of layers. Models that are frozen have frozen layers; one that was made trainable
 * afterwards is, whatever the models around it say, as Keras reads it. */
static void freeze(const graph_parts *parts) {
    for (uint32_t i = 0; i < parts->rows.count; i++) {
        const graph_row *row = &parts->rows.items[i];
        if (row->layer != NULL && row->layer->model == NULL &&
            json_is_false(json_object_get(row->config, "trainable")))
            cn_layer_set_trainable(row->layer, false);
    }
}

static cn_tensor *own_tensors(keras_reader *r, graph_parts *parts, const json_t *config,
                              const char *key, size_t *count) {
    linker l = {.r = r, .parts = parts, .place = key};
    find_own_tensors(&l, json_object_get(config, key));
    cn_tensor *list = ARENA_ARRAY(r->scratch, cn_tensor, l.found.count + 1);
    for (uint32_t i = 0; i < l.found.count; i++) {
        const graph_call *call = &parts->calls.items[l.found.items[i].call];
        if (l.found.items[i].index >= call->output_count) {
            keras_problem(r, key, "refers to an output that there is not");
            return list;
        }
        list[i] = call->outputs[l.found.items[i].index];
    }
    *count = l.found.count;
    return list;
}

/* The layers of the rows; of an input, the one that its tensor came with. */
static layer_order order_of(keras_reader *r, const graph_parts *parts) {
    const cn_context *c = r->context;
    cn_layer **layers = ARENA_ARRAY(r->scratch, cn_layer *, parts->rows.count + 1);
    layer_order order = {.layers = layers};
    for (uint32_t i = 0; i < parts->rows.count; i++) {
        const graph_row *row = &parts->rows.items[i];
        if (!row->is_op)
            layers[order.count++] =
                row->is_input ? c->calls.items[c->call_of_node.items[row->input.node]].layer
                              : row->layer;
    }
    return order;
}

/* The keys of a dictionary of tensors, in order; NULL of other structures. */
static const char **plain_keys(cn_context *c, const json_t *tensors) {
    size_t count = json_object_size(tensors);
    if (count == 0)
        return NULL;
    const char **keys = sorted_keys(c->arena, tensors);
    for (size_t i = 0; i < count; i++) {
        if (!is_history(json_object_get(tensors, keys[i])))
            return NULL;
        keys[i] = arena_string(c->arena, keys[i]);
    }
    return keys;
}

/* Inputs and outputs in a dictionary go by its keys, as in Keras. */
static void take_keys(cn_model *m, const json_t *config) {
    m->input_keys = plain_keys(m->context, json_object_get(config, "input_layers"));
    const char **keys = plain_keys(m->context, json_object_get(config, "output_layers"));
    m->outputs_by_name = keys != NULL;
    for (uint32_t i = 0; keys != NULL && i < m->outputs.count; i++)
        m->outputs.items[i].name = keys[i];
}

static cn_model *finish(keras_reader *r, cn_model_options *o, bool sequential,
                        const layer_order *order) {
    if (!diag_ok(&r->context->diag))
        return NULL;
    cn_model *m = model_build(r->where, o, sequential, order);
    return m->poison ? NULL : m;
}

static cn_model *read_functional(keras_reader *r, const json_t *config, const char *name) {
    graph_parts parts;
    if (!keras_read_rows(r, json_object_get(config, "layers"), &parts) || r->problem_count > 0 ||
        !link_calls(r, &parts))
        return NULL;
    for (uint32_t i = 0; i < parts.calls.count; i++)
        if (!make_with_operands(r, &parts, i))
            return NULL;
    cn_model_options o = {.context = r->context, .name = name};
    o.input_list = own_tensors(r, &parts, config, "input_layers", &o.input_count);
    o.output_list = own_tensors(r, &parts, config, "output_layers", &o.output_count);
    if (r->problem_count > 0)
        return NULL;
    freeze(&parts);
    layer_order order = order_of(r, &parts);
    cn_model *m = finish(r, &o, false, &order);
    if (m != NULL)
        take_keys(m, config);
    return m;
}

/* Where a Sequential says what it is built for: its first layer, itself, or what built it. */
static const json_t *built_shape(const json_t *object, const json_t *config, const json_t *first) {
    const json_t *places[] = {
        json_object_get(config, "build_input_shape"),
        json_object_get(json_object_get(object, "build_config"), "input_shape"),
        json_object_get(json_object_get(first, "config"), "batch_shape"),
        json_object_get(json_object_get(first, "config"), "batch_input_shape")};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (json_is_array(places[i]))
            return places[i];
    return NULL;
}

static cn_model *read_sequential(keras_reader *r, const json_t *object, const json_t *config,
                                 const char *name) {
    graph_parts parts;
    const json_t *layers = json_object_get(config, "layers");
    const char *place = keras_place(r->scratch, "Sequential", name);
    if (!keras_read_rows(r, layers, &parts) || r->problem_count > 0)
        return NULL;
    uint32_t first = parts.rows.count > 0 && parts.rows.items[0].is_input;
    const json_t *shape = built_shape(object, config, json_array_get(layers, 0));
    cn_tensor x = first ? parts.rows.items[0].input : tensor_poison(r->context);
    if (!first && shape == NULL)
        keras_problem(r, place,
                      "was never built: call it on data, or give it an Input, and save "
                      "it again");
    else if (!first)
        x = keras_make_input(r, place, NULL, shape, NULL);
    cn_tensor y = x;
    for (uint32_t i = first; i < parts.rows.count && r->problem_count == 0; i++) {
        const graph_row *row = &parts.rows.items[i];
        if (row->layer == NULL)
            keras_problem(r, row->place, "cannot stand in a Sequential");
        else
            y = cn_apply_list_at(r->where, row->layer, &y, 1);
    }
    if (r->problem_count > 0)
        return NULL;
    freeze(&parts);
    cn_model_options o = {.context = r->context, .inputs = {x}, .outputs = {y}, .name = name};
    return finish(r, &o, true, NULL);
}

cn_model *keras_read_model(keras_reader *r, const json_t *object) {
    const json_t *config = json_object_get(object, "config");
    const char *name = json_string_value(json_object_get(config, "name"));
    const char *class_name = json_string_value(json_object_get(object, "class_name"));
    if (class_name == NULL || !json_is_array(json_object_get(config, "layers"))) {
        keras_problem(r, "the model", "is not of layers: %s",
                      class_name == NULL ? "it says no class" : class_name);
        return NULL;
    }
    if (name == NULL)
        name = snake_case(r->scratch, class_name);
    if (json_object_get(config, "input_layers") == NULL)
        return read_sequential(r, object, config, name);
    return read_functional(r, config, name);
}
