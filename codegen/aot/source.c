/* The source of an artefact: its tables and calls around the kernels; and main.c. */
#include <ctype.h>
#include <string.h>

#include "codegen/aot/artifact.h"

/* ---- tables -------------------------------------------------------------------------------- */

/* {"conv2d/kernel", 1, 4, {3, 3, 1, 32}}, */
static void print_tensor(const char *name, const type *t, text *out) {
    text_append(out, "    {");
    text_c_string(out, name);
    text_printf(out, ", %d, %d, {", (int)t->dtype, t->rank);
    for (int i = 0; i < t->rank; i++)
        text_printf(out, "%s%lld", i ? ", " : "",
                    t->dims[i].symbolic ? -1LL : (long long)t->dims[i].count);
    text_append(out, t->rank == 0 ? "0}},\n" : "}},\n");
}

static void print_function_tables(const artifact *x, const artifact_function *f, text *out) {
    text_printf(out, "static const %s_tensor %s_inputs_of_%s[] = {\n", x->prefix, x->prefix,
                f->name);
    for (uint32_t i = 0; i < f->data_inputs; i++)
        print_tensor(f->input_names[i], artifact_input_type(f, i), out);
    text_append(out, "};\n\n");
    if (f->data_outputs == 0)
        return;
    text_printf(out, "static const %s_tensor %s_outputs_of_%s[] = {\n", x->prefix, x->prefix,
                f->name);
    for (uint32_t i = 0; i < f->data_outputs; i++)
        print_tensor(f->output_names[i], artifact_output_type(f, i), out);
    text_append(out, "};\n\n");
}

static void print_variables(const artifact *x, text *out) {
    text_printf(out,
                "/* Weights first, then what else a training step keeps. */\n"
                "static const %s_tensor %s_variables[] = {\n",
                x->prefix, x->prefix);
    for (int i = 0; i < x->variable_count; i++)
        print_tensor(x->variables[i].name, &x->variables[i].type, out);
    if (x->variable_count == 0)
        text_append(out, "    {0, 0, 0, {0}}\n");
    text_append(out, "};\n\n");
}

/* As .safetensors files spell types. */
static const char *const file_types[CN_DTYPE_COUNT] = {
    [CN_F32] = "F32", [CN_F64] = "F64", [CN_BF16] = "BF16", [CN_F16] = "F16", [CN_I64] = "I64",
    [CN_I32] = "I32", [CN_U32] = "U32", [CN_I8] = "I8",     [CN_U8] = "U8",   [CN_BOOL] = "BOOL"};

static const char *file_type_names(arena *a) {
    text t;
    text_init(&t, a);
    for (int i = 0; i < CN_DTYPE_COUNT; i++)
        text_printf(&t, "%s\"%s\"", i > 0 ? ", " : "", file_types[i] == NULL ? "" : file_types[i]);
    return t.data;
}

static void print_offsets(const artifact *x, text *out) {
    text_printf(out,
                "/* Where variables lie in a block of all of them. */\n"
                "static const size_t %s_offsets[] = {",
                x->prefix);
    for (int i = 0; i <= x->variable_count; i++)
        text_printf(out, "%s%zu%s", i % 8 == 0 ? "\n    " : " ", artifact_offset(x, i),
                    i < x->variable_count ? "," : "");
    text_append(out, "\n};\n\n");
}

/* Which variables the object holds, and where. */
static void print_embedded(const artifact *x, text *out) {
    int first = artifact_first_embedded(x);
    bool any = first < x->variable_count;
    const char *capitals = artifact_capitals(x, out->arena);
    if (any)
        text_printf(out,
                    "/* Values of variables, assembled from a file; without them, and this symbol, "
                    "when\n * compiled with -D%s_WITHOUT_VALUES. */\n#ifndef %s_WITHOUT_VALUES\n"
                    "extern __attribute__((visibility(\"hidden\"))) const unsigned char "
                    "%s_values[];\n",
                    capitals, capitals, x->prefix);
    if (any && x->train == NULL) /* a state needs them in any case */
        print_offsets(x, out);
    if (any)
        text_printf(out,
                    "ANYWHERE static const void *%s_value(int variable) {\n"
                    "    return variable < %d ? 0 : %s_values + %s_offsets[variable] - "
                    "%s_offsets[%d];\n}\n#else\n",
                    x->prefix, first, x->prefix, x->prefix, x->prefix, first);
    text_printf(out,
                "ANYWHERE static const void *%s_value(int variable) {\n"
                "    (void)variable;\n    return 0;\n}\n%s\n",
                x->prefix, any ? "#endif\n" : "");
}

