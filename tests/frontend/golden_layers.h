/* The cases of tests/golden/keras/layers.json by the class of the layer. */
#ifndef CORNU_TESTS_FRONTEND_GOLDEN_LAYERS_H
#define CORNU_TESTS_FRONTEND_GOLDEN_LAYERS_H

#include "golden.h"

/* A layer of a class from Keras' configuration. */
typedef cn_layer *(*golden_constructor)(cn_context *c, const json_t *config, bool frozen);

static inline const cn_activation *golden_activation(const json_t *config) {
    static const struct {
        const char *name;
        const cn_activation *activation;
    } names[] = {{"", NULL},        {"relu", CN_RELU},       {"softmax", CN_SOFTMAX},
                 {"tanh", CN_TANH}, {"sigmoid", CN_SIGMOID}, {"linear", CN_LINEAR}};
    const char *name = golden_text(config, "activation");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i].name, name) == 0)
            return names[i].activation;
    fail_msg("no activation %s", name);
    return NULL;
}

static inline cn_padding golden_padding(const json_t *config) {
    return strcmp(golden_text(config, "padding"), "same") == 0 ? CN_SAME : CN_VALID;
}

typedef struct golden_layer_case {
    const json_t *json;
    const char *name;
    cn_layer *layer;
    cn_tensor inputs[CN_MAX_LIST], gradients[GOLDEN_MOST];
    golden_tensor given[CN_MAX_LIST];
    size_t input_count;
    golden_run run;
} golden_layer_case;

static inline void golden_set_weights(golden_layer_case *g) {
    const json_t *weights = json_object_get(g->json, "weights");
    cn_context *c = g->run.c;
    assert_int_equal(json_array_size(weights), g->layer->weights.count);
    for (uint32_t i = 0; i < g->layer->weights.count; i++) {
        variable *v = g->layer->weights.items[i];
        const json_t *w = json_array_get(weights, i);
        golden_tensor t = golden_read(w, c->arena);
        assert_string_equal(v->name, golden_text(w, "name"));
        if (!type_equal(&v->type, &t.type))
            fail_msg("%s: weight %s has another shape than Keras'", g->name, v->name);
        assert_true(variable_initialize(c, v));
        for (int64_t k = 0; k < t.count; k++)
            ((float *)v->data)[k] = (float)t.data[k];
    }
}

static inline void golden_apply(golden_layer_case *g) {
    const json_t *inputs = json_object_get(g->json, "inputs");
    g->input_count = json_array_size(inputs);
    for (size_t i = 0; i < g->input_count; i++) {
        g->given[i] = golden_read(json_array_get(inputs, i), g->run.c->arena);
        g->inputs[i] = golden_input(g->run.c, &g->given[i]);
        golden_feed(&g->run, g->inputs[i], g->given[i].data);
    }
    g->run.batch = g->given[0].type.dims[0].count;
    cn_tensor y = cn_apply_list(g->layer, g->inputs, g->input_count);
    golden_check_context(g->run.c, g->name);
    golden_want(&g->run, y);
}

static inline void golden_want_gradients(golden_layer_case *g) {
    cn_tensor wrt[GOLDEN_MOST];
    int count = 0;
    for (size_t i = 0; i < g->input_count; i++)
        wrt[count++] = g->inputs[i];
    for (uint32_t i = 0; i < g->layer->weights.count; i++)
        if (g->layer->weights.items[i]->trainable && !g->layer->frozen)
            wrt[count++] = variable_tensor(g->run.c, g->layer->weights.items[i]);
    golden_tensor cotangent = golden_read(json_object_get(g->json, "cotangent"), g->run.c->arena);
    golden_gradients(&g->run, g->run.outputs[0], &cotangent, wrt, count, g->gradients);
    for (int i = 0; i < count; i++)
        golden_want(&g->run, g->gradients[i]);
}

static inline void golden_want_updates(golden_layer_case *g) {
    const layer_call *call = &g->run.c->calls.items[g->layer->calls.items[0]];
    for (uint32_t i = 0; i < call->updates.count; i++)
        golden_want(&g->run, tensor_of(g->run.c, call->updates.items[i].new_value));
}

static inline void golden_compare_list(golden_layer_case *g, const char *key, uint32_t *place) {
    const json_t *list = json_object_get(g->json, key);
    for (size_t i = 0; i < json_array_size(list); i++) {
        golden_tensor want = golden_read(json_array_get(list, i), g->run.c->arena);
        golden_compare(g->name, key, g->run.results[(*place)++], &want);
    }
}

/* Updated weights against weights_after; what has no update must not have changed. */
static inline void golden_compare_updates(golden_layer_case *g, uint32_t place) {
    const json_t *after = json_object_get(g->json, "weights_after");
    const layer_call *call = &g->run.c->calls.items[g->layer->calls.items[0]];
    for (uint32_t i = 0; i < g->layer->weights.count; i++) {
        golden_tensor want = golden_read(json_array_get(after, i), g->run.c->arena);
        for (uint32_t k = 0; k < call->updates.count; k++)
            if (call->updates.items[k].variable == g->layer->weights.items[i])
                golden_compare(g->name, "weights_after", g->run.results[place + k], &want);
    }
}

static inline void golden_layer(const json_t *json, golden_constructor construct) {
    golden_layer_case g = {.json = json, .name = golden_text(json, "name")};
    g.run.c = cn_context_new(&(cn_context_options){.backend = "ref", .threads = 1, .quiet = true});
    g.run.training = golden_bool(json, "training", false);
    bool frozen = !golden_bool(json, "trainable", true);
    g.layer = construct(g.run.c, json_object_get(json, "config"), frozen);
    golden_apply(&g);
    golden_set_weights(&g);
    golden_want_gradients(&g);
    golden_want_updates(&g);
    golden_execute(&g.run, g.name);
    uint32_t place = 0;
    golden_compare_list(&g, "outputs", &place);
    golden_compare_list(&g, "input_gradients", &place);
    golden_compare_list(&g, "weight_gradients", &place);
    golden_compare_updates(&g, place);
    cn_context_free(g.run.c);
}

/* All cases of a class whose configuration the constructor takes; at least `least` of them. */
static inline void golden_layers(const char *class_name, golden_constructor construct, int least) {
    json_t *file = golden_load("layers"), *json;
    size_t i;
    int count = 0;
    json_array_foreach(json_object_get(file, "cases"), i, json) {
        const json_t *axis = json_object_get(json_object_get(json, "config"), "axis");
        if (strcmp(golden_text(json, "layer"), class_name) != 0 || json_is_array(axis))
            continue;
        golden_layer(json, construct);
        count++;
    }
    json_decref(file);
    assert_true(count >= least);
}

#endif
