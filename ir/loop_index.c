/* Index arithmetic: see the header. Everything here is about I64 values that are positions.
 *
 * Division and remainder are the two operations a sum cannot absorb. They cancel in three
 * ways: terms divisible by d leave a quotient; what is provably inside [0, d) is its own
 * remainder and has quotient 0; and in a sum, c*d*(x / d) + c*(x % d) is c*x again, and
 * c*x - c*(x % d) is c*d*(x / d). These suffice for every chain of reshapes, because a reshape
 * divides by exactly the products of extents that the flat offset multiplies by.
 *
 * Invariant: every rule holds for the truncating division of C, so each asks for operands
 * that are provably not negative. B is at least 1: at B = 0 no index is ever computed.
 */
#include "ir/loop_index.h"

#include "base/size.h"

/* ---- bounds and ranges ----------------------------------------------------------------- */

static const bound infinite = {false, 0, 0};

static bound bound_of(int64_t constant, int64_t batch) {
    return (bound){true, constant, batch};
}

static range range_exactly(int64_t constant, int64_t batch) {
    return (range){bound_of(constant, batch), bound_of(constant, batch)};
}

static bound bound_add(bound x, bound y) {
    bound sum = {x.finite && y.finite, 0, 0};
    if (sum.finite)
        sum.finite =
            i64_add(x.constant, y.constant, &sum.constant) && i64_add(x.batch, y.batch, &sum.batch);
    return sum;
}

static bound bound_scale(bound x, dim k) {
    bound out = {x.finite, 0, 0};
    if (k.count == 0)
        return bound_of(0, 0);
    if (!x.finite)
        return x;
    if (!k.symbolic)
        out.finite =
            i64_mul(x.constant, k.count, &out.constant) && i64_mul(x.batch, k.count, &out.batch);
    else /* B * B is beyond what a bound can say */
        out.finite = x.batch == 0 && i64_mul(x.constant, k.count, &out.batch);
    return out;
}

/* x <= y for every B >= 1. */
static bool bound_at_most(bound x, bound y) {
    int64_t at_one, slope;
    return x.finite && y.finite && !__builtin_sub_overflow(y.batch, x.batch, &slope) &&
           slope >= 0 && !__builtin_sub_overflow(y.constant, x.constant, &at_one) &&
           i64_add(at_one, slope, &at_one) && at_one >= 0;
}

/* The lower of two, for a lower bound, where neither may be known to be. */
static bound bound_lower(bound x, bound y) {
    if (bound_at_most(x, y))
        return x;
    return bound_at_most(y, x) ? y : infinite;
}

static bound bound_upper(bound x, bound y) {
    if (bound_at_most(x, y))
        return y;
    return bound_at_most(y, x) ? x : infinite;
}

static range range_add(range x, range y) {
    return (range){bound_add(x.low, y.low), bound_add(x.high, y.high)};
}

static range range_scale(range x, dim k) {
    range out = {bound_scale(x.low, k), bound_scale(x.high, k)};
    return k.count < 0 ? (range){out.high, out.low} : out;
}

static range range_union(range x, range y) {
    return (range){bound_lower(x.low, y.low), bound_upper(x.high, y.high)};
}

bool range_at_least(range r, int64_t low) {
    return bound_at_most(bound_of(low, 0), r.low);
}

bool range_below(range r, dim extent) {
    bound last = extent.symbolic ? bound_of(-1, extent.count) : bound_of(extent.count - 1, 0);
    return bound_at_most(r.high, last);
}

static range range_of_variable(const loop_variable *v) {
    if (!v->is_axis)
        return v->dtype == CN_BOOL ? (range){bound_of(0, 0), bound_of(1, 0)}
                                   : (range){infinite, infinite};
    dim e = v->extent;
    return (range){bound_of(0, 0), e.symbolic ? bound_of(-1, e.count) : bound_of(e.count - 1, 0)};
}

/* The largest quotient when x <= high: exact where d divides the symbolic part. */
static bound quotient_high(bound high, dim d) {
    if (!high.finite || d.count <= 0)
        return infinite;
    if (!d.symbolic && high.batch % d.count == 0) {
        int64_t q = high.constant / d.count;
        if (high.constant % d.count < 0)
            q--;
        return bound_of(q, high.batch / d.count);
    }
    if (d.symbolic && high.batch % d.count == 0 && high.constant < 0 && high.constant >= -d.count)
        return bound_of(high.batch / d.count - 1, 0);
    if (d.symbolic && high.constant <= 0)
        return bound_of((high.batch + d.count - 1) / d.count, 0);
    return high; /* d >= 1 */
}

