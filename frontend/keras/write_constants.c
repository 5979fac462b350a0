/* Constants that stand in the arguments of Keras' operations, as numbers or arrays.
 *
 * Repeats are left to whoever uses them: NumPy's rules repeat axes of size one. So a constant of
 * the batch's shape is a number, and no array ever has the batch's size.
 */

#include "frontend/keras/write_constants.h"
#include "ir/interpret.h"

/* ---- finding ---------------------------------------------------------------------------- */

static bool view_leaf(const node *n, const type *t, constant_view *out) {
    const leaf_attributes *a = n->attributes;
    *out = (constant_view){n, *t};
    if (n->op == &op_constant) {
        bool one = a->value.length == (size_t)dtype_bytes(t->dtype);
        if (one)
            out->shape = type_scalar(t->dtype);
        return true;
    }
    if (n->op == &op_dim_size)
        return !a->size.symbolic;
    if (n->op != &op_iota || t->dims[a->axis].symbolic)
        return false;
    for (int i = 0; i < t->rank; i++)
        if (i != a->axis)
            out->shape.dims[i] = dim_of(1);
    return true;
}

static void repeat(constant_view *c, const node *n) {
    const movement_attributes *a = n->attributes;
    type from = c->shape;
    if (from.rank == 0)
        return;
    c->shape.rank = n->types[0].rank;
    for (int i = 0; i < c->shape.rank; i++)
        c->shape.dims[i] = dim_of(1);
    for (int i = 0; i < from.rank; i++)
        c->shape.dims[a->axes.items[i]] = from.dims[i];
}

bool type_without_batch(const type *t) {
    for (int i = 0; i < t->rank; i++)
        if (t->dims[i].symbolic)
            return false;
    return true;
}

/* Constants of constants share operands: so many nodes are looked at, and no more. */
enum { LOOKS = 1000 };

static bool view(const graph *g, value v, int *looks, constant_view *out);

/* An elementwise op of constants that have sizes, or one element each: it is computed when it is
 * written. */
static bool view_computed(const graph *g, const node *n, int *looks, constant_view *out) {
    bool ok = node_has(n, OP_POINTWISE) && n->result_count == 1, one = true, sized = true;
    for (uint32_t i = 0; ok && i < n->operand_count; i++) {
        constant_view operand;
        ok = view(g, n->operands[i], looks, &operand);
        one = one && ok && operand.shape.rank == 0;
        sized = sized && type_without_batch(operand_type(g, n, i));
    }
    *out = (constant_view){n, one ? type_scalar(n->types[0].dtype) : n->types[0]};
    return ok && (one || sized);
}

/* A cast to a float is one of the written elements; others wrap or saturate. */
static bool view_cast(const graph *g, const node *n, int *looks, constant_view *out) {
    bool ok = view(g, n->operands[0], looks, out);
    cn_dtype to = n->types[0].dtype;
    if (!ok || !dtype_is_float(to) || out->shape.dtype != out->leaf->types[0].dtype)
        return ok && view_computed(g, n, looks, out);
    out->shape.dtype = to;
    return true;
}

static bool view(const graph *g, value v, int *looks, constant_view *out) {
    const node *n = value_node(g, v);
    if (--*looks < 0)
        return false;
    if (n->operand_count == 0)
        return view_leaf(n, &n->types[0], out);
    if (n->op == &op_cast)
        return view_cast(g, n, looks, out);
    if (n->op != &op_reshape && n->op != &op_broadcast)
        return view_computed(g, n, looks, out);
    if (!view(g, n->operands[0], looks, out))
        return false;
    if (n->op == &op_broadcast)
        repeat(out, n);
    if (n->op != &op_reshape || out->shape.rank == 0)
        return true;
    bool whole = shape_equal(&out->shape, operand_type(g, n, 0));
    out->shape = type_with_dtype(n->types[0], out->shape.dtype);
    return whole;
}

bool constant_view_of(const graph *g, value v, constant_view *out) {
    int looks = LOOKS;
    return view(g, v, &looks, out);
}

/* ---- values ----------------------------------------------------------------------------- */

