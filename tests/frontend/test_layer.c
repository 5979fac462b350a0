/* Layers as objects, and custom layers: weights, losses, updates, layers inside, mistakes. */
#include "sums.h"

static cn_context *new_context(void) {
    return context_with_sums(0);
}

static void must_fail(cn_context *c, const char *words) {
    if (strstr(cn_error_message(c), words) == NULL)
        fail_msg("wanted ...%s..., got %s", words, cn_error_message(c));
    cn_error_clear(c);
}

static void train(cn_model *m) {
    cn_context *c = cn_model_context(m);
    cn_dataset *data = cn_dataset_arrays(c, .inputs = {{.data = features, .shape = {16, 4}}},
                                         .targets = {{.data = sums, .shape = {16, 2}}});
    must_work(c, cn_compile(m, .optimizer = cn_sgd(c, 0.1), .loss = CN_MEAN_SQUARED_ERROR));
    must_work(c, cn_fit(m, data, .batch_size = 4, .verbose = -1));
}

/* ---- names ------------------------------------------------------------------------------ */

static void snake_case_is_keras(void **state) {
    workspace *w = *state;
    assert_string_equal(snake_case(w->arena, "Conv2DTranspose"), "conv2d_transpose");
    assert_string_equal(snake_case(w->arena, "PReLU"), "p_re_lu");
    assert_string_equal(snake_case(w->arena, "LSTM"), "lstm");
    assert_string_equal(snake_case(w->arena, "GRUCell"), "gru_cell");
    assert_string_equal(snake_case(w->arena, "BatchNormalization"), "batch_normalization");
    assert_string_equal(snake_case(w->arena, "../\"x;"), "x");
}

/* ---- a custom layer with everything ------------------------------------------------------ */

typedef struct gate {
    cn_layer *mix;
    double scale;
} gate;

static void gate_build(cn_layer_call *call) {
    cn_layer_add_weight(call->layer, "slope", {4}, .initializer = CN_ONES);
    cn_layer_add_weight(call->layer, "steps", {0}, .initializer = CN_ZEROS, .not_trainable = true);
}

static void gate_call(cn_layer_call *call) {
    const gate *g = call->user;
    cn_tensor x = cn_op_multiply(call->inputs[0], cn_layer_weight(call->layer, "slope"));
    cn_tensor y = cn_apply(g->mix, x), steps = cn_layer_weight(call->layer, "steps");
    cn_layer_update(call->layer, steps, cn_op_shift(steps, 1));
    cn_layer_add_loss(call->layer,
                      cn_op_scale(cn_op_mean(cn_op_square(y), 0, NULL, false), g->scale));
    call->outputs[0] = y;
}

static cn_model *gate_model(cn_context *c, cn_layer **layer) {
    gate g = {cn_dense(c, 2, .name = "mix"), 0.5};
    *layer = cn_custom_layer(c, gate_call, gate_build, &g, sizeof g, .class_name = "SlopeGate");
    g.mix = NULL; /* copied */
    cn_tensor x = cn_input(c, {4});
    return cn_model_new(c, .inputs = {x}, .outputs = {cn_apply(*layer, x)});
}

static void layers_inside_a_custom_layer_are_its_own(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_layer *layer;
    cn_model *m = gate_model(c, &layer);
    static const char *const names[] = {"slope_gate/slope", "slope_gate/steps",
                                        "slope_gate/mix/kernel", "slope_gate/mix/bias"};
    assert_int_equal(cn_weight_count(m), 4);
    float before[4];
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(cn_weight(m, i).name, names[i]);
        before[i] = *(const float *)cn_weight(m, i).data;
    }
    train(m);
    for (size_t i = 0; i < 4; i++)
        assert_true(*(const float *)cn_weight(m, i).data != before[i]);
    assert_true(*(const float *)cn_weight(m, 1).data == 4); /* batches */
    cn_context_free(c);
}

static void freezing_reaches_the_layers_inside(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_layer *layer;
    cn_model *m = gate_model(c, &layer);
    cn_layer_set_trainable(layer, false);
    assert_int_equal(cn_parameter_count(m, true), 0);
    cn_array mix = cn_weight(m, 2);
    float copy[8];
    memcpy(copy, mix.data, sizeof copy);
    train(m);
    assert_memory_equal(copy, cn_weight(m, 2).data, sizeof copy);
    assert_true(*(const float *)cn_weight(m, 1).data == 0);
    cn_context_free(c);
}

/* Keras freezes what is frozen when compile is called, and nothing else. */
static void freezing_takes_effect_at_compile(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_layer *norm = cn_batch_normalization(c), *dense = cn_dense(c, 2);
    cn_model *m = cn_sequential(c, {4}, {norm, dense});
    cn_dataset *data = cn_dataset_arrays(c, .inputs = {{.data = features, .shape = {16, 4}}},
                                         .targets = {{.data = sums, .shape = {16, 2}}});
    must_work(c, cn_compile(m, .optimizer = cn_sgd(c, 0.1), .loss = CN_MEAN_SQUARED_ERROR));
    cn_layer_set_trainable(norm, false);
    float mean[4], gamma[4];
    memcpy(gamma, cn_weight(m, 0).data, sizeof gamma);
    memcpy(mean, cn_weight(m, 2).data, sizeof mean);
    must_work(c, cn_fit(m, data, .verbose = -1));
    assert_memory_not_equal(gamma, cn_weight(m, 0).data, sizeof gamma);
    assert_memory_not_equal(mean, cn_weight(m, 2).data, sizeof mean);
    must_work(c, cn_compile(m, .optimizer = cn_sgd(c, 0.1), .loss = CN_MEAN_SQUARED_ERROR));
    memcpy(gamma, cn_weight(m, 0).data, sizeof gamma);
    memcpy(mean, cn_weight(m, 2).data, sizeof mean);
    must_work(c, cn_fit(m, data, .verbose = -1));
    assert_memory_equal(gamma, cn_weight(m, 0).data, sizeof gamma);
    assert_memory_equal(mean, cn_weight(m, 2).data, sizeof mean);
    cn_context_free(c);
}

