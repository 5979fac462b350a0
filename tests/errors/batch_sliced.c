// expect: batch_sliced.c:9: slice: axis 0 of f32[B,4] made by input_layer "x" at
// expect: batch_sliced.c:8 is the batch, whose size is open
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_tensor x = cn_input(c, {4}, .name = "x");
    cn_op_slice(x, 0, 0, 2);
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
