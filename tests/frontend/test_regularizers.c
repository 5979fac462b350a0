/* Regularizers against Keras: value and gradient. */
#include "golden.h"

static const cn_regularizer *find_regularizer(cn_context *c, const json_t *json) {
    const json_t *o = json_object_get(json, "config");
    const char *name = golden_text(json, "regularizer");
    if (strcmp(name, "L1") == 0)
        return cn_regularizer_l1(c, golden_number(o, "l1", 0.01));
    if (strcmp(name, "L2") == 0)
        return cn_regularizer_l2(c, golden_number(o, "l2", 0.01));
    return cn_regularizer_l1_l2(c, golden_number(o, "l1", 0), golden_number(o, "l2", 0));
}

static void run_case(const json_t *json) {
    const char *name = golden_text(json, "name");
    cn_context *c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    golden_tensor given = golden_read(json_array_get(json_object_get(json, "inputs"), 0), c->arena);
    golden_tensor slope =
        golden_read(json_array_get(json_object_get(json, "input_gradients"), 0), c->arena);
    double loss = golden_number(json, "loss", NAN), one = 1;
    golden_tensor want = {.type = type_scalar(CN_F32), .count = 1, .data = &loss};
    golden_tensor cotangent = {.type = type_scalar(CN_F32), .count = 1, .data = &one};
    golden_run run = {.c = c, .batch = 1};
    cn_tensor x = record_input(c, &given.type), gradient;
    golden_feed(&run, x, given.data);
    golden_want(&run, regularizer_apply(find_regularizer(c, json), x));
    golden_gradients(&run, run.outputs[0], &cotangent, &x, 1, &gradient);
    golden_want(&run, gradient);
    golden_execute(&run, name);
    golden_compare(name, "loss", run.results[0], &want);
    golden_compare(name, "input_gradients", run.results[1], &slope);
    cn_context_free(c);
}

static void regularizers_are_keras(void **state) {
    (void)state;
    json_t *file = golden_load("initializers"), *json;
    size_t i, count = 0;
    json_array_foreach(json_object_get(file, "cases"), i, json) {
        if (json_object_get(json, "regularizer") == NULL)
            continue;
        run_case(json);
        count++;
    }
    json_decref(file);
    assert_true(count >= 14);
}

static void negative_factors_are_refused(void **state) {
    (void)state;
    cn_context *c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    assert_non_null(cn_regularizer_l2(c, -1));
    assert_int_equal(cn_error_status(c), CN_ERROR_INVALID_ARGUMENT);
    cn_context_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(regularizers_are_keras),
                                       cmocka_unit_test(negative_factors_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
