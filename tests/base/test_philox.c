/* philox.c against the known answers that come with Random123 (kat_vectors, philox4x32-10). */
#include "test.h"

#include "base/philox.h"

static void expect(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3, uint32_t k0, uint32_t k1,
                   const uint32_t answer[4]) {
    uint32_t out[4];
    philox4x32((const uint32_t[]){c0, c1, c2, c3}, (const uint32_t[]){k0, k1}, out);
    assert_memory_equal(out, answer, sizeof out);
}

static void known_answers(void **state) {
    (void)state;
    expect(0, 0, 0, 0, 0, 0, (const uint32_t[]){0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
    const uint32_t f = 0xffffffff;
    expect(f, f, f, f, f, f, (const uint32_t[]){0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
    expect(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0,
           (const uint32_t[]){0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

static void output_may_be_the_counter(void **state) {
    (void)state;
    uint32_t c[4] = {0};
    philox4x32(c, (const uint32_t[]){0, 0}, c);
    assert_int_equal(c[3], 0x9b00dbd8);
}

static void unit_is_below_one(void **state) {
    (void)state;
    assert_true(philox_unit_f32(0) == 0.0f);
    assert_true(philox_unit_f32(0xff) == 0.0f);
    assert_true(philox_unit_f32(0x100) == 0x1p-24f);
    assert_true(philox_unit_f32(0xffffffff) == 1.0f - 0x1p-24f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(output_may_be_the_counter),
        cmocka_unit_test(unit_is_below_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