static bool dim_of_expr(const expr *x, dim *out) {
    if (x->kind == EXPR_EXTENT)
        *out = x->extent;
    else if (x->kind == EXPR_CONSTANT)
        *out = dim_of(x->integer);
    else
        return false;
    return out->count > 0;
}

static range range_of_quotient(const expr *x) {
    range of = expr_range(x->arguments[0]);
    dim d;
    if (!dim_of_expr(x->arguments[1], &d) || !range_at_least(of, 0))
        return (range){infinite, infinite};
    return (range){bound_of(0, 0), quotient_high(of.high, d)};
}

static range range_of_remainder(const expr *x) {
    range of = expr_range(x->arguments[0]);
    dim d;
    if (!dim_of_expr(x->arguments[1], &d))
        return (range){infinite, infinite};
    bound last = d.symbolic ? bound_of(-1, d.count) : bound_of(d.count - 1, 0);
    if (range_at_least(of, 0))
        return (range){bound_of(0, 0), bound_at_most(of.high, last) ? of.high : last};
    return (range){bound_scale(last, dim_of(-1)), last};
}

static range range_of_extremum(const expr *x) {
    range a = expr_range(x->arguments[0]), b = expr_range(x->arguments[1]);
    bool max = x->scalar == SCALAR_MAX;
    range out = {infinite, infinite};
    /* One finite side suffices: max(x, 0) is at least 0 whatever x is. */
    if (max) {
        out.low = bound_at_most(a.low, b.low) ? b.low : a.low.finite ? a.low : b.low;
        out.high = bound_upper(a.high, b.high);
    } else {
        out.high = bound_at_most(a.high, b.high) ? a.high : b.high.finite ? b.high : a.high;
        out.low = bound_lower(a.low, b.low);
    }
    return out;
}

static range range_of_product(const expr *x) {
    dim k;
    for (int i = 0; i < 2; i++)
        if (dim_of_expr(x->arguments[i], &k) || x->arguments[i]->kind == EXPR_CONSTANT)
            return range_scale(expr_range(x->arguments[1 - i]), k);
    return (range){infinite, infinite};
}

static range range_of_scalar(const expr *x) {
    const expr *const *of = x->arguments;
    switch (x->scalar) {
    case SCALAR_ADD:
        return range_add(expr_range(of[0]), expr_range(of[1]));
    case SCALAR_SUB:
        return range_add(expr_range(of[0]), range_scale(expr_range(of[1]), dim_of(-1)));
    case SCALAR_NEG:
        return range_scale(expr_range(of[0]), dim_of(-1));
    case SCALAR_MUL:
        return range_of_product(x);
    case SCALAR_DIV:
        return range_of_quotient(x);
    case SCALAR_REM:
        return range_of_remainder(x);
    case SCALAR_MAX:
    case SCALAR_MIN:
        return range_of_extremum(x);
    case SCALAR_SELECT:
        return range_union(expr_range(of[1]), expr_range(of[2]));
    default:
        return (range){infinite, infinite};
    }
}

static range range_of_dtype(cn_dtype d) {
    switch (d) {
    case CN_BOOL:
        return (range){bound_of(0, 0), bound_of(1, 0)};
    case CN_U8:
        return (range){bound_of(0, 0), bound_of(UINT8_MAX, 0)};
    case CN_I8:
        return (range){bound_of(INT8_MIN, 0), bound_of(INT8_MAX, 0)};
    case CN_U32:
        return (range){bound_of(0, 0), bound_of(UINT32_MAX, 0)};
    case CN_I32:
        return (range){bound_of(INT32_MIN, 0), bound_of(INT32_MAX, 0)};
    default:
        return (range){infinite, infinite};
    }
}

static range range_of_cast(const expr *x) {
    cn_dtype from = x->arguments[0]->dtype;
    if (!dtype_is_integer(from) && from != CN_BOOL)
        return (range){infinite, infinite};
    return from == CN_I64 ? expr_range(x->arguments[0]) : range_of_dtype(from);
}

