// expect: activation_missing.c:7: activation "out": .activation is missing
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_activation(c, NULL, .name = "out");
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
