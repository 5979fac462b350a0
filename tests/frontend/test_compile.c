/* cn_compile: what becomes of losses, metrics and rows of outputs; compiling again; mistakes. */
#include "small_model.h"

static float twos[SAMPLES][2];

static cn_model *two_heads(small *s, cn_tensor *wide, cn_tensor *narrow) {
    cn_tensor x = cn_input(s->c, {FEATURES}), h = cn_apply(cn_dense(s->c, 4, CN_TANH), x);
    *wide = cn_apply(cn_dense(s->c, 3, CN_SOFTMAX, .name = "wide"), h);
    *narrow = cn_apply(cn_dense(s->c, 2, .name = "narrow"), h);
    return cn_model_new(s->c, .inputs = {x}, .outputs = {*wide, *narrow});
}

static cn_dataset *two_targets(small *s) {
    return cn_dataset_arrays(s->c, .inputs = {{.data = features, .shape = {SAMPLES, FEATURES}}},
                             .targets = {{.data = labels, .dtype = CN_I32, .shape = {SAMPLES}},
                                         {.data = twos, .shape = {SAMPLES, 2}}});
}

static void rows_say_what_each_output_wants(void **state) {
    (void)state;
    static small s;
    open_small(&s, (cn_context_options){.quiet = true});
    cn_tensor wide, narrow;
    cn_model *m = two_heads(&s, &wide, &narrow);
    cn_status status =
        cn_compile(m, .outputs = {{.output = narrow, .loss = CN_MEAN_SQUARED_ERROR, .weight = 0.25},
                                  {.output = wide,
                                   .loss = CN_SPARSE_CATEGORICAL_CROSSENTROPY,
                                   .metrics = {CN_ACCURACY}}});
    assert_int_equal(status, CN_OK);
    assert_int_equal(cn_evaluate(m, two_targets(&s), .verbose = -1), CN_OK);
    const cn_logs *logs = cn_model_logs(m);
    assert_int_equal(logs->count, 4);
    double sum = cn_logs_get(logs, "wide_loss") + 0.25 * cn_logs_get(logs, "narrow_loss");
    assert_true(fabs(cn_logs_get(logs, "loss") - sum) < 1e-6);
    assert_true(cn_logs_get(logs, "wide_accuracy") >= 0);
    close_small(&s);
}

/* As in Keras a None in the list of losses; outputs without a row have the loss of all. */
static void a_row_without_a_loss_is_not_trained(void **state) {
    (void)state;
    static small s;
    open_small(&s, (cn_context_options){.quiet = true});
    cn_tensor wide, narrow;
    cn_model *m = two_heads(&s, &wide, &narrow);
    assert_int_equal(cn_compile(m, .loss = CN_SPARSE_CATEGORICAL_CROSSENTROPY,
                                .outputs = {{.output = narrow, .metrics = {CN_METRIC_MSE}}}),
                     CN_OK);
    assert_int_equal(cn_evaluate(m, two_targets(&s), .verbose = -1), CN_OK);
    const cn_logs *logs = cn_model_logs(m);
    assert_true(isnan(cn_logs_get(logs, "narrow_loss")));
    assert_true(cn_logs_get(logs, "narrow_mean_squared_error") > 0);
    assert_true(cn_logs_get(logs, "loss") > 0);
    must_fail(&s,
              cn_compile(m, .loss = CN_MEAN_SQUARED_ERROR,
                         .outputs = {{.output = narrow}, {.output = wide}}),
              CN_ERROR_INVALID_ARGUMENT, "no loss");
    close_small(&s);
}

static void a_weight_of_zero_is_zero(void **state) {
    (void)state;
    static small s;
    open_small(&s, (cn_context_options){.quiet = true});
    cn_tensor wide, narrow;
    cn_model *m = two_heads(&s, &wide, &narrow);
    assert_int_equal(
        cn_compile(
            m,
            .outputs = {{.output = wide, .loss = CN_SPARSE_CATEGORICAL_CROSSENTROPY},
                        {.output = narrow, .loss = CN_MEAN_SQUARED_ERROR, .weight = cn_exact(0)}}),
        CN_OK);
    assert_int_equal(cn_evaluate(m, two_targets(&s), .verbose = -1), CN_OK);
    const cn_logs *logs = cn_model_logs(m);
    assert_true(cn_logs_get(logs, "loss") == cn_logs_get(logs, "wide_loss"));
    close_small(&s);
}

static void metrics_of_one_name_are_numbered(void **state) {
    (void)state;
    static small s;
    open_small(&s, (cn_context_options){.quiet = true});
    assert_int_equal(cn_compile(s.m, .loss = CN_SPARSE_CATEGORICAL_CROSSENTROPY,
                                .metrics = {CN_ACCURACY, CN_ACCURACY},
                                .weighted_metrics = {CN_ACCURACY}),
                     CN_OK);
    assert_int_equal(cn_evaluate(s.m, s.data, .verbose = -1), CN_OK);
    const cn_logs *logs = cn_model_logs(s.m);
    static const char *const names[] = {"accuracy", "accuracy_1", "loss", "weighted_accuracy"};
    assert_int_equal(logs->count, 4);
    for (int i = 0; i < 4; i++)
        assert_string_equal(logs->names[i], names[i]);
    close_small(&s);
}

