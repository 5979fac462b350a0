/* Training steps as a frontend would write them, small enough to interpret. */
#ifndef CORNU_TESTS_PASSES_SAMPLE_MODELS_H
#define CORNU_TESTS_PASSES_SAMPLE_MODELS_H

#include "ir/build.h"

typedef struct model_builder {
    graph *g;
    value parameters[16], slots[16][2];
    int count;
} model_builder;

static inline value add_state(model_builder *m, const char *name, int rank, const dim *dims) {
    arena *a = m->g->arena;
    type t = type_make(CN_F32, rank, dims);
    int i = m->count++;
    m->parameters[i] = graph_add_input(m->g, name, t, INPUT_STATE, true);
    m->slots[i][0] = graph_add_input(m->g, arena_format(a, "%s/m", name), t, INPUT_STATE, true);
    m->slots[i][1] = graph_add_input(m->g, arena_format(a, "%s/v", name), t, INPUT_STATE, true);
    return m->parameters[i];
}

static inline value add_bias(graph *g, value x, value b) {
    const type *t = value_type(g, x);
    return build_add(g, x, build_broadcast(g, b, t->rank, t->dims, (int64_t[]){t->rank - 1}));
}

static inline value relu(graph *g, value x) {
    return build_max(g, x, build_full_like(g, x, 0));
}

static inline value scaled(graph *g, value x, double k) {
    return build_mul(g, x, build_full_like(g, x, k));
}

/* Adam without bias correction; outputs overwrite what they replace. */
static inline void add_updates(model_builder *m, value loss) {
    graph *g = m->g;
    value gradients[16];
    build_gradient(g, loss, m->parameters, m->count, gradients);
    for (int i = 0; i < m->count; i++) {
        value d = gradients[i];
        value v1 = build_add(g, scaled(g, m->slots[i][0], 0.9), scaled(g, d, 0.1));
        value v2 = build_add(g, scaled(g, build_mul(g, m->slots[i][1], m->slots[i][1]), 0.99),
                             scaled(g, build_mul(g, d, d), 0.01));
        value step = build_div(g, scaled(g, v1, 0.01),
                               build_add(g, build_sqrt(g, v2), build_full_like(g, v2, 1e-3)));
        value results[] = {build_sub(g, m->parameters[i], step), v1, v2};
        const value *over[] = {&m->parameters[i], &m->slots[i][0], &m->slots[i][1]};
        for (int r = 0; r < 3; r++) {
            const char *name = g->inputs.items[over[r]->node - 1].name;
            graph_add_output(g, results[r], arena_format(g->arena, "new %s", name),
                             (int32_t)over[r]->node - 1);
        }
    }
}

static inline value mean_loss(graph *g, value per_sample) {
    value sum = build_sum(g, per_sample, 1, (int64_t[]){0});
    return build_div(g, sum, build_dim_size(g, CN_F32, dim_batch(1)));
}

static inline value cross_entropy(graph *g, value logits, value labels) {
    value loss;
    composite_attributes none = {.parameters = {0}};
    build_composite(g, "sparse_softmax_cross_entropy", &none, (value[]){logits, labels}, 2, &loss);
    return mean_loss(g, loss);
}

static inline graph *mlp_step(arena *a, int64_t hidden) {
    model_builder m = {.g = graph_new(a, "train_step")};
    value w1 = add_state(&m, "fc1/kernel", 2, (dim[]){dim_of(12), dim_of(hidden)});
    value b1 = add_state(&m, "fc1/bias", 1, (dim[]){dim_of(hidden)});
    value w2 = add_state(&m, "fc2/kernel", 2, (dim[]){dim_of(hidden), dim_of(4)});
    value b2 = add_state(&m, "fc2/bias", 1, (dim[]){dim_of(4)});
    type tx = type_make(CN_F32, 2, (dim[]){dim_batch(1), dim_of(12)});
    type ty = type_make(CN_I32, 1, (dim[]){dim_batch(1)});
    value x = graph_add_input(m.g, "x", tx, INPUT_DATA, false);
    value y = graph_add_input(m.g, "y", ty, INPUT_DATA, false);
    value h = relu(m.g, add_bias(m.g, build_matmul(m.g, x, w1), b1));
    value logits = add_bias(m.g, build_matmul(m.g, h, w2), b2);
    value loss = cross_entropy(m.g, logits, y);
    add_updates(&m, loss);
    graph_add_output(m.g, loss, "loss", -1);
    return m.g;
}

static inline graph *convnet_step(arena *a) {
    model_builder m = {.g = graph_new(a, "train_step")};
    value w1 = add_state(&m, "conv/kernel", 4, (dim[]){dim_of(3), dim_of(3), dim_of(2), dim_of(4)});
    value b1 = add_state(&m, "conv/bias", 1, (dim[]){dim_of(4)});
    value w2 = add_state(&m, "fc/kernel", 2, (dim[]){dim_of(36), dim_of(3)});
    value b2 = add_state(&m, "fc/bias", 1, (dim[]){dim_of(3)});
    graph *g = m.g;
    type tx = type_make(CN_F32, 4, (dim[]){dim_batch(1), dim_of(6), dim_of(6), dim_of(2)});
    type ty = type_make(CN_I32, 1, (dim[]){dim_batch(1)});
    value x = graph_add_input(g, "x", tx, INPUT_DATA, false);
    value y = graph_add_input(g, "y", ty, INPUT_DATA, false);
    conv_attributes same = {.strides = {2, {1, 1}},
                            .low = {2, {1, 1}},
                            .high = {2, {1, 1}},
                            .dilation = {2, {1, 1}},
                            .groups = 1};
    value c = relu(g, add_bias(g, build_conv(g, x, w1, &same), b1));
    window_attributes pooling = {.kind = REDUCE_MAX,
                                 .window = {4, {1, 2, 2, 1}},
                                 .strides = {4, {1, 2, 2, 1}},
                                 .low = {4, {0}},
                                 .high = {4, {0}}};
    value p = build_reduce_window(g, c, &pooling);
    value flat = build_reshape(g, p, 2, (dim[]){dim_batch(1), dim_of(36)});
    value logits = add_bias(g, build_matmul(g, flat, w2), b2);
    value loss = cross_entropy(g, logits, y);
    add_updates(&m, loss);
    graph_add_output(g, loss, "loss", -1);
    return g;
}

/* Layer normalization, then softmax over an inner axis: rows of two kinds. */
static inline graph *norms(arena *a) {
    graph *g = graph_new(a, "norms");
    type t = type_make(CN_F32, 3, (dim[]){dim_batch(1), dim_of(5), dim_of(6)});
    value x = graph_add_input(g, "x", t, INPUT_DATA, false);
    value n = build_full(g, CN_F32, 2, t.dims, 6);
    value mean = build_div(g, build_sum(g, x, 1, (int64_t[]){2}), n);
    value centred = build_sub(g, x, build_broadcast(g, mean, 3, t.dims, (int64_t[]){0, 1}));
    value variance =
        build_div(g, build_sum(g, build_mul(g, centred, centred), 1, (int64_t[]){2}), n);
    value scale =
        build_unary(g, &op_rsqrt, build_add(g, variance, build_full_like(g, variance, 1e-3)));
    value y = build_mul(g, centred, build_broadcast(g, scale, 3, t.dims, (int64_t[]){0, 1}));
    value z;
    composite_attributes axis = {.parameters = {1, {1}}};
    build_composite(g, "softmax", &axis, &y, 1, &z);
    graph_add_output(g, y, "y", -1);
    graph_add_output(g, z, "z", -1);
    return g;
}

#endif
