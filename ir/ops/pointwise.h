/* What pointwise ops share: one scalar rule per op, and everything that follows from it.
 *
 * An op's entry states its mathematics once, as functions on double and int64_t; inference,
 * interpretation on dual numbers and lowering are the same code for all of them, and no dtype
 * has code of its own: floats compute in double and round, integers in 64 bits and wrap.
 */
#ifndef CORNU_IR_OPS_POINTWISE_H
#define CORNU_IR_OPS_POINTWISE_H

#include "ir/interpret.h"
#include "ir/lower.h"

/* `slope` functions get the operands and the result (y). Integer functions may return more
 * bits than the dtype has: the caller wraps. Whoever computes on one kind of number only
 * leaves the other function NULL, and inference refuses the dtypes that need it. */
typedef struct scalar_rule {
    scalar_op scalar; /* what it lowers to */
    double (*unary)(double x);
    double (*unary_slope)(double x, double y);
    int64_t (*unary_integer)(int64_t x);
    double (*binary)(double a, double b);
    double (*left_slope)(double a, double b, double y);
    double (*right_slope)(double a, double b, double y);
    int64_t (*binary_integer)(int64_t a, int64_t b);
    bool takes_bool; /* the integer function serves bool too */
} scalar_rule;

/* The low bits of x as the dtype reads them: two's complement, zero extension or bool. */
int64_t integer_wrap(cn_dtype dtype, int64_t x);
/* A slope times a tangent, where no tangent means no contribution even at a pole. */
static inline double slope_times(double slope, double tangent) {
    return tangent == 0 ? 0 : slope * tangent;
}

/* Operands and result all of one type the rule can compute on. */
bool pointwise_infer(const graph *g, const node *n, type *results, diagnostics *d);
void pointwise_interpret(interpreter *it, const node *n, tensor *const *operands, tensor **results);
const expr *pointwise_element(lowering *l, const node *n, uint32_t result,
                              const expr *const *index);

/* All operands of one type and of any dtype; what `compare` and `bit` start from. */
bool check_same_types(const graph *g, const node *n, diagnostics *d);
/* The scalars of all operands at `index`, combined by `scalar` into one of dtype `to`. */
const expr *element_of_operands(lowering *l, const node *n, const expr *const *index,
                                scalar_op scalar, cn_dtype to);

#endif
