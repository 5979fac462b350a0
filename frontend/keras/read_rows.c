/* Entries of "layers": what each is, and the layer that it stands for.
 *
 * A class is looked up in this order: what the program registered, Cornu's own layers by Keras'
 * name, nested models, ops. What is in none of them is a problem with its name; code (Lambda)
 * is never run.
 */
#include <string.h>

#include "frontend/keras/read_graph.h"

/* ---- element types and shapes ----------------------------------------------------------- */

/* The name of a policy: "float32", or {"class_name": "DTypePolicy", "config": {"name": ...}}. */
static const char *policy_name(const json_t *j) {
    keras_object o;
    if (!json_is_object(j))
        return json_string_value(j);
    return keras_object_of(j, &o) ? json_string_value(json_object_get(o.config, "name")) : NULL;
}

static void check_policy(keras_reader *r, const graph_row *row) {
    const json_t *policy = json_object_get(row->config, "dtype");
    const char *name = policy_name(policy);
    if (policy == NULL || json_is_null(policy) || (name != NULL && strcmp(name, "float32") == 0))
        return;
    keras_problem(r, row->place, "computes by the dtype policy %s; Cornu's layers do so in float32",
                  name != NULL ? name : keras_words(r->scratch, policy));
}

static bool input_axis(const json_t *j, bool batch, int64_t *out) {
    *out = json_is_null(j) ? 0 : json_integer_value(j);
    return (json_is_integer(j) && *out >= (batch ? 1 : 0)) || (batch && json_is_null(j));
}

cn_tensor keras_make_input(keras_reader *r, const char *place, const char *name,
                           const json_t *batch_shape, const json_t *dtype) {
    cn_input_options o = {.context = r->context, .name = name};
    size_t rank = json_array_size(batch_shape);
    bool ok = json_is_array(batch_shape) && rank >= 1 && rank <= CN_MAX_RANK &&
              input_axis(json_array_get(batch_shape, 0), true, &o.batch_size);
    for (size_t i = 1; ok && i < rank; i++)
        ok = input_axis(json_array_get(batch_shape, i), false, &o.shape[i - 1]);
    o.rank = ok ? (int)rank - 1 : 0;
    o.scalar = o.rank == 0;
    if (!ok)
        keras_problem(r, place,
                      "the shape %s is not one that Cornu has: all sizes but the batch's "
                      "are known",
                      batch_shape == NULL ? "null" : keras_words(r->scratch, batch_shape));
    const char *words = policy_name(dtype);
    if (words != NULL && !keras_dtype_parse(words, &o.dtype)) {
        keras_problem(r, place, "element type \"%s\" is not one that Cornu has", words);
        ok = false;
    }
    cn_source where = r->where;
    where.options_size = sizeof o;
    return ok ? cn_input_at(where, &o) : tensor_poison(r->context);
}

/* ---- layers ----------------------------------------------------------------------------- */

const cn_custom_layer_options *keras_custom_class(const cn_context *c, const char *name) {
    const char *mark = strchr(name, '>'), *short_name = mark == NULL ? name : mark + 1;
    for (uint32_t i = c->custom_classes.count; i-- > 0;) {
        const cn_custom_layer_options *known = c->custom_classes.items[i];
        const char *of = strchr(known->class_name, '>');
        bool whole = mark != NULL && of != NULL;
        if (strcmp(whole || of == NULL ? known->class_name : of + 1, whole ? name : short_name) ==
            0)
            return known;
    }
    return NULL;
}

static cn_layer *make_custom(keras_reader *r, const graph_row *row,
                             const cn_custom_layer_options *class) {
    cn_custom_layer_options o = *class;
    cn_source where = r->where;
    where.options_size = sizeof o;
    o.context = r->context;
    o.name = row->name;
    void *user = NULL;
    if (class->user_size > 0) {
        user = arena_alloc(r->scratch, class->user_size);
        memcpy(user, class->user, class->user_size);
    }
    keras_read_fields(r, row->place, class, row->config, user);
    o.user = user;
    return cn_custom_layer_at(where, &o);
}

static const layer_kind *kind_named(const char *class_name) {
    for (int i = 0; layer_kinds[i] != NULL; i++)
        if (strcmp(layer_kinds[i]->class.name, class_name) == 0)
            return layer_kinds[i];
    return NULL;
}

static cn_layer *make_layer(keras_reader *r, const graph_row *row, const layer_kind *kind) {
    uint32_t before = r->problem_count;
    char *options = arena_alloc(r->scratch, kind->options_size);
    memset(options, 0, kind->options_size);
    memcpy(options, &r->context, sizeof r->context);
    memcpy(options + kind->name_offset, &row->name, sizeof row->name);
    keras_read_options(r, row->place, NULL, row->config, kind->options, options);
    check_policy(r, row);
    if (r->problem_count > before)
        return NULL;
    cn_source where = r->where;
    where.options_size = kind->options_size;
    cn_layer *layer = layer_construct(where, kind, options);
    return keras_made(r, row->place) ? layer : NULL;
}

