/* Golden cases are in tests/golden/dce. */
#include "random_check.h"

static void a_graph_without_dead_nodes_is_itself(void **state) {
    stays(*state, &pass_dce,
          "func @f(%x: f32[], %unused: f32[]) {\n"
          "  %3 = exp %x : f32[]\n"
          "  return %3\n"
          "}\n");
}

static void random_programs_compute_the_same(void **state) {
    check_random_programs(*state, &pass_dce, 500, 200);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(a_graph_without_dead_nodes_is_itself),
        WITH_WORKSPACE(random_programs_compute_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
