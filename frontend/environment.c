/* What the machine offers, and the cache of compiled programs: for people, not for programs.
 *
 * Targets know what they look for (target.findings); the rest is here. Handles of the cache and
 * lists taken with malloc are given back on the way out, also when memory runs out in between.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/platform.h"
#include "codegen/cache.h"
#include "cornu/environment.h"
#include "frontend/training.h"
#include "runtime/io/hdf5.h"

const char *cn_version(void) {
    return CORNU_VERSION;
}

/* ---- The cache --------------------------------------------------------------------------- */

static void fill_cache(arena *a, cn_cache *out, const cache *store, const cache_item *items,
                       size_t count) {
    cn_cache_entry *entries = ARENA_ARRAY(a, cn_cache_entry, count + 1);
    *out = (cn_cache){.entries = entries, .count = count, .limit = cache_limit(store)};
    if (store != NULL)
        out->folder = arena_string(a, cache_folder(store));
    for (size_t i = 0; i < count; i++) {
        entries[i] = (cn_cache_entry){.name = arena_string(a, items[i].name),
                                      .maker = arena_string(a, items[i].maker),
                                      .bytes = items[i].size,
                                      .used = (int64_t)items[i].used.tv_sec};
        out->bytes += items[i].size;
    }
}

cn_status cn_cache_list(cn_context *c, cn_cache *out) {
    if (c == NULL || out == NULL)
        return CN_ERROR_INVALID_ARGUMENT;
    cache *store = cache_open(c->options.cache_directory, ".so", 0, &c->diag);
    cache_item *items;
    size_t count = cache_list(store, &items);
    CONTEXT_ENTER(c, (free(items), cache_free(store), c->diag.status));
    fill_cache(c->arena, out, store, items, count);
    CONTEXT_LEAVE(c);
    free(items);
    cache_free(store);
    return CN_OK;
}

cn_status cn_cache_clear(cn_context *c, size_t *removed) {
    if (c == NULL)
        return CN_ERROR_INVALID_ARGUMENT;
    cache *store = cache_open(c->options.cache_directory, ".so", 0, &c->diag);
    size_t count = cache_clear(store);
    cache_free(store);
    if (removed != NULL)
        *removed = count;
    return CN_OK;
}

/* ---- Findings ---------------------------------------------------------------------------- */

static void add_cache(cn_context *c, finding_list *rows) {
    arena *a = c->arena;
    const char *named = environment_text("CORNU_CACHE_DIR");
    cn_finding row = {.subject = "cache",
                      .origin = c->options.cache_directory != NULL ? "the program"
                                : named != NULL                    ? "CORNU_CACHE_DIR"
                                                                   : "default"};
    cn_cache found;
    if (cn_cache_list(c, &found) != CN_OK)
        return;
    row.found = found.folder != NULL;
    row.value = "none: every start compiles again";
    row.cure = row.found ? NULL : "export CORNU_CACHE_DIR=FOLDER, one that only you may write to";
    if (row.found)
        row.value = arena_format(a, "%s: %zu programs, %.1f MB of %.0f MB", found.folder,
                                 found.count, (double)found.bytes / 1e6, (double)found.limit / 1e6);
    vec_push(a, rows, row);
}

/* Messages of failure end in "; cure: " and the cure. */
static void add_hdf5(arena *a, finding_list *rows) {
    char version[HDF5_VERSION_BYTES];
    diagnostics d;
    diag_init(&d);
    bool found = hdf5_version(&d, version);
    char *cure = strstr(d.message, "; cure: ");
    if (cure != NULL)
        *cure = 0;
    vec_push(a, rows,
             (cn_finding){.subject = "Keras files",
                          .origin = environment_text("CORNU_HDF5") != NULL ? "CORNU_HDF5"
                                                                           : "default",
                          .found = found,
                          .value = arena_string(a, found ? version : d.message),
                          .cure = found          ? NULL
                                  : cure != NULL ? arena_string(a, cure + 8)
                                                 : "apt-get install libhdf5-dev; then build Cornu "
                                                   "again"});
}

static bool is_known_variable(const char *name) {
#define X(known, value, meaning)  \
    if (strcmp(name, known) == 0) \
        return true;
    CN_ENVIRONMENT_MAP(X)
#undef X
    return false;
}

/* Names that nothing reads are misspelt names, as a rule. */
static void add_variables(arena *a, finding_list *rows) {
    for (char **v = environ; v != NULL && *v != NULL; v++) {
        const char *equals = strchr(*v, '=');
        if (equals == NULL || strncmp(*v, "CORNU_", 6) != 0)
            continue;
        const char *name = arena_string_n(a, *v, (size_t)(equals - *v));
        bool known = is_known_variable(name);
        vec_push(a, rows,
                 (cn_finding){.subject = name,
                              .origin = "environment",
                              .found = known,
                              .value = known ? arena_string(a, equals + 1)
                                             : "nothing reads a variable of this name",
                              .cure = known ? NULL : arena_format(a, "unset %s", name)});
    }
}

static void add_targets(cn_context *c, finding_list *rows) {
    compile_options options = {.isa = environment_text("CORNU_ISA")};
    for (const target *const *t = target_registry; *t != NULL; t++) {
        vec_push(c->arena, rows,
                 (cn_finding){.subject = arena_format(c->arena, "backend %s", (*t)->name),
                              .origin = "default",
                              .found = true,
                              .value = (*t)->summary});
        if ((*t)->findings != NULL)
            (*t)->findings(&options, c->arena, rows);
    }
}

static void find_all(cn_context *c, cn_findings *out) {
    finding_list rows = {0};
    arena *a = c->arena;
    vec_push(a, &rows,
             (cn_finding){
                 .subject = "Cornu", .origin = "default", .found = true, .value = cn_version()});
    vec_push(a, &rows,
             (cn_finding){.subject = "threads",
                          .origin = c->options.threads > 0 ? "the program" : "default",
                          .found = true,
                          .value = arena_format(a, "%d, on %d processors", pool_threads(c->workers),
                                                processor_count())});
    add_targets(c, &rows);
    add_hdf5(a, &rows);
    add_cache(c, &rows);
    add_variables(a, &rows);
    *out = (cn_findings){rows.items, rows.count};
}

cn_status cn_doctor(cn_context *c, cn_findings *out) {
    if (c == NULL || out == NULL)
        return CN_ERROR_INVALID_ARGUMENT;
    *out = (cn_findings){0};
    CONTEXT_ENTER(c, c->diag.status);
    find_all(c, out);
    CONTEXT_LEAVE(c);
    return CN_OK;
}