static tensor *evaluate(interpreter *it, value v) {
    const node *n = value_node(it->graph, v);
    tensor *operands[3] = {NULL}, *result = tensor_new(it, &n->types[0]);
    for (uint32_t i = 0; i < n->operand_count && i < 3; i++)
        operands[i] = evaluate(it, n->operands[i]);
    n->op->interpret(it, n, operands, &result);
    for (int64_t i = 0; i < result->count; i++) { /* as wide as its type */
        unsigned char bytes[sizeof(double)];
        number_to_bytes(result->type.dtype, result->items[i], bytes);
        result->items[i] = number_from_bytes(result->type.dtype, bytes);
    }
    return result;
}

/* The elements of a leaf, of which the first may stand for all: then a batch of one will do. */
static const number *elements_of(keras_writer *w, const node *leaf) {
    const leaf_attributes *a = leaf->attributes;
    cn_dtype dtype = leaf->types[0].dtype;
    if (leaf->op != &op_constant) {
        const graph *g = w->context->record;
        interpreter it = {.arena = w->scratch,
                          .diag = &w->context->diag,
                          .graph = g,
                          .batch = 1,
                          .mode = INTERPRET_F32};
        return evaluate(&it, (value){(uint32_t)(leaf - g->nodes.items), 0})->items;
    }
    size_t size = (size_t)dtype_bytes(dtype), count = a->value.length / size;
    number *elements = ARENA_ARRAY(w->scratch, number, count + 1);
    for (size_t i = 0; i < count; i++)
        elements[i] = number_from_bytes(dtype, (const char *)a->value.bytes + i * size);
    return elements;
}

/* ---- writing ---------------------------------------------------------------------------- */

typedef struct constant_writer {
    keras_writer *w;
    cn_dtype from, to; /* of the leaf, and behind casts */
    const number *elements;
    bool iota; /* whose elements are their places */
    const type *own, *shape;
} constant_writer;

static void write_element(const constant_writer *c, const char *key, number x) {
    json_writer *j = &c->w->json;
    if (dtype_is_float(c->to))
        json_put_number(j, key, dtype_is_float(c->from) ? x.f : (double)x.i);
    else if (c->to == CN_BOOL)
        json_put_flag(j, key, x.i != 0);
    else
        json_put_integer(j, key, x.i);
}

/* Lists of the axes from `axis` on; `place` counts elements of the constant's own shape. */
static void write_lists(const constant_writer *c, int axis, const char *key, int64_t place) {
    if (axis == c->shape->rank) {
        number x = {.i = place};
        if (c->iota && dtype_is_float(c->from))
            x.f = (double)place;
        write_element(c, key, c->iota ? x : c->elements[place]);
        return;
    }
    int ahead = c->shape->rank - c->own->rank;
    int64_t own = axis < ahead ? 1 : c->own->dims[axis - ahead].count;
    json_open(&c->w->json, key, '[');
    for (int64_t i = 0; i < c->shape->dims[axis].count; i++)
        write_lists(c, axis + 1, NULL, place * own + (own == 1 ? 0 : i));
    json_close(&c->w->json, ']');
}

static void write_array(const constant_writer *c, const char *key) {
    json_open(&c->w->json, key, '{');
    json_put_text(&c->w->json, "class_name", "__numpy__");
    json_open(&c->w->json, "config", '{');
    write_lists(c, 0, "value", 0);
    json_put_text(&c->w->json, "dtype", keras_dtype_name(c->to));
    json_close(&c->w->json, '}');
    json_close(&c->w->json, '}');
}

void constant_write(keras_writer *w, const char *key, const constant_view *v, bool weak,
                    const type *whole) {
    bool iota = v->leaf->op == &op_iota;
    constant_writer c = {.w = w,
                         .from = v->leaf->types[0].dtype,
                         .to = v->shape.dtype,
                         .elements = iota ? NULL : elements_of(w, v->leaf),
                         .iota = iota,
                         .own = &v->shape,
                         .shape = whole != NULL ? whole : &v->shape};
    if (weak && v->shape.rank == 0) {
        c.shape = &v->shape;
        write_lists(&c, 0, key, 0);
    } else {
        write_array(&c, key);
    }
}

void constant_write_ones(keras_writer *w, const type *shape) {
    type scalar = type_scalar(shape->dtype);
    const number one = dtype_is_float(shape->dtype) ? (number){.f = 1} : (number){.i = 1};
    const constant_writer c = {.w = w,
                               .from = shape->dtype,
                               .to = shape->dtype,
                               .elements = &one,
                               .own = &scalar,
                               .shape = shape};
    write_array(&c, NULL);
}
