/* select, cast, bitcast: pointwise ops whose operands and result differ in type.
 *
 * cast: between floats rounds to nearest even; float to integer truncates and saturates, NaN
 * gives 0; integer to integer keeps the low bits; to bool is x != 0 (so NaN is true); bool to
 * number is 0 or 1. bitcast reads the bytes of one type as another of the same width (8, 32 or
 * 64 bits).
 */
#include <math.h>
#include <string.h>

#include "ir/ops/pointwise.h"
#include "ir/ops/rules.h"

/* ---- select ------------------------------------------------------------------------------ */

static bool select_infer(const graph *g, const node *n, type *results, diagnostics *d) {
    const type *c = operand_type(g, n, 0), *x = operand_type(g, n, 1), *y = operand_type(g, n, 2);
    if (c->dtype != CN_BOOL)
        return op_fail(d, n, "the condition must be bool, got %s; compare first", type_words(g, c));
    if (!shape_equal(c, x) || !type_equal(x, y))
        return op_fail(d, n,
                       "condition %s and choices %s and %s must have one shape, and the choices "
                       "one type; broadcast or cast first",
                       type_words(g, c), type_words(g, x), type_words(g, y));
    return infer_one(g, n, *x, results, d);
}

static void select_vjp(gradient_context *cx, const node *n) {
    value dy = gradient_of(cx, n), zero = build_full_like(cx->g, dy, 0);
    if (cx->needs(cx, n, 1))
        cx->add(cx, n, 1, build_select(cx->g, n->operands[0], dy, zero));
    if (cx->needs(cx, n, 2))
        cx->add(cx, n, 2, build_select(cx->g, n->operands[0], zero, dy));
}

static void select_interpret(interpreter *it, const node *n, tensor *const *operands,
                             tensor **results) {
    (void)it, (void)n;
    tensor *y = results[0];
    for (int64_t i = 0; i < y->count; i++)
        y->items[i] = operands[operands[0]->items[i].i ? 1 : 2]->items[i];
}

static const expr *select_element(lowering *l, const node *n, uint32_t result,
                                  const expr *const *index) {
    return element_of_operands(l, n, index, SCALAR_SELECT, n->types[result].dtype);
}

const op_def op_select = {
    .name = "select",
    .summary = "Operand 1 where the bool operand 0 is true, operand 2 elsewhere.",
    .operand_count = 3,
    .traits = OP_POINTWISE | OP_CHEAP,
    .infer = select_infer,
    .vjp = select_vjp,
    .interpret = select_interpret,
    .element = select_element,
};

/* ---- cast -------------------------------------------------------------------------------- */

static const attribute_schema cast_schema = {
    sizeof(cast_attributes),
    (const attribute_field[]){{"to", FIELD_DTYPE, offsetof(cast_attributes, to), NULL}, {0}},
};

static cn_dtype cast_target(const node *n) {
    return ((const cast_attributes *)n->attributes)->to;
}

static bool known_dtype(const node *n, diagnostics *d) {
    cn_dtype to = cast_target(n);
    return (to > CN_DTYPE_DEFAULT && to < CN_DTYPE_COUNT) || op_fail(d, n, "needs a target type");
}

static bool cast_infer(const graph *g, const node *n, type *results, diagnostics *d) {
    return known_dtype(n, d) &&
           infer_one(g, n, type_with_dtype(*operand_type(g, n, 0), cast_target(n)), results, d);
}

/* Asked only where floats become floats: nothing else depends on floats by slopes. */
static void cast_vjp(gradient_context *cx, const node *n) {
    cn_dtype from = value_type(cx->g, n->operands[0])->dtype;
    cx->add(cx, n, 0, build_cast(cx->g, gradient_of(cx, n), from));
}

