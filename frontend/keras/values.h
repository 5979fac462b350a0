/* Values between HDF5 trees and variables (values.c), for file.c and legacy.c. */
#ifndef CORNU_FRONTEND_KERAS_VALUES_H
#define CORNU_FRONTEND_KERAS_VALUES_H

#include "frontend/keras/keras.h"

/* What a variable gets from a file. */
typedef struct keras_value {
    const hdf5_dataset *from;
    variable *to;
} keras_value;
typedef struct keras_values {
    VEC(keras_value) items;
} keras_values;

/* Pairs variables with the file's data; every difference is one line of `differences`. */
void keras_match(const hdf5_file *file, const keras_tree *tree, arena *a, keras_values *out,
                 text *differences);
/* One pair; false after a line was added. */
bool keras_match_one(const hdf5_dataset *from, variable *to, const char *path, arena *a,
                     keras_values *out, text *differences);
/* Copies them in, making room where there is none: the only step that changes anything. */
bool keras_take(cn_context *c, const keras_values *values);
/* Data of the file below this group that are in no pair. */
void keras_refuse_more(const hdf5_file *file, const char *group, const keras_values *values,
                       text *differences);
/* The datasets and attributes of a tree whose variables have values. */
void keras_tree_file(const keras_tree *const *trees, size_t count, arena *a, hdf5_file *out);

#endif
