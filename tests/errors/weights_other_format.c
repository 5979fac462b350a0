// expect: /proc/self/exe" is damaged or no safetensors file: its header is said to have
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_model *m = cn_sequential(c, {2}, {cn_dense(c, 1)});
    cn_status s = cn_load_weights(m, "/proc/self/exe");
    puts(cn_error_message(c));
    cn_context_free(c);
    return s == CN_OK;
}
