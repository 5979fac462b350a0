/* The context: what owns everything symbolic, and the sticky first failure.
 *
 * All memory of a context comes from one counted `memory`; its arena dies with it. A context
 * that cannot even be made is NULL, and every public call accepts NULL by doing nothing.
 */
#include "frontend/frontend.h"

#include <stdio.h>
#include <string.h>

static void write_to_stderr(void *user, const char *words, size_t length) {
    (void)user;
    fwrite(words, 1, length, stderr);
}

void context_write(const cn_context *c, const char *words, size_t length) {
    if (c->options.writer != NULL)
        c->options.writer(c->options.writer_user, words, length);
    else
        write_to_stderr(NULL, words, length);
}

static void copy_options(cn_context *c, const cn_context_options *o) {
    if (o != NULL)
        c->options = *o;
    if (c->options.backend == NULL)
        c->options.backend = "cpu";
    c->options.backend = arena_string(c->arena, c->options.backend);
    if (c->options.cache_directory != NULL) {
        c->options.cache_directory = arena_string(c->arena, c->options.cache_directory);
    }
    if (!c->options.quiet) {
        c->diag.writer = c->options.writer != NULL ? c->options.writer : write_to_stderr;
        c->diag.writer_user = c->options.writer_user;
    }
}

/* The parts that may run out of memory; the context itself exists already. */
static void fill_context(cn_context *c, const cn_context_options *options) {
    copy_options(c, options);
    c->record = graph_new(c->arena, "record");
    map_init(&c->variable_of_node, c->arena);
    map_init(&c->random_places, c->arena);
    vec_push(c->arena, &c->calls, (layer_call){0}); /* call 0 = none */
    c->poison_model = model_poison(c);
    c->target = target_find(c->options.backend);
    if (c->target == NULL) {
        diag_fail(&c->diag, CN_ERROR_INVALID_ARGUMENT,
                  "cn_context_new: there is no backend \"%s\"; use \"cpu\" or \"ref\"",
                  c->options.backend);
    }
    if (c->options.threads < 0) {
        diag_fail(&c->diag, CN_ERROR_INVALID_ARGUMENT,
                  "cn_context_new: .threads is %d; use 0 for one per processor",
                  c->options.threads);
        c->options.threads = 1;
    }
    c->workers = pool_get(c->options.threads);
    if (c->workers == NULL)
        diag_fail(&c->diag, CN_ERROR_OUT_OF_MEMORY, "no memory for the thread pool");
}

cn_context *cn_context_new(const cn_context_options *options) {
    memory *m = memory_new(options != NULL ? options->memory_limit : 0);
    if (m == NULL)
        return NULL;
    cn_context *c = memory_take(m, sizeof *c, 64);
    if (c == NULL) {
        memory_free(m);
        return NULL;
    }
    c->memory = m;
    diag_init(&c->diag);
    c->arena = arena_new(m, &c->diag);
    if (c->arena == NULL) {
        cn_context_free(c);
        return NULL;
    }
    CONTEXT_ENTER(c, (cn_context_free(c), (cn_context *)NULL));
    fill_context(c, options);
    CONTEXT_LEAVE(c);
    return c;
}

void cn_context_free(cn_context *c) {
    if (c == NULL)
        return;
    for (uint32_t i = 0; i < c->models.count; i++)
        cn_model_free(c->models.items[i]);
    for (uint32_t i = 0; i < c->functions.count; i++)
        cn_function_free(c->functions.items[i]);
    for (uint32_t i = 0; i < c->datasets.count; i++)
        cn_dataset_free(c->datasets.items[i]);
    for (uint32_t i = 0; i < c->variables.count; i++) {
        variable *v = c->variables.items[i];
        if (v->data != NULL)
            memory_give(c->memory, v->data, (size_t)type_bytes(&v->type, 0));
    }
    if (c->workers != NULL)
        pool_release(c->workers);
    if (c->arena != NULL)
        arena_free(c->arena);
    memory *m = c->memory;
    memory_give(m, c, sizeof *c);
    memory_free(m);
}

cn_status cn_error_status(const cn_context *c) {
    return c == NULL ? CN_ERROR_OUT_OF_MEMORY : c->diag.status;
}

const char *cn_error_message(const cn_context *c) {
    return c == NULL ? "no context: out of memory when it was made" : c->diag.message;
}

void cn_error_clear(cn_context *c) {
    if (c != NULL)
        diag_clear(&c->diag);
}

const char *cn_status_text(cn_status status) {
    switch (status) {
#define X(name, code, words) \
    case CN_##name:          \
        return words;
        CN_STATUS_MAP(X)
#undef X
    }
    return "an unknown status";
}

size_t cn_memory_live(const cn_context *c) {
    return c == NULL ? 0 : memory_live(c->memory);
}
size_t cn_memory_peak(const cn_context *c) {
    return c == NULL ? 0 : memory_peak(c->memory);
}

/* The file's own name: a message names the line, not the build machine's folders. */
const char *source_file(cn_source where) {
    const char *slash = where.file == NULL ? NULL : strrchr(where.file, '/');
    return slash != NULL ? slash + 1 : where.file != NULL ? where.file : "?";
}

source_place source_text(cn_source where) {
    source_place place;
    if (where.line > 0)
        snprintf(place.words, sizeof place.words, "%s:%d", source_file(where), where.line);
    else
        snprintf(place.words, sizeof place.words, "%s", source_file(where));
    return place;
}

bool context_fail(cn_context *c, cn_source where, cn_status status, const char *format, ...) {
    char words[DIAG_MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    if (where.file == NULL || where.file[0] == 0)
        return diag_fail(&c->diag, status, "%s", words);
    return diag_fail(&c->diag, status, "%s: %s", source_text(where).words, words);
}

double option_number(double given, double fallback) {
    if (given == 0)
        return fallback;
    return given == (double)CN_ZERO ? 0 : given;
}

int64_t option_integer(int64_t given, int64_t fallback) {
    if (given == 0)
        return fallback;
    return given == CN_ZERO ? 0 : given;
}
