/* cn_save_state, cn_load_state: a training run in one file.
 *
 *     model/NAME  optimizer/NAME  metrics/NAME/sum|weight  context/step|random_key
 *     callbacks/INDEX/KIND/PART                 and the texts  epoch, batch, seed
 *
 * What is in it is everything that the bits of the rest of a run depend on besides the program
 * and its data: the weights, the optimizer's variables, the counters that randomness hangs on,
 * the metrics' sums inside an epoch, the position, the seed of shuffling, and what callbacks
 * remember. The file is written atomically and carries a checksum; loading changes nothing
 * unless all of it fits.
 */
#include "frontend/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/weights.h"

static const char callbacks_prefix[] = "callbacks/";

/* ---- the variables of a run ------------------------------------------------------------- */

static void add(variable_list *list, arena *a, const char *name, variable *v) {
    if (v != NULL)
        vec_push(a, list, (named_variable){name, v});
}

static void add_optimizer(variable_list *list, arena *a, const cn_optimizer *o) {
    size_t own_name = o->name == NULL ? 0 : strlen(o->name) + 1; /* "adam/": of the context */
    add(list, a, "optimizer/iteration", o->iteration);
    add(list, a, "optimizer/learning_rate", o->learning_rate);
    map taken; /* weights of nested models may have one path: their slots are numbered, in order */
    map_init(&taken, a);
    for (uint32_t i = 0; i < o->slots.count; i++) {
        variable *slot = o->slots.items[i];
        const char *name = arena_format(a, "optimizer/%s", slot->path + own_name);
        uint64_t count = (*map_put_text(&taken, name, NULL))++;
        if (count > 0)
            name = arena_format(a, "%s:%llu", name, (unsigned long long)count);
        add(list, a, name, slot);
    }
}

static bool list_state(cn_model *m, arena *a, variable_list *list) {
    const training *t = m->training;
    cn_context *c = m->context;
    for (uint32_t i = 0; i < m->weights.count; i++)
        add(list, a, arena_format(a, "model/%s", m->weight_names.items[i]), m->weights.items[i]);
    add_optimizer(list, a, t->optimizer);
    for (uint32_t i = 0; i < t->logs.count; i++) {
        const training_log *log = &t->logs.items[i];
        add(list, a, arena_format(a, "metrics/%s/sum", log->name), log->sum);
        add(list, a, arena_format(a, "metrics/%s/weight", log->name), log->weight);
    }
    add(list, a, "context/step", c->step);
    add(list, a, "context/random_key", c->random_key);
    for (uint32_t i = 0; i < list->count; i++)
        if (!variable_initialize(c, list->items[i].variable))
            return false;
    return true;
}

/* ---- saving ----------------------------------------------------------------------------- */

typedef VEC(safetensors_entry) entry_list;

static void add_callbacks(const cn_model *m, arena *a, entry_list *entries) {
    for (int i = 0; i < CN_MAX_LIST && m->callbacks[i] != NULL; i++) {
        const cn_callback *cb = m->callbacks[i];
        for (int k = 0; k < CALLBACK_PARTS; k++) {
            const callback_part *part = &cb->parts[k];
            if (part->bytes == 0)
                continue;
            type t = type_make(CN_U8, 1, (dim[]){dim_of((int64_t)part->bytes)});
            const char *name = arena_format(a, "%s%d/%s/%d", callbacks_prefix, i, cb->kind, k);
            vec_push(a, entries, (safetensors_entry){name, t, part->data, part->bytes});
        }
    }
}

static bool save_state(cn_model *m, const char *path, arena *a) {
    variable_list list = {0};
    entry_list entries = {0};
    if (m->training == NULL)
        return diag_fail(&m->context->diag, CN_ERROR_NOT_COMPILED,
                         "save_state: model \"%s\" is not compiled", m->name);
    if (!list_state(m, a, &list))
        return false;
    for (uint32_t i = 0; i < list.count; i++)
        vec_push(a, &entries, weights_entry(list.items[i].name, list.items[i].variable));
    add_callbacks(m, a, &entries);
    const safetensors_text texts[] = {
        {"cornu", "state 1"},
        {"epoch", arena_format(a, "%lld", (long long)m->epoch)},
        {"batch", arena_format(a, "%lld", (long long)m->batch)},
        {"seed", arena_format(a, "%llu", (unsigned long long)m->order_seed)}};
    safetensors file = {.entries = entries.items,
                        .entry_count = entries.count,
                        .texts = texts,
                        .text_count = sizeof texts / sizeof *texts};
    return safetensors_write(path, &file, &m->context->diag);
}

cn_status cn_save_state(cn_model *m, const char *path) {
    return weights_with_file(m, path, "save_state", save_state);
}

/* ---- loading ---------------------------------------------------------------------------- */

typedef struct position {
    uint64_t epoch, batch, seed;
} position;

static bool read_number(cn_context *c, const safetensors *file, const char *key, uint64_t most,
                        uint64_t *out) {
    const char *words = safetensors_find_text(file, key);
    char *end = NULL;
    errno = 0;
    *out = words == NULL || *words < '0' || *words > '9' ? 0 : strtoull(words, &end, 10);
    if (end != NULL && *end == 0 && errno == 0 && *out <= most)
        return true;
    return diag_fail(&c->diag, CN_ERROR_FORMAT, "\"%s\" is %s, not a number in range", key,
                     words == NULL ? "missing" : words);
}

