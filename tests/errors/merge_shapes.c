// expect: merge_shapes.c:11: add "sum": shapes do not fit: f32[B,4] made by dense "left" at
// expect: merge_shapes.c:9 and f32[B,5] made by dense "right" at merge_shapes.c:10; axes must
// expect: be equal or 1, counted from the last; reshape or expand_dims one of them
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_tensor a = cn_apply(cn_dense(c, 4, .name = "left"), cn_input(c, {3}));
    cn_tensor b = cn_apply(cn_dense(c, 5, .name = "right"), cn_input(c, {3}));
    cn_apply(cn_add(c, .name = "sum"), a, b);
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
