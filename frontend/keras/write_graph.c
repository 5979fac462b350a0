/* A model to a configuration, as Keras' get_config and serialize_keras_object write it.
 *
 * Options that newer versions of Keras have and Cornu has not are left out, so that older versions
 * read the file too. Sources: keras/src/models/functional.py, sequential.py,
 * saving/serialization_lib.py.
 */
#include <string.h>

#include "frontend/keras/write_graph.h"
#include "frontend/keras/options.h"

/* ---- tensors ---------------------------------------------------------------------------- */

static void write_shape(json_writer *j, const char *key, const type *t) {
    json_open(j, key, '[');
    for (int i = 0; i < t->rank; i++)
        if (t->dims[i].symbolic)
            json_put_null(j, NULL);
        else
            json_put_integer(j, NULL, t->dims[i].count);
    json_close(j, ']');
}

/* ["name", call, output]. In lists of a model's own tensors, Keras counts the calls of a nested
 * functional model from 1. */
static void write_history(json_writer *j, const char *key, const file_graph *g, cn_tensor t,
                          bool of_model) {
    uint64_t id = (uint64_t)t.node << 32 | t.result;
    uint64_t made = *map_find(&g->call_of_tensor, &id, sizeof id);
    const file_call *call = &g->calls.items[(made >> 8) - 1];
    const file_row *row = &g->rows.items[call->row];
    bool functional =
        row->layer != NULL && row->layer->model != NULL && !row->layer->model->sequential;
    json_open(j, key, '[');
    json_put_text(j, NULL, row->name);
    json_put_integer(j, NULL, call->index + (of_model && functional));
    json_put_integer(j, NULL, (int64_t)(made & 0xff));
    json_close(j, ']');
}

static bool is_made(const file_graph *g, cn_tensor t) {
    uint64_t id = (uint64_t)t.node << 32 | t.result;
    return map_find(&g->call_of_tensor, &id, sizeof id) != NULL;
}

static void write_tensor(keras_writer *w, const file_graph *g, cn_tensor t) {
    json_writer *j = &w->json;
    if (!is_made(g, t)) { /* a weight, or a tensor that no row makes */
        keras_write_problem(w, "the model", "a call takes %s, which no layer makes",
                            tensor_describe(t));
        json_put_null(j, NULL);
        return;
    }
    json_open(j, NULL, '{');
    json_put_text(j, "class_name", "__keras_tensor__");
    json_open(j, "config", '{');
    write_shape(j, "shape", tensor_type(t));
    json_put_text(j, "dtype", keras_dtype_name(tensor_type(t)->dtype));
    write_history(j, "keras_history", g, t, false);
    json_close(j, '}');
    json_close(j, '}');
}

/* ---- calls ------------------------------------------------------------------------------ */

typedef struct op_operands {
    const file_graph *graph;
    const file_call *call;
} op_operands;

static void write_operand(keras_writer *w, uint32_t k, void *user) {
    const op_operands *o = user;
    write_tensor(w, o->graph, o->call->inputs[k]);
}

/* Layers that take several inputs take them as one list. */
static bool takes_list(const file_row *row, const file_call *call) {
    const layer_class *class = row->layer->class;
    return call->input_count != 1 || class->min_inputs > 1 ||
           (class->max_inputs == 0 && row->layer->model == NULL && class != &custom_class);
}

static void write_layer_call(keras_writer *w, const file_graph *g, const file_row *row,
                             const file_call *call) {
    json_writer *j = &w->json;
    json_open(j, NULL, '{');
    json_open(j, "args", '[');
    if (takes_list(row, call))
        json_open(j, NULL, '[');
    for (uint32_t i = 0; i < call->input_count; i++)
        write_tensor(w, g, call->inputs[i]);
    if (takes_list(row, call))
        json_close(j, ']');
    json_close(j, ']');
    json_open(j, "kwargs", '{');
    json_close(j, '}');
    json_close(j, '}');
}

