/* Leaves: their types, their elements, and the stream of random bits. */
#include "../tensors.h"
#include "base/philox.h"
#include "ir/build.h"

static tensor *result_of(workspace *w, const char *source, int64_t batch) {
    interpreter it = interpreter_for(w, batch);
    graph *g = must_parse(
        w, arena_format(w->arena, "cornu-ir 1 func @f() { %%1 = %s return %%1 }", source));
    return run_graph(w, &it, g, NULL)[0];
}

static void one_element_stands_for_all(void **state) {
    tensor *y = result_of(*state, "constant {value=[2.5]} : f32[B,3]", 2);
    assert_int_equal(y->count, 6);
    for (int i = 0; i < 6; i++)
        assert_true(y->items[i].f == 2.5);
    y = result_of(*state, "constant {value=[1,2,3]} : i8[3]", 2);
    for (int i = 0; i < 3; i++)
        assert_int_equal(y->items[i].i, i + 1);
}

static void iota_counts_along_its_axis(void **state) {
    tensor *rows = result_of(*state, "iota : f32[B,3]", 2);
    tensor *columns = result_of(*state, "iota {axis=1} : i32[B,3]", 2);
    for (int i = 0; i < 6; i++) {
        assert_true(rows->items[i].f == i / 3);
        assert_int_equal(columns->items[i].i, i % 3);
    }
}

static void dim_size_is_the_bound_dim(void **state) {
    assert_int_equal(result_of(*state, "dim_size {size=7*B} : i64[]", 3)->items[0].i, 21);
    assert_true(result_of(*state, "dim_size {size=5} : f32[]", 3)->items[0].f == 5);
}

static void random_bits_are_philox_of_the_element(void **state) {
    workspace *w = *state;
    interpreter it = interpreter_for(w, 2);
    graph *g = must_parse(w, "cornu-ir 1 func @f(%key: u32[2], %step: i64[]) {"
                             "%3 = rng_bits %key, %step {stream=9} : u32[B,5] return %3 }");
    tensor **in = filled_inputs(&it, g);
    in[0]->items[0].i = 0xdeadbeef;
    in[0]->items[1].i = 77;
    in[1]->items[0].i = (INT64_C(3) << 32) + 41; /* only the low half counts */
    tensor *y = run_graph(w, &it, g, in)[0];
    for (uint32_t i = 0; i < 10; i++) {
        uint32_t words[4];
        philox4x32((const uint32_t[]){i / 4, 0, 41, 9}, (const uint32_t[]){0xdeadbeef, 77}, words);
        assert_true(y->items[i].i == words[i % 4]);
    }
}

static void mistakes_are_named(void **state) {
    workspace *w = *state;
    static const struct {
        const char *node, *message;
    } cases[] = {
        {"constant {value=[1,2]} : f32[B]", "constant: f32[B] needs one element or B of them"},
        {"constant : f32[2]", "constant: f32[2] needs one element or 2 of them, got 0"},
        {"iota {axis=1} : f32[2]", "iota: f32[2] has no axis 1 to count along"},
        {"iota : bool[2]", "iota: counts in numbers, not in bool"},
        {"dim_size {size=B} : bool[]", "dim_size: a size is a number, not a bool"},
        {"dim_size {size=B} : f32[1]", "result 0 of dim_size is f32[]"},
        {"flag : bool[]", "flag: has no name"},
        {"rng_bits %step, %step : u32[2]", "rng_bits: the key is u32[2], got i32[]"},
        {"rng_bits %key, %step : u32[2]", "rng_bits: the step is u32[] or i64[], got i32[]"},
        {"rng_bits %key, %n {stream=-1} : u32[2]", "rng_bits: the stream -1 does not fit 32 bits"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        diag_clear(&w->diagnostics);
        const char *source = arena_format(
            w->arena,
            "cornu-ir 1 func @f(%%key: u32[2], %%step: i32[], %%n: i64[]) { %%4 = %s return }",
            cases[i].node);
        assert_null(graph_parse(w->arena, source, strlen(source)));
        if (strstr(w->diagnostics.message, cases[i].message) == NULL)
            fail_msg("wanted \"%s\", got \"%s\"", cases[i].message, w->diagnostics.message);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(one_element_stands_for_all),
        WITH_WORKSPACE(iota_counts_along_its_axis),
        WITH_WORKSPACE(dim_size_is_the_bound_dim),
        WITH_WORKSPACE(random_bits_are_philox_of_the_element),
        WITH_WORKSPACE(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