static void print_labels(const artifact *x, text *out) {
    if (x->label_count == 0)
        return;
    text_printf(out, "static const char *const %s_labels[] = {\n", x->prefix);
    for (int i = 0; i < x->label_count; i++) {
        text_append(out, "    ");
        text_c_string(out, x->labels[i]);
        text_append(out, ",\n");
    }
    text_append(out, "};\n\n");
}

static void print_metrics(const artifact *x, text *out) {
    if (x->train == NULL || x->metric_count == 0)
        return;
    text_printf(out,
                "/* A metric is the quotient of two variables. */\n"
                "static const struct { const char *name; int sum, weight; } %s_metrics[] = {\n",
                x->prefix);
    for (int i = 0; i < x->metric_count; i++) {
        text_append(out, "    {");
        text_c_string(out, x->metrics[i].name);
        text_printf(out, ", %d, %d},\n", x->metrics[i].sum, x->metrics[i].weight);
    }
    text_append(out, "};\n\n");
}

static const char *tables(const artifact *x, arena *a) {
    text t;
    text_init(&t, a);
    print_function_tables(x, x->predict, &t);
    if (x->train != NULL)
        print_function_tables(x, x->train, &t);
    print_variables(x, &t);
    if (x->train != NULL)
        print_offsets(x, &t);
    print_embedded(x, &t);
    print_labels(x, &t);
    print_metrics(x, &t);
    text_printf(&t, "enum { VARIABLE_COUNT = %d, WEIGHT_COUNT = %d, METRIC_COUNT = %d };\n",
                x->variable_count, x->weight_count, x->train == NULL ? 0 : x->metric_count);
    return t.data;
}

/* ---- calls --------------------------------------------------------------------------------- */

static const char *outputs_of(const artifact *x, const artifact_function *f, arena *a) {
    return f->data_outputs == 0 ? "0" : arena_format(a, "%s_outputs_of_%s", x->prefix, f->name);
}

static void print_program(const artifact *x, const artifact_function *f, text *out) {
    text_printf(out,
                "static const struct %s_program %s_program_of_%s = {\n"
                "    %s_inputs_of_%s, %s, %u, %u, %s_launch_%s,\n};\n\n",
                x->prefix, x->prefix, f->name, x->prefix, f->name, outputs_of(x, f, out->arena),
                f->data_inputs, f->data_outputs, x->prefix, f->name);
}

/* The call on typed pointers. */
static void print_typed_call(const artifact *x, const artifact_function *f, text *out) {
    const char **names = artifact_parameters(f, out->arena);
    artifact_print_prototype(x, f, " {", out);
    text_append(out, "    void *const inputs[] = {");
    for (uint32_t i = 0; i < f->data_inputs; i++)
        text_printf(out, "%s(void *)(uintptr_t)%s", i ? ", " : "", names[i]);
    text_append(out, "};\n    void *const outputs[] = {");
    for (uint32_t i = 0; i < f->data_outputs; i++)
        text_printf(out, "%s%s", i ? ", " : "", names[f->data_inputs + i]);
    text_append(out, f->data_outputs == 0 ? "0};\n" : "};\n");
    if (f == x->train)
        text_printf(out,
                    "    void *variables[VARIABLE_COUNT];\n"
                    "    const %s_status status = %s_open_state(session, state, variables);\n"
                    "    if (status != %s_OK)\n        return status;\n",
                    x->prefix, x->prefix, artifact_capitals(x, out->arena));
    text_printf(out, "    return %s_call(&%s_program_of_%s, context, session, ", x->prefix,
                x->prefix, f->name);
    if (f == x->train)
        text_append(out, "variables");
    else
        text_printf(out, "%s_variables_of(context)", x->prefix);
    text_append(out, ", batch, inputs, outputs);\n}\n\n");
}

