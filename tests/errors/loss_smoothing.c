// expect: loss_smoothing.c:7: loss "categorical_crossentropy": .label_smoothing is 2
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_loss_categorical_crossentropy(c, .label_smoothing = 2);
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
