/* The oracle table: small cases of every op, shared by the tests of all layers.
 *
 * A case is one node: an op, its attributes, typed inputs and the values they may take. The
 * interpreter in f64 says what is right; gradients are tested here against finite differences and
 * dual numbers, and a backend is tested by running the same list:
 *
 *     for (int i = 0; i < op_case_count(); i++) {
 *         const op_case *c = op_case_at(i);
 *         graph *g = op_case_graph(c, arena);
 *         void *x = op_case_input(c, k, batch, seed, arena); ... for each k < c->input_count
 *
 * Types are written as in .cnir; B is the batch. Everything is a function of case and seed.
 */
#ifndef CORNU_TESTS_OP_CASES_H
#define CORNU_TESTS_OP_CASES_H

#include "ir/interpret.h"
#include "ir/ops/ops.h"

typedef enum value_domain {
    REAL,     /* (-2, 2), all different and not 0 */
    POSITIVE, /* (0.25, 2.25), all different */
    UNIT,     /* (-0.9, 0.9), all different and not 0 */
    NONZERO,  /* magnitude in (0.5, 2.5), both signs, all different */
    TIED,     /* -1, 0, 1: equal elements, zeros */
    STEPS,    /* 0, 1, 2: equal elements, zeros, nothing negative */
    SPECIAL,  /* zeros of both signs, infinities, NaN, tiny, huge */
    SMALL,    /* integers -4..4 (0..8 unsigned), bools */
    EXTREME,  /* limits of the integer type, 0, 1, -1 */
    INDEX,    /* 0..limit-1 */
    WILD,     /* as INDEX, every fourth about out of range */
    RAW,      /* any bits (integers) */
} value_domain;

typedef struct case_input {
    const char *type; /* "f32[B,3]" */
    value_domain domain;
    int64_t limit; /* INDEX, WILD */
} case_input;

enum { MAX_CASE_INPUTS = 4 };

typedef struct op_case {
    const char *name; /* "conv/grouped" */
    const op_def *op;
    const void *attributes;
    case_input inputs[MAX_CASE_INPUTS];
    int input_count; /* filled by op_case_at */
} op_case;

/* Valid for the life of the program; not thread-safe. */
int op_case_count(void);
const op_case *op_case_at(int i);
/* One function of one node; its results are the outputs. */
graph *op_case_graph(const op_case *c, arena *a);
/* Dense bytes of input k at a batch size; NULL when it has no elements. */
void *op_case_input(const op_case *c, int k, int64_t batch, uint64_t seed, arena *a);
type op_case_input_type(const op_case *c, int k);
/* All inputs and, computed by the interpreter, all outputs. */
typedef struct op_case_run {
    const graph *graph;
    tensor **inputs, **outputs;
} op_case_run;
bool op_case_interpret(interpreter *it, const op_case *c, uint64_t seed, op_case_run *run);

/* Whether results can be compared with finite differences: floats only, away from corners. */
bool op_case_is_smooth(const op_case *c);

/* The hand-made rows (op_case_rows.c); ends with op == NULL. */
extern const op_case op_case_rows[];

#endif
