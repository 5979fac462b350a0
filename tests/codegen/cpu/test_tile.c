/* Contractions on register tiles: matrix products in every orientation, windows, filters,
 * prologues and epilogues, sizes that are no multiple of anything. Equal bits at every level. */
#include "tests/codegen/cpu/kernels.h"

typedef enum orientation { PLAIN, TRANSPOSED } orientation;
typedef enum ending { STORE_ONLY, BIAS_RELU, UPDATE } ending;

static loop_contract *contract(bench *b) {
    stmt *s = push(b, &b->k->body, STMT_CONTRACT);
    s->contract = ARENA_NEW(b->w->arena, loop_contract);
    s->contract->accumulator = CN_F32;
    s->contract->result = variable(b, "sum", CN_F32);
    return s->contract;
}

static loop_variable *parallel(bench *b, loop_contract *c, const char *hint, dim extent) {
    loop_variable *v = axis(b, hint, extent);
    vec_push(b->w->arena, &c->parallel, v);
    return v;
}

static loop_variable *reduction(bench *b, loop_contract *c, const char *hint, dim extent) {
    loop_variable *v = axis(b, hint, extent);
    vec_push(b->w->arena, &c->reduction, v);
    return v;
}

/* out[m,n] = end(sum over k of left[m,k] * right[k,n]) */
static void check_product(workspace *w, dim m, dim k, dim n, orientation left, orientation right,
                          ending end, bool prologue, int64_t batch) {
    bench b = bench_open(w, "product", batch);
    int x =
        left == PLAIN ? BUFFER(&b, BUFFER_IN, CN_F32, m, k) : BUFFER(&b, BUFFER_IN, CN_F32, k, m);
    int y =
        right == PLAIN ? BUFFER(&b, BUFFER_IN, CN_F32, k, n) : BUFFER(&b, BUFFER_IN, CN_F32, n, k);
    int bias = BUFFER(&b, BUFFER_IN, CN_F32, n);
    int out = BUFFER(&b, end == UPDATE ? BUFFER_IN_OUT : BUFFER_OUT, CN_F32, m, n);
    loop_contract *c = contract(&b);
    loop_variable *i = parallel(&b, c, "i", m), *j = parallel(&b, c, "j", n),
                  *s = reduction(&b, c, "k", k);
    c->left = left == PLAIN ? LOAD(&b, x, of(&b, i), of(&b, s)) : LOAD(&b, x, of(&b, s), of(&b, i));
    c->right =
        right == PLAIN ? LOAD(&b, y, of(&b, s), of(&b, j)) : LOAD(&b, y, of(&b, j), of(&b, s));
    if (prologue) {
        c->left = op2(&b, SCALAR_MAX, c->left, real(&b, 0.25));
        c->right = op1(&b, SCALAR_NEG, c->right);
    }
    const expr *result = of(&b, c->result);
    if (end == BIAS_RELU)
        result = op2(&b, SCALAR_MAX, op2(&b, SCALAR_ADD, result, LOAD(&b, bias, of(&b, j))),
                     real(&b, 0));
    if (end == UPDATE)
        result = op2(&b, SCALAR_SUB, LOAD(&b, out, of(&b, i), of(&b, j)),
                     op2(&b, SCALAR_MUL, result, real(&b, 0.1)));
    STORE(&b, &c->epilogue, out, result, of(&b, i), of(&b, j));
    check_kernel(&b, 1e-4);
}

static void products_of_many_sizes(void **state) {
    static const int64_t sizes[][3] = {{32, 64, 32}, {33, 17, 48}, {7, 100, 10}, {1, 50, 40},
                                       {100, 3, 5},  {29, 8, 100}, {14, 1, 32}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        dim m = dim_of(sizes[i][0]), k = dim_of(sizes[i][1]), n = dim_of(sizes[i][2]);
        check_product(*state, m, k, n, PLAIN, PLAIN, i % 2 ? BIAS_RELU : STORE_ONLY, false, 1);
    }
}

