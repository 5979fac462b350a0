// expect: conv_without_kernel.c:7: conv2d: .kernel_size is missing
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_conv2d(c, 32);
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
