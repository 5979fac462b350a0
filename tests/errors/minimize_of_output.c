// expect: minimize_of_output.c:9: sgd: weight 0 to minimise over is f32[B,1] made by dense at minimize_of_output.c:7, not a trainable weight
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_tensor x = cn_input(c, {4}), y = cn_apply(cn_dense(c, 1), x);
    cn_tensor loss = cn_op_mean(cn_op_square(y), 0, NULL, false);
    cn_minimize(cn_sgd(c), loss, &y, 1);
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
