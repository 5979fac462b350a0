/* Index arithmetic: every simplification keeps the value, for all values of the axes and B. */
#include "test.h"

#include "ir/loop_index.h"

enum { AXES = 4 };

typedef struct space {
    arena *arena;
    loop_variable axes[AXES];
    const expr *at[AXES];
    uint64_t seed;
} space;

static space new_space(workspace *w, uint64_t seed) {
    static const dim extents[AXES] = {{1, true}, {6, false}, {4, false}, {3, true}};
    space s = {.arena = w->arena, .seed = seed};
    for (int i = 0; i < AXES; i++)
        s.axes[i] = (loop_variable){
            .id = i, .hint = "i", .dtype = CN_I64, .is_axis = true, .extent = extents[i]};
    return s;
}

static void name_axes(space *s) {
    for (int i = 0; i < AXES; i++)
        s->at[i] = expr_variable(s->arena, &s->axes[i]);
}

static int draw(space *s, int limit) {
    s->seed = s->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int)((uint32_t)(s->seed >> 33) % (uint32_t)limit);
}

/* Plain evaluation, without any of the rules under test. */
static int64_t evaluate(const expr *x, const int64_t *at, int64_t batch) {
    if (x->kind == EXPR_CONSTANT)
        return x->integer;
    if (x->kind == EXPR_EXTENT)
        return dim_bind(x->extent, batch);
    if (x->kind == EXPR_VARIABLE)
        return at[x->variable->id];
    int64_t a = evaluate(x->arguments[0], at, batch);
    int64_t b = x->argument_count > 1 ? evaluate(x->arguments[1], at, batch) : 0;
    switch (x->scalar) {
    case SCALAR_ADD:
        return a + b;
    case SCALAR_SUB:
        return a - b;
    case SCALAR_MUL:
        return a * b;
    case SCALAR_DIV:
        return a / b;
    case SCALAR_REM:
        return a % b;
    case SCALAR_MAX:
        return a > b ? a : b;
    case SCALAR_MIN:
        return a < b ? a : b;
    case SCALAR_LT:
        return a < b;
    case SCALAR_LE:
        return a <= b;
    case SCALAR_GT:
        return a > b;
    case SCALAR_GE:
        return a >= b;
    case SCALAR_EQ:
        return a == b;
    case SCALAR_NE:
        return a != b;
    default:
        fail_msg("no such index operation");
        return 0;
    }
}

typedef struct pair {
    const expr *simple, *plain; /* the same value */
} pair;

static const expr *raw(space *s, scalar_op op, const expr *x, const expr *y, cn_dtype dtype) {
    expr *e = ARENA_NEW(s->arena, expr);
    *e = (expr){.kind = EXPR_SCALAR,
                .dtype = dtype,
                .scalar = op,
                .argument_count = 2,
                .arguments = {x, y}};
    return e;
}

static pair random_index(space *s, int depth) {
    if (depth == 0 || draw(s, 5) == 0) {
        const expr *leaf =
            draw(s, 4) == 0 ? expr_integer(s->arena, CN_I64, draw(s, 9) - 2) : s->at[draw(s, AXES)];
        return (pair){leaf, leaf};
    }
    static const scalar_op ops[] = {SCALAR_ADD, SCALAR_ADD, SCALAR_SUB, SCALAR_MUL,
                                    SCALAR_DIV, SCALAR_REM, SCALAR_MAX, SCALAR_MIN};
    scalar_op op = ops[draw(s, 8)];
    pair x = random_index(s, depth - 1), y = random_index(s, depth - 1);
    if (op == SCALAR_MUL || op == SCALAR_DIV || op == SCALAR_REM) {
        dim d = draw(s, 3) == 0 ? dim_batch(1 + draw(s, 3)) : dim_of(1 + draw(s, 6));
        y.simple = y.plain = expr_extent(s->arena, d);
    }
    const expr *both[] = {x.simple, y.simple};
    return (pair){expr_scalar(s->arena, op, CN_I64, both, 2), raw(s, op, x.plain, y.plain, CN_I64)};
}

