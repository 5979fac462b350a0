/* Predictions of data and arrays, and from many threads at once. */
#include "small_model.h"

#include "base/platform.h"

enum { CLASSES = 3 };

/* ---- cn_predict ------------------------------------------------------------------------- */

static void predict(small *s, int64_t batch, float out[SAMPLES][CLASSES]) {
    memset(out, 0xff, sizeof(float) * SAMPLES * CLASSES);
    if (cn_predict(s->m, s->data, .outputs = {{.data = out, .shape = {SAMPLES, CLASSES}}},
                   .batch_size = batch) != CN_OK)
        fail_msg("%s", cn_error_message(s->c));
}

/* Rows are probabilities, dropout is off, and batches do not matter. */
static void predictions_do_not_depend_on_batches(void **state) {
    (void)state;
    small s;
    float all[SAMPLES][CLASSES], some[SAMPLES][CLASSES];
    open_small(&s, (cn_context_options){.quiet = true});
    predict(&s, 0, all);
    for (int i = 0; i < SAMPLES; i++)
        assert_true(fabsf(all[i][0] + all[i][1] + all[i][2] - 1) < 1e-5f);
    for (int64_t batch = 1; batch < 30; batch += 3) {
        predict(&s, batch, some);
        assert_memory_equal(all, some, sizeof all);
    }
    close_small(&s);
}

static void arrays_are_predicted_as_datasets_are(void **state) {
    (void)state;
    small s;
    float all[SAMPLES][CLASSES], five[5][CLASSES];
    open_small(&s, (cn_context_options){.quiet = true});
    predict(&s, 0, all);
    assert_int_equal(cn_predict(s.m, .inputs = {{.data = features[7], .shape = {5, FEATURES}}},
                                .outputs = {{.data = five, .shape = {5, CLASSES}}}),
                     CN_OK);
    assert_memory_equal(five, all[7], sizeof five);
    close_small(&s);
}

static void no_compilation_is_needed(void **state) {
    (void)state;
    cn_context *c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    cn_model *m = cn_sequential(c, {2}, {cn_dense(c, 1, .kernel_initializer = CN_ONES)});
    float x[3][2] = {{1, 2}, {3, 4}, {5, 6}}, y[3];
    assert_int_equal(cn_predict(m, .inputs = {{.data = x, .shape = {3, 2}}},
                                .outputs = {{.data = y, .shape = {3, 1}}}),
                     CN_OK);
    assert_true(y[0] == 3 && y[1] == 7 && y[2] == 11);
    cn_context_free(c);
}

static void several_outputs_go_to_several_buffers(void **state) {
    (void)state;
    cn_context *c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    cn_tensor x = cn_input(c, {2}), y = cn_op_scale(x, 2),
              z = cn_op_sum(x, 1, (int64_t[]){1}, false);
    cn_model *m = cn_model_new(c, .inputs = {x}, .outputs = {y, z});
    float in[5][2] = {{1, 2}, {3, 4}, {5, 6}, {7, 8}, {9, 10}}, twice[5][2], sums[5];
    assert_int_equal(
        cn_predict(m, .inputs = {{.data = in, .shape = {5, 2}}},
                   .outputs = {{.data = twice, .shape = {5, 2}}, {.data = sums, .shape = {5}}},
                   .batch_size = 2),
        CN_OK);
    assert_true(twice[4][1] == 20 && sums[0] == 3 && sums[4] == 19);
    cn_context_free(c);
}

