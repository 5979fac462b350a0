/* Golden cases are in tests/golden/simplify; here what stays, one refusal each. */
#include "pass_case.h"

static void a_slice_between_padded_elements_stays(void **state) {
    stays(*state, &pass_simplify,
          "func @f(%x: f32[4]) {\n"
          "  %2 = constant {value=[0]} : f32[]\n"
          "  %3 = pad %x, %2 {low=[0], high=[0], interior=[1]} : f32[7]\n"
          "  %4 = slice %3 {starts=[0], strides=[1]} : f32[3]\n"
          "  return %4\n"
          "}\n");
}

static void a_slice_of_blocks_of_the_batch_is_a_slice(void **state) {
    becomes(*state, &pass_simplify,
            "func @f(%x: f32[8*B]) {\n"
            "  %2 = slice %x {starts=[1], strides=[2]} : f32[4*B]\n"
            "  %3 = slice %2 {starts=[1], strides=[2]} : f32[2*B]\n"
            "  return %3\n"
            "}\n",
            "func @f(%x: f32[8*B]) {\n"
            "  %2 = slice %x {starts=[3], strides=[4]} : f32[2*B]\n"
            "  return %2\n"
            "}\n");
}

static void broadcasts_along_different_axes_stay_apart(void **state) {
    stays(*state, &pass_simplify,
          "func @f(%x: f32[4], %y: f32[4]) {\n"
          "  %3 = broadcast %x {axes=[0]} : f32[4,4]\n"
          "  %4 = broadcast %y {axes=[1]} : f32[4,4]\n"
          "  %5 = add %3, %4 : f32[4,4]\n"
          "  return %5\n"
          "}\n");
}

static void a_transpose_of_real_axes_stays(void **state) {
    stays(*state, &pass_simplify,
          "func @f(%x: f32[B,1,3]) {\n"
          "  %2 = transpose %x {axes=[1,2,0]} : f32[1,3,B]\n"
          "  return %2\n"
          "}\n");
}

static void reversing_other_axes_stays(void **state) {
    stays(*state, &pass_simplify,
          "func @f(%x: f32[2,3]) {\n"
          "  %2 = reverse %x {axes=[0]} : f32[2,3]\n"
          "  %3 = reverse %2 {axes=[1]} : f32[2,3]\n"
          "  return %3\n"
          "}\n");
}

static void a_condition_over_repeated_choices_is_repeated(void **state) {
    becomes(*state, &pass_simplify,
            "func @f(%p: bool[B], %x: f32[B]) {\n"
            "  %3 = broadcast %p {axes=[0]} : bool[B,4]\n"
            "  %4 = broadcast %x {axes=[0]} : f32[B,4]\n"
            "  %5 = constant {value=[7]} : f32[B,4]\n"
            "  %6 = select %3, %4, %5 : f32[B,4]\n"
            "  return %6\n"
            "}\n",
            "func @f(%p: bool[B], %x: f32[B]) {\n"
            "  %3 = constant {value=[7]} : f32[B]\n"
            "  %4 = select %p, %x, %3 : f32[B]\n"
            "  %5 = broadcast %4 {axes=[0]} : f32[B,4]\n"
            "  return %5\n"
            "}\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(a_slice_between_padded_elements_stays),
        WITH_WORKSPACE(a_slice_of_blocks_of_the_batch_is_a_slice),
        WITH_WORKSPACE(broadcasts_along_different_axes_stay_apart),
        WITH_WORKSPACE(a_transpose_of_real_axes_stays),
        WITH_WORKSPACE(reversing_other_axes_stays),
        WITH_WORKSPACE(a_condition_over_repeated_choices_is_repeated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
