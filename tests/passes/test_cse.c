/* Golden cases are in tests/golden/cse; here what must stay apart, and random programs. */
#include "random_check.h"

static void barriers_keep_their_identity(void **state) {
    stays(*state, &pass_cse,
          "func @f(%x: f32[]) {\n"
          "  %2 = barrier %x : f32[]\n"
          "  %3 = barrier %x : f32[]\n"
          "  %4 = sub %2, %3 : f32[]\n"
          "  return %4\n"
          "}\n");
}

static void minus_zero_is_not_zero(void **state) {
    stays(*state, &pass_cse,
          "func @f(%x: f32[]) {\n"
          "  %2 = constant {value=[0]} : f32[]\n"
          "  %3 = constant {value=[-0]} : f32[]\n"
          "  %4 = div %x, %2 : f32[]\n"
          "  %5 = div %x, %3 : f32[]\n"
          "  %6 = max %4, %5 : f32[]\n"
          "  return %6\n"
          "}\n");
}

static void random_programs_compute_the_same(void **state) {
    check_random_programs(*state, &pass_cse, 500, 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(barriers_keep_their_identity),
        WITH_WORKSPACE(minus_zero_is_not_zero),
        WITH_WORKSPACE(random_programs_compute_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
