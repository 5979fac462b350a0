/* BatchNormalization against Keras: training, inference, frozen, and the moving statistics. */
#include "golden_layers.h"

static cn_layer *make_batch_normalization(cn_context *c, const json_t *config, bool frozen) {
    return cn_batch_normalization(c, golden_integer(config, "axis", 0),
                                  .momentum = cn_exact(golden_number(config, "momentum", 0.99)),
                                  .epsilon = golden_number(config, "epsilon", 0),
                                  .no_center = !golden_bool(config, "center", true),
                                  .no_scale = !golden_bool(config, "scale", true),
                                  .frozen = frozen);
}

static void batch_normalization_is_keras(void **state) {
    (void)state;
    golden_layers("BatchNormalization", make_batch_normalization, 16);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(batch_normalization_is_keras)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
