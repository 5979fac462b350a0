// expect: model_names.c:9: model: two layers are named "fc", one made at model_names.c:
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_tensor x = cn_input(c, {4});
    cn_tensor y = cn_chain(x, cn_dense(c, 3, .name = "fc"), cn_dense(c, 2, .name = "fc"));
    cn_model *m = cn_model_new(c, .inputs = {x}, .outputs = {y});
    if (cn_compile(m, .loss = CN_MEAN_SQUARED_ERROR) != CN_OK) puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