static void what_does_not_fit_is_refused(void **state) {
    (void)state;
    small s;
    float out[SAMPLES][CLASSES];
    open_small(&s, (cn_context_options){.quiet = true});
    must_fail(&s, cn_predict(s.m, s.data), CN_ERROR_DATA, "predict: output 0 is missing");
    must_fail(&s, cn_predict(s.m, s.data, .outputs = {{.data = out, .shape = {SAMPLES, 2}}}),
              CN_ERROR_DATA, "f32[22,2]; wanted");
    must_fail(&s, cn_predict(s.m, s.data, .outputs = {{.data = out, .shape = {20, CLASSES}}}),
              CN_ERROR_DATA, "f32[20,3]; wanted");
    must_fail(&s, cn_predict(s.m, .outputs = {{.data = out, .shape = {SAMPLES, CLASSES}}}),
              CN_ERROR_INVALID_ARGUMENT, ".inputs are missing");
    must_fail(&s, cn_predict(s.m, s.data, .batch_size = -2), CN_ERROR_INVALID_ARGUMENT, "negative");
    must_fail(&s,
              cn_predict(s.m, .inputs = {{.data = features, .shape = {2, 11}}},
                         .outputs = {{.data = out, .shape = {2, CLASSES}}}),
              CN_ERROR_DATA, "a sample of input 0 is f32[11]");
    predict(&s, 0, out);
    close_small(&s);
}

static void running_out_of_memory_is_clean(void **state) {
    (void)state;
    small s;
    float before[SAMPLES][CLASSES], after[SAMPLES][CLASSES];
    open_small(&s, (cn_context_options){.quiet = true});
    predict(&s, 4, before);
    bool done = false;
    for (int64_t n = 1; !done; n++) {
        memory_fail_at(s.c->memory, n, true);
        cn_status status =
            cn_predict(s.m, s.data, .outputs = {{.data = after, .shape = {SAMPLES, CLASSES}}},
                       .batch_size = 4);
        memory_fail_at(s.c->memory, 0, false);
        done = status == CN_OK;
        if (!done)
            must_fail(&s, status, CN_ERROR_OUT_OF_MEMORY, "memory");
    }
    assert_memory_equal(before, after, sizeof before);
    close_small(&s);
}

/* ---- predictors ------------------------------------------------------------------------- */

static cn_status ask(cn_predictor *p, int64_t first, int64_t count, float *out) {
    cn_array x = {.data = features[first], .shape = {count, FEATURES}};
    cn_array y = {.data = out, .shape = {count, CLASSES}};
    return cn_predictor_run(p, &x, 1, &y, 1);
}

typedef struct asker {
    cn_predictor *predictor;
    const float *want;
    int64_t offset;
    int wrong;
} asker;

static void ask_many_times(void *user) {
    asker *a = user;
    float out[SAMPLES * CLASSES + 1];
    for (int round = 0; round < 40; round++) {
        int64_t first = (a->offset + round) % 12, count = 1 + (a->offset * 3 + round) % 9;
        float *place = out + round % 2; /* one of them is not aligned */
        if (ask(a->predictor, first, count, place) != CN_OK ||
            memcmp(place, a->want + first * CLASSES, sizeof(float) * (size_t)count * CLASSES) != 0)
            a->wrong++;
    }
}

static void threads_ask_at_once(void **state) {
    (void)state;
    enum { THREADS = 4 };
    small s;
    float want[SAMPLES][CLASSES];
    asker askers[THREADS];
    thread *threads[THREADS];
    open_small(&s, (cn_context_options){.quiet = true, .threads = 2});
    must_work(&s);
    predict(&s, 0, want);
    for (int i = 0; i < THREADS; i++)
        askers[i] = (asker){cn_predictor_new(s.m, 9), want[0], i, 0};
    for (int i = 0; i < THREADS; i++)
        threads[i] = thread_start(ask_many_times, &askers[i]);
    for (int i = 0; i < THREADS; i++) {
        thread_join(threads[i]);
        assert_int_equal(askers[i].wrong, 0);
        cn_predictor_free(askers[i].predictor);
    }
    close_small(&s);
}