static const char *calls(const artifact *x, arena *a) {
    text t;
    text_init(&t, a);
    print_program(x, x->predict, &t);
    print_typed_call(x, x->predict, &t);
    return t.data;
}

static const char *training_calls(const artifact *x, arena *a) {
    static const template_slot none[] = {{NULL, NULL}};
    text t;
    text_init(&t, a);
    if (x->train == NULL)
        return "";
    print_program(x, x->train, &t);
    template_expand(artifact_training_template, x->prefix, none, false, &t);
    text_append(&t, "\n");
    print_typed_call(x, x->train, &t);
    return t.data;
}

static const char *label_calls(const artifact *x, arena *a) {
    if (x->label_count == 0)
        return "";
    return arena_format(a,
                        "\nconst char *%s_label(int index) {\n"
                        "    return index < 0 || index >= %s_LABEL_COUNT ? 0 : %s_labels[index];\n"
                        "}\n",
                        x->prefix, artifact_capitals(x, a), x->prefix);
}

/* ---- the source ---------------------------------------------------------------------------- */

static const char *object_name(const artifact *x) {
    const char *slash = strrchr(x->path, '/');
    return slash == NULL ? x->path : slash + 1;
}

/* The object's file name as a shell reads it, in quotes where it must be. No name can end a
 * comment, which takes a '/'. */
static const char *object_word(const artifact *x, arena *a) {
    const char *name = object_name(x);
    bool plain = true;
    text t;
    text_init(&t, a);
    text_append(&t, "'");
    for (const char *c = name; *c; c++) {
        plain = plain && (isalnum((unsigned char)*c) || strchr("._-", *c) != NULL);
        text_append_n(&t, c, 1);
        if (*c == '\'')
            text_append(&t, "\\''"); /* ends the quotes, is quoted itself, begins them again */
    }
    text_append(&t, "'");
    return plain ? name : t.data;
}

static const char *about_source(const artifact *x, const artifact_facts *f, arena *a) {
    text t;
    text_init(&t, a);
    text_printf(&t, "/* %s, " ARTIFACT_MARK ": the source that %s was compiled from.\n *\n",
                x->prefix, object_name(x));
    text_printf(&t, " *     cc %s -c %s.c\n *\n", f->compiler_flags, x->prefix);
    text_printf(
        &t,
        " * First helpers and kernels, named for what they compute, each with the shapes of\n"
        " * its arguments; then %d launches, which name the layers they work for; then the\n"
        " * calls of %s.h. A kernel's arguments are in front of it as in0, in1, ... out3.\n */",
        f->launch_count, x->prefix);
    return t.data;
}

static const char *dtype_names(void) {
    return "\"no type\""
#define X(name, words, bytes) ", \"" words "\""
        CN_DTYPE_MAP(X)
#undef X
            ;
}

static const char *dtype_sizes(void) {
    return "0"
#define X(name, words, bytes) ", " #bytes
        CN_DTYPE_MAP(X)
#undef X
            ;
}

const char *artifact_source(const artifact *x, const artifact_facts *f, bool whole, arena *a) {
    bool fixed = f->only_batch != 0;
    const template_slot slots[] = {
        {"about", about_source(x, f, a)},
        {"kernels", f->kernels},
        {"levels", f->levels},
        {"launches", f->launches},
        {"arena_bytes", arena_format(a, "%zu", f->arena_bytes)},
        {"space_bytes", arena_format(a, "%zu", f->space_bytes)},
        {"staging_bytes", arena_format(a, "%zu", artifact_staging_bytes(x))},
        {"scratch_bytes", arena_format(a, "%zu", f->scratch_bytes)},
        {"dtype_names", dtype_names()},
        {"dtype_sizes", dtype_sizes()},
        {"file_types", file_type_names(a)},
        {"tables", tables(x, a)},
        {"least_batch", arena_format(a, "%lld", fixed ? (long long)f->only_batch : 1LL)},
        {"calls", calls(x, a)},
        {"training_calls", training_calls(x, a)},
        {"label_calls", label_calls(x, a)},
        {NULL, NULL},
    };
    text t;
    text_init(&t, a);
    template_expand(artifact_source_template, x->prefix, slots, !whole, &t);
    return t.data;
}

