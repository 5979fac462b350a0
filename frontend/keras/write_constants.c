/* Constants that stand in the arguments of Keras' operations, as numbers or arrays.
 *
 * Repeats are left to whoever uses them: NumPy's rules repeat axes of size one. So a constant of
 * the batch's shape is a number, and no array ever has the batch's size.
 */
#include <string.h>

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

bool constant_view_of(const graph *g, value v, constant_view *out) {
    const node *n = value_node(g, v);
    if (n->operand_count == 0)
        return view_leaf(n, &n->types[0], out);
    bool passes = n->op == &op_cast || n->op == &op_reshape || n->op == &op_broadcast;
    if (!passes || !constant_view_of(g, n->operands[0], out))
        return false;
    if (n->op == &op_cast)
        out->shape.dtype = n->types[0].dtype;
    if (n->op == &op_broadcast)
        repeat(out, n);
    if (n->op != &op_reshape || out->shape.rank == 0)
        return true;
    bool whole = shape_equal(&out->shape, operand_type(g, n, 0));
    out->shape = type_with_dtype(n->types[0], out->shape.dtype);
    return whole;
}

/* ---- writing ---------------------------------------------------------------------------- */

static number element(const constant_view *c, int64_t place, int64_t along) {
    const leaf_attributes *a = c->leaf->attributes;
    cn_dtype dtype = c->leaf->types[0].dtype;
    bool floats = dtype_is_float(dtype);
    int64_t whole = c->leaf->op == &op_iota ? along : a->size.count;
    if (c->leaf->op != &op_constant)
        return floats ? (number){.f = (double)whole} : (number){.i = whole};
    size_t size = (size_t)dtype_bytes(dtype);
    size_t at = a->value.length == size ? 0 : (size_t)place * size;
    return number_from_bytes(dtype, (const char *)a->value.bytes + at);
}

static void write_element(keras_writer *w, const constant_view *c, const char *key, number x) {
    bool from_float = dtype_is_float(c->leaf->types[0].dtype);
    if (dtype_is_float(c->shape.dtype))
        json_put_number(&w->json, key, from_float ? x.f : (double)x.i);
    else if (c->shape.dtype == CN_BOOL)
        json_put_flag(&w->json, key, from_float ? x.f != 0 : x.i != 0);
    else
        json_put_integer(&w->json, key, from_float ? (int64_t)x.f : x.i);
}

/* Lists of the axes from `axis` on; `place` counts elements of the constant's own shape. An iota
 * has one axis that is not of size one, and its place is the number itself. */
static void write_lists(keras_writer *w, const constant_view *c, const type *shape, int axis,
                        const char *key, int64_t place) {
    if (axis == shape->rank) {
        write_element(w, c, key, element(c, place, place));
        return;
    }
    int ahead = shape->rank - c->shape.rank;
    int64_t own = axis < ahead ? 1 : c->shape.dims[axis - ahead].count;
    json_open(&w->json, key, '[');
    for (int64_t i = 0; i < shape->dims[axis].count; i++)
        write_lists(w, c, shape, axis + 1, NULL, place * own + (own == 1 ? 0 : i));
    json_close(&w->json, ']');
}

void constant_write(keras_writer *w, const char *key, const constant_view *c, bool weak,
                    const type *whole) {
    if (weak && c->shape.rank == 0) {
        write_lists(w, c, &c->shape, 0, key, 0);
        return;
    }
    json_open(&w->json, key, '{');
    json_put_text(&w->json, "class_name", "__numpy__");
    json_open(&w->json, "config", '{');
    write_lists(w, c, whole != NULL ? whole : &c->shape, 0, "value", 0);
    json_put_text(&w->json, "dtype", keras_dtype_name(c->shape.dtype));
    json_close(&w->json, '}');
    json_close(&w->json, '}');
}

void constant_write_ones(keras_writer *w, const type *shape) {
    unsigned char bytes[sizeof(double)] = {0};
    bool floats = dtype_is_float(shape->dtype);
    number_to_bytes(shape->dtype, floats ? (number){.f = 1} : (number){.i = 1}, bytes);
    type scalar = type_scalar(shape->dtype);
    leaf_attributes leaf = {.value = {(size_t)dtype_bytes(shape->dtype), bytes}};
    const node one = {.op = &op_constant, .types = &scalar, .attributes = &leaf};
    constant_write(w, NULL, &(constant_view){&one, scalar}, false, shape);
}
