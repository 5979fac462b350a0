/* An external command as a compiler: `cc`, or what CORNU_CC names.
 *
 * It serves machines without the module, users who trust one compiler, and sanitized code, which
 * must come from the compiler that made the process. Any driver with the options that gcc and
 * clang share will do. -O3 because gcc vectorises loops of unknown length only there.
 *
 * The identity is the program's file, found through PATH as a shell would; its version is asked for
 * only when something must be compiled.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/child.h"
#include "base/platform.h"
#include "codegen/cpu/compiler.h"

enum { MAX_WORDS = 16 };

typedef struct external_compiler {
    compiler base;
    double seconds;
    char *program;                    /* path of the first word */
    const char *words[MAX_WORDS + 1]; /* of the command, in `command`; NULL-terminated */
    char command[];
} external_compiler;

/* ---- Finding the command ---- */

static bool is_program(const char *path) {
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISREG(facts.st_mode) && access(path, X_OK) == 0;
}

/* The path of a command, malloc, as a shell would find it; NULL when there is none. */
static char *find_program(const char *name) {
    if (strchr(name, '/') != NULL)
        return is_program(name) ? realpath(name, NULL) : NULL;
    const char *folders = secure_getenv("PATH");
    if (folders == NULL)
        folders = "/usr/local/bin:/usr/bin:/bin";
    while (*folders != '\0') {
        size_t length = strcspn(folders, ":");
        char *path = NULL;
        if (asprintf(&path, "%.*s/%s", (int)length, folders, name) < 0)
            return NULL;
        if (*folders == '/' && is_program(path))
            return path;
        free(path);
        folders += length + (folders[length] == ':');
    }
    return NULL;
}

/* ---- Flags ---- */

static void add_sanitizers(argument_list *list, const toolchain_request *r) {
    if (r->sanitize_address)
        arguments_add(list, "-fsanitize=address");
    if (r->sanitize_undefined)
        arguments_add(list, "-fsanitize=undefined");
    if (r->sanitize_thread)
        arguments_add(list, "-fsanitize=thread");
}

static argument_list compile_arguments(const external_compiler *e, const toolchain_request *r,
                                       const isa_level *isa) {
    /* clang-format off */
    static const char *const fixed[] = {
        "-std=c11", "-ffreestanding", "-ffp-contract=off", "-fno-fast-math", "-fno-math-errno",
        "-fno-trapping-math", "-fno-strict-aliasing", "-fno-stack-protector", "-fPIC",
        "-fstack-usage", "-w", NULL};
    /* clang-format on */
    static const char *const sanitized[] = {"-O1", "-g", "-fno-omit-frame-pointer",
                                            "-fno-sanitize-recover=all", NULL};
    argument_list list = {.count = 0};
    arguments_add_all(&list, e->words);
    arguments_add_all(&list, fixed);
    arguments_add_all(&list, isa->driver_flags);
    if (request_is_sanitized(r))
        arguments_add_all(&list, sanitized);
    else
        arguments_add(&list, "-O3");
    add_sanitizers(&list, r);
    return list;
}

static argument_list link_arguments(const external_compiler *e, const toolchain_request *r,
                                    toolchain_product product) {
    static const char *const shared[] = {"-shared", "-Wl,-z,relro,-z,now,-z,noexecstack",
                                         "-Wl,--build-id=none", NULL};
    argument_list list = {.count = 0};
    arguments_add_all(&list, e->words);
    if (product != TOOLCHAIN_SHARED_OBJECT)
        arguments_add(&list, "-r");
    else
        arguments_add_all(&list, shared);
    if (request_is_sanitized(r) && product == TOOLCHAIN_SHARED_OBJECT)
        add_sanitizers(&list, r); /* brings the sanitizer's library */
    else
        arguments_add(&list, "-nostdlib");
    return list;
}

static void identify(const compiler *c, const toolchain_request *r, sha256 *hash) {
    const external_compiler *e = (const external_compiler *)c;
    argument_list compile = compile_arguments(e, r, r->isa);
    argument_list link = link_arguments(e, r, TOOLCHAIN_SHARED_OBJECT);
    identify_file(e->program, hash);
    identify_arguments(&compile, hash);
    identify_arguments(&link, hash);
}

/* ---- Compiling and linking ---- */

/* "cc (Debian 12.2.0-14) 12.2.0", the first line of --version. */
static void ask_version(external_compiler *e, const char *folder, const char *path) {
    char *line = e->base.name;
    argument_list list = {.count = 0};
    arguments_add_all(&list, e->words);
    arguments_add(&list, "--version");
    char *message = child_run(
        &(child_options){.program = e->program, .folder = folder, .messages = path, .seconds = 10},
        list.items);
    FILE *file = message == NULL ? fopen(path, "re") : NULL;
    if (file == NULL || fgets(line, sizeof e->base.name, file) == NULL)
        snprintf(line, sizeof e->base.name, "%s", e->words[0]);
    line[strcspn(line, "\n")] = '\0';
    if (file != NULL)
        fclose(file);
    free(message);
}

