// expect: optimizer_beta.c:7: adam: .beta_2 is 1; it is at least 0 and below 1
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_adam(c, .beta_2 = 1);
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
