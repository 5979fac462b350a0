/* Small rules that several op families share; see the header. */
#include "ir/ops/rules.h"

#include <math.h>
#include <stdio.h>

#include "ir/ops/pointwise.h"

/* ---- inference --------------------------------------------------------------------------- */

const char *type_words(const graph *g, const type *t) {
    text words;
    text_init(&words, g->arena);
    text_type(&words, t);
    return words.data;
}

const char *dim_words(const graph *g, dim d) {
    text words;
    text_init(&words, g->arena);
    text_dim(&words, d);
    return words.data;
}

bool op_fail(diagnostics *d, const node *n, const char *format, ...) {
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return diag_fail(d, CN_ERROR_SHAPE, "%s: %s", n->op->name, message);
}

bool infer_one(const graph *g, const node *n, type t, type *results, diagnostics *d) {
    dim elements;
    if (!type_elements(&t, &elements))
        return op_fail(d, n,
                       "the result %s would have a size that is neither constant nor a multiple of "
                       "B, or is too large; bind the batch to a constant",
                       type_words(g, &t));
    results[0] = t;
    return true;
}

bool check_axes(const node *n, const integer_list *axes, int rank, const char *what,
                diagnostics *d) {
    for (int i = 0; i < axes->count; i++) {
        int64_t axis = axes->items[i];
        if (axis < 0 || axis >= rank)
            return op_fail(d, n, "%s %lld is out of range for rank %d", what, (long long)axis,
                           rank);
        for (int j = 0; j < i; j++)
            if (axes->items[j] == axis)
                return op_fail(d, n, "%s %lld is given twice", what, (long long)axis);
    }
    return true;
}

bool check_number(const graph *g, const node *n, const type *t, diagnostics *d) {
    return t->dtype != CN_BOOL ||
           op_fail(d, n, "computes on numbers, got %s; cast first", type_words(g, t));
}

bool dim_add(dim a, dim b, dim *out) {
    int64_t sum;
    if ((a.symbolic != b.symbolic && a.count != 0 && b.count != 0) ||
        __builtin_add_overflow(a.count, b.count, &sum))
        return false;
    *out = (dim){sum, sum != 0 && (a.count != 0 ? a.symbolic : b.symbolic)};
    return true;
}

bool window_extent(const graph *g, const node *n, int axis, dim extent, int64_t window,
                   int64_t stride, int64_t low, int64_t high, int64_t dilation, dim *out,
                   diagnostics *d) {
    if (window < 1 || stride < 1 || dilation < 1 || low < 0 || high < 0)
        return op_fail(
            d, n,
            "axis %d: window, stride and dilation must be positive and padding not "
            "negative, got window %lld, stride %lld, dilation %lld, padding %lld and %lld",
            axis, (long long)window, (long long)stride, (long long)dilation, (long long)low,
            (long long)high);
    if (window == 1 && stride == 1 && low == 0 && high == 0) {
        *out = extent;
        return true;
    }
    if (extent.symbolic)
        return op_fail(d, n,
                       "axis %d of extent %s cannot be windowed; bind the batch to a constant",
                       axis, dim_words(g, extent));
    int64_t span, padded;
    if (__builtin_mul_overflow(window - 1, dilation, &span) ||
        __builtin_add_overflow(extent.count, low, &padded) ||
        __builtin_add_overflow(padded, high, &padded) || span >= padded)
        return op_fail(
            d, n,
            "axis %d: a window of %lld (dilation %lld) is longer than the %lld padded by "
            "%lld and %lld it slides over; use padding \"same\" or a smaller window",
            axis, (long long)window, (long long)dilation, (long long)extent.count, (long long)low,
            (long long)high);
    *out = dim_of((padded - span - 1) / stride + 1);
    return true;
}

integer_list other_axes(int rank, const integer_list *these, const integer_list *those) {
    integer_list others = {0};
    for (int64_t axis = 0; axis < rank; axis++)
        if (!list_has(these, axis) && (those == NULL || !list_has(those, axis)))
            others.items[others.count++] = axis;
    return others;
}

/* ---- gradients --------------------------------------------------------------------------- */

value broadcast_over(graph *g, value x, const type *of, const integer_list *axes) {
    integer_list kept = other_axes(of->rank, axes, NULL);
    return build_broadcast(g, x, of->rank, of->dims, kept.items);
}

value pad_or_crop(graph *g, value x, const int64_t *low, const int64_t *high,
                  const int64_t *interior) {
    if (value_is_none(x))
        return NO_VALUE;
    int64_t low_pad[MAX_RANK], high_pad[MAX_RANK], starts[MAX_RANK], ones[MAX_RANK];
    int rank = value_type(g, x)->rank;
    bool crop = false;
    for (int a = 0; a < rank; a++) {
        low_pad[a] = low[a] > 0 ? low[a] : 0;
        high_pad[a] = high[a] > 0 ? high[a] : 0;
        starts[a] = low[a] < 0 ? -low[a] : 0;
        ones[a] = 1;
        crop = crop || low[a] < 0 || high[a] < 0;
    }
    value padded =
        build_pad(g, x, build_constant(g, value_type(g, x)->dtype, 0), low_pad, high_pad, interior);
    if (!crop || value_is_none(padded))
        return padded;
    type t = *value_type(g, padded);
    for (int a = 0; a < rank; a++)
        t.dims[a].count += (low[a] < 0 ? low[a] : 0) + (high[a] < 0 ? high[a] : 0);
    return build_slice(g, padded, starts, t.dims, ones);
}

/* ---- folds ------------------------------------------------------------------------------- */

cn_dtype accumulator_dtype(cn_dtype dtype) {
    return dtype == CN_BF16 || dtype == CN_F16 ? CN_F32 : dtype;
}

