/* Golden cases are in tests/golden/stabilize; here what the forms are for. */
#include "ir/interpret.h"
#include "random_check.h"

/* In float32 the plain forms lose everything at these inputs; the stable ones nothing. */
static double result_at(workspace *w, graph *g, double x) {
    interpreter it = {
        .arena = w->arena, .diag = &w->diagnostics, .batch = 1, .mode = INTERPRET_F32};
    tensor *in = tensor_new(&it, value_type(g, g->inputs.items[0].value)), *out;
    in->items[0].f = x;
    assert_true(interpret_graph(&it, g, &in, &out));
    return out->items[0].f;
}

static void small_and_large_arguments_keep_their_digits(void **state) {
    static const struct {
        const char *nodes;
        double at, exact;
    } cases[] = {
        {"  %2 = sigmoid %x : f32[]\n  %3 = log %2 : f32[]\n", -200, -200},
        {"  %2 = exp %x : f32[]\n  %3 = log1p %2 : f32[]\n", 200, 200},
    };
    workspace *w = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        graph *g =
            parse_case(w, arena_format(w->arena, "func @f(%%x: f32[]) {\n%s  return %%3\n}\n",
                                       cases[i].nodes));
        assert_true(result_at(w, g, cases[i].at) != cases[i].exact);
        graph *stable = run_plain(w, &pass_stabilize, g, NULL);
        assert_true(result_at(w, stable, cases[i].at) == cases[i].exact);
    }
}

static void random_programs_compute_the_same(void **state) {
    check_random_programs(*state, &pass_stabilize, 1000, 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(small_and_large_arguments_keep_their_digits),
        WITH_WORKSPACE(random_programs_compute_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