static void write_calls(keras_writer *w, const file_graph *g, const file_row *row) {
    json_open(&w->json, "inbound_nodes", '[');
    bool is_input = row->layer != NULL && row->layer->class == &input_class;
    for (uint32_t i = 0; !is_input && i < row->calls.count; i++) {
        const file_call *call = &g->calls.items[row->calls.items[i]];
        op_operands operands = {g, call};
        if (row->layer != NULL)
            write_layer_call(w, g, row, call);
        else
            keras_write_op_arguments(w, call->node, write_operand, &operands);
    }
    json_close(&w->json, ']');
}

/* ---- rows ------------------------------------------------------------------------------- */

static void write_policy(json_writer *j) {
    json_put_raw(j, "dtype",
                 "{\"module\": \"keras\", \"class_name\": \"DTypePolicy\", \"config\": {\"name\": "
                 "\"float32\"}, \"registered_name\": null}");
}

static void write_input(keras_writer *w, const cn_layer *layer) {
    const layer_call *call = &layer->context->calls.items[layer->calls.items[0]];
    keras_open_object(w, NULL, "keras.layers", "InputLayer");
    write_shape(&w->json, "batch_shape", tensor_type(call->outputs[0]));
    json_put_text(&w->json, "dtype", keras_dtype_name(tensor_type(call->outputs[0])->dtype));
    json_put_flag(&w->json, "sparse", false);
    json_put_text(&w->json, "name", layer->name);
}

static const layer_kind *kind_of(const cn_layer *layer) {
    for (int i = 0; layer_kinds[i] != NULL; i++)
        if (&layer_kinds[i]->class == layer->class)
            return layer_kinds[i];
    return NULL;
}

/* "gates>Gate", or "Custom>Gate", the package that Keras puts classes in that say none. */
static const char *registered_name(arena *a, const cn_custom_layer_options *o) {
    return strchr(o->class_name, '>') != NULL ? o->class_name
                                              : arena_format(a, "Custom>%s", o->class_name);
}

static void write_plain_layer(keras_writer *w, const cn_layer *layer) {
    const char *place = keras_place(w->scratch, layer->class_name, layer->name);
    const layer_kind *kind = kind_of(layer);
    keras_open_object(w, NULL, kind == NULL ? NULL : "keras.layers", layer->class_name);
    json_put_text(&w->json, "name", layer->name);
    json_put_flag(&w->json, "trainable", !layer->frozen);
    write_policy(&w->json);
    if (kind != NULL)
        keras_write_options(w, place, kind->options, layer->options);
    else
        keras_write_fields(w, place, layer->options);
}

/* Ends an object whose config is open, with what stands behind that. */
static void end_config(keras_writer *w, const char *registered) {
    json_close(&w->json, '}');
    json_put_text(&w->json, "registered_name", registered);
}

static void write_build(keras_writer *w, const cn_layer *layer) {
    const layer_call *call = &layer->context->calls.items[layer->calls.items[0]];
    json_open(&w->json, "build_config", '{');
    if (call->input_count == 1) {
        write_shape(&w->json, "input_shape", tensor_type(call->inputs[0]));
    } else {
        json_open(&w->json, "input_shape", '[');
        for (uint32_t i = 0; i < call->input_count; i++)
            write_shape(&w->json, NULL, tensor_type(call->inputs[i]));
        json_close(&w->json, ']');
    }
    json_close(&w->json, '}');
}

/* Everything but the closing brace. */
static void open_layer(keras_writer *w, const cn_layer *layer) {
    if (layer->class == &input_class) {
        write_input(w, layer);
        end_config(w, NULL);
        return;
    }
    write_plain_layer(w, layer);
    end_config(w,
               layer->class == &custom_class ? registered_name(w->scratch, layer->options) : NULL);
    write_build(w, layer);
}

static void open_op(keras_writer *w, const file_graph *g, const file_row *row) {
    keras_open_object(w, NULL, row->module, row->class_name);
    json_put_text(&w->json, "name", row->name);
    keras_write_op_config(w, g->calls.items[row->calls.items[0]].node);
    end_config(w, row->class_name);
}

static void open_model(keras_writer *w, const cn_model *m, const char *name);

