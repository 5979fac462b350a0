// expect: optimizer_option.c:7: sgd has no option .beta_1
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_sgd(c, 0.1, .beta_1 = 0.5);
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
