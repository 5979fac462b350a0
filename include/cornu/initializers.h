/* Initializers and regularizers, Keras' words.
 *
 * Values depend on the context's seed and the weight's path only, never on the order of calls;
 * an initializer with its own seed gives the same values wherever it is used.
 */
#ifndef CORNU_INITIALIZERS_H
#define CORNU_INITIALIZERS_H

#include "cornu/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CN_INITIALIZER_MAP(X)             \
    X(ZEROS, zeros)                       \
    X(ONES, ones)                         \
    X(RANDOM_NORMAL, random_normal)       \
    X(TRUNCATED_NORMAL, truncated_normal) \
    X(RANDOM_UNIFORM, random_uniform)     \
    X(VARIANCE_SCALING, variance_scaling) \
    X(GLOROT_UNIFORM, glorot_uniform)     \
    X(GLOROT_NORMAL, glorot_normal)       \
    X(LECUN_UNIFORM, lecun_uniform)       \
    X(LECUN_NORMAL, lecun_normal)         \
    X(HE_UNIFORM, he_uniform)             \
    X(HE_NORMAL, he_normal)               \
    X(ORTHOGONAL, orthogonal)             \
    X(IDENTITY, identity)
#define X(constant, name) extern CN_API const cn_initializer cn_initializer_object_##name;
CN_INITIALIZER_MAP(X)
#undef X
#define CN_ZEROS (&cn_initializer_object_zeros)
#define CN_ONES (&cn_initializer_object_ones)
#define CN_RANDOM_NORMAL (&cn_initializer_object_random_normal)
#define CN_TRUNCATED_NORMAL (&cn_initializer_object_truncated_normal)
#define CN_RANDOM_UNIFORM (&cn_initializer_object_random_uniform)
#define CN_VARIANCE_SCALING (&cn_initializer_object_variance_scaling)
#define CN_GLOROT_UNIFORM (&cn_initializer_object_glorot_uniform)
#define CN_GLOROT_NORMAL (&cn_initializer_object_glorot_normal)
#define CN_LECUN_UNIFORM (&cn_initializer_object_lecun_uniform)
#define CN_LECUN_NORMAL (&cn_initializer_object_lecun_normal)
#define CN_HE_UNIFORM (&cn_initializer_object_he_uniform)
#define CN_HE_NORMAL (&cn_initializer_object_he_normal)
#define CN_ORTHOGONAL (&cn_initializer_object_orthogonal)
#define CN_IDENTITY (&cn_initializer_object_identity)

typedef enum cn_fan_mode { CN_FAN_IN, CN_FAN_OUT, CN_FAN_AVG } cn_fan_mode;
typedef enum cn_distribution {
    CN_DISTRIBUTION_TRUNCATED_NORMAL,
    CN_DISTRIBUTION_UNTRUNCATED_NORMAL,
    CN_DISTRIBUTION_UNIFORM
} cn_distribution;

/* With options, exactly as given; seed 0 = by the weight's path. Truncated normals are redrawn
 * beyond two stddev; uniform is [low, high). Fans are Keras': the product of a kernel's leading
 * axes times its last but one (in) or last (out). Objects belong to the context and are never NULL:
 * what is refused (a negative stddev, high below low, a scale that is not positive) gives zeros and
 * a message in the context. A shape that cannot be filled (identity wants a matrix) fails when the
 * weight gets its values. */
CN_API const cn_initializer *cn_initializer_constant(cn_context *c, double value);
CN_API const cn_initializer *cn_initializer_random_normal(cn_context *c, double mean, double stddev,
                                                          uint64_t seed);
CN_API const cn_initializer *cn_initializer_truncated_normal(cn_context *c, double mean,
                                                             double stddev, uint64_t seed);
CN_API const cn_initializer *cn_initializer_random_uniform(cn_context *c, double low, double high,
                                                           uint64_t seed);
CN_API const cn_initializer *cn_initializer_variance_scaling(cn_context *c, double scale,
                                                             cn_fan_mode mode,
                                                             cn_distribution distribution,
                                                             uint64_t seed);
CN_API const cn_initializer *cn_initializer_orthogonal(cn_context *c, double gain, uint64_t seed);
CN_API const cn_initializer *cn_initializer_identity(cn_context *c, double gain);

/* Adds l1 * sum|w| + l2 * sum w^2 (no one half) to the loss. Objects belong to the context and
 * are never NULL; factors that are negative or not finite leave a message in the context. */
CN_API const cn_regularizer *cn_regularizer_l1(cn_context *c, double l1);
CN_API const cn_regularizer *cn_regularizer_l2(cn_context *c, double l2);
CN_API const cn_regularizer *cn_regularizer_l1_l2(cn_context *c, double l1, double l2);

#ifdef __cplusplus
}
#endif
#endif
