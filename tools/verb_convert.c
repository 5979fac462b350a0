/* cornu convert FROM TO: arrays, weights and models from one format to another.
 *
 * What FROM and TO are their names' endings say: a model (a C source, .keras, .h5), weights that
 * only a model can tell the names of (.weights.h5), or arrays. Where a model is needed and neither
 * end is one, --model names it.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/arrays.h"
#include "tools/model.h"

typedef struct conversion {
    invocation *i;
    cn_context *context;
    cn_model *model; /* NULL when there are arrays only */
    const char *from, *to;
    size_t count; /* of arrays written */
} conversion;

static bool is_model(const char *path) {
    return ends_in(path, ".c") || (model_is_file(path) && !ends_in(path, ".weights.h5"));
}

/* What the command line asks for that cannot be. */
static exit_code check_names(const invocation *i) {
    const char *from = i->arguments[0], *to = i->arguments[1];
    static const char *const strange[] = {".onnx", ".pt", ".pth"};
    for (int k = 0; k < 2; k++)
        for (size_t n = 0; n < sizeof strange / sizeof *strange; n++)
            if (ends_in(i->arguments[k], strange[n]))
                return fail(i, EXIT_INPUT, "%s: %s is not converted", i->arguments[k], strange[n]);
    if (model_is_file(to) && !ends_in(to, ".keras") && !ends_in(to, ".weights.h5"))
        return fail(i, EXIT_USAGE, "%s: this old format is only read; write .keras or .weights.h5",
                    to);
    bool needs = model_is_file(to) || ends_in(from, ".weights.h5");
    if (needs && !is_model(from) && !option_given(i, "model"))
        return fail(i, EXIT_USAGE, "from %s to %s leads by way of a model; name it by --model",
                    from, to);
    return EXIT_OK;
}

/* What cannot be written is the work that failed, not the input. */
static exit_code fail_write(const conversion *v) {
    cn_status s = cn_error_status(v->context);
    fail_context(v->i, v->context);
    return s == CN_ERROR_INVALID_ARGUMENT ? EXIT_USAGE
           : s == CN_ERROR_UNSUPPORTED    ? EXIT_INPUT
                                          : EXIT_RUN;
}

/* ---- Models ------------------------------------------------------------------------------ */

/* As arrays under the names of the weights. */
static cn_status write_weights(const conversion *v) {
    size_t count = cn_weight_count(v->model);
    cn_array *list = calloc(count + 1, sizeof *list);
    if (list == NULL)
        return CN_ERROR_OUT_OF_MEMORY;
    for (size_t k = 0; k < count; k++)
        list[k] = cn_weight(v->model, k);
    cn_status s = cn_array_file_write(v->context, v->to, list, count);
    free(list);
    return s;
}

static exit_code write_model(conversion *v) {
    bool weights = ends_in(v->to, ".safetensors") || ends_in(v->to, ".weights.h5");
    cn_status s = ends_in(v->to, ".keras") ? model_save(v->model, v->to)
                  : weights                ? cn_save_weights(v->model, v->to)
                                           : write_weights(v);
    v->count = cn_weight_count(v->model);
    return s == CN_OK ? EXIT_OK : fail_write(v);
}

/* ---- Arrays ------------------------------------------------------------------------------ */

/* The name without --prefix; NULL when it does not begin so. */
static const char *kept_name(const conversion *v, const char *name) {
    const char *prefix = option_text(v->i, "prefix", "");
    size_t length = strlen(prefix);
    if (name == NULL)
        return length == 0 ? "" : NULL;
    return strncmp(name, prefix, length) == 0 ? name + length : NULL;
}

/* Those whose names begin as --prefix says, without it; v->count of them, malloc. */
static cn_array *kept_arrays(conversion *v, const cn_array_file *f) {
    size_t total = cn_array_file_count(f);
    cn_array *list = calloc(total + 1, sizeof *list);
    v->count = 0;
    for (size_t k = 0; list != NULL && k < total; k++) {
        cn_array x = cn_array_file_get(f, k);
        const char *name = kept_name(v, x.name);
        if (name == NULL)
            continue;
        x.name = x.name == NULL ? NULL : name;
        list[v->count++] = x;
    }
    return list;
}

/* Every array must be a weight of the model, every weight must be there. */
static exit_code set_weights(const conversion *v, const cn_array *list) {
    if (v->count != cn_weight_count(v->model))
        return fail(v->i, EXIT_INPUT, "%s has %zu arrays, the model has %zu weights", v->from,
                    v->count, cn_weight_count(v->model));
    for (size_t k = 0; k < v->count; k++)
        if (cn_set_weight(v->model, list[k].name, &list[k]) != CN_OK)
            return fail_context(v->i, v->context);
    return EXIT_OK;
}

