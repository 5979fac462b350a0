/* ReduceLROnPlateau and LearningRateScheduler set Keras' rates, epoch by epoch. */
#include "golden_callbacks.h"
#include "small_model.h"

static void same_rate(const driven *d, const char *what, size_t epoch, double got) {
    double want = json_number_value(json_array_get(json_object_get(d->json, what), epoch));
    if (fabs(got - want) > 1e-7 * fabs(want))
        fail_msg("%s: %s[%zu] is %.9g, Keras' is %.9g", d->name, what, epoch, got, want);
}

static void drive(driven *d) {
    size_t count = golden_epoch_count(d);
    golden_begin(d);
    for (size_t e = 0; e < count; e++) {
        double before = cn_learning_rate(d->optimizer);
        golden_epoch(d, (int64_t)e);
        bool scheduled = strcmp(d->callback->kind, "LearningRateScheduler") == 0;
        same_rate(d, "learning_rates", e, scheduled ? cn_learning_rate(d->optimizer) : before);
        same_rate(d, "logged", e, cn_logs_get(&d->seen, "learning_rate"));
    }
    same_rate(d, "learning_rates", count, cn_learning_rate(d->optimizer));
}

static void run_plateau(driven *d) {
    const json_t *o = d->config;
    d->callback = cn_reduce_lr_on_plateau(
        d->c, golden_monitor(o), golden_number(o, "factor", 0),
        .patience = json_object_get(o, "patience") == NULL  ? 0
                    : golden_integer(o, "patience", 0) == 0 ? CN_ZERO
                                                            : golden_integer(o, "patience", 0),
        .min_delta = golden_option(o, "min_delta"), .cooldown = golden_integer(o, "cooldown", 0),
        .min_lr = cn_exact(golden_number(o, "min_lr", 0)), .mode = golden_mode(o));
    drive(d);
}

static double halve_each(int64_t epoch, double rate, void *user) {
    (void)epoch;
    (void)user;
    return rate * 0.5;
}
static double fixed(int64_t epoch, double rate, void *user) {
    (void)epoch;
    (void)rate;
    (void)user;
    return 0.125;
}
static double late(int64_t epoch, double rate, void *user) {
    (void)user;
    return epoch < 3 ? rate : rate * 0.25;
}
static double by_epoch(int64_t epoch, double rate, void *user) {
    (void)rate;
    (void)user;
    return 1.0 / (1 + (double)epoch);
}

static void run_scheduler(driven *d) {
    static const struct {
        const char *name;
        double (*schedule)(int64_t epoch, double rate, void *user);
    } rows[] = {
        {"halve_each", halve_each}, {"fixed", fixed}, {"late", late}, {"by_epoch", by_epoch}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strstr(d->name, rows[i].name) != NULL)
            d->callback = cn_learning_rate_scheduler(d->c, rows[i].schedule, NULL);
    assert_non_null(d->callback);
    drive(d);
}

static void plateaus_are_keras_plateaus(void **state) {
    (void)state;
    golden_callbacks("ReduceLROnPlateau", run_plateau, 10);
}

static void schedules_are_keras_schedules(void **state) {
    (void)state;
    golden_callbacks("LearningRateScheduler", run_scheduler, 4);
}

static double negative(int64_t epoch, double rate, void *user) {
    (void)rate;
    (void)user;
    return epoch == 1 ? -1 : 0.01;
}

static void rates_that_are_none_end_fit(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    must_fail(&s,
              cn_fit(s.m, s.data, .epochs = 3,
                     .callbacks = {cn_learning_rate_scheduler(s.c, negative, NULL)}),
              CN_ERROR_INVALID_ARGUMENT, "LearningRateScheduler at epoch 1: ");
    assert_int_equal(cn_model_history(s.m)->epoch_count, 1);
    assert_true(fabs(cn_history_get(cn_model_history(s.m), "learning_rate", 0) - 0.01) < 1e-7);
    close_small(&s);
}

static void a_schedule_of_the_optimizer_cannot_be_moved(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    cn_optimizer *o = cn_sgd(s.c, .schedule = cn_exponential_decay(s.c, 0.1, 10, 0.5, false));
    assert_int_equal(cn_compile(s.m, o, CN_SPARSE_CATEGORICAL_CROSSENTROPY), CN_OK);
    must_fail(&s, cn_fit(s.m, s.data, .callbacks = {cn_learning_rate_scheduler(s.c, fixed, NULL)}),
              CN_ERROR_INVALID_ARGUMENT, "follows a schedule");
    close_small(&s);
}

static void wrong_options_are_refused(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    cn_reduce_lr_on_plateau(s.c, .factor = 1);
    must_fail(&s, cn_error_status(s.c), CN_ERROR_INVALID_ARGUMENT, ".factor is 1");
    cn_reduce_lr_on_plateau(s.c, .min_lr = -1);
    must_fail(&s, cn_error_status(s.c), CN_ERROR_INVALID_ARGUMENT, "not negative");
    cn_learning_rate_scheduler(s.c, NULL, NULL);
    must_fail(&s, cn_error_status(s.c), CN_ERROR_INVALID_ARGUMENT, "schedule is missing");
    close_small(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plateaus_are_keras_plateaus),
        cmocka_unit_test(schedules_are_keras_schedules),
        cmocka_unit_test(rates_that_are_none_end_fit),
        cmocka_unit_test(a_schedule_of_the_optimizer_cannot_be_moved),
        cmocka_unit_test(wrong_options_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
