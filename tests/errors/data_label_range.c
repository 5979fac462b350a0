// expect: data_label_range.c:14: fit: the label of sample 2 is 3, but "digit" has 3 classes
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    float x[4][2] = {{0}};
    int y[4] = {0, 1, 3, 2};
    cn_model *m = cn_sequential(c, {2}, {cn_dense(c, 3, .name = "digit")});
    cn_status s = cn_compile(m, .loss = CN_SPARSE_CATEGORICAL_CROSSENTROPY);
    cn_dataset *d = cn_dataset_arrays(c, .inputs = {{.data = x, .shape = {4, 2}}},
                                      .targets = {{.data = y, .dtype = CN_I32, .shape = {4}}});
    if (s == CN_OK)
        s = cn_fit(m, d);
    puts(cn_error_message(c));
    cn_context_free(c);
    return s == CN_OK;
}
