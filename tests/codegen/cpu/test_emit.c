/* Emitted kernels against the loop interpreter: maps, folds over rows and columns, split folds,
 * row groups with local buffers, plain contractions; equal bits at every level. */
#include "tests/codegen/cpu/kernels.h"

/* out[b,i,j] = max(in[b,i,j] + bias[j], 0): all axes but the bias' join. */
static void map_adds_a_bias(void **state) {
    bench b = bench_open(*state, "bias_relu", 5);
    int x = BUFFER(&b, BUFFER_IN, CN_F32, dim_batch(1), dim_of(7), dim_of(33));
    int bias = BUFFER(&b, BUFFER_IN, CN_F32, dim_of(33));
    int out = BUFFER(&b, BUFFER_OUT, CN_F32, dim_batch(1), dim_of(7), dim_of(33));
    loop_variable *n = axis(&b, "n", dim_batch(1)), *i = axis(&b, "i", dim_of(7)),
                  *j = axis(&b, "j", dim_of(33));
    stmt_list *body = loop(&b, loop(&b, loop(&b, &b.k->body, n, true), i, true), j, true);
    const expr *t = let(&b, body, "t",
                        op2(&b, SCALAR_ADD, LOAD(&b, x, of(&b, n), of(&b, i), of(&b, j)),
                            LOAD(&b, bias, of(&b, j))));
    STORE(&b, body, out, op2(&b, SCALAR_MAX, t, real(&b, 0)), of(&b, n), of(&b, i), of(&b, j));
    check_kernel(&b, 1e-6);
}

/* Everything joins into one loop; a transcendental. */
static void map_is_one_loop(void **state) {
    bench b = bench_open(*state, "tanh", 300);
    int x = BUFFER(&b, BUFFER_IN, CN_F32, dim_batch(1), dim_of(9), dim_of(11));
    int out = BUFFER(&b, BUFFER_OUT, CN_F32, dim_batch(1), dim_of(9), dim_of(11));
    loop_variable *n = axis(&b, "n", dim_batch(1)), *i = axis(&b, "i", dim_of(9)),
                  *j = axis(&b, "j", dim_of(11));
    stmt_list *body = loop(&b, loop(&b, loop(&b, &b.k->body, n, true), i, true), j, true);
    STORE(&b, body, out, op1(&b, SCALAR_TANH, LOAD(&b, x, of(&b, n), of(&b, i), of(&b, j))),
          of(&b, n), of(&b, i), of(&b, j));
    check_kernel(&b, 1e-6);
    assert_non_null(strstr(b.text, " = begin * "));
}

/* out[j,i] = in[i,j] * i */
static void map_transposes(void **state) {
    bench b = bench_open(*state, "transpose", 21);
    int x = BUFFER(&b, BUFFER_IN, CN_F32, dim_batch(1), dim_of(13));
    int out = BUFFER(&b, BUFFER_OUT, CN_F32, dim_of(13), dim_batch(1));
    loop_variable *i = axis(&b, "i", dim_batch(1)), *j = axis(&b, "j", dim_of(13));
    stmt_list *body = loop(&b, loop(&b, &b.k->body, j, true), i, true);
    const expr *index = of(&b, i);
    const expr *scale = expr_scalar(b.w->arena, SCALAR_CAST, CN_F32, &index, 1);
    STORE(&b, body, out, op2(&b, SCALAR_MUL, LOAD(&b, x, of(&b, i), of(&b, j)), scale), of(&b, j),
          of(&b, i));
    check_kernel(&b, 1e-6);
}

/* Softmax of rows: two folds, a local row, a map. */
static void row_softmax(bench *b, dim columns) {
    int x = BUFFER(b, BUFFER_IN, CN_F32, dim_batch(1), columns);
    int out = BUFFER(b, BUFFER_OUT, CN_F32, dim_batch(1), columns);
    int row = BUFFER(b, BUFFER_LOCAL, CN_F32, columns);
    loop_variable *n = axis(b, "n", dim_batch(1)), *i = axis(b, "i", columns);
    loop_variable *j = axis(b, "j", columns), *k = axis(b, "k", columns),
                  *l = axis(b, "l", columns);
    stmt_list *body = loop(b, &b->k->body, n, true);
    stmt *top = fold(b, body, FOLD_MAX, "top", LOAD(b, x, of(b, n), of(b, i)));
    over(b, top, i);
    stmt_list *powers = loop(b, body, j, true);
    const expr *shifted = op2(b, SCALAR_SUB, LOAD(b, x, of(b, n), of(b, j)), of(b, top->variable));
    STORE(b, powers, row, op1(b, SCALAR_EXP, shifted), of(b, j));
    stmt *sum = fold(b, body, FOLD_SUM, "sum", LOAD(b, row, of(b, k)));
    over(b, sum, k);
    stmt_list *quotients = loop(b, body, l, true);
    STORE(b, quotients, out, op2(b, SCALAR_DIV, LOAD(b, row, of(b, l)), of(b, sum->variable)),
          of(b, n), of(b, l));
    check_kernel(b, 1e-6);
}

