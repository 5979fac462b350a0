/* Arrays against types: what fits, and the words when it does not. */
#include "test.h"

#include "frontend/frontend.h"

static float numbers[24];

static bool fits(workspace *w, cn_array x, int64_t *batch) {
    type t = type_make(CN_F32, 3, (const dim[]){dim_batch(1), dim_of(2), dim_batch(3)});
    return array_fits(w->arena, &w->diagnostics, &x, &t, batch, "input", 0);
}

static void the_first_batch_counts(void **state) {
    workspace *w = *state;
    int64_t batch = -1;
    assert_true(fits(w, (cn_array){.data = numbers, .shape = {2, 2, 6}}, &batch));
    assert_int_equal(batch, 2);
    assert_true(fits(w, (cn_array){.data = numbers, .rank = 3, .shape = {2, 2, 6}}, &batch));
    assert_false(fits(w, (cn_array){.data = numbers, .shape = {1, 2, 3}}, &batch));
}

/* A batch of none is a batch: another array cannot make it larger. */
static void none_is_a_batch(void **state) {
    workspace *w = *state;
    int64_t batch = -1;
    assert_true(fits(w, (cn_array){.data = numbers, .rank = 3, .shape = {0, 2, 0}}, &batch));
    assert_int_equal(batch, 0);
    assert_false(fits(w, (cn_array){.data = numbers, .shape = {2, 2, 6}}, &batch));
}

static void what_does_not_fit_is_described(void **state) {
    workspace *w = *state;
    static const struct {
        cn_array x;
        const char *words;
    } cases[] = {
        {{.data = numbers, .shape = {2, 2, 5}}, "input 0 is f32[2,2,5]; wanted f32[B,2,3*B]"},
        {{.data = numbers, .shape = {2, 2}}, "input 0 is f32[2,2]"},
        {{.data = numbers, .dtype = CN_I32, .shape = {2, 2, 6}}, "input 0 is i32[2,2,6]"},
        {{.data = numbers, .rank = 3, .shape = {-2, 2, -6}}, "input 0 is f32[-2,2,-6]"},
        {{.data = numbers, .rank = 1 << 30, .shape = {2, 2, 6}}, "input 0 is of rank 1073741824"},
        {{.data = numbers, .dtype = (cn_dtype)77, .shape = {2, 2, 6}}, "input 0 is unknown"},
        {{.shape = {2, 2, 6}}, "input 0 is missing"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t batch = -1;
        assert_false(fits(w, cases[i].x, &batch));
        if (strstr(w->diagnostics.message, cases[i].words) == NULL)
            fail_msg("wanted ...%s..., got %s", cases[i].words, w->diagnostics.message);
        assert_int_equal(w->diagnostics.status, CN_ERROR_DATA);
        diag_clear(&w->diagnostics);
    }
}

static void ranks_end_at_the_first_zero(void **state) {
    (void)state;
    assert_int_equal(array_rank(&(cn_array){.shape = {3, 4}}), 2);
    assert_int_equal(array_rank(&(cn_array){.shape = {1, 1, 1, 1, 1, 1, 1, 1}}), CN_MAX_RANK);
    assert_int_equal(array_rank(&(cn_array){.rank = 3, .shape = {3, 0, 4}}), 3);
    assert_int_equal(array_rank(&(cn_array){.rank = 0}), 0);
}

static void an_empty_variable_of_the_environment_is_none(void **state) {
    (void)state;
    setenv("CORNU_TEST_TEXT", "", 1);
    assert_null(environment_text("CORNU_TEST_TEXT"));
    setenv("CORNU_TEST_TEXT", "words", 1);
    assert_string_equal(environment_text("CORNU_TEST_TEXT"), "words");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(the_first_batch_counts),
        WITH_WORKSPACE(none_is_a_batch),
        WITH_WORKSPACE(what_does_not_fit_is_described),
        WITH_WORKSPACE(ranks_end_at_the_first_zero),
        WITH_WORKSPACE(an_empty_variable_of_the_environment_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