static int64_t saturate(cn_dtype to, double x) {
    static const double lowest[CN_DTYPE_COUNT] = {
        [CN_I64] = -0x1p63, [CN_I32] = -0x1p31, [CN_I8] = -128};
    static const double above[CN_DTYPE_COUNT] = {
        [CN_I64] = 0x1p63, [CN_I32] = 0x1p31, [CN_U32] = 0x1p32, [CN_I8] = 128, [CN_U8] = 256};
    if (isnan(x))
        return 0;
    if (x >= above[to])
        return to == CN_I64 ? INT64_MAX : (int64_t)above[to] - 1;
    return x < lowest[to] ? (int64_t)lowest[to] : (int64_t)x;
}

/* i64 to f32 rounds once: not through double. */
static double integer_to_float(const interpreter *it, cn_dtype to, int64_t x) {
    return to == CN_F32 && it->mode == INTERPRET_F32 ? (double)(float)x : (double)x;
}

static number cast_number(const interpreter *it, cn_dtype from, cn_dtype to, number x) {
    bool from_float = dtype_is_float(from);
    if (dtype_is_float(to))
        return from_float ? x : (number){.f = integer_to_float(it, to, x.i)};
    if (to == CN_BOOL)
        return (number){.i = from_float ? x.f != 0 : x.i != 0};
    return (number){.i = from_float ? saturate(to, x.f) : x.i};
}

static void cast_interpret(interpreter *it, const node *n, tensor *const *operands,
                           tensor **results) {
    (void)n;
    tensor *y = results[0];
    for (int64_t i = 0; i < y->count; i++)
        y->items[i] =
            cast_number(it, operands[0]->type.dtype, y->type.dtype, operands[0]->items[i]);
}

static const expr *cast_element(lowering *l, const node *n, uint32_t result,
                                const expr *const *index) {
    return cast_expression(l, lower_operand(l, n, 0, index), n->types[result].dtype);
}

const op_def op_cast = {
    .name = "cast",
    .summary = "The same number as another type; saturates, NaN to 0.",
    .operand_count = 1,
    .traits = OP_POINTWISE | OP_CHEAP,
    .attributes = &cast_schema,
    .infer = cast_infer,
    .vjp = cast_vjp,
    .interpret = cast_interpret,
    .element = cast_element,
};

/* ---- bitcast ----------------------------------------------------------------------------- */

static bool bitcast_infer(const graph *g, const node *n, type *results, diagnostics *d) {
    const type *t = operand_type(g, n, 0);
    if (!known_dtype(n, d))
        return false;
    cn_dtype to = cast_target(n);
    int width = dtype_bytes(to);
    if (width != dtype_bytes(t->dtype) || width == 2 || to == CN_BOOL || t->dtype == CN_BOOL)
        return op_fail(d, n, "%s and %s are not two numbers of 8, 32 or 64 bits; cast instead",
                       type_words(g, t), dtype_name(to));
    return infer_one(g, n, type_with_dtype(*t, to), results, d);
}

/* One element at a time through its bytes. */
static void bitcast_interpret(interpreter *it, const node *n, tensor *const *operands,
                              tensor **results) {
    (void)it, (void)n;
    tensor *y = results[0];
    unsigned char bytes[8] = {0};
    for (int64_t i = 0; i < y->count; i++) {
        number_to_bytes(operands[0]->type.dtype, operands[0]->items[i], bytes);
        y->items[i] = number_from_bytes(y->type.dtype, bytes);
    }
}

static const expr *bitcast_element(lowering *l, const node *n, uint32_t result,
                                   const expr *const *index) {
    return element_of_operands(l, n, index, SCALAR_BITCAST, n->types[result].dtype);
}

const op_def op_bitcast = {
    .name = "bitcast",
    .summary = "The same bytes as another type of the same width.",
    .operand_count = 1,
    .traits = OP_POINTWISE | OP_CHEAP | OP_NO_GRADIENT,
    .attributes = &cast_schema,
    .infer = bitcast_infer,
    .interpret = bitcast_interpret,
    .element = bitcast_element,
};
