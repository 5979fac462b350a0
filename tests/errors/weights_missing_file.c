// expect: cannot read "/nowhere/weights.safetensors": No such file or directory
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_model *m = cn_sequential(c, {2}, {cn_dense(c, 1)});
    cn_status s = cn_load_weights(m, "/nowhere/weights.safetensors");
    puts(cn_error_message(c));
    cn_context_free(c);
    return s == CN_OK;
}
