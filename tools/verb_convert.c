/* cornu convert FROM TO: arrays from one format to another, and weights by way of their model. */
#include <stdlib.h>
#include <string.h>

#include "tools/arrays.h"

typedef struct conversion {
    const invocation *i;
    cn_context *context;
    const char *from, *to;
} conversion;

/* Formats of models that are not read: said, not mistaken for damaged arrays. */
static exit_code check_names(const invocation *i) {
    static const char *const models[] = {".keras", ".h5", ".onnx", ".pt", ".pth"};
    for (int k = 0; k < 2; k++) {
        const char *dot = strrchr(i->arguments[k], '.');
        for (size_t n = 0; dot != NULL && n < sizeof models / sizeof *models; n++)
            if (strcmp(dot, models[n]) == 0)
                return fail(i, EXIT_INPUT,
                            "%s: %s is not converted yet; .npy, .npz, .safetensors and IDX are "
                            "read, the first three written",
                            i->arguments[k], models[n]);
    }
    return EXIT_OK;
}

/* What cannot be written is the work that failed, not the input. */
static exit_code fail_write(const conversion *v) {
    bool usage = cn_error_status(v->context) == CN_ERROR_INVALID_ARGUMENT;
    fail_context(v->i, v->context);
    return usage ? EXIT_USAGE : EXIT_RUN;
}

/* The name without --prefix; NULL when it does not begin so. */
static const char *kept_name(const conversion *v, const char *name) {
    const char *prefix = option_text(v->i, "prefix", "");
    size_t length = strlen(prefix);
    if (name == NULL)
        return length == 0 ? "" : NULL;
    return strncmp(name, prefix, length) == 0 ? name + length : NULL;
}

/* Those whose names begin as --prefix says, without it; *count of them, malloc. */
static cn_array *kept_arrays(const conversion *v, const cn_array_file *f, size_t *count) {
    size_t total = cn_array_file_count(f);
    cn_array *list = calloc(total + 1, sizeof *list);
    *count = 0;
    for (size_t k = 0; list != NULL && k < total; k++) {
        cn_array x = cn_array_file_get(f, k);
        const char *name = kept_name(v, x.name);
        if (name == NULL)
            continue;
        x.name = x.name == NULL ? NULL : name;
        list[(*count)++] = x;
    }
    return list;
}

static exit_code write_arrays(const conversion *v, const cn_array *list, size_t count,
                              cn_model *m) {
    (void)m;
    return cn_array_file_write(v->context, v->to, list, count) == CN_OK ? EXIT_OK : fail_write(v);
}

/* Every array must be a weight of the model, every weight must be there. */
static exit_code write_weights(const conversion *v, const cn_array *list, size_t count,
                               cn_model *m) {
    if (count != cn_weight_count(m))
        return fail(v->i, EXIT_INPUT, "%s has %zu arrays, the model has %zu weights", v->from,
                    count, cn_weight_count(m));
    for (size_t k = 0; k < count; k++)
        if (cn_set_weight(m, list[k].name, &list[k]) != CN_OK)
            return fail_context(v->i, v->context);
    return cn_save_weights(m, v->to) == CN_OK ? EXIT_OK : fail_write(v);
}

static exit_code convert(const conversion *v, cn_model *m) {
    size_t count;
    cn_array_file *f = cn_array_file_read(v->context, v->from);
    if (f == NULL)
        return fail_context(v->i, v->context);
    cn_array *list = kept_arrays(v, f, &count);
    exit_code code = list == NULL ? fail(v->i, EXIT_RUN, "out of memory")
                     : count == 0
                         ? fail(v->i, EXIT_INPUT, "%s has no array%s%s", v->from,
                                option_given(v->i, "prefix") ? " whose name begins with " : "",
                                option_text(v->i, "prefix", ""))
                         : (m == NULL ? write_arrays : write_weights)(v, list, count, m);
    free(list);
    cn_array_file_free(f);
    if (code == EXIT_OK && v->i->json) {
        json j = json_begin(v->i->out, SCHEMA_convert);
        json_text(&j, "file", v->to);
        json_integer(&j, "arrays", (int64_t)count);
        json_end(&j);
    }
    return code;
}

static exit_code run(invocation *i) {
    open_model m = {0};
    const char *model = option_text(i, "model", NULL);
    exit_code code = check_names(i);
    if (code == EXIT_OK && model != NULL)
        code = model_open(i, model, &m);
    else if (code == EXIT_OK)
        m.context = cn_context_new(&(cn_context_options){.quiet = i->quiet});
    if (code == EXIT_OK && m.context == NULL)
        code = fail(i, EXIT_RUN, "out of memory");
    conversion v = {i, m.context, i->arguments[0], i->arguments[1]};
    if (code == EXIT_OK)
        code = convert(&v, m.model);
    model_close(&m);
    return code;
}

static const option_row options[] = {
    {"prefix", 0, OPTION_TEXT, "TEXT", NULL, "only arrays whose names begin so; it is taken off",
     {0}},
    {"model", 0, OPTION_FILE, "MODEL", NULL,
     "check that the arrays are this model's weights, and write such a file", {0}},
    JSON_OPTION(),
    QUIET_OPTION(),
    {0},
};

const verb verb_convert = {
    .name = "convert",
    .summary = "convert arrays and weights between file formats",
    .arguments = "FROM TO",
    .least = 2,
    .most = 2,
    .description = "Reads the arrays of FROM (.npy, .npz, .safetensors or IDX, told by its first "
                   "bytes) and writes them as TO's name ends (.npy, .npz or .safetensors). With "
                   "--model the arrays must be the weights of that model, by name, element type "
                   "and shape, and TO is a file that --weights takes.",
    .options = options,
    .examples =
        (const verb_example[]){
            {"cornu convert weights.npz weights.safetensors --model mlp.c",
             "weights that another program wrote, under the names of the model"},
            {"cornu convert state.safetensors weights.safetensors --prefix model/ --model mlp.c",
             "the weights out of a training state"},
            {"cornu convert train-labels-idx1-ubyte.gz labels.npy", "IDX to NumPy"},
            {0}},
    .run = run,
};
