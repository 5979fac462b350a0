// expect: metric "categorical_accuracy": the target is i32[B]
#include <cornu.h>
#include <stdio.h>

int main(void) {
    cn_context *c = cn_context_new(NULL);
    cn_tensor x = cn_input(c, {4}), y = cn_chain(x, cn_dense(c, 3, .activation = CN_SOFTMAX));
    cn_model *m = cn_model_new(c, .inputs = {x}, .outputs = {y});
    cn_status s = cn_compile(m, .loss = CN_SPARSE_CATEGORICAL_CROSSENTROPY,
                             .metrics = {CN_CATEGORICAL_ACCURACY});
    if (s == CN_OK)
        puts("compiled");
    puts(cn_error_message(c));
    cn_context_free(c);
    return 0;
}
