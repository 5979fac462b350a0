/* The history of a fit: one series per log, gaps where an epoch had none. */
#include "small_model.h"

#include "frontend/history.h"

static void append(cn_model *m, int64_t epoch, const char *const *names, const double *values,
                   size_t count) {
    history_append(m, epoch, &(cn_logs){count, names, values});
}

static void series_keep_step_with_epochs(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    static const char *const names[] = {"loss", "val_loss", "late"};
    assert_true(history_begin(s.m));
    append(s.m, 3, names, (double[]){1, 2}, 2);
    append(s.m, 4, names, (double[]){3}, 1);
    append(s.m, 5, names, (double[]){5, 6, 7}, 3);
    const cn_history *h = cn_model_history(s.m);
    assert_true(h->epoch_count == 3 && h->count == 3);
    assert_int_equal(h->epochs[2], 5);
    assert_true(cn_history_get(h, "loss", 0) == 1 && cn_history_get(h, "loss", -1) == 5);
    assert_true(isnan(cn_history_get(h, "val_loss", 1)) && cn_history_get(h, "val_loss", 2) == 6);
    assert_true(isnan(cn_history_get(h, "late", 1)) && cn_history_get(h, "late", -1) == 7);
    assert_true(h->values[0][1] == 3);
    assert_true(isnan(cn_history_get(h, "loss", 3)) && isnan(cn_history_get(h, "loss", -4)));
    assert_true(isnan(cn_history_get(h, "none", 0)) && isnan(cn_history_get(NULL, "loss", 0)));
    close_small(&s);
}

static void a_new_fit_begins_a_new_history(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    assert_int_equal(cn_model_history(s.m)->epoch_count, 0);
    must_work(&s);
    assert_int_equal(cn_fit(s.m, s.data, 2), CN_OK);
    assert_int_equal(cn_model_history(s.m)->epoch_count, 2);
    must_work(&s);
    assert_int_equal(cn_model_history(s.m)->epoch_count, 1);
    assert_int_equal(cn_model_history(NULL)->epoch_count, 0);
    close_small(&s);
}

static void many_epochs_are_kept(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = true});
    static const char *const name = "loss";
    assert_true(history_begin(s.m));
    for (int64_t e = 0; e < 1000; e++)
        append(s.m, e, &name, (double[]){(double)e}, 1);
    for (int64_t e = 0; e < 1000; e += 37)
        assert_true(cn_history_get(cn_model_history(s.m), name, e) == (double)e);
    close_small(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(series_keep_step_with_epochs),
                                       cmocka_unit_test(a_new_fit_begins_a_new_history),
                                       cmocka_unit_test(many_epochs_are_kept)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
