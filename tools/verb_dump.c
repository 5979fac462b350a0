/* cornu dump: what the compiler makes of a model or of a graph in its text form.
 *
 * All of it is cn_inspect (cornu/inspect.h); this file reads the argument and the options.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/dump_lists.h"
#include "tools/training.h"

static void write_out(void *user, const char *text, size_t length) {
    fwrite(text, 1, length, user); /* the command looks for errors at its end */
}

/* ---- Options ----------------------------------------------------------------------------- */

/* A format that one stage alone has says which stage is meant. */
static const char *stage_of(const invocation *i) {
    const char *format = option_text(i, "format", NULL);
    bool is_c = format != NULL && strcmp(format, "c") == 0;
    return option_text(i, "stage", is_c ? "c" : NULL);
}

static const char *format_of(const invocation *i) {
    return option_text(i, "format", i->json ? "json" : NULL);
}

static bool is_pass(const char *name, size_t length) {
    for (size_t k = 0; k < cn_pass_count(); k++)
        if (strlen(cn_pass_get(k).name) == length &&
            strncmp(cn_pass_get(k).name, name, length) == 0)
            return true;
    return false;
}

static exit_code check_passes(const invocation *i, const char *list) {
    while (list != NULL && *list != 0) {
        size_t length = strcspn(list, ",");
        if (!is_pass(list, length))
            return fail(i, EXIT_USAGE, "no pass is called \"%.*s\"; cornu dump --list-passes",
                        (int)length, list);
        list += length + (list[length] == ',');
    }
    return EXIT_OK;
}

/* What was asked for and does not go together is the command line's fault, not the input's. */
static exit_code fail_inspect(const invocation *i, const cn_context *c) {
    exit_code code = fail_context(i, c);
    return cn_error_status(c) == CN_ERROR_INVALID_ARGUMENT ? EXIT_USAGE : code;
}

/* ---- Models ------------------------------------------------------------------------------ */

static cn_status inspect(const invocation *i, cn_model *m) {
    cn_inspect_options o = {.model = m,
                            .program = option_text(i, "program", NULL),
                            .stage = stage_of(i),
                            .after = option_text(i, "after", NULL),
                            .format = format_of(i),
                            .writer = write_out,
                            .writer_user = i->out};
    return cn_inspect_at(NO_LINE(o), &o);
}

/* A model that was not compiled gets the settings that the options state. */
static cn_status inspect_compiled(const invocation *i, cn_model *m) {
    cn_status s = training_given(i) ? training_compile(i, m) : CN_OK;
    if (s == CN_OK)
        s = inspect(i, m);
    if (s != CN_ERROR_NOT_COMPILED)
        return s;
    cn_error_clear(cn_model_context(m));
    s = training_compile(i, m);
    return s == CN_OK ? inspect(i, m) : s;
}

static exit_code dump_model(invocation *i, const char *path) {
    open_model m;
    bool trains = strcmp(option_text(i, "program", "predict"), "predict") != 0;
    exit_code code = model_open(i, path, training_use(i, trains), &m);
    if (code != EXIT_OK)
        return code;
    if (inspect_compiled(i, m.model) != CN_OK)
        code = fail_inspect(i, m.context);
    model_close(&m);
    return code;
}

/* ---- Graphs ------------------------------------------------------------------------------ */

typedef struct source {
    char *text;
    size_t length;
} source;

static bool append(source *s, FILE *file) {
    size_t capacity = 0;
    while (!feof(file) && !ferror(file)) {
        if (s->length == capacity) {
            char *grown = realloc(s->text, capacity = capacity * 2 + 65536);
            if (grown == NULL)
                return false;
            s->text = grown;
        }
        s->length += fread(s->text + s->length, 1, capacity - s->length, file);
    }
    return !ferror(file);
}

static exit_code read_source(const invocation *i, const char *path, source *s) {
    *s = (source){0};
    bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? stdin : fopen(path, "rb");
    errno = file == NULL ? errno : 0;
    bool whole = file != NULL && append(s, file);
    int error = errno;
    if (file != NULL && !standard)
        fclose(file);
    if (whole)
        return EXIT_OK;
    free(s->text);
    return fail(i, EXIT_INPUT, "cannot read %s: %s", path, strerror(error));
}

