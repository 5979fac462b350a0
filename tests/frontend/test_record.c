/* Promotion, broadcasting and the shared path of ops. */
#include "golden.h"

#include "frontend/record.h"

static void promotion_is_keras_lattice(void **state) {
    (void)state;
    static const cn_dtype rows[][3] = {
        {CN_BOOL, CN_BOOL, CN_BOOL}, {CN_BOOL, CN_I8, CN_I8},    {CN_U8, CN_I8, CN_I32},
        {CN_U8, CN_U32, CN_U32},     {CN_I32, CN_U32, CN_I64},   {CN_I8, CN_U32, CN_I64},
        {CN_I8, CN_I32, CN_I32},     {CN_U32, CN_I64, CN_I64},   {CN_I64, CN_F16, CN_F16},
        {CN_I64, CN_F32, CN_F32},    {CN_F16, CN_BF16, CN_F32},  {CN_F16, CN_F32, CN_F32},
        {CN_BF16, CN_F64, CN_F64},   {CN_BOOL, CN_BF16, CN_BF16}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(dtype_promote(rows[i][0], rows[i][1]), rows[i][2]);
        assert_int_equal(dtype_promote(rows[i][1], rows[i][0]), rows[i][2]);
    }
}

static void scalars_are_weak(void **state) {
    (void)state;
    assert_int_equal(dtype_beside(CN_F16, 0.1), CN_F16);
    assert_int_equal(dtype_beside(CN_U8, 2), CN_U8);
    assert_int_equal(dtype_beside(CN_U8, 0.5), CN_F32);
    assert_int_equal(dtype_beside(CN_BOOL, 2), CN_I32);
    assert_int_equal(dtype_beside(CN_I32, INFINITY), CN_F32);
}

static void shapes_broadcast_from_the_last_axis(void **state) {
    (void)state;
    type image = type_make(CN_F32, 3, (const dim[]){dim_batch(1), dim_of(5), dim_of(3)});
    type row = type_make(CN_I32, 2, (const dim[]){dim_of(1), dim_of(3)}), joined;
    assert_true(shape_broadcast(&row, &image, &joined));
    assert_true(shape_equal(&joined, &image) && joined.dtype == CN_I32);
    type other = type_make(CN_F32, 1, (const dim[]){dim_of(5)});
    assert_false(shape_broadcast(&image, &other, &joined));
    /* the batch is no number, so no constant but 1 goes with it */
    type fixed = type_make(CN_F32, 3, (const dim[]){dim_of(2), dim_of(5), dim_of(3)});
    assert_false(shape_broadcast(&image, &fixed, &joined));
}

static void poison_goes_through(void **state) {
    (void)state;
    cn_context *c = golden_context();
    cn_tensor poison = tensor_poison(c);
    assert_false(cn_tensor_ok(cn_op_add(poison, golden_vector(c, 1))));
    assert_false(cn_tensor_ok(cn_op_exp(poison)));
    assert_int_equal(cn_error_status(c), CN_OK); /* poison is silent: its cause was told */
    assert_ptr_equal(cn_op_exp(CN_END).context, NULL);
    cn_context_free(c);
}

static void ops_outside_layers_name_their_line(void **state) {
    (void)state;
    cn_context *c = golden_context();
    int line = __LINE__ + 1;
    cn_tensor y = cn_op_reshape(golden_vector(c, 1, 2, 3), 1, (const int64_t[]){4});
    char words[64];
    snprintf(words, sizeof words, "test_record.c:%d: reshape: cannot make [4] of f32[3]", line);
    golden_expect_failure(y, words);
    cn_context_free(c);
}

static void axes_are_checked(void **state) {
    (void)state;
    cn_context *c = golden_context();
    cn_tensor x = golden_matrix(c, 1, 2, 3, 4);
    golden_expect_failure(cn_op_sum(x, 1, (const int64_t[]){2}, false), "axis 2 is not one of");
    golden_expect_failure(cn_op_sum(x, 2, (const int64_t[]){0, -2}, false), "given twice");
    golden_expect_failure(cn_op_softmax(x, -3), "axis -3 is not one of the 2 axes");
    cn_context_free(c);
}

/* Memory that runs out inside an op gives poison, a message, and a context that can be freed. */
static void running_out_of_memory_is_an_error(void **state) {
    (void)state;
    for (int64_t n = 1; n < 40; n++) {
        cn_context *c = golden_context();
        memory_fail_at(c->memory, n, 1);
        cn_tensor x = cn_input(c, {4000});
        for (int i = 0; i < 2000 && cn_tensor_ok(x); i++)
            x = cn_op_add(x, cn_op_exp(x));
        if (!cn_tensor_ok(x))
            assert_int_equal(cn_error_status(c), CN_ERROR_OUT_OF_MEMORY);
        else
            n = 40;
        cn_context_free(c);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(promotion_is_keras_lattice),
        cmocka_unit_test(scalars_are_weak),
        cmocka_unit_test(shapes_broadcast_from_the_last_axis),
        cmocka_unit_test(poison_goes_through),
        cmocka_unit_test(ops_outside_layers_name_their_line),
        cmocka_unit_test(axes_are_checked),
        cmocka_unit_test(running_out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