static void product_of_a_batch(void **state) {
    check_product(*state, dim_batch(1), dim_of(40), dim_of(64), PLAIN, PLAIN, BIAS_RELU, false, 27);
    check_product(*state, dim_batch(1), dim_of(40), dim_of(10), PLAIN, PLAIN, BIAS_RELU, false, 3);
    check_product(*state, dim_batch(6), dim_of(20), dim_of(32), PLAIN, PLAIN, STORE_ONLY, false, 5);
}

static void product_of_few_columns(void **state) {
    check_product(*state, dim_batch(1), dim_of(40), dim_of(1), PLAIN, PLAIN, BIAS_RELU, false, 27);
    check_product(*state, dim_of(40), dim_batch(1), dim_of(1), TRANSPOSED, PLAIN, UPDATE, true, 27);
    check_product(*state, dim_of(1), dim_of(50), dim_of(70), PLAIN, TRANSPOSED, STORE_ONLY, false,
                  1);
    check_product(*state, dim_batch(1), dim_of(33), dim_of(3), PLAIN, TRANSPOSED, BIAS_RELU, false,
                  9);
}

static void product_over_the_batch(void **state) {
    check_product(*state, dim_of(37), dim_batch(1), dim_of(32), TRANSPOSED, PLAIN, UPDATE, false,
                  19);
    check_product(*state, dim_of(20), dim_batch(1), dim_of(10), TRANSPOSED, PLAIN, UPDATE, true,
                  19);
}

static void product_with_a_transpose(void **state) {
    check_product(*state, dim_batch(1), dim_of(32), dim_of(64), PLAIN, TRANSPOSED, STORE_ONLY,
                  false, 9);
    check_product(*state, dim_batch(1), dim_of(37), dim_of(41), PLAIN, TRANSPOSED, BIAS_RELU, false,
                  9);
    check_product(*state, dim_of(16), dim_of(21), dim_batch(1), TRANSPOSED, TRANSPOSED, STORE_ONLY,
                  false, 35);
}

static void product_with_prologues(void **state) {
    check_product(*state, dim_batch(1), dim_of(24), dim_of(64), PLAIN, PLAIN, BIAS_RELU, true, 30);
    check_product(*state, dim_batch(1), dim_of(24), dim_of(50), PLAIN, TRANSPOSED, STORE_ONLY, true,
                  5);
}

/* Many steps into few results: split into blocks. */
static void product_is_split(void **state) {
    check_product(*state, dim_of(24), dim_batch(196), dim_of(32), TRANSPOSED, PLAIN, UPDATE, false,
                  33);
    check_product(*state, dim_of(5), dim_batch(300), dim_of(20), TRANSPOSED, PLAIN, STORE_ONLY,
                  false, 40);
}

/* Large matrices are summed over in blocks, for any number of rows. */
static void product_with_a_large_matrix(void **state) {
    dim k = dim_of(520);
    check_product(*state, dim_batch(1), k, dim_of(64), PLAIN, PLAIN, BIAS_RELU, false, 29);
    check_product(*state, dim_batch(1), k, dim_of(70), PLAIN, PLAIN, STORE_ONLY, false, 1);
    check_product(*state, dim_batch(1), k, dim_of(64), PLAIN, TRANSPOSED, BIAS_RELU, true, 7);
    check_product(*state, dim_batch(1), k, dim_of(64), TRANSPOSED, PLAIN, STORE_ONLY, false, 7);
}

/* Two split sums in one kernel have functions of their own. */
static void two_products_are_split(void **state) {
    bench b = bench_open(*state, "two", 33);
    dim rows = dim_batch(196), n = dim_of(32);
    for (int which = 0; which < 2; which++) {
        dim m = dim_of(16 + 8 * which);
        int x = BUFFER(&b, BUFFER_IN, CN_F32, rows, m), y = BUFFER(&b, BUFFER_IN, CN_F32, rows, n);
        int out = BUFFER(&b, BUFFER_OUT, CN_F32, m, n);
        loop_contract *c = contract(&b);
        const expr *i = of(&b, parallel(&b, c, "i", m)), *j = of(&b, parallel(&b, c, "j", n));
        const expr *k = of(&b, reduction(&b, c, "k", rows));
        c->left = LOAD(&b, x, k, i);
        c->right = LOAD(&b, y, k, j);
        STORE(&b, &c->epilogue, out, of(&b, c->result), i, j);
    }
    check_kernel(&b, 1e-4);
}