/* ---- mistakes ---------------------------------------------------------------------------- */

static void too_many(cn_layer_call *call) {
    call->outputs[0] = call->inputs[0];
    call->output_count = 400;
}

static void none_at_all(cn_layer_call *call) {
    call->output_count = 0;
}

static void forgets(cn_layer_call *call) {
    call->output_count = 2;
    call->outputs[0] = call->inputs[0];
}

static void adds_a_vector(cn_layer_call *call) {
    cn_layer_add_loss(call->layer, call->inputs[0]);
    call->outputs[0] = call->inputs[0];
}

static void adds_weights_late(cn_layer_call *call) {
    call->outputs[0] = cn_op_add(call->inputs[0], cn_layer_add_weight(call->layer, "w", {4}));
}

static void mistakes_of_custom_layers_are_named(void **state) {
    (void)state;
    static const struct {
        void (*call)(cn_layer_call *call);
        const char *words;
    } cases[] = {{too_many, "says it has 400 outputs"},
                 {none_at_all, "says it has 0 outputs"},
                 {forgets, "left output 1 empty"},
                 {adds_a_vector, "an added loss is a float scalar"},
                 {adds_weights_late, "outside of the layer's build"},
                 {NULL, "the function .call is missing"}};
    cn_context *c = new_context();
    cn_tensor x = cn_input(c, {4});
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_false(cn_tensor_ok(cn_apply(cn_custom_layer(c, cases[i].call), x)));
        must_fail(c, cases[i].words);
    }
    cn_context_free(c);
}

static void outside_of_calls_nothing_is_added(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_layer *layer;
    gate_model(c, &layer);
    cn_tensor steps = cn_layer_weight(layer, "steps");
    cn_layer_update(layer, steps, steps);
    must_fail(c, "updated outside of the layer's call");
    cn_layer_add_loss(layer, steps);
    must_fail(c, "added outside of the layer's call");
    assert_false(cn_tensor_ok(cn_layer_add_weight(layer, "late", {4})));
    must_fail(c, "outside of the layer's build");
    assert_false(cn_tensor_ok(cn_layer_weight(layer, "nothing")));
    assert_false(cn_tensor_ok(cn_layer_weight(layer, NULL)));
    cn_context_free(c);
}

/* A refused build leaves nothing behind: the layer can be applied again, to what it wants. */
static void a_build_that_failed_is_done_again(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_layer *conv = cn_conv2d(c, 3, {2, 2});
    assert_false(cn_tensor_ok(cn_apply(conv, cn_input(c, {4}))));
    cn_error_clear(c);
    cn_tensor image = cn_input(c, {4, 4, 2});
    cn_model *m = cn_model_new(c, .inputs = {image}, .outputs = {cn_apply(conv, image)});
    assert_int_equal(cn_weight_count(m), 2);
    cn_context_free(c);
}

/* ---- training -------------------------------------------------------------------------------- */

/* Adds 1 in the training step, and 10 if it also trains. */
static void tells_when(cn_layer_call *call) {
    cn_tensor x = call->inputs[0], y = cn_op_shift(x, 1);
    y = cn_op_where(cn_layer_training(call->layer, false), y, x);
    call->outputs[0] =
        cn_op_where(cn_layer_training(call->layer, true), cn_op_shift(y, 10), y);
}

static float told(cn_context *c, bool in_training, bool trainable) {
    float zeros[4] = {0}, out[4];
    cn_tensor x = cn_input(c, {4});
    cn_layer *layer = cn_custom_layer(c, tells_when);
    cn_layer_set_trainable(layer, trainable);
    cn_function *f = cn_function_new(c, .inputs = {x}, .outputs = {cn_apply(layer, x)},
                                     .training = in_training);
    must_work(c, cn_function_call(f, &(cn_array){.data = zeros, .shape = {1, 4}},
                                  &(cn_array){.data = out, .shape = {1, 4}}));
    return out[3];
}

static void layers_know_whether_they_train(void **state) {
    (void)state;
    cn_context *c = new_context();
    assert_true(told(c, false, true) == 0);
    assert_true(told(c, true, true) == 11);
    assert_true(told(c, true, false) == 1);
    assert_true(told(c, false, false) == 0);
    cn_context_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(snake_case_is_keras),
        cmocka_unit_test(layers_inside_a_custom_layer_are_its_own),
        cmocka_unit_test(freezing_reaches_the_layers_inside),
        cmocka_unit_test(freezing_takes_effect_at_compile),
        cmocka_unit_test(mistakes_of_custom_layers_are_named),
        cmocka_unit_test(outside_of_calls_nothing_is_added),
        cmocka_unit_test(a_build_that_failed_is_done_again),
        cmocka_unit_test(layers_know_whether_they_train),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
