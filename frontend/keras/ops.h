/* What the files that read ops share (ops.c, ops_shape.c): rows, and ways to their arguments. */
#ifndef CORNU_FRONTEND_KERAS_OPS_H
#define CORNU_FRONTEND_KERAS_OPS_H

#include "frontend/keras/options.h"
#include "frontend/record.h"

typedef struct op_row op_row;
typedef struct op_reading {
    keras_reader *r;
    const keras_op_call *call;
    const op_row *row;
} op_reading;

/* One class of Keras: how it is read, and one of the ops below when many classes are read alike. */
struct op_row {
    const char *class_name;
    cn_tensor (*read)(const op_reading *o);
    /* ... with several results: how many there are, 0 after a problem. */
    size_t (*read_list)(const op_reading *o, cn_tensor *results, size_t capacity);
    const option_row *options;
    cn_tensor (*unary)(cn_tensor x);
    cn_tensor (*binary)(cn_tensor x, cn_tensor y);
    cn_tensor (*logical)(cn_tensor x, cn_tensor y); /* in its place between bools; NULL = none */
    cn_tensor (*fold)(cn_tensor x, int axis_count, const int64_t *axes, bool keepdims);
    cn_tensor (*along)(cn_tensor x, int64_t axis);
    cn_tensor (*take)(cn_tensor x, cn_tensor indices, int64_t axis);
    const cn_activation *activation;
    const char *list_name; /* of the argument that is a list of operands */
};
/* Ops that move elements (ops_shape.c); ends at a row without a class. */
extern const op_row keras_shape_rows[];

/* What configurations of ops hold besides lists; integers by the rule of options. */
typedef struct op_options {
    int64_t axis, other, count;
    double low, high;
    bool flag;
    const char *text;
} op_options;

cn_tensor op_poison(const op_reading *o);
/* Notes "WORDS, not GIVEN"; poison. */
cn_tensor op_reading_refuse(const op_reading *o, const char *words, const json_t *given);
/* An argument by position or name; NULL when there is none. */
const json_t *op_argument(const op_reading *o, size_t position, const char *name);
bool op_is_tensor(const json_t *j);
/* A tensor, number or array as an operand; numbers stand beside an operand of that type. */
cn_tensor op_operand(const op_reading *o, const json_t *j, cn_dtype beside);
/* Nested lists, and serialised arrays (ops_shape.c). */
cn_tensor op_array_operand(const op_reading *o, const json_t *j);
/* null, an integer or a list of them; false after a problem. */
bool op_axes_of(const op_reading *o, const char *key, int64_t *axes, int *count);
bool op_read_options(const op_reading *o, op_options *out);
int64_t op_axis_option(const op_options *x);

#endif
