/* Expressions of the loop IR as C, shared by all backends that print a C-like language.
 *
 * What an operation looks like is data: a style holds one pattern per operation and class of
 * operand. The default is a call, `cn_<op>_<dtype>(...)`, of a function that the backend supplies
 * (codegen/cpu/math/math_text.h for CPUs). bf16 and f16 live in variables as float, already
 * rounded; results of arithmetic are rounded again by `cn_round_<dtype>`.
 *
 * Printing never decides anything: order of evaluation is that of the expression tree, and
 * parentheses are only where C needs them.
 */
#ifndef CORNU_CODEGEN_PRINT_EXPR_H
#define CORNU_CODEGEN_PRINT_EXPR_H

#include "ir/loop_index.h"

typedef enum operand_class { CLASS_FLOAT, CLASS_INTEGER, CLASS_BOOL, CLASS_COUNT } operand_class;

/* Binding strength of C's operators, weakest first. */
enum {
    LEVEL_CONDITIONAL = 1,
    LEVEL_BITS,
    LEVEL_COMPARE,
    LEVEL_CONDITION = LEVEL_COMPARE, /* before a ?: compilers warn of & and | there */
    LEVEL_SUM,
    LEVEL_PRODUCT,
    LEVEL_UNARY,
    LEVEL_PRIMARY
};

typedef struct scalar_format {
    const char *pattern; /* "$1 + $2", "f_$t($1)" with $t for "f32"; NULL = call */
    int level;           /* of the pattern; 0 = primary */
} scalar_format;

typedef struct expression_style {
    scalar_format formats[SCALAR_COUNT][CLASS_COUNT];
} expression_style;

/* C11, and CUDA C++ as well. */
extern const expression_style style_c;

typedef struct expression_printer expression_printer;
struct expression_printer {
    const expression_style *style;
    arena *arena;
    text *out;
    void *user;
    /* The name of a variable in the place where printing stands; NULL = it is always zero here. */
    const char *(*variable)(expression_printer *p, const loop_variable *v);
    /* Prints a load or constant in another way; NULL or false: as usual. */
    bool (*leaf)(expression_printer *p, const expr *e);
    const char *(*buffer)(expression_printer *p, int buffer);
    const type *(*buffer_type)(expression_printer *p, int buffer);
    /* Told of every function that the text calls; false = there is none of this name, and the
     * printer falls back to C's own conversion (casts only). */
    bool (*function)(expression_printer *p, const char *name);
};

const char *value_type_name(cn_dtype d);   /* of a variable: "float" for bf16 too */
const char *storage_type_name(cn_dtype d); /* of an element in memory */
const char *dtype_suffix(cn_dtype d);      /* of functions on values: "f32" for bf16 too */

/* Prints `e` where an operand of at least this level is wanted. */
void print_expression(expression_printer *p, const expr *e, int level);
/* An element's value: `in0[i0 * 784 + i1]`, converted from 16-bit storage, guarded. */
void print_element(expression_printer *p, int buffer, const expr *offset);
/* Index arithmetic, as a sum of products. */
void print_index(expression_printer *p, const expr *e, int level);
void print_dim(text *out, dim d, int level);
void print_number(text *out, cn_dtype dtype, double number, int64_t integer);

#endif
