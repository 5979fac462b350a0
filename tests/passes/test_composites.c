/* Golden cases are in tests/golden/composites; here claims, and random programs. */
#include "random_check.h"

#define SOFTPLUS(i)                                         \
    "  %" i " = composite %x {name=\"softplus\"} : f32[]\n" \
    "    region (%1: f32[]) {\n"                            \
    "      %2 = exp %1 : f32[]\n"                           \
    "      %3 = log1p %2 : f32[]\n"                         \
    "      return %3\n"                                     \
    "    }\n"

static void a_claimed_composite_stays_whole(void **state) {
    static const char *const claims[] = {"norm", "softplus", NULL};
    static const target_facts facts = {.name = "claiming", .claims = claims};
    workspace *w = *state;
    graph *g = parse_case(w, "func @f(%x: f32[]) {\n" SOFTPLUS("2") "  return %2\n}\n");
    assert_ptr_equal(run_plain(w, &pass_composites, g, &facts), g);
    assert_ptr_not_equal(run_plain(w, &pass_composites, g, NULL), g);
}

static void random_programs_compute_the_same(void **state) {
    check_random_programs(*state, &pass_composites, 500, 50);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(a_claimed_composite_stays_whole),
        WITH_WORKSPACE(random_programs_compute_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
