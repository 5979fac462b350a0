/* Pooling against Keras, windows that hang over the edge included. */
#include "golden_layers.h"

static cn_pooling2d_options pooling(cn_context *c, const json_t *config) {
    cn_pooling2d_options o = {.context = c, .padding = golden_padding(config)};
    golden_integers(config, "pool_size", o.pool_size, 2);
    golden_integers(config, "strides", o.strides, 2);
    return o;
}

static cn_layer *make_max(cn_context *c, const json_t *config, bool frozen) {
    (void)frozen;
    cn_pooling2d_options o = pooling(c, config);
    return cn_max_pooling2d_at(CN_HERE(cn_pooling2d_options), &o);
}
static cn_layer *make_average(cn_context *c, const json_t *config, bool frozen) {
    (void)frozen;
    cn_pooling2d_options o = pooling(c, config);
    return cn_average_pooling2d_at(CN_HERE(cn_pooling2d_options), &o);
}
static cn_layer *make_global_max(cn_context *c, const json_t *config, bool frozen) {
    (void)frozen;
    return cn_global_max_pooling2d(c, .keepdims = golden_bool(config, "keepdims", false));
}
static cn_layer *make_global_average(cn_context *c, const json_t *config, bool frozen) {
    (void)frozen;
    return cn_global_average_pooling2d(c, .keepdims = golden_bool(config, "keepdims", false));
}

static void max_pooling_is_keras(void **state) {
    (void)state;
    golden_layers("MaxPooling2D", make_max, 6);
}
static void average_pooling_is_keras(void **state) {
    (void)state;
    golden_layers("AveragePooling2D", make_average, 6);
}
static void global_pooling_is_keras(void **state) {
    (void)state;
    golden_layers("GlobalMaxPooling2D", make_global_max, 3);
    golden_layers("GlobalAveragePooling2D", make_global_average, 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(max_pooling_is_keras),
        cmocka_unit_test(average_pooling_is_keras),
        cmocka_unit_test(global_pooling_is_keras),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