/* Smallest and largest integer of a dtype. */
static int64_t integer_limit(cn_dtype dtype, bool largest) {
    int bits = 8 * dtype_bytes(dtype);
    if (dtype == CN_BOOL)
        return largest;
    if (dtype == CN_U8 || dtype == CN_U32)
        return largest ? ((int64_t)1 << bits) - 1 : 0;
    int64_t most = (int64_t)(~(uint64_t)0 >> (65 - bits));
    return largest ? most : -most - 1;
}

number fold_identity(reduce_kind kind, cn_dtype dtype) {
    bool floats = dtype_is_float(dtype);
    switch (kind) {
    case REDUCE_PROD:
        return floats ? (number){.f = 1} : (number){.i = 1};
    case REDUCE_MAX:
        return floats ? (number){.f = -INFINITY} : (number){.i = integer_limit(dtype, false)};
    case REDUCE_MIN:
        return floats ? (number){.f = INFINITY} : (number){.i = integer_limit(dtype, true)};
    case REDUCE_AND:
        return (number){.i = integer_wrap(dtype, -1)};
    case REDUCE_SUM:
    case REDUCE_OR:
        break;
    }
    return floats ? (number){.f = 0} : (number){.i = 0};
}

static number float_step(reduce_kind kind, number a, number b) {
    switch (kind) {
    case REDUCE_PROD:
        return (number){.f = a.f * b.f,
                        .tangent = slope_times(b.f, a.tangent) + slope_times(a.f, b.tangent)};
    case REDUCE_MAX:
        return isnan(a.f) || a.f >= b.f ? a : b;
    case REDUCE_MIN:
        return isnan(a.f) || a.f <= b.f ? a : b;
    default:
        return (number){.f = a.f + b.f, .tangent = a.tangent + b.tangent};
    }
}

static int64_t integer_step(reduce_kind kind, int64_t a, int64_t b) {
    switch (kind) {
    case REDUCE_SUM:
        return (int64_t)((uint64_t)a + (uint64_t)b);
    case REDUCE_PROD:
        return (int64_t)((uint64_t)a * (uint64_t)b);
    case REDUCE_MAX:
        return a > b ? a : b;
    case REDUCE_MIN:
        return a < b ? a : b;
    case REDUCE_AND:
        return a & b;
    case REDUCE_OR:
        return a | b;
    }
    return a;
}

number fold_step(const interpreter *it, reduce_kind kind, cn_dtype dtype, number sum, number x) {
    if (!dtype_is_float(dtype))
        return (number){.i = integer_wrap(dtype, integer_step(kind, sum.i, x.i))};
    number y = float_step(kind, sum, x);
    y.f = interpret_round(it, accumulator_dtype(dtype), y.f);
    return y;
}

number number_product(cn_dtype dtype, number a, number b) {
    if (dtype_is_float(dtype))
        return float_step(REDUCE_PROD, a, b);
    return (number){.i = integer_step(REDUCE_PROD, a.i, b.i)};
}

fold_kind fold_of(reduce_kind kind) {
    static const fold_kind folds[] = {FOLD_SUM, FOLD_PROD, FOLD_MAX, FOLD_MIN, FOLD_AND, FOLD_OR};
    return folds[kind];
}

const char *reduce_kind_name(reduce_kind kind) {
    static const char *const names[] = {"sum", "prod", "max", "min", "and", "or"};
    return names[kind];
}

bool next_point(int rank, const int64_t *extents, int64_t *index) {
    for (int i = rank - 1; i >= 0; i--) {
        if (++index[i] < extents[i])
            return true;
        index[i] = 0;
    }
    return false;
}

/* ---- lowering ---------------------------------------------------------------------------- */

const expr *index_constant(lowering *l, int64_t x) {
    return expr_integer(l->arena, CN_I64, x);
}

const expr *index_binary(lowering *l, scalar_op op, const expr *x, const expr *y) {
    return expr_scalar(l->arena, op, CN_I64, (const expr *const[]){x, y}, 2);
}

const expr *index_times(lowering *l, const expr *x, dim extent) {
    return extent.symbolic ? index_binary(l, SCALAR_MUL, x, expr_extent(l->arena, extent))
                           : expr_multiply(l->arena, x, extent.count);
}

const expr *index_compare(lowering *l, scalar_op op, const expr *x, const expr *y) {
    return expr_scalar(l->arena, op, CN_BOOL, (const expr *const[]){x, y}, 2);
}

const expr *condition_and(lowering *l, const expr *x, const expr *y) {
    if (x == NULL || y == NULL)
        return x == NULL ? y : x;
    return index_compare(l, SCALAR_AND, x, y);
}

const expr *index_within(lowering *l, const expr *x, dim extent) {
    const expr *low = index_compare(l, SCALAR_GE, x, index_constant(l, 0));
    return condition_and(l, low, index_compare(l, SCALAR_LT, x, expr_extent(l->arena, extent)));
}

const expr *contract_axis(lowering *l, loop_contract *c, bool reduction, const char *hint,
                          dim extent) {
    loop_variable *v = lower_axis(l, hint, extent);
    if (reduction)
        vec_push(l->arena, &c->reduction, v);
    else
        vec_push(l->arena, &c->parallel, v);
    return expr_variable(l->arena, v);
}

const expr *identity_expression(lowering *l, reduce_kind kind, cn_dtype dtype) {
    number identity = fold_identity(kind, dtype);
    return dtype_is_float(dtype) ? expr_number(l->arena, dtype, identity.f)
                                 : expr_integer(l->arena, dtype, identity.i);
}

const expr *cast_expression(lowering *l, const expr *x, cn_dtype to) {
    return x->dtype == to ? x : lower_scalar(l, SCALAR_CAST, to, (const expr *const[]){x}, 1);
}
