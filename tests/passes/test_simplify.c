/* Golden cases are in tests/golden/simplify; here special numbers, and random programs. */
#include "random_check.h"

static void a_small_divisor_whose_inverse_overflows_stays(void **state) {
    stays(*state, &pass_simplify,
          "func @f(%x: f16[B]) {\n"
          "  %2 = constant {value=[6.1035156e-05]} : f16[B]\n" /* 2^-14 */
          "  %3 = div %x, %2 : f16[B]\n"
          "  return %3\n"
          "}\n");
}

static void unsigned_numbers_have_no_opposite(void **state) {
    stays(*state, &pass_simplify,
          "func @f(%x: u8[B]) {\n"
          "  %2 = constant {value=[255]} : u8[B]\n"
          "  %3 = mul %x, %2 : u8[B]\n"
          "  return %3\n"
          "}\n");
}

static void integer_division_keeps_its_rounding(void **state) {
    stays(*state, &pass_simplify,
          "func @f(%x: i32[B]) {\n"
          "  %2 = constant {value=[4]} : i32[B]\n"
          "  %3 = div %x, %2 : i32[B]\n"
          "  return %3\n"
          "}\n");
}

static void bodies_of_scans_are_simplified(void **state) {
    becomes(*state, &pass_simplify,
            "func @f(%h: f32[2]) {\n"
            "  %2 = scan %h {carries=1, length=3} : f32[2]\n"
            "    region (%1: f32[2]) {\n"
            "      %2 = constant {value=[1]} : f32[2]\n"
            "      %3 = mul %1, %2 : f32[2]\n"
            "      %4 = tanh %3 : f32[2]\n"
            "      return %4\n"
            "    }\n"
            "  return %2\n"
            "}\n",
            "func @f(%h: f32[2]) {\n"
            "  %2 = scan %h {carries=1, length=3} : f32[2]\n"
            "    region (%1: f32[2]) {\n"
            "      %2 = tanh %1 : f32[2]\n"
            "      return %2\n"
            "    }\n"
            "  return %2\n"
            "}\n");
}

static void random_programs_compute_the_same(void **state) {
    check_random_programs(*state, &pass_simplify, 1000, 500);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(a_small_divisor_whose_inverse_overflows_stays),
        WITH_WORKSPACE(unsigned_numbers_have_no_opposite),
        WITH_WORKSPACE(integer_division_keeps_its_rounding),
        WITH_WORKSPACE(bodies_of_scans_are_simplified),
        WITH_WORKSPACE(random_programs_compute_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
