/* Objects, logs and monitors that all callbacks stand on. */
#include "frontend/callback.h"

#include "small_model.h"

static void logs_stay_sorted(void **state) {
    workspace *w = *state;
    cn_logs logs = {0};
    log_put(&logs, w->arena, "loss", 1);
    log_put(&logs, w->arena, "accuracy", 2);
    log_put(&logs, w->arena, "val_loss", 3);
    log_put(&logs, w->arena, "learning_rate", 4);
    log_put(&logs, w->arena, "loss", 5); /* in place of the old one */
    static const char *const names[] = {"accuracy", "learning_rate", "loss", "val_loss"};
    static const double values[] = {2, 4, 5, 3};
    assert_int_equal(logs.count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(logs.names[i], names[i]);
        assert_true(logs.values[i] == values[i]);
    }
    assert_true(cn_logs_get(&logs, "loss") == 5);
    assert_true(isnan(cn_logs_get(&logs, "los")));
    assert_true(isnan(cn_logs_get(NULL, "loss")));
}

static cn_monitor_mode settled(cn_model *m, const char *name) {
    monitor w = monitor_make(m->context, "Test", name, CN_MODE_AUTO, 0);
    return monitor_settle(&w, m) ? w.mode : CN_MODE_AUTO;
}

static void directions_come_from_the_metrics(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    assert_int_equal(cn_compile(s.m, .loss = CN_SPARSE_CATEGORICAL_CROSSENTROPY,
                                .metrics = {CN_ACCURACY, CN_METRIC_MEAN}),
                     CN_OK);
    assert_int_equal(settled(s.m, NULL), CN_MODE_MIN); /* val_loss */
    assert_int_equal(settled(s.m, "loss"), CN_MODE_MIN);
    assert_int_equal(settled(s.m, "garment_loss"), CN_MODE_MIN);
    assert_int_equal(settled(s.m, "val_accuracy"), CN_MODE_MAX);
    assert_int_equal(settled(s.m, "val_garment_accuracy"), CN_MODE_MAX);
    assert_int_equal(settled(s.m, "mean"), CN_MODE_AUTO); /* of the output: who knows */
    must_fail(&s, cn_error_status(s.c), CN_ERROR_INVALID_ARGUMENT, "Test watches \"mean\"");
    close_small(&s);
}

static void improvements_are_by_more_than_delta(void **state) {
    (void)state;
    monitor low = {.mode = CN_MODE_MIN, .min_delta = 0.5}, high = {.mode = CN_MODE_MAX};
    assert_true(monitor_improves(&low, 1, 2));
    assert_false(monitor_improves(&low, 1.5, 2));
    assert_true(monitor_improves(&high, 2, 1.9));
    assert_false(monitor_improves(&high, 2, 2));
    assert_false(monitor_improves(&low, (double)NAN, 2));
    assert_false(monitor_improves(&high, (double)NAN, 2));
}

static void callbacks_of_others_are_refused(void **state) {
    (void)state;
    small s, other;
    open_small(&s, (cn_context_options){.quiet = true});
    open_small(&other, (cn_context_options){.quiet = true});
    cn_callback_functions nothing = {0};
    cn_callback *foreign = cn_callback_new(other.c, &nothing);
    must_fail(&s, cn_fit(s.m, s.data, .callbacks = {foreign}), CN_ERROR_INVALID_ARGUMENT,
              "callback 0 is of another context");
    cn_callback_new(s.c, NULL);
    must_fail(&s, cn_error_status(s.c), CN_ERROR_INVALID_ARGUMENT, "functions are missing");
    assert_non_null(cn_callback_new(NULL, &nothing)); /* poison, never NULL */
    must_fail(&s, cn_fit(s.m, s.data, .callbacks = {cn_callback_new(NULL, &nothing)}),
              CN_ERROR_INVALID_ARGUMENT, "could not be made");
    must_work(&s);
    close_small(&other);
    close_small(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {WITH_WORKSPACE(logs_stay_sorted),
                                       cmocka_unit_test(directions_come_from_the_metrics),
                                       cmocka_unit_test(improvements_are_by_more_than_delta),
                                       cmocka_unit_test(callbacks_of_others_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
