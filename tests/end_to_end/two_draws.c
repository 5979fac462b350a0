/* Draws twice in one expression, whose arguments compilers evaluate in different orders, in a layer
 * and outside; prints what was drawn. compilers.sh compares the outputs. */
#include <cornu.h>
#include <stdio.h>

static void noise(cn_layer_call *call) {
    cn_tensor x = call->inputs[0];
    call->outputs[0] = cn_op_subtract(cn_op_random_normal(x), cn_op_random_uniform(x));
}

int main(void) {
    cn_context *c = cn_context_new(&(cn_context_options){.backend = "ref", .seed = 7});
    cn_tensor x = cn_input(c, {3}), inside = cn_apply(cn_custom_layer(c, noise), x);
    cn_tensor y = cn_op_add(inside, cn_op_subtract(cn_op_random_normal(x), cn_op_random_normal(x)));
    cn_model_new(c, .inputs = {x}, .outputs = {y});
    cn_function *f = cn_function_new(c, .inputs = {x}, .outputs = {inside, y});
    float zeros[3] = {0}, drawn[2][3];
    cn_array in = {.data = zeros, .shape = {1, 3}};
    cn_array out[] = {{.data = drawn[0], .shape = {1, 3}}, {.data = drawn[1], .shape = {1, 3}}};
    if (cn_function_call(f, &in, out) != CN_OK) {
        fprintf(stderr, "%s\n", cn_error_message(c));
        return 1;
    }
    for (int i = 0; i < 3; i++)
        printf("%a %a\n", (double)drawn[0][i], (double)drawn[1][i]);
    cn_context_free(c);
    return 0;
}
