/* Looks for a finished program, and has one made when there is none.
 *
 * The key is a hash of all that decides the bytes, and never of what does not: names, paths,
 * thread counts. The work happens in a private temporary folder; the finished file is copied into
 * the cache and loaded from there, or, without a cache, loaded from the temporary folder and
 * unlinked at once: what is mapped stays mapped.
 *
 * A module that is there but cannot be loaded (LLVM's libraries are missing) is reported once, by a
 * warning, and the external compiler takes over.
 */
#define _GNU_SOURCE
#include "codegen/cpu/toolchain.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/platform.h"
#include "base/sha256.h"
#include "codegen/cache.h"
#include "codegen/cpu/compiler.h"

/* Changes whenever equal requests must no longer find old entries. */
#define KEY_VERSION "cornu program 1"

#define DEFAULT_CHILD_SECONDS 300.0

struct toolchain {
    cache *cache;
    compiler *module, *external; /* NULL when not found */
    bool module_only;            /* the user asked for the module and nothing else */
    bool module_fails;           /* it was found, but does not load */
    char command[];              /* "module", "auto", or of the external compiler */
};

struct toolchain_library {
    void *handle;
};

/* ---- Making and freeing ---- */

toolchain *toolchain_new(diagnostics *d, const toolchain_options *options) {
    toolchain_options o = {0};
    if (options != NULL)
        o = *options;
    if (o.compiler == NULL)
        o.compiler = secure_getenv("CORNU_CC");
    if (o.compiler == NULL || *o.compiler == '\0')
        o.compiler = "auto";
    size_t size = strlen(o.compiler) + 1;
    toolchain *t = calloc(1, sizeof *t + size);
    if (t == NULL) {
        diag_fail(d, CN_ERROR_OUT_OF_MEMORY, "out of memory for the compiler's settings");
        return NULL;
    }
    memcpy(t->command, o.compiler, size);
    t->module_only = strcmp(o.compiler, "module") == 0;
    bool by_default = t->module_only || strcmp(o.compiler, "auto") == 0;
    double seconds = o.child_seconds > 0 ? o.child_seconds : DEFAULT_CHILD_SECONDS;
    t->module = by_default ? module_compiler_new(o.module_path) : NULL;
    t->external = external_compiler_new(by_default ? "cc" : t->command, seconds);
    t->cache = cache_open(o.cache_directory, ".so", o.cache_limit, d);
    return t;
}

static void free_compiler(compiler *c) {
    if (c != NULL)
        c->free(c);
}

void toolchain_free(toolchain *t) {
    if (t == NULL)
        return;
    free_compiler(t->module);
    free_compiler(t->external);
    cache_free(t->cache);
    free(t);
}

/* ---- Choosing the compiler ---- */

static bool fail_without_compiler(const toolchain *t, bool sanitized, diagnostics *d) {
    if (t->module_only && !sanitized)
        return diag_fail(d, CN_ERROR_COMPILER,
                         "the compiler module cornu-clang.so is not beside libcornu; cure: name "
                         "its path in CORNU_CLANG_MODULE, or unset CORNU_CC to use 'cc'");
    if (t->module_only || strcmp(t->command, "auto") == 0)
        return diag_fail(d, CN_ERROR_COMPILER,
                         "there is no C compiler: neither the module cornu-clang.so beside "
                         "libcornu nor the program 'cc'; cure: apt-get install gcc, or name a "
                         "compiler in CORNU_CC");
    return diag_fail(d, CN_ERROR_COMPILER,
                     "there is no program '%s'; cure: name an installed C compiler in CORNU_CC, "
                     "or unset it",
                     t->command);
}

/* The compiler that serves the request, not yet started; NULL after a failure. */
static compiler *choose_compiler(const toolchain *t, bool sanitized, diagnostics *d) {
    bool want_module = !sanitized && !t->module_fails && (t->module_only || t->module != NULL);
    compiler *c = want_module ? t->module : t->external;
    if (c == NULL)
        fail_without_compiler(t, sanitized, d);
    return c;
}

