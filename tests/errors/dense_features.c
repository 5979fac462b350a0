// expect: dense_features.c:10: dense "fc1" was built for 10 features on the last axis; got
// expect: f32[B,12] made by input_layer "wide" at dense_features.c:10
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_layer *fc = cn_dense(c, 4, .name = "fc1");
    cn_apply(fc, cn_input(c, {10}));
    cn_apply(fc, cn_input(c, {12}, .name = "wide"));
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
