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

static void an_average_keeps_the_type_of_floats(void **state) {
    (void)state;
    static const cn_dtype given[] = {CN_F16, CN_BF16, CN_F32, CN_F64, CN_I32};
    cn_context *c = golden_context();
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        cn_tensor x = cn_op_cast(golden_matrix(c, 1, 2, 3, 4), given[i]);
        cn_tensor y =
            cn_apply(cn_average(c), x, cn_op_cast(golden_matrix(c, 1, 2, 2, 1), given[i]));
        golden_expect(y, given[i] == CN_I32 ? CN_F32 : given[i], 2.5, 2.5);
    }
    cn_context_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(merging_is_keras),
                                       cmocka_unit_test(concatenate_is_keras),
                                       cmocka_unit_test(an_average_keeps_the_type_of_floats)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
