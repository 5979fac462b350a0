/* What composites compute, also where the plain formulas overflow. */
#include "ir/composite.h"

#include <math.h>

#include "ir/build.h"
#include "tensors.h"

static tensor *row_of(interpreter *it, int count, const double *items) {
    type t = type_make(CN_F32, 1, (const dim[]){dim_of(count)});
    tensor *x = tensor_new(it, &t);
    for (int i = 0; i < count; i++)
        x->items[i].f = items[i];
    return x;
}

/* Runs a composite on rows of three. */
static tensor *apply(workspace *w, interpreter *it, const char *name, const double *x,
                     const double *y) {
    graph *g = graph_new(w->arena, "f");
    type t = type_make(CN_F32, 1, (const dim[]){dim_of(3)});
    value operands[2], result;
    for (int i = 0; i < 2; i++)
        operands[i] = graph_add_input(g, NULL, t, INPUT_DATA, false);
    composite_attributes a = {.parameters = {1, {0}}};
    build_composite(g, name, &a, operands, composite_find(name)->operand_count, &result);
    graph_add_output(g, result, NULL, -1);
    tensor *inputs[2] = {row_of(it, 3, x), row_of(it, 3, y == NULL ? x : y)};
    return run_graph(w, it, g, inputs)[0];
}

static void softmax_stays_finite(void **state) {
    workspace *w = *state;
    interpreter it = interpreter_for(w, 1);
    tensor *y = apply(w, &it, "softmax", (const double[]){1000, 999, -1000}, NULL);
    assert_near(y->items[0].f, 1 / (1 + exp(-1)), 1e-15);
    assert_near(y->items[1].f, exp(-1) / (1 + exp(-1)), 1e-15);
    assert_true(y->items[2].f == 0);
    y = apply(w, &it, "log_softmax", (const double[]){1000, 999, -1000}, NULL);
    assert_near(y->items[2].f, -2000 - log1p(exp(-1)), 1e-9);
}

static void cross_entropies(void **state) {
    workspace *w = *state;
    interpreter it = interpreter_for(w, 1);
    const double x[] = {0.5, -1, 900}, p[] = {0.25, 0.5, 0.25};
    tensor *y = apply(w, &it, "softmax_cross_entropy", x, p);
    assert_int_equal(y->type.rank, 0);
    assert_near(y->items[0].f, 0.25 * 899.5 + 0.5 * 901, 1e-9);
    y = apply(w, &it, "sigmoid_cross_entropy", x, p);
    assert_near(y->items[0].f, log(1 + exp(0.5)) - 0.125, 1e-12);
    assert_near(y->items[1].f, log(1 + exp(-1)) + 0.5, 1e-12);
    assert_near(y->items[2].f, 900 - 225, 1e-9);
    y = apply(w, &it, "softplus", x, NULL);
    assert_near(y->items[1].f, log(1 + exp(-1)), 1e-12);
    assert_near(y->items[2].f, 900, 1e-9);
}

static void labels_outside_the_classes_cost_nothing(void **state) {
    workspace *w = *state;
    cn_dtype dtypes[] = {CN_I32, CN_I64, CN_U8};
    for (int d = 0; d < 3; d++) {
        graph *g = graph_new(w->arena, "f");
        interpreter it = interpreter_for(w, 1);
        type rows = type_make(CN_F32, 2, (const dim[]){dim_of(3), dim_of(300)});
        type column = type_make(dtypes[d], 1, rows.dims);
        value operands[2] = {graph_add_input(g, "x", rows, INPUT_DATA, false),
                             graph_add_input(g, "k", column, INPUT_DATA, false)};
        value loss;
        build_composite(g, "sparse_softmax_cross_entropy", NULL, operands, 2, &loss);
        graph_add_output(g, loss, NULL, -1);
        tensor **inputs = filled_inputs(&it, g);
        int64_t labels[3] = {0, 44, dtypes[d] == CN_U8 ? 255 : -1};
        for (int i = 0; i < 3; i++)
            inputs[1]->items[i].i = labels[i];
        tensor *y = run_graph(w, &it, g, inputs)[0];
        for (int i = 0; i < 3; i++) {
            double sum = 0;
            for (int k = 0; k < 300; k++)
                sum += exp(inputs[0]->items[300 * i + k].f);
            double wanted =
                labels[i] < 0 ? 0 : log(sum) - inputs[0]->items[300 * i + labels[i]].f;
            assert_near(y->items[i].f, wanted, 1e-12);
        }
    }
}

static void operands_that_do_not_fit_are_refused(void **state) {
    workspace *w = *state;
    graph *g = graph_new(w->arena, "f");
    type rows = type_make(CN_F32, 2, (const dim[]){dim_batch(1), dim_of(3)});
    value x[2] = {graph_add_input(g, "x", rows, INPUT_DATA, false),
                  graph_add_input(g, "y", rows, INPUT_DATA, false)};
    value y;
    build_composite(g, "sparse_softmax_cross_entropy", NULL, x, 2, &y);
    assert_true(value_is_none(y));
    assert_string_equal(w->diagnostics.message,
                        "sparse_softmax_cross_entropy: logits f32[B,3] need one integer label per "
                        "row, got f32[B,3]");
    diag_clear(&w->diagnostics);
    build_composite(g, "softmax", &(composite_attributes){.parameters = {1, {2}}}, x, 1, &y);
    assert_true(value_is_none(y));
    assert_non_null(strstr(w->diagnostics.message, "got f32[B,3] and axis 2"));
}

static void the_registry_is_found_by_name(void **state) {
    (void)state;
    for (int i = 0; composite_registry[i] != NULL; i++)
        assert_ptr_equal(composite_find(composite_registry[i]->name), composite_registry[i]);
    assert_null(composite_find("soft"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(softmax_stays_finite),
        WITH_WORKSPACE(cross_entropies),
        WITH_WORKSPACE(labels_outside_the_classes_cost_nothing),
        WITH_WORKSPACE(operands_that_do_not_fit_are_refused),
        WITH_WORKSPACE(the_registry_is_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
