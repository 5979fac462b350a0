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
    return (cn_export_weights)choose(places, option_text(i, "keep-weights", "inside"));
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
    return cn_export_at(CN_HERE(cn_export_options), &o);
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
        json j = json_begin(i->out, "cornu.compile/1");
        json_text(&j, "model", cn_model_name(m));
        json_text(&j, "output", path);
        json_integer(&j, "bytes", size);
        json_number(&j, "seconds", seconds);
        json_end(&j);
    } else if (!i->quiet) {
        fprintf(i->err, "%s: %ld bytes, in %.2f s\n", path, size, seconds);
    }
}

static exit_code compile(invocation *i, const class_names *classes) {
    open_model m;
    exit_code code = model_open(i, i->arguments[0], &m);
    if (code != EXIT_OK)
        return code;
    double begin = now();
    if (settle_training(i, m.model) != CN_OK || export_model(i, m.model, classes) != CN_OK)
        code = fail_context(i, m.context);
    else
        report(i, m.model, now() - begin);
    model_close(&m);
    return code;
}

static exit_code run(invocation *i) {
    class_names classes;
    if (option_text(i, "output", NULL) == NULL)
        return fail(i, EXIT_USAGE, "--output FILE is required, for example -o digits.so");
    exit_code code = class_names_read(i, &classes);
    if (code == EXIT_OK)
        code = compile(i, &classes);
    class_names_free(&classes);
    return code;
}

static const option_row options[] = {
    {"output", 'o', OPTION_FILE, "FILE", NULL, "write this .so, .o or .a, and the rest beside it",
     0},
    {"prefix", 'p', OPTION_TEXT, "NAME", NULL, "begin all names so; default: the file's name", 0},
    {"capacity", 'n', OPTION_INTEGER, "N", NULL, "samples in one call at most; default: 32", 0},
    {"march", 0, OPTION_CHOICE, "NAME", "native|x86-64-v2|x86-64-v3|x86-64-v4|multi|aarch64",
     "instructions to use; multi: v3 and v4 in one; default: native", 0},
    {"portable", 0, OPTION_FLAG, NULL, NULL,
     "write the source in C99 without extensions; weights are not inside then", 0},
    {"train-step", 0, OPTION_FLAG, NULL, NULL, "export the training step too", 0},
    {"keep-weights", 0, OPTION_CHOICE, "WHERE", "inside|file|caller",
     "in the object, in PREFIX.safetensors, or in the caller's arrays", 0},
    {"input-dtype", 0, OPTION_CHOICE, "TYPE", "model|u8|f32|i32",
     "what callers pass; it is cast inside", 0},
    {"rescale", 0, OPTION_NUMBER, "X", NULL, "multiply integers that callers pass by X", 0},
    {"classes", 0, OPTION_FILE, "FILE", NULL, "keep these names of classes inside, one a line", 0},
    TRAINING_OPTIONS,
    MODEL_OPTIONS,
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
            {"cornu compile net.c -o net.a --march multi --keep-weights file",
             "a static library for x86-64-v3 and v4, with its weights in net.safetensors"},
            {"cornu compile net.c -o net.so --train-step --optimizer sgd --loss huber",
             "with a training step"},
            {0}},
    .run = run,
};
