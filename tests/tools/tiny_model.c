/* The smallest model that can do all that verbs ask of one: f32[B,3] to two classes. */
#include <cornu.h>

cn_model *model(cn_context *c) {
    cn_tensor x = cn_input(c, {3}, .name = "x");
    cn_tensor y = cn_chain(x, cn_dense(c, 4, .activation = CN_RELU),
                           cn_dense(c, 2, .activation = CN_SOFTMAX, .name = "class"));
    return cn_model_new(c, .inputs = {x}, .outputs = {y}, .name = "tiny");
}
