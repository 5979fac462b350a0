/* The networks of the benchmarks; the rivals build the same (bench/rivals). */
#ifndef CORNU_BENCH_MODELS_H
#define CORNU_BENCH_MODELS_H

#include <cornu.h>

static inline cn_model *mlp(cn_context *c) {
    return cn_sequential(c, {784}, {cn_dense(c, 128, CN_RELU), cn_dense(c, 10, CN_SOFTMAX)});
}

/* That of examples/fashion_mnist.c. */
static inline cn_model *convnet(cn_context *c) {
    return cn_sequential(
        c, {28, 28, 1},
        {cn_conv2d(c, 32, {3, 3}, CN_RELU, .padding = CN_SAME), cn_max_pooling2d(c),
         cn_conv2d(c, 64, {3, 3}, CN_RELU, .padding = CN_SAME), cn_max_pooling2d(c), cn_flatten(c),
         cn_dropout(c, 0.25), cn_dense(c, 128, CN_RELU), cn_dense(c, 10, CN_SOFTMAX)});
}

#endif