static bool next_point(const space *s, int64_t *at, int64_t batch) {
    for (int i = 0; i < AXES; i++) {
        if (++at[i] < dim_bind(s->axes[i].extent, batch))
            return true;
        at[i] = 0;
    }
    return false;
}

static void check_range(range r, int64_t x, int64_t batch) {
    if (r.low.finite)
        assert_true(x >= r.low.constant + r.low.batch * batch);
    if (r.high.finite)
        assert_true(x <= r.high.constant + r.high.batch * batch);
}

static void check_pair(const space *s, pair p) {
    range r = expr_range(p.simple);
    for (int64_t batch = 1; batch <= 3; batch++) {
        int64_t at[AXES] = {0};
        do {
            int64_t x = evaluate(p.simple, at, batch);
            assert_int_equal(x, evaluate(p.plain, at, batch));
            check_range(r, x, batch);
        } while (next_point(s, at, batch));
    }
}

static void simplification_keeps_values_and_ranges(void **state) {
    workspace *w = *state;
    for (uint64_t seed = 1; seed <= 1500; seed++) {
        arena_mark mark = arena_get_mark(w->arena);
        space s = new_space(w, seed);
        name_axes(&s);
        check_pair(&s, random_index(&s, 4));
        arena_rewind(w->arena, mark);
    }
}

static void decided_comparisons_are_right(void **state) {
    workspace *w = *state;
    int decided = 0;
    for (uint64_t seed = 1; seed <= 600; seed++) {
        arena_mark mark = arena_get_mark(w->arena);
        space s = new_space(w, seed);
        name_axes(&s);
        pair x = random_index(&s, 2), y = random_index(&s, 1);
        scalar_op op = SCALAR_EQ + (scalar_op)draw(&s, 6);
        const expr *both[] = {x.simple, y.simple};
        pair p = {expr_scalar(w->arena, op, CN_BOOL, both, 2),
                  raw(&s, op, x.plain, y.plain, CN_BOOL)};
        decided += p.simple->kind == EXPR_CONSTANT;
        check_pair(&s, p);
        arena_rewind(w->arena, mark);
    }
    assert_true(decided > 50);
}

/* [B,6,4] viewed as [B,24], and back: the offset is a sum again. */
static void reshapes_cancel_in_offsets(void **state) {
    workspace *w = *state;
    space s = new_space(w, 1);
    loop_variable flat = {.id = 9, .dtype = CN_I64, .is_axis = true, .extent = dim_of(24)};
    name_axes(&s);
    const expr *k = expr_variable(w->arena, &flat);
    const expr *index[] = {s.at[0], expr_divide(w->arena, k, dim_of(4)),
                           expr_modulo(w->arena, k, dim_of(4))};
    type t = {.dtype = CN_F32, .rank = 3, .dims = {dim_batch(1), dim_of(6), dim_of(4)}};
    linear l;
    assert_true(linear_of(expr_offset(w->arena, &t, index), &l));
    assert_int_equal(l.count, 2);
    assert_true(dim_is(linear_coefficient(&l, &s.axes[0]), 24));
    assert_true(dim_is(linear_coefficient(&l, &flat), 1));
    assert_int_equal(l.constant, 0);
}

static void a_sum_has_one_spelling(void **state) {
    workspace *w = *state;
    space s = new_space(w, 1);
    name_axes(&s);
    const expr *x = expr_add(w->arena, expr_multiply(w->arena, s.at[1], 4), s.at[2]);
    const expr *y = expr_add(w->arena, s.at[2], expr_multiply(w->arena, s.at[1], 5));
    y = expr_add(w->arena, y, expr_multiply(w->arena, s.at[1], -1));
    assert_true(expr_equal(x, y));
    linear l;
    assert_true(linear_of(x, &l));
    assert_true(dim_is(linear_coefficient(&l, &s.axes[1]), 4));
    assert_true(dim_is(linear_coefficient(&l, &s.axes[0]), 0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(simplification_keeps_values_and_ranges),
        WITH_WORKSPACE(decided_comparisons_are_right),
        WITH_WORKSPACE(reshapes_cancel_in_offsets),
        WITH_WORKSPACE(a_sum_has_one_spelling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
