/* Names, layout and header of an artefact. */
#include "codegen/aot/artifact.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "base/size.h"

enum { ALIGNMENT = 64 };

/* How a caller's C spells element types. */
static const char *const caller_types[CN_DTYPE_COUNT] = {
    [CN_F32] = "float",   [CN_F64] = "double",  [CN_BF16] = "uint16_t", [CN_F16] = "uint16_t",
    [CN_I64] = "int64_t", [CN_I32] = "int32_t", [CN_U32] = "uint32_t",  [CN_I8] = "int8_t",
    [CN_U8] = "uint8_t",  [CN_BOOL] = "uint8_t"};

/* ---- files that are there ------------------------------------------------------------------ */

bool artifact_may_replace(const char *path, const char *mark, diagnostics *d) {
    char head[256];
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return true; /* what else is wrong with it, writing will tell */
    size_t length = fread(head, 1, sizeof head - 1, file);
    fclose(file);
    for (size_t i = 0; i < length; i++) /* a file of weights begins with its size */
        head[i] = head[i] == '\0' ? ' ' : head[i];
    head[length] = '\0';
    return length == 0 || strstr(head, mark) != NULL ||
           diag_fail(d, CN_ERROR_FILE,
                     "export: \"%s\" is there and was not made by Cornu; move it away, or export "
                     "to another folder or under another prefix",
                     path);
}

/* ---- layout -------------------------------------------------------------------------------- */

int artifact_first_embedded(const artifact *x) {
    return x->weights == ARTIFACT_EMBEDDED ? 0 : x->weight_count;
}

size_t artifact_offset(const artifact *x, int variable) {
    size_t at = 0;
    for (int i = 0; i < variable; i++)
        at += size_align((size_t)type_bytes(&x->variables[i].type, 1), ALIGNMENT);
    return at;
}

static size_t staging_of(const artifact *x, const artifact_function *f) {
    size_t bytes = 0;
    for (uint32_t i = 0; f != NULL && i < f->data_inputs; i++)
        bytes += size_align((size_t)type_bytes(artifact_input_type(f, i), x->capacity), ALIGNMENT);
    for (uint32_t i = 0; f != NULL && i < f->data_outputs; i++)
        bytes += size_align((size_t)type_bytes(artifact_output_type(f, i), x->capacity), ALIGNMENT);
    return bytes;
}

size_t artifact_staging_bytes(const artifact *x) {
    size_t predict = staging_of(x, x->predict), train = staging_of(x, x->train);
    return predict > train ? predict : train;
}

const char *artifact_type_words(const type *t, arena *a) {
    text words;
    text_init(&words, a);
    text_type(&words, t);
    return words.data;
}

