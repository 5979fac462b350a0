/* Random programs for passes: well typed, the same for the same seed, and full of what passes
 * look for: constants, neutral elements, chains of movement, folds of repeated values. */
#ifndef CORNU_TESTS_PASSES_RANDOM_PROGRAM_H
#define CORNU_TESTS_PASSES_RANDOM_PROGRAM_H

#include "ir/build.h"

typedef struct random_program {
    graph *g;
    uint64_t seed;
    value pool[64];
    int count;
} random_program;

static inline int pick(random_program *r, int bound) {
    r->seed = r->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int)((uint32_t)(r->seed >> 33) % (uint32_t)bound);
}

static inline value pick_value(random_program *r) {
    return r->pool[pick(r, r->count)];
}

/* Of the type of x: another value if one is drawn soon, else a constant. */
static inline value pick_like(random_program *r, value x) {
    static const double numbers[] = {0, 1, -1, 2, 0.5, 3};
    for (int i = 0; i < 4; i++) {
        value y = pick_value(r);
        if (type_equal(value_type(r->g, x), value_type(r->g, y)))
            return y;
    }
    return build_full_like(r->g, x, numbers[pick(r, 6)]);
}

static inline value random_unary(random_program *r, value x) {
    static const op_def *const ops[] = {&op_neg,  &op_abs, &op_exp,     &op_log,
                                        &op_tanh, &op_neg, &op_sigmoid, &op_stop_gradient};
    return build_unary(r->g, ops[pick(r, 8)], x);
}

static inline value random_binary(random_program *r, value x) {
    static const op_def *const ops[] = {&op_add, &op_sub, &op_mul, &op_div, &op_max, &op_min};
    value y = pick_like(r, x);
    const op_def *op = ops[pick(r, 6)];
    return pick(r, 2) ? build_binary(r->g, op, x, y) : build_binary(r->g, op, y, x);
}

static inline value random_logic(random_program *r, value x) {
    graph *g = r->g;
    value y = pick_like(r, x), c = build_compare(g, (compare_kind)pick(r, 6), x, y);
    for (int i = pick(r, 3); i > 0; i--)
        c = pick(r, 2) ? build_not(g, c)
                       : build_bit(g, (bit_kind)pick(r, 3), c, build_full_like(g, c, pick(r, 2)));
    return pick(r, 2) ? build_select(g, c, x, y) : build_cast(g, build_cast(g, c, CN_I32), CN_F32);
}

static inline value random_reduce(random_program *r, value x) {
    int64_t axes[MAX_RANK];
    int count = 0, rank = value_type(r->g, x)->rank;
    for (int i = 0; i < rank; i++)
        if (pick(r, 2))
            axes[count++] = i;
    return build_reduce(r->g, pick(r, 2) ? REDUCE_SUM : REDUCE_MAX, x, count, axes);
}

static inline value random_broadcast(random_program *r, value x) {
    type t = *value_type(r->g, x);
    dim dims[MAX_RANK];
    int64_t axes[MAX_RANK];
    int at = pick(r, t.rank + 1);
    if (t.rank >= 4)
        return x;
    for (int i = 0; i <= t.rank; i++) {
        dims[i] = i == at ? dim_of(1 + pick(r, 3)) : t.dims[i - (i > at)];
        if (i != at)
            axes[i - (i > at)] = i;
    }
    return build_broadcast(r->g, x, t.rank + 1, dims, axes);
}

static inline value random_transpose(random_program *r, value x) {
    int64_t permutation[MAX_RANK];
    int rank = value_type(r->g, x)->rank;
    for (int i = 0; i < rank; i++) {
        int k = pick(r, i + 1);
        permutation[i] = permutation[k];
        permutation[k] = i;
    }
    return rank == 0 ? x : build_transpose(r->g, x, permutation);
}

/* Inserts an axis of 1, or drops all of them, or joins the last two axes. */
static inline value random_reshape(random_program *r, value x) {
    type t = *value_type(r->g, x);
    dim dims[MAX_RANK];
    int rank = 0, how = pick(r, 3), at = pick(r, t.rank + 1);
    for (int i = 0; i <= t.rank; i++) {
        if (how == 0 && i == at && t.rank < 5)
            dims[rank++] = dim_of(1);
        if (i < t.rank && (how != 1 || !dim_is(t.dims[i], 1)))
            dims[rank++] = t.dims[i];
    }
    if (how == 2 && rank >= 2 && dim_multiply(dims[rank - 2], dims[rank - 1], &dims[rank - 2]))
        rank--;
    return build_reshape(r->g, x, rank, dims);
}

static inline value random_slice(random_program *r, value x) {
    type t = *value_type(r->g, x);
    int64_t starts[MAX_RANK] = {0}, strides[MAX_RANK];
    for (int i = 0; i < t.rank; i++) {
        strides[i] = 1;
        if (t.dims[i].symbolic || t.dims[i].count < 2 || pick(r, 2))
            continue;
        strides[i] = 1 + pick(r, 2);
        starts[i] = pick(r, 2);
        t.dims[i] = dim_of((t.dims[i].count - 1 - starts[i]) / strides[i] + 1);
    }
    return build_slice(r->g, x, starts, t.dims, strides);
}

static inline value random_pad(random_program *r, value x) {
    const type *t = value_type(r->g, x);
    int64_t low[MAX_RANK] = {0}, high[MAX_RANK] = {0}, interior[MAX_RANK] = {0};
    for (int i = 0; i < t->rank; i++)
        if (!t->dims[i].symbolic && t->dims[i].count < 6)
            low[i] = pick(r, 2), high[i] = pick(r, 2), interior[i] = pick(r, 4) == 0;
    return build_pad(r->g, x, build_constant(r->g, CN_F32, pick(r, 2)), low, high, interior);
}

