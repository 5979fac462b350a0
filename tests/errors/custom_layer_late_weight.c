// expect: custom_layer_late_weight.c:6: late: weight "w" is added outside of the layer's build
#include <cornu.h>
#include <stdio.h>

static void call(cn_layer_call *k) {
    k->outputs[0] = cn_op_multiply(k->inputs[0], cn_layer_add_weight(k->layer, "w", {4}));
}

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_apply(cn_custom_layer(c, call, .class_name = "Late"), cn_input(c, {4}));
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
