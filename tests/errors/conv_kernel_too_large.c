// expect: conv_kernel_too_large.c:11: conv2d cannot lay a window of 3 by 3 on f32[B,2,2,1] made
// expect: by max_pooling2d "small" at conv_kernel_too_large.c:10; use .padding = CN_SAME or a
// expect: smaller kernel
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_tensor x =
        cn_chain(cn_input(c, {8, 8, 1}), cn_max_pooling2d(c), cn_max_pooling2d(c, .name = "small"));
    cn_apply(cn_conv2d(c, 4, {3, 3}), x);
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