/* A mask beside the result, as relu leaves one for its gradient; and its use. */
static void epilogue_stores_and_reads_masks(void **state) {
    bench b = bench_open(*state, "masks", 13);
    dim n = dim_of(48);
    int x = BUFFER(&b, BUFFER_IN, CN_F32, dim_batch(1), dim_of(20));
    int w = BUFFER(&b, BUFFER_IN, CN_F32, dim_of(20), n);
    int kept = BUFFER(&b, BUFFER_IN, CN_BOOL, dim_batch(1), n);
    int mask = BUFFER(&b, BUFFER_OUT, CN_BOOL, dim_batch(1), n);
    int out = BUFFER(&b, BUFFER_OUT, CN_F32, dim_batch(1), n);
    loop_contract *c = contract(&b);
    const expr *i = of(&b, parallel(&b, c, "i", dim_batch(1))),
               *j = of(&b, parallel(&b, c, "j", n));
    const expr *k = of(&b, reduction(&b, c, "k", dim_of(20)));
    c->left = LOAD(&b, x, i, k);
    c->right = LOAD(&b, w, k, j);
    const expr *sum = of(&b, c->result);
    const expr *positive = let(&b, &c->epilogue, "positive", op2(&b, SCALAR_GT, sum, real(&b, 0)));
    const expr *both = op2(&b, SCALAR_AND, positive, LOAD(&b, kept, i, j));
    const expr *arms[] = {both, sum, real(&b, 0)};
    STORE(&b, &c->epilogue, mask, positive, i, j);
    STORE(&b, &c->epilogue, out, expr_scalar(b.w->arena, SCALAR_SELECT, CN_F32, arms, 3), i, j);
    check_kernel(&b, 1e-4);
    assert_non_null(strstr(b.text, "_end("));
}

/* ---- convolutions -------------------------------------------------------------------------- */

typedef struct window {
    int64_t size, kernel, stride, low, high, dilation, in, out;
} window;

static int64_t positions(const window *c) {
    return (c->size + c->low + c->high - c->dilation * (c->kernel - 1) - 1) / c->stride + 1;
}

static const expr *plus(bench *b, const expr *x, int64_t k, const expr *y, int64_t l,
                        int64_t constant) {
    arena *a = b->w->arena;
    const expr *sum = expr_add(a, expr_multiply(a, x, k), expr_multiply(a, y, l));
    return expr_add(a, sum, integer(b, constant));
}

static const expr *within(bench *b, const expr *condition, const expr *x, int64_t extent) {
    const expr *low = op2(b, SCALAR_GE, x, integer(b, 0)),
               *high = op2(b, SCALAR_LT, x, integer(b, extent));
    const expr *both = op2(b, SCALAR_AND, low, high);
    return condition ? op2(b, SCALAR_AND, condition, both) : both;
}

typedef struct point {
    const expr *n, *h, *w, *kh, *kw, *ci, *co;
} point;

static const expr *padded(bench *b, int x, const window *c, const point *at, bool mask) {
    const expr *h = plus(b, at->h, c->stride, at->kh, c->dilation, -c->low);
    const expr *w = plus(b, at->w, c->stride, at->kw, c->dilation, -c->low);
    const expr *guard = within(b, within(b, NULL, h, c->size), w, c->size);
    const expr *index[] = {at->n, h, w, at->ci};
    const expr *element =
        expr_guarded_load(b->w->arena, &b->k->buffers.items[x], x, index, guard, real(b, 0));
    return mask ? op2(b, SCALAR_MAX, element, real(b, 0)) : element;
}

