// expect: conv_of_flat.c:10: conv2d "c1" wants [batch, height, width, channels], got f32[B,784]
// expect: made by flatten at conv_of_flat.c:9; did you mean to flatten later?
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_tensor x = cn_input(c, {28, 28, 1}, .name = "image");
    cn_tensor flat = cn_apply(cn_flatten(c), x);
    cn_apply(cn_conv2d(c, 32, {3, 3}, .name = "c1"), flat);
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
