/* A model from a C source: compiled by the machine's C compiler, loaded, called.
 *
 * The source becomes a shared object in a private temporary folder that is gone again before the
 * model is used: what is mapped stays mapped. It takes the library's functions from this process,
 * so only the public headers have to be found: beside the executable (build tree), or where the
 * installation put them, relative to it. No shell takes part; the compiler's words are passed on.
 *
 * Names in messages point into the loaded object, so it is closed after its context.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/model.h"

extern char **environ;

enum { PATH_BYTES = 4096 };

/* ---- The compiler ------------------------------------------------------------------------ */

/* The folder that holds cornu.h, seen from the executable. */
static bool find_headers(char path[PATH_BYTES]) {
    static const char *const folders[] = {"include", CORNU_HEADERS_FROM_PROGRAM};
    char program[PATH_BYTES];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length <= 0)
        return false;
    program[length] = 0;
    *strrchr(program, '/') = 0;
    for (size_t k = 0; k < sizeof folders / sizeof *folders; k++) {
        snprintf(path, PATH_BYTES, "%.2000s/%.1000s/cornu.h", program, folders[k]);
        if (access(path, R_OK) == 0) {
            *strrchr(path, '/') = 0;
            return true;
        }
    }
    return false;
}

/* Runs a command with its output on the error stream: -1 when it is not there, else its status. */
static int run_command(const invocation *i, char *const *arguments) {
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status = -1;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return -1;
    fflush(i->err);
    posix_spawn_file_actions_adddup2(&actions, fileno(i->err), STDERR_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fileno(i->err), STDOUT_FILENO);
    int error = posix_spawnp(&child, arguments[0], &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0)
        return -1;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return status;
}

/* $CC may bring options: words between blanks. */
static int split_words(char *text, char **words, int capacity) {
    int count = 0;
    for (char *word = strtok_r(text, " \t", &text); word != NULL && count < capacity;
         word = strtok_r(NULL, " \t", &text))
        words[count++] = word;
    return count;
}

static int run_compiler(const invocation *i, const char *command, const char *source,
                        const char *headers, const char *object) {
    char words[PATH_BYTES], include[PATH_BYTES + 2], file[PATH_BYTES], *arguments[32];
    snprintf(words, sizeof words, "%s", command);
    snprintf(file, sizeof file, "%s%s", source[0] == '-' ? "./" : "", source); /* no option */
    snprintf(include, sizeof include, "-I%s", headers);
    int count = split_words(words, arguments, 16);
    if (count == 0)
        return -1;
    const char *const options[] = {"-std=c11", "-g", "-fPIC", "-shared", include, "-o",  object,
                                   "-x",       "c",  file,    "-x",      "none",  "-lm", NULL};
    for (int k = 0; options[k] != NULL; k++)
        arguments[count++] = (char *)(uintptr_t)options[k];
    arguments[count] = NULL;
    return run_command(i, arguments);
}

/* $CC, or what there may be; `list` ends at NULL. */
static bool choose_commands(const char *list[4]) {
    const char *chosen = getenv("CC");
    bool is_chosen = chosen != NULL && *chosen != 0;
    const char *const usual[4] = {"cc", "clang", "gcc", NULL}, *const only[4] = {chosen};
    memcpy(list, is_chosen ? only : usual, sizeof usual);
    return is_chosen;
}

static exit_code compile_source(const invocation *i, const char *source, const char *object) {
    char headers[PATH_BYTES];
    const char *commands[4];
    if (!find_headers(headers))
        return fail(i, EXIT_BACKEND,
                    "cornu.h is neither beside the command nor in its installation; install the "
                    "headers");
    bool is_chosen = choose_commands(commands);
    int status = -1;
    for (const char **c = commands; *c != NULL && status == -1; c++)
        status = run_compiler(i, *c, source, headers, object);
    if (status == -1)
        return fail(i, EXIT_BACKEND,
                    "no C compiler: %s%s is not found; install gcc, or name one in CC",
                    is_chosen ? "CC=" : "", is_chosen ? commands[0] : "cc, clang or gcc");
    if (status != 0)
        return fail(i, EXIT_INPUT, "the C compiler refused %s", source);
    return EXIT_OK;
}

/* Whether a shell would find the first word of a command. */
static bool is_program(const char *command) {
    const char *folders = getenv("PATH");
    int length = (int)strcspn(command, " \t");
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%.*s", length, command);
    if (strchr(path, '/') != NULL)
        return access(path, X_OK) == 0;
    for (const char *f = folders; f != NULL && *f != 0; f += *f == ':') {
        int width = (int)strcspn(f, ":");
        snprintf(path, sizeof path, "%.*s/%.*s", width, f, length, command);
        if (width > 0 && access(path, X_OK) == 0)
            return true;
        f += width;
    }
    return false;
}

