/* Words drawn ahead of loops are those of the interpreter, wherever a loop starts and ends. */
#include "tests/codegen/cpu/kernels.h"

typedef struct stream {
    int key, step;
} stream;

static stream take_stream(bench *b) {
    stream s;
    s.key = BUFFER(b, BUFFER_IN, CN_U32, dim_of(2));
    s.step = buffer(b, BUFFER_IN, CN_I64, 0, NULL);
    return s;
}

/* let key0, key1, word: the word of an element. */
static const expr *let_word(bench *b, stmt_list *body, stream s, const expr *element) {
    arena *a = b->w->arena;
    const expr *key0 = let(b, body, "key0", LOAD(b, s.key, integer(b, 0)));
    const expr *key1 = let(b, body, "key1", LOAD(b, s.key, integer(b, 1)));
    const expr *counter = expr_load(a, &b->k->buffers.items[s.step], s.step, NULL);
    const expr *draw[] = {key0, key1, element, counter, expr_integer(a, CN_U32, 77)};
    return let(b, body, "word", expr_scalar(a, SCALAR_RANDOM, CN_U32, draw, 5));
}

static void check_drawn_ahead(bench *b, double tolerance) {
    check_kernel(b, tolerance);
    assert_non_null(strstr(b->text, "cn_random_words(words"));
    assert_null(strstr(b->text, "cn_random_u32(key"));
}

/* out[n,i] = word >> 8, sums[n,i] = word + 8: rows start anywhere in a block of four. */
static void draw_words(bench *b, dim columns, int64_t gap) {
    const stream s = take_stream(b);
    int out = BUFFER(b, BUFFER_OUT, CN_U32, dim_batch(1), columns);
    int sums = BUFFER(b, BUFFER_OUT, CN_U32, dim_batch(1), columns);
    loop_variable *n = axis(b, "n", dim_batch(1)), *i = axis(b, "i", columns);
    stmt_list *body = loop(b, loop(b, &b->k->body, n, true), i, true);
    const expr *row = expr_multiply(b->w->arena, of(b, n), columns.count + gap);
    const expr *word = let_word(b, body, s, expr_add(b->w->arena, row, of(b, i)));
    const expr *eight = expr_integer(b->w->arena, CN_U32, 8);
    const expr *sum = let(b, body, "sum", op2(b, SCALAR_ADD, word, eight));
    STORE(b, body, out, op2(b, SCALAR_SHIFT_RIGHT, word, eight), of(b, n), of(b, i));
    STORE(b, body, sums, sum, of(b, n), of(b, i));
    check_drawn_ahead(b, 0);
}

static void short_rows(void **state) {
    bench b = bench_open(*state, "draw_11", 9);
    draw_words(&b, dim_of(11), 2);
}

static void long_rows(void **state) {
    bench b = bench_open(*state, "draw_1023", 5);
    draw_words(&b, dim_of(1023), 3);
}

static void rows_that_join(void **state) {
    bench b = bench_open(*state, "draw_joined", 700);
    draw_words(&b, dim_of(13), 0);
}

/* Elements that do not follow each other are drawn one by one. */
static void every_other_word(void **state) {
    bench b = bench_open(*state, "draw_strided", 9);
    const stream s = take_stream(&b);
    int out = BUFFER(&b, BUFFER_OUT, CN_U32, dim_batch(1));
    loop_variable *n = axis(&b, "n", dim_batch(1));
    stmt_list *body = loop(&b, &b.k->body, n, true);
    const expr *word = let_word(&b, body, s, expr_multiply(b.w->arena, of(&b, n), 2));
    STORE(&b, body, out, word, of(&b, n));
    check_kernel(&b, 0);
}

/* A contraction left[m,k] * right[k,n] whose result is still to be stored. */
static loop_contract *product(bench *b, int left, int right, loop_variable *i, loop_variable *j) {
    loop_contract *c = push(b, &b->k->body, STMT_CONTRACT)->contract =
        ARENA_NEW(b->w->arena, loop_contract);
    loop_variable *k = axis(b, "k", b->k->buffers.items[right].type.dims[0]);
    c->accumulator = CN_F32;
    c->result = variable(b, "sum", CN_F32);
    vec_push(b->w->arena, &c->parallel, i);
    vec_push(b->w->arena, &c->parallel, j);
    vec_push(b->w->arena, &c->reduction, k);
    c->left = LOAD(b, left, of(b, i), of(b, k));
    c->right = LOAD(b, right, of(b, k), of(b, j));
    return c;
}

/* out = word >= 2^31 ? 2 * (x times y) : 0, as in the gradient of dropout. */
static void drop_from_product(workspace *w, const char *name, int64_t columns) {
    bench b = bench_open(w, name, 19);
    dim m = dim_batch(1), k = dim_of(10), n = dim_of(columns);
    int x = BUFFER(&b, BUFFER_IN, CN_F32, m, k), y = BUFFER(&b, BUFFER_IN, CN_F32, k, n);
    const stream s = take_stream(&b);
    int out = BUFFER(&b, BUFFER_OUT, CN_F32, m, n);
    loop_variable *i = axis(&b, "i", m), *j = axis(&b, "j", n);
    loop_contract *c = product(&b, x, y, i, j);
    stmt_list *body = &c->epilogue;
    const expr *doubled = let(&b, body, "doubled", op2(&b, SCALAR_MUL, of(&b, c->result),
                                                       real(&b, 2)));
    const expr *row = expr_multiply(w->arena, of(&b, i), columns);
    const expr *word = let_word(&b, body, s, expr_add(w->arena, row, of(&b, j)));
    const expr *half = expr_integer(w->arena, CN_U32, 1ll << 31);
    const expr *kept = let(&b, body, "kept", op2(&b, SCALAR_GE, word, half));
    const expr *choice[] = {kept, doubled, real(&b, 0)};
    STORE(&b, body, out, expr_scalar(w->arena, SCALAR_SELECT, CN_F32, choice, 3), of(&b, i),
          of(&b, j));
    check_drawn_ahead(&b, 1e-5);
}

static void products_are_dropped(void **state) {
    drop_from_product(*state, "drop_96", 96);
    drop_from_product(*state, "drop_75", 75); /* panels that are not whole, rows at any offset */
    drop_from_product(*state, "drop_10", 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(short_rows),
        WITH_WORKSPACE(long_rows),
        WITH_WORKSPACE(rows_that_join),
        WITH_WORKSPACE(every_other_word),
        WITH_WORKSPACE(products_are_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