/* Weights stay; the optimizer and its slots are new. */
static void compiling_again_goes_on_with_the_weights(void **state) {
    (void)state;
    static small s;
    open_small(&s, (cn_context_options){.quiet = true});
    must_work(&s);
    float first[FEATURES * 4];
    memcpy(first, cn_weight(s.m, 0).data, sizeof first);
    assert_int_equal(
        cn_compile(s.m, .optimizer = cn_sgd(s.c, 0.1), .loss = CN_SPARSE_CATEGORICAL_CROSSENTROPY),
        CN_OK);
    assert_memory_equal(first, cn_weight(s.m, 0).data, sizeof first);
    must_work(&s);
    assert_memory_not_equal(first, cn_weight(s.m, 0).data, sizeof first);
    close_small(&s);
}

static void a_compilation_that_fails_leaves_the_one_before(void **state) {
    (void)state;
    static small s;
    open_small(&s, (cn_context_options){.quiet = true});
    must_fail(&s, cn_compile(s.m), CN_ERROR_INVALID_ARGUMENT, "no loss");
    must_fail(&s, cn_compile(s.m, .loss = CN_MEAN_SQUARED_ERROR, .optimizer = cn_sgd(s.c, -1)),
              CN_ERROR_INVALID_ARGUMENT, "");
    must_fail(&s, cn_compile(s.m, .loss = cn_loss_huber(s.c, .reduction = CN_REDUCTION_NONE)),
              CN_ERROR_INVALID_ARGUMENT, "per-sample");
    must_fail(
        &s,
        cn_compile(s.m, .outputs = {{.output = cn_input(s.c, {3}), .loss = CN_MEAN_SQUARED_ERROR}}),
        CN_ERROR_INVALID_ARGUMENT, "is not an output of");
    must_work(&s);
    assert_true(cn_history_get(cn_model_history(s.m), "accuracy", -1) >= 0);
    close_small(&s);
}

static void running_out_of_memory_leaves_the_one_before(void **state) {
    (void)state;
    static small s;
    open_small(&s, (cn_context_options){.quiet = true});
    int failed = 0;
    for (int64_t n = 1; n < 60; n++) {
        memory_fail_at(s.c->memory, n, 0);
        cn_status status =
            cn_compile(s.m, .optimizer = cn_adam(s.c, 0.01),
                       .loss = CN_SPARSE_CATEGORICAL_CROSSENTROPY, .metrics = {CN_ACCURACY});
        memory_fail_at(s.c->memory, 0, 0);
        assert_true(status == CN_OK || status == CN_ERROR_OUT_OF_MEMORY);
        failed += status != CN_OK;
        cn_error_clear(s.c);
        must_work(&s);
    }
    assert_true(failed > 0);
    close_small(&s);
}

static cn_tensor cubic(cn_tensor truth, cn_tensor prediction, const void *user) {
    cn_tensor d = cn_op_absolute(cn_op_subtract(prediction, truth));
    cn_tensor values = cn_op_multiply(cn_op_multiply(d, d), d);
    return cn_op_scale(cn_op_mean(values, 1, (const int64_t[]){-1}, false), *(const double *)user);
}

static void losses_and_metrics_of_ones_own(void **state) {
    (void)state;
    static small s;
    open_small(&s, (cn_context_options){.quiet = true});
    cn_tensor wide, narrow;
    cn_model *m = two_heads(&s, &wide, &narrow);
    cn_model *one = cn_model_new(s.c, .inputs = {m->inputs.items[0]}, .outputs = {narrow});
    double two = 2;
    assert_int_equal(
        cn_compile(one, .loss = cn_custom_loss(s.c, cubic, &two, sizeof two),
                   .metrics = {cn_metric_custom(s.c, "cubic", cubic, &two, sizeof two)}),
        CN_OK);
    two = 100; /* copied */
    cn_dataset *data =
        cn_dataset_arrays(s.c, .inputs = {{.data = features, .shape = {SAMPLES, FEATURES}}},
                          .targets = {{.data = twos, .shape = {SAMPLES, 2}}});
    assert_int_equal(cn_evaluate(one, data, .verbose = -1), CN_OK);
    const cn_logs *logs = cn_model_logs(one);
    assert_true(cn_logs_get(logs, "loss") > 0);
    assert_true(fabs(cn_logs_get(logs, "loss") - cn_logs_get(logs, "cubic")) < 1e-6);
    close_small(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_say_what_each_output_wants),
        cmocka_unit_test(a_row_without_a_loss_is_not_trained),
        cmocka_unit_test(a_weight_of_zero_is_zero),
        cmocka_unit_test(metrics_of_one_name_are_numbered),
        cmocka_unit_test(compiling_again_goes_on_with_the_weights),
        cmocka_unit_test(a_compilation_that_fails_leaves_the_one_before),
        cmocka_unit_test(running_out_of_memory_leaves_the_one_before),
        cmocka_unit_test(losses_and_metrics_of_ones_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
