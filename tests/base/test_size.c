/* size.h: products and sums that do not fit are refused. */
#include "test.h"

#include "base/size.h"

static void overflow_is_refused(void **state) {
    (void)state;
    size_t n;
    int64_t i;
    assert_true(size_mul(6, 7, &n) && n == 42);
    assert_false(size_mul(SIZE_MAX, 2, &n));
    assert_true(size_add(SIZE_MAX - 1, 1, &n) && n == SIZE_MAX);
    assert_false(size_add(SIZE_MAX, 1, &n));
    assert_true(i64_mul(-6, 7, &i) && i == -42);
    assert_false(i64_mul(INT64_MIN, -1, &i));
    assert_true(i64_add(INT64_MIN, INT64_MAX, &i) && i == -1);
    assert_false(i64_add(INT64_MAX, 1, &i));
}

static void alignment_rounds_up(void **state) {
    (void)state;
    assert_int_equal(size_align(0, 64), 0);
    assert_int_equal(size_align(1, 64), 64);
    assert_int_equal(size_align(64, 64), 64);
    assert_int_equal(size_align(65, 64), 128);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overflow_is_refused),
        cmocka_unit_test(alignment_rounds_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
