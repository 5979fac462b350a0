/* Models built in C, for write_files.c: every layer and every structure, and compiled ones. */
#ifndef CORNU_TESTS_FRONTEND_KERAS_SAVED_MODELS_H
#define CORNU_TESTS_FRONTEND_KERAS_SAVED_MODELS_H

#include "cornu/saving.h"

typedef struct saved_model {
    const char *name;
    cn_model *(*build)(cn_context *c);
} saved_model;

extern const saved_model saved_models[];   /* to predict with; end at a NULL name */
extern const saved_model trained_models[]; /* compiled; targets are what target_of says */

/* The target of output `of`, as its loss wants it: classes for three outputs of a softmax, numbers
 * else. */
typedef enum target_kind { TARGET_NUMBERS, TARGET_CLASSES } target_kind;
target_kind target_of(const cn_array *output);

#endif
