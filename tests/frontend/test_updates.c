/* Updates, gradients, state and minimising as functions apply them, on the `ref` backend. */
#include "test.h"

#include <math.h>

#include "frontend/frontend.h"
#include "frontend/training.h"

static cn_context *new_context(void) {
    cn_context *c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    assert_non_null(c);
    return c;
}

static cn_tensor number_state(cn_context *c, const char *name, float first) {
    return cn_state(c, name, &(cn_array){.data = &first, .shape = {1}});
}

static float read(cn_tensor state) {
    return *(const float *)variable_of(state.context, tensor_value(state))->data;
}

static void run(cn_context *c, cn_function *f, const cn_array *inputs, const cn_array *outputs) {
    if (f == NULL || cn_function_call(f, inputs, outputs) != CN_OK)
        fail_msg("%s", cn_error_message(c));
}

/* ---- state and updates -------------------------------------------------------------------- */

static void updates_are_applied_at_once_after_the_outputs(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_tensor a = number_state(c, "a", 1), b = number_state(c, "b", 10);
    cn_updates *u = cn_updates_new(c);
    cn_updates_add(u, a, cn_op_add(a, b));
    cn_updates_add(u, b, a); /* the old one */
    cn_function *f = cn_function_new(c, .outputs = {a}, .updates = u);
    float before = 0;
    cn_array out = {.data = &before, .shape = {1}};
    run(c, f, NULL, &out);
    assert_true(before == 1 && read(a) == 11 && read(b) == 1);
    run(c, f, NULL, &out);
    assert_true(before == 11 && read(a) == 12 && read(b) == 11);
    cn_context_free(c);
}

static void state_copies_its_first_value(void **state) {
    (void)state;
    cn_context *c = new_context();
    int64_t numbers[] = {1, 2, 3, 4};
    cn_array first = {.data = numbers, .dtype = CN_I64, .shape = {2, 2}};
    cn_tensor s = cn_state(c, "counts", &first);
    numbers[3] = 0;
    const variable *v = variable_of(c, tensor_value(s));
    assert_int_equal(((const int64_t *)v->data)[3], 4);
    assert_int_equal(v->kind, VARIABLE_STATE);
    int64_t shape[CN_MAX_RANK];
    assert_int_equal(cn_tensor_shape(s, shape), 2);
    assert_int_equal(cn_tensor_dtype(s), CN_I64);
    cn_context_free(c);
}

static void a_layer_that_runs_twice_keeps_its_last_update(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_tensor a = number_state(c, "a", 1);
    cn_updates *u = cn_updates_new(c);
    variable *v = variable_of(c, tensor_value(a));
    updates_replace(u, v, tensor_value(cn_op_scale(a, 2)));
    updates_replace(u, v, tensor_value(cn_op_scale(a, 3)));
    assert_int_equal(u->items.count, 1);
    run(c, cn_function_new(c, .updates = u), NULL, NULL);
    assert_true(read(a) == 3);
    cn_context_free(c);
}

/* ---- gradients ---------------------------------------------------------------------------- */

static void gradients_can_be_differentiated_again(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_tensor x = cn_input(c, {1}), first, second;
    cn_tensor loss = cn_op_sum(cn_op_multiply(cn_op_square(x), x), 0, NULL, false);
    cn_gradient(loss, &x, 1, &first);
    cn_gradient(cn_op_sum(first, 0, NULL, false), &x, 1, &second);
    cn_function *f = cn_function_new(c, {x}, {first, second});
    float at[] = {2, -1}, results[2][2];
    cn_array in = {.data = at, .shape = {2, 1}};
    cn_array out[] = {{.data = results[0], .shape = {2, 1}}, {.data = results[1], .shape = {2, 1}}};
    run(c, f, &in, out);
    assert_true(results[0][0] == 12 && results[0][1] == 3);  /* 3 x^2 */
    assert_true(results[1][0] == 12 && results[1][1] == -6); /* 6 x */
    cn_context_free(c);
}