static bool start(compiler *c, diagnostics *d) {
    if (c->name[0] != '\0')
        return true;
    char *folder = work_folder_new(d), *path = NULL;
    if (folder == NULL)
        return false;
    if (asprintf(&path, "%s/version", folder) < 0)
        path = NULL;
    else
        ask_version((external_compiler *)c, folder, path);
    free(path);
    work_folder_free(folder);
    return true;
}

typedef struct external_run {
    const external_compiler *compiler;
    const compiler_job *job;
} external_run;

static char *run_in_folder(const external_run *run, int index, const argument_list *list) {
    char *messages = unit_path(run->job, index, "messages");
    if (messages == NULL)
        return strdup("out of memory");
    child_options options = {.program = run->compiler->program,
                             .folder = run->job->folder,
                             .messages = messages,
                             .seconds = run->compiler->seconds};
    char *message = child_run(&options, list->items);
    free(messages);
    return message;
}

static bool write_text(const char *path, const char *text, size_t length) {
    FILE *file = path == NULL || text == NULL ? NULL : fopen(path, "wxe");
    if (file == NULL)
        return false;
    bool ok = fwrite(text, 1, length, file) == length;
    return fclose(file) == 0 && ok;
}

static char *compile_unit(void *user, int index) {
    const external_run *run = user;
    char *source = unit_path(run->job, index, "c");
    char *made = NULL;
    size_t length = 0;
    const char *text = unit_text(run->job, index, &made, &length);
    bool written = write_text(source, text, length);
    free(made);
    if (!written) {
        free(source);
        return strdup("cannot write the text to a temporary file");
    }
    argument_list list =
        compile_arguments(run->compiler, run->job->request, unit_isa(run->job->request, index));
    arguments_add(&list, "-c");
    arguments_add(&list, strrchr(source, '/') + 1); /* the object gets the same name with .o */
    char *message = run_in_folder(run, index, &list);
    free(source);
    return message;
}

static bool link_objects(external_run *run, diagnostics *d) {
    char *objects = write_object_list(run->job, NULL, d);
    if (objects == NULL)
        return false;
    argument_list list = link_arguments(run->compiler, run->job->request, run->job->product);
    arguments_add(&list, "-o");
    arguments_add(&list, run->job->output);
    arguments_add(&list, "@objects");
    char *message = run_in_folder(run, run->job->request->unit_count, &list);
    if (message != NULL)
        diag_fail(d, CN_ERROR_COMPILER, "cannot link a program: %s", message);
    bool ok = message == NULL;
    free(objects);
    free(message);
    return ok;
}

/* The linked object goes into a static library of the same path. */
static bool archive_object(external_run *run, diagnostics *d) {
    char *program = find_program("ar");
    if (program == NULL)
        return diag_fail(d, CN_ERROR_COMPILER, "a static library needs `ar` (Debian: binutils)");
    const char *const words[] = {"ar", "rcD", "model.a", run->job->output, NULL};
    external_compiler ar = {.program = program, .seconds = run->compiler->seconds};
    external_run archive = {.compiler = &ar, .job = run->job};
    argument_list list = {.count = 0};
    arguments_add_all(&list, words);
    char *library = NULL, *message = NULL;
    if (asprintf(&library, "%s/model.a", run->job->folder) < 0)
        library = NULL;
    else
        message = run_in_folder(&archive, run->job->request->unit_count, &list);
    bool ok = library != NULL && message == NULL && rename(library, run->job->output) == 0;
    if (!ok)
        diag_fail(d, CN_ERROR_COMPILER, "cannot make a static library: %s",
                  message == NULL ? "no memory, or no room" : message);
    free(program);
    free(library);
    free(message);
    return ok;
}

static bool build(compiler *c, const compiler_job *job, diagnostics *d, toolchain_report *report) {
    const external_compiler *e = (const external_compiler *)c;
    external_run run = {e, job};
    double begin = clock_seconds();
    bool ok = compile_units(job->request, compile_unit, &run, d);
    double compiled = clock_seconds();
    ok = ok && link_objects(&run, d) &&
         (job->product != TOOLCHAIN_ARCHIVE || archive_object(&run, d));
    report->compile_ms = 1e3 * (compiled - begin);
    report->link_ms = 1e3 * (clock_seconds() - compiled);
    return ok;
}

static void free_external_compiler(compiler *c) {
    external_compiler *e = (external_compiler *)c;
    free(e->program);
    free(e);
}

static void split_words(external_compiler *e) {
    int count = 0;
    char *rest = e->command, *word;
    while (count < MAX_WORDS && (word = strsep(&rest, " ")) != NULL) {
        if (*word != '\0')
            e->words[count++] = word;
    }
}

compiler *external_compiler_new(const char *command, double child_seconds) {
    size_t size = strlen(command) + 1;
    external_compiler *e = calloc(1, sizeof *e + size);
    if (e == NULL)
        return NULL;
    e->base = (compiler){identify, start, build, free_external_compiler, ""};
    e->seconds = child_seconds;
    memcpy(e->command, command, size);
    split_words(e);
    e->program = e->words[0] == NULL ? NULL : find_program(e->words[0]);
    if (e->program == NULL) {
        free(e);
        return NULL;
    }
    return &e->base;
}
