// expect: dropout_rate.c:7: dropout "drop": .rate is 1.5; it must be from 0 to 1
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_dropout(c, 1.5, "drop");
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
