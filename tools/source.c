/* C sources that are loaded into the command: compiled by the machine's C compiler.
 *
 * The source becomes a shared object in a private temporary folder that is gone again before the
 * object is used: what is mapped stays mapped. It takes the library's functions from this process,
 * so only the public headers have to be found: beside the executable (build tree), or where the
 * installation put them, relative to it. No shell takes part; the compiler's words are passed on.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/source.h"

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

bool source_compiler_describe(char *line, size_t size) {
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
                             void **library) {
    *library = dlopen(object, RTLD_NOW | RTLD_LOCAL);
    if (*library == NULL) {
        const char *reason = dlerror(), *colon = strstr(reason, ": ");
        return fail(i, EXIT_INPUT, "%s cannot be loaded: %s", source, colon ? colon + 2 : reason);
    }
    return EXIT_OK;
}

/* A private folder, the object in it, and nothing left of both. */
static exit_code compile_and_load(const invocation *i, const char *source, void **library) {
    char folder[PATH_BYTES], object[PATH_BYTES + 16];
    const char *temporary = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/cornu-XXXXXX",
             temporary != NULL && *temporary != 0 ? temporary : "/tmp");
    if (mkdtemp(folder) == NULL)
        return fail(i, EXIT_RUN, "no temporary folder %s: %s", folder, strerror(errno));
    snprintf(object, sizeof object, "%s/model.so", folder);
    exit_code code = compile_source(i, source, object);
    if (code == EXIT_OK)
        code = load_object(i, source, object, library);
    unlink(object);
    rmdir(folder);
    return code;
}

exit_code source_load(const invocation *i, const char *path, const char *function,
                      const char *prototype, loaded_source *s) {
    exit_code code = compile_and_load(i, path, &s->library);
    if (code != EXIT_OK)
        return code;
    s->function = dlsym(s->library, function);
    return s->function != NULL ? EXIT_OK
                               : fail(i, EXIT_INPUT, "%s defines no `%s`", path, prototype);
}

void source_close(loaded_source *s) {
    if (s->library != NULL)
        dlclose(s->library);
    *s = (loaded_source){0};
}