range expr_range(const expr *x) {
    if (x->dtype != CN_I64)
        return range_of_dtype(x->dtype);
    switch (x->kind) {
    case EXPR_CONSTANT:
        return range_exactly(x->integer, 0);
    case EXPR_EXTENT:
        return range_exactly(0, x->extent.count);
    case EXPR_VARIABLE:
        return range_of_variable(x->variable);
    case EXPR_SCALAR:
        return x->scalar == SCALAR_CAST ? range_of_cast(x) : range_of_scalar(x);
    default:
        return (range){infinite, infinite};
    }
}

/* ---- linear forms ---------------------------------------------------------------------- */

/* Product of coefficients, which unlike extents may be negative. */
static bool coefficient_multiply(dim a, dim b, dim *out) {
    out->symbolic = a.symbolic || b.symbolic;
    if (!i64_mul(a.count, b.count, &out->count))
        return false;
    if (out->count == 0)
        out->symbolic = false;
    return !(a.symbolic && b.symbolic) || out->count == 0;
}

static bool add_term(linear *l, dim coefficient, const expr *atom) {
    if (coefficient.count == 0)
        return true;
    for (int i = 0; i < l->count; i++) {
        linear_term *t = &l->terms[i];
        if (t->coefficient.symbolic != coefficient.symbolic || expr_compare(t->atom, atom) != 0)
            continue;
        if (!i64_add(t->coefficient.count, coefficient.count, &t->coefficient.count))
            return false;
        if (t->coefficient.count == 0)
            *t = l->terms[--l->count];
        return true;
    }
    if (l->count == LINEAR_TERMS)
        return false;
    l->terms[l->count++] = (linear_term){coefficient, atom};
    return true;
}

static bool add_scaled(linear *l, const expr *x, dim k);

static bool add_scaled_product(linear *l, const expr *x, dim k) {
    for (int i = 0; i < 2; i++) {
        const expr *factor = x->arguments[i];
        dim scaled, by = factor->kind == EXPR_EXTENT ? factor->extent : dim_of(factor->integer);
        if ((factor->kind == EXPR_EXTENT || factor->kind == EXPR_CONSTANT) &&
            coefficient_multiply(k, by, &scaled))
            return add_scaled(l, x->arguments[1 - i], scaled);
    }
    return add_term(l, k, x);
}

static bool add_scaled_scalar(linear *l, const expr *x, dim k) {
    dim minus = {-k.count, k.symbolic};
    switch (x->scalar) {
    case SCALAR_ADD:
        return add_scaled(l, x->arguments[0], k) && add_scaled(l, x->arguments[1], k);
    case SCALAR_SUB:
        return add_scaled(l, x->arguments[0], k) && add_scaled(l, x->arguments[1], minus);
    case SCALAR_NEG:
        return add_scaled(l, x->arguments[0], minus);
    case SCALAR_MUL:
        return add_scaled_product(l, x, k);
    default:
        return add_term(l, k, x);
    }
}

static bool add_number(int64_t *to, int64_t k, int64_t n) {
    int64_t product;
    return i64_mul(k, n, &product) && i64_add(*to, product, to);
}

static bool add_scaled(linear *l, const expr *x, dim k) {
    switch (x->kind) {
    case EXPR_CONSTANT:
        return add_number(k.symbolic ? &l->batch : &l->constant, k.count, x->integer);
    case EXPR_EXTENT:
        return k.symbolic ? add_term(l, k, x) : add_number(&l->batch, k.count, x->extent.count);
    case EXPR_SCALAR:
        return add_scaled_scalar(l, x, k);
    default:
        return add_term(l, k, x);
    }
}

static bool is_index_op(const expr *x, scalar_op op, dim *by) {
    return x->kind == EXPR_SCALAR && x->scalar == op && x->dtype == CN_I64 &&
           dim_of_expr(x->arguments[1], by);
}

/* `high` = c*d*(x / d) or c*d*((x / d) % m), `low` = c*(x % d): fills coefficient c, the sum's
 * atom x, and the modulus d*m that is left (zero = none). */