bool model_compiler_describe(char *line, size_t size) {
    const char *commands[4];
    bool is_chosen = choose_commands(commands);
    for (const char **c = commands; *c != NULL; c++) {
        if (is_program(*c)) {
            snprintf(line, size, "%s", *c);
            return true;
        }
    }
    snprintf(line, size, "there is no program %s", is_chosen ? commands[0] : "cc, clang or gcc");
    return false;
}

/* ---- Loading ----------------------------------------------------------------------------- */

static exit_code load_object(const invocation *i, const char *source, const char *object,
                             open_model *m) {
    m->library = dlopen(object, RTLD_NOW | RTLD_LOCAL);
    if (m->library == NULL) {
        const char *reason = dlerror(), *colon = strstr(reason, ": ");
        return fail(i, EXIT_INPUT, "%s cannot be loaded: %s", source, colon ? colon + 2 : reason);
    }
    return EXIT_OK;
}

/* A private folder, the object in it, and nothing left of both. */
static exit_code compile_and_load(const invocation *i, const char *source, open_model *m) {
    char folder[PATH_BYTES], object[PATH_BYTES + 16];
    const char *temporary = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/cornu-XXXXXX",
             temporary != NULL && *temporary != 0 ? temporary : "/tmp");
    if (mkdtemp(folder) == NULL)
        return fail(i, EXIT_RUN, "no temporary folder %s: %s", folder, strerror(errno));
    snprintf(object, sizeof object, "%s/model.so", folder);
    exit_code code = compile_source(i, source, object);
    if (code == EXIT_OK)
        code = load_object(i, source, object, m);
    unlink(object);
    rmdir(folder);
    return code;
}

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

/* Calls model(); what it prints is no result of ours and goes to the error stream. */
static cn_model *call_model(const invocation *i, cn_model *(*build)(cn_context *c), cn_context *c) {
    fflush(i->out);
    int kept = dup(STDOUT_FILENO);
    if (kept >= 0)
        dup2(fileno(i->err), STDOUT_FILENO);
    cn_model *m = build(c);
    fflush(stdout);
    if (kept >= 0) {
        dup2(kept, STDOUT_FILENO);
        close(kept);
    }
    return m;
}

static exit_code build_model(invocation *i, const char *source, open_model *m) {
    cn_model *(*build)(cn_context * c);
    void *symbol = dlsym(m->library, "model");
    if (symbol == NULL)
        return fail(i, EXIT_INPUT, "%s defines no `cn_model *model(cn_context *c)`", source);
    memcpy(&build, &symbol, sizeof build);
    m->model = call_model(i, build, m->context);
    if (cn_error_status(m->context) != CN_OK)
        return fail_context(i, m->context);
    if (m->model == NULL)
        return fail(i, EXIT_INPUT, "model() of %s returned NULL", source);
    const char *weights = shared_option(i, "weights");
    if (weights != NULL && cn_load_weights(m->model, weights) != CN_OK)
        return fail_context(i, m->context);
    return EXIT_OK;
}

static bool ends_in(const char *path, const char *end) {
    size_t length = strlen(path), tail = strlen(end);
    return length > tail && strcmp(path + length - tail, end) == 0;
}

static exit_code check_path(const invocation *i, const char *path) {
    if (ends_in(path, ".cnir"))
        return fail(i, EXIT_INPUT, "%s is a graph; this verb wants a model (a C source)", path);
    if (ends_in(path, ".keras") || ends_in(path, ".onnx") || ends_in(path, ".h5"))
        return fail(i, EXIT_INPUT,
                    "%s: models of this format are not read yet; MODEL is a C source", path);
    if (ends_in(path, ".safetensors"))
        return fail(i, EXIT_INPUT, "%s holds weights; give the model's C source and --weights %s",
                    path, path);
    struct stat facts;
    if (access(path, R_OK) != 0 || stat(path, &facts) != 0)
        return fail(i, EXIT_INPUT, "cannot read %s: %s", path, strerror(errno));
    if (S_ISDIR(facts.st_mode))
        return fail(i, EXIT_INPUT, "%s is a folder, MODEL is a C source", path);
    return EXIT_OK;
}

exit_code model_open(invocation *i, const char *path, open_model *m) {
    *m = (open_model){0};
    exit_code code = check_path(i, path);
    if (code == EXIT_OK)
        code = make_context(i, m);
    if (code == EXIT_OK)
        code = compile_and_load(i, path, m);
    if (code == EXIT_OK)
        code = build_model(i, path, m);
    if (code != EXIT_OK)
        model_close(m);
    return code;
}

void model_close(open_model *m) {
    cn_context_free(m->context);
    if (m->library != NULL)
        dlclose(m->library);
    *m = (open_model){0};
}