static void refuse_class(keras_reader *r, const graph_row *row, const keras_object *o) {
    if (strcmp(row->class_name, "Lambda") == 0)
        keras_problem(r, row->place,
                      "carries code of Python, which is never run; say it with ops "
                      "of Keras, or register a class");
    else if (o->registered_name != NULL)
        keras_problem(r, row->place,
                      "is not Keras' own; register the class \"%s\" with "
                      "cn_register_layer",
                      o->registered_name);
    else
        keras_problem(r, row->place, "Cornu has no layer of this class");
}

/* ---- rows ------------------------------------------------------------------------------- */

static bool is_of_ops(const keras_object *o) {
    return o->module != NULL && (strncmp(o->module, "keras.src.ops", 13) == 0 ||
                                 strncmp(o->module, "keras.ops", 9) == 0 ||
                                 strncmp(o->module, "keras.src.activations", 21) == 0);
}

const char *keras_place(arena *a, const char *class_name, const char *name) {
    text words;
    text_init(&words, a);
    text_printf(&words, "%s ", class_name);
    text_quote(&words, name);
    return words.data;
}

static void read_input(keras_reader *r, graph_row *row) {
    const json_t *shape = json_object_get(row->config, "batch_shape");
    if (shape == NULL)
        shape = json_object_get(row->config, "batch_input_shape");
    row->is_input = true;
    row->input =
        keras_make_input(r, row->place, row->name, shape, json_object_get(row->config, "dtype"));
}

static void read_class(keras_reader *r, graph_row *row, const keras_object *o) {
    const char *name = o->registered_name != NULL ? o->registered_name : o->class_name;
    const cn_custom_layer_options *custom = keras_custom_class(r->context, name);
    bool of_keras = o->registered_name == NULL; /* then a class of a package is another one */
    if (custom != NULL && of_keras && strchr(custom->class_name, '>') != NULL)
        custom = NULL;
    const layer_kind *kind = of_keras ? kind_named(o->class_name) : NULL;
    if (custom != NULL) {
        row->layer = make_custom(r, row, custom);
    } else if (strcmp(o->class_name, "InputLayer") == 0) {
        read_input(r, row);
    } else if (is_of_ops(o)) {
        row->is_op = true;
        if (!keras_op_known(o->class_name))
            keras_problem(r, row->place, "Cornu has no such op");
    } else if (kind != NULL) {
        row->layer = make_layer(r, row, kind);
    } else if (json_is_array(json_object_get(row->config, "layers"))) {
        row->is_functional = json_object_get(row->config, "input_layers") != NULL;
        cn_model *m = keras_read_model(r, row->object);
        row->layer = m == NULL ? NULL : m->layer;
    } else {
        refuse_class(r, row, o);
    }
}

/* Keras 2 has the name beside the configuration only. */
static const char *row_name(const json_t *object, const json_t *config) {
    const char *name = json_string_value(json_object_get(config, "name"));
    return name != NULL ? name : json_string_value(json_object_get(object, "name"));
}

bool keras_read_row(keras_reader *r, const json_t *object, graph_row *row) {
    keras_object o;
    *row = (graph_row){.object = object, .config = json_object_get(object, "config")};
    if (!json_is_object(object) || !keras_object_of(object, &o) || !json_is_object(row->config)) {
        keras_problem(r, "\"layers\"", "%s is no layer", keras_words(r->scratch, object));
        return false;
    }
    row->name = row_name(object, row->config);
    row->class_name = o.class_name;
    row->place = keras_place(r->scratch, o.class_name, row->name == NULL ? "" : row->name);
    if (row->name == NULL || row->name[0] == 0) {
        keras_problem(r, row->place, "has no name");
        return false;
    }
    uint32_t before = r->problem_count;
    read_class(r, row, &o);
    return r->problem_count == before;
}

static void add_calls(keras_reader *r, graph_parts *parts, uint32_t index) {
    graph_row *row = &parts->rows.items[index];
    const json_t *nodes = json_object_get(row->object, "inbound_nodes");
    row->first_call = parts->calls.count;
    row->call_count = row->is_input ? 1 : (uint32_t)json_array_size(nodes);
    for (uint32_t i = 0; i < row->call_count; i++) {
        const json_t *call_object = json_array_get(nodes, i);
        graph_call call = {.row = index, .args = call_object};
        if (json_is_object(call_object)) {
            call.args = json_object_get(call_object, "args");
            call.kwargs = json_object_get(call_object, "kwargs");
        }
        vec_push(r->scratch, &parts->calls, call);
    }
}

bool keras_read_rows(keras_reader *r, const json_t *layers, graph_parts *parts) {
    uint32_t before = r->problem_count;
    *parts = (graph_parts){0};
    map_init(&parts->row_of_name, r->scratch);
    for (size_t i = 0; i < json_array_size(layers); i++) {
        graph_row row;
        bool twice;
        if (!keras_read_row(r, json_array_get(layers, i), &row))
            continue;
        *map_put_text(&parts->row_of_name, row.name, &twice) = parts->rows.count;
        if (twice)
            keras_problem(r, row.place, "the name is there twice");
        vec_push(r->scratch, &parts->rows, row);
        add_calls(r, parts, parts->rows.count - 1);
    }
    return r->problem_count == before;
}
