// expect: matmul_shapes.c:11: matmul: cannot multiply f32[B,4] made by input_layer "x" at
// expect: matmul_shapes.c:9 by f32[5,2]: the last axis of the first must equal the first of the
// expect: second
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_tensor x = cn_input(c, {4}, .name = "x");
    cn_tensor w = cn_op_array(c, CN_F32, 2, (const int64_t[]){5, 2}, (const float[10]){0});
    cn_op_matmul(x, w);
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
