/* reader.c: reads inside the window, fails outside it, and stays failed. */
#include "test.h"

#include "base/reader.h"

static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13};

static void numbers_have_their_byte_order(void **state) {
    (void)state;
    reader r = reader_of(bytes, sizeof bytes);
    assert_int_equal(reader_u8(&r), 1);
    assert_int_equal(reader_u32_big(&r), 0x02030405);
    assert_true(reader_u64_little(&r) == UINT64_C(0x0d0c0b0a09080706));
    assert_false(r.failed);
    assert_int_equal(r.offset, sizeof bytes);
}

static void short_numbers_are_read(void **state) {
    (void)state;
    reader r = reader_of(bytes, 7);
    assert_int_equal(reader_u16_little(&r), 0x0201);
    assert_int_equal(reader_u32_little(&r), 0x06050403);
    assert_int_equal(reader_u16_little(&r), 0);
    assert_true(r.failed && r.offset == 6);
    assert_int_equal(reader_u32_little(&r), 0);
}

/* Every prefix: a parser that runs over the end sees zeros and one flag. */
static void every_prefix_is_safe(void **state) {
    (void)state;
    for (size_t length = 0; length < sizeof bytes; length++) {
        uint8_t *exact = malloc(length + (length == 0)); /* so that sanitizers see an overrun */
        assert_non_null(exact);
        memcpy(exact, bytes, length);
        reader r = reader_of(exact, length);
        reader_u8(&r);
        reader_u32_big(&r);
        assert_int_equal(reader_u64_little(&r), 0);
        assert_true(r.failed);
        assert_true(r.offset <= length);
        free(exact);
    }
}

static void failure_is_sticky(void **state) {
    (void)state;
    reader r = reader_of(bytes, 3);
    assert_null(reader_take(&r, 4));
    assert_null(reader_take(&r, 1));
    assert_false(reader_has(&r, 0, 1));
    assert_int_equal(reader_u8(&r), 0);
}

static void counts_of_a_header_are_checked(void **state) {
    (void)state;
    reader r = reader_of(bytes, 12);
    assert_true(reader_has(&r, 3, 4));
    assert_false(reader_has(&r, 4, 4));
    assert_false(reader_has(&r, UINT64_MAX, 1));
    assert_false(reader_has(&r, UINT64_C(1) << 62, 8)); /* the product wraps to 0 */
    assert_true(reader_has(&r, UINT64_MAX, 0));
    assert_false(r.failed);
}

static void empty_readers_give_empty_blocks(void **state) {
    (void)state;
    reader r = reader_of(NULL, 0);
    assert_non_null(reader_take(&r, 0));
    assert_false(r.failed);
    assert_null(reader_take(&r, 1));
    assert_true(r.failed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_their_byte_order),
        cmocka_unit_test(short_numbers_are_read),
        cmocka_unit_test(every_prefix_is_safe),
        cmocka_unit_test(failure_is_sticky),
        cmocka_unit_test(counts_of_a_header_are_checked),
        cmocka_unit_test(empty_readers_give_empty_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
