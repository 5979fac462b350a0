// expect: loss_option.c:7: loss "mean_squared_error" has no option .from_logits
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_loss_mean_squared_error(c, .from_logits = true);
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
