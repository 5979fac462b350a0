/* cornu train MODEL: fit to data in files, weights to a file.
 *
 * Ctrl-C ends training after the step that runs, then saves; a second one ends the process at once:
 * the handler is good for one signal. A loss that is not finite ends it too, and then nothing is
 * saved over what is there.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/fitting.h"
#include "tools/json.h"
#include "tools/model.h"

/* What the signal handler needs; a handler has no other way to it. */
static cn_model *volatile trained;
static volatile sig_atomic_t interrupted;

static void stop(int number) {
    (void)number;
    interrupted = 1;
    if (trained != NULL)
        cn_stop_training(trained);
}

static void catch_interrupts(cn_model *m) {
    struct sigaction action = {.sa_handler = stop, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    trained = m;
    sigaction(SIGINT, &action, NULL);
}

/* ---- What is told ------------------------------------------------------------------------ */

static void write_epoch(cn_model *m, int64_t epoch, const cn_logs *logs, void *user) {
    const invocation *i = user;
    (void)m;
    json j = json_begin(i->out, SCHEMA_train);
    json_integer(&j, "epoch", epoch + 1);
    json_open(&j, "logs", '{');
    for (size_t k = 0; k < logs->count; k++)
        json_number(&j, logs->names[k], logs->values[k]);
    json_close(&j, '}');
    json_end(&j);
}

/* Whether the whole model goes there, not its weights alone. */
static bool is_model(const char *path) {
    return ends_in(path, ".keras");
}

static void write_end(const invocation *i, const cn_model *m, const char *output) {
    const cn_history *h = cn_model_history(m);
    if (i->json) {
        json j = json_begin(i->out, SCHEMA_train);
        json_text(&j, is_model(output) ? "model" : "weights", output);
        json_flag(&j, "interrupted", interrupted);
        json_end(&j);
        return;
    }
    for (size_t k = 0; h != NULL && h->epoch_count > 0 && k < h->count; k++)
        fprintf(i->out, "%s: %.6g\n", h->names[k], h->values[k][h->epoch_count - 1]);
    fprintf(i->out, "%s: %s\n", is_model(output) ? "model" : "weights", output);
}

/* ---- Saving ------------------------------------------------------------------------------ */

static const char *output_path(const invocation *i) {
    return option_text(i, "output", "model.safetensors");
}

/* Whether a file could be written there: told before hours of training, not after. Files appear
 * under a name of their own first, so it is the folder that counts. */
static exit_code check_writable(const invocation *i, const char *path) {
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
    struct stat facts;
    exit_code code = EXIT_OK;
    if (folder == NULL)
        code = fail(i, EXIT_RUN, "out of memory");
    else if (access(folder, W_OK | X_OK) != 0)
        code = fail(i, EXIT_RUN, "cannot write %s: %s", path, strerror(errno));
    else if (stat(path, &facts) == 0 && !S_ISREG(facts.st_mode))
        code = fail(i, EXIT_RUN, "cannot write %s: it is no file", path);
    free(folder);
    return code;
}

static exit_code check_outputs(const invocation *i) {
    static const char *const endings[] = {".keras", ".safetensors", ".weights.h5"};
    const char *output = output_path(i), *state = option_text(i, "state", NULL);
    size_t k = 0;
    while (k < sizeof endings / sizeof *endings && !ends_in(output, endings[k]))
        k++;
    if (k == sizeof endings / sizeof *endings)
        return fail(i, EXIT_USAGE,
                    "--output ends in .keras, .safetensors or .weights.h5, which %s does not",
                    output);
    if (state != NULL && strcmp(state, output) == 0)
        return fail(i, EXIT_USAGE, "--state and --output are the same file, %s", state);
    exit_code code = check_writable(i, output);
    return code == EXIT_OK && state != NULL ? check_writable(i, state) : code;
}

static exit_code save(const invocation *i, const open_model *m, const cn_dataset *set) {
    const char *output = output_path(i);
    const char *state = option_text(i, "state", NULL);
    cn_status s =
        is_model(output) ? model_save(m->model, output) : cn_save_weights(m->model, output);
    if (s == CN_OK && state != NULL)
        s = cn_save_state(m->model, state);
    if (s != CN_OK) {
        fail_context(i, m->context);
        return EXIT_RUN;
    }
    exit_code code = class_names_write(i, set, output);
    write_end(i, m->model, output);
    if (code != EXIT_OK)
        return code;
    return interrupted ? EXIT_INTERRUPTED : EXIT_OK;
}

/* Whether Keras has words for the model, told before hours of training too: it is written once, to
 * nowhere in particular. Where that cannot be, the end of the training tells. */
static exit_code check_words(const invocation *i, cn_model *m) {
    char path[4096];
    const char *folder = getenv("TMPDIR");
    if (!is_model(output_path(i)))
        return EXIT_OK;
    snprintf(path, sizeof path, "%s/cornu-XXXXXX.keras",
             folder != NULL && *folder != 0 ? folder : "/tmp");
    int fd = mkstemps(path, (int)strlen(".keras"));
    if (fd < 0)
        return EXIT_OK;
    close(fd);
    cn_status s = model_save(m, path);
    unlink(path);
    if (s == CN_ERROR_FILE) /* a full disk, say */
        cn_error_clear(cn_model_context(m));
    if (s == CN_OK || s == CN_ERROR_FILE)
        return EXIT_OK;
    exit_code code = fail_context(i, cn_model_context(m));
    return s == CN_ERROR_UNSUPPORTED ? EXIT_INPUT : code;
}

/* ---- Training ---------------------------------------------------------------------------- */

static cn_status resume(const invocation *i, cn_model *m) {
    const char *state = option_text(i, "state", NULL);
    return state != NULL && access(state, F_OK) == 0 ? cn_load_state(m, state) : CN_OK;
}

static cn_status fit(invocation *i, const open_model *m, cn_dataset *set) {
    cn_callback *epochs = cn_callback_new(
        m->context, &(cn_callback_functions){.user = i, .epoch_end = i->json ? write_epoch : NULL});
    cn_fit_options o = {.model = m->model,
                        .data = set,
                        .epochs = option_integer(i, "epochs", 1),
                        .batch_size = batch_size(i),
                        .validation_split = option_number(i, "validation-split", 0),
                        .callbacks = {cn_terminate_on_nan(m->context, true), epochs}};
    cn_status s = resume(i, m->model);
    catch_interrupts(m->model);
    if (s == CN_OK)
        s = cn_fit_at(NO_LINE(cn_fit_options), &o);
    return s;
}

static exit_code train(invocation *i, const open_model *m) {
    samples s;
    exit_code code = fitting_compile(i, m->model);
    if (code == EXIT_OK)
        code = check_words(i, m->model);
    if (code == EXIT_OK)
        code = samples_open(i, m->model, true, &s);
    if (code != EXIT_OK)
        return code;
    code = fit(i, m, s.set) == CN_OK ? save(i, m, s.set) : fail_context(i, m->context);
    samples_close(&s);
    return code;
}

/* Then the file's are of no use. One of both is refused once it is known what the file has. */
static bool own_settings(const invocation *i) {
    return option_given(i, "optimizer") && option_given(i, "loss");
}

static exit_code run(invocation *i) {
    open_model m;
    exit_code code = samples_check(i, true);
    if (code == EXIT_OK && option_integer(i, "epochs", 1) < 1)
        code = fail(i, EXIT_USAGE, "--epochs wants 1 or more");
    if (code == EXIT_OK)
        code = check_outputs(i);
    if (code == EXIT_OK)
        code = model_open(i, i->arguments[0], own_settings(i) ? MODEL_PREDICTS : MODEL_TRAINS, &m);
    if (code != EXIT_OK)
        return code;
    code = train(i, &m);
    trained = NULL;
    model_close(&m);
    return code;
}

static const option_row options[] = {
    DATA_OPTION,
    LABEL_OPTION,
    NUMBERING_OPTION,
    BATCH_OPTIONS,
    {"epochs", 'e', OPTION_INTEGER, "N", NULL, "passes over the data; default: 1", {0}},
    {"validation-split", 0, OPTION_NUMBER, "X", NULL,
     "keep this share of the samples, the last ones, for validation", {0}},
    OPTIMIZER_OPTION(),
    {"learning-rate", 'r', OPTION_NUMBER, "X", NULL, "of the optimizer; default: its own",
     {.only_for = "optimizer"}},
    LOSS_OPTIONS,
    {"output", 'o', OPTION_FILE, "FILE", NULL,
     "write the model there (.keras), or its weights (.safetensors, .weights.h5); default: "
     "model.safetensors",
     {0}},
    {"state", 0, OPTION_FILE, "FILE", NULL,
     "go on from this training state if it is there, and write it at the end", {0}},
    MODEL_OPTIONS,
    JSON_OPTION(),
    QUIET_OPTION(),
    {0},
};

const verb verb_train = {
    .name = "train",
    .summary = "train a model on data in files",
    .arguments = "MODEL",
    .least = 1,
    .most = 1,
    .description =
        "Fits the model to the samples of --data and the targets of --labels and writes its "
        "weights, or the whole model as .keras. A model that was compiled, by its own source or in "
        "its file, keeps its optimizer, loss and metrics unless the options name others; the "
        "optimizer of a file goes on where it stood. Names of arrays in .npz and "
        ".safetensors are those of the model's inputs and outputs; without such names they count "
        "by position. Names of classes that the data have are written beside the output, as "
        "NAME.classes, where the next run finds them: so classes keep their numbers.\n\n"
        "Progress goes to stderr, the last epoch's values to stdout; --json writes a line for each "
        "epoch and one at the end. Ctrl-C ends training after the step that runs, saves, and exits "
        "with 130. A loss that is not finite ends it with 6, and nothing is saved.",
    .options = options,
    .examples =
        (const verb_example[]){
            {"cornu train examples/convnet_model.c --data train-images-idx3-ubyte.gz "
             "--labels train-labels-idx1-ubyte.gz --epochs 5 -o convnet.safetensors",
             "train the example by its own optimizer and loss"},
            {"cornu train mlp.c -d x.npy -l y.npy --optimizer sgd --learning-rate 0.1 "
             "--loss mean_squared_error --json",
             "train by other ones, a line of JSON for each epoch"},
            {"cornu train model.keras -d x.npy -l y.npy -o better.keras",
             "go on with what Keras began"},
            {0}},
    .run = run,
};
