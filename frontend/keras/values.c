/* Values between HDF5 trees and variables: strict, all or nothing.
 *
 * Everything is compared first; what differs is listed; only when nothing does are values copied.
 * Element types agree, but for counters of steps, which Keras keeps in 32 bits and Cornu in 64.
 */
#include "frontend/keras/values.h"

#include <stdlib.h>
#include <string.h>

static const char *type_words(arena *a, const type *t) {
    text words;
    text_init(&words, a);
    if (t->dtype == CN_DTYPE_DEFAULT)
        text_append(&words, "of an element type that Cornu has not");
    else
        text_type(&words, t);
    return words.data;
}

static bool is_counter(const type *t) {
    return t->rank == 0 && (t->dtype == CN_I64 || t->dtype == CN_I32);
}

bool keras_match_one(const hdf5_dataset *from, variable *to, const char *path, arena *a,
                     keras_values *out, text *differences) {
    if (from == NULL) {
        text_printf(differences, "\n  \"%s\" (%s, %s) is missing", path,
                    to->path[0] != 0 ? to->path : to->name, type_words(a, &to->type));
        return false;
    }
    vec_push(a, &out->items, (keras_value){from, to}); /* taken only when nothing differs */
    bool counters = is_counter(&from->type) && is_counter(&to->type);
    if (!counters && !type_equal(&from->type, &to->type)) {
        text_printf(differences, "\n  \"%s\" is %s, the model's %s is %s", path,
                    type_words(a, &from->type), to->path[0] != 0 ? to->path : to->name,
                    type_words(a, &to->type));
        return false;
    }
    return true;
}

/* The data of a file by their paths. */
typedef struct data_index {
    const hdf5_file *file;
    map places;
} data_index;

static data_index index_of(const hdf5_file *file, arena *a) {
    data_index index = {.file = file};
    map_init(&index.places, a);
    for (size_t i = 0; i < file->dataset_count; i++)
        *map_put_text(&index.places, file->datasets[i].path, NULL) = i;
    return index;
}

static const hdf5_dataset *find(const data_index *index, const char *path) {
    const uint64_t *place = map_find_text(&index->places, path);
    return place == NULL ? NULL : &index->file->datasets[*place];
}

/* Keras 2.13 to 2.15 had another word for the layers of a model. */
static const hdf5_dataset *find_by_old_words(const data_index *index, const char *path, arena *a) {
    static const char now[] = "layers/", then[] = "_layer_checkpoint_dependencies/";
    text old;
    text_init(&old, a);
    for (const char *p = path; *p != 0;) {
        bool at_start = p == path || p[-1] == '/';
        if (at_start && strncmp(p, now, sizeof now - 1) == 0) {
            text_append(&old, then);
            p += sizeof now - 1;
        } else {
            text_append_n(&old, p++, 1);
        }
    }
    return find(index, old.data);
}

void keras_match(const hdf5_file *file, const keras_tree *tree, arena *a, keras_values *out,
                 text *differences) {
    data_index index = index_of(file, a);
    for (uint32_t i = 0; i < tree->variables.count; i++) {
        const keras_path *p = &tree->variables.items[i];
        const hdf5_dataset *d = find(&index, p->path);
        if (d == NULL)
            d = find_by_old_words(&index, p->path, a);
        keras_match_one(d, p->variable, p->path, a, out, differences);
    }
}

static int by_address(const void *a, const void *b) {
    const hdf5_dataset *const *x = a, *const *y = b;
    return *x < *y ? -1 : *x > *y;
}

void keras_refuse_more(const hdf5_file *file, const char *group, const keras_values *values,
                       text *differences) {
    arena *a = differences->arena;
    uint32_t count = values->items.count;
    const hdf5_dataset **used = ARENA_ARRAY(a, const hdf5_dataset *, count + 1);
    for (uint32_t i = 0; i < count; i++)
        used[i] = values->items.items[i].from;
    if (count > 0)
        qsort(used, count, sizeof *used, by_address);
    for (size_t i = 0; i < file->dataset_count; i++) {
        const hdf5_dataset *d = &file->datasets[i];
        bool inside = strncmp(d->path, group, strlen(group)) == 0;
        if (inside && bsearch(&d, used, count, sizeof *used, by_address) == NULL)
            text_printf(differences, "\n  \"%s\" (%s) is not in the model", d->path,
                        type_words(a, &d->type));
    }
}

static void copy_counter(const hdf5_dataset *from, variable *to) {
    int64_t count;
    int32_t small;
    if (from->type.dtype == CN_I64) {
        memcpy(&count, from->data, sizeof count);
    } else {
        memcpy(&small, from->data, sizeof small);
        count = small;
    }
    small = (int32_t)count;
    if (to->type.dtype == CN_I64)
        memcpy(to->data, &count, sizeof count);
    else
        memcpy(to->data, &small, sizeof small);
}

bool keras_take(cn_context *c, const keras_values *values) {
    for (uint32_t i = 0; i < values->items.count; i++)
        if (!variable_allocate(c, values->items.items[i].to))
            return false;
    for (uint32_t i = 0; i < values->items.count; i++) {
        const keras_value *v = &values->items.items[i];
        if (!type_equal(&v->from->type, &v->to->type))
            copy_counter(v->from, v->to);
        else if (v->from->bytes > 0)
            memcpy(v->to->data, v->from->data, v->from->bytes);
    }
    return true;
}

/* ---- writing ---------------------------------------------------------------------------- */

static hdf5_dataset dataset_of(arena *a, const keras_path *p) {
    const variable *v = p->variable;
    hdf5_dataset d = {.path = p->path,
                      .type = v->type,
                      .data = v->data,
                      .bytes = (size_t)type_bytes(&v->type, 0)};
    if (v->kind != VARIABLE_OPTIMIZER || v->type.dtype != CN_I64 || v->type.rank != 0)
        return d;
    int32_t steps = (int32_t) * (const int64_t *)v->data;
    d.type.dtype = CN_I32;
    d.data = arena_copy(a, &steps, sizeof steps);
    d.bytes = sizeof steps;
    return d;
}

void keras_tree_file(const keras_tree *const *trees, size_t count, arena *a, hdf5_file *out) {
    VEC(hdf5_dataset) datasets = {0};
    VEC(hdf5_attribute) attributes = {0};
    for (size_t t = 0; t < count; t++) {
        for (uint32_t i = 0; i < trees[t]->variables.count; i++)
            vec_push(a, &datasets, dataset_of(a, &trees[t]->variables.items[i]));
        for (uint32_t i = 0; i < trees[t]->groups.count; i++) {
            const keras_group *g = &trees[t]->groups.items[i];
            const char **name = arena_copy(a, &g->name, sizeof g->name);
            vec_push(a, &attributes, (hdf5_attribute){g->path, "name", name, 1});
        }
    }
    *out = (hdf5_file){datasets.items, datasets.count, attributes.items, attributes.count};
}