/* The same, started. A module that does not work is given up. */
static compiler *start_compiler(toolchain *t, bool sanitized, diagnostics *d) {
    compiler *c = choose_compiler(t, sanitized, d);
    if (c == NULL || c != t->module || t->module_only)
        return c != NULL && c->start(c, d) ? c : NULL;
    diagnostics reason;
    diag_init(&reason);
    if (c->start(c, &reason))
        return c;
    diag_warn(d, "%s (cure: apt-get install libclang-cpp19 libllvm19); using 'cc' instead",
              reason.message);
    t->module_fails = true;
    return start_compiler(t, sanitized, d);
}

/* ---- Finding, making and loading a program ---- */

static sha256_digest request_key(const compiler *c, const toolchain_request *r) {
    sha256 hash;
    sha256_init(&hash);
    sha256_string(&hash, KEY_VERSION, strlen(KEY_VERSION));
    sha256_string(&hash, r->isa->name, strlen(r->isa->name));
    c->identify(c, r, &hash);
    sha256_u64(&hash, (uint64_t)r->unit_count);
    for (int i = 0; i < r->unit_count; i++)
        sha256_string(&hash, r->units[i].text, r->units[i].length);
    return sha256_finish(&hash);
}

static toolchain_library *open_library(const char *path, const char **error) {
    toolchain_library *l = malloc(sizeof *l);
    *error = "out of memory";
    if (l == NULL)
        return NULL;
    l->handle = library_open(path, error);
    if (l->handle != NULL)
        return l;
    free(l);
    return NULL;
}

static toolchain_library *load_cached(toolchain *t, const sha256_digest *key, diagnostics *d,
                                      toolchain_report *report) {
    cache_entry entry;
    const char *error;
    double begin = clock_seconds();
    if (!cache_find(t->cache, key, d, &entry))
        return NULL;
    toolchain_library *l = open_library(entry.path, &error);
    if (l == NULL) /* evicted since it was found, or on a file system without execution */
        diag_warn(d, "a cached program is made again: %s", error);
    report->cache_hit = l != NULL;
    report->load_ms = 1e3 * (clock_seconds() - begin);
    snprintf(report->compiler, sizeof report->compiler, "%s", entry.maker);
    cache_entry_free(&entry);
    return l;
}

/* Puts the finished file into the cache, if there is one, and loads it from there or, failing
 * that, from where it is. */
static toolchain_library *store_and_load(toolchain *t, const sha256_digest *key, const char *maker,
                                         const char *path, diagnostics *d) {
    uint8_t *bytes;
    size_t size;
    const char *error = NULL;
    if (!file_read_all(path, d, &bytes, &size))
        return NULL;
    cache_entry entry = {0};
    toolchain_library *l = NULL;
    if (cache_store(t->cache, key, maker, bytes, size, d, &entry))
        l = open_library(entry.path, &error);
    if (l == NULL)
        l = open_library(path, &error);
    if (l == NULL) {
        cache_remove(t->cache, key);
        diag_fail(d, CN_ERROR_COMPILER, "cannot load a compiled program: %s", error);
    }
    cache_entry_free(&entry);
    free(bytes);
    return l;
}

/* FOLDER/program.so, malloc; NULL when the folder is, or after a failure. */
static char *product_path(const char *folder, diagnostics *d) {
    char *path = NULL;
    if (folder != NULL && asprintf(&path, "%s/program.so", folder) < 0) {
        diag_fail(d, CN_ERROR_OUT_OF_MEMORY, "out of memory while compiling");
        return NULL;
    }
    return path;
}

static bool build(compiler *c, const toolchain_request *r, toolchain_product product,
                  const char *folder, const char *output, diagnostics *d,
                  toolchain_report *report) {
    assert(r->unit_count > 0 && r->isa != NULL);
    compiler_job job = {r, product, folder, output};
    snprintf(report->compiler, sizeof report->compiler, "%s", c->name);
    return c->build(c, &job, d, report);
}

/* ---- Stack ---- */

enum { LONGEST_CHAIN = 12 }; /* of calls: a model's call, launch, stage, tile, fold ... */

/* Keeps the largest frames, largest first, of a list of what functions need; false when one needs
 * an amount that is not fixed. */
