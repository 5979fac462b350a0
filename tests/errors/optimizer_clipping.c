// expect: optimizer_clipping.c:7: adam: only one of .clipnorm, .global_clipnorm
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_adam(c, .clipnorm = 1, .clipvalue = 0.5);
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
