/* The program of docs/tour.md: a network small enough that its compilation can be read whole.
 *
 *     CORNU_DUMP=dump build/docs/tour
 */
#include <cornu.h>
#include <stdio.h>

enum { SAMPLES = 96 };

int main(void) {
    float points[SAMPLES][4]; /* kind k has its largest coordinate at k, more or less */
    unsigned char kinds[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
        kinds[i] = (unsigned char)(i % 3);
        for (int k = 0; k < 4; k++)
            points[i][k] = (float)(k == i % 3) + (float)(i * (k + 3) % 17) / 20;
    }

    cn_context *c = cn_context_new(NULL);
    cn_tensor point = cn_input(c, {4}, .name = "point");
    cn_tensor hidden = cn_apply(cn_dense(c, 16, .activation = CN_RELU, .name = "hidden"), point);
    cn_tensor kind = cn_apply(cn_dense(c, 3, .activation = CN_SOFTMAX, .name = "kind"), hidden);
    cn_model *m = cn_model_new(c, .inputs = {point}, .outputs = {kind}, .name = "tour");
    cn_dataset *data = cn_dataset_arrays(c, .inputs = {{.data = points, .shape = {SAMPLES, 4}}},
        .targets = {{.data = kinds, .dtype = CN_U8, .shape = {SAMPLES}}});

    cn_status s = cn_compile(m, .optimizer = cn_sgd(c, 0.5),
                             .loss = CN_SPARSE_CATEGORICAL_CROSSENTROPY);
    if (s == CN_OK) s = cn_fit(m, data, .epochs = 20, .verbose = -1);
    if (s == CN_OK) printf("loss %.4f\n", cn_history_get(cn_model_history(m), "loss", -1));
    if (s != CN_OK) fprintf(stderr, "%s\n", cn_error_message(c));
    cn_context_free(c);
    return s == CN_OK ? 0 : 1;
}
