/* Models: what lies between inputs and outputs; nesting, sharing, names, what is refused. */
#include "sums.h"

static cn_context *new_context(void) {
    return context_with_sums(3);
}

static void must_fail(cn_model *m, const char *words) {
    cn_context *c = cn_model_context(m);
    assert_int_not_equal(cn_compile(m, .loss = CN_MEAN_SQUARED_ERROR), CN_OK);
    if (strstr(cn_error_message(c), words) == NULL)
        fail_msg("wanted ...%s..., got %s", words, cn_error_message(c));
    cn_error_clear(c);
}

static void predict(cn_model *m, float out[ROWS][2]) {
    cn_array x = {.data = features, .shape = {ROWS, 4}};
    must_work(cn_model_context(m),
              cn_predict(m, .inputs = {x, x}, .outputs = {{.data = out, .shape = {ROWS, 2}}}));
}

static void names_are(const cn_model *m, size_t count, const char *const *names) {
    assert_int_equal(cn_weight_count(m), count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(cn_weight(m, i).name, names[i]);
}

/* ---- nesting ------------------------------------------------------------------------------- */

static cn_model *inner_model(cn_context *c) {
    cn_tensor x = cn_input(c, {4});
    return cn_model_new(c, .inputs = {x},
                        .outputs = {cn_chain(x, cn_dense(c, 5, CN_TANH), cn_dropout(c, 0.5),
                                             cn_batch_normalization(c), cn_dense(c, 2))});
}

static void a_model_in_a_model_in_a_model_is_itself(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_model *inner = inner_model(c);
    cn_tensor x = cn_input(c, {4}), z = cn_input(c, {4});
    cn_model *middle =
        cn_model_new(c, .inputs = {x}, .outputs = {cn_apply(cn_model_layer(inner), x)});
    cn_model *outer =
        cn_model_new(c, .inputs = {z}, .outputs = {cn_apply(cn_model_layer(middle), z)});
    float direct[ROWS][2], nested[ROWS][2];
    predict(inner, direct);
    predict(outer, nested);
    assert_memory_equal(direct, nested, sizeof direct);
    assert_int_equal(cn_parameter_count(outer, false), cn_parameter_count(inner, false));
    cn_context_free(c);
}

static void a_model_applied_to_two_inputs_shares_its_weights(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_model *twin = inner_model(c);
    cn_tensor a = cn_input(c, {4}), b = cn_input(c, {4});
    cn_tensor left = cn_apply(cn_model_layer(twin), a), right = cn_apply(cn_model_layer(twin), b);
    cn_model *m =
        cn_model_new(c, .inputs = {a, b}, .outputs = {cn_apply(cn_subtract(c), left, right)});
    float zero[ROWS][2];
    predict(m, zero); /* of equal inputs */
    for (int i = 0; i < ROWS; i++)
        assert_true(zero[i][0] == 0 && zero[i][1] == 0);
    assert_int_equal(cn_weight_count(m), cn_weight_count(twin));
    cn_context_free(c);
}

static void only_what_is_not_frozen_is_trained(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_model *base = inner_model(c);
    cn_tensor x = cn_input(c, {4});
    cn_model *m = cn_model_new(c, .inputs = {x},
                               .outputs = {cn_chain(x, cn_model_layer(base), cn_dense(c, 2))});
    cn_layer_set_trainable(cn_model_layer(base), false);
    char before[65], after[65];
    cn_checksum(base, before);
    cn_dataset *data = cn_dataset_arrays(c, .inputs = {{.data = features, .shape = {ROWS, 4}}},
                                         .targets = {{.data = sums, .shape = {ROWS, 2}}});
    must_work(c, cn_compile(m, .optimizer = cn_adam(c, 0.1), .loss = CN_MEAN_SQUARED_ERROR));
    must_work(c, cn_fit(m, data, .verbose = -1));
    cn_checksum(base, after);
    assert_string_equal(before, after);
    assert_int_equal(cn_parameter_count(m, true), 2 * 2 + 2);
    cn_context_free(c);
}

/* Two models with a layer of the same name each: their masks must not be the same. */
static void dropouts_of_nested_models_are_independent(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_tensor a = cn_input(c, {64}), b = cn_input(c, {64}), x = cn_input(c, {64});
    cn_model *first = cn_model_new(c, .inputs = {a}, .outputs = {cn_apply(cn_dropout(c, 0.5), a)});
    cn_model *second = cn_model_new(c, .inputs = {b}, .outputs = {cn_apply(cn_dropout(c, 0.5), b)});
    cn_tensor y = cn_apply(cn_model_layer(first), x), z = cn_apply(cn_model_layer(second), x);
    cn_model_new(c, .inputs = {x}, .outputs = {y, z});
    cn_function *f = cn_function_new(c, .inputs = {x}, .outputs = {y, z}, .training = true);
    float ones[64], kept[2][64];
    for (int i = 0; i < 64; i++)
        ones[i] = 1;
    cn_array out[] = {{.data = kept[0], .shape = {1, 64}}, {.data = kept[1], .shape = {1, 64}}};
    must_work(c, cn_function_call(f, &(cn_array){.data = ones, .shape = {1, 64}}, out));
    assert_memory_not_equal(kept[0], kept[1], sizeof kept[0]);
    cn_context_free(c);
}

/* ---- parts of other models ----------------------------------------------------------------- */

static void a_model_may_begin_at_any_tensor(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_tensor x = cn_input(c, {4}), h = cn_apply(cn_dense(c, 4, CN_RELU), x);
    cn_tensor y = cn_apply(cn_dense(c, 2), h), q = cn_input(c, {4});
    cn_model *tail = cn_model_new(c, .inputs = {h}, .outputs = {y});
    cn_model *nested =
        cn_model_new(c, .inputs = {q}, .outputs = {cn_apply(cn_model_layer(tail), q)});
    float direct[ROWS][2], again[ROWS][2];
    predict(tail, direct);
    predict(nested, again);
    assert_memory_equal(direct, again, sizeof direct);
    assert_int_equal(cn_weight_count(tail), 2);
    cn_context_free(c);
}

static void layers_of_two_models_may_be_in_a_third(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_tensor a = cn_input(c, {4}), b = cn_input(c, {4});
    cn_tensor p = cn_apply(cn_dense(c, 2), a), q = cn_apply(cn_dense(c, 2), b);
    names_are(cn_model_new(c, .inputs = {a}, .outputs = {p}), 2,
              (const char *[]){"dense/kernel", "dense/bias"});
    names_are(cn_model_new(c, .inputs = {b}, .outputs = {q}), 2,
              (const char *[]){"dense/kernel", "dense/bias"});
    cn_model *m = cn_model_new(c, .inputs = {a, b}, .outputs = {p, q});
    names_are(m, 4,
              (const char *[]){"dense/kernel", "dense/bias", "dense/kernel:1", "dense/bias:1"});
    cn_array x = {.data = features, .shape = {ROWS, 4}}, y = {.data = sums, .shape = {ROWS, 2}};
    cn_dataset *data = cn_dataset_arrays(c, .inputs = {x, x}, .targets = {y, y});
    must_work(c, cn_compile(m, .loss = CN_MEAN_SQUARED_ERROR, .metrics = {CN_METRIC_MAE}));
    must_work(c, cn_fit(m, data, .verbose = -1));
    assert_true(cn_history_get(cn_model_history(m), "dense_loss_1", -1) > 0);
    cn_context_free(c);
}

/* ---- size ---------------------------------------------------------------------------------- */

static void two_thousand_layers_are_walked_without_recursion(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_tensor x = cn_input(c, {2}), y = x;
    for (int i = 0; i < 2000; i++)
        y = cn_apply(cn_dense(c, 2), y);
    cn_model *m = cn_model_new(c, .inputs = {x}, .outputs = {y});
    assert_int_equal(cn_weight_count(m), 4000);
    assert_string_equal(cn_weight(m, 3999).name, "dense_1999/bias");
    cn_tensor z = cn_input(c, {2});
    cn_model *outer = cn_model_new(c, .inputs = {z}, .outputs = {cn_apply(cn_model_layer(m), z)});
    assert_int_equal(cn_weight_count(outer), 4000);
    must_work(c, cn_compile(outer, .loss = CN_MEAN_SQUARED_ERROR));
    cn_context_free(c);
}

/* ---- what is refused ----------------------------------------------------------------------- */

static void models_that_cannot_be(void **state) {
    (void)state;
    cn_context *c = new_context(), *other = new_context();
    cn_tensor x = cn_input(c, {4}), h = cn_apply(cn_dense(c, 3), x),
              y = cn_apply(cn_dense(c, 2), h);
    cn_tensor poison = {.context = c}, many[20];
    for (int i = 0; i < 20; i++)
        many[i] = cn_input(c, {1});
    must_fail(cn_model_new(c, .outputs = {y}), ".inputs are missing");
    must_fail(cn_model_new(c, .inputs = {x}), ".outputs are missing");
    must_fail(cn_model_new(c, .inputs = {x, x}, .outputs = {y}), "is given twice");
    must_fail(cn_model_new(c, .inputs = {h}, .outputs = {x}), "which is not among the inputs");
    must_fail(cn_model_new(c, .inputs = {poison}, .outputs = {y}), "input 0 is not a tensor");
    must_fail(cn_model_new(c, .inputs = {x}, .outputs = {cn_input(other, {4})}),
              "output 0 is not a tensor");
    must_fail(cn_model_new(c, .input_list = many, .input_count = 20, .outputs = {y}), "at most 16");
    cn_tensor twice = cn_chain(x, cn_dense(c, 2, .name = "fc"), cn_dense(c, 2, .name = "fc"));
    must_fail(cn_model_new(c, .inputs = {x}, .outputs = {twice}), "two layers are named \"fc\"");
    must_fail(cn_sequential(c, {0}, {cn_dense(c, 2)}), "the shape is missing");
    cn_context_free(other);
    cn_context_free(c);
}

/* ---- lists of run-time length ---------------------------------------------------------------- */

static void a_stack_may_have_any_number_of_layers(void **state) {
    (void)state;
    enum { LAYERS = 70 }; /* more than a list in the source may name */
    cn_context *c = new_context();
    cn_layer *layers[LAYERS];
    for (int i = 0; i < LAYERS; i++)
        layers[i] = cn_dense(c, i + 1 < LAYERS ? 3 : 2);
    cn_model *m = cn_sequential(c, {4}, .layer_list = layers, .layer_count = LAYERS);
    must_work(c, cn_compile(m, .loss = CN_MEAN_SQUARED_ERROR));
    assert_int_equal(cn_weight_count(m), 2 * LAYERS);
    assert_string_equal(cn_weight(m, 2 * LAYERS - 1).name, "dense_69/bias");
    float out[ROWS][2];
    cn_array x = {.data = features, .shape = {ROWS, 4}};
    must_work(c, cn_predict(m, .inputs = {x}, .outputs = {{.data = out, .shape = {ROWS, 2}}}));
    cn_context_free(c);
}

static void weights_are_listed_as_tensors(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_layer *frozen = cn_dense(c, 3, .frozen = true);
    cn_model *m = cn_sequential(c, {4}, {frozen, cn_batch_normalization(c), cn_dense(c, 2)});
    cn_tensor all[8], some[8];
    int64_t shape[CN_MAX_RANK];
    assert_int_equal(cn_model_weights(m, false, all, 8), 2 + 4 + 2);
    for (size_t i = 0; i < 8; i++) {
        cn_array w = cn_weight(m, i);
        assert_int_equal(cn_tensor_shape(all[i], shape), w.rank);
        assert_memory_equal(shape, w.shape, (size_t)w.rank * sizeof *shape);
    }
    assert_int_equal(cn_model_weights(m, true, some, 8), 2 + 2); /* gamma, beta; kernel, bias */
    assert_true(some[0].node == all[2].node && some[3].node == all[7].node);
    some[1].node = 0;
    assert_int_equal(cn_model_weights(m, true, some, 1), 4); /* only counted */
    assert_int_equal(some[1].node, 0);
    assert_int_equal(cn_model_weights(NULL, false, NULL, 0), 0);
    cn_context_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_in_a_model_in_a_model_is_itself),
        cmocka_unit_test(a_model_applied_to_two_inputs_shares_its_weights),
        cmocka_unit_test(only_what_is_not_frozen_is_trained),
        cmocka_unit_test(dropouts_of_nested_models_are_independent),
        cmocka_unit_test(a_model_may_begin_at_any_tensor),
        cmocka_unit_test(layers_of_two_models_may_be_in_a_third),
        cmocka_unit_test(two_thousand_layers_are_walked_without_recursion),
        cmocka_unit_test(models_that_cannot_be),
        cmocka_unit_test(a_stack_may_have_any_number_of_layers),
        cmocka_unit_test(weights_are_listed_as_tensors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
