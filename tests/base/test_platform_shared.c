/* Shared bytes: written by us, seen through the descriptor, and nobody's to change once sealed. */
#include "test.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/platform.h"

static void they_are_seen_through_the_descriptor(void **state) {
    (void)state;
    shared_bytes b;
    char word[6] = "";
    assert_true(shared_bytes_new(100000, &b));
    assert_int_equal(b.bytes[99999], 0);
    memcpy(b.bytes + 50000, "hello", 5);
    assert_int_equal(pread(b.descriptor, word, 5, 50000), 5);
    assert_string_equal(word, "hello");
    assert_int_equal(pwrite(b.descriptor, "J", 1, 50000), 1);
    assert_int_equal(b.bytes[50000], 'J');
    shared_bytes_free(&b);
    assert_null(b.bytes);
    shared_bytes_free(&b);
}

static void a_seal_is_for_ever(void **state) {
    (void)state;
    shared_bytes b;
    assert_true(shared_bytes_new(10, &b));
    b.bytes[3] = 7;
    assert_true(shared_bytes_seal(&b));
    assert_int_equal(b.bytes[3], 7);
    assert_int_equal(pwrite(b.descriptor, "x", 1, 3), -1);
    assert_int_equal(ftruncate(b.descriptor, 5), -1);
    assert_ptr_equal(mmap(NULL, 10, PROT_READ | PROT_WRITE, MAP_SHARED, b.descriptor, 0),
                     MAP_FAILED);
    shared_bytes_free(&b);
}

static void what_another_made_longer_is_mapped(void **state) {
    (void)state;
    shared_bytes b;
    assert_true(shared_bytes_new(0, &b));
    assert_null(b.bytes);
    assert_int_equal(pwrite(b.descriptor, "abc", 3, 7000), 3);
    assert_true(shared_bytes_map(&b));
    assert_int_equal(b.length, 7003);
    assert_memory_equal(b.bytes + 7000, "abc", 3);
    assert_true(shared_bytes_seal(&b));
    shared_bytes_free(&b);
}

/* A length that is only declared takes no memory; one beyond every file is refused. */
static void holes_are_free(void **state) {
    (void)state;
    shared_bytes b;
    assert_true(shared_bytes_new((size_t)64 << 30, &b));
    b.bytes[((size_t)64 << 30) - 1] = 1;
    shared_bytes_free(&b);
    assert_false(shared_bytes_new(SIZE_MAX / 2, &b));
    assert_int_equal(b.descriptor, -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(they_are_seen_through_the_descriptor),
                                       cmocka_unit_test(a_seal_is_for_ever),
                                       cmocka_unit_test(what_another_made_longer_is_mapped),
                                       cmocka_unit_test(holes_are_free)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