static void rows_of_ten(void **state) {
    bench b = bench_open(*state, "softmax_10", 9);
    row_softmax(&b, dim_of(10));
}

static void rows_of_a_hundred(void **state) {
    bench b = bench_open(*state, "softmax_100", 6);
    row_softmax(&b, dim_of(100));
}

static void rows_of_many_blocks(void **state) {
    bench b = bench_open(*state, "softmax_5000", 3);
    row_softmax(&b, dim_of(5000));
}

/* out[j] = sum over n, i of f(in[n,i,j]); with a computed element. */
static void column_sum(bench *b, dim rows, dim columns, scalar_op op, fold_kind kind,
                       double tolerance) {
    int x = BUFFER(b, BUFFER_IN, CN_F32, dim_batch(1), rows, columns);
    int out = BUFFER(b, BUFFER_OUT, CN_F32, columns);
    loop_variable *n = axis(b, "n", dim_batch(1)), *i = axis(b, "i", rows),
                  *j = axis(b, "j", columns);
    stmt_list *body = loop(b, &b->k->body, j, true);
    const expr *element = LOAD(b, x, of(b, n), of(b, i), of(b, j));
    if (op != SCALAR_COUNT)
        element = op1(b, op, element);
    stmt *sum = fold(b, body, kind, "sum", element);
    over(b, sum, n);
    over(b, sum, i);
    STORE(b, body, out, op2(b, SCALAR_MUL, of(b, sum->variable), real(b, 0.5)), of(b, j));
    check_kernel(b, tolerance);
}

static void columns_are_few(void **state) {
    bench b = bench_open(*state, "columns_5", 8);
    column_sum(&b, dim_of(3), dim_of(5), SCALAR_COUNT, FOLD_SUM, 1e-5);
}

static void columns_are_many(void **state) {
    bench b = bench_open(*state, "columns_600", 8);
    column_sum(&b, dim_of(3), dim_of(600), SCALAR_ABS, FOLD_MAX, 1e-5);
}

static void columns_are_split(void **state) {
    bench b = bench_open(*state, "columns_split", 17);
    column_sum(&b, dim_of(196), dim_of(32), SCALAR_COUNT, FOLD_SUM, 1e-4);
}

static void whole_sum_is_split(void **state) {
    bench b = bench_open(*state, "mean", 100);
    int x = BUFFER(&b, BUFFER_IN, CN_F32, dim_batch(1), dim_of(1000));
    int out = BUFFER(&b, BUFFER_OUT, CN_F32, dim_of(1));
    int squares = BUFFER(&b, BUFFER_OUT, CN_F32, dim_of(1));
    loop_variable *n = axis(&b, "n", dim_batch(1)), *i = axis(&b, "i", dim_of(1000));
    loop_variable *m = axis(&b, "m", dim_batch(1)), *j = axis(&b, "j", dim_of(1000));
    stmt *sum = fold(&b, &b.k->body, FOLD_SUM, "sum", LOAD(&b, x, of(&b, n), of(&b, i)));
    over(&b, sum, n);
    over(&b, sum, i);
    const expr *y = LOAD(&b, x, of(&b, m), of(&b, j));
    stmt *square = fold(&b, &b.k->body, FOLD_SUM, "square", op2(&b, SCALAR_MUL, y, y));
    over(&b, square, m);
    over(&b, square, j);
    STORE(&b, &b.k->body, out, of(&b, sum->variable), integer(&b, 0));
    STORE(&b, &b.k->body, squares, of(&b, square->variable), integer(&b, 0));
    check_kernel(&b, 1e-4);
}

