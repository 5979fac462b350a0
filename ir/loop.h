/* The loop IR: what a fused group lowers to and what targets print.
 *
 * A kernel is a list of statements over buffers; expressions are immutable scalars. It says
 * what is computed and which loops are parallel, never how: vector width, tiles, threads and
 * packing are the target's. Matrix products and convolutions are one structured statement,
 * `contract`, so that a target can make a register tile, a tensor-core tile or a library call
 * of it.
 *
 *     kernel @bias_relu_32 (in %0: f32[B,32], in %1: f32[32], out %2: f32[B,32]) {
 *       parallel i0 < B {
 *         parallel i1 < 32 {
 *           let t0 : f32 = add(%0[i0,i1], %1[i1])
 *           %2[i0,i1] = max(t0, 0)
 *
 * Invariants (loop_verify): variables are defined before use and once; every unguarded load
 * and every store is in bounds for all values of its loop variables; a parallel loop's
 * iterations store to different elements; reduce and contract have no stores but in their
 * epilogue.
 */
#ifndef CORNU_IR_LOOP_H
#define CORNU_IR_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/shape.h"
#include "base/vec.h"

/* X(NAME, text, arity): scalar operations of expressions. Semantics for all inputs: integers
 * wrap, division and remainder by zero give 0, casts saturate with NaN to 0, max and min
 * propagate NaN, comparisons with NaN are false except ne; shifts by 32 or more (64) give 0;
 * round is half-to-even; rem truncates (sign of the dividend); sign of NaN is NaN. */
#define SCALAR_MAP(X)          \
    X(NEG, "neg", 1)           \
    X(ABS, "abs", 1)           \
    X(SIGN, "sign", 1)         \
    X(FLOOR, "floor", 1)       \
    X(ROUND, "round", 1)       \
    X(EXP, "exp", 1)           \
    X(EXPM1, "expm1", 1)       \
    X(LOG, "log", 1)           \
    X(LOG1P, "log1p", 1)       \
    X(SQRT, "sqrt", 1)         \
    X(RSQRT, "rsqrt", 1)       \
    X(SIN, "sin", 1)           \
    X(COS, "cos", 1)           \
    X(TANH, "tanh", 1)         \
    X(SIGMOID, "sigmoid", 1)   \
    X(ERF, "erf", 1)           \
    X(NOT, "not", 1)           \
    X(CAST, "cast", 1)         \
    X(BITCAST, "bitcast", 1)   \
    X(ADD, "add", 2)           \
    X(SUB, "sub", 2)           \
    X(MUL, "mul", 2)           \
    X(DIV, "div", 2)           \
    X(REM, "rem", 2)           \
    X(POW, "pow", 2)           \
    X(MAX, "max", 2)           \
    X(MIN, "min", 2)           \
    X(EQ, "eq", 2)             \
    X(NE, "ne", 2)             \
    X(LT, "lt", 2)             \
    X(LE, "le", 2)             \
    X(GT, "gt", 2)             \
    X(GE, "ge", 2)             \
    X(AND, "and", 2)           \
    X(OR, "or", 2)             \
    X(XOR, "xor", 2)           \
    X(SHIFT_LEFT, "shl", 2)    \
    X(SHIFT_RIGHT, "shr", 2)   \
    X(SELECT, "select", 3)     \
    X(RANDOM, "random", 5) /* key0, key1, element, step, stream: see lower_random, ir/lower.h */

typedef enum scalar_op {
#define X(name, text, arity) SCALAR_##name,
    SCALAR_MAP(X)
#undef X
    SCALAR_COUNT
} scalar_op;

typedef struct scalar_info { const char *name; int arity; } scalar_info;
extern const scalar_info scalar_table[SCALAR_COUNT];

typedef enum fold_kind { FOLD_SUM, FOLD_PROD, FOLD_MAX, FOLD_MIN, FOLD_AND, FOLD_OR } fold_kind;

/* ---- expressions ------------------------------------------------------------------------- */

typedef struct expr expr;
typedef struct stmt stmt;

typedef struct loop_variable {
    int id;            /* unique in the kernel */
    const char *hint;  /* "i0", "k", "acc": printed with the id when not unique */
    cn_dtype dtype;    /* I64 for loop axes */
    dim extent;        /* axes only: 0 <= variable < extent */
    bool is_axis;
} loop_variable;

typedef enum expr_kind {
    EXPR_CONSTANT, /* integer for integer and bool dtypes, else number */
    EXPR_VARIABLE,
    EXPR_EXTENT,   /* a dim as an I64 */
    EXPR_LOAD,
    EXPR_SCALAR,
} expr_kind;

