/* The C++20 spelling: it compiles without warnings, builds what C builds, and a failure names
 * the line of the C++ program. */
#include <cornu/cornu.hpp>

#include <cstdio>
#include <cstring>

static int failures;

static void expect(bool holds, const char *what) {
    if (holds)
        return;
    failures++;
    std::fprintf(stderr, "not so: %s\n", what);
}

static cn_tensor build(cn_context *c) {
    cn_tensor image = cn::input({.context = c, .shape = {28, 28, 1}, .name = "image"});
    return cn::chain(
        image,
        {cn::conv2d({.context = c, .filters = 32, .kernel_size = {3, 3}, .activation = CN_RELU}),
         cn::max_pooling2d({.context = c}), cn::flatten({.context = c}),
         cn::dense({.context = c, .units = 10, .activation = CN_SOFTMAX, .name = "digit"})});
}

static void shapes_are_those_of_c(cn_context *c) {
    cn_tensor digit = build(c);
    int64_t shape[CN_MAX_RANK];
    expect(cn_tensor_shape(digit, shape) == 2 && shape[0] == CN_BATCH && shape[1] == 10,
           "the chain gives [batch, 10]");
    cn_tensor sum = cn::apply(cn::add({.context = c}), {digit, digit});
    cn_tensor twice[1];
    expect(cn_tensor_ok(sum), "a layer of two inputs");
    expect(cn::apply_into(twice, cn::relu({.context = c}), sum) == 1 && cn_tensor_ok(twice[0]),
           "results into an array");
}

static void failures_name_the_line(cn_context *c) {
    cn_tensor x = cn::input({.context = c, .shape = {4}});
    char words[64];
    std::snprintf(words, sizeof words, "spelling.cpp:%d: dense: .units is missing", __LINE__ + 1);
    cn_layer *layer = cn::dense({.context = c});
    expect(std::strcmp(cn_error_message(c), words) == 0, "the line of a constructor");
    expect(!cn_tensor_ok(cn::apply(layer, x)), "poison");
    cn_error_clear(c);
    std::snprintf(words, sizeof words, "spelling.cpp:%d: softmax: axis 5", __LINE__ + 1);
    cn_op_softmax(cn::at(x), 5);
    expect(std::strncmp(cn_error_message(c), words, std::strlen(words)) == 0, "the line of an op");
}

int main() {
    cn_context *c = cn_context_new(nullptr);
    shapes_are_those_of_c(c);
    failures_name_the_line(c);
    cn_context_free(c);
    return failures != 0;
}
