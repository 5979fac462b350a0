/* Verification: a model against arrays that another program computed, layer by layer.
 *
 * The reference is an .npz file: the model's inputs and the outputs of its layers, under the names
 * of the layers, as Keras gives them:
 *
 *     y = keras.Model(model.inputs, [l.output for l in model.layers]).predict(x)
 *     numpy.savez("reference.npz", **{l.name: v for l, v in zip(model.layers, y)})
 *
 * An input may also be called "input_0", "input_1", ... A layer's second call is "NAME:1", its
 * second output "NAME/1". Layers that the file leaves out are not judged. Weights in it, under
 * their own names ("conv2d/kernel"), are compared too.
 */
#ifndef CORNU_VERIFY_H
#define CORNU_VERIFY_H

#include "cornu/model.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum cn_verdict {
    CN_AGREES,
    CN_DEPARTS,
    CN_SHAPE_DIFFERS,
    CN_NOT_JUDGED, /* not in the reference */
} cn_verdict;

/* One output of one call of a layer. */
typedef struct cn_verify_row {
    const char *name, *class_name; /* "conv2d", "Conv2D" */
    cn_verdict verdict;
    int rank, reference_rank;
    int64_t shape[CN_MAX_RANK], reference_shape[CN_MAX_RANK];
    double largest;  /* distance of any element from the reference's */
    double relative; /* the same, over the largest magnitude in the reference */
    double alone; /* relative, of the layer alone on the reference's own inputs; NAN where nothing
                        departs, or the reference has not these inputs */
} cn_verify_row;

typedef struct cn_verification {
    const cn_verify_row *rows; /* in the order in which layers run */
    size_t count;
    size_t first;      /* the first row that departs; count when none does */
    const char *cause; /* the likely one, tested against the arrays; NULL when none was found */
    const char *const *unused; /* arrays of the reference that nothing in the model is named like */
    size_t unused_count;
    double tolerance;
} cn_verification;

typedef struct cn_verify_options {
    cn_model *model;
    const char *reference; /* required: the path of the .npz */
    double tolerance;      /* of `relative`; 0 = 1e-4 */
} cn_verify_options;
/* Runs the model in inference on the reference's inputs, on the context's backend, and compares.
 * Needs no cn_compile; changes nothing, but no predictor of the model may run meanwhile. The caller
 * frees the result before the context. NULL, with the message in the context, when the file cannot
 * be read or does not have the model's inputs. */
CN_API cn_verification *cn_verify_at(cn_source where, const cn_verify_options *options);
CN_API void cn_verification_free(cn_verification *v);

/* ---- gradients ------------------------------------------------------------------------------- */

/* The derivative along one direction, all of +1 and -1, in the space of one weight. */
typedef struct cn_gradient_row {
    const char *weight;
    double compiled; /* by the gradient that the context's backend computes */
    double exact;    /* by dual numbers in float64 */
    double relative; /* their distance, over the length of the gradient */
    bool agrees;
} cn_gradient_row;

typedef struct cn_gradient_check {
    const cn_gradient_row *rows; /* trainable weights, in their order */
    size_t count;
    size_t first; /* the first row that departs; count when none does */
    double tolerance;
} cn_gradient_check;

typedef struct cn_gradient_options {
    cn_model *model;
    int64_t batch_size; /* 0 = 2 */
    double tolerance;   /* of `relative`; 0 = 1e-3 */
} cn_gradient_options;
/* Differentiates half the sum of the squares of the model's outputs, in training mode, on made-up
 * inputs, in two ways that share no code: reverse mode as in training, and forward mode through
 * the interpreter, which is slow. The caller frees the result before the context. NULL, with the
 * message in the context, when the model cannot be run or has no output of floats. */
CN_API cn_gradient_check *cn_check_gradients_at(cn_source where,
                                                const cn_gradient_options *options);
CN_API void cn_gradient_check_free(cn_gradient_check *g);

#ifndef __cplusplus
#define cn_check_gradients(...)                         \
    cn_check_gradients_at(CN_HERE(cn_gradient_options), \
                          &(cn_gradient_options){.model = __VA_ARGS__})
#define cn_verify(...) \
    cn_verify_at(CN_HERE(cn_verify_options), &(cn_verify_options){.model = __VA_ARGS__})
#endif

#ifdef __cplusplus
}
#endif
#endif
