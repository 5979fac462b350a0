/* Weights of a model: to look at, to set, to files and back.
 *
 * Files are safetensors, each weight under its path ("conv2d/kernel"), in Keras' layout. Loading
 * is strict and all or nothing: the file and the model are compared first, every difference is
 * listed in one message, and only when there is none are values copied.
 */
#include "frontend/weights.h"

#include "frontend/keras/keras.h"

#include <string.h>

/* ---- looking and setting ---------------------------------------------------------------- */

size_t cn_weight_count(const cn_model *m) {
    return m == NULL ? 0 : m->weights.count;
}

static cn_array array_of(const char *name, const variable *v) {
    cn_array x = {.name = name, .data = v->data, .dtype = v->type.dtype, .rank = v->type.rank};
    for (int i = 0; i < x.rank; i++)
        x.shape[i] = v->type.dims[i].count;
    return x;
}

cn_array cn_weight(const cn_model *m, size_t i) {
    if (i >= cn_weight_count(m))
        return (cn_array){0};
    return array_of(m->weight_names.items[i], m->weights.items[i]);
}

static variable *find_weight(const cn_model *m, const char *name) {
    for (uint32_t i = 0; name != NULL && i < m->weights.count; i++)
        if (strcmp(m->weight_names.items[i], name) == 0)
            return m->weights.items[i];
    return NULL;
}

static bool set_weight(cn_model *m, const char *name, const cn_array *x) {
    cn_context *c = m->context;
    variable *v = find_weight(m, name);
    int64_t batch = 0;
    if (v == NULL || x == NULL)
        return diag_fail(&c->diag, CN_ERROR_WEIGHTS,
                         "set_weight: model \"%s\" has no weight \"%s\"", m->name,
                         name == NULL ? "" : name);
    arena_mark mark = arena_get_mark(c->arena);
    bool fits = array_fits(c->arena, &c->diag, x, &v->type, &batch, name, 0);
    arena_rewind(c->arena, mark);
    if (!fits) {
        c->diag.status = CN_ERROR_WEIGHTS;
        diag_prefix(&c->diag, "set_weight: ");
        return false;
    }
    memcpy(v->data, x->data, (size_t)type_bytes(&v->type, 0));
    return true;
}

cn_status cn_set_weight(cn_model *m, const char *name, const cn_array *x) {
    if (m == NULL || m->context == NULL)
        return CN_ERROR_INVALID_ARGUMENT;
    cn_context *c = m->context;
    if (!diag_ok(&c->diag))
        return c->diag.status;
    CONTEXT_ENTER(c, c->diag.status);
    bool ok = set_weight(m, name, x);
    CONTEXT_LEAVE(c);
    return ok ? CN_OK : c->diag.status;
}

/* ---- entries ---------------------------------------------------------------------------- */

safetensors_entry weights_entry(const char *name, const variable *v) {
    return (safetensors_entry){
        .name = name, .type = v->type, .data = v->data, .bytes = (size_t)type_bytes(&v->type, 0)};
}

void weights_list(const cn_model *m, arena *a, variable_list *out) {
    for (uint32_t i = 0; i < m->weights.count; i++)
        vec_push(a, out, (named_variable){m->weight_names.items[i], m->weights.items[i]});
}

static const char *describe(arena *a, const type *t) {
    text words;
    text_init(&words, a);
    text_type(&words, t);
    return words.data;
}

/* Words for each difference; an empty text when there is none. */
static void compare_one(const safetensors *file, const named_variable *v, text *out) {
    const safetensors_entry *e = safetensors_find(file, v->name);
    if (e == NULL) {
        text_printf(out, "\n  \"%s\" %s is missing", v->name,
                    describe(out->arena, &v->variable->type));
    } else if (!type_equal(&e->type, &v->variable->type)) {
        text_printf(out, "\n  \"%s\" is %s, the model's is %s", v->name,
                    e->type.dtype == CN_DTYPE_DEFAULT ? "of a type that Cornu has not"
                                                      : describe(out->arena, &e->type),
                    describe(out->arena, &v->variable->type));
    }
}

static bool is_listed(const variable_list *list, const char *name) {
    for (uint32_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].name, name) == 0)
            return true;
    return false;
}

static bool begins_with_one_of(const char *name, const char *const *prefixes) {
    for (; prefixes != NULL && *prefixes != NULL; prefixes++)
        if (strncmp(name, *prefixes, strlen(*prefixes)) == 0)
            return true;
    return false;
}

bool weights_agree(cn_context *c, const safetensors *file, const variable_list *list,
                   const char *const *more, arena *scratch) {
    text differences;
    text_init(&differences, scratch);
    for (uint32_t i = 0; i < list->count; i++)
        compare_one(file, &list->items[i], &differences);
    for (size_t i = 0; i < file->entry_count; i++) {
        const char *name = file->entries[i].name;
        if (!begins_with_one_of(name, more) && !is_listed(list, name))
            text_printf(&differences, "\n  \"%s\" is not in the model", name);
    }
    if (differences.length == 0)
        return true;
    return diag_fail(&c->diag, CN_ERROR_WEIGHTS,
                     "the file does not fit the model; nothing was changed:%s", differences.data);
}

