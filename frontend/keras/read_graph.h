/* What read_rows.c and read_graph.c share: a configuration taken apart.
 *
 * A row is an entry of "layers": an input, a layer (nested models are layers), or an op. A call is
 * one entry of its "inbound_nodes", with the tensors it refers to. Everything is found in the file
 * first; only then is anything applied.
 */
#ifndef CORNU_FRONTEND_KERAS_READ_GRAPH_H
#define CORNU_FRONTEND_KERAS_READ_GRAPH_H

#include "frontend/keras/options.h"

typedef struct tensor_reference { /* output `index` of a call */
    uint32_t call, index;
} tensor_reference;

typedef struct graph_call {
    uint32_t row;
    const json_t *args, *kwargs; /* Keras 2 has one list, which stands in `args` */
    VEC(tensor_reference) needs; /* in order of appearance */
    cn_tensor *outputs;          /* NULL until it is made */
    uint32_t output_count;
    bool open; /* its operands are being made */
} graph_call;

typedef struct graph_row {
    const json_t *object; /* {"class_name": ..., "config": ..., "inbound_nodes": ...} */
    const json_t *config;
    const char *name, *class_name, *place;
    cn_tensor input; /* of an InputLayer */
    bool is_input, is_op, is_functional;
    cn_layer *layer; /* NULL of inputs and ops */
    uint32_t first_call, call_count;
} graph_row;

typedef struct graph_parts {
    VEC(graph_row) rows;
    VEC(graph_call) calls;
    map row_of_name;
} graph_parts;

/* Makes the layers of "layers"; problems are noted. */
bool keras_read_rows(keras_reader *r, const json_t *layers, graph_parts *out);
/* One entry by itself (of a Sequential). */
bool keras_read_row(keras_reader *r, const json_t *object, graph_row *out);
/* An input of this name, shape (batch first), and element type; poison after a problem. */
cn_tensor keras_make_input(keras_reader *r, const char *place, const char *name,
                           const json_t *batch_shape, const json_t *dtype);

#endif
