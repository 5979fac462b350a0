// expect: first_failure_is_kept.c:8: conv2d: .strides is {-1, 0}; both must be at least 1
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_tensor x = cn_input(c, {28, 28, 1}, .name = "image");
    cn_layer *failed = cn_conv2d(c, 8, {3, 3}, .strides = {-1});
    cn_tensor y = cn_chain(x, failed, cn_flatten(c));
    cn_dense(c, 0);
    if (cn_tensor_ok(y))
        puts("a chain through a failed layer is not poison");
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
