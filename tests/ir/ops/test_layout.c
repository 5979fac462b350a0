/* pack permutes axes, and its inverse undoes it. */
#include "../tensors.h"

static void pack_permutes_and_its_inverse_undoes_it(void **state) {
    workspace *w = *state;
    interpreter it = interpreter_for(w, 2);
    graph *g = must_parse(w, "cornu-ir 1 func @f(%x: f32[B,3,4]) {"
                             "%2 = pack %x {permutation=[2,0,1]} : f32[4,B,3]"
                             "%3 = pack %2 {permutation=[1,2,0]} : f32[B,3,4] return %2, %3 }");
    tensor **in = filled_inputs(&it, g), **out = run_graph(w, &it, g, in);
    for (int a = 0; a < 2; a++)
        for (int b = 0; b < 3; b++)
            for (int c = 0; c < 4; c++)
                assert_true(out[0]->items[(c * 2 + a) * 3 + b].f ==
                            in[0]->items[(a * 3 + b) * 4 + c].f);
    assert_memory_equal(out[1]->items, in[0]->items, 24 * sizeof(number));
}

static void what_is_no_permutation_is_refused(void **state) {
    workspace *w = *state;
    static const char *const bad[] = {"[0]", "[0,0]", "[0,2]", "[-1,0]"};
    for (int i = 0; i < 4; i++) {
        diag_clear(&w->diagnostics);
        const char *source =
            arena_format(w->arena,
                         "cornu-ir 1 func @f(%%x: f32[3,4]) {"
                         "%%2 = pack %%x {permutation=%s} : f32[4,3] return %%2 }",
                         bad[i]);
        assert_null(graph_parse(w->arena, source, strlen(source)));
        assert_non_null(strstr(w->diagnostics.message, "pack: "));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(pack_permutes_and_its_inverse_undoes_it),
        WITH_WORKSPACE(what_is_no_permutation_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