/* out[n,i,c] = max over 3 taps of in[n,i+k,c] */
static void windows_take_columns(void **state) {
    bench b = bench_open(*state, "window", 4);
    int x = BUFFER(&b, BUFFER_IN, CN_F32, dim_batch(1), dim_of(10), dim_of(20));
    int out = BUFFER(&b, BUFFER_OUT, CN_F32, dim_batch(1), dim_of(8), dim_of(20));
    loop_variable *n = axis(&b, "n", dim_batch(1)), *i = axis(&b, "i", dim_of(8)),
                  *c = axis(&b, "c", dim_of(20));
    loop_variable *k = axis(&b, "k", dim_of(3));
    stmt_list *body = loop(&b, loop(&b, loop(&b, &b.k->body, n, true), i, true), c, true);
    const expr *scale = let(&b, body, "scale", LOAD(&b, x, of(&b, n), of(&b, i), of(&b, c)));
    const expr *at = op2(&b, SCALAR_ADD, of(&b, i), of(&b, k));
    stmt *top = fold(&b, body, FOLD_MAX, "top",
                     op2(&b, SCALAR_MUL, LOAD(&b, x, of(&b, n), at, of(&b, c)), scale));
    over(&b, top, k);
    STORE(&b, body, out, op2(&b, SCALAR_ADD, of(&b, top->variable), scale), of(&b, n), of(&b, i),
          of(&b, c));
    check_kernel(&b, 1e-6);
}

/* Windows over windows: out[n,i,c] = sum of what 2 maxima over 3 taps give, fewer at the end. */
static void windows_over_windows(void **state) {
    bench b = bench_open(*state, "windows_twice", 4);
    int x = BUFFER(&b, BUFFER_IN, CN_F32, dim_batch(1), dim_of(12), dim_of(20));
    int out = BUFFER(&b, BUFFER_OUT, CN_F32, dim_batch(1), dim_of(8), dim_of(20));
    loop_variable *n = axis(&b, "n", dim_batch(1)), *i = axis(&b, "i", dim_of(8)),
                  *c = axis(&b, "c", dim_of(20));
    loop_variable *w = axis(&b, "w", dim_of(2)), *k = axis(&b, "k", dim_of(3));
    stmt_list *body = loop(&b, loop(&b, loop(&b, &b.k->body, n, true), i, true), c, true);
    stmt *sum = fold(&b, body, FOLD_SUM, "sum", real(&b, 0));
    over(&b, sum, w);
    const expr *at = op2(&b, SCALAR_ADD, op2(&b, SCALAR_ADD, of(&b, i), of(&b, w)), of(&b, k));
    stmt *top = fold(&b, &sum->body, FOLD_MAX, "top", LOAD(&b, x, of(&b, n), at, of(&b, c)));
    over(&b, top, k);
    sum->value = of(&b, top->variable);
    STORE(&b, body, out, of(&b, sum->variable), of(&b, n), of(&b, i), of(&b, c));
    check_kernel(&b, 1e-6);
    assert_null(strstr(b.text, "top[")); /* kept in registers */
    assert_non_null(strstr(b.text, "UNROLL\n                for (i64 k"));
}

/* A short fold after a long one and before it: values of the columns outlive their loops. */
static void short_and_long_folds(void **state) {
    bench b = bench_open(*state, "short_long", 3);
    int x = BUFFER(&b, BUFFER_IN, CN_F32, dim_batch(1), dim_of(50), dim_of(300));
    int out = BUFFER(&b, BUFFER_OUT, CN_F32, dim_batch(1), dim_of(300));
    loop_variable *n = axis(&b, "n", dim_batch(1)), *c = axis(&b, "c", dim_of(300));
    loop_variable *k = axis(&b, "k", dim_of(3)), *m = axis(&b, "m", dim_of(50)),
                  *l = axis(&b, "l", dim_of(4));
    stmt_list *body = loop(&b, loop(&b, &b.k->body, n, true), c, true);
    stmt *top = fold(&b, body, FOLD_MAX, "top", LOAD(&b, x, of(&b, n), of(&b, k), of(&b, c)));
    over(&b, top, k);
    const expr *element = LOAD(&b, x, of(&b, n), of(&b, m), of(&b, c));
    stmt *sum =
        fold(&b, body, FOLD_SUM, "sum", op2(&b, SCALAR_MUL, element, of(&b, top->variable)));
    over(&b, sum, m);
    stmt *least = fold(&b, body, FOLD_MIN, "least", LOAD(&b, x, of(&b, n), of(&b, l), of(&b, c)));
    over(&b, least, l);
    STORE(&b, body, out,
          op2(&b, SCALAR_ADD, of(&b, sum->variable),
              op2(&b, SCALAR_MUL, of(&b, top->variable), of(&b, least->variable))),
          of(&b, n), of(&b, c));
    check_kernel(&b, 1e-5);
}

