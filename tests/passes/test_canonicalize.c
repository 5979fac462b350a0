/* What golden cases cannot say: what stays as it is, and random programs. */
#include "random_check.h"

static void canonical_programs_stay(void **state) {
    stays(*state, &pass_canonicalize,
          "func @f(%x: f32[B], %y: f32[B]) {\n"
          "  %3 = sub %x, %y : f32[B]\n"
          "  %4 = div %y, %x : f32[B]\n"
          "  %5 = add %3, %4 : f32[B]\n"
          "  return %5\n"
          "}\n");
}

/* 3 - x is no sum of x: only its sign could move, at the cost of an op. */
static void a_constant_minus_a_value_stays(void **state) {
    stays(*state, &pass_canonicalize,
          "func @f(%x: f32[B]) {\n"
          "  %2 = constant {value=[3]} : f32[B]\n"
          "  %3 = sub %2, %x : f32[B]\n"
          "  return %3\n"
          "}\n");
}

static void i64_constants_beyond_doubles_stay_exact(void **state) {
    stays(*state, &pass_canonicalize,
          "func @f(%x: i64[]) {\n"
          "  %2 = constant {value=[9007199254740993]} : i64[]\n"
          "  %3 = sub %x, %2 : i64[]\n"
          "  return %3\n"
          "}\n");
}

static void random_programs_compute_the_same(void **state) {
    check_random_programs(*state, &pass_canonicalize, 500, 200);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(canonical_programs_stay),
        WITH_WORKSPACE(a_constant_minus_a_value_stays),
        WITH_WORKSPACE(i64_constants_beyond_doubles_stay_exact),
        WITH_WORKSPACE(random_programs_compute_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