const char *artifact_capitals(const artifact *x, arena *a) {
    char *capitals = arena_string(a, x->prefix);
    for (char *c = capitals; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    return capitals;
}

/* Where to break: behind the last comma that fits, else at the last space; 0 = nowhere. */
static size_t find_break(const char *line, size_t least, size_t width) {
    size_t space = 0;
    for (size_t at = width; at > least; at--) {
        if (line[at] != ' ')
            continue;
        if (line[at - 1] == ',')
            return at;
        space = space == 0 ? at : space;
    }
    return space;
}

void artifact_print_wrapped(const char *line, const char *indent, text *out) {
    enum { WIDTH = 100 };
    for (size_t cut; strlen(line) > WIDTH && (cut = find_break(line, strlen(indent), WIDTH)) > 0;) {
        text_append_n(out, line, cut);
        text_append(out, "\n");
        line = arena_format(out->arena, "%s%s", indent, line + cut + 1);
    }
    text_printf(out, "%s\n", line);
}

/* ---- names --------------------------------------------------------------------------------- */

static const char *identifier(const char *name, arena *a) {
    text t;
    text_init(&t, a);
    text_identifier(&t, name);
    return t.data;
}

/* Distinct names of parameters for all inputs, then all outputs: "in_image", "out_digit", so that
 * none is a word of C or C++, or a macro. */
const char **artifact_parameters(const artifact_function *f, arena *a) {
    uint32_t count = f->data_inputs + f->data_outputs;
    const char **names = ARENA_ARRAY(a, const char *, count + 1);
    map taken;
    map_init(&taken, a);
    for (uint32_t i = 0; i < count; i++) {
        bool is_input = i < f->data_inputs, found = true;
        const char *given = is_input ? f->input_names[i] : f->output_names[i - f->data_inputs];
        names[i] = arena_format(a, "%s_%s", is_input ? "in" : "out", identifier(given, a));
        map_put_text(&taken, names[i], &found);
        for (int k = 2; found; k++) {
            const char *numbered = arena_format(a, "%s_%d", names[i], k);
            map_put_text(&taken, numbered, &found);
            if (!found)
                names[i] = numbered;
        }
    }
    return names;
}

const type *artifact_input_type(const artifact_function *f, uint32_t i) {
    return value_type(f->graph, f->graph->inputs.items[i].value);
}

const type *artifact_output_type(const artifact_function *f, uint32_t i) {
    return value_type(f->graph, f->graph->outputs.items[i].value);
}

void artifact_print_signature(const artifact_function *f, text *out) {
    arena *a = out->arena;
    for (uint32_t i = 0; i < f->data_inputs; i++)
        text_printf(out, "%s%s %s", i ? ", " : "", identifier(f->input_names[i], a),
                    artifact_type_words(artifact_input_type(f, i), a));
    if (f->data_outputs > 0)
        text_append(out, " -> ");
    for (uint32_t i = 0; i < f->data_outputs; i++)
        text_printf(out, "%s%s %s", i ? ", " : "", identifier(f->output_names[i], a),
                    artifact_type_words(artifact_output_type(f, i), a));
}

/* ---- the header ---------------------------------------------------------------------------- */

static uint64_t hash_tensor(const char *name, const type *t, uint64_t seed, arena *a) {
    const char *words = arena_format(a, "%s %s", name, artifact_type_words(t, a));
    return hash_bytes(words, strlen(words), seed);
}

static uint64_t hash_function(const artifact_function *f, uint64_t h, arena *a) {
    for (uint32_t i = 0; i < f->data_inputs; i++)
        h = hash_tensor(f->input_names[i], artifact_input_type(f, i), h, a);
    for (uint32_t i = 0; i < f->data_outputs; i++)
        h = hash_tensor(f->output_names[i], artifact_output_type(f, i), h, a);
    return h;
}

static uint64_t layout_hash(const artifact *x, arena *a) {
    uint64_t h = hash_function(x->predict, (uint64_t)x->capacity, a);
    if (x->train != NULL)
        h = hash_function(x->train, h, a);
    for (int i = 0; i < x->variable_count; i++)
        h = hash_tensor(x->variables[i].name, &x->variables[i].type, h, a);
    return h;
}

static const char *about_header(const artifact *x, arena *a) {
    text t;
    text_init(&t, a);
    text_printf(&t, "/* %s: the model %s, compiled ahead of time; " ARTIFACT_MARK ".\n *\n",
                x->prefix, identifier(x->model, a));
    text_append(&t, " *     predict      ");
    artifact_print_signature(x->predict, &t);
    if (x->train != NULL) {
        text_append(&t, "\n *     train_step   ");
        artifact_print_signature(x->train, &t);
    }
    text_printf(
        &t,
        "\n *\n"
        " * The code allocates nothing, keeps nothing and needs nothing but memcpy and its\n"
        " * kin. A context says which code runs and where weights are; a session is what one\n"
        " * thread computes with. Calls that only read the context may share it.\n"
        " *\n"
        " *     static %s_context context;\n"
        " *     static _Alignas(64) unsigned char workspace[%s_WORKSPACE_BYTES(1)];\n"
        " *     %s_session session = {.workspace = workspace, .workspace_bytes = sizeof "
        "workspace};\n"
        " *     %s_init(&context);\n"
        " *     %s_predict(&context, &session, batch, ...);\n"
        " */",
        x->prefix, artifact_capitals(x, a), x->prefix, x->prefix, x->prefix);
    return t.data;
}

static const char *figures(const artifact *x, const artifact_facts *f, arena *a) {
    const char *name = artifact_capitals(x, a);
    text t;
    text_init(&t, a);
    text_printf(&t, "/* Samples in one call at most%s. */\n#define %s_CAPACITY %lld\n",
                f->only_batch ? ", and at least" : "", name, (long long)x->capacity);
    text_printf(&t,
                "/* Of a session: for one thread, or with parallel_for and so many workers. */\n"
                "#define %s_WORKSPACE_BYTES(workers) ((size_t)%zu + (size_t)%zu * "
                "(size_t)(workers))\n",
                name, f->arena_bytes + f->space_bytes + artifact_staging_bytes(x),
                f->scratch_bytes);
    if (f->stack_bytes > 0)
        text_printf(&t,
                    "/* A call takes at most so much of the stack. */\n"
                    "#define %s_STACK_BYTES %zu\n",
                    name, f->stack_bytes);
    text_printf(&t, "#define %s_WEIGHT_COUNT %d\n#define %s_WEIGHT_BYTES %zu\n", name,
                x->weight_count, name, artifact_offset(x, x->weight_count));
    text_printf(&t,
                "/* Enough for %s_use_file, whatever the order of weights in the file. */\n"
                "#define %s_ROOM_BYTES %s_WEIGHT_BYTES\n",
                x->prefix, name, name);
    return t.data;
}

static const char *dtype_rows(const artifact *x, arena *a) {
    const char *capitals = artifact_capitals(x, a);
    text t;
    text_init(&t, a);
#define X(name, words, bytes)                                         \
    text_printf(&t, "    %s_" #name " = %d%s\n", capitals, CN_##name, \
                CN_##name < CN_BOOL ? "," : "");
    CN_DTYPE_MAP(X)
#undef X
    if (t.length > 0)
        t.data[t.length - 1] = '\0';
    return t.data;
}

/* "int64_t batch, const float *in_image, float *out_digit" */
static void print_parameters(const artifact_function *f, text *out) {
    const char **names = artifact_parameters(f, out->arena);
    text_append(out, "int64_t batch");
    for (uint32_t i = 0; i < f->data_inputs; i++)
        text_printf(out, ", const %s *%s", caller_types[artifact_input_type(f, i)->dtype],
                    names[i]);
    for (uint32_t i = 0; i < f->data_outputs; i++)
        text_printf(out, ", %s *%s", caller_types[artifact_output_type(f, i)->dtype],
                    names[f->data_inputs + i]);
}

void artifact_print_prototype(const artifact *x, const artifact_function *f, const char *end,
                              text *out) {
    text t;
    text_init(&t, out->arena);
    text_printf(&t, "%s_status %s_%s(const %s_context *context, %s_session *session, %s", x->prefix,
                x->prefix, f->name, x->prefix, x->prefix, f == x->train ? "void *state, " : "");
    print_parameters(f, &t);
    text_printf(&t, ")%s", end);
    artifact_print_wrapped(t.data, "        ", out);
}

static const char *predict_prototype(const artifact *x, arena *a) {
    text t;
    text_init(&t, a);
    text_printf(&t,
                "/* %s\n * Arrays are dense, of `batch` samples; those aligned to 64 bytes are not "
                "copied. */\n",
                x->predict->about);
    artifact_print_prototype(x, x->predict, ";", &t);
    t.data[t.length - 1] = '\0'; /* the template ends the line */
    return t.data;
}

static const char *training_prototypes(const artifact *x, arena *a) {
    if (x->train == NULL)
        return "";
    const char *capitals = artifact_capitals(x, a);
    text t;
    text_init(&t, a);
    text_printf(
        &t,
        "\n/* ---- training ----\n *\n"
        " * The state is one block of the caller's: weights, optimizer, counters, randomness\n"
        " * and running metrics. It is plain bytes, to be written to a file and read again by\n"
        " * the same export. */\n"
        "#define %s_STATE_BYTES %zu\n",
        capitals, ALIGNMENT + artifact_offset(x, x->variable_count));
    text_printf(&t,
                "/* Begins where the model was when it was exported. `state` is aligned to 64. */\n"
                "%s_status %s_state_init(%s_context *context, void *state, size_t bytes);\n"
                "/* Predict with the weights of a state from now on. */\n"
                "%s_status %s_use_state(%s_context *context, const void *state, size_t bytes);\n",
                x->prefix, x->prefix, x->prefix, x->prefix, x->prefix, x->prefix);
    text_printf(&t, "/* %s */\n", x->train->about);
    artifact_print_prototype(x, x->train, ";", &t);
    text_printf(&t,
                "%s_status %s_train_step_arrays(const %s_context *context, %s_session *session,\n"
                "        void *state, const %s_array *inputs, int input_count);\n"
                "/* What a step takes: the model's inputs, then targets. */\n"
                "const %s_tensor *%s_train_step_inputs(int *count);\n",
                x->prefix, x->prefix, x->prefix, x->prefix, x->prefix, x->prefix, x->prefix);
    text_printf(&t,
                "/* Means since the last reset, as fit logs them; 0 before the first step. */\n"
                "int %s_metric_count(void);\n"
                "const char *%s_metric_name(int metric);\n"
                "double %s_metric(const void *state, int metric);\n"
                "void %s_reset_metrics(void *state);",
                x->prefix, x->prefix, x->prefix, x->prefix);
    return t.data;
}

static const char *label_prototypes(const artifact *x, arena *a) {
    if (x->label_count == 0)
        return "";
    return arena_format(a,
                        "\n#define %s_LABEL_COUNT %d\n"
                        "/* The name of a class; NULL outside of 0 to %s_LABEL_COUNT - 1. */\n"
                        "const char *%s_label(int index);",
                        artifact_capitals(x, a), x->label_count, artifact_capitals(x, a),
                        x->prefix);
}

static uint32_t most_of(const artifact_function *f) {
    uint32_t inputs = f == NULL ? 0 : f->data_inputs, outputs = f == NULL ? 0 : f->data_outputs;
    return inputs > outputs ? inputs : outputs;
}

static uint32_t most_arrays(const artifact *x) {
    uint32_t predict = most_of(x->predict), train = most_of(x->train);
    uint32_t most = predict > train ? predict : train;
    return most > 0 ? most : 1;
}

const char *artifact_header(const artifact *x, const artifact_facts *f, bool whole, arena *a) {
    const template_slot slots[] = {
        {"about", about_header(x, a)},
        {"figures", figures(x, f, a)},
        {"layout", arena_format(a, "0x%016llx", (unsigned long long)layout_hash(x, a))},
        {"most_arrays", arena_format(a, "%u", most_arrays(x))},
        {"dtypes", dtype_rows(x, a)},
        {"variable_count", arena_format(a, "%d", x->variable_count > 0 ? x->variable_count : 1)},
        {"init_weights", x->weights == ARTIFACT_EMBEDDED ? " and the weights inside" : ""},
        {"predict", predict_prototype(x, a)},
        {"training", training_prototypes(x, a)},
        {"labels", label_prototypes(x, a)},
        {NULL, NULL},
    };
    text t;
    text_init(&t, a);
    template_expand(artifact_header_template, x->prefix, slots, !whole, &t);
    return t.data;
}
