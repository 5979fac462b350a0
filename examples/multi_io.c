/* Two inputs, two outputs, a shared tower: the upper and the lower half of a Fashion-MNIST image
 * go through the same layers; one output names the garment, the other its group (worn above,
 * worn below, on the feet, carried).
 */
#include <cornu.h>

#include "options.h"

enum { PIXELS = 28 * 28, HALF = PIXELS / 2 };

/* T-shirt, trouser, pullover, dress, coat, sandal, shirt, sneaker, bag, ankle boot. */
static const unsigned char group_of[10] = {0, 1, 0, 0, 0, 2, 0, 2, 3, 2};

/* A sample of the halves: copied out of the images as IDX stores them. */
static bool split_sample(void *user, int64_t index, void *const *inputs, void *const *targets) {
    const cn_dataset *images = user;
    const unsigned char *pixels = cn_dataset_input(images, 0).data;
    const unsigned char *labels = cn_dataset_target(images, 0).data;
    memcpy(inputs[0], pixels + index * PIXELS, HALF);
    memcpy(inputs[1], pixels + index * PIXELS + HALF, HALF);
    *(unsigned char *)targets[0] = labels[index];
    *(unsigned char *)targets[1] = group_of[labels[index]];
    return true;
}

static cn_dataset *halves(cn_context *c, const options *o, const char *images, const char *labels) {
    cn_dataset *whole = cn_dataset_idx(c, data_path(o, images), data_path(o, labels));
    int64_t count = cn_dataset_count(whole);
    if (o->limit > 0 && o->limit < count) count = o->limit;
    return cn_dataset_callback(c, count, split_sample, whole,
        .inputs = {{.name = "upper", .dtype = CN_U8, .shape = {14, 28, 1}},
                   {.name = "lower", .dtype = CN_U8, .shape = {14, 28, 1}}},
        .targets = {{.name = "garment", .dtype = CN_U8, .shape = {1}},
                    {.name = "group", .dtype = CN_U8, .shape = {1}}});
}

int main(int argc, char **argv) {
    options o = {.data = "/usr/share/datasets/fashion-mnist", .epochs = 2, .batch = 128};
    if (!read_options(argc, argv, &o)) return 2;
    cn_context *c = cn_context_new(&(cn_context_options){
        .backend = o.backend, .threads = o.threads, .seed = o.seed});

    cn_tensor upper = cn_input(c, {14, 28, 1}, .name = "upper", .dtype = CN_U8);
    cn_tensor lower = cn_input(c, {14, 28, 1}, .name = "lower", .dtype = CN_U8);
    cn_layer *scale = cn_rescaling(c, 1.0 / 255);
    cn_layer *look = cn_conv2d(c, 16, {3, 3}, .activation = CN_RELU); /* one set of weights */
    cn_layer *pool = cn_max_pooling2d(c), *flat = cn_flatten(c);
    cn_tensor both = cn_apply(cn_concatenate(c), cn_chain(upper, scale, look, pool, flat),
                              cn_chain(lower, scale, look, pool, flat));
    cn_tensor features = cn_chain(both, cn_dense(c, 64, CN_RELU));
    cn_tensor garment = cn_chain(features, cn_dense(c, 10, CN_SOFTMAX, .name = "garment"));
    cn_tensor group = cn_chain(features, cn_dense(c, 4, CN_SOFTMAX, .name = "group"));
    cn_model *m = cn_model_new(c, .inputs = {upper, lower}, .outputs = {garment, group});

    cn_dataset *training = halves(c, &o, "train-images-idx3-ubyte.gz",
                                  "train-labels-idx1-ubyte.gz");
    cn_dataset *unseen = halves(c, &o, "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz");
    const cn_loss *loss = CN_SPARSE_CATEGORICAL_CROSSENTROPY;
    cn_status s = cn_compile(m, .optimizer = cn_adam(c, 1e-3), .outputs = {
        {.output = garment, .loss = loss, .metrics = {CN_ACCURACY}},
        {.output = group, .loss = loss, .weight = 0.2, .metrics = {CN_ACCURACY}}});
    if (s == CN_OK) s = cn_fit(m, training, .epochs = o.epochs, .batch_size = o.batch);
    if (s == CN_OK) s = cn_evaluate(m, unseen, .batch_size = 1000, .verbose = -1);
    if (s == CN_OK)
        printf("test accuracy: garment %.4f, group %.4f\n",
               cn_logs_get(cn_model_logs(m), "garment_accuracy"),
               cn_logs_get(cn_model_logs(m), "group_accuracy"));
    else fprintf(stderr, "%s\n", cn_error_message(c));
    cn_context_free(c);
    return s == CN_OK ? 0 : 1;
}
