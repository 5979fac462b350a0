/* A model for the `cornu` command: the convolutional network of fashion_mnist.c.
 *
 *     cornu summary examples/convnet_model.c
 *     cornu train examples/convnet_model.c --data train-images.gz --labels train-labels.gz
 *
 * The command compiles this file, calls model(), and does the rest. A model may bring an optimizer
 * and a loss, as this one does; without them the command's options say what to train by.
 */
#include <cornu.h>

cn_model *model(cn_context *c) {
    cn_tensor image = cn_input(c, {28, 28, 1}, .name = "image", .dtype = CN_U8);
    cn_tensor garment = cn_chain(image,
        cn_rescaling(c, 1.0 / 255),
        cn_conv2d(c, 32, {3, 3}, .activation = CN_RELU, .padding = CN_SAME),
        cn_max_pooling2d(c),
        cn_conv2d(c, 64, {3, 3}, .activation = CN_RELU, .padding = CN_SAME),
        cn_max_pooling2d(c),
        cn_flatten(c),
        cn_dropout(c, 0.25),
        cn_dense(c, 128, .activation = CN_RELU),
        cn_dense(c, 10, .activation = CN_SOFTMAX, .name = "garment"));
    cn_model *m = cn_model_new(c, .inputs = {image}, .outputs = {garment}, .name = "convnet");
    cn_status s = cn_compile(m, .optimizer = cn_adam(c, 1e-3),
                             .loss = CN_SPARSE_CATEGORICAL_CROSSENTROPY, .metrics = {CN_ACCURACY});
    return s == CN_OK ? m : NULL;
}
