/* Golden cases are in tests/golden/layout. */
#include "random_check.h"

static void the_right_free_axes_keep_their_order_too(void **state) {
    stays(*state, &pass_layout,
          "func @f(%x: f32[4], %w: f32[2,3,4]) {\n"
          "  %3 = transpose %w {axes=[1,0,2]} : f32[3,2,4]\n"
          "  %4 = dot_general %x, %3 {left_contract=[0], right_contract=[2]} : f32[3,2]\n"
          "  return %4\n"
          "}\n");
}

static void random_programs_compute_the_same(void **state) {
    check_random_programs(*state, &pass_layout, 1500, 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(the_right_free_axes_keep_their_order_too),
        WITH_WORKSPACE(random_programs_compute_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
