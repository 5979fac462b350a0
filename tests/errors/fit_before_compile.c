// expect: fit_before_compile.c:11: fit: model "sequential" is not compiled; call cn_compile first
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    float x[4][2] = {{0}}, y[4] = {0};
    cn_model *m = cn_sequential(c, {2}, {cn_dense(c, 1)});
    cn_dataset *d = cn_dataset_arrays(c, .inputs = {{.data = x, .shape = {4, 2}}},
                                      .targets = {{.data = y, .shape = {4, 1}}});
    cn_status s = cn_fit(m, d);
    puts(cn_error_message(c));
    cn_context_free(c);
    return s == CN_OK;
}
