/* What pointwise ops share. */
#include "ir/ops/pointwise.h"
#include "test.h"

static void integers_wrap_to_their_width(void **state) {
    (void)state;
    assert_true(integer_wrap(CN_I8, 128) == -128);
    assert_true(integer_wrap(CN_I8, -129) == 127);
    assert_true(integer_wrap(CN_U8, -1) == 255);
    assert_true(integer_wrap(CN_I32, INT64_C(1) << 31) == INT32_MIN);
    assert_true(integer_wrap(CN_U32, -1) == UINT32_MAX);
    assert_true(integer_wrap(CN_I64, INT64_MIN) == INT64_MIN);
    assert_true(integer_wrap(CN_BOOL, -1) == 1);
    assert_true(integer_wrap(CN_BOOL, -2) == 0);
}

static void no_tangent_passes_a_pole(void **state) {
    (void)state;
    double pole = 1.0 / 0.0;
    assert_true(slope_times(pole, 0) == 0);
    assert_true(slope_times(pole, 2) == pole);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_wrap_to_their_width),
        cmocka_unit_test(no_tangent_passes_a_pole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
