// expect: compile_row_of_no_output.c:10: compile: row 0 of .outputs is for f32[B,3] made by dense at compile_row_of_no_output.c:7, which is not an output of "functional"
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_tensor x = cn_input(c, {4}), h = cn_apply(cn_dense(c, 3), x);
    cn_tensor y = cn_apply(cn_dense(c, 2), h);
    cn_model *m = cn_model_new(c, .inputs = {x}, .outputs = {y});
    cn_status s = cn_compile(m, .outputs = {{.output = h, .loss = CN_MEAN_SQUARED_ERROR}});
    if (s != CN_OK) puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
