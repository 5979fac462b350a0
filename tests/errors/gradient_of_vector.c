// expect: gradient: the loss is a float scalar; got f32[B,4] made by input_layer at gradient_of_vector.c:7; take its mean
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_tensor x = cn_input(c, {4}), gradient;
    cn_gradient(x, &x, 1, &gradient);
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
