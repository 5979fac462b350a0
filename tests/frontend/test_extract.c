/* Extraction: order, state, flags and streams of what some tensors need. */
#include "test.h"

#include "frontend/frontend.h"

static cn_context *new_context(void) {
    cn_context *c = cn_context_new(&(cn_context_options){.backend = "ref", .quiet = true});
    assert_non_null(c);
    return c;
}

static const char *printed(cn_context *c, const cn_tensor *in, uint32_t in_count,
                           const cn_tensor *out, uint32_t out_count, bool train) {
    value inputs[4];
    const char *names[] = {"a", "b", "c", "d"};
    function_output outputs[4];
    for (uint32_t i = 0; i < in_count; i++)
        inputs[i] = tensor_value(in[i]);
    for (uint32_t i = 0; i < out_count; i++)
        outputs[i] = (function_output){tensor_value(out[i]), names[i]};
    function_spec spec = {.name = "f",
                          .inputs = inputs,
                          .input_names = names,
                          .input_count = in_count,
                          .outputs = outputs,
                          .output_count = out_count,
                          .training = train};
    extraction x;
    if (!extract_function(c, &spec, c->arena, &x))
        fail_msg("%s", cn_error_message(c));
    text t;
    text_init(&t, c->arena);
    graph_print(x.graph, &t);
    char *locations = strchr(t.data, '#');
    for (; locations != NULL; locations = strchr(locations, '#')) /* lines of this file */
        while (*locations != '\n')
            *locations++ = ' ';
    return t.data;
}

/* The same network, its parts made in either order: the same program. */
static void the_order_of_building_does_not_matter(void **state) {
    (void)state;
    const char *texts[2];
    cn_context *contexts[2];
    for (int turned = 0; turned < 2; turned++) {
        cn_context *c = contexts[turned] = new_context();
        cn_tensor x = cn_input(c, {4}), left, right;
        cn_layer *drop = cn_dropout(c, 0.5), *one = cn_dense(c, 3), *two = cn_dense(c, 3);
        if (turned) {
            right = cn_chain(x, drop, two);
            left = cn_chain(x, drop, one);
        } else {
            left = cn_chain(x, drop, one);
            right = cn_chain(x, drop, two);
        }
        cn_tensor y = cn_op_add(left, right);
        cn_model_new(c, .inputs = {x}, .outputs = {y});
        texts[turned] = printed(c, &x, 1, &y, 1, true);
    }
    assert_string_equal(texts[0], texts[1]);
    assert_non_null(strstr(texts[0], "rng_bits"));
    cn_context_free(contexts[0]);
    cn_context_free(contexts[1]);
}

/* first - second of two draws, made in either order, as compilers evaluate
 * cn_op_subtract(draw, draw). */
static cn_tensor difference_of_draws(cn_tensor x, bool turned) {
    cn_tensor one = cn_op_random_normal(x), other = cn_op_random_normal(x);
    return turned ? cn_op_subtract(other, one) : cn_op_subtract(one, other);
}

static void draw_in_order(cn_layer_call *call) {
    call->outputs[0] = difference_of_draws(call->inputs[0], false);
}
static void draw_turned(cn_layer_call *call) {
    call->outputs[0] = difference_of_draws(call->inputs[0], true);
}

/* Inside a layer, between layers of a model, and in a function alone. */
static void streams_do_not_depend_on_the_order_of_building(void **state) {
    (void)state;
    const char *texts[2][2];
    cn_context *contexts[2];
    for (int turned = 0; turned < 2; turned++) {
        cn_context *c = contexts[turned] = new_context();
        cn_tensor x = cn_input(c, {4});
        cn_layer *noise = cn_custom_layer(c, turned ? draw_turned : draw_in_order);
        cn_tensor y = difference_of_draws(cn_apply(noise, x), turned);
        cn_tensor z = difference_of_draws(x, turned);
        texts[turned][1] = printed(c, &x, 1, &z, 1, true);
        cn_model_new(c, .inputs = {x}, .outputs = {y});
        texts[turned][0] = printed(c, &x, 1, &y, 1, true);
    }
    for (int k = 0; k < 2; k++)
        assert_string_equal(texts[0][k], texts[1][k]);
    cn_context_free(contexts[0]);
    cn_context_free(contexts[1]);
}

