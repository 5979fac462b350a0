/* ReLU, LeakyReLU and Softmax as layers against Keras. */
#include "golden_layers.h"

static cn_layer *make_relu(cn_context *c, const json_t *config, bool frozen) {
    (void)frozen;
    return cn_relu(c, golden_number(config, "max_value", 0),
                   cn_exact(golden_number(config, "negative_slope", 0)),
                   cn_exact(golden_number(config, "threshold", 0)));
}
static cn_layer *make_leaky_relu(cn_context *c, const json_t *config, bool frozen) {
    (void)frozen;
    return cn_leaky_relu(c, cn_exact(golden_number(config, "negative_slope", 0.3)));
}
static cn_layer *make_softmax(cn_context *c, const json_t *config, bool frozen) {
    (void)frozen;
    return cn_softmax(c, golden_integer(config, "axis", 0));
}

static void activation_layers_are_keras(void **state) {
    (void)state;
    golden_layers("ReLU", make_relu, 6);
    golden_layers("LeakyReLU", make_leaky_relu, 3);
    golden_layers("Softmax", make_softmax, 4);
}

/* relu(x, max_value = 0) is 0 above and slopes below, as in Keras. */
static void a_ceiling_of_zero_is_one(void **state) {
    (void)state;
    cn_context *c = golden_context();
    cn_tensor x = golden_matrix(c, 1, 2, 2, -2);
    golden_expect(cn_apply(cn_relu(c, CN_ZERO, 0.5), x), CN_F32, 0, -1);
    golden_check_context(c, "ceiling");
    cn_context_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(activation_layers_are_keras),
                                       cmocka_unit_test(a_ceiling_of_zero_is_one)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
