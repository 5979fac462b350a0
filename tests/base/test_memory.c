/* memory.c: alignment, zeroes, the limit, failures on request, and counts under threads. */
#include "test.h"

#include "base/platform.h"

static void blocks_are_aligned_and_zero(void **state) {
    (void)state;
    memory *m = memory_new(0);
    const size_t alignments[] = {1, 16, 64, 4096};
    for (size_t i = 0; i < 4; i++) {
        unsigned char *p = memory_take(m, 1000, alignments[i]);
        assert_non_null(p);
        size_t aligned = alignments[i] < 64 ? 64 : alignments[i];
        assert_int_equal((uintptr_t)p % aligned, 0);
        for (int b = 0; b < 1000; b++)
            assert_int_equal(p[b], 0);
        memset(p, 0xff, 1000); /* so that the next one is zeroed, not merely new */
        memory_give(m, p, 1000);
    }
    void *empty = memory_take(m, 0, 1);
    assert_non_null(empty);
    memory_give(m, empty, 0);
    memory_give(m, NULL, 0);
    assert_null(memory_take(m, SIZE_MAX - 8, 64));
    assert_int_equal(memory_live(m), 0);
    assert_int_equal(memory_peak(m), 1000);
    memory_free(m);
}

static void large_blocks_begin_on_large_pages(void **state) {
    (void)state;
    enum { LARGE = 2 << 20, BYTES = LARGE + 1000 };
    memory *m = memory_new(BYTES); /* the count is of what was asked for */
    unsigned char *p = memory_take(m, BYTES, 64);
    assert_non_null(p);
    assert_int_equal((uintptr_t)p % LARGE, 0);
    for (int b = 0; b < BYTES; b += 100)
        assert_int_equal(p[b], 0);
    assert_int_equal(memory_live(m), BYTES);
    memory_give(m, p, BYTES);
    memory_free(m);
}

static void limit_counts_live_bytes(void **state) {
    (void)state;
    memory *m = memory_new(1000);
    void *a = memory_take(m, 600, 1);
    assert_non_null(a);
    assert_null(memory_take(m, 401, 1));
    void *b = memory_take(m, 400, 1);
    assert_non_null(b);
    memory_give(m, a, 600);
    assert_int_equal(memory_live(m), 400);
    assert_int_equal(memory_peak(m), 1000);
    a = memory_take(m, 600, 1);
    assert_non_null(a);
    memory_give(m, a, 600);
    memory_give(m, b, 400);
    memory_free(m);
}

static bool takes(memory *m) {
    void *p = memory_take(m, 8, 1);
    memory_give(m, p, 8);
    return p != NULL;
}

static void the_chosen_take_fails(void **state) {
    (void)state;
    memory *m = memory_new(0);
    memory_fail_at(m, 2, 0);
    assert_true(takes(m));
    assert_false(takes(m));
    assert_true(takes(m));
    memory_fail_at(m, 1, 1);
    assert_false(takes(m));
    assert_false(takes(m));
    memory_fail_at(m, 0, 0);
    assert_true(takes(m));
    memory_free(m);
}

static void take_and_give(void *user) {
    for (int i = 0; i < 2000; i++) {
        void *p = memory_take(user, 100, 1);
        memory_give(user, p, 100);
    }
}

static void counts_hold_under_threads(void **state) {
    (void)state;
    memory *m = memory_new(300);
    thread *threads[4];
    for (int i = 0; i < 4; i++)
        assert_non_null(threads[i] = thread_start(take_and_give, m));
    for (int i = 0; i < 4; i++)
        thread_join(threads[i]);
    assert_int_equal(memory_live(m), 0);
    assert_in_range(memory_peak(m), 100, 300);
    memory_free(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_aligned_and_zero),
        cmocka_unit_test(large_blocks_begin_on_large_pages),
        cmocka_unit_test(limit_counts_live_bytes),
        cmocka_unit_test(the_chosen_take_fails),
        cmocka_unit_test(counts_hold_under_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
