/* Evaluation and steps on one batch: their logs, and what they leave alone. */
#include "small_model.h"

static cn_status on_batch(small *s, bool train, int64_t first, int64_t count) {
    cn_array x = {.data = features[first], .shape = {count, FEATURES}};
    cn_array y = {.data = labels + first, .dtype = CN_I32, .shape = {count}};
    return train ? cn_train_on_batch(s->m, .inputs = {x}, .targets = {y})
                 : cn_test_on_batch(s->m, .inputs = {x}, .targets = {y});
}

static double loss_of(const small *s) {
    return cn_logs_get(cn_model_logs(s->m), "loss");
}

static void evaluation_changes_no_weights(void **state) {
    (void)state;
    small s;
    char before[65], after[65];
    open_small(&s, (cn_context_options){.quiet = true});
    must_work(&s);
    cn_checksum(s.m, before);
    assert_int_equal(cn_evaluate(s.m, s.data, 5), CN_OK);
    assert_int_equal(cn_model_logs(s.m)->count, 2);
    assert_string_equal(cn_model_logs(s.m)->names[0], "accuracy");
    assert_true(loss_of(&s) > 0);
    cn_checksum(s.m, after);
    assert_string_equal(before, after);
    close_small(&s);
}

/* Batches are weighted by their size, so how data are cut does not matter. */
static void batches_weigh_by_their_size(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    assert_int_equal(cn_evaluate(s.m, s.data, SAMPLES), CN_OK);
    double whole = loss_of(&s);
    for (int64_t batch = 1; batch < 12; batch++) {
        assert_int_equal(cn_evaluate(s.m, s.data, batch), CN_OK);
        assert_true(fabs(loss_of(&s) - whole) < 1e-6);
    }
    close_small(&s);
}

static void a_step_on_a_batch_is_a_step_of_fit(void **state) {
    (void)state;
    small one, two;
    char a[65], b[65];
    open_small(&one, (cn_context_options){.quiet = true});
    open_small(&two, (cn_context_options){.quiet = true});
    assert_int_equal(cn_fit(one.m, one.data, .batch_size = 11, .order = CN_SEQUENTIAL), CN_OK);
    assert_int_equal(on_batch(&two, true, 0, 11), CN_OK);
    double first = loss_of(&two);
    assert_int_equal(on_batch(&two, true, 11, 11), CN_OK);
    cn_checksum(one.m, a);
    cn_checksum(two.m, b);
    assert_string_equal(a, b);
    double mean = (first + loss_of(&two)) / 2; /* each call's logs are of its batch alone */
    assert_true(fabs(cn_history_get(cn_model_history(one.m), "loss", 0) - mean) < 1e-12);
    close_small(&one);
    close_small(&two);
}

static void testing_a_batch_trains_nothing(void **state) {
    (void)state;
    small s;
    char before[65], after[65];
    open_small(&s, (cn_context_options){.quiet = true});
    cn_checksum(s.m, before);
    assert_int_equal(on_batch(&s, false, 3, 4), CN_OK);
    cn_checksum(s.m, after);
    assert_string_equal(before, after);
    close_small(&s);
}

static void weights_of_one_target_replace_those_of_all(void **state) {
    (void)state;
    small s;
    float ones[4] = {1, 1, 1, 1}, twos[4] = {2, 2, 2, 2};
    cn_array x = {.data = features, .shape = {4, FEATURES}};
    cn_array y = {.data = labels, .dtype = CN_I32, .shape = {4}};
    open_small(&s, (cn_context_options){.quiet = true});
    assert_int_equal(on_batch(&s, false, 0, 4), CN_OK);
    double loss = loss_of(&s);
    assert_int_equal(cn_test_on_batch(s.m, .inputs = {x}, .targets = {y},
                                      .sample_weight = {.data = ones, .shape = {4}},
                                      .sample_weights = {{.data = twos, .shape = {4}}}),
                     CN_OK);
    assert_true(fabs(loss_of(&s) - 2 * loss) < 1e-6);
    close_small(&s);
}

static void what_does_not_fit_is_refused(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    must_fail(&s, cn_evaluate(s.m, NULL), CN_ERROR_INVALID_ARGUMENT, "the data are missing");
    must_fail(&s, cn_evaluate(s.m, s.data, -1), CN_ERROR_INVALID_ARGUMENT, "negative");
    must_fail(&s, cn_train_on_batch(s.m), CN_ERROR_INVALID_ARGUMENT, ".inputs are missing");
    labels[3] = 9;
    must_fail(&s, on_batch(&s, true, 0, 8), CN_ERROR_DATA, "train_on_batch: the label of sample 3");
    must_fail(&s, on_batch(&s, false, 0, 8), CN_ERROR_DATA, "test_on_batch: the label of sample 3");
    fill_samples();
    cn_model *raw = cn_sequential(s.c, {FEATURES}, {cn_dense(s.c, 3)});
    must_fail(&s, cn_evaluate(raw, s.data), CN_ERROR_NOT_COMPILED, "call cn_compile first");
    assert_int_equal(cn_model_logs(raw)->count, 0);
    assert_int_equal(cn_model_logs(NULL)->count, 0);
    must_work(&s);
    close_small(&s);
}

static void progress_is_written(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = false});
    assert_int_equal(cn_evaluate(s.m, s.data, 11), CN_OK);
    assert_int_equal(strncmp(s.written, "2/2 ", 4), 0);
    assert_non_null(strstr(s.written, "/step - accuracy: "));
    close_small(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(evaluation_changes_no_weights),
                                       cmocka_unit_test(batches_weigh_by_their_size),
                                       cmocka_unit_test(a_step_on_a_batch_is_a_step_of_fit),
                                       cmocka_unit_test(testing_a_batch_trains_nothing),
        cmocka_unit_test(weights_of_one_target_replace_those_of_all),
                                       cmocka_unit_test(what_does_not_fit_is_refused),
                                       cmocka_unit_test(progress_is_written)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
