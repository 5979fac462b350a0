/* cornu compile MODEL -o digits.so: a model as files that need no library. */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/classes.h"
#include "tools/json.h"
#include "tools/training.h"

typedef struct choice {
    const char *name;
    int value;
} choice;

static int choose(const choice *choices, const char *name) {
    while (strcmp(choices->name, name) != 0)
        choices++;
    return choices->value;
}

static cn_export_weights weights_place(const invocation *i) {
    static const choice places[] = {
        {"inside", CN_WEIGHTS_EMBEDDED}, {"file", CN_WEIGHTS_FILE}, {"caller", CN_WEIGHTS_CALLER}};
    return (cn_export_weights)choose(
        places, option_text(i, "keep-weights", option_given(i, "portable") ? "file" : "inside"));
}

static cn_dtype input_dtype(const invocation *i) {
    static const choice dtypes[] = {
        {"model", CN_DTYPE_DEFAULT}, {"u8", CN_U8}, {"f32", CN_F32}, {"i32", CN_I32}};
    return (cn_dtype)choose(dtypes, option_text(i, "input-dtype", "model"));
}

/* What only a training step needs: settings of the command line, or the model's own. */
static cn_status settle_training(const invocation *i, cn_model *m) {
    if (!option_given(i, "train-step"))
        return CN_OK;
    return training_given(i) || !cn_is_compiled(m) ? training_compile(i, m) : CN_OK;
}