static void write_row(keras_writer *w, const file_graph *g, uint32_t index) {
    const file_row *row = &g->rows.items[index];
    if (row->layer == NULL)
        open_op(w, g, row);
    else if (row->layer->model != NULL)
        open_model(w, row->layer->model, row->name);
    else
        open_layer(w, row->layer);
    json_put_text(&w->json, "name", row->name);
    write_calls(w, g, row);
    json_close(&w->json, '}');
}

/* ---- models ----------------------------------------------------------------------------- */

bool keras_outputs_by_name(const cn_model *m) {
    return m->outputs_by_name;
}

static void write_own_tensors(keras_writer *w, const file_graph *g, const char *key, bool inputs) {
    const cn_model *m = g->model;
    uint32_t count = inputs ? m->inputs.count : m->outputs.count;
    bool by_name = inputs ? m->input_keys != NULL : m->outputs_by_name;
    bool bare = count == 1 && !by_name;
    if (!bare)
        json_open(&w->json, key, by_name ? '{' : '[');
    for (uint32_t i = 0; i < count; i++) {
        cn_tensor t = inputs ? m->inputs.items[i] : m->outputs.items[i].tensor;
        if (is_made(g, t))
            write_history(&w->json,
                          bare      ? key
                          : by_name ? m->outputs.items[i].name
                                    : NULL,
                          g, t, true);
        else
            keras_write_problem(w, "the model", "%s %u, %s, is not made by a layer",
                                inputs ? "input" : "output", i, tensor_describe(t));
    }
    if (!bare)
        json_close(&w->json, by_name ? '}' : ']');
}

static void open_functional(keras_writer *w, const cn_model *m, const char *name) {
    file_graph g;
    (void)keras_file_graph(m, w->scratch, w, &g); /* what is wrong is noted */
    keras_open_object(w, NULL, "keras.src.models.functional", "Functional");
    json_put_text(&w->json, "name", name);
    json_put_flag(&w->json, "trainable", !m->layer->frozen);
    json_open(&w->json, "layers", '[');
    for (uint32_t i = 0; i < g.rows.count; i++)
        write_row(w, &g, i);
    json_close(&w->json, ']');
    write_own_tensors(w, &g, "input_layers", true);
    write_own_tensors(w, &g, "output_layers", false);
    end_config(w, "Functional");
    json_put_raw(&w->json, "build_config", "{\"input_shape\": null}");
}

/* Its layers follow each other, so their order is the model's. */
static void open_sequential(keras_writer *w, const cn_model *m, const char *name) {
    const type *input = tensor_type(m->inputs.items[0]);
    if (m->calls.count != m->layers.count)
        keras_write_problem(w, keras_place(w->scratch, "Sequential", name),
                            "has a layer in two places; make it with cn_model_new");
    keras_open_object(w, NULL, "keras", "Sequential");
    json_put_text(&w->json, "name", name);
    json_put_flag(&w->json, "trainable", !m->layer->frozen);
    write_policy(&w->json);
    json_open(&w->json, "layers", '[');
    for (uint32_t i = 0; i < m->layers.count; i++) {
        const cn_layer *layer = m->layers.items[i];
        if (layer->model != NULL)
            open_model(w, layer->model, layer->name);
        else
            open_layer(w, layer);
        json_close(&w->json, '}');
    }
    json_close(&w->json, ']');
    write_shape(&w->json, "build_input_shape", input);
    end_config(w, NULL);
    json_open(&w->json, "build_config", '{');
    write_shape(&w->json, "input_shape", input);
    json_close(&w->json, '}');
}

/* A nested model goes by its name as a layer, which is unique. */
static void open_model(keras_writer *w, const cn_model *m, const char *name) {
    if (m->sequential)
        open_sequential(w, m, name);
    else
        open_functional(w, m, name);
}

void keras_write_model(keras_writer *w, const cn_model *m, bool compiled) {
    open_model(w, m, m->name);
    if (compiled && m->training != NULL)
        keras_write_compile(w, "compile_config", m);
    json_close(&w->json, '}');
}
