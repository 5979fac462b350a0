/* A small convolutional network for tests of artefacts, which they compile with several compilers
 * and run under sanitizers. Convolution, normalisation, pooling, dropout, a matrix product whose
 * extents are no multiple of a vector, and a softmax. Who includes it may define
 * OPTIMIZER. */
#include <cornu.h>

#ifndef OPTIMIZER
#define OPTIMIZER cn_sgd(c, 0.05, .momentum = 0.9, .nesterov = true, .clipvalue = 0.5)
#endif

cn_model *model(cn_context *c) {
    cn_tensor image = cn_input(c, {9, 8, 3}, .name = "image");
    cn_tensor kind = cn_chain(image,
        cn_conv2d(c, 7, {3}, CN_RELU, CN_SAME),
        cn_batch_normalization(c),
        cn_max_pooling2d(c),
        cn_flatten(c),
        cn_dropout(c, 0.25),
        cn_dense(c, 19, CN_TANH),
        cn_dense(c, 3, CN_SOFTMAX, .name = "kind"));
    cn_model *m = cn_model_new(c, {image}, {kind}, .name = "small");
    cn_status s = cn_compile(m, .optimizer = OPTIMIZER,
                             .loss = CN_SPARSE_CATEGORICAL_CROSSENTROPY, .metrics = {CN_ACCURACY});
    return s == CN_OK ? m : NULL;
}
