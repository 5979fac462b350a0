/* cornu summary MODEL: Keras' table of layers, or its rows as JSON. */
#include "tools/arrays.h"

static void write_arrays(json *j, const char *key, const cn_model *m, size_t count,
                         cn_array (*get)(const cn_model *m, size_t i)) {
    json_open(j, key, '[');
    for (size_t k = 0; k < count; k++) {
        cn_array x = get(m, k);
        json_open(j, NULL, '{');
        json_text(j, "name", x.name);
        json_text(j, "dtype", dtype_name(x.dtype));
        json_shape(j, x.shape, x.rank);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void write_layers(json *j, const cn_model *m) {
    json_open(j, "layers", '[');
    for (size_t k = 0; k < cn_layer_count(m); k++) {
        cn_layer_facts l = cn_layer_get(m, k);
        json_open(j, NULL, '{');
        json_text(j, "name", l.name);
        json_text(j, "class", l.class_name);
        json_text(j, "dtype", dtype_name(l.dtype));
        json_shape(j, l.shape, l.rank);
        json_integer(j, "parameters", (int64_t)l.parameters);
        json_flag(j, "trainable", l.trainable);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void write_json(FILE *out, const cn_model *m) {
    json j = json_begin(out, SCHEMA_summary);
    json_text(&j, "model", cn_model_name(m));
    write_arrays(&j, "inputs", m, cn_input_count(m), cn_model_input);
    write_arrays(&j, "outputs", m, cn_output_count(m), cn_model_output);
    write_layers(&j, m);
    json_integer(&j, "parameters", (int64_t)cn_parameter_count(m, false));
    json_integer(&j, "trainable_parameters", (int64_t)cn_parameter_count(m, true));
    json_end(&j);
}

static exit_code run(invocation *i) {
    open_model m;
    exit_code code = model_open(i, i->arguments[0], MODEL_PREDICTS, &m);
    if (code != EXIT_OK)
        return code;
    i->log = i->out;
    if (i->json)
        write_json(i->out, m.model);
    else if (cn_summary(m.model, .expand_nested = option_given(i, "expand-nested"),
                        .show_trainable = option_given(i, "trainable")) != CN_OK)
        code = fail_context(i, m.context);
    model_close(&m);
    return code;
}

static const option_row options[] = {
    {"expand-nested", 0, OPTION_FLAG, NULL, NULL, "list the layers of nested models too",
     {.not_with = "json"}},
    {"trainable", 0, OPTION_FLAG, NULL, NULL, "say of each layer whether it learns",
     {.not_with = "json"}},
    WEIGHTS_OPTION(),
    LAYERS_OPTION(.only_for = "argument=" KERAS_FILES),
    JSON_OPTION(),
    QUIET_OPTION(),
    {0},
};

const verb verb_summary = {
    .name = "summary",
    .summary = "list the layers of a model, their shapes and parameters",
    .arguments = "MODEL",
    .least = 1,
    .most = 1,
    .description = "Writes a table of the model's layers, the shape that each gives out and how "
                   "many parameters it has.",
    .options = options,
    .examples =
        (const verb_example[]){
            {"cornu summary examples/convnet_model.c", "list the layers of the example"}, {0}},
    .run = run,
};
