/* Constants that stand in the arguments of Keras' operations (write_constants.c). */
#ifndef CORNU_FRONTEND_KERAS_WRITE_CONSTANTS_H
#define CORNU_FRONTEND_KERAS_WRITE_CONSTANTS_H

#include "frontend/keras/keras.h"

/* A value that depends on nothing: a leaf of the record, or what is computed from such without the
 * batch's size, seen through casts, reshapes and repeats. `shape` has its dtype, and ones where
 * elements are repeated; rank 0: all elements are the same. */
typedef struct constant_view {
    const node *leaf;
    type shape;
} constant_view;

/* Whether all its sizes are known. */
bool type_without_batch(const type *t);
/* False for values that are no constants, or need the batch's size to be written. */
bool constant_view_of(const graph *g, value v, constant_view *out);
/* As a Python number, when `weak` and all elements are the same, else as an array: of the shape
 * `whole` to which it broadcasts, or of its own when that is NULL. */
void constant_write(keras_writer *w, const char *key, const constant_view *c, bool weak,
                    const type *whole);
/* An array of ones. */
void constant_write_ones(keras_writer *w, const type *shape);

#endif
