/* The MODEL of a command line: a C source that is compiled and called, or a file of Keras'.
 *
 * What a file says of training is read only where it is wanted, so that a prediction does not fail
 * for a loss that Cornu has not. Custom layers of a file come from a C source too (--layers), which
 * is called before the file is read.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/model.h"
#include "tools/source.h"

/* ---- The context ------------------------------------------------------------------------- */

static void write_log(void *user, const char *text, size_t length) {
    const invocation *i = user;
    fwrite(text, 1, length, i->log);
}

/* NULL also where the verb has no such option. */
static const char *shared_option(const invocation *i, const char *name) {
    return option_known(i, name) ? option_text(i, name, NULL) : NULL;
}

static int64_t shared_integer(const invocation *i, const char *name) {
    return option_known(i, name) ? option_integer(i, name, 0) : 0;
}

static exit_code make_context(invocation *i, open_model *m) {
    int64_t threads = shared_integer(i, "threads");
    if (threads < 0 || threads > 1024)
        return fail(i, EXIT_USAGE, "--threads wants 0 to 1024");
    cn_context_options o = {.backend = shared_option(i, "backend"),
                            .threads = (int)threads,
                            .seed = (uint64_t)shared_integer(i, "seed"),
                            .quiet = i->quiet,
                            .writer = write_log,
                            .writer_user = i};
    m->context = cn_context_new(&o);
    if (m->context == NULL || cn_error_status(m->context) != CN_OK)
        return fail_context(i, m->context);
    return EXIT_OK;
}

/* ---- Sources ----------------------------------------------------------------------------- */

/* What a function of the user's prints is no result of ours and goes to the error stream. */
static int divert_output(const invocation *i) {
    fflush(i->out);
    int kept = dup(STDOUT_FILENO);
    if (kept >= 0)
        dup2(fileno(i->err), STDOUT_FILENO);
    return kept;
}

static void restore_output(int kept) {
    fflush(stdout);
    if (kept >= 0) {
        dup2(kept, STDOUT_FILENO);
        close(kept);
    }
}

static exit_code build_model(const invocation *i, const char *path, open_model *m,
                             loaded_source *s) {
    cn_model *(*build)(cn_context * c);
    exit_code code = source_load(i, path, "model", "cn_model *model(cn_context *c)", s);
    if (code != EXIT_OK)
        return code;
    memcpy(&build, &s->function, sizeof build);
    int kept = divert_output(i);
    m->model = build(m->context);
    restore_output(kept);
    if (cn_error_status(m->context) != CN_OK)
        return fail_context(i, m->context);
    return m->model != NULL ? EXIT_OK : fail(i, EXIT_INPUT, "model() of %s returned NULL", path);
}

/* The classes of custom layers that a file may name. */
static exit_code register_layers(const invocation *i, open_model *m, loaded_source *s) {
    cn_status (*layers)(cn_context * c), status;
    const char *path = shared_option(i, "layers");
    if (path == NULL)
        return EXIT_OK;
    exit_code code = source_load(i, path, "layers", "cn_status layers(cn_context *c)", s);
    if (code != EXIT_OK)
        return code;
    memcpy(&layers, &s->function, sizeof layers);
    int kept = divert_output(i);
    status = layers(m->context);
    restore_output(kept);
    if (cn_error_status(m->context) != CN_OK)
        return fail_context(i, m->context);
    return status == CN_OK
               ? EXIT_OK
               : fail(i, EXIT_INPUT, "layers() of %s failed: %s", path, cn_status_text(status));
}

/* ---- Files ------------------------------------------------------------------------------- */

/* Whatever such a file holds that Cornu has not is a matter of the file. */
static exit_code load_file(const invocation *i, const char *path, bool to_train, open_model *m) {
    cn_load_options o = {.context = m->context, .path = path, .no_compile = !to_train};
    m->model = cn_load_at(NO_LINE(o), &o);
    cn_status s = cn_error_status(m->context);
    if (s == CN_OK)
        return EXIT_OK;
    exit_code code = fail_context(i, m->context);
    if (s != CN_ERROR_UNSUPPORTED)
        return code;
    if (strstr(cn_error_message(m->context), "cn_register_layer") != NULL)
        fputs("Here --layers FILE.c registers classes.\n", i->err);
    if (to_train && strstr(cn_error_message(m->context), "compile_config") != NULL)
        fputs("Here --optimizer and --loss train it by others.\n", i->err);
    return EXIT_INPUT;
}

bool ends_in(const char *path, const char *end) {
    size_t length = strlen(path), tail = strlen(end);
    return length > tail && strcmp(path + length - tail, end) == 0;
}

bool model_is_file(const char *path) {
    return ends_in(path, ".keras") || ends_in(path, ".h5") || ends_in(path, ".hdf5");
}

static exit_code check_path(const invocation *i, const char *path) {
    static const char *const weights[] = {".safetensors", ".npz", ".weights.h5"};
    if (ends_in(path, ".cnir"))
        return fail(i, EXIT_INPUT, "%s is a graph; this verb wants a model (a C source or .keras)",
                    path);
    if (ends_in(path, ".onnx"))
        return fail(i, EXIT_INPUT,
                    "%s: models of this format are not read; MODEL is a C source or .keras", path);
    for (size_t k = 0; k < sizeof weights / sizeof *weights; k++)
        if (ends_in(path, weights[k]))
            return fail(i, EXIT_INPUT, "%s holds weights; give the model and --weights %s", path,
                        path);
    struct stat facts;
    if (access(path, R_OK) != 0 || stat(path, &facts) != 0)
        return fail(i, EXIT_INPUT, "cannot read %s: %s", path, strerror(errno));
    if (S_ISDIR(facts.st_mode))
        return fail(i, EXIT_INPUT, "%s is a folder, MODEL is a C source or .keras", path);
    if (!S_ISREG(facts.st_mode)) /* a FIFO, which the compiler would wait for */
        return fail(i, EXIT_INPUT, "%s is not a regular file", path);
    return EXIT_OK;
}

static exit_code load_weights(const invocation *i, open_model *m) {
    const char *weights = shared_option(i, "weights");
    return weights == NULL || cn_load_weights(m->model, weights) == CN_OK
               ? EXIT_OK
               : fail_context(i, m->context);
}

/* ---- The whole --------------------------------------------------------------------------- */

static exit_code open_any(const invocation *i, const char *path, bool to_train, open_model *m,
                          loaded_source *s) {
    if (!model_is_file(path))
        return build_model(i, path, m, s);
    exit_code code = register_layers(i, m, s);
    return code == EXIT_OK ? load_file(i, path, to_train, m) : code;
}

exit_code model_open(invocation *i, const char *path, model_use use, open_model *m) {
    *m = (open_model){0};
    loaded_source s = {0};
    exit_code code = check_path(i, path);
    if (code == EXIT_OK)
        code = make_context(i, m);
    if (code == EXIT_OK)
        code = open_any(i, path, use == MODEL_TRAINS, m, &s);
    m->library = s.library;
    if (code == EXIT_OK)
        code = load_weights(i, m);
    if (code != EXIT_OK)
        model_close(m);
    return code;
}

cn_status model_save(cn_model *m, const char *path) {
    cn_save_options o = {.model = m, .path = path};
    return cn_save_at(NO_LINE(o), &o);
}

void model_close(open_model *m) {
    loaded_source s = {.library = m->library};
    cn_context_free(m->context);
    source_close(&s);
    *m = (open_model){0};
}
