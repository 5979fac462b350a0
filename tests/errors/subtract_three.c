// expect: subtract_three.c:8: subtract wants 2 inputs, got 3
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_tensor x = cn_input(c, {3});
    cn_apply(cn_subtract(c), x, x, x);
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
