/* Functions: compiled graphs of your own, on which cn_compile itself stands.
 *
 * A function computes outputs from inputs and applies updates to state; all at once, as one
 * program. With cn_gradient and cn_minimize it expresses what fit does not: two optimizers,
 * adversarial steps, meta-learning. (Theano's `function`.)
 */
#ifndef CORNU_FUNCTION_H
#define CORNU_FUNCTION_H

#include "cornu/data.h"
#include "cornu/optimizers.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cn_model cn_model;
typedef struct cn_function cn_function;

/* d loss / d wrt[i] for a scalar loss; fills gradients[0 .. count). Differentiable again. They are
 * all poison when the loss is no float scalar or something in wrt is poison or holds no floats; the
 * context keeps the message. */
CN_API void cn_gradient(cn_tensor loss, const cn_tensor *wrt, size_t count, cn_tensor *gradients);

/* New values for weights and other state tensors, applied together when a function has run: made by
 * an optimizer or added one by one, at most one for each state, of its shape and dtype. Belongs to
 * the context.
 *
 * The calls that fill it return nothing: what they refuse (a tensor that is no state, another
 * type, a second value for the same state, tensors of another context) is not added, and the
 * message stays in the context, so cn_function_new returns NULL. Poison, a NULL set and a NULL
 * optimizer are passed over: whatever made them has left its message. */
typedef struct cn_updates cn_updates;
/* NULL when c is NULL or out of memory. */
CN_API cn_updates *cn_updates_new(cn_context *c);
CN_API void cn_updates_add(cn_updates *u, cn_tensor state, cn_tensor value);
/* The optimizer's step on these trainable weights, or states of your own, down the gradient of
 * loss. A weight that cannot be trained, or a loss that cn_gradient refuses, adds nothing. */
CN_API void cn_updates_minimize(cn_updates *u, cn_optimizer *o, cn_tensor loss,
                                const cn_tensor *weights, size_t count);
/* One line for the usual case: a new set. NULL when the loss has no context; after a refusal the
 * set is empty, and its cause keeps cn_function_new from making a function of it. */
CN_API cn_updates *cn_minimize(cn_optimizer *o, cn_tensor loss, const cn_tensor *weights,
                               size_t count);

/* The weights of a model as tensors (trainable ones when asked): returns how many there are, fills
 * at most capacity. 0 for NULL. */
CN_API size_t cn_model_weights(const cn_model *m, bool trainable_only, cn_tensor *weights,
                               size_t capacity);
/* A state tensor of your own: it lives between calls and may be updated. `initial` gives its shape,
 * dtype and first value and is copied. Poison, with the message in the context, when `initial` has
 * no data, a negative size or an unknown dtype, or when there is no memory for it. */
CN_API cn_tensor cn_state(cn_context *c, const char *name, const cn_array *initial);

typedef struct cn_function_options {
    cn_context *context;
    cn_tensor inputs[CN_MAX_LIST];
    cn_tensor outputs[CN_MAX_LIST];
    cn_updates *updates; /* NULL = none */
    const char *name;
    bool training; /* dropout drops, batch statistics are used, and layers update their state */
    const cn_tensor *input_list;
    size_t input_count;
    const cn_tensor *output_list;
    size_t output_count;
    bool no_layer_updates; /* moving statistics stay, also in training */
} cn_function_options;
/* Compiles outputs and updates as one program. The context frees what is left. NULL on failure,
 * with the message in the context; also when that holds an earlier one.
 *
 * In training, every layer call that outputs or updates depend on updates its layer's state
 * (cn_layer_update: the moving statistics of BatchNormalization), as a layer called with
 * training=True does in Keras; of one layer's calls each starts from what the one before it in
 * the program left. Frozen layers keep theirs. A state that `updates` has a value for takes that
 * value. */
CN_API cn_function *cn_function_new_at(cn_source where, const cn_function_options *options);
/* Arrays by position, `inputs` and `outputs` in the order they were given; all batches equal.
 * Outputs are the caller's buffers, of exactly the results' shapes and dtypes. Arrays that do not
 * fit (CN_ERROR_DATA) and a lack of memory are found before it runs: state stays as it was. */
CN_API CN_NODISCARD cn_status cn_function_call(cn_function *f, const cn_array *inputs,
                                               const cn_array *outputs);
CN_API void cn_function_free(cn_function *f);

#ifndef __cplusplus
#define cn_function_new(...) \
    cn_function_new_at(CN_HERE(cn_function_options), &(cn_function_options){.context = __VA_ARGS__})
#endif

#ifdef __cplusplus
}
#endif
#endif
