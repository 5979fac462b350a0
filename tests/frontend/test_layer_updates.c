/* Updates that layers leave: one call after another, in functions of the user's own; what models
 * do is held against Keras in test_fit.c (the cases shared_normalization and so on). */
#include "test.h"

#include "frontend/frontend.h"

/* A normalization of one feature, called on two batches with mean 2, variance 1 and 12, 4. */
typedef struct pair {
    cn_context *c;
    cn_layer *norm;
    cn_tensor left, right, sum;
    cn_function *read; /* the moving mean and variance */
} pair;

static void open_pair(pair *p) {
    p->c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    cn_context *c = p->c;
    p->norm = cn_batch_normalization(c, .momentum = 0.5);
    p->left = cn_input(c, {1});
    p->right = cn_input(c, {1});
    cn_tensor first = cn_apply(p->norm, p->left);
    cn_tensor second = cn_apply(p->norm, p->right);
    p->sum = cn_op_add(second, first); /* the program's order counts, not this one */
    p->read = cn_function_new(c, .outputs = {cn_layer_weight(p->norm, "moving_mean"),
                                             cn_layer_weight(p->norm, "moving_variance")},
                              .training = true);
    assert_non_null(p->read);
}

static void call_pair(const pair *p, cn_function *f) {
    float left[2] = {1, 3}, right[2] = {10, 14}, sums[2];
    cn_array in[] = {{.data = left, .shape = {2, 1}}, {.data = right, .shape = {2, 1}}};
    if (f == NULL || cn_function_call(f, in, &(cn_array){.data = sums, .shape = {2, 1}}) != CN_OK)
        fail_msg("%s", cn_error_message(p->c));
}

static void must_hold(const pair *p, float mean, float variance) {
    float got[2];
    cn_array out[] = {{.data = &got[0], .shape = {1}}, {.data = &got[1], .shape = {1}}};
    assert_int_equal(cn_function_call(p->read, NULL, out), CN_OK);
    if (got[0] != mean || got[1] != variance)
        fail_msg("mean %g, variance %g; wanted %g, %g", (double)got[0], (double)got[1],
                 (double)mean, (double)variance);
}

static void calls_follow_each_other(void **state) {
    (void)state;
    pair p;
    open_pair(&p);
    cn_function *f = cn_function_new(p.c, .inputs = {p.left, p.right}, .outputs = {p.sum},
                                     .training = true);
    must_hold(&p, 0, 1); /* reading a weight is no call of its layer */
    call_pair(&p, f);
    must_hold(&p, 6.5F, 2.5F); /* 0 -> 1 -> 6.5, 1 -> 1 -> 2.5 */
    call_pair(&p, f);
    must_hold(&p, 8.125F, 2.875F); /* -> 4.25 -> 8.125, -> 1.75 -> 2.875 */
    cn_context_free(p.c);
}

/* A discriminator sees real and generated samples in one step. */
static void models_inside_a_function_update_theirs(void **state) {
    (void)state;
    pair p;
    open_pair(&p);
    cn_model *judge = cn_sequential(p.c, {1}, {p.norm, cn_relu(p.c)});
    cn_tensor real = cn_apply(cn_model_layer(judge), p.left);
    cn_tensor fake = cn_apply(cn_model_layer(judge), p.right);
    cn_function *f = cn_function_new(p.c, .inputs = {p.left, p.right},
                                     .outputs = {cn_op_subtract(fake, real)}, .training = true);
    call_pair(&p, f);
    must_hold(&p, 6.5F, 2.5F);
    assert_int_equal(cn_compile(judge, .loss = CN_MEAN_SQUARED_ERROR), CN_OK);
    float batch[2] = {0, 1};
    cn_array x = {.data = batch, .shape = {2, 1}};
    assert_int_equal(cn_train_on_batch(judge, .inputs = {x}, .targets = {x}), CN_OK);
    must_hold(&p, 3.5F, 1.375F); /* the model's own call alone: 6.5 -> 3.5, 2.5 -> 1.375 */
    cn_context_free(p.c);
}

static void calls_that_are_not_needed_do_not_count(void **state) {
    (void)state;
    pair p;
    open_pair(&p);
    cn_tensor y = cn_apply(p.norm, p.right);
    cn_function *f = cn_function_new(p.c, .inputs = {p.left, p.right}, .outputs = {y},
                                     .training = true);
    call_pair(&p, f);
    must_hold(&p, 6, 2.5F);
    cn_context_free(p.c);
}

static void statistics_stay_when_asked_to(void **state) {
    (void)state;
    pair p;
    open_pair(&p);
    call_pair(&p, cn_function_new(p.c, .inputs = {p.left, p.right}, .outputs = {p.sum},
                                  .training = true, .no_layer_updates = true));
    must_hold(&p, 0, 1);
    call_pair(&p, cn_function_new(p.c, .inputs = {p.left, p.right}, .outputs = {p.sum}));
    must_hold(&p, 0, 1);
    cn_layer_set_trainable(p.norm, false);
    call_pair(&p, cn_function_new(p.c, .inputs = {p.left, p.right}, .outputs = {p.sum},
                                  .training = true));
    must_hold(&p, 0, 1);
    cn_context_free(p.c);
}

