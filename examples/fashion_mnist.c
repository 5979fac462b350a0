/* A convolutional network trained on the 60,000 images of Fashion-MNIST.
 *
 *     build/examples/fashion_mnist [--epochs N] [--batch N] [--threads N] [--limit N] [--seed N]
 *                                  [--backend ref|cpu] [--data FOLDER]
 *
 * The model is saved as fashion_mnist.keras, and what is tested is what that file holds. The last
 * lines are the accuracy on the 10,000 test images and the SHA-256 of all parameters and of the
 * optimizer's state: the same seed gives the same checksum on every run, for every number of
 * threads.
 */
#include <cornu.h>

#include "options.h"

static cn_model *convnet(cn_context *c) {
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
    return cn_model_new(c, .inputs = {image}, .outputs = {garment}, .name = "convnet");
}

static cn_status train(cn_model *m, const options *o) {
    cn_context *c = cn_model_context(m);
    cn_dataset *training = cn_dataset_idx(c, data_path(o, "train-images-idx3-ubyte.gz"),
                                          data_path(o, "train-labels-idx1-ubyte.gz"));
    if (o->limit > 0 && o->limit < cn_dataset_count(training))
        training = cn_dataset_range(training, 0, o->limit);

    cn_status s = cn_compile(m, .optimizer = cn_adam(c, 1e-3),
                             .loss = CN_SPARSE_CATEGORICAL_CROSSENTROPY, .metrics = {CN_ACCURACY});
    if (s == CN_OK) s = cn_summary(m);
    if (s == CN_OK) s = cn_fit(m, training, .epochs = o->epochs, .batch_size = o->batch,
                               .validation_split = 0.1);
    if (s == CN_OK) s = cn_save(m, "fashion_mnist.keras");
    return s;
}

static cn_status test(cn_model *m, const options *o) {
    cn_dataset *unseen = cn_dataset_idx(cn_model_context(m),
                                        data_path(o, "t10k-images-idx3-ubyte.gz"),
                                        data_path(o, "t10k-labels-idx1-ubyte.gz"));
    cn_status s = cn_evaluate(m, unseen, .batch_size = 1000, .verbose = -1);
    if (s != CN_OK) return s;
    char checksum[65];
    cn_checksum(m, checksum);
    printf("test accuracy %.4f\n", cn_logs_get(cn_model_logs(m), "accuracy"));
    printf("checksum %s\n", checksum);
    return CN_OK;
}

int main(int argc, char **argv) {
    options o = {.data = "/usr/share/datasets/fashion-mnist", .epochs = 5, .batch = 64};
    if (!read_options(argc, argv, &o)) return 2;
    cn_context *c = cn_context_new(&(cn_context_options){
        .backend = o.backend, .threads = o.threads, .seed = o.seed});
    cn_model *m = convnet(c);
    cn_status s = train(m, &o);
    if (s == CN_OK) s = test(cn_load(c, "fashion_mnist.keras"), &o); /* what Keras opens too */
    if (s != CN_OK) fprintf(stderr, "%s\n", cn_error_message(c));
    cn_context_free(c);
    return s == CN_OK ? 0 : 1;
}
