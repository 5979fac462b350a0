/* Where weights lie in Keras' HDF5 trees.
 *
 * A layer's own weights are P/vars/0, 1, ...: trainable ones first, each list in the order in which
 * they were made. Below a model lie its layers as P/layers/CLASS, P/layers/CLASS_1, ..., counted in
 * the order of the model's layers; the user's names are only an attribute "name" of the groups. A
 * layer of a layer lies under the attribute that holds it in Python: here, its name. A layer that
 * is met twice was saved where it was met first. Source: keras/src/saving/saving_lib.py
 * (_save_state, _save_container_state).
 */
#include "frontend/keras/write_graph.h"
#include "frontend/model.h"

typedef struct lister {
    arena *a;
    bool writing;
    keras_tree *out;
    map seen; /* layer ids */
} lister;

static void list_layer(lister *l, const cn_layer *layer, const char *path);

static void list_own(lister *l, const cn_layer *layer, const char *path) {
    const char *group = arena_format(l->a, "%s/vars", path);
    uint32_t count = 0;
    vec_push(l->a, &l->out->groups, (keras_group){group, layer->name});
    for (int trainable = 1; trainable >= 0; trainable--)
        for (uint32_t i = 0; i < layer->weights.count; i++) {
            variable *v = layer->weights.items[i];
            if (v->trainable == (trainable == 1))
                vec_push(l->a, &l->out->variables,
                         (keras_path){arena_format(l->a, "%s/%u", group, count++), v});
        }
}

/* A Sequential does not count its input among its layers. */
static bool is_left_out(const cn_model *m, const cn_layer *layer) {
    return m->sequential && layer->class == &input_class;
}

static bool has_weights(const cn_layer *layer) {
    return layer->weights.count > 0 || layer->sublayers.count > 0 ||
           (layer->model != NULL && layer->model->weights.count > 0);
}

/* In the order that counts. */
static layer_order layers_of(const lister *l, const cn_model *m) {
    file_graph g;
    layer_order order = {.layers = m->layers.items, .count = m->layers.count};
    if (!l->writing || m->sequential)
        return order;
    (void)keras_file_graph(m, l->a, NULL, &g);
    cn_layer **layers = ARENA_ARRAY(l->a, cn_layer *, g.rows.count + 1);
    order = (layer_order){.layers = layers};
    for (uint32_t i = 0; i < g.rows.count; i++)
        if (g.rows.items[i].layer != NULL)
            layers[order.count++] = g.rows.items[i].layer;
    return order;
}

static void list_model(lister *l, const cn_model *m, const char *path) {
    layer_order order = layers_of(l, m);
    map counts;
    map_init(&counts, l->a);
    for (uint32_t i = 0; i < order.count; i++) {
        const cn_layer *layer = order.layers[i];
        bool seen;
        if (is_left_out(m, layer))
            continue;
        const char *stem = snake_case(l->a, layer->class_name);
        uint64_t number = (*map_put_text(&counts, stem, NULL))++;
        const char *name =
            number == 0 ? stem : arena_format(l->a, "%s_%llu", stem, (unsigned long long)number);
        map_put(&l->seen, &layer->id, sizeof layer->id, &seen);
        if (seen && has_weights(layer))
            l->out->shared = layer;
        if (!seen)
            list_layer(l, layer,
                       arena_format(l->a, "%s%slayers/%s", path, path[0] == 0 ? "" : "/", name));
    }
}

/* Recursion is as deep as models and custom layers are nested in each other. */
static void list_layer(lister *l, const cn_layer *layer, const char *path) {
    list_own(l, layer, path);
    if (layer->model != NULL)
        list_model(l, layer->model, path);
    for (uint32_t i = 0; i < layer->sublayers.count; i++) {
        const cn_layer *inner = layer->sublayers.items[i];
        list_layer(l, inner, arena_format(l->a, "%s/%s", path, inner->name));
    }
}

void keras_list_weights(const cn_model *m, bool writing, arena *a, keras_tree *out) {
    lister l = {.a = a, .writing = writing, .out = out};
    *out = (keras_tree){0};
    map_init(&l.seen, a);
    vec_push(a, &out->groups, (keras_group){"vars", m->name});
    list_model(&l, m, "");
}

void keras_list_optimizer(const cn_optimizer *o, arena *a, keras_tree *out) {
    static const char group[] = "optimizer/vars";
    *out = (keras_tree){0};
    if (o->iteration == NULL)
        return;
    vec_push(a, &out->groups,
             (keras_group){group, o->options.name != NULL ? o->options.name : o->class->name});
    vec_push(a, &out->variables, (keras_path){"optimizer/vars/0", o->iteration});
    if (o->learning_rate != NULL)
        vec_push(a, &out->variables, (keras_path){"optimizer/vars/1", o->learning_rate});
    for (uint32_t i = 0, before = out->variables.count; i < o->slots.count; i++) {
        const char *path = arena_format(a, "%s/%u", group, before + i);
        vec_push(a, &out->variables, (keras_path){path, o->slots.items[i]});
    }
}
