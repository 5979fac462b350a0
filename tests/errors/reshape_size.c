// expect: reshape_size.c:9: reshape "grid": cannot make [-1,5,5] of f32[B,24] made by
// expect: input_layer "x" at reshape_size.c:9: the elements do not match; -1 stands for the
// expect: batch, and one more -1 for what is left
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_apply(cn_reshape(c, {5, 5}, .name = "grid"), cn_input(c, {24}, .name = "x"));
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
