/* Contexts: defaults, the sticky first failure, memory and its limit. */
#include "test.h"

#include "frontend/frontend.h"

static cn_context *context_with(cn_context_options options) {
    if (options.backend == NULL)
        options.backend = "ref";
    options.quiet = true;
    return cn_context_new(&options);
}

static void the_first_failure_is_kept_until_cleared(void **state) {
    (void)state;
    cn_context *c = context_with((cn_context_options){.seed = 1});
    assert_int_equal(cn_error_status(c), CN_OK);
    cn_dense(c, 0);
    cn_dropout(c, 7);
    assert_int_equal(cn_error_status(c), CN_ERROR_INVALID_ARGUMENT);
    assert_non_null(strstr(cn_error_message(c), "dense: .units is missing"));
    cn_error_clear(c);
    assert_int_equal(cn_error_status(c), CN_OK);
    assert_string_equal(cn_error_message(c), "");
    assert_true(cn_tensor_ok(cn_apply(cn_dense(c, 2), cn_input(c, {3}))));
    cn_context_free(c);
}

static void no_context_is_refused_everywhere(void **state) {
    (void)state;
    cn_context *c = NULL;
    cn_tensor x = cn_input(c, {3});
    cn_layer *layer = cn_dense(c, 3);
    cn_model *m = cn_model_new(c, .inputs = {x}, .outputs = {cn_chain(x, layer, cn_flatten(c))});
    assert_false(cn_tensor_ok(x));
    assert_int_not_equal(cn_compile(m, .loss = CN_MEAN_SQUARED_ERROR), CN_OK);
    assert_int_not_equal(cn_fit(m, NULL), CN_OK);
    assert_int_not_equal(cn_predict(m, NULL), CN_OK);
    assert_null(cn_function_new(c));
    assert_null(cn_updates_new(c));
    assert_null(cn_dataset_arrays(c));
    assert_null(cn_predictor_new(m, 1));
    assert_int_equal(cn_weight_count(m), 0);
    cn_model_free(m);
    cn_context_free(c);
    assert_int_equal(cn_error_status(c), CN_ERROR_OUT_OF_MEMORY);
}

static void a_backend_that_does_not_exist_is_never_replaced(void **state) {
    (void)state;
    cn_context *c = context_with((cn_context_options){.backend = "abacus"});
    assert_non_null(strstr(cn_error_message(c), "no backend \"abacus\""));
    cn_error_clear(c);
    cn_tensor x = cn_input(c, {2});
    assert_null(cn_function_new(c, .inputs = {x}, .outputs = {cn_op_square(x)}));
    assert_int_equal(cn_error_status(c), CN_ERROR_INVALID_ARGUMENT);
    cn_context_free(c);
}

/* Every limit from nothing to enough: a status, a message with sizes, a context that goes on. */
static void running_out_of_memory_is_told_at_every_size(void **state) {
    (void)state;
    static float features[16][4], sums[16];
    int refused = 0, worked = 0;
    for (size_t limit = 4096; worked < 3 && limit < (8 << 20); limit += limit / 16) {
        cn_context *c = context_with((cn_context_options){.memory_limit = limit});
        if (c == NULL)
            continue;
        cn_model *m = cn_sequential(c, {4}, {cn_dense(c, 8, CN_RELU), cn_dense(c, 1)});
        cn_status s = cn_compile(m, .loss = CN_MEAN_SQUARED_ERROR);
        cn_dataset *data = cn_dataset_arrays(c, .inputs = {{.data = features, .shape = {16, 4}}},
                                             .targets = {{.data = sums, .shape = {16, 1}}});
        if (s == CN_OK)
            s = cn_fit(m, data, .verbose = -1);
        assert_true(s == CN_OK || s == CN_ERROR_OUT_OF_MEMORY);
        assert_int_equal(s, cn_error_status(c));
        if (s != CN_OK)
            assert_non_null(strstr(cn_error_message(c), "in use"));
        refused += s != CN_OK;
        worked += s == CN_OK;
        assert_true(cn_memory_live(c) <= limit && cn_memory_peak(c) <= limit);
        cn_error_clear(c);
        cn_input(c, {3}); /* may fail again, and no worse */
        cn_context_free(c);
    }
    assert_true(refused > 10);
    assert_int_equal(worked, 3);
}

static void a_status_has_words(void **state) {
    (void)state;
    assert_string_equal(cn_status_text(CN_OK), "success");
    assert_string_equal(cn_status_text(CN_ERROR_BUSY), "the model is in use by another call");
    assert_string_equal(cn_status_text((cn_status)77), "an unknown status");
}

static void zero_can_be_meant(void **state) {
    (void)state;
    assert_true(option_number(0, 0.9) == 0.9);
    assert_true(option_number(cn_exact(0), 0.9) == 0);
    assert_true(option_number((double)CN_ZERO, 0.9) == 0);
    assert_true(option_number(cn_exact(0.25), 0.9) == 0.25);
    assert_int_equal(option_integer(0, 10), 10);
    assert_int_equal(option_integer(CN_ZERO, 10), 0);
    assert_int_equal(option_integer(-3, 10), -3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_failure_is_kept_until_cleared),
        cmocka_unit_test(no_context_is_refused_everywhere),
        cmocka_unit_test(a_backend_that_does_not_exist_is_never_replaced),
        cmocka_unit_test(running_out_of_memory_is_told_at_every_size),
        cmocka_unit_test(a_status_has_words),
        cmocka_unit_test(zero_can_be_meant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