static void integers_fold_in_one_chain(void **state) {
    bench b = bench_open(*state, "count", 70);
    int x = BUFFER(&b, BUFFER_IN, CN_I32, dim_batch(1), dim_of(50));
    int out = BUFFER(&b, BUFFER_OUT, CN_I32, dim_batch(1));
    loop_variable *n = axis(&b, "n", dim_batch(1)), *i = axis(&b, "i", dim_of(50));
    stmt_list *body = loop(&b, &b.k->body, n, true);
    stmt *sum = fold(&b, body, FOLD_SUM, "sum", LOAD(&b, x, of(&b, n), of(&b, i)));
    over(&b, sum, i);
    STORE(&b, body, out, of(&b, sum->variable), of(&b, n));
    check_kernel(&b, 0);
}

/* Two updates that have nothing to do with each other are one launch. */
static void independent_nests_run_together(void **state) {
    bench b = bench_open(*state, "updates", 1);
    for (int64_t size = 1000; size < 40000; size *= 6) {
        int g = BUFFER(&b, BUFFER_IN, CN_F32, dim_of(size));
        int w = BUFFER(&b, BUFFER_IN_OUT, CN_F32, dim_of(size));
        loop_variable *i = axis(&b, "i", dim_of(size));
        stmt_list *body = loop(&b, &b.k->body, i, true);
        const expr *step = op2(&b, SCALAR_MUL, LOAD(&b, g, of(&b, i)), real(&b, 0.5));
        STORE(&b, body, w, op2(&b, SCALAR_SUB, LOAD(&b, w, of(&b, i)), step), of(&b, i));
    }
    check_kernel(&b, 1e-6);
    assert_int_equal(b.stage_count, 1);
}

/* What a later nest reads is finished before. */
static void dependent_nests_follow_each_other(void **state) {
    bench b = bench_open(*state, "chain", 1);
    int x = BUFFER(&b, BUFFER_IN, CN_F32, dim_of(5000));
    int y = BUFFER(&b, BUFFER_OUT, CN_F32, dim_of(5000));
    int z = BUFFER(&b, BUFFER_OUT, CN_F32, dim_of(5000));
    loop_variable *i = axis(&b, "i", dim_of(5000)), *j = axis(&b, "j", dim_of(5000));
    stmt_list *first = loop(&b, &b.k->body, i, true);
    STORE(&b, first, y, op1(&b, SCALAR_NEG, LOAD(&b, x, of(&b, i))), of(&b, i));
    stmt_list *second = loop(&b, &b.k->body, j, true);
    const expr *mirrored =
        expr_add(b.w->arena, integer(&b, 4999), expr_multiply(b.w->arena, of(&b, j), -1));
    STORE(&b, second, z, LOAD(&b, y, mirrored), of(&b, j));
    check_kernel(&b, 1e-6);
    assert_int_equal(b.stage_count, 2);
}

/* Each split fold has its own part of the workspace. */
static void two_splits_share_a_launch(void **state) {
    bench b = bench_open(*state, "two_means", 70);
    for (int k = 0; k < 2; k++) {
        int x = BUFFER(&b, BUFFER_IN, CN_F32, dim_batch(1), dim_of(400), dim_of(16));
        int out = BUFFER(&b, BUFFER_OUT, CN_F32, dim_of(16));
        loop_variable *n = axis(&b, "n", dim_batch(1)), *i = axis(&b, "i", dim_of(400));
        loop_variable *c = axis(&b, "c", dim_of(16));
        stmt_list *body = loop(&b, &b.k->body, c, true);
        stmt *sum = fold(&b, body, FOLD_SUM, "sum", LOAD(&b, x, of(&b, n), of(&b, i), of(&b, c)));
        over(&b, sum, n);
        over(&b, sum, i);
        STORE(&b, body, out, of(&b, sum->variable), of(&b, c));
    }
    check_kernel(&b, 1e-3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(map_adds_a_bias),
        WITH_WORKSPACE(map_is_one_loop),
        WITH_WORKSPACE(map_transposes),
        WITH_WORKSPACE(rows_of_ten),
        WITH_WORKSPACE(rows_of_a_hundred),
        WITH_WORKSPACE(rows_of_many_blocks),
        WITH_WORKSPACE(columns_are_few),
        WITH_WORKSPACE(columns_are_many),
        WITH_WORKSPACE(columns_are_split),
        WITH_WORKSPACE(whole_sum_is_split),
        WITH_WORKSPACE(windows_take_columns),
        WITH_WORKSPACE(windows_over_windows),
        WITH_WORKSPACE(short_and_long_folds),
        WITH_WORKSPACE(integers_fold_in_one_chain),
        WITH_WORKSPACE(independent_nests_run_together),
        WITH_WORKSPACE(dependent_nests_follow_each_other),
        WITH_WORKSPACE(two_splits_share_a_launch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
