// expect: pooling_windows.c:9: average_pooling2d cannot lay a window of 9 by 9 on f32[B,8,8,1]
// expect: made by input_layer "image" at pooling_windows.c:9; use .padding = CN_SAME or a
// expect: smaller .pool_size
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_apply(cn_average_pooling2d(c, {9, 9}), cn_input(c, {8, 8, 1}, .name = "image"));
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
