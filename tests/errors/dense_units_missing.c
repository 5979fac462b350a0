// expect: dense_units_missing.c:7: dense "fc1": .units is missing
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_dense(c, 0, .name = "fc1");
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
