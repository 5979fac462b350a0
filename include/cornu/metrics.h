/* Metrics: running values over an epoch, Keras' definitions; sums and weights are kept in f64.
 *
 * A metric is part of the compiled step and costs no pass of its own. Objects made with options
 * belong to the context.
 */
#ifndef CORNU_METRICS_H
#define CORNU_METRICS_H

#include "cornu/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cn_metric cn_metric;

/* CN_ACCURACY resolves as Keras' string "accuracy": binary, sparse or categorical by the shapes of
 * the output and its target. CN_ACCURACY_EXACT is Keras' class Accuracy. */
#define CN_METRIC_MAP(X)                                                    \
    X(ACCURACY, accuracy)                                                   \
    X(ACCURACY_EXACT, accuracy_exact)                                       \
    X(BINARY_ACCURACY, binary_accuracy)                                     \
    X(CATEGORICAL_ACCURACY, categorical_accuracy)                           \
    X(SPARSE_CATEGORICAL_ACCURACY, sparse_categorical_accuracy)             \
    X(TOP_K_CATEGORICAL_ACCURACY, top_k_categorical_accuracy)               \
    X(SPARSE_TOP_K_CATEGORICAL_ACCURACY, sparse_top_k_categorical_accuracy) \
    X(MSE, mean_squared_error)                                              \
    X(MAE, mean_absolute_error)                                             \
    X(MEAN, mean)
#define X(constant, name) extern CN_API const cn_metric cn_metric_object_##name;
CN_METRIC_MAP(X)
#undef X
#define CN_ACCURACY (&cn_metric_object_accuracy)
#define CN_ACCURACY_EXACT (&cn_metric_object_accuracy_exact)
#define CN_BINARY_ACCURACY (&cn_metric_object_binary_accuracy)
#define CN_CATEGORICAL_ACCURACY (&cn_metric_object_categorical_accuracy)
#define CN_SPARSE_CATEGORICAL_ACCURACY (&cn_metric_object_sparse_categorical_accuracy)
#define CN_TOP_K_CATEGORICAL_ACCURACY (&cn_metric_object_top_k_categorical_accuracy)
#define CN_SPARSE_TOP_K_CATEGORICAL_ACCURACY (&cn_metric_object_sparse_top_k_categorical_accuracy)
#define CN_METRIC_MSE (&cn_metric_object_mean_squared_error)
#define CN_METRIC_MAE (&cn_metric_object_mean_absolute_error)
#define CN_METRIC_MEAN (&cn_metric_object_mean) /* of the output itself; the target is not used */

typedef struct cn_metric_options {
    cn_context *context;
    const char *name;
    double threshold; /* binary accuracy: 0 = 0.5, CN_ZERO = 0 */
    int64_t k;        /* top k: 0 = 5 */
} cn_metric_options;
CN_API const cn_metric *cn_metric_binary_accuracy_at(cn_source where,
                                                     const cn_metric_options *options);
CN_API const cn_metric *cn_metric_top_k_categorical_accuracy_at(cn_source where,
                                                                const cn_metric_options *options);
CN_API const cn_metric *
cn_metric_sparse_top_k_categorical_accuracy_at(cn_source where, const cn_metric_options *options);
/* Your own: per-sample values, averaged over the epoch; `user` is copied (user_size bytes). */
CN_API const cn_metric *
cn_metric_custom(cn_context *c, const char *name,
                 cn_tensor (*function)(cn_tensor target, cn_tensor prediction, const void *user),
                 const void *user, size_t user_size);

#ifndef __cplusplus
#define CN_METRIC(name, ...) \
    name(CN_HERE(cn_metric_options), &(cn_metric_options){.context = __VA_ARGS__})
#define cn_metric_binary_accuracy(...) CN_METRIC(cn_metric_binary_accuracy_at, __VA_ARGS__)
#define cn_metric_top_k_categorical_accuracy(...) \
    CN_METRIC(cn_metric_top_k_categorical_accuracy_at, __VA_ARGS__)
#define cn_metric_sparse_top_k_categorical_accuracy(...) \
    CN_METRIC(cn_metric_sparse_top_k_categorical_accuracy_at, __VA_ARGS__)
#endif

#ifdef __cplusplus
}
#endif
#endif
