// expect: concatenate_shapes.c:11: concatenate: f32[B,3,4] made by input_layer "a" at
// expect: concatenate_shapes.c:9 and f32[B,2,5] made by input_layer "b" at
// expect: concatenate_shapes.c:10 differ in more than the size of axis 2
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_tensor a = cn_input(c, {3, 4}, .name = "a");
    cn_tensor b = cn_input(c, {2, 5}, .name = "b");
    cn_apply(cn_concatenate(c), a, b);
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