static inline value random_concat(random_program *r, value x) {
    const type *t = value_type(r->g, x);
    value both[] = {x, pick_like(r, x)};
    return t->rank == 0 ? x : build_concat(r->g, both, 1 + pick(r, 2), t->rank - 1);
}

static inline value random_reverse(random_program *r, value x) {
    int rank = value_type(r->g, x)->rank;
    return rank == 0 ? x : build_reverse(r->g, x, 1, (const int64_t[]){pick(r, rank)});
}

/* x with itself, over all axes but the first, or an outer product with a vector. */
static inline value random_dot(random_program *r, value x) {
    const type *t = value_type(r->g, x);
    dot_attributes a = {0};
    if (t->rank < 2 || t->rank > 3)
        return x;
    for (int i = 1; i < t->rank; i++)
        a.left_contract.items[a.left_contract.count++] = i;
    a.right_contract = a.left_contract;
    if (!t->dims[0].symbolic)
        return build_dot(r->g, x, pick_like(r, x), &a);
    a.left_batch = a.right_batch = (integer_list){1, {0}};
    return build_dot(r->g, x, x, &a);
}

static inline value random_composite(random_program *r, value x) {
    int rank = value_type(r->g, x)->rank;
    composite_attributes a = {.parameters = {1, {rank - 1}}};
    value y;
    build_composite(r->g, rank == 0 ? "softplus" : "softmax", rank == 0 ? NULL : &a, &x, 1, &y);
    return y;
}

/* What stabilize looks for. */
static inline value random_plain_form(random_program *r, value x) {
    value one = build_full_like(r->g, x, 1);
    switch (pick(r, 4)) {
    case 0:
        return build_log(r->g, build_add(r->g, x, one));
    case 1:
        return build_log(r->g, random_composite(r, x));
    case 2:
        return build_log(r->g, build_sub(r->g, one, build_sigmoid(r->g, x)));
    default:
        return build_sub(r->g, one, build_exp(r->g, x));
    }
}

static inline value random_step(random_program *r) {
    static value (*const steps[])(random_program *, value) = {
        random_unary,      random_unary,     random_binary,  random_binary,    random_binary,
        random_logic,      random_reduce,    random_reduce,  random_broadcast, random_broadcast,
        random_transpose,  random_transpose, random_reshape, random_reshape,   random_slice,
        random_pad,        random_concat,    random_reverse, random_dot,       random_composite,
        random_plain_form,
    };
    value x = pick_value(r);
    dim elements;
    bool large = type_elements(value_type(r->g, x), &elements) && elements.count > 200;
    return large ? random_reduce(r, x) : steps[pick(r, sizeof steps / sizeof *steps)](r, x);
}

static inline void add_constants(random_program *r) {
    static const float table[] = {1, -2, 0.25f, 3, 0, 7};
    const dim dims[] = {dim_batch(1), dim_of(3), dim_of(2)};
    type t = type_make(CN_F32, 2, dims + 1);
    r->pool[r->count++] = build_constant(r->g, CN_F32, 2);
    r->pool[r->count++] = build_full(r->g, CN_F32, 2, dims, 0.5);
    r->pool[r->count++] = build_array(r->g, &t, table, sizeof table);
}

/* A step that would need B*B elements is refused, and another one taken. */
static inline graph *random_program_make(arena *a, uint64_t seed) {
    random_program r = {.g = graph_new(a, "random"), .seed = seed};
    const dim dims[] = {dim_batch(1), dim_of(3), dim_of(2)};
    for (int rank = 0; rank <= 3; rank++)
        r.pool[r.count++] = graph_add_input(r.g, arena_format(a, "x%d", rank),
                                            type_make(CN_F32, rank, dims), INPUT_DATA, false);
    r.pool[r.count++] =
        graph_add_input(r.g, "w", type_make(CN_F32, 2, dims + 1), INPUT_STATE, true);
    add_constants(&r);
    for (int i = 8 + pick(&r, 24); i > 0; i--) {
        value v = random_step(&r);
        if (value_is_none(v))
            diag_clear(arena_diagnostics(a));
        else
            r.pool[r.count++] = v;
    }
    for (int i = 0; i < 8 && i < r.count; i++)
        graph_add_output(r.g, r.pool[r.count - 1 - i], arena_format(a, "y%d", i), -1);
    return r.g;
}

/* Adds up the outputs to a loss and differentiates it by all inputs. */
static inline graph *with_gradients(graph *g) {
    value loss = build_constant(g, CN_F32, 0), wrt[8], gradients[8];
    for (uint32_t i = 0; i < g->outputs.count; i++) {
        value y = g->outputs.items[i].value;
        integer_list all = {.count = value_type(g, y)->rank};
        for (int axis = 0; axis < all.count; axis++)
            all.items[axis] = axis;
        loss = build_add(g, loss, build_sum(g, y, all.count, all.items));
    }
    uint32_t count = g->inputs.count;
    for (uint32_t i = 0; i < count; i++)
        wrt[i] = g->inputs.items[i].value;
    build_gradient(g, loss, wrt, (int)count, gradients);
    for (uint32_t i = 0; i < count; i++)
        graph_add_output(g, gradients[i], arena_format(g->arena, "gradient %u", i), -1);
    return g;
}

#endif
