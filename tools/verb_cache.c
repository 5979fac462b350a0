/* cornu cache ls|clear|path: the folder of compiled programs. */
#define _GNU_SOURCE /* localtime_r */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "tools/json.h"
#include "tools/verb.h"

static void write_date(FILE *out, int64_t seconds) {
    time_t t = (time_t)seconds;
    struct tm parts;
    char text[32] = "?";
    if (localtime_r(&t, &parts) != NULL)
        strftime(text, sizeof text, "%Y-%m-%d %H:%M", &parts);
    fputs(text, out);
}

static void list_text(FILE *out, const cn_cache *cache) {
    for (size_t k = 0; k < cache->count; k++) {
        const cn_cache_entry *e = &cache->entries[k];
        write_date(out, e->used);
        fprintf(out, "  %9" PRIu64 "  %s  %s\n", e->bytes, e->name, e->maker);
    }
    fprintf(out, "%zu programs, %" PRIu64 " of %" PRIu64 " bytes, in %s\n", cache->count,
            cache->bytes, cache->limit, cache->folder);
}

static void list_json(FILE *out, const cn_cache *cache) {
    json j = json_begin(out, SCHEMA_cache);
    json_text(&j, "folder", cache->folder);
    json_integer(&j, "bytes", (int64_t)cache->bytes);
    json_integer(&j, "limit", (int64_t)cache->limit);
    json_open(&j, "entries", '[');
    for (size_t k = 0; k < cache->count; k++) {
        json_open(&j, NULL, '{');
        json_text(&j, "name", cache->entries[k].name);
        json_integer(&j, "bytes", (int64_t)cache->entries[k].bytes);
        json_integer(&j, "used", cache->entries[k].used);
        json_text(&j, "maker", cache->entries[k].maker);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_end(&j);
}

static exit_code list(const invocation *i, cn_context *c, const cn_cache *cache) {
    (void)c;
    (i->json ? list_json : list_text)(i->out, cache);
    return EXIT_OK;
}

static exit_code clear(const invocation *i, cn_context *c, const cn_cache *cache) {
    size_t removed;
    if (cn_cache_clear(c, &removed) != CN_OK)
        return fail_context(i, c);
    if (i->json) {
        json j = json_begin(i->out, SCHEMA_cache);
        json_text(&j, "folder", cache->folder);
        json_integer(&j, "removed", (int64_t)removed);
        json_end(&j);
    } else if (!i->quiet) {
        fprintf(i->out, "%zu programs removed from %s\n", removed, cache->folder);
    }
    return removed == cache->count
               ? EXIT_OK
               : fail(i, EXIT_RUN, "%zu of %zu files in %s could not be removed",
                      cache->count - removed, cache->count, cache->folder);
}

static exit_code path(const invocation *i, cn_context *c, const cn_cache *cache) {
    (void)c;
    if (!i->json) {
        fprintf(i->out, "%s\n", cache->folder);
        return EXIT_OK;
    }
    json j = json_begin(i->out, SCHEMA_cache);
    json_text(&j, "folder", cache->folder);
    json_end(&j);
    return EXIT_OK;
}

static const struct {
    const char *name;
    exit_code (*run)(const invocation *i, cn_context *c, const cn_cache *cache);
} actions[] = {{"ls", list}, {"clear", clear}, {"path", path}};

static exit_code run_action(const invocation *i, cn_context *c) {
    cn_cache cache;
    if (c == NULL || cn_cache_list(c, &cache) != CN_OK)
        return fail_context(i, c);
    if (cache.folder == NULL)
        return fail(i, EXIT_RUN, "there is no cache; cornu doctor says why");
    for (size_t k = 0; k < sizeof actions / sizeof *actions; k++)
        if (strcmp(actions[k].name, i->arguments[0]) == 0)
            return actions[k].run(i, c, &cache);
    return fail(i, EXIT_USAGE, "unknown action \"%s\"; there are ls, clear and path",
                i->arguments[0]);
}

static exit_code run(invocation *i) {
    cn_context *c = cn_context_new(NULL);
    exit_code code = run_action(i, c);
    cn_context_free(c);
    return code;
}

static const option_row options[] = {
    JSON_OPTION(), QUIET_OPTION(.only_for = "argument=clear"), {0}};

const verb verb_cache = {
    .name = "cache",
    .summary = "list or clear the compiled programs that are kept",
    .arguments = "ls|clear|path",
    .least = 1,
    .most = 1,
    .description = "A program that was compiled once is loaded the next time from a folder: "
                   "$CORNU_CACHE_DIR, else $XDG_CACHE_HOME/cornu, else ~/.cache/cornu. ls lists "
                   "what lies there, the least recently used first; clear removes it; path writes "
                   "the folder's name.",
    .options = options,
    .examples = (const verb_example[]){{"cornu cache ls", "list compiled programs"},
                                       {"cornu cache clear", "make the next start a cold one"},
                                       {0}},
    .run = run,
};
