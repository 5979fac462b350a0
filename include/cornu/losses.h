/* Losses, Keras' definitions: per-sample values by formula, then weights, then the reduction.
 *
 * Targets have the shape of the prediction; sparse crossentropy wants labels, the shape of the
 * prediction without its axis of classes. Values are means over the last axis. Objects made with
 * options belong to the context; one that could not be made is refused by cn_compile with the
 * message.
 */
#ifndef CORNU_LOSSES_H
#define CORNU_LOSSES_H

#include "cornu/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cn_loss cn_loss;

/* SUM_OVER_BATCH_SIZE divides by the number of per-sample values, whatever the weights. */
typedef enum cn_reduction {
    CN_SUM_OVER_BATCH_SIZE,
    CN_REDUCTION_SUM,
    CN_MEAN_WITH_SAMPLE_WEIGHT,
    CN_REDUCTION_NONE, /* for cn_loss_apply only; compile refuses it */
} cn_reduction;

/* With every option at its default. */
extern CN_API const cn_loss cn_loss_object_mean_squared_error, cn_loss_object_mean_absolute_error,
    cn_loss_object_huber, cn_loss_object_binary_crossentropy,
    cn_loss_object_categorical_crossentropy, cn_loss_object_sparse_categorical_crossentropy;
#define CN_MEAN_SQUARED_ERROR (&cn_loss_object_mean_squared_error)
#define CN_MEAN_ABSOLUTE_ERROR (&cn_loss_object_mean_absolute_error)
#define CN_HUBER (&cn_loss_object_huber)
#define CN_BINARY_CROSSENTROPY (&cn_loss_object_binary_crossentropy)
#define CN_CATEGORICAL_CROSSENTROPY (&cn_loss_object_categorical_crossentropy)
#define CN_SPARSE_CATEGORICAL_CROSSENTROPY (&cn_loss_object_sparse_categorical_crossentropy)

typedef struct cn_loss_options {
    cn_context *context;
    cn_reduction reduction;
    const char *name;
    double delta;           /* huber: 0 = 1 */
    bool from_logits;       /* the cross-entropies */
    double label_smoothing; /* binary and categorical */
    int64_t axis;           /* the cross-entropies: 0 = -1 */
    int64_t ignore_class;   /* sparse: labels left out; 0 = none, CN_ZERO = class 0 */
} cn_loss_options;
CN_API const cn_loss *cn_loss_mean_squared_error_at(cn_source where,
                                                    const cn_loss_options *options);
CN_API const cn_loss *cn_loss_mean_absolute_error_at(cn_source where,
                                                     const cn_loss_options *options);
CN_API const cn_loss *cn_loss_huber_at(cn_source where, const cn_loss_options *options);
CN_API const cn_loss *cn_loss_binary_crossentropy_at(cn_source where,
                                                     const cn_loss_options *options);
CN_API const cn_loss *cn_loss_categorical_crossentropy_at(cn_source where,
                                                          const cn_loss_options *options);
CN_API const cn_loss *cn_loss_sparse_categorical_crossentropy_at(cn_source where,
                                                                 const cn_loss_options *options);

/* Your own: per-sample values from the target and the prediction, composed of ops. */
typedef struct cn_custom_loss_options {
    cn_context *context;
    cn_tensor (*function)(cn_tensor target, cn_tensor prediction, const void *user); /* required */
    const void *user; /* copied */
    size_t user_size;
    cn_reduction reduction;
    const char *name;
    cn_dtype target_dtype; /* 0 = the prediction's */
} cn_custom_loss_options;
CN_API const cn_loss *cn_custom_loss_at(cn_source where, const cn_custom_loss_options *options);

/* The loss of tensors, for functions and custom training: a scalar (or values, for NONE).
 * `sample_weight` may be CN_END. */
CN_API cn_tensor cn_loss_apply(const cn_loss *loss, cn_tensor target, cn_tensor prediction,
                               cn_tensor sample_weight);

#ifndef __cplusplus
#define CN_LOSS(name, ...) \
    name(CN_HERE(cn_loss_options), &(cn_loss_options){.context = __VA_ARGS__})
#define cn_loss_mean_squared_error(...) CN_LOSS(cn_loss_mean_squared_error_at, __VA_ARGS__)
#define cn_loss_mean_absolute_error(...) CN_LOSS(cn_loss_mean_absolute_error_at, __VA_ARGS__)
#define cn_loss_huber(...) CN_LOSS(cn_loss_huber_at, __VA_ARGS__)
#define cn_loss_binary_crossentropy(...) CN_LOSS(cn_loss_binary_crossentropy_at, __VA_ARGS__)
#define cn_loss_categorical_crossentropy(...) \
    CN_LOSS(cn_loss_categorical_crossentropy_at, __VA_ARGS__)
#define cn_loss_sparse_categorical_crossentropy(...) \
    CN_LOSS(cn_loss_sparse_categorical_crossentropy_at, __VA_ARGS__)
#define cn_custom_loss(...)                            \
    cn_custom_loss_at(CN_HERE(cn_custom_loss_options), \
                      &(cn_custom_loss_options){.context = __VA_ARGS__})
#endif

#ifdef __cplusplus
}
#endif
#endif
