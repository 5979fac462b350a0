/* Which loop nest computes a set: schemes, loops and refusals. */
#include "kernels.h"

#include "passes/iteration.h"

/* Classifies all nodes of a function as one set; free ones are those that cost nothing. */
static bool classify(workspace *w, const char *source, iteration *it) {
    const graph *g = must_parse(w, source);
    iteration_init(it, w->arena, g, test_facts.row_bytes);
    iteration_begin(it);
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        const node *n = graph_node(g, id);
        bool output = false, free = node_has(n, OP_LEAF) || n->op == &op_broadcast;
        for (uint32_t i = 0; i < g->outputs.count; i++)
            output = output || g->outputs.items[i].value.node == id;
        if (n->op != &op_input)
            iteration_add(it, id, free, output);
    }
    return iteration_classify(it);
}

static void assert_kind(workspace *w, const char *source, group_kind kind, int outer, int row) {
    iteration it;
    if (!classify(w, source, &it))
        fail_msg("refused: %s", it.refusal);
    assert_int_equal(it.kind, kind);
    assert_int_equal(it.outer.count, outer);
    assert_int_equal(it.row.count, row);
}

static void assert_refusal(workspace *w, const char *source, const char *why) {
    iteration it;
    assert_false(classify(w, source, &it));
    assert_string_equal(it.refusal, why);
}

#define F(arguments, ...) "cornu-ir 1\nfunc @f(" arguments ") {\n" __VA_ARGS__ "}\n"

static void elementwise_work_is_a_map(void **state) {
    workspace *w = *state;
    assert_kind(w,
                F("%x: f32[B,3], %b: f32[3]",
                  "  %3 = broadcast %b {axes=[1]} : f32[B,3]\n  %4 = add %x, %3 : f32[B,3]\n"
                  "  %5 = exp %4 : f32[B,3]\n  return %4, %5\n"),
                GROUP_MAP, 2, 0);
}

static void a_fold_with_its_neighbours_is_a_reduction(void **state) {
    workspace *w = *state;
    assert_kind(w,
                F("%x: f32[B,3]", "  %2 = exp %x : f32[B,3]\n  %3 = reduce %2 {axes=[0]} : f32[3]\n"
                                  "  %4 = neg %3 : f32[3]\n  return %4\n"),
                GROUP_REDUCE, 1, 0);
}

static void a_fold_that_is_spread_again_is_a_row(void **state) {
    workspace *w = *state;
    const char *rows = F("%x: f32[B,7,3]", "  %2 = reduce %x {axes=[1]} : f32[B,3]\n"
                                           "  %3 = broadcast %2 {axes=[0,2]} : f32[B,7,3]\n"
                                           "  %4 = sub %x, %3 : f32[B,7,3]\n  return %4\n");
    assert_kind(w, rows, GROUP_ROW, 2, 1);
    assert_refusal(
        w,
        F("%x: f32[7,B]",
          "  %2 = reduce %x {axes=[1]} : f32[7]\n  %3 = broadcast %2 {axes=[0]} : f32[7,B]\n"
          "  %4 = sub %x, %3 : f32[7,B]\n  return %4\n"),
        "a row of symbolic size does not stay in fast memory");
}

static void an_epilogue_keeps_the_axes(void **state) {
    workspace *w = *state;
    assert_kind(w,
                F("%x: f32[B,3], %w: f32[3,5]",
                  "  %3 = dot_general %x, %w {left_contract=[1], right_contract=[0]} : f32[B,5]\n"
                  "  %4 = transpose %3 {axes=[1,0]} : f32[5,B]\n  %5 = tanh %4 : f32[5,B]\n"
                  "  return %5\n"),
                GROUP_CONTRACT, 2, 0);
    assert_refusal(
        w,
        F("%x: f32[B,3], %w: f32[3,5]",
          "  %3 = exp %x : f32[B,3]\n"
          "  %4 = dot_general %3, %w {left_contract=[1], right_contract=[0]} : f32[B,5]\n"
          "  return %4\n"),
        "work on a contraction's operand would be repeated");
}

static void transposes_of_one_array_do_not_meet(void **state) {
    workspace *w = *state;
    assert_refusal(w,
                   F("%x: f32[4,4]", "  %2 = transpose %x {axes=[1,0]} : f32[4,4]\n"
                                     "  %3 = add %x, %2 : f32[4,4]\n  return %3\n"),
                   "an array meets its own transpose");
}

static void costly_work_is_done_once(void **state) {
    workspace *w = *state;
    assert_refusal(w,
                   F("%x: f32[B,3], %s: f32[3]",
                     "  %3 = exp %s : f32[3]\n  %4 = broadcast %3 {axes=[1]} : f32[B,3]\n"
                     "  %5 = mul %x, %4 : f32[B,3]\n  return %5\n"),
                   "a value would be computed again in a loop it does not depend on");
    /* Along the outer axis it moves out of the inner loop. */
    assert_kind(w,
                F("%x: f32[B,3], %s: f32[B]",
                  "  %3 = exp %s : f32[B]\n  %4 = broadcast %3 {axes=[0]} : f32[B,3]\n"
                  "  %5 = mul %x, %4 : f32[B,3]\n  return %5\n"),
                GROUP_MAP, 2, 0);
    assert_refusal(w,
                   F("%x: f32[B,6]", "  %2 = exp %x : f32[B,6]\n"
                                     "  %3 = slice %2 {starts=[0,0], strides=[1,1]} : f32[B,3]\n"
                                     "  %4 = slice %2 {starts=[0,3], strides=[1,1]} : f32[B,3]\n"
                                     "  %5 = mul %3, %4 : f32[B,3]\n  return %5\n"),
                   "a value would be computed more than once");
}

static void different_folds_stay_apart(void **state) {
    workspace *w = *state;
    assert_refusal(w,
                   F("%x: f32[B,3]", "  %2 = reduce %x {axes=[0]} : f32[3]\n"
                                     "  %3 = reduce %x {axes=[1]} : f32[B]\n  return %2, %3\n"),
                   "reductions over different axes");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(elementwise_work_is_a_map),
        WITH_WORKSPACE(a_fold_with_its_neighbours_is_a_reduction),
        WITH_WORKSPACE(a_fold_that_is_spread_again_is_a_row),
        WITH_WORKSPACE(an_epilogue_keeps_the_axes),
        WITH_WORKSPACE(transposes_of_one_array_do_not_meet),
        WITH_WORKSPACE(costly_work_is_done_once),
        WITH_WORKSPACE(different_folds_stay_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
