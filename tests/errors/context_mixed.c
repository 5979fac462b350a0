// expect: context_mixed.c:9: add: input 1 belongs to another context
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_context *other = cn_context_new(NULL);
    cn_tensor a = cn_input(c, {3}), b = cn_input(other, {3});
    cn_op_add(a, b);
    cn_context_free(other);
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
