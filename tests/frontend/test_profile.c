/* What a profile says of small models: exact counts, positive times, the model left as it was. */
#include "test.h"

#include "cornu.h"

enum { BATCH = 8, FEATURES = 5, HIDDEN = 7, CLASSES = 3 };

static cn_model *two_layers(cn_context *c) {
    cn_tensor x = cn_input(c, {FEATURES}, .name = "x");
    cn_tensor y = cn_chain(x, cn_dense(c, HIDDEN, CN_RELU, .name = "hidden"),
                           cn_dense(c, CLASSES, .name = "scores"));
    return cn_model_new(c, .inputs = {x}, .outputs = {y}, .name = "two_layers");
}

static cn_context *new_context(void) {
    return cn_context_new(&(cn_context_options){.quiet = true, .threads = 2});
}

static const cn_profile_launch *launch_of(const cn_profile *p, const char *layer) {
    for (size_t i = 0; i < p->launch_count; i++)
        for (size_t k = 0; k < p->launches[i].origin_count; k++)
            if (p->launches[i].origins[k].layer != NULL &&
                strcmp(p->launches[i].origins[k].layer, layer) == 0)
                return &p->launches[i];
    fail_msg("no launch serves \"%s\"", layer);
    return NULL;
}

static cn_profile *new_profile(cn_model *m, bool training_step) {
    cn_profile *p =
        cn_profile_new(m, .training_step = training_step, .batch_size = BATCH, .repeats = 5);
    if (p == NULL)
        fail_msg("%s", cn_error_message(cn_model_context(m)));
    return p;
}

static void counts_of_a_dense_layer_are_exact(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_profile *p = new_profile(two_layers(c), false);
    const cn_profile_launch *hidden = launch_of(p, "hidden");
    /* products and sums; bias, comparison with zero, selection */
    double outputs = BATCH * HIDDEN;
    assert_true(hidden->flops == outputs * (2 * FEATURES + 3));
    assert_true(hidden->bytes_read == 4.0 * (BATCH * FEATURES + FEATURES * HIDDEN + HIDDEN));
    assert_true(hidden->bytes_written == 4.0 * outputs);
    assert_int_equal(hidden->argument_count, 4);
    assert_int_equal(hidden->runs, 1);
    assert_int_equal(hidden->scan, -1);
    cn_profile_free(p);
    cn_context_free(c);
}

static void times_and_rates_are_positive(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_profile *p = new_profile(two_layers(c), false);
    for (size_t i = 0; i < p->launch_count; i++) {
        const cn_profile_launch *l = &p->launches[i];
        assert_true(l->seconds > 0 && l->roof_seconds > 0 && l->roofline > 0);
        for (int k = 1; k < p->repeats; k++)
            assert_true(l->samples[k].begin > l->samples[k - 1].begin);
    }
    assert_true(p->between_seconds > 0 && p->between_seconds < p->seconds);
    assert_true(p->flops_per_second > 1e8);
    for (size_t i = 0; i < p->bandwidth_count; i++)
        assert_true(p->bandwidths[i].bytes_per_second > 1e7);
    cn_profile_free(p);
    cn_context_free(c);
}

static void texts_and_places_are_told(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_profile *p = new_profile(two_layers(c), false);
    const cn_profile_launch *hidden = launch_of(p, "hidden");
    assert_non_null(strstr(hidden->graph, "dot_general"));
    assert_non_null(strstr(hidden->loops, "contract"));
    assert_non_null(strstr(hidden->source, hidden->kernel));
    const cn_profile_buffer *result = &p->buffers[hidden->arguments[3].buffer];
    assert_int_equal(result->place, CN_PLACE_ARENA);
    assert_true(result->offset + result->bytes <= p->arena_bytes);
    assert_int_equal(result->first, hidden - p->launches);
    assert_true(result->last > result->first);
    assert_true(p->remark_count > 0);
    assert_non_null(strstr(p->remarks[0], "of \"hidden\" stays apart from"));
    cn_profile_free(p);
    cn_context_free(c);
}

static void the_network_is_told(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_tensor x = cn_input(c, {FEATURES}, .name = "x");
    cn_tensor y = cn_apply(cn_dense(c, FEATURES, .name = "branch"), x);
    cn_tensor sum = cn_op_multiply(cn_op_add(x, y), y);
    cn_tensor z = cn_apply(cn_dense(c, CLASSES, .name = "top"), sum);
    cn_profile *p = new_profile(cn_model_new(c, .inputs = {x}, .outputs = {z}), false);
    assert_int_equal(p->layer_count, 3);
    const cn_profile_layer *top = &p->layers[2];
    assert_string_equal(top->name, "top");
    assert_string_equal(top->class_name, "Dense");
    assert_string_equal(top->output, "f32[B,3]");
    assert_int_equal(top->parameters, FEATURES * CLASSES + CLASSES);
    assert_int_equal(top->input_count, 2); /* through the ops between */
    cn_profile_free(p);
    cn_context_free(c);
}

static void a_training_step_leaves_the_model_as_it_was(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_model *m = two_layers(c);
    char before[65], after[65];
    assert_null(cn_profile_new(m, .training_step = true));
    assert_int_equal(cn_error_status(c), CN_ERROR_NOT_COMPILED);
    cn_error_clear(c);
    assert_int_equal(cn_compile(m, .optimizer = cn_adam(c, 0.01), .loss = CN_MEAN_SQUARED_ERROR),
                     CN_OK);
    cn_checksum(m, before);
    cn_profile *p = new_profile(m, true);
    cn_checksum(m, after);
    assert_string_equal(before, after);
    assert_true(launch_of(p, "scores")->bytes_written > 0);
    assert_true(p->state_bytes > 0);
    cn_profile_free(p);
    cn_context_free(c);
}

static void a_limit_of_memory_is_kept(void **state) {
    (void)state;
    enum { LIMIT = 24 << 20 };
    cn_context *c =
        cn_context_new(&(cn_context_options){.quiet = true, .threads = 1, .memory_limit = LIMIT});
    cn_profile *p = new_profile(two_layers(c), false);
    assert_true(p->bandwidth_count > 0);
    assert_true(p->bandwidths[p->bandwidth_count - 1].working_set < (double)LIMIT);
    assert_true(cn_memory_peak(c) <= LIMIT);
    cn_profile_free(p);
    cn_context_free(c);
}

static void what_cannot_be_measured_is_said(void **state) {
    (void)state;
    cn_context *c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    assert_null(cn_profile_new(two_layers(c)));
    assert_int_equal(cn_error_status(c), CN_ERROR_UNSUPPORTED);
    assert_non_null(strstr(cn_error_message(c), "the target \"ref\" has no kernels to measure"));
    cn_context_free(c);
    c = new_context();
    assert_null(cn_profile_new(two_layers(c), .batch_size = -1));
    assert_int_equal(cn_error_status(c), CN_ERROR_INVALID_ARGUMENT);
    assert_null(cn_profile_new(NULL));
    cn_context_free(c);
    cn_profile_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_of_a_dense_layer_are_exact),
        cmocka_unit_test(times_and_rates_are_positive),
        cmocka_unit_test(texts_and_places_are_told),
        cmocka_unit_test(the_network_is_told),
        cmocka_unit_test(a_training_step_leaves_the_model_as_it_was),
        cmocka_unit_test(a_limit_of_memory_is_kept),
        cmocka_unit_test(what_cannot_be_measured_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
