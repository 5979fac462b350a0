/* Sizes written as C, computed as C computes them. */
#include "test.h"

#include "codegen/cpu/size_text.h"

#define SAME(expression)                  \
    for (long long B = 1; B < 70; B += 3) \
    assert_int_equal(size_text_value(#expression, B), (long long)(expression))

static void sizes_are_those_of_c(void **state) {
    (void)state;
    SAME(2048 * 4);
    SAME((8 * B * 128 * 4 + 63) / 64 * 64);
    SAME((((B + 9) / 10) * 288 * 64 * 4 + 63) / 64 * 64 + (18432 * 4 + 63) / 64 * 64);
    SAME((B > 12 ? 3 * B : 40));
    SAME(((B > 12 ? B : 12) > B * 2 - 1 ? 7 : B % 5 > 2 ? 100 - B - 1 : 9));
    SAME(100 - B - 1);
    SAME(960 / 4 / 3 % 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(sizes_are_those_of_c)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
