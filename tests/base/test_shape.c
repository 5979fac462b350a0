/* shape.c: arithmetic of c and k*B, sizes that saturate, names that parse back. */
#include "test.h"

#include "base/shape.h"

static void products_stay_linear_in_the_batch(void **state) {
    (void)state;
    dim d;
    assert_true(dim_multiply(dim_of(6), dim_of(7), &d) && dim_is(d, 42));
    assert_true(dim_multiply(dim_batch(2), dim_of(5), &d) && dim_equal(d, dim_batch(10)));
    assert_false(dim_multiply(dim_batch(1), dim_batch(1), &d));
    assert_true(dim_multiply(dim_batch(3), dim_of(0), &d) && dim_is(d, 0));
    assert_false(dim_multiply(dim_of(INT64_MAX), dim_of(2), &d));
}

static void quotients_are_exact(void **state) {
    (void)state;
    dim d;
    assert_true(dim_divide(dim_batch(6), dim_of(3), &d) && dim_equal(d, dim_batch(2)));
    assert_true(dim_divide(dim_batch(6), dim_batch(3), &d) && dim_is(d, 2));
    assert_true(dim_divide(dim_of(0), dim_batch(3), &d) && dim_is(d, 0));
    assert_false(dim_divide(dim_of(6), dim_batch(3), &d));
    assert_false(dim_divide(dim_of(7), dim_of(2), &d));
    assert_false(dim_divide(dim_of(7), dim_of(0), &d));
    assert_false(dim_divide(dim_of(0), dim_of(0), &d));
}

static void elements_and_bytes(void **state) {
    (void)state;
    type t = type_make(CN_F32, 3, (dim[]){dim_batch(1), dim_of(28), dim_of(28)});
    dim d;
    assert_true(type_elements(&t, &d) && dim_equal(d, dim_batch(784)));
    assert_int_equal(type_count(&t, 2), 1568);
    assert_int_equal(type_bytes(&t, 2), 6272);
    assert_int_equal(type_count(&t, 0), 0);
    type s = type_scalar(CN_F64);
    assert_true(type_elements(&s, &d) && dim_is(d, 1));
    assert_int_equal(type_bytes(&s, 9), 8);
}

static void sizes_saturate_and_zero_wins(void **state) {
    (void)state;
    dim huge = dim_of(INT64_C(1) << 40), d;
    type t = type_make(CN_F32, 2, (dim[]){huge, huge});
    assert_false(type_elements(&t, &d));
    assert_true(type_count(&t, 1) == INT64_MAX);
    assert_true(type_bytes(&t, 1) == INT64_MAX);
    type wide = type_make(CN_F64, 1, (dim[]){dim_of(INT64_MAX / 4)});
    assert_true(type_bytes(&wide, 1) == INT64_MAX);
    type empty = type_make(CN_F32, 3, (dim[]){huge, huge, dim_of(0)});
    assert_true(type_elements(&empty, &d) && dim_is(d, 0));
    assert_int_equal(type_bytes(&empty, 1), 0);
    type square = type_make(CN_F32, 2, (dim[]){dim_batch(1), dim_batch(1)});
    assert_false(type_elements(&square, &d));
    assert_int_equal(type_count(&square, 3), 9);
    assert_true(type_count(&square, INT64_MAX) == INT64_MAX);
}

static void equality_is_by_content(void **state) {
    (void)state;
    type a = type_make(CN_F32, 1, (dim[]){dim_batch(0)});
    type b = type_make(CN_F32, 1, (dim[]){dim_of(0)});
    assert_true(type_equal(&a, &b)); /* 0*B is 0 */
    type c = type_with_dtype(a, CN_I32);
    assert_false(type_equal(&a, &c));
    assert_true(shape_equal(&a, &c));
    type s = type_scalar(CN_F32);
    assert_false(shape_equal(&a, &s));
    b.dims[3] = dim_of(7); /* beyond the rank: no part of the type */
    assert_true(type_equal(&a, &b));
}

static void dtypes_have_names(void **state) {
    (void)state;
    for (int d = CN_F32; d < CN_DTYPE_COUNT; d++) {
        cn_dtype parsed;
        const char *name = dtype_name((cn_dtype)d);
        assert_true(dtype_parse(name, strlen(name), &parsed));
        assert_int_equal(parsed, d);
        assert_in_range(dtype_bytes((cn_dtype)d), 1, 8);
        int kinds = dtype_is_float((cn_dtype)d) + dtype_is_integer((cn_dtype)d) + (d == CN_BOOL);
        assert_int_equal(kinds, 1);
    }
    cn_dtype parsed;
    assert_false(dtype_parse("f3", 2, &parsed));
    assert_false(dtype_parse("f322", 4, &parsed));
    assert_false(dtype_parse("default", 7, &parsed));
    assert_string_equal(dtype_name((cn_dtype)99), "unknown");
    assert_int_equal(dtype_bytes((cn_dtype)99), 0);
}

static void types_print(void **state) {
    workspace *w = *state;
    text t;
    text_init(&t, w->arena);
    type x = type_make(CN_BF16, 4, (dim[]){dim_batch(1), dim_of(28), dim_batch(49), dim_of(0)});
    text_type(&t, &x);
    x = type_scalar(CN_BOOL);
    text_type(&t, &x);
    assert_string_equal(t.data, "bf16[B,28,49*B,0]bool[]");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_stay_linear_in_the_batch),
        cmocka_unit_test(quotients_are_exact),
        cmocka_unit_test(elements_and_bytes),
        cmocka_unit_test(sizes_saturate_and_zero_wins),
        cmocka_unit_test(equality_is_by_content),
        cmocka_unit_test(dtypes_have_names),
        WITH_WORKSPACE(types_print),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
