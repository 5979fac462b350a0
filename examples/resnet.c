/* A small residual network (He et al., 2015) on Fashion-MNIST, built in a loop. */
#include <cornu.h>

#include "options.h"

static cn_tensor convolve(cn_tensor x, int64_t filters, int64_t stride) {
    cn_context *c = x.context;
    return cn_chain(x,
        cn_conv2d(c, filters, {3}, .padding = CN_SAME, .strides = {stride}, .no_bias = true,
                  .kernel_initializer = CN_HE_NORMAL),
        cn_batch_normalization(c));
}

/* relu(x + two convolutions of x); the shortcut is a 1x1 convolution where the shape changes. */
static cn_tensor block(cn_tensor x, int64_t filters, int64_t stride) {
    cn_context *c = x.context;
    int64_t shape[CN_MAX_RANK];
    cn_tensor_shape(x, shape);
    cn_tensor y = convolve(cn_chain(convolve(x, filters, stride), cn_relu(c)), filters, 1);
    if (stride != 1 || shape[3] != filters)
        x = cn_chain(x, cn_conv2d(c, filters, {1}, .strides = {stride}, .no_bias = true),
                     cn_batch_normalization(c));
    return cn_chain(cn_apply(cn_add(c), x, y), cn_relu(c));
}

static cn_model *resnet(cn_context *c, int stages, int blocks) {
    cn_tensor image = cn_input(c, {28, 28, 1}, .name = "image", .dtype = CN_U8);
    cn_tensor x = cn_chain(image, cn_rescaling(c, 1.0 / 255));
    x = cn_chain(convolve(x, 16, 1), cn_relu(c));
    for (int stage = 0; stage < stages; stage++)
        for (int i = 0; i < blocks; i++)
            x = block(x, 16 << stage, stage > 0 && i == 0 ? 2 : 1);
    x = cn_chain(x, cn_global_average_pooling2d(c), cn_dense(c, 10, CN_SOFTMAX, .name = "garment"));
    return cn_model_new(c, .inputs = {image}, .outputs = {x}, .name = "resnet");
}

int main(int argc, char **argv) {
    options o = {.data = "/usr/share/datasets/fashion-mnist", .epochs = 2, .batch = 128};
    if (!read_options(argc, argv, &o)) return 2;
    cn_context *c = cn_context_new(&(cn_context_options){
        .backend = o.backend, .threads = o.threads, .seed = o.seed});
    cn_model *m = resnet(c, 3, 2);
    cn_dataset *training = cn_dataset_idx(c, data_path(&o, "train-images-idx3-ubyte.gz"),
                                          data_path(&o, "train-labels-idx1-ubyte.gz"));
    cn_dataset *unseen = cn_dataset_idx(c, data_path(&o, "t10k-images-idx3-ubyte.gz"),
                                        data_path(&o, "t10k-labels-idx1-ubyte.gz"));
    if (o.limit > 0) training = cn_dataset_range(training, 0, o.limit);

    cn_optimizer *sgd = cn_sgd(c, .schedule = cn_cosine_decay(c, 0.1, 1000, 0.01, 0, 0),
                               .momentum = 0.9, .nesterov = true, .weight_decay = 1e-4);
    cn_status s = cn_compile(m, .optimizer = sgd, .loss = CN_SPARSE_CATEGORICAL_CROSSENTROPY,
                             .metrics = {CN_ACCURACY});
    if (s == CN_OK) s = cn_fit(m, training, .epochs = o.epochs, .batch_size = o.batch);
    if (s == CN_OK) s = cn_evaluate(m, unseen, .batch_size = 1000, .verbose = -1);
    if (s == CN_OK) printf("test accuracy %.4f\n", cn_logs_get(cn_model_logs(m), "accuracy"));
    else fprintf(stderr, "%s\n", cn_error_message(c));
    cn_context_free(c);
    return s == CN_OK ? 0 : 1;
}
