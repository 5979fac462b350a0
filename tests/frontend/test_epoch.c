/* Steps through data: places of epochs in passes, class weights, batches of one size. */
#include "small_model.h"

#include "frontend/epoch.h"

static void an_epoch_is_a_pass_or_a_part_of_one(void **state) {
    (void)state;
    static const struct {
        int64_t index, steps, begin, batches;
        uint64_t pass;
    } cases[] = {{0, 0, 0, 6, 0}, {3, 0, 0, 6, 3}, {0, 4, 0, 4, 0},  {1, 4, 4, 2, 0},
                 {2, 4, 0, 4, 1}, {7, 2, 2, 2, 2}, {1, 99, 0, 6, 1}, {5, 1, 5, 1, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        epoch e = {.data = {.rows = {.count = SAMPLES}}, .feed = {.batch_size = 4}};
        epoch_place(&e, cases[i].index, cases[i].steps);
        assert_int_equal(e.begin, cases[i].begin);
        assert_int_equal(e.batches, cases[i].batches);
        assert_int_equal(e.feed.epoch, cases[i].pass);
    }
}

static double loss_with(small *s, cn_array truth, const cn_class_weight *weights, size_t count) {
    cn_dataset *data = cn_dataset_arrays(
        s->c, .inputs = {{.data = features, .shape = {SAMPLES, FEATURES}}}, .targets = {truth});
    bool hot = truth.rank == 2;
    cn_status status =
        cn_compile(s->m, .optimizer = cn_sgd(s->c, CN_ZERO),
                   .loss = hot ? CN_CATEGORICAL_CROSSENTROPY : CN_SPARSE_CATEGORICAL_CROSSENTROPY);
    if (status == CN_OK)
        status = cn_fit(s->m, data, .batch_size = SAMPLES, .order = CN_SEQUENTIAL, .verbose = -1,
                        .class_weight = weights, .class_weight_count = count);
    if (status != CN_OK)
        fail_msg("%s", cn_error_message(s->c));
    return cn_history_get(cn_model_history(s->m), "loss", -1);
}

/* The same weights whether labels are indices or rows with a one, of any type. */
static void class_weights_read_every_kind_of_label(void **state) {
    (void)state;
    static float hot[SAMPLES][3];
    static uint8_t hot_bytes[SAMPLES][3], bytes[SAMPLES];
    static const cn_class_weight weights[] = {{0, 3}, {2, 0.25}};
    double losses[4];
    for (int i = 0; i < 4; i++) { /* a model of its own: the same step of dropout */
        static small s;
        open_small(&s, (cn_context_options){.quiet = true, .seed = 5});
        for (int k = 0; k < SAMPLES; k++) {
            hot[k][labels[k]] = 1;
            hot_bytes[k][labels[k]] = 1;
            bytes[k] = (uint8_t)labels[k];
        }
        cn_array kinds[] = {{.data = labels, .dtype = CN_I32, .rank = 1, .shape = {SAMPLES}},
                            {.data = bytes, .dtype = CN_U8, .rank = 1, .shape = {SAMPLES}},
                            {.data = hot, .rank = 2, .shape = {SAMPLES, 3}},
                            {.data = hot_bytes, .dtype = CN_U8, .rank = 2, .shape = {SAMPLES, 3}}};
        losses[i] = loss_with(&s, kinds[i], weights, 2);
        assert_true(fabs(losses[i] - losses[0]) < 1e-5);
        if (i == 0)
            assert_true(fabs(loss_with(&s, kinds[0], NULL, 0) - losses[0]) > 1e-3);
        close_small(&s);
    }
}

static void a_class_weight_of_zero_is_zero(void **state) {
    (void)state;
    const cn_class_weight plain[] = {{1, 0}}, exact[] = {{1, cn_exact(0)}};
    cn_array truth = {.data = labels, .dtype = CN_I32, .rank = 1, .shape = {SAMPLES}};
    double losses[2];
    for (int i = 0; i < 2; i++) {
        static small s;
        open_small(&s, (cn_context_options){.quiet = true, .seed = 5});
        losses[i] = loss_with(&s, truth, i == 0 ? plain : exact, 1);
        close_small(&s);
    }
    assert_true(losses[0] > 0 && losses[0] == losses[1]);
}

static cn_model *eights(small *s) {
    cn_tensor x = cn_input(s->c, {FEATURES}, .batch_size = 8);
    cn_model *m =
        cn_model_new(s->c, .inputs = {x}, .outputs = {cn_apply(cn_dense(s->c, 3, CN_SOFTMAX), x)});
    assert_int_equal(
        cn_compile(m, .loss = CN_SPARSE_CATEGORICAL_CROSSENTROPY, .metrics = {CN_ACCURACY}), CN_OK);
    return m;
}

static void batches_of_one_size_are_whole(void **state) {
    (void)state;
    static small s;
    open_small(&s, (cn_context_options){.quiet = true});
    cn_model *m = eights(&s);
    cn_dataset *sixteen = cn_dataset_range(s.data, 0, 16);
    must_fail(&s, cn_fit(m, s.data, .batch_size = 8, .verbose = -1), CN_ERROR_DATA,
              "batches of 8 of 22");
    must_fail(&s, cn_fit(m, sixteen, .verbose = -1), CN_ERROR_DATA, "made with .batch_size = 8");
    must_fail(&s, cn_evaluate(m, sixteen, .batch_size = 16, .verbose = -1), CN_ERROR_DATA,
              "batches of 16");
    assert_int_equal(cn_fit(m, sixteen, .batch_size = 8, .verbose = -1), CN_OK);
    static float out[16][3];
    cn_array results = {.data = out, .shape = {16, 3}};
    must_fail(&s, cn_predict(m, sixteen, .outputs = {results}), CN_ERROR_DATA,
              "made with .batch_size = 8");
    assert_int_equal(cn_predict(m, sixteen, .batch_size = 8, .outputs = {results}), CN_OK);
    for (int i = 0; i < 16; i++)
        assert_true(fabsf(out[i][0] + out[i][1] + out[i][2] - 1) < 1e-5F);
    close_small(&s);
}

static void one_sample_and_more_than_there_are(void **state) {
    (void)state;
    static small s;
    open_small(&s, (cn_context_options){.quiet = true});
    assert_int_equal(cn_fit(s.m, s.data, .batch_size = 1, .verbose = -1), CN_OK);
    assert_int_equal(cn_fit(s.m, s.data, .batch_size = INT64_MAX, .verbose = -1), CN_OK);
    assert_int_equal(cn_fit(s.m, cn_dataset_range(s.data, 21, 22), .verbose = -1), CN_OK);
    must_fail(&s, cn_fit(s.m, cn_dataset_range(s.data, 5, 5), .verbose = -1), CN_ERROR_DATA,
              "no samples");
    close_small(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_epoch_is_a_pass_or_a_part_of_one),
        cmocka_unit_test(class_weights_read_every_kind_of_label),
        cmocka_unit_test(a_class_weight_of_zero_is_zero),
        cmocka_unit_test(batches_of_one_size_are_whole),
        cmocka_unit_test(one_sample_and_more_than_there_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
