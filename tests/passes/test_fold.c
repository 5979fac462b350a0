/* Golden cases are in tests/golden/fold; here what folding must not touch, and random programs. */
#include "random_check.h"

static void results_are_rounded_as_the_program_would(void **state) {
    becomes(*state, &pass_fold,
            "func @f() {\n"
            "  %1 = constant {value=[1]} : f32[]\n"
            "  %2 = constant {value=[3]} : f32[]\n"
            "  %3 = div %1, %2 : f32[]\n"
            "  return %3\n"
            "}\n",
            "func @f() {\n"
            "  %1 = constant {value=[0.33333334]} : f32[]\n"
            "  return %1\n"
            "}\n");
}

static void integers_fold_exactly(void **state) {
    becomes(*state, &pass_fold,
            "func @f() {\n"
            "  %1 = constant {value=[9007199254740993]} : i64[]\n"
            "  %2 = constant {value=[2]} : i64[]\n"
            "  %3 = mul %1, %2 : i64[]\n"
            "  return %3\n"
            "}\n",
            "func @f() {\n"
            "  %1 = constant {value=[18014398509481986]} : i64[]\n"
            "  return %1\n"
            "}\n");
}

static void barriers_hold_constants_back(void **state) {
    stays(*state, &pass_fold,
          "func @f() {\n"
          "  %1 = constant {value=[1]} : f32[]\n"
          "  %2 = barrier %1 : f32[]\n"
          "  return %2\n"
          "}\n");
}

static void padding_a_splat_is_no_splat(void **state) {
    stays(*state, &pass_fold,
          "func @f() {\n"
          "  %1 = constant {value=[1]} : f32[B,2]\n"
          "  %2 = constant {value=[0]} : f32[]\n"
          "  %3 = pad %1, %2 {low=[0,1], high=[0,0], interior=[0,0]} : f32[B,3]\n"
          "  return %3\n"
          "}\n");
}

static void a_bound_batch_is_known(void **state) {
    becomes(*state, &pass_fold,
            "func @f() {\n"
            "  guard \"batch = 6: sorted\"\n"
            "  batch 6\n"
            "  %1 = dim_size {size=2*B} : f32[]\n"
            "  return %1\n"
            "}\n",
            "func @f() {\n"
            "  guard \"batch = 6: sorted\"\n"
            "  batch 6\n"
            "  %1 = constant {value=[12]} : f32[]\n"
            "  return %1\n"
            "}\n");
}

static void random_programs_compute_the_same(void **state) {
    check_random_programs(*state, &pass_fold, 500, 50);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(results_are_rounded_as_the_program_would),
        WITH_WORKSPACE(integers_fold_exactly),
        WITH_WORKSPACE(barriers_hold_constants_back),
        WITH_WORKSPACE(padding_a_splat_is_no_splat),
        WITH_WORKSPACE(a_bound_batch_is_known),
        WITH_WORKSPACE(random_programs_compute_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
