// expect: conv_groups.c:7: conv2d: .groups is 4; it must divide the 10 filters
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_conv2d(c, 10, {3, 3}, .groups = 4);
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