/* ---- main.c -------------------------------------------------------------------------------- */

static const char *about_main(const artifact *x, arena *a) {
    return arena_format(a,
                        "/* Asks %s and prints the answers; " ARTIFACT_MARK ".\n *\n"
                        " *     cc main.c ./%s -o %s_main\n"
                        " *     ./%s_main [FILE]\n *\n"
                        " * FILE holds raw values of the first input, one sample behind the other; "
                        "without it\n * the input is a ramp.\n */",
                        x->prefix, object_word(x, a), x->prefix, x->prefix);
}

/* The class of the largest value of the first output, when the model has names for classes. */
static const char label_function[] = "\nstatic int best(const float *values, size_t count) {\n"
                                     "    size_t most = 0;\n"
                                     "    for (size_t i = 1; i < count; i++)\n"
                                     "        most = values[i] > values[most] ? i : most;\n"
                                     "    return (int)most;\n"
                                     "}\n";

static bool names_classes(const artifact *x) {
    const artifact_function *f = x->predict;
    const type *t = artifact_output_type(f, 0);
    return x->label_count > 0 && t->dtype == CN_F32 && t->rank == 2 &&
           dim_is(t->dims[1], x->label_count);
}

static const char *weights_function(const artifact *x, arena *a) {
    if (x->weights != ARTIFACT_FILE)
        return "";
    return arena_format(
        a,
        "\n/* The file stays in memory: the context points into it. */\n"
        "static void load_weights(const char *path) {\n"
        "    FILE *file = fopen(path, \"rb\");\n"
        "    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {\n"
        "        perror(path);\n"
        "        exit(1);\n"
        "    }\n"
        "    const size_t bytes = (size_t)ftell(file);\n"
        "    void *memory = keep(bytes);\n"
        "    rewind(file);\n"
        "    if (fread(memory, 1, bytes, file) != bytes) {\n"
        "        perror(path);\n"
        "        exit(1);\n"
        "    }\n"
        "    fclose(file);\n"
        "    check(%s_use_file(&context, memory, bytes, keep(%s_ROOM_BYTES), %s_ROOM_BYTES),\n"
        "          context.message);\n"
        "}\n",
        x->prefix, artifact_capitals(x, a), artifact_capitals(x, a));
}

static const char *load_text(const artifact *x, arena *a) {
    switch (x->weights) {
    case ARTIFACT_EMBEDDED:
        break;
    case ARTIFACT_FILE:
        return arena_format(a, "    load_weights(\"%s.safetensors\");\n", x->prefix);
    case ARTIFACT_CALLER:
        return arena_format(a,
                            "    int weight_count; /* the caller's: ramps, for a look at it */\n"
                            "    const %s_tensor *weights = %s_weights(&weight_count);\n"
                            "    static %s_array values[%d];\n"
                            "    for (int i = 0; i < weight_count; i++)\n"
                            "        fill(&weights[i], new_array(&weights[i], &values[i]));\n"
                            "    check(%s_use_weights(&context, values, weight_count), "
                            "context.message);\n",
                            x->prefix, x->prefix, x->prefix, x->weight_count + 1, x->prefix);
    }
    return "";
}

const char *artifact_main(const artifact *x, const artifact_facts *f, arena *a) {
    bool classes = names_classes(x);
    const template_slot slots[] = {
        {"about", about_main(x, a)},
        {"dtype_sizes", dtype_sizes()},
        {"file_types", file_type_names(a)},
        {"batch", arena_format(a, "%lld", f->only_batch ? (long long)f->only_batch : 1LL)},
        {"labels", classes ? label_function : ""},
        {"weights", weights_function(x, a)},
        {"load", load_text(x, a)},
        {"print_label",
         classes ? arena_format(a,
                                "        printf(\"class: %%s\\n\", %s_label(best(out[0].data, "
                                "%s_LABEL_COUNT)));\n",
                                x->prefix, artifact_capitals(x, a))
                 : ""},
        {NULL, NULL},
    };
    text t;
    text_init(&t, a);
    template_expand(artifact_main_template, x->prefix, slots, false, &t);
    return t.data;
}
