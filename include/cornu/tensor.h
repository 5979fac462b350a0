/* Symbolic tensors and how layers are applied to them.
 *
 * A cn_tensor is a value to be copied freely; its context owns what it stands for. Builders
 * need no checks: a failed call gives a poison tensor, poison in gives poison out, and
 * cn_compile reports the first failure with both source lines.
 */
#ifndef CORNU_TENSOR_H
#define CORNU_TENSOR_H

#include "cornu/context.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CN_MAX_RANK 8
#define CN_MAX_LIST 16

typedef struct cn_tensor {
    cn_context *context;   /* NULL only in the terminator of a list */
    uint32_t node, result; /* node 0 = poison */
} cn_tensor;
#define CN_END ((cn_tensor){0, 0, 0})

typedef struct cn_layer cn_layer;
typedef struct cn_activation cn_activation;
typedef struct cn_initializer cn_initializer;
typedef struct cn_regularizer cn_regularizer;

/* A dim of the batch in shapes that include it (cn_tensor_shape, cn_op_reshape). */
#define CN_BATCH (-1)

typedef struct cn_input_options {
    cn_context *context;        /* required */
    int64_t shape[CN_MAX_RANK]; /* required, without the batch axis; {0} = scalars: see rank */
    const char *name;
    cn_dtype dtype;     /* 0 = float32 */
    int rank;           /* 0 = up to the first zero of shape */
    int64_t batch_size; /* 0 = any */
    bool scalar;        /* shape () */
} cn_input_options;
CN_API cn_tensor cn_input_at(cn_source where, const cn_input_options *options);

/* Applies a layer to the tensors of a list that ends in CN_END; builds its weights the first time.
 * Poison when the layer refuses the shapes: the message names this line and that of the tensor. */
CN_API cn_tensor cn_apply_at(cn_source where, cn_layer *layer, const cn_tensor *inputs);
/* ... to `count` tensors. */
CN_API cn_tensor cn_apply_list_at(cn_source where, cn_layer *layer, const cn_tensor *inputs,
                                  size_t count);
/* ... with several results: fills outputs[0 .. capacity) and returns how many there are. */
CN_API size_t cn_apply_into_at(cn_source where, cn_tensor *outputs, size_t capacity,
                               cn_layer *layer, const cn_tensor *inputs);
/* Threads x through layers; the list ends in NULL. */
CN_API cn_tensor cn_chain_at(cn_source where, cn_tensor x, cn_layer *const *layers);
CN_API cn_tensor cn_chain_list_at(cn_source where, cn_tensor x, cn_layer *const *layers,
                                  size_t count);

/* Gives the ops that follow a source line for their messages and returns x; the macros of ops.h
 * call it, so that an op's failure names the line it stands on. */
CN_API cn_tensor cn_at(cn_source where, cn_tensor x);

CN_API bool cn_tensor_ok(cn_tensor x);
/* Rank, and dims with CN_BATCH for the batch (a multiple of it gives CN_BATCH too). */
CN_API int cn_tensor_shape(cn_tensor x, int64_t shape[CN_MAX_RANK]);
CN_API cn_dtype cn_tensor_dtype(cn_tensor x);

#ifndef __cplusplus
#define cn_input(...) \
    cn_input_at(CN_HERE(cn_input_options), &(cn_input_options){.context = __VA_ARGS__})
#define cn_apply(layer, ...) \
    cn_apply_at(CN_WHERE, (layer), (const cn_tensor[]){__VA_ARGS__, CN_END})
#define cn_apply_list(layer, inputs, count) cn_apply_list_at(CN_WHERE, (layer), (inputs), (count))
#define cn_apply_into(outputs, layer, ...)                                                 \
    cn_apply_into_at(CN_WHERE, (outputs), sizeof(outputs) / sizeof((outputs)[0]), (layer), \
                     (const cn_tensor[]){__VA_ARGS__, CN_END})
#define cn_chain(x, ...) cn_chain_at(CN_WHERE, (x), (cn_layer *const[]){__VA_ARGS__, NULL})
#define cn_chain_list(x, layers, count) cn_chain_list_at(CN_WHERE, (x), (layers), (count))
#endif

#ifdef __cplusplus
}
#endif
#endif
