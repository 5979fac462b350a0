// expect: batch_size_fixed.c:13: fit: input "input_layer" was made with .batch_size = 8; give that, and a multiple of it in samples, not batches of 32 of 64
#include <cornu.h>
#include <stdio.h>

int main(void) {
    static float features[64][4], sums[64][1];
    cn_context *c = cn_context_new(&(cn_context_options){.backend = "ref"});
    cn_tensor x = cn_input(c, {4}, .batch_size = 8);
    cn_model *m = cn_model_new(c, .inputs = {x}, .outputs = {cn_apply(cn_dense(c, 1), x)});
    cn_dataset *data = cn_dataset_arrays(c, .inputs = {{.data = features, .shape = {64, 4}}},
                                         .targets = {{.data = sums, .shape = {64, 1}}});
    cn_status s = cn_compile(m, .loss = CN_MEAN_SQUARED_ERROR);
    if (s == CN_OK) s = cn_fit(m, data, .verbose = -1);
    if (s != CN_OK) puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
