// expect: "gap": an output depends on the input f32[B,4] made by input_layer at function_open.c:7, which is not among the inputs
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_tensor x = cn_input(c, {4}), y = cn_input(c, {4});
    cn_function_new(c, .inputs = {x}, .outputs = {cn_op_subtract(x, y)}, .name = "gap");
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
