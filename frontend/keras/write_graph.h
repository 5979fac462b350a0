/* A model as it stands in a file (file_graph.c): what write_graph.c writes and paths.c counts.
 *
 * A row is an operation of Keras, a layer or an op between layers; a call is one of its
 * "inbound_nodes". Nested models are layers and have a graph of their own.
 */
#ifndef CORNU_FRONTEND_KERAS_WRITE_GRAPH_H
#define CORNU_FRONTEND_KERAS_WRITE_GRAPH_H

#include "frontend/keras/keras.h"

typedef struct file_call {
    uint32_t row, index;     /* of the row, and which of its calls */
    uint32_t call;           /* in context.calls; 0 of ops */
    uint32_t node;           /* of the record, of ops */
    const cn_tensor *inputs; /* what stands in the file: inline ops left out */
    uint32_t input_count;
} file_call;

typedef struct file_row {
    cn_layer *layer; /* NULL of ops */
    const char *name;
    const char *module, *class_name;
    VEC(uint32_t) calls; /* of file_graph.calls */
} file_row;

typedef struct file_graph {
    const cn_model *model;
    VEC(file_row) rows; /* Keras' order */
    VEC(file_call) calls;
    map call_of_tensor; /* node << 32 | result -> 1 + (call << 8 | output) */
} file_graph;

/* False when ops stand between layers that Keras has no words for: problems are noted in w, which
 * may be NULL. */
bool keras_file_graph(const cn_model *m, arena *a, keras_writer *w, file_graph *out);

#endif
