// expect: EarlyStopping watches "speed", and whether less or more of it is better is not known
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    float x[2][2] = {{0}}, y[2] = {0};
    cn_model *m = cn_sequential(c, {2}, {cn_dense(c, 1)});
    cn_dataset *d = cn_dataset_arrays(c, .inputs = {{.data = x, .shape = {2, 2}}},
                                      .targets = {{.data = y, .shape = {2, 1}}});
    cn_status s = cn_compile(m, .loss = CN_MEAN_SQUARED_ERROR);
    if (s == CN_OK)
        s = cn_fit(m, d, .callbacks = {cn_early_stopping(c, "speed")}, .verbose = -1);
    puts(cn_error_message(c));
    cn_context_free(c);
    return s == CN_OK;
}
