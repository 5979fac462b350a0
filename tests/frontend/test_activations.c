/* Activations against Keras, at their kinks and far out; sparsemax by its property, for there
 * Cornu follows the publication (see frontend/activations.c). */
#include "golden.h"

static const cn_activation *with_options(cn_context *c, const char *name, const json_t *o) {
    double slope = golden_number(o, "negative_slope", 0), axis = golden_number(o, "axis", -1);
    if (json_object_size(o) == 0)
        return NULL;
    if (strcmp(name, "relu") == 0)
        return cn_activation_relu(c, slope, golden_number(o, "max_value", 0),
                                  golden_number(o, "threshold", 0));
    if (strcmp(name, "leaky_relu") == 0)
        return cn_activation_leaky_relu(c, slope);
    if (strcmp(name, "elu") == 0)
        return cn_activation_elu(c, golden_number(o, "alpha", 1));
    if (strcmp(name, "celu") == 0)
        return cn_activation_celu(c, golden_number(o, "alpha", 1));
    if (strcmp(name, "gelu") == 0)
        return cn_activation_gelu(c, golden_bool(o, "approximate", false));
    if (strcmp(name, "softmax") == 0)
        return cn_activation_softmax(c, (int64_t)axis);
    if (strcmp(name, "log_softmax") == 0)
        return cn_activation_log_softmax(c, (int64_t)axis);
    if (strcmp(name, "glu") == 0)
        return cn_activation_glu(c, (int64_t)axis);
    if (strcmp(name, "soft_shrink") == 0)
        return cn_activation_soft_shrink(c, golden_number(o, "threshold", 0.5));
    if (strcmp(name, "hard_shrink") == 0)
        return cn_activation_hard_shrink(c, golden_number(o, "threshold", 0.5));
    if (strcmp(name, "squareplus") == 0)
        return cn_activation_squareplus(c, golden_number(o, "b", 4));
    if (strcmp(name, "threshold") == 0)
        return cn_activation_threshold(c, golden_number(o, "threshold", 0),
                                       golden_number(o, "default_value", 0));
    return NULL;
}

static const cn_activation *find_activation(cn_context *c, const json_t *json) {
    const char *name = golden_text(json, "activation");
    const cn_activation *a = with_options(c, name, json_object_get(json, "config"));
#define X(constant, keras)                      \
    if (a == NULL && strcmp(name, #keras) == 0) \
        a = CN_##constant;
    CN_ACTIVATION_MAP(X)
#undef X
    if (a == NULL)
        fail_msg("no activation %s", name);
    return a;
}

static cn_context *new_context(void) {
    return cn_context_new(&(cn_context_options){.backend = "ref", .threads = 1, .quiet = true});
}

static void run_case(const json_t *json) {
    const char *name = golden_text(json, "name");
    cn_context *c = new_context();
    golden_tensor given = golden_read(json_array_get(json_object_get(json, "inputs"), 0), c->arena);
    golden_tensor want = golden_read(json_array_get(json_object_get(json, "outputs"), 0), c->arena);
    golden_run run = {.c = c, .batch = 1};
    cn_tensor x = record_input(c, &given.type); /* no batch: an activation knows none */
    golden_feed(&run, x, given.data);
    golden_want(&run, activation_apply(find_activation(c, json), x));
    golden_check_context(c, name);
    const json_t *slopes = json_object_get(json, "input_gradients");
    if (slopes != NULL) {
        golden_tensor cotangent = golden_read(json_object_get(json, "cotangent"), c->arena);
        cn_tensor gradient;
        golden_gradients(&run, run.outputs[0], &cotangent, &x, 1, &gradient);
        golden_want(&run, gradient);
    }
    golden_execute(&run, name);
    golden_compare(name, "outputs", run.results[0], &want);
    if (slopes != NULL) {
        golden_tensor slope = golden_read(json_array_get(slopes, 0), c->arena);
        golden_compare(name, "input_gradients", run.results[1], &slope);
    }
    cn_context_free(c);
}

static void activations_are_keras(void **state) {
    (void)state;
    json_t *file = golden_load("activations"), *json;
    size_t i, count = 0;
    json_array_foreach(json_object_get(file, "cases"), i, json) {
        if (strcmp(golden_text(json, "activation"), "sparsemax") == 0)
            continue;
        run_case(json);
        count++;
    }
    json_decref(file);
    assert_true(count >= 80);
}

/* [0.5, 0.3, -2]: both large ones are in, tau = (0.8 - 1) / 2. */
static void sparsemax_projects_on_the_simplex(void **state) {
    (void)state;
    const double rows[] = {0.5, 0.3, -2, 7, 7, 0, 0, 0, 0, 5, -1, 2};
    const double want[] = {0.6, 0.4, 0, 0.5, 0.5, 0, 1. / 3, 1. / 3, 1. / 3, 1, 0, 0};
    cn_context *c = new_context();
    type t = type_make(CN_F32, 2, (const dim[]){dim_of(4), dim_of(3)});
    golden_run run = {.c = c, .batch = 1};
    cn_tensor x = record_input(c, &t);
    golden_feed(&run, x, rows);
    golden_want(&run, activation_apply(CN_SPARSEMAX, x));
    golden_execute(&run, "sparsemax");
    for (int i = 0; i < 12; i++)
        assert_true(fabs(run.results[0]->items[i].f - want[i]) < 1e-6);
    cn_context_free(c);
}

static cn_tensor twice(cn_tensor x, const void *user) {
    return cn_op_scale(x, *(const double *)user);
}

static void custom_activations_copy_their_data(void **state) {
    (void)state;
    cn_context *c = new_context();
    double factor = 3;
    const double three[] = {1, -2};
    const cn_activation *a = cn_activation_custom(c, "triple", twice, &factor, sizeof factor);
    factor = 0;
    type t = type_make(CN_F32, 1, (const dim[]){dim_of(2)});
    golden_run run = {.c = c, .batch = 1};
    cn_tensor x = record_input(c, &t);
    golden_feed(&run, x, three);
    golden_want(&run, activation_apply(a, x));
    golden_execute(&run, "triple");
    assert_true(run.results[0]->items[0].f == 3 && run.results[0]->items[1].f == -6);
    cn_context_free(c);
}

static void relu_keeps_nan_and_has_slope_zero_at_zero(void **state) {
    (void)state;
    const double given[] = {NAN, 0, -1, 2}, ones[] = {1, 1, 1, 1};
    cn_context *c = new_context();
    type t = type_make(CN_F32, 1, (const dim[]){dim_of(4)});
    golden_tensor cotangent = {.type = t, .count = 4, .data = (double *)(uintptr_t)ones};
    golden_run run = {.c = c, .batch = 1};
    cn_tensor x = record_input(c, &t), gradient;
    golden_feed(&run, x, given);
    golden_want(&run, activation_apply(CN_RELU, x));
    golden_gradients(&run, run.outputs[0], &cotangent, &x, 1, &gradient);
    golden_want(&run, gradient);
    golden_execute(&run, "relu");
    assert_true(isnan(run.results[0]->items[0].f));
    assert_true(run.results[1]->items[1].f == 0 && run.results[1]->items[3].f == 1);
    cn_context_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(activations_are_keras),
        cmocka_unit_test(sparsemax_projects_on_the_simplex),
        cmocka_unit_test(custom_activations_copy_their_data),
        cmocka_unit_test(relu_keeps_nan_and_has_slope_zero_at_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
