/* The machinery under the local passes, with rules of its own. */
#include "passes/peephole.h"

#include "ir/build.h"
#include "pass_case.h"

static graph *rewrite(workspace *w, graph *g, const peephole *rules) {
    pass_context cx = {.arena = w->arena, .diag = &w->diagnostics};
    return peephole_rewrite(g, &cx, (const peephole *const[]){rules, NULL});
}

/* sin -> cos -> tanh: what a rule made is tried again. */
static value sin_to_cos(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    return build_unary(g, &op_cos, n->operands[0]);
}
static value cos_to_tanh(graph *g, const node *n, const use_counts *uses) {
    (void)uses;
    return build_unary(g, &op_tanh, n->operands[0]);
}

static void rules_run_until_none_applies(void **state) {
    static const peephole rules[] = {{&op_cos, cos_to_tanh}, {&op_sin, sin_to_cos}, {NULL, NULL}};
    workspace *w = *state;
    graph *g = parse_case(w, "func @f(%x: f32[]) {\n"
                             "  %2 = sin %x : f32[]\n"
                             "  %3 = scan %2 {carries=1, length=2} : f32[]\n"
                             "    region (%1: f32[]) {\n"
                             "      %2 = sin %1 : f32[]\n"
                             "      return %2\n"
                             "    }\n"
                             "  return %3\n"
                             "}\n");
    graph *out = rewrite(w, g, rules);
    assert_string_equal(print_case(w, out), "func @f(%x: f32[]) {\n"
                                            "  %2 = tanh %x : f32[]\n"
                                            "  %3 = scan %2 {carries=1, length=2} : f32[]\n"
                                            "    region (%1: f32[]) {\n"
                                            "      %2 = tanh %1 : f32[]\n"
                                            "      return %2\n"
                                            "    }\n"
                                            "  return %3\n"
                                            "}\n");
    assert_ptr_equal(rewrite(w, out, rules), out);
}

/* exp(exp(x)) -> exp(x), unless the inner one has other users. */
static value unshared_exp(graph *g, const node *n, const use_counts *uses) {
    const node *inner = operand_made_by(g, n, 0, &op_exp);
    if (inner == NULL || operand_is_shared(uses, n, 0))
        return NO_VALUE;
    return n->operands[0];
}

static void shared_operands_are_known(void **state) {
    static const peephole rules[] = {{&op_exp, unshared_exp}, {NULL, NULL}};
    workspace *w = *state;
    graph *g = parse_case(w, "func @f(%x: f32[], %y: f32[]) {\n"
                             "  %3 = exp %x : f32[]\n"
                             "  %4 = exp %3 : f32[]\n"
                             "  %5 = exp %y : f32[]\n"
                             "  %6 = exp %5 : f32[]\n"
                             "  return %3, %4, %6\n"
                             "}\n");
    assert_string_equal(print_case(w, rewrite(w, g, rules)), "func @f(%x: f32[], %y: f32[]) {\n"
                                                             "  %3 = exp %x : f32[]\n"
                                                             "  %4 = exp %3 : f32[]\n"
                                                             "  %5 = exp %y : f32[]\n"
                                                             "  return %3, %4, %5\n"
                                                             "}\n");
}

/* Regions of composites are left as their name promises. */
static void composites_are_not_entered(void **state) {
    static const peephole rules[] = {{&op_sin, sin_to_cos}, {NULL, NULL}};
    workspace *w = *state;
    graph *g = parse_case(w, "func @f(%x: f32[]) {\n"
                             "  %2 = composite %x {name=\"mine\"} : f32[]\n"
                             "    region (%1: f32[]) {\n"
                             "      %2 = sin %1 : f32[]\n"
                             "      return %2\n"
                             "    }\n"
                             "  return %2\n"
                             "}\n");
    assert_ptr_equal(rewrite(w, g, rules), g);
}

static void splats_are_recognised(void **state) {
    workspace *w = *state;
    graph *g = graph_new(w->arena, "f");
    static const int32_t table[] = {3, 3};
    const dim two = dim_of(2);
    type pair = type_make(CN_I32, 1, &two);
    value full = build_full(g, CN_F32, 1, (const dim[]){dim_batch(1)}, 2.5);
    value list = build_array(g, &pair, table, sizeof table);
    static const int64_t huge = (INT64_C(1) << 53) + 1;
    type one = type_scalar(CN_I64);
    value large = build_array(g, &one, &huge, sizeof huge);
    double x = 0;
    assert_true(splat_number(g, full, &x) && x == 2.5);
    assert_true(value_is_number(g, full, 2.5));
    assert_false(value_is_number(g, full, 2));
    assert_false(value_is_splat(g, list));
    assert_true(value_is_splat(g, large));
    assert_false(splat_number(g, large, &x)); /* no double is this number */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(rules_run_until_none_applies),
        WITH_WORKSPACE(shared_operands_are_known),
        WITH_WORKSPACE(composites_are_not_entered),
        WITH_WORKSPACE(splats_are_recognised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
