/* Which loop nest computes a set of nodes: the question fusion asks and lowering answers.
 *
 * Every dim of every value is a point in a union-find; reading an operand plainly (ir/access.h)
 * unites the operand's dim with the result's. What remains are the loops: two dims in one class
 * are visited by one loop, whatever broadcasts, transposes and reductions lie between them. From
 * the classes follows the scheme:
 *
 *     map       every output has the same classes in the same order
 *     reduce    all reductions fold the same classes and keep the outputs' classes
 *     row       ... and folded classes are visited again after a fold: softmax, norms
 *     contract  one contraction; all outputs have exactly its classes
 *     opaque    one node that brings its own nest
 *
 * and what a merge would cost: a value read at shifted indices, inside several reductions or in
 * a loop it does not depend on is computed more than once, which only cheap ops may be.
 */
#ifndef CORNU_PASSES_ITERATION_H
#define CORNU_PASSES_ITERATION_H

#include "ir/access.h"
#include "ir/ops/ops.h"

enum { MAX_LOOPS = 2 * MAX_RANK };

typedef struct member {
    uint32_t node;
    bool free;   /* a view or generated from nothing: costs nothing wherever it is read */
    bool output; /* needed outside */
    /* Found by iteration_classify: */
    bool after;     /* depends on a reduction or contraction of the set */
    bool direct;    /* evaluated at the point of its loops */
    bool prologue;  /* feeds the contraction */
    int shifted;    /* evaluated at this many other indices */
    uint64_t folds; /* reductions that read it, by number; the top bit: read outside them */
} member;

typedef struct class_list {
    int count;
    int items[MAX_LOOPS];
} class_list;

typedef struct iteration {
    arena *arena;
    const graph *graph;
    int64_t row_bytes;
    bool trusted;            /* the set is a group already: only find its loops */
    access_list **access;    /* by node, filled when first asked */
    uint32_t *stamp, *first; /* by node: its dims' first point, valid when stamp == now */
    uint32_t now;
    VEC(int) parent;
    VEC(dim) extent;
    VEC(member) members;
    int *member_of; /* by node, valid with its stamp: index or -1 */
    /* Results: */
    group_kind kind;
    const char *refusal;
    class_list outer, row; /* loops of the nest; for contract `outer` has all of them */
} iteration;

void iteration_init(iteration *it, arena *a, const graph *g, int64_t row_bytes);
const access_list *iteration_access(iteration *it, uint32_t node);

/* Begin, add the members in topological order, classify: false with `refusal`. */
void iteration_begin(iteration *it);
void iteration_add(iteration *it, uint32_t node, bool free, bool output);
bool iteration_classify(iteration *it);

/* The class of one dim of a value; -1 for dims of extent 1. */
int iteration_class(iteration *it, value v, int d);
class_list iteration_classes(iteration *it, value v);

bool class_list_has(const class_list *l, int c);

#endif
