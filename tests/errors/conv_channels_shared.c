// expect: conv_channels_shared.c:10: conv2d "stem" was built for 3 channels; got f32[B,28,28,1]
// expect: made by input_layer "gray" at conv_channels_shared.c:10
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_layer *conv = cn_conv2d(c, 8, {3, 3}, .name = "stem");
    cn_apply(conv, cn_input(c, {28, 28, 3}));
    cn_apply(conv, cn_input(c, {28, 28, 1}, .name = "gray"));
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
