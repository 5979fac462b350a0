// expect: layer_is_null.c:8: apply: the layer is NULL
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_layer *layer = NULL;
    cn_apply(layer, cn_input(c, {4}));
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