static void each_predictor_has_its_own_error(void **state) {
    (void)state;
    small s;
    float out[SAMPLES * CLASSES];
    open_small(&s, (cn_context_options){.quiet = true});
    cn_predictor *p = cn_predictor_new(s.m, 4), *q = cn_predictor_new(s.m, 8);
    assert_int_equal(ask(p, 0, 5, out), CN_ERROR_DATA);
    assert_string_equal(cn_predictor_error(p), "a batch of 5; this predictor was made for 1 to 4");
    assert_int_equal(ask(q, 0, 5, out), CN_OK);
    assert_string_equal(cn_predictor_error(q), "");
    assert_int_equal(cn_error_status(s.c), CN_OK);
    cn_array x = {.data = features, .shape = {4, FEATURES}};
    cn_array wrong = {.data = out, .dtype = CN_F64, .shape = {4, CLASSES}};
    assert_int_equal(cn_predictor_run(p, &x, 1, &wrong, 1), CN_ERROR_DATA);
    assert_non_null(strstr(cn_predictor_error(p), "output 0 is f64[4,3]; wanted"));
    assert_int_equal(cn_predictor_run(p, &x, 1, &wrong, 2), CN_ERROR_DATA);
    assert_int_equal(cn_predictor_run(p, NULL, 1, &wrong, 1), CN_ERROR_DATA);
    assert_int_equal(ask(p, 0, 4, out), CN_OK); /* and works again */
    assert_int_equal(cn_predictor_run(NULL, &x, 1, &wrong, 1), CN_ERROR_INVALID_ARGUMENT);
    cn_predictor_free(p);
    cn_predictor_free(q);
    cn_predictor_free(NULL);
    assert_null(cn_predictor_new(s.m, 0));
    must_fail(&s, cn_error_status(s.c), CN_ERROR_INVALID_ARGUMENT, "max_batch is 0");
    assert_null(cn_predictor_new(NULL, 4));
    close_small(&s);
}

/* Compiling again makes new training steps; who predicts goes on. */
static void predictors_outlive_compilation(void **state) {
    (void)state;
    small s;
    float before[CLASSES * 2], after[CLASSES * 2];
    open_small(&s, (cn_context_options){.quiet = true});
    cn_predictor *p = cn_predictor_new(s.m, 2);
    assert_int_equal(ask(p, 3, 2, before), CN_OK);
    assert_int_equal(cn_compile(s.m, .loss = CN_SPARSE_CATEGORICAL_CROSSENTROPY), CN_OK);
    assert_int_equal(ask(p, 3, 2, after), CN_OK);
    assert_memory_equal(before, after, sizeof before);
    must_work(&s); /* the weights change, and predictors see them */
    assert_int_equal(ask(p, 3, 2, after), CN_OK);
    assert_memory_not_equal(before, after, sizeof before);
    cn_predictor_free(p);
    close_small(&s);
}

static void a_predictor_needs_memory(void **state) {
    (void)state;
    small s;
    float out[CLASSES];
    open_small(&s, (cn_context_options){.quiet = true});
    cn_predictor_free(cn_predictor_new(s.m, 1)); /* compiled */
    cn_predictor *p = NULL;
    for (int64_t n = 1; p == NULL; n++) {
        memory_fail_at(s.c->memory, n, true);
        p = cn_predictor_new(s.m, 4);
        memory_fail_at(s.c->memory, 0, false);
        if (p == NULL)
            must_fail(&s, cn_error_status(s.c), CN_ERROR_OUT_OF_MEMORY, "memory");
    }
    assert_int_equal(ask(p, 0, 1, out), CN_OK);
    memory_fail_at(s.c->memory, 1, true);
    assert_int_equal(ask(p, 0, 1, out), CN_ERROR_OUT_OF_MEMORY);
    memory_fail_at(s.c->memory, 0, false);
    assert_int_equal(ask(p, 0, 1, out), CN_OK);
    cn_predictor_free(p);
    close_small(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(predictions_do_not_depend_on_batches),
                                       cmocka_unit_test(arrays_are_predicted_as_datasets_are),
                                       cmocka_unit_test(no_compilation_is_needed),
                                       cmocka_unit_test(several_outputs_go_to_several_buffers),
                                       cmocka_unit_test(what_does_not_fit_is_refused),
                                       cmocka_unit_test(running_out_of_memory_is_clean),
                                       cmocka_unit_test(threads_ask_at_once),
                                       cmocka_unit_test(each_predictor_has_its_own_error),
                                       cmocka_unit_test(predictors_outlive_compilation),
                                       cmocka_unit_test(a_predictor_needs_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
