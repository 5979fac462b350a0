/* The network of scripts/golden/verify.py, for tests of `cornu verify`; with a macro of the
 * mistakes below defined, it is wrong in one place. */
#include <cornu.h>

#ifndef EPSILON
#define EPSILON 0
#endif
#ifndef PADDING
#define PADDING CN_VALID
#endif
#ifndef ACTIVATION
#define ACTIVATION CN_RELU
#endif

cn_model *model(cn_context *c) {
    cn_tensor image = cn_input(c, {9, 8, 3}, .name = "image");
    cn_tensor x = cn_chain(image,
        cn_conv2d(c, 4, {3}, CN_RELU, CN_SAME, .name = "conv"),
        cn_batch_normalization(c, .epsilon = EPSILON, .name = "norm"),
        cn_max_pooling2d(c, .name = "pool"),
        cn_conv2d(c, 6, {2}, .padding = PADDING, .name = "conv_2"));
    cn_tensor y = cn_apply(cn_leaky_relu(c, .name = "leaky"), x);
    x = cn_chain(cn_apply(cn_add(c, .name = "sum"), x, y),
        cn_global_average_pooling2d(c, .name = "mean"),
        cn_dropout(c, 0.5, .name = "dropout"),
        cn_dense(c, 5, ACTIVATION, .name = "hidden"),
        cn_dense(c, 3, CN_SOFTMAX, .name = "digit"));
    return cn_model_new(c, {image}, {x});
}
