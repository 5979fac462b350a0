/* The smallest complete program: four samples, two layers, learned in a second. */
#include <cornu.h>
#include <stdio.h>

int main(void) {
    float x[4][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}}, y[4][1] = {{0}, {1}, {1}, {0}}, guess[4][1];
    cn_context *c = cn_context_new(NULL);
    cn_model *m = cn_sequential(c, {2}, {cn_dense(c, 8, CN_TANH), cn_dense(c, 1, CN_SIGMOID)});
    cn_dataset *table = cn_dataset_arrays(c, .inputs = {{.data = x, .shape = {4, 2}}},
                                             .targets = {{.data = y, .shape = {4, 1}}});

    cn_status s = cn_compile(m, .optimizer = cn_adam(c, 0.1), .loss = CN_BINARY_CROSSENTROPY);
    if (s == CN_OK) s = cn_fit(m, table, .epochs = 100, .batch_size = 4, .verbose = -1);
    if (s == CN_OK) s = cn_predict(m, table, .outputs = {{.data = guess, .shape = {4, 1}}});
    if (s != CN_OK) fprintf(stderr, "%s\n", cn_error_message(c));

    for (int i = 0; s == CN_OK && i < 4; i++)
        printf("%.0f xor %.0f = %.3f\n", (double)x[i][0], (double)x[i][1], (double)guess[i][0]);
    cn_context_free(c);
    return s == CN_OK ? 0 : 1;
}
