/* What a model consists of: names, shapes, counts; of models that nest and of none at all. */
#include "test.h"

#include "cornu.h"

static cn_context *quiet_context(void) {
    return cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
}

static cn_model *two_inputs(cn_context *c) {
    cn_tensor image = cn_input(c, {4, 4, 1}, .name = "image", .dtype = CN_U8);
    cn_tensor age = cn_input(c, {1}, .name = "age");
    cn_tensor x = cn_chain(cn_apply(cn_rescaling(c, 0.5), image), cn_flatten(c));
    cn_tensor y = cn_apply(cn_concatenate(c), x, age);
    cn_tensor kind = cn_apply(cn_dense(c, 3, .name = "kind"), y);
    return cn_model_new(c, .inputs = {image, age}, .outputs = {kind, x});
}

static void inputs_and_outputs_have_names_types_and_shapes(void **state) {
    (void)state;
    cn_context *c = quiet_context();
    cn_model *m = two_inputs(c);
    assert_int_equal(cn_input_count(m), 2);
    cn_array image = cn_model_input(m, 0), age = cn_model_input(m, 1);
    assert_string_equal(image.name, "image");
    assert_int_equal(image.dtype, CN_U8);
    assert_int_equal(image.rank, 4);
    assert_int_equal(image.shape[0], CN_BATCH);
    assert_int_equal(image.shape[1], 4);
    assert_null(image.data);
    assert_string_equal(age.name, "age");
    assert_int_equal(cn_output_count(m), 2);
    cn_array kind = cn_model_output(m, 0);
    assert_string_equal(kind.name, "kind");
    assert_int_equal(kind.rank, 2);
    assert_int_equal(kind.shape[1], 3);
    assert_string_equal(cn_model_output(m, 1).name, "flatten");
    assert_null(cn_model_output(m, 2).name);
    assert_false(cn_is_compiled(m));
    assert_int_equal(cn_compile(m, .loss = CN_MEAN_SQUARED_ERROR), CN_OK);
    assert_true(cn_is_compiled(m));
    cn_context_free(c);
}

static void layers_are_the_rows_of_the_summary(void **state) {
    (void)state;
    cn_context *c = quiet_context();
    cn_model *inner = two_inputs(c);
    cn_tensor image = cn_input(c, {4, 4, 1}, .dtype = CN_U8), age = cn_input(c, {1});
    cn_layer *last = cn_dense(c, 2);
    cn_layer_set_trainable(last, false);
    cn_tensor y = cn_apply(last, cn_apply(cn_model_layer(inner), image, age));
    cn_model *m = cn_model_new(c, .inputs = {image, age}, .outputs = {y});
    assert_int_equal(cn_error_status(c), CN_OK);
    assert_int_equal(cn_layer_count(m), 4);
    size_t total = 0;
    for (size_t i = 0; i < cn_layer_count(m); i++)
        total += cn_layer_get(m, i).parameters;
    assert_int_equal(total, cn_parameter_count(m, false));
    cn_layer_facts nested = cn_layer_get(m, 2), dense = cn_layer_get(m, 3);
    assert_string_equal(nested.class_name, "Functional");
    assert_int_equal(nested.parameters, 17 * 3 + 3);
    assert_true(nested.trainable);
    assert_string_equal(dense.class_name, "Dense");
    assert_int_equal(dense.rank, 2);
    assert_int_equal(dense.shape[0], CN_BATCH);
    assert_int_equal(dense.shape[1], 2);
    assert_false(dense.trainable);
    cn_context_free(c);
}

static void no_model_has_nothing(void **state) {
    (void)state;
    cn_context *c = quiet_context();
    cn_model *poison = cn_model_new(c);
    assert_int_equal(cn_layer_count(NULL) + cn_input_count(NULL) + cn_output_count(NULL), 0);
    assert_int_equal(cn_layer_count(poison) + cn_input_count(poison), 0);
    assert_null(cn_layer_get(poison, 0).name);
    assert_false(cn_is_compiled(poison) || cn_is_compiled(NULL));
    assert_null(cn_model_input(NULL, 0).name);
    cn_context_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inputs_and_outputs_have_names_types_and_shapes),
        cmocka_unit_test(layers_are_the_rows_of_the_summary),
        cmocka_unit_test(no_model_has_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