static cn_status export_model(const invocation *i, cn_model *m, const class_names *classes) {
    cn_export_options o = {.model = m,
                           .path = option_text(i, "output", NULL),
                           .prefix = option_text(i, "prefix", NULL),
                           .capacity = option_integer(i, "capacity", 0),
                           .weights = weights_place(i),
                           .train_step = option_given(i, "train-step"),
                           .march = option_given(i, "portable") ? "portable"
                                                                : option_text(i, "march", NULL),
                           .rescale = option_number(i, "rescale", 0),
                           .labels = (const char *const *)classes->items,
                           .label_count = classes->count};
    for (size_t k = 0; k < cn_input_count(m) && k < CN_MAX_LIST; k++)
        o.input_dtypes[k] = input_dtype(i);
    return cn_export_at(NO_LINE(o), &o);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static long size_of_file(const char *path) {
    FILE *file = fopen(path, "rb");
    long size = file != NULL && fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    if (file != NULL)
        fclose(file);
    return size;
}

static void report(const invocation *i, const cn_model *m, double seconds) {
    const char *path = option_text(i, "output", "");
    long size = size_of_file(path);
    if (i->json) {
        json j = json_begin(i->out, SCHEMA_compile);
        json_text(&j, "model", cn_model_name(m));
        json_text(&j, "output", path);
        json_integer(&j, "bytes", size);
        json_number(&j, "seconds", seconds);
        json_end(&j);
    } else if (!i->quiet) {
        fprintf(i->err, "%s: %ld bytes, in %.2f s\n", path, size, seconds);
    }
}

/* What is known to be wrong before the model is looked at. */
static exit_code check_options(const invocation *i) {
    const char *path = option_text(i, "output", NULL),
               *end = path == NULL ? NULL : strrchr(path, '.');
    if (end == NULL ||
        (strcmp(end, ".so") != 0 && strcmp(end, ".o") != 0 && strcmp(end, ".a") != 0))
        return fail(i, EXIT_USAGE, "--output ends in .so, .o or .a, not as %s", path);
    if (option_integer(i, "capacity", 1) < 1 || option_integer(i, "capacity", 1) > INT32_MAX)
        return fail(i, EXIT_USAGE, "--capacity wants 1 or more");
    if (option_given(i, "portable") &&
        strcmp(option_text(i, "keep-weights", "file"), "inside") == 0)
        return fail(i, EXIT_USAGE, "portable C holds no weights: --keep-weights file or caller");
    return EXIT_OK;
}

/* A file that cannot be written is no fault of the model. */
static exit_code fail_export(const invocation *i, const cn_context *c) {
    exit_code code = fail_context(i, c);
    return cn_error_status(c) == CN_ERROR_FILE ? EXIT_RUN : code;
}

static exit_code compile(invocation *i, const class_names *classes) {
    open_model m;
    exit_code code =
        model_open(i, i->arguments[0], training_use(i, option_given(i, "train-step")), &m);
    if (code != EXIT_OK)
        return code;
    double begin = now();
    if (settle_training(i, m.model) != CN_OK || export_model(i, m.model, classes) != CN_OK)
        code = fail_export(i, m.context);
    else
        report(i, m.model, now() - begin);
    model_close(&m);
    return code;
}

static exit_code run(invocation *i) {
    class_names classes = {0};
    exit_code code = check_options(i);
    if (code == EXIT_OK)
        code = class_names_read(i, &classes);
    if (code == EXIT_OK)
        code = compile(i, &classes);
    class_names_free(&classes);
    return code;
}

static const option_row options[] = {
    {"output", 'o', OPTION_FILE, "FILE", NULL, "write this .so, .o or .a, and the rest beside it",
     {.need = NEED_ALWAYS}},
    {"prefix", 0, OPTION_TEXT, "NAME", NULL, "begin all names so; default: the file's name", {0}},
    {"capacity", 0, OPTION_INTEGER, "N", NULL, "samples in one call at most; default: 32", {0}},
    {"march", 0, OPTION_CHOICE, "NAME", "native|x86-64-v2|x86-64-v3|x86-64-v4|multi|aarch64",
     "instructions to use; multi: v3 and v4 in one; default: native", {.not_with = "portable"}},
    {"portable", 0, OPTION_FLAG, NULL, NULL,
     "write the source in C99 without extensions; weights are not inside then", {0}},
    {"train-step", 0, OPTION_FLAG, NULL, NULL, "export the training step too", {0}},
    {"keep-weights", 0, OPTION_CHOICE, "WHERE", "inside|file|caller",
     "in the object, in PREFIX.safetensors, or in the caller's arrays", {0}},
    {"input-dtype", 0, OPTION_CHOICE, "TYPE", "model|u8|f32|i32",
     "what callers pass; it is cast inside", {0}},
    {"rescale", 0, OPTION_NUMBER, "X", NULL, "multiply integers that callers pass by X",
     {.only_for = "input-dtype=u8|i32"}},
    {"classes", 0, OPTION_FILE, "FILE", NULL, "keep these names of classes inside, one a line",
     {0}},
    OPTIMIZER_OPTION(.only_for = "train-step"),
    LOSS_OPTION(.only_for = "train-step"),
    MODEL_OPTIONS,
    JSON_OPTION(),
    QUIET_OPTION(),
    {0},
};

const verb verb_compile = {
    .name = "compile",
    .summary = "write a model as a shared object that needs no library",
    .arguments = "MODEL",
    .least = 1,
    .most = 1,
    .description =
        "Writes the model as native code: FILE, a header, its source in C, and main.c, a program "
        "that tries it. FILE ends in .so, .o or .a.\n\n"
        "The code allocates nothing and keeps no state; the header says what it needs and how it "
        "is called. It gives the same bits as prediction in process.",
    .options = options,
    .examples =
        (const verb_example[]){
            {"cornu compile examples/convnet_model.c -w fashion.safetensors -o digits.so",
             "write digits.so, digits.h, digits.c and main.c"},
            {"cornu compile net.c -o libnet.a --prefix digits --march multi --keep-weights file",
             "a static library for x86-64-v3 and v4, with its weights in digits.safetensors"},
            {"cornu compile net.c -o digits.so --train-step --optimizer sgd --loss huber",
             "with a training step"},
            {0}},
    .run = run,
};