/* What a model names nothing of is numbered with the model, not by the program compiled first. */
static void streams_of_a_model_do_not_depend_on_what_is_extracted_first(void **state) {
    (void)state;
    const char *texts[2];
    cn_context *contexts[2];
    for (int turned = 0; turned < 2; turned++) {
        cn_context *c = contexts[turned] = new_context();
        cn_tensor x = cn_input(c, {4}), a = cn_op_random_normal(x), b = cn_op_random_normal(x);
        cn_tensor y = cn_op_add(a, b);
        cn_model_new(c, .inputs = {x}, .outputs = {y});
        if (turned)
            (void)printed(c, &x, 1, &b, 1, false);
        texts[turned] = printed(c, &x, 1, &y, 1, true);
    }
    assert_string_equal(texts[0], texts[1]);
    cn_context_free(contexts[0]);
    cn_context_free(contexts[1]);
}

static void only_what_is_needed_is_there(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_tensor x = cn_input(c, {4}), unused = cn_op_exp(x), y = cn_op_tanh(x);
    const char *words = printed(c, &x, 1, &y, 1, false);
    assert_true(cn_tensor_ok(unused));
    assert_non_null(strstr(words, "tanh"));
    assert_null(strstr(words, "exp"));
    cn_context_free(c);
}

static void flags_become_constants(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_tensor x = cn_input(c, {4}), y = cn_apply(cn_dropout(c, 0.5), x);
    assert_null(strstr(printed(c, &x, 1, &y, 1, true), "flag"));
    const char *words = printed(c, &x, 1, &y, 1, false);
    assert_null(strstr(words, "flag"));
    cn_context_free(c);
}

static void unbound_inputs_and_double_updates_are_refused(void **state) {
    (void)state;
    cn_context *c = new_context();
    float one = 1;
    cn_tensor x = cn_input(c, {4}), w = cn_state(c, "w", &(cn_array){.data = &one, .shape = {1}});
    extraction out;
    function_spec open = {
        .name = "open", .outputs = &(function_output){tensor_value(x), "y"}, .output_count = 1};
    assert_false(extract_function(c, &open, c->arena, &out));
    assert_non_null(strstr(cn_error_message(c), "not among the inputs"));
    cn_error_clear(c);
    variable *v = variable_of(c, tensor_value(w));
    update twice[] = {{v, v->node}, {v, v->node}};
    function_spec race = {.name = "race", .updates = twice, .update_count = 2};
    assert_false(extract_function(c, &race, c->arena, &out));
    assert_non_null(strstr(cn_error_message(c), "updates \"w\" twice"));
    cn_context_free(c);
}

/* A hundred thousand ops one after the other: no recursion, no quadratic walk. */
static void long_chains_are_walked(void **state) {
    (void)state;
    cn_context *c = new_context();
    cn_tensor x = cn_input(c, {1}), y = x;
    for (int i = 0; i < 100000; i++)
        y = cn_op_tanh(y);
    value input = tensor_value(x);
    const char *name = "x";
    extraction out;
    function_spec spec = {.name = "chain",
                          .inputs = &input,
                          .input_names = &name,
                          .input_count = 1,
                          .outputs = &(function_output){tensor_value(y), "y"},
                          .output_count = 1};
    assert_true(extract_function(c, &spec, c->arena, &out));
    cn_context_free(c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_order_of_building_does_not_matter),
        cmocka_unit_test(streams_do_not_depend_on_the_order_of_building),
        cmocka_unit_test(streams_of_a_model_do_not_depend_on_what_is_extracted_first),
        cmocka_unit_test(only_what_is_needed_is_there),
        cmocka_unit_test(flags_become_constants),
        cmocka_unit_test(unbound_inputs_and_double_updates_are_refused),
        cmocka_unit_test(long_chains_are_walked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
