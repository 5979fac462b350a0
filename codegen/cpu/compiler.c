/* What the two compilers share: units on threads, argument lists, the identity of a file.
 *
 * Threads claim units from one counter, the calling thread among them, so a machine that refuses
 * threads only takes longer. The failure that is reported is that of the first failing unit in the
 * request's order, whatever the order in which threads came to them.
 */
#define _GNU_SOURCE
#include "codegen/cpu/compiler.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/platform.h"

enum { MAX_THREADS = 64 };

void arguments_add(argument_list *list, const char *argument) {
    assert(list->count < COMPILER_MAX_ARGUMENTS);
    list->items[list->count++] = argument;
    list->items[list->count] = NULL;
}

void arguments_add_all(argument_list *list, const char *const *arguments) {
    for (; *arguments != NULL; arguments++)
        arguments_add(list, *arguments);
}

bool request_is_sanitized(const toolchain_request *r) {
    return r->sanitize_address || r->sanitize_undefined || r->sanitize_thread;
}

char *work_folder_new(diagnostics *d) {
    const char *parent = secure_getenv("TMPDIR");
    char *name = NULL;
    if (parent == NULL || *parent != '/')
        parent = "/tmp";
    if (asprintf(&name, "%s/cornu-XXXXXX", parent) < 0) {
        diag_fail(d, CN_ERROR_OUT_OF_MEMORY, "out of memory while compiling");
        return NULL;
    }
    if (mkdtemp(name) != NULL) /* mode 0700 */
        return name;
    diag_fail(d, CN_ERROR_FILE, "cannot make a temporary folder in '%s' (TMPDIR): %s", parent,
              strerror(errno));
    free(name);
    return NULL;
}

void work_folder_free(char *folder) {
    DIR *files = folder == NULL ? NULL : opendir(folder);
    if (files != NULL) {
        struct dirent *file;
        while ((file = readdir(files)) != NULL)
            unlinkat(dirfd(files), file->d_name, 0); /* fails for "." and "..", rightly */
        closedir(files);
        rmdir(folder);
    }
    free(folder);
}

char *unit_path(const compiler_job *job, int index, const char *extension) {
    char *path = NULL;
    if (asprintf(&path, "%s/unit-%d.%s", job->folder, index, extension) < 0)
        return NULL;
    return path;
}

/* In the quotes of a response file two characters have a meaning. */
static void print_escaped(FILE *file, const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', file);
        fputc(*text, file);
    }
}

char *write_object_list(const compiler_job *job, const char *prefix, diagnostics *d) {
    char *argument = NULL;
    FILE *file = NULL;
    if (asprintf(&argument, "@%s/objects", job->folder) < 0)
        argument = NULL;
    else
        file = fopen(argument + 1, "we");
    for (int i = 0; file != NULL && i < job->request->unit_count; i++) {
        fputc('"', file);
        if (prefix != NULL)
            print_escaped(file, prefix);
        fprintf(file, "%sunit-%d.o\"\n", prefix == NULL ? "" : "/", i);
    }
    bool ok = file != NULL && !ferror(file);
    if (file != NULL && fclose(file) != 0)
        ok = false;
    if (ok)
        return argument;
    diag_fail(d, CN_ERROR_FILE, "cannot write to '%s'", job->folder);
    free(argument);
    return NULL;
}

const isa_level *unit_isa(const toolchain_request *r, int index) {
    return r->unit_levels == NULL ? r->isa : r->unit_levels[index];
}

static bool write_data(const char *path, const toolchain_unit *unit) {
    FILE *file = path == NULL ? NULL : fopen(path, "wxe");
    if (file == NULL)
        return false;
    bool ok = fwrite(unit->data, 1, unit->data_bytes, file) == unit->data_bytes;
    return fclose(file) == 0 && ok;
}

/* An assembler reads the bytes: as initialisers they would keep a compiler busy for minutes. */
static char *data_text(const char *path, const char *symbol) {
    char *text = NULL;
    if (strpbrk(path, "\"\\\n") != NULL)
        return NULL;
    int length = asprintf(&text,
                          "__asm__(\".section .rodata\\n.balign 64\\n.globl %s\\n.hidden %s\\n\"\n"
                          "        \".type %s, %%object\\n%s:\\n.incbin \\\"%s\\\"\\n\"\n"
                          "        \".size %s, .-%s\\n.balign 64\\n.text\\n\");\n",
                          symbol, symbol, symbol, symbol, path, symbol, symbol);
    return length < 0 ? NULL : text;
}

const char *unit_text(const compiler_job *job, int index, char **made, size_t *length) {
    const toolchain_unit *unit = &job->request->units[index];
    *made = NULL;
    *length = unit->length;
    if (unit->data == NULL)
        return unit->text;
    char *path = unit_path(job, index, "bin");
    if (write_data(path, unit))
        *made = data_text(path, unit->name);
    free(path);
    *length = *made == NULL ? 0 : strlen(*made);
    return *made;
}

typedef struct unit_run {
    unit_compile compile;
    void *user;
    int count;
    atomic_int next;
    char **messages; /* of each unit: NULL or a failure */
} unit_run;

static void run_units(void *user) {
    unit_run *run = user;
    for (;;) {
        int index = atomic_fetch_add(&run->next, 1);
        if (index >= run->count)
            return;
        run->messages[index] = run->compile(run->user, index);
    }
}

static void run_on_threads(unit_run *run, int threads) {
    thread *others[MAX_THREADS];
    int started = 0;
    while (started < MAX_THREADS && started + 1 < threads && started + 1 < run->count) {
        others[started] = thread_start(run_units, run);
        if (others[started] == NULL)
            break;
        started++;
    }
    run_units(run);
    for (int i = 0; i < started; i++)
        thread_join(others[i]);
}

bool compile_units(const toolchain_request *r, unit_compile compile, void *user, diagnostics *d) {
    unit_run run = {.compile = compile, .user = user, .count = r->unit_count};
    run.messages = calloc((size_t)r->unit_count + 1, sizeof *run.messages);
    if (run.messages == NULL)
        return diag_fail(d, CN_ERROR_OUT_OF_MEMORY, "out of memory while compiling %d units",
                         r->unit_count);
    run_on_threads(&run, r->threads);
    bool ok = true;
    for (int i = 0; i < r->unit_count; i++) {
        if (run.messages[i] != NULL)
            ok = diag_fail(d, CN_ERROR_COMPILER, "cannot compile unit '%s':\n%s", r->units[i].name,
                           run.messages[i]);
        free(run.messages[i]);
    }
    free(run.messages);
    return ok;
}

void identify_file(const char *path, sha256 *hash) {
    struct stat facts;
    if (stat(path, &facts) != 0)
        memset(&facts, 0, sizeof facts);
    sha256_u64(hash, (uint64_t)facts.st_size);
    sha256_u64(hash, (uint64_t)facts.st_ino);
    sha256_u64(hash, (uint64_t)facts.st_mtim.tv_sec);
    sha256_u64(hash, (uint64_t)facts.st_mtim.tv_nsec);
}

void identify_arguments(const argument_list *list, sha256 *hash) {
    for (int i = 0; i < list->count; i++)
        sha256_string(hash, list->items[i], strlen(list->items[i]));
}