static bool terms_cancel(const linear_term *high, const linear_term *low, const expr **x,
                         dim *left) {
    dim d, m = dim_of(0), by, product;
    const expr *quotient = high->atom;
    if (!is_index_op(low->atom, SCALAR_REM, &d))
        return false;
    if (is_index_op(quotient, SCALAR_REM, &m))
        quotient = quotient->arguments[0];
    if (!is_index_op(quotient, SCALAR_DIV, &by) || !dim_equal(by, d) ||
        !coefficient_multiply(low->coefficient, d, &product) ||
        !dim_equal(product, high->coefficient) ||
        expr_compare(quotient->arguments[0], low->atom->arguments[0]) != 0)
        return false;
    *x = low->atom->arguments[0];
    *left = dim_of(0);
    return m.count == 0 || dim_multiply(d, m, left);
}

/* Cancels one pair of div and mod; false when there is none. */
static bool cancel_once(arena *a, linear *l) {
    for (int i = 0; i < l->count; i++) {
        for (int j = 0; j < l->count; j++) {
            const expr *x;
            dim left, c = l->terms[j].coefficient;
            if (i == j || !terms_cancel(&l->terms[i], &l->terms[j], &x, &left))
                continue;
            linear without = {.constant = l->constant, .batch = l->batch};
            for (int k = 0; k < l->count; k++)
                if (k != i && k != j)
                    without.terms[without.count++] = l->terms[k];
            if (!add_scaled(&without, left.count == 0 ? x : expr_modulo(a, x, left), c))
                return false;
            *l = without;
            return true;
        }
    }
    return false;
}

/* c*x - c*(x % d) is c*d*(x / d): taken where it leaves fewer terms. */
static bool round_down_once(arena *a, linear *l) {
    for (int i = 0; i < l->count; i++) {
        dim d, c = l->terms[i].coefficient, scaled;
        const expr *atom = l->terms[i].atom;
        linear without = {.constant = l->constant, .batch = l->batch};
        if (!is_index_op(atom, SCALAR_REM, &d))
            continue;
        for (int k = 0; k < l->count; k++)
            if (k != i)
                without.terms[without.count++] = l->terms[k];
        const expr *x = atom->arguments[0];
        if (range_at_least(expr_range(x), 0) && coefficient_multiply(c, d, &scaled) &&
            add_scaled(&without, x, c) && without.count + 1 < l->count &&
            add_scaled(&without, expr_divide(a, x, d), (dim){-scaled.count, scaled.symbolic})) {
            *l = without;
            return true;
        }
    }
    return false;
}

bool linear_of(const expr *x, linear *out) {
    *out = (linear){0};
    return x->dtype == CN_I64 && add_scaled(out, x, dim_of(1));
}

dim linear_coefficient(const linear *l, const loop_variable *v) {
    for (int i = 0; i < l->count; i++)
        if (l->terms[i].atom->kind == EXPR_VARIABLE && l->terms[i].atom->variable == v)
            return l->terms[i].coefficient;
    return dim_of(0);
}

/* Large strides first, so that i*784 + j*28 + k reads like the array it indexes. */
static bool term_before(const linear_term *x, const linear_term *y) {
    if (x->coefficient.symbolic != y->coefficient.symbolic)
        return x->coefficient.symbolic;
    if (x->coefficient.count != y->coefficient.count)
        return x->coefficient.count > y->coefficient.count;
    return expr_compare(x->atom, y->atom) < 0;
}

static void sort_terms(linear *l) {
    for (int i = 1; i < l->count; i++) {
        linear_term t = l->terms[i];
        int j = i;
        for (; j > 0 && term_before(&t, &l->terms[j - 1]); j--)
            l->terms[j] = l->terms[j - 1];
        l->terms[j] = t;
    }
}

static const expr *new_index_op(arena *a, scalar_op op, const expr *x, const expr *y) {
    expr *e = ARENA_NEW(a, expr);
    *e = (expr){.kind = EXPR_SCALAR,
                .dtype = CN_I64,
                .scalar = op,
                .argument_count = 2,
                .arguments = {x, y}};
    return e;
}

/* Adds |count| of something to `sum`, as an addition or a subtraction. */
static const expr *accumulate(arena *a, const expr *sum, const expr *what, bool negative) {
    if (negative)
        return new_index_op(a, SCALAR_SUB, sum == NULL ? expr_integer(a, CN_I64, 0) : sum, what);
    return sum == NULL ? what : new_index_op(a, SCALAR_ADD, sum, what);
}

static const expr *term_expr(arena *a, const linear_term *t) {
    dim k = t->coefficient;
    if (k.count < 0)
        k.count = -k.count;
    return dim_is(k, 1) ? t->atom : new_index_op(a, SCALAR_MUL, t->atom, expr_extent(a, k));
}

