/* How a public op becomes nodes of the record, and the rules all ops share.
 *
 * A cn_op_* names its builder and hands both to op_record, the one shared path: it refuses
 * poison and foreign tensors, sets the recovery point, runs the builder, notes which layer call the
 * nodes belong to, and puts the source line (and the layer) before the builder's refusal. A
 * builder works on values: it promotes, broadcasts and normalises axes with the helpers below,
 * for the IR itself does none of that.
 */
#ifndef CORNU_FRONTEND_RECORD_H
#define CORNU_FRONTEND_RECORD_H

#include "frontend/frontend.h"

typedef struct op_call {
    cn_context *context;
    graph *g;                /* the record */
    const char *name;        /* "add", for messages */
    const cn_tensor *inputs; /* usable ones of this context */
    size_t input_count;
    const void *arguments;   /* what the builder wants besides */
} op_call;
typedef value (*op_builder)(const op_call *call);

/* Poison when an input is; else what the builder made, or poison with its refusal recorded. */
cn_tensor op_record(cn_context *c, const char *name, op_builder build, const cn_tensor *inputs,
                    size_t input_count, const void *arguments);
/* The words of a refusal, without line and name, which op_record puts before; NO_VALUE. */
value op_refuse(const op_call *call, cn_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static inline value call_value(const op_call *call, size_t i) {
    return tensor_value(call->inputs[i]);
}
static inline const type *call_type(const op_call *call, size_t i) {
    return value_type(call->g, call_value(call, i));
}

/* ---- element types: Keras' lattice ------------------------------------------------------ */

cn_dtype dtype_promote(cn_dtype a, cn_dtype b);
/* Numbers for arithmetic: bool counts as i32. */
cn_dtype dtype_arithmetic(cn_dtype d);
/* Floats stay; everything else becomes f32. */
cn_dtype dtype_as_float(cn_dtype d);
/* What x takes part as beside the C scalar `number`, which is weak: it changes x only when x
 * cannot hold it at all (an integer and a fraction: f32). */
cn_dtype dtype_beside(cn_dtype x, double number);

/* ---- shapes ----------------------------------------------------------------------------- */

/* The shape that two shapes broadcast to, as in NumPy; dtype of `a`. */
bool shape_broadcast(const type *a, const type *b, type *out);
/* x repeated to the dims of `shape`, to which it must broadcast. */
value broadcast_to(graph *g, value x, const type *shape);
/* All inputs promoted to `dtype` (0 = their common one) and broadcast to their common shape. */
bool op_broadcast_inputs(const op_call *call, cn_dtype dtype, value *out);
/* 0 <= axis < rank from a possibly negative one; -1 after a refusal. */
int op_axis(const op_call *call, int64_t axis, int rank);
/* Increasing distinct axes; 0 given = all. False after a refusal. */
bool op_axes(const op_call *call, int count, const int64_t *axes, int rank, integer_list *out);

#endif