static bool read_position(cn_context *c, const safetensors *file, position *p) {
    return read_number(c, file, "epoch", INT64_MAX, &p->epoch) &&
           read_number(c, file, "batch", INT64_MAX, &p->batch) &&
           read_number(c, file, "seed", UINT64_MAX, &p->seed);
}

typedef struct callback_row {
    int index, part;
    char *kind;
    void *data;
    size_t bytes;
} callback_row;

typedef struct callback_state {
    arena *arena;
    VEC(callback_row) rows;
} callback_state;

/* "callbacks/0/EarlyStopping/1" */
static bool read_callback_name(const char *name, arena *a, callback_row *row) {
    char *end;
    row->index = (int)strtol(name + strlen(callbacks_prefix), &end, 10);
    const char *kind = *end == '/' ? end + 1 : NULL;
    const char *slash = kind == NULL ? NULL : strchr(kind, '/');
    if (slash == NULL)
        return false;
    row->kind = arena_string_n(a, kind, (size_t)(slash - kind));
    row->part = (int)strtol(slash + 1, &end, 10);
    return *end == 0 && row->part >= 0 && row->part < CALLBACK_PARTS && row->index >= 0;
}

static void keep_rows(callback_state *s, const safetensors *file) {
    for (size_t i = 0; i < file->entry_count; i++) {
        const safetensors_entry *e = &file->entries[i];
        callback_row row = {.bytes = e->bytes};
        if (strncmp(e->name, callbacks_prefix, strlen(callbacks_prefix)) != 0 ||
            !read_callback_name(e->name, s->arena, &row))
            continue;
        row.data = arena_copy(s->arena, e->data, e->bytes);
        vec_push(s->arena, &s->rows, row);
    }
}

/* In an arena of its own, which the model has from here on. */
static bool keep_callbacks(cn_model *m, const safetensors *file) {
    cn_context *c = m->context;
    state_forget(m);
    arena *a = arena_new(c->memory, &c->diag);
    if (a == NULL)
        return diag_fail(&c->diag, CN_ERROR_OUT_OF_MEMORY, "no memory for the state of callbacks");
    diag_recovery point;
    if (DIAG_RECOVER(&c->diag, &point)) {
        arena_free(a);
        return false;
    }
    callback_state *s = ARENA_NEW(a, callback_state);
    s->arena = a;
    keep_rows(s, file);
    diag_pop_recovery(&c->diag, &point);
    m->loaded = s;
    return true;
}

static bool take_state(cn_model *m, const safetensors *file, arena *scratch) {
    static const char *const more[] = {callbacks_prefix, "context/", NULL};
    variable_list list = {0};
    position p;
    if (!weights_check_kind(m->context, file, "state", "1") || !list_state(m, scratch, &list) ||
        !weights_agree(m->context, file, &list, more, scratch) ||
        !read_position(m->context, file, &p) || !keep_callbacks(m, file))
        return false;
    weights_take(file, &list);
    m->epoch = (int64_t)p.epoch;
    m->batch = (int64_t)p.batch;
    m->order_seed = p.seed;
    m->resuming = true;
    return true;
}

static bool load_state(cn_model *m, const char *path, arena *scratch) {
    if (m->training == NULL)
        return diag_fail(&m->context->diag, CN_ERROR_NOT_COMPILED,
                         "load_state: model \"%s\" is not compiled; call cn_compile first",
                         m->name);
    if (m->busy != NULL)
        return diag_fail(&m->context->diag, CN_ERROR_BUSY, "load_state: model \"%s\" is inside %s",
                         m->name, m->busy);
    return weights_read_file(m, path, scratch, take_state);
}

cn_status cn_load_state(cn_model *m, const char *path) {
    return weights_with_file(m, path, "load_state", load_state);
}

/* ---- callbacks of the next fit ---------------------------------------------------------- */

static bool give_row(cn_model *m, const callback_row *row) {
    cn_callback *cb = row->index < CN_MAX_LIST ? m->callbacks[row->index] : NULL;
    if (cb == NULL || strcmp(cb->kind, row->kind) != 0 || cb->parts[row->part].bytes != row->bytes)
        return false;
    memcpy(cb->parts[row->part].data, row->data, row->bytes);
    return true;
}

void state_give_callbacks(cn_model *m) {
    const callback_state *s = m->loaded;
    for (uint32_t i = 0; s != NULL && i < s->rows.count; i++) {
        const callback_row *row = &s->rows.items[i];
        if (!give_row(m, row))
            diag_warn(&m->context->diag,
                      "fit: the loaded state has what %s, callback %d, remembered; this fit has "
                      "no such callback there, so it is dropped",
                      row->kind, row->index);
    }
    state_forget(m);
}

void state_forget(cn_model *m) {
    arena *a = m->loaded == NULL ? NULL : m->loaded->arena;
    m->loaded = NULL;
    arena_free(a);
}