const expr *linear_expr(arena *a, const linear *l) {
    linear s = *l;
    while (cancel_once(a, &s) || round_down_once(a, &s)) {
    }
    sort_terms(&s);
    const expr *sum = NULL;
    for (int sign = 0; sign < 2; sign++) {
        bool negative = sign == 1; /* what is added first, then what is taken away */
        for (int i = 0; i < s.count; i++)
            if ((s.terms[i].coefficient.count < 0) == negative)
                sum = accumulate(a, sum, term_expr(a, &s.terms[i]), negative);
        if (s.batch != 0 && (s.batch < 0) == negative)
            sum = accumulate(a, sum, expr_extent(a, dim_batch(negative ? -s.batch : s.batch)),
                             negative);
        if (s.constant != 0 && (s.constant < 0) == negative)
            sum = accumulate(a, sum, expr_integer(a, CN_I64, negative ? -s.constant : s.constant),
                             negative);
    }
    return sum == NULL ? expr_integer(a, CN_I64, 0) : sum;
}

const expr *expr_add(arena *a, const expr *x, const expr *y) {
    linear l = {0};
    if (add_scaled(&l, x, dim_of(1)) && add_scaled(&l, y, dim_of(1)))
        return linear_expr(a, &l);
    return new_index_op(a, SCALAR_ADD, x, y);
}

static const expr *expr_scale(arena *a, const expr *x, dim k) {
    linear l = {0};
    if (add_scaled(&l, x, k))
        return linear_expr(a, &l);
    return new_index_op(a, SCALAR_MUL, x, expr_extent(a, k));
}

const expr *expr_multiply(arena *a, const expr *x, int64_t k) {
    return expr_scale(a, x, dim_of(k));
}

const expr *expr_offset(arena *a, const type *t, const expr *const *index) {
    const expr *offset = expr_integer(a, CN_I64, 0);
    for (int i = 0; i < t->rank; i++)
        offset = expr_add(a, expr_scale(a, offset, t->dims[i]), index[i]);
    return offset;
}

/* ---- division and remainder ------------------------------------------------------------ */

static bool coefficient_divide(dim k, dim d, dim *out) {
    if (d.count == 0 || k.count % d.count != 0 || (d.symbolic && !k.symbolic))
        return false;
    *out = (dim){k.count / d.count, k.symbolic && !d.symbolic};
    return true;
}

/* x = d*quotient + rest, the terms of `rest` not divisible by d. */
static void split(const linear *x, dim d, linear *quotient, linear *rest) {
    *quotient = *rest = (linear){0};
    for (int i = 0; i < x->count; i++) {
        dim k;
        if (coefficient_divide(x->terms[i].coefficient, d, &k))
            quotient->terms[quotient->count++] = (linear_term){k, x->terms[i].atom};
        else
            rest->terms[rest->count++] = x->terms[i];
    }
    if (d.symbolic) {
        quotient->constant = x->batch / d.count;
        rest->batch = x->batch % d.count;
        rest->constant = x->constant;
    } else {
        quotient->constant = x->constant / d.count;
        rest->constant = x->constant % d.count;
        quotient->batch = x->batch / d.count;
        rest->batch = x->batch % d.count;
    }
}

/* Splits x by d where both parts are not negative, so that truncation does no harm. */
static bool split_exactly(arena *a, const expr *x, dim d, const expr **quotient,
                          const expr **rest) {
    linear l, q, r;
    if (d.count <= 0 || !linear_of(x, &l))
        return false;
    split(&l, d, &q, &r);
    *quotient = linear_expr(a, &q);
    *rest = linear_expr(a, &r);
    return range_at_least(expr_range(*quotient), 0) && range_at_least(expr_range(*rest), 0);
}

static const expr *quotient_of_rest(arena *a, const expr *x, dim d) {
    dim by, product, m;
    if (range_below(expr_range(x), d))
        return expr_integer(a, CN_I64, 0);
    if (is_index_op(x, SCALAR_DIV, &by) && dim_multiply(by, d, &product))
        return expr_divide(a, x->arguments[0], product);
    if (is_index_op(x, SCALAR_REM, &by) && dim_divide(by, d, &m)) /* (x % dm) / d = (x / d) % m */
        return expr_modulo(a, expr_divide(a, x->arguments[0], d), m);
    return new_index_op(a, SCALAR_DIV, x, expr_extent(a, d));
}

