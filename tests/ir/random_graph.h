/* Small random graphs, the same for the same seed: well typed, with scans and composites. */
#ifndef CORNU_TESTS_IR_RANDOM_GRAPH_H
#define CORNU_TESTS_IR_RANDOM_GRAPH_H

#include "ir/build.h"

typedef struct random_builder {
    graph *g;
    uint64_t seed;
    value pool[64]; /* all f32[B,3] */
    int count;
} random_builder;

static inline uint32_t random_below(random_builder *r, uint32_t bound) {
    r->seed = r->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(r->seed >> 33) % bound;
}

static inline value random_value(random_builder *r) {
    return r->pool[random_below(r, (uint32_t)r->count)];
}

static inline value random_scan(random_builder *r, value x) {
    graph *body = graph_new(r->g->arena, NULL);
    value h = graph_add_input(body, NULL, *value_type(r->g, x), INPUT_DATA, false);
    value next = build_unary(body, &op_tanh, h);
    graph_add_output(body, next, NULL, -1);
    graph_add_output(body, h, NULL, -1);
    scan_attributes a = {.carries = 1, .length = random_below(r, 4), .reverse = random_below(r, 2)};
    return graph_add(r->g, &(node_spec){.op = &op_scan,
                                        .operands = &x,
                                        .operand_count = 1,
                                        .attributes = &a,
                                        .regions = &body,
                                        .region_count = 1});
}

static inline value random_node(random_builder *r) {
    graph *g = r->g;
    value x = random_value(r), y = random_value(r), z;
    composite_attributes rows = {.parameters = {1, {1}}};
    switch (random_below(r, 12)) {
    case 0:
        return build_add(g, x, y);
    case 1:
        return build_mul(g, x, y);
    case 2:
        return build_select(g, build_compare(g, (compare_kind)random_below(r, 6), x, y), x, y);
    case 3:
        return build_sigmoid(g, x);
    case 4:
        return build_full_like(g, x, random_below(r, 9) * 0.1 - 0.4);
    case 5:
        build_composite(g, "softmax", &rows, &x, 1, &z);
        return z;
    case 6:
        return random_scan(r, x);
    case 7:
        return build_reverse(g, x, 1, (const int64_t[]){1});
    case 8:
        return build_broadcast(g, build_sum(g, x, 1, (const int64_t[]){1}), 2,
                               value_type(g, x)->dims, (const int64_t[]){0});
    case 9:
        return build_cast(g, build_cast(g, x, CN_BF16), CN_F32);
    case 10:
        return build_cast(g, build_iota(g, CN_I32, 2, value_type(g, x)->dims, 0), CN_F32);
    default:
        return build_neg(g, x);
    }
}

static inline graph *random_graph(arena *a, uint64_t seed) {
    random_builder r = {.g = graph_new(a, "random"), .seed = seed};
    type t = type_make(CN_F32, 2, (const dim[]){dim_batch(1), dim_of(3)});
    for (r.count = 0; r.count < 3; r.count++)
        r.pool[r.count] = graph_add_input(r.g, arena_format(a, "in/%d", r.count), t,
                                          r.count == 0 ? INPUT_STATE : INPUT_DATA, r.count == 0);
    int nodes = (int)random_below(&r, 24) + 1;
    for (int i = 0; i < nodes; i++) {
        r.g->location = (location){"random.c", i, i % 2 == 0 ? "layer one" : NULL};
        value v = random_node(&r);
        if (value_is_none(v)) /* the caller finds the message in the diagnostics */
            return NULL;
        r.pool[r.count++] = v;
    }
    graph_add_output(r.g, r.pool[r.count - 1], "last", 0);
    graph_add_output(r.g, random_value(&r), "some", -1);
    return r.g;
}

#endif