void weights_take(const safetensors *file, const variable_list *list) {
    for (uint32_t i = 0; i < list->count; i++) {
        const safetensors_entry *e = safetensors_find(file, list->items[i].name);
        if (e->bytes > 0)
            memcpy(list->items[i].variable->data, e->data, e->bytes);
    }
}

/* ---- files ------------------------------------------------------------------------------ */

bool weights_save(cn_model *m, const char *path, arena *scratch) {
    safetensors_entry *entries = ARENA_ARRAY(scratch, safetensors_entry, m->weights.count + 1);
    for (uint32_t i = 0; i < m->weights.count; i++)
        entries[i] = weights_entry(m->weight_names.items[i], m->weights.items[i]);
    safetensors_text kind = {"cornu", "weights 1"};
    safetensors file = {
        .entries = entries, .entry_count = m->weights.count, .texts = &kind, .text_count = 1};
    return safetensors_write(path, &file, &m->context->diag);
}

/* Files of other programs say nothing of this; ours say what they are. */
bool weights_check_kind(cn_context *c, const safetensors *file, const char *kind,
                        const char *version) {
    const char *said = safetensors_find_text(file, "cornu");
    size_t length = strlen(kind);
    if (said == NULL || strncmp(said, kind, length) != 0 || said[length] != ' ')
        return diag_fail(&c->diag, CN_ERROR_FORMAT, "it holds %s, not %s",
                         said == NULL ? "something of another program" : said, kind);
    if (strcmp(said + length + 1, version) == 0)
        return true;
    return diag_fail(&c->diag, CN_ERROR_FORMAT,
                     "it is of version %s of the format, this library reads version %s",
                     said + length + 1, version);
}

static bool take_weights(cn_model *m, const safetensors *file, arena *scratch) {
    variable_list list = {0};
    if (safetensors_find_text(file, "cornu") != NULL &&
        !weights_check_kind(m->context, file, "weights", "1"))
        return false;
    weights_list(m, scratch, &list);
    if (!weights_agree(m->context, file, &list, NULL, scratch))
        return false;
    weights_take(file, &list);
    return true;
}

/* The bytes of a file are no arena's, so whatever happens they are given back here. */
bool weights_read_file(cn_model *m, const char *path, arena *scratch,
                       bool (*take)(cn_model *m, const safetensors *file, arena *scratch)) {
    diagnostics *d = &m->context->diag;
    safetensors file;
    if (!safetensors_read(path, scratch, d, &file))
        return false;
    diag_recovery point;
    if (DIAG_RECOVER(d, &point)) {
        safetensors_close(&file);
        return false;
    }
    bool ok = take(m, &file, scratch);
    diag_pop_recovery(d, &point);
    safetensors_close(&file);
    if (!ok)
        diag_prefix(d, "\"%s\": ", path);
    return ok;
}

static bool save_weights(cn_model *m, const char *path, arena *scratch) {
    return text_has_suffix(path, ".weights.h5") ? keras_save_weights(m, path, scratch)
                                                : weights_save(m, path, scratch);
}

static bool load_weights(cn_model *m, const char *path, arena *scratch) {
    if (keras_is_file(path))
        return keras_load_weights(m, path, scratch);
    return weights_read_file(m, path, scratch, take_weights);
}

cn_status weights_with_file(cn_model *m, const char *path, const char *call,
                            bool (*work)(cn_model *m, const char *path, arena *scratch)) {
    if (m == NULL || m->context == NULL)
        return CN_ERROR_INVALID_ARGUMENT;
    cn_context *c = m->context;
    if (m->poison || path == NULL)
        diag_fail(&c->diag, CN_ERROR_INVALID_ARGUMENT, "%s: %s", call,
                  m->poison ? "the model could not be built" : "no file is named");
    if (!diag_ok(&c->diag))
        return c->diag.status;
    arena *scratch = arena_new(c->memory, &c->diag);
    if (scratch == NULL)
        diag_fail(&c->diag, CN_ERROR_OUT_OF_MEMORY, "%s: out of memory", call);
    CONTEXT_ENTER(c, (arena_free(scratch), c->diag.status));
    bool ok = scratch != NULL && work(m, path, scratch);
    CONTEXT_LEAVE(c);
    arena_free(scratch);
    return ok ? CN_OK : c->diag.status;
}

cn_status cn_save_weights(cn_model *m, const char *path) {
    return weights_with_file(m, path, "save_weights", save_weights);
}

cn_status cn_load_weights(cn_model *m, const char *path) {
    return weights_with_file(m, path, "load_weights", load_weights);
}
