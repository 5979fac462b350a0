/* Orders that numpy.random.RandomState(seed).shuffle gives. */
#include "test.h"

#include "runtime/io/numpy_shuffle.h"

static void the_order_is_that_of_numpy(void **state) {
    (void)state;
    static const struct {
        uint32_t seed;
        int64_t order[10];
    } rows[] = {{0, {2, 8, 4, 9, 1, 6, 7, 3, 0, 5}},
                {123, {4, 0, 7, 5, 8, 3, 1, 6, 9, 2}},
                {4294967295u, {6, 9, 5, 1, 8, 0, 7, 4, 2, 3}}};
    int64_t order[1000];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        numpy_shuffle(order, 10, rows[i].seed);
        assert_memory_equal(order, rows[i].order, sizeof rows[i].order);
    }
    static const int64_t first[] = {778, 334, 271, 802}, last[] = {502, 537, 196, 175};
    numpy_shuffle(order, 1000, 7);
    assert_memory_equal(order, first, sizeof first);
    assert_memory_equal(order + 996, last, sizeof last);
    numpy_shuffle(order, 1, 7);
    assert_int_equal(order[0], 0);
    numpy_shuffle(order, 0, 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_order_is_that_of_numpy)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