static void check_forward(workspace *w, window c, bool mask, int64_t batch) {
    bench b = bench_open(w, "conv", batch);
    dim size = dim_of(c.size), in = dim_of(c.in), out = dim_of(c.out), taps = dim_of(c.kernel),
        p = dim_of(positions(&c));
    int x = BUFFER(&b, BUFFER_IN, CN_F32, dim_batch(1), size, size, in);
    int f = BUFFER(&b, BUFFER_IN, CN_F32, taps, taps, in, out);
    int bias = BUFFER(&b, BUFFER_IN, CN_F32, out);
    int y = BUFFER(&b, BUFFER_OUT, CN_F32, dim_batch(1), p, p, out);
    loop_contract *t = contract(&b);
    point at = {.n = of(&b, parallel(&b, t, "n", dim_batch(1))),
                .h = of(&b, parallel(&b, t, "h", p)),
                .w = of(&b, parallel(&b, t, "w", p)),
                .co = of(&b, parallel(&b, t, "co", out)),
                .kh = of(&b, reduction(&b, t, "kh", taps)),
                .kw = of(&b, reduction(&b, t, "kw", taps)),
                .ci = of(&b, reduction(&b, t, "ci", in))};
    t->left = padded(&b, x, &c, &at, mask);
    t->right = LOAD(&b, f, at.kh, at.kw, at.ci, at.co);
    STORE(&b, &t->epilogue, y, op2(&b, SCALAR_ADD, of(&b, t->result), LOAD(&b, bias, at.co)), at.n,
          at.h, at.w, at.co);
    check_kernel(&b, 1e-4);
}

static void check_filter(workspace *w, window c, int64_t batch) {
    bench b = bench_open(w, "filter", batch);
    dim size = dim_of(c.size), in = dim_of(c.in), out = dim_of(c.out), taps = dim_of(c.kernel),
        p = dim_of(positions(&c));
    int x = BUFFER(&b, BUFFER_IN, CN_F32, dim_batch(1), size, size, in);
    int dy = BUFFER(&b, BUFFER_IN, CN_F32, dim_batch(1), p, p, out);
    int df = BUFFER(&b, BUFFER_OUT, CN_F32, taps, taps, in, out);
    loop_contract *t = contract(&b);
    point at = {.kh = of(&b, parallel(&b, t, "kh", taps)),
                .kw = of(&b, parallel(&b, t, "kw", taps)),
                .ci = of(&b, parallel(&b, t, "ci", in)),
                .co = of(&b, parallel(&b, t, "co", out)),
                .n = of(&b, reduction(&b, t, "n", dim_batch(1))),
                .h = of(&b, reduction(&b, t, "h", p)),
                .w = of(&b, reduction(&b, t, "w", p))};
    t->left = padded(&b, x, &c, &at, false);
    t->right = LOAD(&b, dy, at.n, at.h, at.w, at.co);
    STORE(&b, &t->epilogue, df, of(&b, t->result), at.kh, at.kw, at.ci, at.co);
    check_kernel(&b, 1e-3);
}

/* The position of the window whose element k is x, if there is one. */
static const expr *backwards(bench *b, const window *c, const expr *x, const expr *k,
                             const expr **guard) {
    const expr *at = plus(b, x, 1, k, -c->dilation, c->low), *stride = integer(b, c->stride);
    if (c->stride == 1) {
        *guard = within(b, *guard, at, positions(c));
        return at;
    }
    const expr *exact = op2(b, SCALAR_EQ, op2(b, SCALAR_REM, at, stride), integer(b, 0));
    const expr *high = op2(b, SCALAR_LT, op2(b, SCALAR_DIV, at, stride), integer(b, positions(c)));
    const expr *low = op2(b, SCALAR_GE, at, integer(b, 0));
    const expr *all = op2(b, SCALAR_AND, op2(b, SCALAR_AND, low, exact), high);
    *guard = *guard ? op2(b, SCALAR_AND, *guard, all) : all;
    return op2(b, SCALAR_DIV, at, stride);
}