const expr *expr_divide(arena *a, const expr *x, dim d) {
    const expr *quotient, *rest;
    if (dim_is(d, 1))
        return x;
    if (!split_exactly(a, x, d, &quotient, &rest))
        return new_index_op(a, SCALAR_DIV, x, expr_extent(a, d));
    return expr_add(a, quotient, quotient_of_rest(a, rest, d));
}

const expr *expr_modulo(arena *a, const expr *x, dim d) {
    const expr *quotient, *rest;
    dim by, m;
    if (dim_is(d, 1))
        return expr_integer(a, CN_I64, 0);
    if (!split_exactly(a, x, d, &quotient, &rest))
        return new_index_op(a, SCALAR_REM, x, expr_extent(a, d));
    if (range_below(expr_range(rest), d))
        return rest;
    if (is_index_op(rest, SCALAR_REM, &by) && dim_divide(by, d, &m))
        return expr_modulo(a, rest->arguments[0], d);
    return new_index_op(a, SCALAR_REM, rest, expr_extent(a, d));
}

/* ---- what expr_scalar asks ------------------------------------------------------------- */

static const expr *boolean(arena *a, bool value) {
    return expr_integer(a, CN_BOOL, value);
}

/* x - y for a comparison; NULL when it is not a sum. */
static const expr *difference(arena *a, const expr *x, const expr *y) {
    linear l = {0};
    if (!add_scaled(&l, x, dim_of(1)) || !add_scaled(&l, y, dim_of(-1)))
        return NULL;
    return linear_expr(a, &l);
}

/* A comparison whose answer follows from ranges; NULL when it does not. */
static const expr *decide(arena *a, scalar_op op, const expr *x, const expr *y) {
    const expr *d = difference(a, x, y);
    if (d == NULL)
        return NULL;
    range r = expr_range(d);
    bool negative = range_below(r, dim_of(0)), positive = range_at_least(r, 1);
    bool not_positive = range_below(r, dim_of(1)), not_negative = range_at_least(r, 0);
    bool zero = not_positive && not_negative, nonzero = negative || positive;
    switch (op) {
    case SCALAR_LT:
        return negative || not_negative ? boolean(a, negative) : NULL;
    case SCALAR_LE:
        return not_positive || positive ? boolean(a, not_positive) : NULL;
    case SCALAR_GT:
        return positive || not_positive ? boolean(a, positive) : NULL;
    case SCALAR_GE:
        return not_negative || negative ? boolean(a, not_negative) : NULL;
    case SCALAR_EQ:
        return zero || nonzero ? boolean(a, zero) : NULL;
    case SCALAR_NE:
        return zero || nonzero ? boolean(a, nonzero) : NULL;
    default:
        return NULL;
    }
}

/* max or min of two indices of which one is known to win. */
static const expr *winner(arena *a, scalar_op op, const expr *x, const expr *y) {
    const expr *d = difference(a, x, y);
    if (d == NULL)
        return NULL;
    range r = expr_range(d);
    if (range_at_least(r, 0))
        return op == SCALAR_MAX ? x : y;
    if (range_below(r, dim_of(1)))
        return op == SCALAR_MAX ? y : x;
    return NULL;
}

const expr *index_simplify(arena *a, scalar_op op, const expr *const *arguments) {
    const expr *x = arguments[0], *y = arguments[1];
    dim d;
    switch (op) {
    case SCALAR_ADD:
        return expr_add(a, x, y);
    case SCALAR_SUB:
        return difference(a, x, y);
    case SCALAR_NEG:
        return expr_multiply(a, x, -1);
    case SCALAR_MUL: {
        linear l = {0};
        const expr *product = new_index_op(a, SCALAR_MUL, x, y);
        return add_scaled(&l, product, dim_of(1)) ? linear_expr(a, &l) : product;
    }
    case SCALAR_DIV:
        return dim_of_expr(y, &d) ? expr_divide(a, x, d) : NULL;
    case SCALAR_REM:
        return dim_of_expr(y, &d) ? expr_modulo(a, x, d) : NULL;
    case SCALAR_MAX:
    case SCALAR_MIN:
        return winner(a, op, x, y);
    default:
        return decide(a, op, x, y);
    }
}
