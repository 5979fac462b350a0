/* TerminateOnNaN ends training at the batch whose loss is not finite. */
#include "small_model.h"

static int64_t batches;

static void count_batch(cn_model *m, int64_t batch, const cn_logs *logs, void *user) {
    (void)m;
    (void)logs;
    (void)user;
    batches = batch + 1;
}

static cn_callback *counter(cn_context *c) {
    batches = 0;
    return cn_callback_new(c, &(cn_callback_functions){.batch_end = count_batch});
}

static void training_ends_with_the_batch(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = false});
    features[9][0] = (float)NAN;
    cn_callback *end = cn_terminate_on_nan(s.c, false);
    assert_int_equal(cn_fit(s.m, s.data, .epochs = 3, .batch_size = 4, .order = CN_SEQUENTIAL,
                            .verbose = -1, .callbacks = {counter(s.c), end}),
                     CN_OK);
    assert_int_equal(batches, 3);
    assert_string_equal(s.written, "Batch 2: Invalid loss, terminating training\n");
    assert_int_equal(cn_model_history(s.m)->epoch_count, 1);
    assert_true(isnan(cn_history_get(cn_model_history(s.m), "loss", 0)));
    close_small(&s);
}

static void finite_losses_end_nothing(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    cn_callback *end = cn_terminate_on_nan(s.c, true);
    assert_int_equal(cn_fit(s.m, s.data, .epochs = 2, .callbacks = {end}), CN_OK);
    assert_int_equal(cn_model_history(s.m)->epoch_count, 2);
    close_small(&s);
}

static void it_can_fail_instead(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    features[21][2] = (float)NAN;
    must_fail(&s,
              cn_fit(s.m, s.data, .epochs = 3, .batch_size = 4, .order = CN_SEQUENTIAL,
                     .callbacks = {counter(s.c), cn_terminate_on_nan(s.c, true)}),
              CN_ERROR_NOT_FINITE, "not finite at batch 5");
    assert_int_equal(batches, 6);
    close_small(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(training_ends_with_the_batch),
                                       cmocka_unit_test(finite_losses_end_nothing),
                                       cmocka_unit_test(it_can_fail_instead)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