static bool read_frames(const char *path, size_t *largest) {
    FILE *file = fopen(path, "re");
    char line[1024];
    bool fixed = true;
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *tab = strchr(line, '\t');
        size_t frame = tab == NULL ? 0 : strtoul(tab + 1, NULL, 10) + 2 * sizeof(void *);
        fixed = fixed && strstr(line, "\tdynamic") == NULL;
        for (int i = 0; i < LONGEST_CHAIN; i++) {
            size_t smaller = frame < largest[i] ? frame : largest[i];
            largest[i] = frame < largest[i] ? largest[i] : frame;
            frame = smaller;
        }
    }
    if (file != NULL)
        fclose(file);
    return file != NULL && fixed;
}

/* No chain of calls is longer, so the sum of so many largest frames is enough for any. */
static size_t stack_bound(const toolchain_request *r, const char *folder) {
    size_t largest[LONGEST_CHAIN] = {0}, bound = 0;
    compiler_job job = {.request = r, .folder = folder};
    for (int i = 0; i < r->unit_count; i++) {
        char *path = unit_path(&job, i, "su");
        bool known = r->units[i].data != NULL || (path != NULL && read_frames(path, largest));
        free(path);
        if (!known)
            return 0;
    }
    for (int i = 0; i < LONGEST_CHAIN; i++)
        bound += largest[i];
    return bound;
}

static toolchain_library *make_program(toolchain *t, compiler *c, const toolchain_request *r,
                                       const sha256_digest *key, diagnostics *d,
                                       toolchain_report *report) {
    char *folder = work_folder_new(d), *output = product_path(folder, d);
    toolchain_library *l = NULL;
    if (output != NULL && build(c, r, TOOLCHAIN_SHARED_OBJECT, folder, output, d, report)) {
        double begin = clock_seconds();
        l = store_and_load(t, key, c->name, output, d);
        report->load_ms = 1e3 * (clock_seconds() - begin);
    }
    free(output);
    work_folder_free(folder);
    return l;
}

bool toolchain_load(toolchain *t, const toolchain_request *r, diagnostics *d,
                    toolchain_library **out, toolchain_report *report) {
    toolchain_report unwanted;
    report = report != NULL ? report : &unwanted;
    *report = (toolchain_report){0};
    *out = NULL;
    compiler *c = choose_compiler(t, request_is_sanitized(r), d);
    if (c == NULL)
        return false;
    sha256_digest key = request_key(c, r);
    if ((*out = load_cached(t, &key, d, report)) != NULL)
        return true;
    compiler *started = start_compiler(t, request_is_sanitized(r), d);
    if (started == NULL)
        return false;
    if (started != c) /* another compiler, another key: perhaps it is cached */
        return toolchain_load(t, r, d, out, report);
    *out = make_program(t, c, r, &key, d, report);
    return *out != NULL;
}

bool toolchain_write(toolchain *t, const toolchain_request *r, toolchain_product product,
                     const char *path, diagnostics *d, toolchain_report *report) {
    toolchain_report unwanted;
    report = report != NULL ? report : &unwanted;
    *report = (toolchain_report){0};
    compiler *c = start_compiler(t, request_is_sanitized(r), d);
    char *folder = c == NULL ? NULL : work_folder_new(d);
    char *output = product_path(folder, d);
    uint8_t *bytes = NULL;
    size_t size = 0;
    bool ok = output != NULL && build(c, r, product, folder, output, d, report) &&
              file_read_all(output, d, &bytes, &size);
    report->stack_bytes = ok ? stack_bound(r, folder) : 0;
    atomic_file *file = ok ? atomic_file_open(path, d) : NULL;
    if (file != NULL) {
        atomic_file_write(file, bytes, size);
        ok = atomic_file_commit(file, d);
    }
    free(bytes);
    free(output);
    work_folder_free(folder);
    return ok && file != NULL;
}

void *toolchain_symbol(toolchain_library *l, const char *name) {
    return library_symbol(l->handle, name);
}

void toolchain_library_free(toolchain_library *l) {
    if (l == NULL)
        return;
    library_close(l->handle);
    free(l);
}

/* ---- Report ---- */

bool toolchain_describe(toolchain *t, char *line, size_t size) {
    diagnostics reason;
    diag_init(&reason);
    compiler *c = start_compiler(t, false, &reason);
    snprintf(line, size, "%s", c != NULL ? c->name : reason.message);
    return c != NULL;
}