static exit_code convert_list(conversion *v, const cn_array *list) {
    if (v->count == 0)
        return fail(v->i, EXIT_INPUT, "%s has no array%s%s", v->from,
                    option_given(v->i, "prefix") ? " whose name begins with " : "",
                    option_text(v->i, "prefix", ""));
    if (v->model == NULL)
        return cn_array_file_write(v->context, v->to, list, v->count) == CN_OK ? EXIT_OK
                                                                               : fail_write(v);
    exit_code code = set_weights(v, list);
    return code == EXIT_OK ? write_model(v) : code;
}

static exit_code convert_arrays(conversion *v) {
    cn_array_file *f = cn_array_file_read(v->context, v->from);
    if (f == NULL)
        return fail_context(v->i, v->context);
    cn_array *list = kept_arrays(v, f);
    exit_code code = list == NULL ? fail(v->i, EXIT_RUN, "out of memory") : convert_list(v, list);
    free(list);
    cn_array_file_free(f);
    return code;
}

/* ---- The verb ---------------------------------------------------------------------------- */

static exit_code convert(conversion *v) {
    exit_code code;
    if (is_model(v->from))
        code = write_model(v);
    else if (!ends_in(v->from, ".weights.h5"))
        code = convert_arrays(v);
    else
        code = cn_load_weights(v->model, v->from) == CN_OK ? write_model(v)
                                                           : fail_context(v->i, v->context);
    if (code == EXIT_OK && v->i->json) {
        json j = json_begin(v->i->out, SCHEMA_convert);
        json_text(&j, "file", v->to);
        json_integer(&j, "arrays", (int64_t)v->count);
        json_end(&j);
    }
    return code;
}

static exit_code run(invocation *i) {
    open_model m = {0};
    const char *from = i->arguments[0], *to = i->arguments[1];
    const char *model = is_model(from) ? from : option_text(i, "model", NULL);
    exit_code code = check_names(i);
    if (code == EXIT_OK && model != NULL)
        code = model_open(i, model, ends_in(to, ".keras") ? MODEL_TRAINS : MODEL_PREDICTS, &m);
    else if (code == EXIT_OK)
        m.context = cn_context_new(&(cn_context_options){.quiet = i->quiet});
    if (code == EXIT_OK && m.context == NULL)
        code = fail(i, EXIT_RUN, "out of memory");
    conversion v = {.i = i, .context = m.context, .model = m.model, .from = from, .to = to};
    if (code == EXIT_OK)
        code = convert(&v);
    model_close(&m);
    return code;
}

#define MODEL_FROM "argument=*.c|" KERAS_FILES

static const option_row options[] = {
    {"prefix", 0, OPTION_TEXT, "TEXT", NULL, "only arrays whose names begin so; it is taken off",
     {.not_with = MODEL_FROM}},
    {"model", 0, OPTION_FILE, "MODEL", NULL,
     "the model that weights belong to; they must be all of its own",
     {.not_with = "argument=*.c|*.keras"}},
    WEIGHTS_OPTION(.only_for = MODEL_FROM, .not_with = "argument=*.weights.h5"),
    LAYERS_OPTION(.only_for = "argument=" KERAS_FILES " model=" KERAS_FILES),
    JSON_OPTION(),
    QUIET_OPTION(),
    {0},
};

const verb verb_convert = {
    .name = "convert",
    .summary = "convert arrays, weights and models between file formats",
    .arguments = "FROM TO",
    .least = 2,
    .most = 2,
    .description =
        "FROM may be a model: a C source, a .keras, or an old .h5; TO is then a .keras, or its "
        "weights as .weights.h5, .safetensors or .npz, under their names (dense/kernel).\n\n"
        "FROM may be arrays: .npy, .npz, .safetensors or IDX, told by their first bytes; TO is "
        "then .npy, .npz or .safetensors. With --model the arrays must be the weights of that "
        "model, by name, element type and shape, and TO may be all that a model can become.\n\n"
        "FROM may be a .weights.h5, in which weights have no names but their places in a model; "
        "so --model is needed.",
    .options = options,
    .examples =
        (const verb_example[]){
            {"cornu convert model.keras model.safetensors", "the weights of a model of Keras"},
            {"cornu convert examples/convnet_model.c convnet.keras -w convnet.safetensors",
             "a model in C, for Keras"},
            {"cornu convert weights.npz weights.safetensors --model mlp.c",
             "weights that another program wrote, under the names of the model"},
            {"cornu convert state.safetensors weights.safetensors --prefix model/ --model mlp.c",
             "the weights out of a training state"},
            {"cornu convert train-labels-idx1-ubyte.gz labels.npy", "IDX to NumPy"},
            {0}},
    .run = run,
};
