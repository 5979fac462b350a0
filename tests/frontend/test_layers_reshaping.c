/* Flatten, Reshape, Permute and ZeroPadding2D against Keras. */
#include "golden_layers.h"

static cn_layer *make_flatten(cn_context *c, const json_t *config, bool frozen) {
    (void)frozen, (void)config;
    return cn_flatten(c);
}
static cn_layer *make_reshape(cn_context *c, const json_t *config, bool frozen) {
    (void)frozen;
    cn_reshape_options o = {.context = c};
    golden_integers(config, "target_shape", o.target_shape, CN_MAX_RANK);
    return cn_reshape_at(CN_HERE(cn_reshape_options), &o);
}
static cn_layer *make_permute(cn_context *c, const json_t *config, bool frozen) {
    (void)frozen;
    cn_permute_options o = {.context = c};
    golden_integers(config, "dims", o.dims, CN_MAX_RANK);
    return cn_permute_at(CN_HERE(cn_permute_options), &o);
}

/* Keras takes n, {rows, columns} and {{top, bottom}, {left, right}}. */
static cn_layer *make_zero_padding(cn_context *c, const json_t *config, bool frozen) {
    (void)frozen;
    cn_zero_padding2d_options o = {.context = c};
    const json_t *list = json_object_get(config, "padding");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *side = json_array_get(list, i);
        for (size_t k = 0; k < 2; k++)
            o.padding[i][k] =
                json_integer_value(json_is_array(side) ? json_array_get(side, k) : side);
    }
    return cn_zero_padding2d_at(CN_HERE(cn_zero_padding2d_options), &o);
}

static void flatten_is_keras(void **state) {
    (void)state;
    golden_layers("Flatten", make_flatten, 3);
}
static void reshape_is_keras(void **state) {
    (void)state;
    golden_layers("Reshape", make_reshape, 4);
}
static void permute_is_keras(void **state) {
    (void)state;
    golden_layers("Permute", make_permute, 3);
}
static void zero_padding_is_keras(void **state) {
    (void)state;
    golden_layers("ZeroPadding2D", make_zero_padding, 3);
}

/* A layer whose result is its input as it came must still be found between the two. */
static void a_layer_without_work_has_a_node_of_its_own(void **state) {
    (void)state;
    cn_context *c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    cn_tensor x = cn_input(c, {5});
    cn_tensor y = cn_chain(x, cn_flatten(c), cn_dropout(c, 0), cn_activation(c, CN_LINEAR));
    assert_true(cn_tensor_ok(y));
    assert_int_not_equal(y.node, x.node);
    assert_int_equal(c->call_of_node.items[y.node], c->calls.count - 1);
    cn_context_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flatten_is_keras),
        cmocka_unit_test(reshape_is_keras),
        cmocka_unit_test(permute_is_keras),
        cmocka_unit_test(zero_padding_is_keras),
        cmocka_unit_test(a_layer_without_work_has_a_node_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
