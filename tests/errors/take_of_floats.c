// expect: take_of_floats.c:9: take: indices are integers; got f32[B,3] made by input_layer "x"
// expect: at take_of_floats.c:8; cast them
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_tensor x = cn_input(c, {3}, .name = "x");
    cn_op_take(x, x, 1);
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
