/* CSVLogger: a row for each epoch, its index and the logs by name, as Keras writes them.
 *
 * The columns are those of the first epoch, with a place for every "val_" log when it has none,
 * because validation may come later. A row is made as text; only to append that is the file
 * opened, and closed at once: nothing is held between epochs, and a killed program has lost none.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "frontend/callback.h"

typedef struct csv_logger {
    arena *arena; /* the context's */
    const char *path;
    char separator;
    bool append;
    bool started; /* columns are settled */
    VEC(const char *) columns;
} csv_logger;

/* ---- text ------------------------------------------------------------------------------- */

/* As Python's csv does: quoted when it would not read back otherwise. */
static void add_field(text *out, const char *words, char separator) {
    if (strchr(words, separator) == NULL && strpbrk(words, "\"\r\n") == NULL) {
        text_append(out, words);
        return;
    }
    text_append(out, "\"");
    for (; *words != 0; words++) {
        text_append(out, *words == '"' ? "\"" : "");
        text_append_n(out, words, 1);
    }
    text_append(out, "\"");
}

static void add_header(text *out, const csv_logger *l) {
    text_append(out, "epoch");
    for (uint32_t i = 0; i < l->columns.count; i++) {
        text_append_n(out, &l->separator, 1);
        add_field(out, l->columns.items[i], l->separator);
    }
    text_append(out, "\r\n");
}

static void add_row(text *out, const csv_logger *l, int64_t epoch, const cn_logs *logs) {
    text_printf(out, "%lld", (long long)epoch);
    for (uint32_t i = 0; i < l->columns.count; i++) {
        size_t k = 0;
        while (k < logs->count && strcmp(logs->names[k], l->columns.items[i]) != 0)
            k++;
        text_append_n(out, &l->separator, 1);
        if (k < logs->count)
            text_float(out, logs->values[k], false);
        else
            text_append(out, "NA");
    }
    text_append(out, "\r\n");
}

static void settle_columns(csv_logger *l, const cn_logs *logs) {
    bool validated = false;
    l->columns.count = 0;
    for (size_t i = 0; i < logs->count; i++) {
        vec_push(l->arena, &l->columns, arena_string(l->arena, logs->names[i]));
        validated = validated || strncmp(logs->names[i], "val_", 4) == 0;
    }
    for (size_t i = 0; i < logs->count && !validated; i++)
        vec_push(l->arena, &l->columns, arena_format(l->arena, "val_%s", logs->names[i]));
    l->started = true;
}

/* ---- the file --------------------------------------------------------------------------- */

static void write_file(const csv_logger *l, const char *mode, const char *words) {
    FILE *file = fopen(l->path, mode);
    bool ok = file != NULL && fputs(words, file) >= 0;
    int error = errno;
    if (file != NULL && fclose(file) != 0 && ok) {
        ok = false;
        error = errno;
    }
    if (!ok)
        diag_fail(arena_diagnostics(l->arena), CN_ERROR_FILE,
                  "CSVLogger: \"%s\" cannot be written: %s", l->path, strerror(error));
}

static bool is_empty(const char *path) {
    FILE *file = fopen(path, "r");
    bool empty = file == NULL || fgetc(file) == EOF;
    if (file != NULL)
        fclose(file);
    return empty;
}

static void train_begin(cn_model *m, void *user) {
    csv_logger *l = user;
    (void)m;
    l->started = false;
    write_file(l, l->append ? "a" : "w", "");
}

static void epoch_end(cn_model *m, int64_t epoch, const cn_logs *logs, void *user) {
    csv_logger *l = user;
    (void)m;
    bool first = !l->started;
    if (first)
        settle_columns(l, logs);
    arena_mark mark = arena_get_mark(l->arena);
    text row;
    text_init(&row, l->arena);
    if (first && is_empty(l->path))
        add_header(&row, l);
    add_row(&row, l, epoch, logs);
    write_file(l, "a", row.data);
    arena_rewind(l->arena, mark);
}

static cn_callback *make(cn_context *c, const char *path, char separator, bool append) {
    if (path == NULL || path[0] == 0) {
        diag_fail(&c->diag, CN_ERROR_INVALID_ARGUMENT, "csv_logger: no file is named");
        return callback_poison(c);
    }
    cn_callback_functions functions = {.train_begin = train_begin, .epoch_end = epoch_end};
    cn_callback *cb = callback_new(c, "CSVLogger", &functions, sizeof(csv_logger));
    *(csv_logger *)cb->functions.user = (csv_logger){.arena = c->arena,
                                                     .path = arena_string(c->arena, path),
                                                     .separator = separator != 0 ? separator : ',',
                                                     .append = append};
    return cb;
}

cn_callback *cn_csv_logger(cn_context *c, const char *path, char separator, bool append) {
    if (c == NULL)
        return callback_poison(NULL);
    CONTEXT_ENTER(c, callback_poison(NULL));
    cn_callback *cb = make(c, path, separator, append);
    CONTEXT_LEAVE(c);
    return cb;
}
