/* The gradients that composites register, against forward mode through their decompositions, to
 * second order. */
#include "gradient_check.h"

/* The composite of `operands`, weighted so that its rows do not all count the same. */
static graph *loss_of(workspace *w, const char *name, int operand_count, bool labels) {
    graph *g = graph_new(w->arena, "f");
    type rows = type_make(CN_F32, 2, (const dim[]){dim_batch(1), dim_of(4)});
    type row_labels = type_make(CN_I32, 1, rows.dims);
    value x[2], y;
    for (int i = 0; i < operand_count; i++)
        x[i] = graph_add_input(g, NULL, labels && i == 1 ? row_labels : rows, INPUT_DATA, false);
    composite_attributes a = {.parameters = {1, {1}}};
    build_composite(g, name, &a, x, operand_count, &y);
    type t = *value_type(g, y);
    integer_list axes = {.count = t.rank, .items = {0, 1}};
    value weight = build_iota(g, CN_F32, t.rank, t.dims, t.rank - 1);
    weight = build_add(g, weight, build_full_like(g, weight, 0.5));
    value squares = build_mul(g, build_mul(g, y, y), weight);
    graph_add_output(g, build_sum(g, squares, axes.count, axes.items), NULL, -1);
    return g;
}

static void check(workspace *w, const char *name, int operand_count, bool labels) {
    graph *first = with_gradients(w, loss_of(w, name, operand_count, labels));
    graph *second = with_gradients(w, sum_of_squared_gradients(w, first));
    for (uint64_t seed = 1; seed <= 4; seed++) {
        check_directional_derivative(w, first, (int64_t)seed, seed);
        check_directional_derivative(w, second, (int64_t)seed, seed);
    }
}

static void every_composite_has_the_gradient_of_its_decomposition(void **state) {
    workspace *w = *state;
    check(w, "softmax", 1, false);
    check(w, "log_softmax", 1, false);
    check(w, "softplus", 1, false);
    check(w, "softmax_cross_entropy", 2, false);
    check(w, "sparse_softmax_cross_entropy", 2, true);
    check(w, "sigmoid_cross_entropy", 2, false);
}

/* The operands are results of a scan, the composite is nobody's: the region is differentiated. */
static void composites_without_a_rule_differentiate_their_region(void **state) {
    check_gradients(*state,
                    "cornu-ir 1 func @f(%x: f32[3], %y: f32[3]) {"
                    "%3:2 = scan %x, %y {carries=2, length=1} : (f32[3], f32[3])"
                    "  region (%1: f32[3], %2: f32[3]) { return %2, %1 }"
                    "%4:2 = composite %3#0, %3#1 {name=\"product and sine\"} : (f32[3], f32[3])"
                    "  region (%1: f32[3], %2: f32[3]) {"
                    "    %3 = mul %1, %2 : f32[3] %4 = sin %2 : f32[3] return %3, %4 }"
                    "%5 = mul %4#0, %4#1 : f32[3] %6 = mul %5, %3#1 : f32[3]"
                    "%7 = reduce %6 {axes=[0]} : f32[] return %7 }");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(every_composite_has_the_gradient_of_its_decomposition),
        WITH_WORKSPACE(composites_without_a_rule_differentiate_their_region),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
