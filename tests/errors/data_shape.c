// expect: data_shape.c:14: fit: a sample of input 0 is f32[3], but "point" wants f32[B,2]
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    float x[4][3] = {{0}}, y[4] = {0};
    cn_tensor in = cn_input(c, {2}, .name = "point");
    cn_model *m = cn_model_new(c, .inputs = {in}, .outputs = {cn_chain(in, cn_dense(c, 1))});
    cn_dataset *d = cn_dataset_arrays(c, .inputs = {{.data = x, .shape = {4, 3}}},
                                      .targets = {{.data = y, .shape = {4, 1}}});
    cn_status s = cn_compile(m, .loss = CN_MEAN_SQUARED_ERROR);
    if (s == CN_OK)
        s = cn_fit(m, d);
    puts(cn_error_message(c));
    cn_context_free(c);
    return s == CN_OK;
}
