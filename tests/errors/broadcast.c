// expect: broadcast.c:11: add: shapes do not fit: f32[B,8,8,10] made by dense "fc1" at
// expect: broadcast.c:10 and f32[B,8,8,3] made by input_layer "image" at broadcast.c:9; axes
// expect: must be equal or 1, counted from the last; reshape or expand_dims one of them
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_tensor x = cn_input(c, {8, 8, 3}, .name = "image");
    cn_tensor y = cn_apply(cn_dense(c, 10, .name = "fc1"), x);
    cn_op_add(y, x);
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
