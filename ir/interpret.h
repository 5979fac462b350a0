/* Reference semantics: what every op means, as the slowest and plainest program.
 *
 * Shares no code with lowering or code generation, so that it can judge them. Every element is
 * a `number`: a value and a tangent, so that running a graph once also gives its directional
 * derivative (forward mode, dual numbers), exact to rounding. Floats are held as double; in
 * INTERPRET_F32 mode every scalar result of a narrower dtype is rounded to it (the same
 * computation in float32, by whose error tolerances are set); in INTERPRET_F64 f32, f16 and
 * bf16 values keep double precision (the oracle).
 */
#ifndef CORNU_IR_INTERPRET_H
#define CORNU_IR_INTERPRET_H

#include "ir/ir.h"

typedef struct number {
    union { double f; int64_t i; }; /* by the tensor's dtype; bool is 0 or 1 */
    double tangent;                 /* floats only */
} number;

typedef struct tensor {
    type type;     /* dims all constant: B is bound */
    int64_t count;
    number *items; /* row-major */
} tensor;

typedef enum interpret_mode { INTERPRET_F64, INTERPRET_F32 } interpret_mode;

typedef struct interpreter {
    arena *arena;
    diagnostics *diag;
    const graph *graph;
    int64_t batch;
    interpret_mode mode;
    bool tangents;  /* propagate tangents */
} interpreter;

/* How an op's `interpret` is called: operands are there, results[r] is a tensor of zeros of the
 * result's bound type, to be filled. The caller then rounds floats (interpret_round) and wraps
 * integers to their width, so an op computes in double and int64_t and stores what it gets;
 * it rounds itself only what lies between (the running sum of a reduction). */
tensor *tensor_new(interpreter *it, const type *t); /* binds B; zeros */
/* Rounds to the dtype (always for f64/integers' width; f32 and narrower by the mode). */
double interpret_round(const interpreter *it, cn_dtype dtype, double value);
/* One element, and dense bytes of the tensor's dtype, both ways. */
number number_from_bytes(cn_dtype dtype, const void *bytes);
void number_to_bytes(cn_dtype dtype, number x, void *bytes);
void tensor_from_bytes(tensor *t, const void *bytes);
void tensor_to_bytes(const tensor *t, void *bytes);
/* Row-major offset arithmetic: index[] of flat `offset`, and back. */
void tensor_index(const type *t, int64_t offset, int64_t *index);
int64_t tensor_offset(const type *t, const int64_t *index);

/* Runs the graph on `inputs` (one per graph input); fills `outputs`. */
bool interpret_graph(interpreter *it, const graph *g, tensor *const *inputs, tensor **outputs);

#endif