static void a_value_of_the_users_goes_first(void **state) {
    (void)state;
    pair p;
    open_pair(&p);
    cn_tensor mean = cn_layer_weight(p.norm, "moving_mean");
    cn_updates *u = cn_updates_new(p.c);
    cn_updates_add(u, mean, cn_op_shift(mean, 7));
    for (int i = 1; i <= 2; i++) { /* the set is as it was */
        call_pair(&p, cn_function_new(p.c, .inputs = {p.left, p.right}, .outputs = {p.sum},
                                      .updates = u, .training = true));
        must_hold(&p, 7 * (float)i, i == 1 ? 2.5F : 2.875F);
    }
    cn_context_free(p.c);
}

/* ---- a layer of one's own --------------------------------------------------------------- */

static void count_build(cn_layer_call *call) {
    cn_layer_add_weight(call->layer, "steps", {1}, CN_ZEROS, .not_trainable = true);
    cn_layer_add_weight(call->layer, "sum", {1}, CN_ZEROS, .not_trainable = true);
}

static void count_call(cn_layer_call *call) {
    cn_tensor steps = cn_layer_weight(call->layer, "steps");
    cn_tensor sum = cn_layer_weight(call->layer, "sum");
    cn_layer_update(call->layer, steps, cn_op_shift(steps, 1));
    cn_layer_update(call->layer, sum, cn_op_add(sum, steps));
    call->outputs[0] = cn_op_multiply(call->inputs[0], cn_op_shift(steps, 1));
}

static void a_call_starts_from_the_state_it_finds(void **state) {
    (void)state;
    cn_context *c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    cn_layer *count = cn_custom_layer(c, count_call, count_build);
    cn_tensor x = cn_input(c, {1}), y = x;
    for (int i = 0; i < 3; i++)
        y = cn_apply(count, y);
    cn_function *f = cn_function_new(c, .inputs = {x}, .outputs = {y}, .training = true);
    cn_function *read = cn_function_new(
        c, .outputs = {cn_layer_weight(count, "steps"), cn_layer_weight(count, "sum")});
    float one = 1, result, steps, sum;
    cn_array in = {.data = &one, .shape = {1, 1}}, out = {.data = &result, .shape = {1, 1}};
    assert_int_equal(cn_function_call(f, &in, &out), CN_OK);
    assert_true(result == 1); /* outputs see the state as the step found it */
    cn_array state_out[] = {{.data = &steps, .shape = {1}}, {.data = &sum, .shape = {1}}};
    assert_int_equal(cn_function_call(read, NULL, state_out), CN_OK);
    assert_true(steps == 3);
    assert_true(sum == 0 + 1 + 2);
    cn_context_free(c);
}

/* ---- minimising ------------------------------------------------------------------------- */

/* One step of gradient descent through a normalization: its scale and moving mean after it. */
static void step_through_norm(bool no_layer_updates, float *scale, float *mean) {
    cn_context *c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    cn_layer *norm = cn_batch_normalization(c);
    cn_tensor x = cn_input(c, {1});
    cn_tensor y = cn_apply(norm, x);
    cn_tensor loss = cn_op_mean(cn_op_square(cn_op_subtract(y, x)), 0, NULL, false);
    cn_tensor gamma = cn_layer_weight(norm, "gamma");
    cn_function *f = cn_function_new(c, .inputs = {x}, .training = true,
                                     .updates = cn_minimize(cn_sgd(c, 0.5), loss, &gamma, 1),
                                     .no_layer_updates = no_layer_updates);
    cn_function *read =
        cn_function_new(c, .outputs = {gamma, cn_layer_weight(norm, "moving_mean")});
    float data[3] = {1, 2, 6};
    if (cn_function_call(f, &(cn_array){.data = data, .shape = {3, 1}}, NULL) != CN_OK)
        fail_msg("%s", cn_error_message(c));
    cn_array out[] = {{.data = scale, .shape = {1}}, {.data = mean, .shape = {1}}};
    assert_int_equal(cn_function_call(read, NULL, out), CN_OK);
    cn_context_free(c);
}

static void gradients_are_what_they_were(void **state) {
    (void)state;
    float moved[2], kept[2];
    step_through_norm(false, &moved[0], &moved[1]);
    step_through_norm(true, &kept[0], &kept[1]);
    assert_true(moved[0] == kept[0] && moved[0] != 1);
    assert_true(moved[1] != 0);
    assert_true(kept[1] == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_follow_each_other),
        cmocka_unit_test(models_inside_a_function_update_theirs),
        cmocka_unit_test(calls_that_are_not_needed_do_not_count),
        cmocka_unit_test(statistics_stay_when_asked_to),
        cmocka_unit_test(a_value_of_the_users_goes_first),
        cmocka_unit_test(a_call_starts_from_the_state_it_finds),
        cmocka_unit_test(gradients_are_what_they_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
