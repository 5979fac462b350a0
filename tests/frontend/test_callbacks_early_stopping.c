/* EarlyStopping decides as Keras' does, epoch by epoch, and restores the same weights. */
#include "golden_callbacks.h"
#include "small_model.h"

static void run_case(driven *d) {
    const json_t *o = d->config;
    d->callback =
        cn_early_stopping(d->c, golden_monitor(o), golden_integer(o, "patience", 0),
                          cn_exact(golden_number(o, "min_delta", 0)), golden_mode(o),
                          .baseline = golden_option(o, "baseline"),
                          .restore_best_weights = golden_bool(o, "restore_best_weights", false),
                          .start_from_epoch = golden_integer(o, "start_from_epoch", 0));
    int64_t last = -1;
    golden_begin(d);
    for (size_t e = 0; e < golden_epoch_count(d) && last < 0; e++) {
        golden_epoch(d, (int64_t)e);
        if (d->m->stop)
            last = (int64_t)e;
    }
    golden_end(d);
    if (last != golden_integer(d->json, "stops_after", -2))
        fail_msg("%s: stops after epoch %d", d->name, (int)last);
    if ((int64_t)*golden_weight(d) != golden_integer(d->json, "restored_epoch", -2))
        fail_msg("%s: has the weights of epoch %g", d->name, (double)*golden_weight(d));
}

static void decisions_are_keras_decisions(void **state) {
    (void)state;
    golden_callbacks("EarlyStopping", run_case, 20);
}

static void a_log_of_unknown_direction_needs_a_mode(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    must_fail(&s, cn_fit(s.m, s.data, .callbacks = {cn_early_stopping(s.c, "speed")}),
              CN_ERROR_INVALID_ARGUMENT, "give .mode = CN_MODE_MIN or CN_MODE_MAX");
    must_work(&s);
    close_small(&s);
}

static void a_missing_log_is_warned_of(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = false});
    assert_int_equal(
        cn_fit(s.m, s.data, .epochs = 2, .verbose = -1, .callbacks = {cn_early_stopping(s.c)}),
        CN_OK);
    assert_non_null(strstr(s.written, "warning: EarlyStopping watches \"val_loss\", which is not "
                                      "among the logs (accuracy, loss)"));
    close_small(&s);
}

static void it_says_what_it_does_when_asked(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = false});
    cn_callback *stop = cn_early_stopping(s.c, "accuracy", .min_delta = 2, .verbose = true,
                                          .restore_best_weights = true);
    assert_int_equal(cn_fit(s.m, s.data, .epochs = 9, .verbose = -1, .callbacks = {stop}), CN_OK);
    assert_string_equal(s.written, "Epoch 2: early stopping\n"
                                   "Restoring model weights from the end of the best epoch: 1.\n");
    close_small(&s);
}

/* Inside the second epoch: a sample becomes NaN, or the user stops. */
typedef struct breaker {
    bool stop;
    float kept[FEATURES * 4]; /* the first weight when the first epoch ended */
} breaker;

static void keep(cn_model *m, int64_t epoch, const cn_logs *logs, void *user) {
    breaker *b = user;
    (void)logs;
    if (epoch == 0)
        memcpy(b->kept, cn_weight(m, 0).data, sizeof b->kept);
}

static void break_second_epoch(cn_model *m, int64_t batch, void *user) {
    const breaker *b = user;
    if (m->epoch == 1 && batch == 1 && b->stop)
        cn_stop_training(m);
    else if (m->epoch == 1 && batch == 1)
        features[17][0] = (float)NAN;
}

/* Whether the weights are those of the best epoch after a fit that ends inside the next one. */
static bool restored_after(bool stop) {
    small s;
    breaker b = {.stop = stop};
    cn_callback_functions functions = {
        .epoch_end = keep, .batch_begin = break_second_epoch, .user = &b};
    open_small(&s, (cn_context_options){.quiet = true});
    assert_int_equal(
        cn_fit(s.m, s.data, .epochs = 3, .batch_size = 4, .order = CN_SEQUENTIAL, .verbose = -1,
               .callbacks = {cn_callback_new(s.c, &functions), cn_terminate_on_nan(s.c, false),
                             cn_early_stopping(s.c, "loss", .patience = 2,
                                               .restore_best_weights = true)}),
        CN_OK);
    assert_int_equal(s.m->epoch, 1);
    bool restored = memcmp(b.kept, cn_weight(s.m, 0).data, sizeof b.kept) == 0;
    close_small(&s);
    return restored;
}

static void what_may_go_on_is_left_and_what_diverged_is_restored(void **state) {
    (void)state;
    assert_true(restored_after(false));
    assert_false(restored_after(true));
}

static void wrong_options_are_refused(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    cn_callback *bad = cn_early_stopping(s.c, .patience = -1);
    must_fail(&s, CN_ERROR_INVALID_ARGUMENT, CN_ERROR_INVALID_ARGUMENT, "test_callbacks_early_sto");
    must_fail(&s, cn_fit(s.m, s.data, .callbacks = {bad}), CN_ERROR_INVALID_ARGUMENT,
              "callback 0 could not be made");
    close_small(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decisions_are_keras_decisions),
        cmocka_unit_test(a_log_of_unknown_direction_needs_a_mode),
        cmocka_unit_test(a_missing_log_is_warned_of),
        cmocka_unit_test(it_says_what_it_does_when_asked),
        cmocka_unit_test(what_may_go_on_is_left_and_what_diverged_is_restored),
        cmocka_unit_test(wrong_options_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
