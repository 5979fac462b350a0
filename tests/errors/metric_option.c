// expect: metric_option.c:7: metric "binary_accuracy" has no option .k
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_metric_binary_accuracy(c, .k = 3);
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
