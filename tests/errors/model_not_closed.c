// expect: model_not_closed.c:9: model: an output depends on f32[B,4] made by input_layer at model_not_closed.c:7, which is not among the inputs
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_tensor x = cn_input(c, {4}), y = cn_input(c, {4});
    cn_tensor sum = cn_apply(cn_add(c), x, y);
    cn_model *m = cn_model_new(c, .inputs = {x}, .outputs = {sum});
    if (cn_compile(m, .loss = CN_MEAN_SQUARED_ERROR) != CN_OK) puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
