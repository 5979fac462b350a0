/* The interpreter's driver: tensors, rounding, and running a graph node by node.
 *
 * What an op means stands in its own entry (`interpret`); here is only what all share. A
 * tensor is an array of numbers, 16 bytes each whatever the dtype: floats as double with a
 * tangent, integers as int64_t. After each node its results are brought to their dtype, so no
 * op rounds or wraps for itself.
 *
 * Rounding to 16-bit floats goes from the double in one step (nearest, ties to even); going
 * through f32 would round twice. Nothing here is shared with lowering or with a target.
 */
#include "ir/interpret.h"

#include <math.h>
#include <string.h>

#include "base/size.h"
#include "ir/ops/ops.h"
#include "ir/ops/pointwise.h"

/* ---- elements ------------------------------------------------------------------------------ */

/* To `precision` significant bits, none below 2^lowest; beyond `largest` to infinity. */
static double round_to_precision(double x, int precision, int lowest, double largest) {
    if (x == 0 || !isfinite(x))
        return x;
    int exponent;
    frexp(x, &exponent);
    int quantum = exponent - precision > lowest ? exponent - precision : lowest;
    double rounded = ldexp(nearbyint(ldexp(x, -quantum)), quantum);
    return fabs(rounded) > largest ? copysign(INFINITY, x) : rounded;
}

static double round_to_dtype(cn_dtype dtype, double x) {
    switch (dtype) {
    case CN_F32:
        return (double)(float)x;
    case CN_F16:
        return round_to_precision(x, 11, -24, 65504);
    case CN_BF16:
        return round_to_precision(x, 8, -133, 0x1.fep127);
    default:
        return x;
    }
}

double interpret_round(const interpreter *it, cn_dtype dtype, double x) {
    return it->mode == INTERPRET_F64 ? x : round_to_dtype(dtype, x);
}

static double f16_decode(uint16_t bits) {
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double magnitude;
    if (exponent == 31)
        magnitude = fraction == 0 ? INFINITY : NAN;
    else
        magnitude = exponent == 0 ? ldexp(fraction, -24) : ldexp(fraction + 1024, exponent - 25);
    return bits >> 15 ? -magnitude : magnitude;
}

static uint16_t f16_encode(double x) {
    unsigned sign = signbit(x) ? 0x8000 : 0;
    double magnitude = fabs(round_to_dtype(CN_F16, x));
    unsigned bits;
    int exponent;
    if (isnan(x))
        bits = 0x7e00;
    else if (isinf(magnitude))
        bits = 0x7c00;
    else if (magnitude < 0x1p-14) /* subnormal: a multiple of 2^-24 */
        bits = (unsigned)ldexp(magnitude, 24);
    else {
        double fraction = frexp(magnitude, &exponent); /* in [1/2, 1) */
        bits = ((unsigned)(exponent + 14) << 10) + (unsigned)ldexp(fraction, 11) - 1024;
    }
    return (uint16_t)(sign | bits);
}

static double bf16_decode(uint16_t bits) {
    uint32_t wide = (uint32_t)bits << 16;
    float x;
    memcpy(&x, &wide, sizeof x);
    return (double)x;
}

static uint16_t bf16_encode(double x) {
    float rounded = (float)round_to_dtype(CN_BF16, x); /* exact */
    uint32_t wide;
    memcpy(&wide, &rounded, sizeof wide);
    return (uint16_t)(wide >> 16);
}

/* X(dtype, C type): the dtypes whose bytes are those of a C type. */
#define PLAIN_DTYPES(X)                                                                    \
    X(F32, f, float) X(F64, f, double) X(I64, i, int64_t) X(I32, i, int32_t)               \
    X(U32, i, uint32_t) X(I8, i, int8_t) X(U8, i, uint8_t)

number number_from_bytes(cn_dtype dtype, const void *bytes) {
    number out = {.tangent = 0};
    uint16_t half = 0;
    if (dtype == CN_F16 || dtype == CN_BF16)
        memcpy(&half, bytes, sizeof half);
    switch (dtype) {
#define X(name, member, ctype)                  \
    case CN_##name: {                           \
        ctype x;                                \
        memcpy(&x, bytes, sizeof x);            \
        out.member = x;                         \
        break;                                  \
    }
        PLAIN_DTYPES(X)
#undef X
    case CN_F16:
        out.f = f16_decode(half);
        break;
    case CN_BF16:
        out.f = bf16_decode(half);
        break;
    default: /* bool: any byte but 0 is true */
        out.i = *(const uint8_t *)bytes != 0;
    }
    return out;
}

void number_to_bytes(cn_dtype dtype, number in, void *bytes) {
    uint16_t half;
    switch (dtype) {
#define X(name, member, ctype)                  \
    case CN_##name: {                           \
        ctype x = (ctype)in.member;             \
        memcpy(bytes, &x, sizeof x);            \
        break;                                  \
    }
        PLAIN_DTYPES(X)
#undef X
    case CN_F16:
    case CN_BF16:
        half = dtype == CN_F16 ? f16_encode(in.f) : bf16_encode(in.f);
        memcpy(bytes, &half, sizeof half);
        break;
    default:
        *(uint8_t *)bytes = in.i != 0;
    }
}

