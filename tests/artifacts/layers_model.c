/* Layers, activations, losses and metrics of each kind in one network, for tests of the source
 * that artefacts are made of. */
#include <cornu.h>

/* Several ways from the image to eight numbers, merged in each way there is. */
static cn_tensor features(cn_context *c, cn_tensor image) {
    cn_tensor x = cn_chain(image,
        cn_rescaling(c, 1.0 / 255),
        cn_zero_padding2d(c),
        cn_conv2d(c, 8, {3}, CN_RELU),
        cn_batch_normalization(c));
    cn_tensor a = cn_apply(cn_depthwise_conv2d(c, {3}, 1, CN_SILU, CN_SAME), x);
    cn_tensor b = cn_apply(cn_conv2d(c, 8, {1}, CN_GELU, .groups = 2, .no_bias = true), x);
    cn_tensor d = cn_chain(x, cn_conv2d(c, 8, {2}, CN_ELU, CN_SAME, .dilation_rate = {2, 2}),
                           cn_leaky_relu(c));
    x = cn_apply(cn_add(c), a, cn_apply(cn_multiply(c), b, d));
    x = cn_apply(cn_maximum(c), x, cn_apply(cn_subtract(c), a, cn_apply(cn_average(c), b, d)));
    cn_tensor low = cn_apply(cn_max_pooling2d(c), x);
    cn_tensor mean = cn_apply(cn_average_pooling2d(c, {2}, .padding = CN_SAME), x);
    x = cn_apply(cn_concatenate(c), low, mean);
    x = cn_chain(x, cn_conv2d(c, 8, {3}, CN_SOFTPLUS, CN_SAME, .strides = {2, 2}),
                 cn_permute(c, {2, 1, 3}));
    cn_tensor top = cn_apply(cn_global_max_pooling2d(c), x);
    x = cn_apply(cn_global_average_pooling2d(c), x);
    return cn_chain(cn_apply(cn_add(c), x, top), cn_dropout(c, 0.3), cn_dense(c, 8, CN_TANH));
}

cn_model *model(cn_context *c) {
    cn_tensor image = cn_input(c, {8, 8, 3}, .name = "image", .dtype = CN_U8);
    cn_tensor x = features(c, image);
    cn_tensor kind = cn_apply(cn_dense(c, 5, CN_SOFTMAX, .name = "kind"), x);
    cn_tensor share = cn_apply(cn_dense(c, 4, CN_SOFTMAX, .name = "share"), x);
    cn_tensor flag = cn_apply(cn_dense(c, 2, CN_SIGMOID, .name = "flag"), x);
    cn_tensor place = cn_apply(cn_dense(c, 3, .name = "place",
                                        .kernel_regularizer = cn_regularizer_l2(c, 1e-3)), x);
    cn_tensor size = cn_apply(cn_dense(c, 1, CN_SOFTSIGN, .name = "size"), x);
    cn_tensor grid = cn_chain(x, cn_reshape(c, {2, 4}), cn_dense(c, 3, .name = "grid"));
    cn_model *m = cn_model_new(c, {image}, {kind, share, flag, place, size, grid});
    cn_status s = cn_compile(m,
        .optimizer = cn_rmsprop(c, 1e-3, .momentum = 0.9, .centered = true, .clipnorm = 1),
        .outputs = {
        {kind, CN_SPARSE_CATEGORICAL_CROSSENTROPY, .metrics = {CN_ACCURACY}},
        {share, CN_CATEGORICAL_CROSSENTROPY, .metrics = {CN_TOP_K_CATEGORICAL_ACCURACY}},
        {flag, CN_BINARY_CROSSENTROPY, .weight = 0.5, .metrics = {CN_BINARY_ACCURACY}},
        {place, CN_MEAN_SQUARED_ERROR, .metrics = {CN_METRIC_MAE}},
        {size, CN_HUBER, .metrics = {CN_METRIC_MSE}},
        {grid, CN_MEAN_ABSOLUTE_ERROR}});
    return s == CN_OK ? m : NULL;
}
