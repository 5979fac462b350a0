/* A program outside of Cornu's tree: asks a model made of ones. */
#include <cornu.h>

#include <stdio.h>
#include <string.h>

#if CN_VERSION_NUMBER < 100
#error "headers of another version"
#endif

int main(void) {
    float x[2][3] = {{1, 2, 3}, {4, 5, 6}}, y[2][2];
    cn_context *c = cn_context_new(NULL);
    cn_model *m = cn_sequential(c, {3}, {cn_dense(c, 2, .kernel_initializer = CN_ONES)});
    cn_status s = cn_predict(m, .inputs = {{.data = x, .shape = {2, 3}}},
                             .outputs = {{.data = y, .shape = {2, 2}}});
    if (strcmp(CN_VERSION, cn_version()) != 0)
        printf("headers of %s, ", CN_VERSION);
    if (s == CN_OK)
        printf("cornu %s: %g %g\n", cn_version(), (double)y[0][0], (double)y[1][1]);
    else
        fprintf(stderr, "%s\n", cn_error_message(c));
    cn_context_free(c);
    return s == CN_OK ? 0 : 1;
}