static exit_code inspect_source(const invocation *i, const char *path, const source *s) {
    exit_code code = EXIT_OK;
    cn_context *c = cn_context_new(&(cn_context_options){
        .backend = option_text(i, "backend", NULL), .threads = 1, .quiet = i->quiet});
    cn_inspect_ir_options o = {.context = c,
                               .text = s->text,
                               .length = s->length,
                               .name = strcmp(path, "-") == 0 ? "stdin" : path,
                               .passes = option_text(i, "passes", NULL),
                               .stage = stage_of(i),
                               .after = option_text(i, "after", NULL),
                               .format = format_of(i),
                               .writer = write_out,
                               .writer_user = i->out};
    if (cn_error_status(c) != CN_OK || cn_inspect_ir_at(NO_LINE(o), &o) != CN_OK)
        code = fail_inspect(i, c);
    cn_context_free(c);
    return code;
}

static exit_code dump_graph(const invocation *i, const char *path) {
    source s;
    exit_code code = check_passes(i, option_text(i, "passes", NULL));
    if (code == EXIT_OK)
        code = read_source(i, path, &s);
    if (code != EXIT_OK)
        return code;
    code = inspect_source(i, path, &s);
    free(s.text);
    return code;
}

/* ---- The verb ---------------------------------------------------------------------------- */

static bool is_graph(const char *path) {
    size_t length = strlen(path);
    return strcmp(path, "-") == 0 || (length > 5 && strcmp(path + length - 5, ".cnir") == 0);
}

static exit_code run(invocation *i) {
    if (option_given(i, "list-passes"))
        return list_passes(i);
    if (option_given(i, "ops"))
        return list_ops(i);
    if (i->argument_count == 0)
        return fail(i, EXIT_USAGE, "a MODEL, a FILE.cnir or - is missing; see cornu dump --help");
    return is_graph(i->arguments[0]) ? dump_graph(i, i->arguments[0])
                                     : dump_model(i, i->arguments[0]);
}

#define LISTS "list-passes ops"
#define GRAPHS "argument=*.cnir|-"

static const option_row options[] = {
    {"program", 'p', OPTION_CHOICE, "NAME", "train|evaluate|predict",
     "of a model; default: predict", {.not_with = GRAPHS " " LISTS}},
    {"stage", 's', OPTION_CHOICE, "NAME", "graph|remarks|timings|memory|loops|c|launches",
     "what to write; default: graph", {.not_with = LISTS}},
    {"after", 'a', OPTION_TEXT, "PASS", NULL,
     "the graph after this pass, \"frontend\" for before all; default: after the last",
     {.not_with = LISTS}},
    {"format", 'f', OPTION_CHOICE, "NAME", "cnir|dot|svg|json|c|text",
     "write it so; graphs as cnir, dot, svg or json, C as c, the rest as text or json",
     {.not_with = LISTS}},
    {"passes", 0, OPTION_TEXT, "LIST", NULL,
     "run these passes on a graph, in this order: simplify,fuse", {.only_for = GRAPHS}},
    {"list-passes", 0, OPTION_FLAG, NULL, NULL, "list the passes in the order they run",
     {.not_with = "argument ops"}},
    {"ops", 0, OPTION_FLAG, NULL, NULL, "list the ops of graphs and their attributes",
     {.not_with = "argument"}},
    OPTIMIZER_OPTION(.only_for = "program=train"),
    LOSS_OPTION(.only_for = "program=train|evaluate"),
    WEIGHTS_OPTION(.not_with = GRAPHS " " LISTS),
    LAYERS_OPTION(.only_for = "argument=" KERAS_FILES),
    BACKEND_OPTION,
    JSON_OPTION(.not_with = "format"),
    QUIET_OPTION(.not_with = LISTS),
    {0},
};

const verb verb_dump = {
    .name = "dump",
    .summary = "write any stage between a model and its program",
    .arguments = "[MODEL|FILE.cnir|-]",
    .least = 0,
    .most = 1,
    .description =
        "Of a MODEL, writes the graph of one of its programs before or after any pass, what the "
        "passes remarked and took, the memory plan, the loops and the C of its kernels, or the "
        "list of launches. Models without compile settings are trained with adam and "
        "mean_squared_error unless --optimizer and --loss say otherwise.\n\n"
        "A graph in its text form (.cnir, cornu-ir(5); - is standard input) is read, checked and "
        "written again; of its own output dump makes the same text. --passes runs chosen passes "
        "on it, which is how passes are tested. Without --passes, stages behind the graph are "
        "those that all passes lead to.",
    .options = options,
    .examples =
        (const verb_example[]){
            {"cornu dump examples/convnet_model.c --after fuse",
             "write the kernels of prediction as groups of ops"},
            {"cornu dump examples/convnet_model.c --program train --format svg > step.svg",
             "draw the training step"},
            {"cornu dump examples/convnet_model.c --stage c", "write the C of all kernels"},
            {"cornu dump step.cnir --passes simplify,fuse", "run two passes on a graph"},
            {0}},
    .run = run,
};