/* ---- tensors ------------------------------------------------------------------------------- */

/* A size that overflows becomes one that no allocation grants. */
static dim bound_dim(dim d, int64_t batch) {
    int64_t extent = d.count;
    if (d.symbolic && !i64_mul(d.count, batch, &extent))
        extent = INT64_MAX;
    return dim_of(extent);
}

tensor *tensor_new(interpreter *it, const type *t) {
    tensor *x = ARENA_NEW(it->arena, tensor);
    x->type = *t;
    for (int i = 0; i < t->rank; i++)
        x->type.dims[i] = bound_dim(t->dims[i], it->batch);
    x->count = type_count(&x->type, 1);
    x->items = ARENA_ARRAY(it->arena, number, x->count);
    return x;
}

void tensor_from_bytes(tensor *t, const void *bytes) {
    for (int64_t i = 0; i < t->count; i++)
        t->items[i] = number_from_bytes(
            t->type.dtype, (const char *)bytes + i * dtype_bytes(t->type.dtype));
}

void tensor_to_bytes(const tensor *t, void *bytes) {
    for (int64_t i = 0; i < t->count; i++)
        number_to_bytes(t->type.dtype, t->items[i], (char *)bytes + i * dtype_bytes(t->type.dtype));
}

void tensor_index(const type *t, int64_t offset, int64_t *index) {
    for (int i = t->rank; i-- > 0;) {
        index[i] = offset % t->dims[i].count;
        offset /= t->dims[i].count;
    }
}

int64_t tensor_offset(const type *t, const int64_t *index) {
    int64_t offset = 0;
    for (int i = 0; i < t->rank; i++)
        offset = offset * t->dims[i].count + index[i];
    return offset;
}

/* ---- running a graph ----------------------------------------------------------------------- */

static void bring_to_dtype(const interpreter *it, tensor *t) {
    bool is_float = dtype_is_float(t->type.dtype);
    for (int64_t i = 0; i < t->count; i++) {
        number *x = &t->items[i];
        if (is_float)
            x->f = interpret_round(it, t->type.dtype, x->f);
        else
            *x = (number){.i = integer_wrap(t->type.dtype, x->i)};
    }
}

static bool run_node(interpreter *it, const node *n, tensor ***values) {
    tensor **operands = ARENA_ARRAY(it->arena, tensor *, n->operand_count);
    tensor **results = ARENA_ARRAY(it->arena, tensor *, n->result_count);
    for (uint32_t i = 0; i < n->operand_count; i++)
        operands[i] = values[n->operands[i].node][n->operands[i].result];
    for (uint32_t r = 0; r < n->result_count; r++)
        results[r] = tensor_new(it, &n->types[r]);
    if (n->op->interpret == NULL)
        return diag_fail(it->diag, CN_ERROR_UNSUPPORTED, "%s cannot be interpreted", n->op->name);
    n->op->interpret(it, n, operands, results);
    for (uint32_t r = 0; r < n->result_count; r++)
        bring_to_dtype(it, results[r]);
    values[n - it->graph->nodes.items] = results;
    return diag_ok(it->diag);
}

static bool take_inputs(interpreter *it, tensor *const *inputs, tensor ***values) {
    const graph *g = it->graph;
    for (uint32_t i = 0; i < g->inputs.count; i++) {
        value v = g->inputs.items[i].value;
        type bound = *value_type(g, v);
        for (int k = 0; k < bound.rank; k++)
            bound.dims[k] = bound_dim(bound.dims[k], it->batch);
        if (!type_equal(&bound, &inputs[i]->type))
            return diag_fail(it->diag, CN_ERROR_SHAPE,
                             "the tensor for input %u does not have its type at batch %lld", i,
                             (long long)it->batch);
        values[v.node] = arena_copy(it->arena, &inputs[i], sizeof inputs[i]);
    }
    return true;
}

static bool run_nodes(interpreter *it, tensor *const *inputs, tensor **outputs) {
    const graph *g = it->graph;
    tensor ***values = ARENA_ARRAY(it->arena, tensor **, g->nodes.count);
    const bool *live = graph_live_nodes(g, it->arena);
    if (!take_inputs(it, inputs, values))
        return false;
    for (uint32_t id = 1; id < g->nodes.count; id++)
        if (live[id] && values[id] == NULL && !run_node(it, graph_node(g, id), values))
            return false;
    for (uint32_t i = 0; i < g->outputs.count; i++) {
        value v = g->outputs.items[i].value;
        outputs[i] = values[v.node][v.result];
    }
    return true;
}

bool interpret_graph(interpreter *it, const graph *g, tensor *const *inputs, tensor **outputs) {
    const graph *outer = it->graph; /* regions are run by the op that owns them */
    it->graph = g;
    bool done = run_nodes(it, inputs, outputs);
    it->graph = outer;
    return done;
}
