/* Old .h5 files, of Keras 2 and of Model.save("x.h5") in Keras 3; read only.
 *
 * Root attributes model_config and training_config hold JSON. Below "model_weights" (in a file of
 * weights alone: below the root) each layer has a group by its name, whose attribute weight_names
 * lists its data, those of nested models included: what learns first, then the rest. Long
 * lists are cut into attributes NAME0, NAME1, ... Source: keras/src/legacy/saving/
 * legacy_h5_format.py.
 */
#include <string.h>

#include "frontend/keras/source.h"
#include "frontend/model.h"
#include "runtime/io/json_read.h"

/* ---- configurations --------------------------------------------------------------------- */

static bool attribute_json(keras_reader *r, const keras_source *s, const char *name, json_t **out) {
    const hdf5_attribute *a = hdf5_find_attribute(&s->weights, "", name);
    diagnostics *d = &r->context->diag;
    if (a == NULL)
        return true;
    if (a->count != 1)
        return diag_fail(d, CN_ERROR_FORMAT, "\"%s\": attribute \"%s\" is not one text", s->path,
                         name);
    const char *title = arena_format(r->scratch, "\"%s\", attribute \"%s\"", s->path, name);
    *out = json_read(title, a->texts[0], strlen(a->texts[0]), d);
    return *out != NULL;
}

/* training_config is a compile_config whose optimizer has another name; metrics of one output
 * stand in a list of their own in some versions. */
static json_t *compile_of(const json_t *said) {
    json_t *compile = json_copy((json_t *)(uintptr_t)said);
    json_t *optimizer = json_object_get(said, "optimizer_config");
    if (compile != NULL && optimizer != NULL) {
        json_object_set(compile, "optimizer", optimizer);
        json_object_del(compile, "optimizer_config");
    }
    return compile;
}

bool legacy_read(keras_reader *r, keras_source *s) {
    json_t *said = NULL;
    s->legacy = "model_weights/";
    if (!attribute_json(r, s, "model_config", &s->model) ||
        !attribute_json(r, s, "training_config", &said))
        return false;
    if (json_is_object(said))
        s->compile = compile_of(said);
    json_decref(said);
    return true;
}

/* ---- weights ---------------------------------------------------------------------------- */

typedef VEC(const char *) name_list;

static void add_texts(arena *a, const hdf5_attribute *attribute, name_list *out) {
    for (size_t i = 0; i < attribute->count; i++)
        vec_push(a, out, attribute->texts[i]);
}

/* An attribute that may be cut into NAME0, NAME1, ... */
static name_list names_of(const hdf5_file *f, arena *a, const char *owner, const char *name) {
    name_list out = {0};
    const hdf5_attribute *whole = hdf5_find_attribute(f, owner, name);
    if (whole != NULL) {
        add_texts(a, whole, &out);
        return out;
    }
    for (unsigned i = 0;; i++) {
        const hdf5_attribute *part =
            hdf5_find_attribute(f, owner, arena_format(a, "%s%u", name, i));
        if (part == NULL)
            return out;
        add_texts(a, part, &out);
    }
}

typedef VEC(variable *) variables;

static void collect(arena *a, const cn_layer *layer, bool learning, variables *out) {
    for (int trainable = 1; trainable >= 0; trainable--)
        for (uint32_t i = 0; i < layer->weights.count; i++) {
            variable *v = layer->weights.items[i];
            if (v->trainable == (trainable == 1) && variable_learns(v) == learning)
                vec_push(a, out, v);
        }
    for (uint32_t i = 0; layer->model != NULL && i < layer->model->layers.count; i++)
        collect(a, layer->model->layers.items[i], learning, out);
    for (uint32_t i = 0; i < layer->sublayers.count; i++)
        collect(a, layer->sublayers.items[i], learning, out);
}

static void match_layer(const keras_source *s, const cn_layer *layer, arena *a, keras_values *out,
                        text *differences) {
    variables wanted = {0};
    collect(a, layer, true, &wanted);
    collect(a, layer, false, &wanted);
    const char *group = arena_format(a, "%s%s", s->legacy, layer->name);
    name_list given = names_of(&s->weights, a, group, "weight_names");
    if (given.count != wanted.count) {
        text_printf(differences, "\n  layer \"%s\" has %u weights in the file, %u in the model",
                    layer->name, given.count, wanted.count);
        return;
    }
    for (uint32_t i = 0; i < wanted.count; i++) {
        const char *path = arena_format(a, "%s/%s", group, given.items[i]);
        keras_match_one(hdf5_find(&s->weights, path), wanted.items[i], path, a, out, differences);
    }
}

static bool has_layer(const cn_model *m, const char *name) {
    for (uint32_t i = 0; i < m->layers.count; i++)
        if (strcmp(m->layers.items[i]->name, name) == 0)
            return true;
    return false;
}

void legacy_match_weights(const keras_source *s, const cn_model *m, arena *a, keras_values *out,
                          text *differences) {
    const char *root = s->legacy[0] == 0 ? "" : "model_weights";
    name_list names = names_of(&s->weights, a, root, "layer_names");
    for (uint32_t i = 0; i < m->layers.count; i++)
        match_layer(s, m->layers.items[i], a, out, differences);
    for (uint32_t i = 0; i < names.count; i++)
        if (!has_layer(m, names.items[i]))
            text_printf(differences, "\n  layer \"%s\" is not in the model", names.items[i]);
}

void legacy_match_optimizer(const keras_source *s, const cn_optimizer *o, arena *a,
                            keras_values *out, text *differences) {
    keras_tree tree;
    name_list names = names_of(&s->weights, a, "optimizer_weights", "weight_names");
    keras_list_optimizer(o, a, &tree);
    if (names.count == 0)
        return; /* saved without */
    if (names.count != tree.variables.count) {
        text_printf(differences, "\n  the optimizer's state has %u parts in the file, %u here",
                    names.count, tree.variables.count);
        return;
    }
    for (uint32_t i = 0; i < names.count; i++) {
        const char *path = arena_format(a, "optimizer_weights/%s", names.items[i]);
        keras_match_one(hdf5_find(&s->weights, path), tree.variables.items[i].variable, path, a,
                        out, differences);
    }
}
