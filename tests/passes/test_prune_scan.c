/* Scans lose what nobody needs of them; nothing else changes. */
#include "passes/dce.h"

#include "pass_case.h"

/* Carries a and b; b is computed from a and read by the output alone. */
#define TWO_CARRIES(outputs)                                                            \
    "func @f(%w: f32[], %a: f32[], %b: f32[], %x: f32[5]) {\n"                          \
    "  %5:3 = scan %w, %a, %b, %x {constants=1, carries=2, length=5} : (f32[], f32[], " \
    "f32[5])\n"                                                                         \
    "    region (%1: f32[], %2: f32[], %3: f32[], %4: f32[]) {\n"                       \
    "      %5 = mul %2, %4 : f32[]\n"                                                   \
    "      %6 = add %3, %5 : f32[]\n"                                                   \
    "      %7 = mul %6, %1 : f32[]\n"                                                   \
    "      return %5, %6, %7\n"                                                         \
    "    }\n"                                                                           \
    "  return " outputs "\n"                                                            \
    "}\n"

static void what_is_needed_stays(void **state) {
    stays(*state, &pass_dce, TWO_CARRIES("%5#0, %5#1, %5#2"));
}

/* The stacked output needs b, which needs a. */
static void carries_that_reach_an_output_stay(void **state) {
    stays(*state, &pass_dce, TWO_CARRIES("%5#2"));
}

static void unused_outputs_and_what_only_they_read_go(void **state) {
    becomes(*state, &pass_dce, TWO_CARRIES("%5#1"),
            "func @f(%w: f32[], %a: f32[], %b: f32[], %x: f32[5]) {\n"
            "  %5:2 = scan %a, %b, %x {carries=2, length=5} : (f32[], f32[])\n"
            "    region (%1: f32[], %2: f32[], %3: f32[]) {\n"
            "      %4 = mul %1, %3 : f32[]\n"
            "      %5 = add %2, %4 : f32[]\n"
            "      return %4, %5\n"
            "    }\n"
            "  return %5#1\n"
            "}\n");
}

static void unused_carries_go(void **state) {
    becomes(*state, &pass_dce, TWO_CARRIES("%5#0"),
            "func @f(%w: f32[], %a: f32[], %b: f32[], %x: f32[5]) {\n"
            "  %5 = scan %a, %x {carries=1, length=5} : f32[]\n"
            "    region (%1: f32[], %2: f32[]) {\n"
            "      %3 = mul %1, %2 : f32[]\n"
            "      return %3\n"
            "    }\n"
            "  return %5\n"
            "}\n");
}

/* What fed only the dropped operand is dead then, a scan too. */
static void operands_die_with_their_last_reader(void **state) {
    becomes(*state, &pass_dce,
            "func @f(%h: f32[], %x: f32[5]) {\n"
            "  %3:2 = scan %h, %x {carries=1, length=5} : (f32[], f32[5])\n"
            "    region (%1: f32[], %2: f32[]) {\n"
            "      %3 = exp %2 : f32[]\n"
            "      return %1, %3\n"
            "    }\n"
            "  %4 = tanh %3#1 : f32[5]\n"
            "  %5 = scan %h, %4 {carries=1, length=5} : f32[]\n"
            "    region (%1: f32[], %2: f32[]) {\n"
            "      %3 = exp %1 : f32[]\n"
            "      return %3\n"
            "    }\n"
            "  return %5\n"
            "}\n",
            "func @f(%h: f32[], %x: f32[5]) {\n"
            "  %3 = scan %h {carries=1, length=5} : f32[]\n"
            "    region (%1: f32[]) {\n"
            "      %2 = exp %1 : f32[]\n"
            "      return %2\n"
            "    }\n"
            "  return %3\n"
            "}\n");
}

static void scans_in_scans_are_pruned(void **state) {
    becomes(*state, &pass_dce,
            "func @f(%h: f32[]) {\n"
            "  %2 = scan %h {carries=1, length=2} : f32[]\n"
            "    region (%1: f32[]) {\n"
            "      %2:2 = scan %1 {carries=1, length=3} : (f32[], f32[3])\n"
            "        region (%1: f32[]) {\n"
            "          %2 = sin %1 : f32[]\n"
            "          return %2, %1\n"
            "        }\n"
            "      return %2#0\n"
            "    }\n"
            "  return %2\n"
            "}\n",
            "func @f(%h: f32[]) {\n"
            "  %2 = scan %h {carries=1, length=2} : f32[]\n"
            "    region (%1: f32[]) {\n"
            "      %2 = scan %1 {carries=1, length=3} : f32[]\n"
            "        region (%1: f32[]) {\n"
            "          %2 = sin %1 : f32[]\n"
            "          return %2\n"
            "        }\n"
            "      return %2\n"
            "    }\n"
            "  return %2\n"
            "}\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(what_is_needed_stays),
        WITH_WORKSPACE(carries_that_reach_an_output_stay),
        WITH_WORKSPACE(unused_outputs_and_what_only_they_read_go),
        WITH_WORKSPACE(unused_carries_go),
        WITH_WORKSPACE(operands_die_with_their_last_reader),
        WITH_WORKSPACE(scans_in_scans_are_pruned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
