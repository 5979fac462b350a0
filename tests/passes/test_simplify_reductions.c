/* Golden cases are in tests/golden/simplify; here what stays, one refusal each. */
#include "pass_case.h"

static void folds_of_different_kinds_stay(void **state) {
    stays(*state, &pass_simplify,
          "func @f(%x: f32[B,3]) {\n"
          "  %2 = reduce %x {kind=max, axes=[1]} : f32[B]\n"
          "  %3 = reduce %2 {axes=[0]} : f32[]\n"
          "  return %3\n"
          "}\n");
}

static void a_fold_that_others_use_is_not_folded_again(void **state) {
    stays(*state, &pass_simplify,
          "func @f(%x: f32[B,3]) {\n"
          "  %2 = reduce %x {axes=[1]} : f32[B]\n"
          "  %3 = reduce %2 {axes=[0]} : f32[]\n"
          "  return %2, %3\n"
          "}\n");
}

/* Sums of 16-bit floats accumulate in f32: two in a row round twice. */
static void sums_of_halves_stay(void **state) {
    stays(*state, &pass_simplify,
          "func @f(%x: f16[B,3]) {\n"
          "  %2 = reduce %x {axes=[1]} : f16[B]\n"
          "  %3 = reduce %2 {axes=[0]} : f16[]\n"
          "  return %3\n"
          "}\n");
}

/* An empty maximum is -inf, whatever would have been repeated. */
static void folds_of_nothing_stay(void **state) {
    stays(*state, &pass_simplify,
          "func @f(%x: f32[B]) {\n"
          "  %2 = broadcast %x {axes=[0]} : f32[B,0]\n"
          "  %3 = reduce %2 {kind=max, axes=[1]} : f32[B]\n"
          "  return %3\n"
          "}\n");
}

static void a_product_of_repeated_values_stays(void **state) {
    stays(*state, &pass_simplify,
          "func @f(%x: f32[B]) {\n"
          "  %2 = broadcast %x {axes=[0]} : f32[B,4]\n"
          "  %3 = reduce %2 {kind=prod, axes=[1]} : f32[B]\n"
          "  return %3\n"
          "}\n");
}

static void a_sum_over_the_batch_counts_it(void **state) {
    becomes(*state, &pass_simplify,
            "func @f(%x: f32[3]) {\n"
            "  %2 = broadcast %x {axes=[2]} : f32[2,4*B,3]\n"
            "  %3 = reduce %2 {axes=[1]} : f32[2,3]\n"
            "  return %3\n"
            "}\n",
            "func @f(%x: f32[3]) {\n"
            "  %2 = dim_size {size=4*B} : f32[]\n"
            "  %3 = broadcast %2 : f32[3]\n"
            "  %4 = mul %x, %3 : f32[3]\n"
            "  %5 = broadcast %4 {axes=[1]} : f32[2,3]\n"
            "  return %5\n"
            "}\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(folds_of_different_kinds_stay),
        WITH_WORKSPACE(a_fold_that_others_use_is_not_folded_again),
        WITH_WORKSPACE(sums_of_halves_stay),
        WITH_WORKSPACE(folds_of_nothing_stay),
        WITH_WORKSPACE(a_product_of_repeated_values_stays),
        WITH_WORKSPACE(a_sum_over_the_batch_counts_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
