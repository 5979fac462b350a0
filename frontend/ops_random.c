/* Random ops: bits of a counter, and what is made of them.
 *
 * The bits are a function of the context's key, the step, a stream and the element, so
 * nothing depends on the order of execution, and a mask can be computed again in the backward
 * pass in place of being stored. The record leaves streams open: which op is the first of its
 * layer call is known only from the graph (C evaluates arguments in any order), so extraction
 * gives each a hash of its layer's name and its place in the walk.
 */
#include "frontend/record.h"
#include "frontend/internal_ops.h"

#include <math.h>

enum { NO_STREAM = 0 };

variable *context_step(cn_context *c) {
    if (c->step == NULL) {
        type t = type_scalar(CN_I64);
        c->step = variable_new(c, VARIABLE_STATE, "step", &t);
    }
    return c->step;
}

variable *context_random_key(cn_context *c) {
    if (c->random_key != NULL)
        return c->random_key;
    type t = type_make(CN_U32, 1, (const dim[]){dim_of(2)});
    variable *v = variable_new(c, VARIABLE_STATE, "random_key", &t);
    if (variable_initialize(c, v)) {
        uint32_t *words = v->data;
        words[0] = (uint32_t)c->options.seed;
        words[1] = (uint32_t)(c->options.seed >> 32);
    }
    c->random_key = v;
    return v;
}

uint64_t context_random_place(cn_context *c, uint32_t id) {
    bool found;
    uint64_t *place = map_put(&c->random_places, &id, sizeof id, &found);
    if (!found)
        *place = c->random_places.count;
    return *place;
}

/* u32 bits of the shape of `like`. */
static value build_bits(const op_call *call, const type *like) {
    cn_context *c = call->context;
    value key = context_random_key(c)->node, step = context_step(c)->node;
    return build_rng_bits(call->g, key, step, like->rank, like->dims, NO_STREAM);
}

enum { F32_DIGITS = 24 };

/* Binary digits of a float: what fractions below 1 may have and stay below 1. */
static int digits_of(cn_dtype d) {
    return d == CN_F16 ? 11 : d == CN_BF16 ? 8 : F32_DIGITS;
}

/* The top bits as a fraction in [0, 1), exact in f32. */
static value build_unit(const op_call *call, int digits) {
    value bits = build_bits(call, call_type(call, 0));
    value low = build_full_like(call->g, bits, 32 - digits);
    value top = build_cast(call->g, build_bit(call->g, BIT_SHIFT_RIGHT, bits, low), CN_F32);
    return build_mul(call->g, top, build_full_like(call->g, top, ldexp(1, -digits)));
}

static value build_random_uniform(const op_call *call) {
    cn_dtype d = dtype_as_float(call_type(call, 0)->dtype);
    return build_cast(call->g, build_unit(call, digits_of(d)), d);
}

/* Box and Muller: sqrt(-2 log(1 - u)) cos(2 pi v). In f32 or f64, where 1 - u is never 0; rounded
 * last. */
static value build_random_normal(const op_call *call) {
    graph *g = call->g;
    cn_dtype d = dtype_as_float(call_type(call, 0)->dtype), wide = d == CN_F64 ? CN_F64 : CN_F32;
    value u = build_cast(g, build_unit(call, F32_DIGITS), wide);
    value v = build_cast(g, build_unit(call, F32_DIGITS), wide);
    value radius = build_log(g, build_sub(g, build_full_like(g, u, 1), u));
    radius = build_sqrt(g, build_mul(g, build_full_like(g, u, -2), radius));
    value angle = build_mul(g, build_full_like(g, v, 6.283185307179586), v);
    return build_cast(g, build_mul(g, radius, build_unary(g, &op_cos, angle)), d);
}

cn_tensor cn_op_random_uniform(cn_tensor like) {
    return op_record(like.context, "random_uniform", build_random_uniform, &like, 1, NULL);
}
cn_tensor cn_op_random_normal(cn_tensor like) {
    return op_record(like.context, "random_normal", build_random_normal, &like, 1, NULL);
}

/* ---- for dropout ------------------------------------------------------------------------ */

typedef struct keep_arguments {
    double rate;
    const type *shape;
} keep_arguments;

/* bits >= rate * 2^32: true with probability 1 - rate to 2^-32, all true at rate 0. */
static value build_keep(const op_call *call) {
    const keep_arguments *a = call->arguments;
    double threshold = fmin(rint(a->rate * 0x1p32), 0x1p32 - 1);
    value bits = build_bits(call, a->shape);
    return build_compare(call->g, COMPARE_GE, bits, build_full_like(call->g, bits, threshold));
}

cn_tensor op_random_keep(cn_context *c, const type *shape, double rate) {
    keep_arguments a = {rate, shape};
    return op_record(c, "random_keep", build_keep, NULL, 0, &a);
}
