/* The fast checksum is zlib's, for every length and place. */
#include "test.h"

#include <zlib.h>

#include "runtime/io/crc32.h"

static void it_is_that_of_zlib(void **state) {
    static uint8_t bytes[4096 + 64];
    (void)state;
    uint32_t x = 1;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)((x = x * 1664525u + 1013904223u) >> 24);
    for (size_t length = 0; length <= 700; length++)
        for (size_t at = 0; at < 4; at++)
            assert_int_equal(crc32_of(x + (uint32_t)at, bytes + at, length),
                             crc32_z(x + (uint32_t)at, bytes + at, length));
    for (size_t length = 3900; length <= 4096; length++)
        assert_int_equal(crc32_of(0, bytes, length), crc32_z(0, bytes, length));
}

static void the_published_value(void **state) {
    (void)state;
    assert_int_equal(crc32_of(0, "123456789", 9), 0xCBF43926);
    assert_int_equal(crc32_of(0, "", 0), 0);
}

static void pieces_make_the_whole(void **state) {
    static uint8_t bytes[3000];
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * i >> 3);
    for (size_t cut = 0; cut <= sizeof bytes; cut += 7)
        assert_int_equal(crc32_of(crc32_of(0, bytes, cut), bytes + cut, sizeof bytes - cut),
                         crc32_z(0, bytes, sizeof bytes));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_is_that_of_zlib),
                                       cmocka_unit_test(the_published_value),
                                       cmocka_unit_test(pieces_make_the_whole)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
