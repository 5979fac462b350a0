// expect: dense_of_scalars.c:8: dense wants [batch, features], got f32[B] made by input_layer
// expect: "age" at dense_of_scalars.c:8; cn_reshape(c, {1}) adds the axis
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_apply(cn_dense(c, 4), cn_input(c, .scalar = true, .name = "age"));
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