static void what_a_loss_does_not_use_has_gradient_zero(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_tensor w[] = {number_state(c, "a", 3), number_state(c, "b", 5)}, gradients[2];
    cn_gradient(cn_op_sum(cn_op_square(w[0]), 0, NULL, false), w, 2, gradients);
    cn_function *f = cn_function_new(c, .outputs = {gradients[0], gradients[1]});
    float results[2] = {-1, -1};
    cn_array out[] = {{.data = &results[0], .shape = {1}}, {.data = &results[1], .shape = {1}}};
    run(c, f, NULL, out);
    assert_true(results[0] == 6 && results[1] == 0);
    cn_context_free(c);
}

/* ---- minimising --------------------------------------------------------------------------- */

/* Two players: one lowers a * b by a, the other raises it by b. */
static void two_optimizers_share_one_step(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_tensor a = number_state(c, "a", 2), b = number_state(c, "b", 3);
    cn_tensor product = cn_op_sum(cn_op_multiply(a, b), 0, NULL, false);
    cn_updates *u = cn_minimize(cn_sgd(c, 0.5), product, &a, 1);
    cn_updates_minimize(u, cn_sgd(c, 0.25), cn_op_negative(product), &b, 1);
    run(c, cn_function_new(c, .updates = u), NULL, NULL);
    assert_true(read(a) == 0.5f && read(b) == 3.5f);
    cn_context_free(c);
}

static void one_optimizer_counts_one_step_for_two_losses(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_tensor a = number_state(c, "a", 2), b = number_state(c, "b", 3);
    cn_optimizer *o = cn_adam(c);
    cn_updates *u = cn_minimize(o, cn_op_sum(cn_op_square(a), 0, NULL, false), &a, 1);
    cn_updates_minimize(u, o, cn_op_sum(cn_op_square(b), 0, NULL, false), &b, 1);
    cn_function *f = cn_function_new(c, .updates = u);
    run(c, f, NULL, NULL);
    run(c, f, NULL, NULL);
    assert_int_equal(*(const int64_t *)o->iteration->data, 2);
    assert_true(fabsf(read(a) - 1.998f) < 1e-6f && fabsf(read(b) - 2.998f) < 1e-6f);
    cn_context_free(c);
}

/* ---- refusals ----------------------------------------------------------------------------- */

static void expect_message(cn_context *c, const char *part) {
    if (strstr(cn_error_message(c), part) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", cn_error_message(c), part);
    cn_context_free(c);
}

static void what_is_no_state_cannot_be_updated(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_tensor a = number_state(c, "a", 1);
    cn_updates *u = cn_updates_new(c);
    cn_updates_add(u, cn_op_scale(a, 2), a);
    expect_message(c, "is no state");
    c = new_context();
    a = number_state(c, "a", 1);
    u = cn_updates_new(c);
    cn_updates_add(u, a, cn_op_sum(a, 0, NULL, false));
    expect_message(c, "the new value of \"a\" is f32[]");
    c = new_context();
    assert_false(cn_tensor_ok(cn_state(c, "a", NULL)));
    expect_message(c, "state \"a\": the first value is missing");
}

static void a_loss_is_a_float_scalar(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_tensor x = cn_input(c, {3}), gradient;
    cn_gradient(x, &x, 1, &gradient);
    assert_false(cn_tensor_ok(gradient));
    expect_message(c, "gradient: the loss is a float scalar; got f32[B,3] made by input");
    c = new_context();
    cn_tensor i = cn_input(c, {3}, .dtype = CN_I32);
    cn_gradient(cn_op_sum(cn_op_cast(i, CN_F32), 0, NULL, false), &i, 1, &gradient);
    expect_message(c, "has no gradient; only floats have");
    cn_gradient(CN_END, NULL, 0, NULL);
    assert_null(cn_updates_new(NULL));
    cn_updates_add(NULL, CN_END, CN_END);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(updates_are_applied_at_once_after_the_outputs),
        cmocka_unit_test(state_copies_its_first_value),
        cmocka_unit_test(a_layer_that_runs_twice_keeps_its_last_update),
        cmocka_unit_test(gradients_can_be_differentiated_again),
        cmocka_unit_test(what_a_loss_does_not_use_has_gradient_zero),
        cmocka_unit_test(two_optimizers_share_one_step),
        cmocka_unit_test(one_optimizer_counts_one_step_for_two_losses),
        cmocka_unit_test(what_is_no_state_cannot_be_updated),
        cmocka_unit_test(a_loss_is_a_float_scalar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