/* dx[n,h,w,ci] = sum over kh, kw, co of dy[n, (h + low - kh) / stride, ...] * f[kh,kw,ci,co] */
static void check_data(workspace *w, window c, int64_t batch) {
    bench b = bench_open(w, "data", batch);
    dim size = dim_of(c.size), in = dim_of(c.in), out = dim_of(c.out), taps = dim_of(c.kernel),
        p = dim_of(positions(&c));
    int dy = BUFFER(&b, BUFFER_IN, CN_F32, dim_batch(1), p, p, out);
    int f = BUFFER(&b, BUFFER_IN, CN_F32, taps, taps, in, out);
    int dx = BUFFER(&b, BUFFER_OUT, CN_F32, dim_batch(1), size, size, in);
    loop_contract *t = contract(&b);
    point at = {.n = of(&b, parallel(&b, t, "n", dim_batch(1))),
                .h = of(&b, parallel(&b, t, "h", size)),
                .w = of(&b, parallel(&b, t, "w", size)),
                .ci = of(&b, parallel(&b, t, "ci", in)),
                .kh = of(&b, reduction(&b, t, "kh", taps)),
                .kw = of(&b, reduction(&b, t, "kw", taps)),
                .co = of(&b, reduction(&b, t, "co", out))};
    const expr *guard = NULL;
    const expr *h = backwards(&b, &c, at.h, at.kh, &guard),
               *v = backwards(&b, &c, at.w, at.kw, &guard);
    const expr *index[] = {at.n, h, v, at.co};
    t->left = expr_guarded_load(w->arena, &b.k->buffers.items[dy], dy, index, guard, real(&b, 0));
    t->right = LOAD(&b, f, at.kh, at.kw, at.ci, at.co);
    STORE(&b, &t->epilogue, dx, of(&b, t->result), at.n, at.h, at.w, at.ci);
    check_kernel(&b, 1e-4);
}

static const window same = {
    .size = 9, .kernel = 3, .stride = 1, .low = 1, .high = 1, .dilation = 1, .in = 5, .out = 32};
static const window strided = {
    .size = 11, .kernel = 3, .stride = 2, .low = 0, .high = 1, .dilation = 1, .in = 4, .out = 20};
static const window dilated = {
    .size = 12, .kernel = 3, .stride = 1, .low = 2, .high = 2, .dilation = 2, .in = 3, .out = 16};
static const window first_layer = {
    .size = 14, .kernel = 3, .stride = 1, .low = 1, .high = 1, .dilation = 1, .in = 1, .out = 32};
static const window small = {
    .size = 4, .kernel = 3, .stride = 1, .low = 1, .high = 1, .dilation = 1, .in = 8, .out = 48};
static const window pointwise = {
    .size = 6, .kernel = 1, .stride = 1, .dilation = 1, .in = 16, .out = 64};

static const window one_output = {
    .size = 10, .kernel = 3, .stride = 1, .low = 1, .high = 1, .dilation = 1, .in = 6, .out = 1};

static void conv_forward(void **state) {
    check_forward(*state, same, false, 3);
    check_forward(*state, strided, false, 2);
    check_forward(*state, dilated, true, 2);
    check_forward(*state, first_layer, false, 5);
    check_forward(*state, small, false, 3);
    check_forward(*state, pointwise, false, 3);
    check_forward(*state, one_output, true, 2);
}

static void conv_filter(void **state) {
    window thin = small;
    thin.in = 3;
    check_filter(*state, same, 27); /* just over one block of the reduction; so are those below */
    check_filter(*state, strided, 5);
    check_filter(*state, dilated, 3);
    check_filter(*state, first_layer, 21);
    check_filter(*state, thin, 130);
    check_filter(*state, pointwise, 59);
}

static void conv_data(void **state) {
    check_data(*state, same, 3);
    check_data(*state, dilated, 2);
    check_data(*state, small, 3);
    check_data(*state, pointwise, 2);
    check_data(*state, strided, 2);
    check_data(*state, first_layer, 2);
    check_data(*state, one_output, 2);
}

/* ---- without tiles -------------------------------------------------------------------------- */

/* out[n,i,c] = sum over k of x[n,i+k,c] * w[k,c]: channels belong to both operands. */
static void depthwise_runs_along_channels(void **state) {
    bench b = bench_open(*state, "depthwise", 3);
    int x = BUFFER(&b, BUFFER_IN, CN_F32, dim_batch(1), dim_of(9), dim_of(300));
    int w = BUFFER(&b, BUFFER_IN, CN_F32, dim_of(3), dim_of(300));
    int y = BUFFER(&b, BUFFER_OUT, CN_F32, dim_batch(1), dim_of(7), dim_of(300));
    loop_contract *t = contract(&b);
    const expr *n = of(&b, parallel(&b, t, "n", dim_batch(1)));
    const expr *i = of(&b, parallel(&b, t, "i", dim_of(7)));
    const expr *c = of(&b, parallel(&b, t, "c", dim_of(300)));
    const expr *k = of(&b, reduction(&b, t, "k", dim_of(3)));
    t->left = LOAD(&b, x, n, op2(&b, SCALAR_ADD, i, k), c);
    t->right = LOAD(&b, w, k, c);
    STORE(&b, &t->epilogue, y, of(&b, t->result), n, i, c);
    check_kernel(&b, 1e-5);
}