struct expr {
    expr_kind kind;
    cn_dtype dtype; /* index arithmetic is I64 */
    scalar_op scalar;
    int argument_count;
    const expr *arguments[5];
    int64_t integer;
    double number;
    const loop_variable *variable;
    dim extent;
    /* EXPR_LOAD: buffers[buffer] at `index` (one I64 per dim of the buffer). With a guard the
     * element is read only where it is true, and `otherwise` is the value elsewhere. */
    int buffer;
    int rank;
    const expr *const *index;
    const expr *guard, *otherwise;
};

/* ---- statements ---------------------------------------------------------------------------- */

typedef VEC(stmt *) stmt_list;

typedef enum stmt_kind { STMT_LOOP, STMT_LET, STMT_STORE, STMT_REDUCE, STMT_CONTRACT } stmt_kind;

/* Sum of products over the reduction axes, for every point of the parallel axes:
 *   result[p] = sum over r of left(p, r) * right(p, r); then `epilogue` once per p.
 * Operands are expressions over the axes; when one is a bare load the target reads it in
 * place, else the expression is the prologue of its packing. Each result is one ascending
 * chain of fused multiply-adds per fixed block of the reduction, blocks combined pairwise in a
 * fixed tree that depends on extents only. */
typedef struct loop_contract {
    VEC(loop_variable *) parallel;   /* in the order of the output's dims */
    VEC(loop_variable *) reduction;  /* ascending order of accumulation, last fastest */
    const expr *left, *right;
    stmt_list left_lets, right_lets; /* lets the operands use, evaluated per element */
    cn_dtype accumulator;
    loop_variable *result;
    stmt_list epilogue;              /* lets and stores; may use parallel axes and result */
} loop_contract;

struct stmt {
    stmt_kind kind;
    loop_variable *variable;  /* LOOP: the axis; LET, REDUCE: what is defined */
    bool parallel;            /* LOOP: iterations independent */
    const expr *value;        /* LET, STORE, REDUCE */
    int buffer;               /* STORE */
    int rank;
    const expr *const *index;
    fold_kind fold;           /* REDUCE: accumulates in variable->dtype */
    VEC(loop_variable *) axes;/* REDUCE: last fastest */
    stmt_list body;           /* LOOP: statements; REDUCE: lets and inner reduces that value uses */
    loop_contract *contract;
};

/* ---- kernels --------------------------------------------------------------------------------- */

typedef enum buffer_access { BUFFER_IN, BUFFER_OUT, BUFFER_IN_OUT, BUFFER_LOCAL } buffer_access;

typedef struct loop_buffer {
    type type;
    buffer_access access;  /* LOCAL: scratch of one iteration of the parallel loops that enclose
                              all its uses, constant dims only */
    const char *hint;      /* for readable source; goes through text_identifier */
} loop_buffer;

typedef struct kernel {
    const char *name;      /* for what it computes and its shapes: "dense_relu_Bx128_784" */
    const char *summary;   /* one line for dumps: the ops in order */
    arena *arena;
    VEC(loop_buffer) buffers; /* arguments first (in the group's order), locals after */
    int argument_count;
    stmt_list body;
    int variable_count;
} kernel;

/* loop.c: construction. Constants fold, x+0 and x*1 vanish, index arithmetic is kept in the
 * affine form sum(coefficient * variable) + constant where it is affine. */
const expr *expr_integer(arena *a, cn_dtype dtype, int64_t value);
const expr *expr_number(arena *a, cn_dtype dtype, double value);
const expr *expr_variable(arena *a, const loop_variable *v);
const expr *expr_extent(arena *a, dim d);
const expr *expr_scalar(arena *a, scalar_op op, cn_dtype dtype, const expr *const *arguments,
                        int count);
const expr *expr_load(arena *a, const loop_buffer *b, int buffer, const expr *const *index);
const expr *expr_guarded_load(arena *a, const loop_buffer *b, int buffer, const expr *const *index,
                              const expr *guard, const expr *otherwise);
const expr *expr_add(arena *a, const expr *x, const expr *y);   /* I64 index arithmetic */
const expr *expr_multiply(arena *a, const expr *x, int64_t k);
bool expr_equal(const expr *x, const expr *y);

/* loop_print.c, loop_verify.c */
void kernel_print(const kernel *k, text *out);
bool kernel_verify(const kernel *k, diagnostics *d);

#endif
