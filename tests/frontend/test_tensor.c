/* Symbolic tensors: inputs, applying layers, chains, poison. */
#include "test.h"

#include <stdio.h>

#include "frontend/frontend.h"

static cn_context *new_context(void) {
    cn_context *c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    assert_non_null(c);
    return c;
}

static void must_fail(cn_context *c, cn_tensor x, const char *words) {
    assert_false(cn_tensor_ok(x));
    if (strstr(cn_error_message(c), words) == NULL)
        fail_msg("wanted ...%s..., got %s", words, cn_error_message(c));
    cn_error_clear(c);
}

static void inputs_have_the_batch_in_front(void **state) {
    (void)state;
    cn_context *c = new_context();
    int64_t shape[CN_MAX_RANK];
    cn_tensor image = cn_input(c, {28, 28, 1}, .dtype = CN_U8);
    assert_int_equal(cn_tensor_shape(image, shape), 4);
    assert_int_equal(shape[0], CN_BATCH);
    assert_int_equal(shape[3], 1);
    assert_int_equal(cn_tensor_dtype(image), CN_U8);
    assert_int_equal(cn_tensor_shape(cn_input(c, {0}, .scalar = true), shape), 1);
    assert_int_equal(cn_tensor_shape(cn_input(c, {3, 0}, .rank = 2, .batch_size = 7), shape), 3);
    assert_int_equal(shape[0], 7);
    assert_int_equal(shape[2], 0);
    assert_int_equal(cn_tensor_dtype(cn_input(c, {1})), CN_F32);
    assert_int_equal(cn_tensor_shape(CN_END, shape), 0);
    cn_context_free(c);
}

static void inputs_that_cannot_be(void **state) {
    (void)state;
    cn_context *c = new_context();
    must_fail(c, cn_input(c, {0}), "the shape is missing");
    must_fail(c, cn_input(c, {3, -1}), "axis 1 of the shape is -1");
    must_fail(c, cn_input(c, {1, 1, 1, 1, 1, 1, 1, 1}), "are more than 8");
    must_fail(c, cn_input(c, {1}, .rank = 1000), "1000 axes");
    must_fail(c, cn_input(c, {1}, .dtype = (cn_dtype)99), ".dtype 99");
    must_fail(c, cn_input(c, {1}, .dtype = (cn_dtype)-1), ".dtype -1");
    must_fail(c, cn_input(c, {INT64_MAX, INT64_MAX}), "too large");
    cn_context_free(c);
}

static void poison_in_poison_out(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_tensor x = cn_input(c, {4}), poison = cn_apply(cn_dense(c, 0), x);
    assert_false(cn_tensor_ok(poison));
    assert_ptr_equal(poison.context, c); /* no terminator of a list */
    char first[256];
    snprintf(first, sizeof first, "%s", cn_error_message(c));
    assert_false(cn_tensor_ok(cn_op_add(poison, x)));
    assert_false(cn_tensor_ok(cn_chain(poison, cn_dense(c, 3), cn_flatten(c))));
    assert_false(cn_tensor_ok(cn_apply(cn_add(c), x, poison)));
    assert_false(cn_tensor_ok(cn_apply(cn_dense(c, 3), CN_END)));
    assert_string_equal(first, cn_error_message(c));
    cn_error_clear(c);
    assert_false(cn_tensor_ok(cn_op_add(poison, x))); /* still */
    cn_context_free(c);
}

static void layers_that_cannot_be_applied(void **state) {
    (void)state;
    cn_context *c = new_context(), *other = new_context();
    cn_tensor x = cn_input(c, {4});
    must_fail(c, cn_apply(NULL, x), "the layer is NULL");
    must_fail(c, cn_apply(cn_dense(NULL, 4), x), "made without a context");
    must_fail(other, cn_apply(cn_dense(other, 4), x), "input 0 belongs to another context");
    must_fail(c, cn_apply(cn_dense(c, 4), x, x), "dense wants 1 input, got 2");
    must_fail(c, cn_apply_list(cn_add(c), NULL, 0), "inputs, got 0");
    cn_context_free(other);
    cn_context_free(c);
}

static void outputs(cn_layer_call *call) {
    call->output_count = 3;
    for (size_t i = 0; i < 3; i++)
        call->outputs[i] = cn_op_scale(call->inputs[0], (double)i);
}

static void several_outputs_are_all_counted(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_tensor x = cn_input(c, {4}), all[3], some[2], none[1];
    cn_layer *layer = cn_custom_layer(c, outputs);
    assert_int_equal(cn_apply_into(all, layer, x), 3);
    assert_int_equal(cn_apply_into(some, layer, x), 3);
    assert_true(cn_tensor_ok(all[2]) && cn_tensor_ok(some[1]));
    assert_int_equal(cn_apply_into(none, cn_dense(c, 0), x), 0);
    assert_false(cn_tensor_ok(none[0]));
    cn_context_free(c);
}

/* What comes out as it went in belongs to the layer all the same, or models would not find it. */
static void outputs_are_of_the_call(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_tensor x = cn_input(c, {4}), y = cn_apply(cn_dropout(c, 0), x);
    assert_int_not_equal(x.node, y.node);
    cn_model *m = cn_model_new(c, .inputs = {x}, .outputs = {y});
    assert_int_equal(m->layers.count, 2);
    cn_context_free(c);
}

/* Memory that runs out at any point leaves a context in which building goes on. */
static void building_goes_on_after_any_failure(void **state) {
    (void)state;
    int failed = 0;
    for (int64_t n = 1; n < 12; n++) {
        cn_context *c = new_context();
        memory_fail_at(c->memory, n, 0);
        for (int i = 0; i < 40; i++)
            cn_chain(cn_input(c, {4}), cn_dense(c, 8, CN_RELU), cn_batch_normalization(c));
        memory_fail_at(c->memory, 0, 0);
        failed += cn_error_status(c) == CN_ERROR_OUT_OF_MEMORY;
        cn_error_clear(c);
        assert_int_equal(c->current_call, 0);
        cn_tensor x = cn_input(c, {4});
        cn_model *m = cn_model_new(c, .inputs = {x}, .outputs = {cn_chain(x, cn_dense(c, 2))});
        assert_int_equal(cn_compile(m, .loss = CN_MEAN_SQUARED_ERROR), CN_OK);
        cn_context_free(c);
    }
    assert_true(failed > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inputs_have_the_batch_in_front),
        cmocka_unit_test(inputs_that_cannot_be),
        cmocka_unit_test(poison_in_poison_out),
        cmocka_unit_test(layers_that_cannot_be_applied),
        cmocka_unit_test(several_outputs_are_all_counted),
        cmocka_unit_test(outputs_are_of_the_call),
        cmocka_unit_test(building_goes_on_after_any_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
