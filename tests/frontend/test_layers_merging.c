/* Merging layers against Keras, inputs of unequal shapes and ranks included. */
#include "golden_layers.h"

#define MAKE(name)                                                                   \
    static cn_layer *make_##name(cn_context *c, const json_t *config, bool frozen) { \
        (void)config, (void)frozen;                                                  \
        return cn_##name(c);                                                         \
    }
MAKE(add)
MAKE(subtract)
MAKE(multiply)
MAKE(average)
MAKE(maximum)
static cn_layer *make_concatenate(cn_context *c, const json_t *config, bool frozen) {
    (void)frozen;
    return cn_concatenate(c, golden_integer(config, "axis", 0));
}

static void merging_is_keras(void **state) {
    (void)state;
    golden_layers("Add", make_add, 5);
    golden_layers("Subtract", make_subtract, 3);
    golden_layers("Multiply", make_multiply, 5);
    golden_layers("Average", make_average, 5);
    golden_layers("Maximum", make_maximum, 5);
}
static void concatenate_is_keras(void **state) {
    (void)state;
    golden_layers("Concatenate", make_concatenate, 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(merging_is_keras),
                                       cmocka_unit_test(concatenate_is_keras)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
