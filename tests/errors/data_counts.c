// expect: data_counts.c:9: dataset: target 0 has 3 samples, the first input has 4
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    float x[4][2] = {{0}}, y[3] = {0};
    cn_array in = {.data = x, .shape = {4, 2}}, out = {.data = y, .shape = {3, 1}};
    cn_dataset *d = cn_dataset_arrays(c, .inputs = {in}, .targets = {out});
    cn_status s = d == NULL ? cn_error_status(c) : CN_OK;
    puts(cn_error_message(c));
    cn_context_free(c);
    return s == CN_OK;
}