static void integers_multiply_in_one_chain(void **state) {
    bench b = bench_open(*state, "integers", 4);
    int x = BUFFER(&b, BUFFER_IN, CN_I32, dim_batch(1), dim_of(6));
    int w = BUFFER(&b, BUFFER_IN, CN_I32, dim_of(6), dim_of(5));
    int y = BUFFER(&b, BUFFER_OUT, CN_I32, dim_batch(1), dim_of(5));
    loop_contract *t = contract(&b);
    t->accumulator = CN_I32;
    t->result->dtype = CN_I32;
    const expr *i = of(&b, parallel(&b, t, "i", dim_batch(1)));
    const expr *j = of(&b, parallel(&b, t, "j", dim_of(5)));
    const expr *k = of(&b, reduction(&b, t, "k", dim_of(6)));
    t->left = LOAD(&b, x, i, k);
    t->right = LOAD(&b, w, k, j);
    STORE(&b, &t->epilogue, y, of(&b, t->result), i, j);
    check_kernel(&b, 0);
}

/* out[n,i,c] = sum over k, d of x[n, i+k-1, d] * w[k,d,c]: short rows of samples that a tile must
 * not mix, for each has a window of its own. */
static void short_rows_stay_in_their_sample(void **state) {
    bench b = bench_open(*state, "conv_1d", 5);
    int x = BUFFER(&b, BUFFER_IN, CN_F32, dim_batch(1), dim_of(5), dim_of(3));
    int w = BUFFER(&b, BUFFER_IN, CN_F32, dim_of(3), dim_of(3), dim_of(16));
    int y = BUFFER(&b, BUFFER_OUT, CN_F32, dim_batch(1), dim_of(5), dim_of(16));
    loop_contract *t = contract(&b);
    const expr *n = of(&b, parallel(&b, t, "n", dim_batch(1)));
    const expr *i = of(&b, parallel(&b, t, "i", dim_of(5)));
    const expr *c = of(&b, parallel(&b, t, "c", dim_of(16)));
    const expr *k = of(&b, reduction(&b, t, "k", dim_of(3)));
    const expr *d = of(&b, reduction(&b, t, "d", dim_of(3)));
    const expr *at = plus(&b, i, 1, k, 1, -1), *guard = within(&b, NULL, at, 5);
    const expr *index[] = {n, at, d};
    t->left = expr_guarded_load(b.w->arena, &b.k->buffers.items[x], x, index, guard, real(&b, 0));
    t->right = LOAD(&b, w, k, d, c);
    STORE(&b, &t->epilogue, y, of(&b, t->result), n, i, c);
    check_kernel(&b, 1e-5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(products_of_many_sizes),
        WITH_WORKSPACE(product_of_a_batch),
        WITH_WORKSPACE(product_of_few_columns),
        WITH_WORKSPACE(product_over_the_batch),
        WITH_WORKSPACE(product_with_a_transpose),
        WITH_WORKSPACE(product_with_prologues),
        WITH_WORKSPACE(product_is_split),
        WITH_WORKSPACE(two_products_are_split),
        WITH_WORKSPACE(product_with_a_large_matrix),
        WITH_WORKSPACE(epilogue_stores_and_reads_masks),
        WITH_WORKSPACE(conv_forward),
        WITH_WORKSPACE(conv_filter),
        WITH_WORKSPACE(conv_data),
        WITH_WORKSPACE(short_rows_stay_in_their_sample),
        WITH_WORKSPACE(depthwise_runs_along_channels),
        WITH_WORKSPACE(integers_multiply_in_one_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
