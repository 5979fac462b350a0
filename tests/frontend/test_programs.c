/* The programs of a model: when they are compiled, for what element types, and their logs. */
#include "small_model.h"

#include "frontend/training.h"

static uint32_t program_count(const small *s) {
    return s->m->programs.count;
}

static void programs_are_made_once_for_each_kind_and_dtype(void **state) {
    (void)state;
    static small s;
    open_small(&s, (cn_context_options){.quiet = true});
    assert_int_equal(program_count(&s), 0);
    must_work(&s);
    must_work(&s);
    assert_int_equal(program_count(&s), 1);
    assert_int_equal(cn_evaluate(s.m, s.data, .verbose = -1), CN_OK);
    assert_int_equal(program_count(&s), 2);
    static float out[SAMPLES][3];
    cn_array x = {.data = features, .shape = {SAMPLES, FEATURES}};
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            cn_predict(s.m, .inputs = {x}, .outputs = {{.data = out, .shape = {SAMPLES, 3}}}),
            CN_OK);
    assert_int_equal(program_count(&s), 3);
    close_small(&s);
}

/* Labels of every integer type, and as floats: one computation. */
static void element_types_do_not_change_the_result(void **state) {
    (void)state;
    static uint8_t bytes[SAMPLES];
    static int64_t longs[SAMPLES];
    static float floats[SAMPLES];
    static small s;
    open_small(&s, (cn_context_options){.quiet = true});
    for (int i = 0; i < SAMPLES; i++) {
        bytes[i] = (uint8_t)labels[i];
        longs[i] = labels[i];
        floats[i] = (float)labels[i];
    }
    cn_array kinds[] = {{.data = labels, .dtype = CN_I32, .shape = {SAMPLES}},
                        {.data = labels, .dtype = CN_I32, .shape = {SAMPLES, 1}},
                        {.data = bytes, .dtype = CN_U8, .shape = {SAMPLES}},
                        {.data = longs, .dtype = CN_I64, .shape = {SAMPLES}},
                        {.data = floats, .shape = {SAMPLES, 1}}};
    double loss = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        cn_dataset *data =
            cn_dataset_arrays(s.c, .inputs = {{.data = features, .shape = {SAMPLES, FEATURES}}},
                              .targets = {kinds[i]});
        assert_int_equal(cn_evaluate(s.m, data, .verbose = -1), CN_OK);
        double got = cn_logs_get(cn_model_logs(s.m), "loss");
        assert_true(i == 0 || got == loss);
        loss = got;
    }
    close_small(&s);
}

static void weighted_steps_share_the_logs(void **state) {
    (void)state;
    static float ones[SAMPLES];
    static small s;
    open_small(&s, (cn_context_options){.quiet = true});
    for (int i = 0; i < SAMPLES; i++)
        ones[i] = 1;
    cn_dataset *weighted =
        cn_dataset_arrays(s.c, .inputs = {{.data = features, .shape = {SAMPLES, FEATURES}}},
                          .targets = {{.data = labels, .dtype = CN_I32, .shape = {SAMPLES}}},
                          .sample_weight = {.data = ones, .shape = {SAMPLES}});
    assert_int_equal(cn_evaluate(s.m, s.data, .verbose = -1), CN_OK);
    double loss = cn_logs_get(cn_model_logs(s.m), "loss");
    assert_int_equal(cn_evaluate(s.m, weighted, .verbose = -1), CN_OK);
    assert_true(fabs(cn_logs_get(cn_model_logs(s.m), "loss") - loss) < 1e-6);
    assert_int_equal(cn_model_logs(s.m)->count, 2);
    close_small(&s);
}

static void sums_can_be_put_aside(void **state) {
    workspace *w = *state;
    static small s;
    open_small(&s, (cn_context_options){.quiet = true});
    assert_int_equal(cn_evaluate(s.m, s.data, .verbose = -1), CN_OK);
    cn_logs before = training_read_logs(s.m, "", w->arena);
    const void *sums = training_copy_metrics(s.m, w->arena);
    training_reset_metrics(s.m);
    assert_true(cn_logs_get(&(cn_logs){0}, "loss") != 0); /* NAN: there is none */
    cn_logs none = training_read_logs(s.m, "val_", w->arena);
    assert_true(cn_logs_get(&none, "val_loss") == 0);
    training_restore_metrics(s.m, sums);
    cn_logs after = training_read_logs(s.m, "", w->arena);
    assert_true(cn_logs_get(&before, "loss") == cn_logs_get(&after, "loss"));
    close_small(&s);
}

/* A value near the largest of a dtype, or beyond, in one layer; small again in the next. */
static void grow(cn_layer_call *call) {
    const double *factors = call->user;
    cn_dtype d = factors[1] > 0 ? CN_F64 : CN_F16;
    cn_tensor x = cn_op_cast(call->inputs[0], d);
    call->outputs[0] = cn_op_scale(cn_op_shift(cn_op_absolute(x), 1), factors[0]);
}

static void shrink(cn_layer_call *call) {
    call->outputs[0] = cn_op_cast(cn_op_minimum_of(call->inputs[0], 1), CN_F32);
}

static cn_status fit_watched(double factor, bool wide) {
    static small s;
    open_small(&s, (cn_context_options){.quiet = true});
    double factors[] = {factor, wide};
    cn_layer *big = cn_custom_layer(s.c, grow, NULL, factors, sizeof factors);
    cn_model *m = cn_sequential(s.c, {FEATURES},
                                {big, cn_custom_layer(s.c, shrink), cn_dense(s.c, 3, CN_SOFTMAX)});
    assert_int_equal(
        cn_compile(m, .loss = CN_SPARSE_CATEGORICAL_CROSSENTROPY, .check_finite = true), CN_OK);
    cn_status status = cn_fit(m, s.data, .verbose = -1);
    close_small(&s);
    return status;
}

static void what_is_finite_depends_on_the_dtype(void **state) {
    (void)state;
    assert_int_equal(fit_watched(1e300, true), CN_OK);
    assert_int_equal(fit_watched(30000, false), CN_OK);
    assert_int_equal(fit_watched(65504, false), CN_ERROR_NOT_FINITE);
}

static void dropping_keeps_predictions_when_told(void **state) {
    (void)state;
    static small s;
    open_small(&s, (cn_context_options){.quiet = true});
    must_work(&s);
    cn_predictor *p = cn_predictor_new(s.m, 4);
    assert_int_equal(program_count(&s), 2);
    model_drop_programs(s.m, false);
    assert_int_equal(program_count(&s), 1);
    cn_predictor_free(p);
    model_drop_programs(s.m, true);
    assert_int_equal(program_count(&s), 0);
    must_work(&s);
    close_small(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_are_made_once_for_each_kind_and_dtype),
        cmocka_unit_test(element_types_do_not_change_the_result),
        cmocka_unit_test(weighted_steps_share_the_logs),
        WITH_WORKSPACE(sums_can_be_put_aside),
        cmocka_unit_test(what_is_finite_depends_on_the_dtype),
        cmocka_unit_test(dropping_keeps_predictions_when_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
