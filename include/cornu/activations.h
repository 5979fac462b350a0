/* Activations: Keras' thirty functions of a tensor.
 *
 * Those without options are addresses of const objects (CN_RELU); those with options come from
 * a function and belong to the context. Each may stand wherever `.activation` is asked for.
 */
#ifndef CORNU_ACTIVATIONS_H
#define CORNU_ACTIVATIONS_H

#include "cornu/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* X(CONSTANT, keras_name) at Keras' default options. */
#define CN_ACTIVATION_MAP(X)          \
    X(LINEAR, linear)                 \
    X(RELU, relu)                     \
    X(RELU6, relu6)                   \
    X(LEAKY_RELU, leaky_relu)         \
    X(ELU, elu)                       \
    X(SELU, selu)                     \
    X(CELU, celu)                     \
    X(GELU, gelu)                     \
    X(SILU, silu)                     \
    X(MISH, mish)                     \
    X(SOFTMAX, softmax)               \
    X(LOG_SOFTMAX, log_softmax)       \
    X(SPARSEMAX, sparsemax)           \
    X(SIGMOID, sigmoid)               \
    X(LOG_SIGMOID, log_sigmoid)       \
    X(HARD_SIGMOID, hard_sigmoid)     \
    X(SPARSE_SIGMOID, sparse_sigmoid) \
    X(HARD_SILU, hard_silu)           \
    X(TANH, tanh)                     \
    X(HARD_TANH, hard_tanh)           \
    X(TANH_SHRINK, tanh_shrink)       \
    X(SOFT_SHRINK, soft_shrink)       \
    X(HARD_SHRINK, hard_shrink)       \
    X(SOFTPLUS, softplus)             \
    X(SPARSE_PLUS, sparse_plus)       \
    X(SQUAREPLUS, squareplus)         \
    X(SOFTSIGN, softsign)             \
    X(EXPONENTIAL, exponential)       \
    X(GLU, glu)                       \
    X(THRESHOLD, threshold)

#define X(constant, name) extern CN_API const cn_activation cn_activation_object_##name;
CN_ACTIVATION_MAP(X)
#undef X
#define CN_LINEAR (&cn_activation_object_linear)
#define CN_RELU (&cn_activation_object_relu)
#define CN_RELU6 (&cn_activation_object_relu6)
#define CN_LEAKY_RELU (&cn_activation_object_leaky_relu)
#define CN_ELU (&cn_activation_object_elu)
#define CN_SELU (&cn_activation_object_selu)
#define CN_CELU (&cn_activation_object_celu)
#define CN_GELU (&cn_activation_object_gelu)
#define CN_SILU (&cn_activation_object_silu)
#define CN_MISH (&cn_activation_object_mish)
#define CN_SOFTMAX (&cn_activation_object_softmax)
#define CN_LOG_SOFTMAX (&cn_activation_object_log_softmax)
#define CN_SPARSEMAX (&cn_activation_object_sparsemax)
#define CN_SIGMOID (&cn_activation_object_sigmoid)
#define CN_LOG_SIGMOID (&cn_activation_object_log_sigmoid)
#define CN_HARD_SIGMOID (&cn_activation_object_hard_sigmoid)
#define CN_SPARSE_SIGMOID (&cn_activation_object_sparse_sigmoid)
#define CN_HARD_SILU (&cn_activation_object_hard_silu)
#define CN_TANH (&cn_activation_object_tanh)
#define CN_HARD_TANH (&cn_activation_object_hard_tanh)
#define CN_TANH_SHRINK (&cn_activation_object_tanh_shrink)
#define CN_SOFT_SHRINK (&cn_activation_object_soft_shrink)
#define CN_HARD_SHRINK (&cn_activation_object_hard_shrink)
#define CN_SOFTPLUS (&cn_activation_object_softplus)
#define CN_SPARSE_PLUS (&cn_activation_object_sparse_plus)
#define CN_SQUAREPLUS (&cn_activation_object_squareplus)
#define CN_SOFTSIGN (&cn_activation_object_softsign)
#define CN_EXPONENTIAL (&cn_activation_object_exponential)
#define CN_GLU (&cn_activation_object_glu)
#define CN_THRESHOLD (&cn_activation_object_threshold)

/* With options, exactly as given: zero is zero here, every argument is required. The result
 * belongs to the context and is never NULL. Options are judged where it is applied: a tensor
 * without such an axis, for one, makes a poison tensor and a message in the context. So does the
 * result for a NULL context or without memory. */
CN_API const cn_activation *cn_activation_relu(cn_context *c, double negative_slope,
                                               double max_value /* 0 = none, CN_ZERO = 0 */,
                                               double threshold);
CN_API const cn_activation *cn_activation_leaky_relu(cn_context *c, double negative_slope);
CN_API const cn_activation *cn_activation_elu(cn_context *c, double alpha);
CN_API const cn_activation *cn_activation_celu(cn_context *c, double alpha);
CN_API const cn_activation *cn_activation_gelu(cn_context *c, bool approximate);
CN_API const cn_activation *cn_activation_softmax(cn_context *c, int64_t axis);
CN_API const cn_activation *cn_activation_log_softmax(cn_context *c, int64_t axis);
CN_API const cn_activation *cn_activation_sparsemax(cn_context *c, int64_t axis);
CN_API const cn_activation *cn_activation_soft_shrink(cn_context *c, double threshold);
CN_API const cn_activation *cn_activation_hard_shrink(cn_context *c, double threshold);
CN_API const cn_activation *cn_activation_squareplus(cn_context *c, double b);
CN_API const cn_activation *cn_activation_glu(cn_context *c, int64_t axis);
CN_API const cn_activation *cn_activation_threshold(cn_context *c, double threshold, double value);
/* Your own, composed of ops (ops.h); `user` is copied (user_size bytes) and handed to each call.
 * Without a function the context has the message. */
CN_API const cn_activation *cn_activation_custom(cn_context *c, const char *name,
                                                 cn_tensor (*function)(cn_tensor x,
                                                                       const void *user),
                                                 const void *user, size_t user_size);

#ifdef __cplusplus
}
#endif
#endif
