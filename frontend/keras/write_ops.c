/* Ops between layers as Keras' operations.
 *
 * The record has primitive nodes, in which repeats and element types are explicit; Keras'
 * operations repeat by NumPy's rules. So constants stand in the arguments of their users, and a
 * repeat along leading axes, whose users are elementwise, is left out: what they make must come
 * out whole all the same, which is checked on the shapes that Keras will see. Where that fails, or
 * where Keras has no such operation, the op has no spelling and saving says so.
 */
#include <string.h>

#include "frontend/keras/write_constants.h"
#include "frontend/record.h"

static const char numpy[] = "keras.src.ops.numpy", nn[] = "keras.src.ops.nn",
                  math[] = "keras.src.ops.math", core[] = "keras.src.ops.core";

/* One call as it is written. */
typedef struct call_writer {
    keras_writer *w;
    const graph *g;
    const node *n;
    void (*write_operand)(keras_writer *w, uint32_t k, void *user);
    void *user;
} call_writer;

typedef struct op_words op_words;
struct op_words {
    const op_def *op;
    const char *module, *class_name;
    bool (*when)(const graph *g, const node *n, const op_words *row); /* NULL: always */
    int kind;                                                         /* of the op, for `when` */
    void (*config)(keras_writer *w, const graph *g, const node *n);   /* NULL: nothing */
    void (*arguments)(const call_writer *c); /* NULL: the operands one after the other */
};

/* ---- shapes that Keras will see --------------------------------------------------------- */

static bool along_leading_axes(const graph *g, const node *n) {
    const movement_attributes *a = n->attributes;
    int ahead = n->types[0].rank - operand_type(g, n, 0)->rank;
    for (int i = 0; i < a->axes.count; i++)
        if (a->axes.items[i] != i + ahead)
            return false;
    return true;
}

static bool users_are_elementwise(const graph *g, uint32_t id) {
    for (uint32_t i = id + 1; i < g->nodes.count; i++) {
        const node *n = graph_node(g, i);
        for (uint32_t k = 0; k < n->operand_count; k++)
            if (n->operands[k].node == id && !node_has(n, OP_POINTWISE))
                return false;
    }
    return true;
}

static bool is_left_out(const graph *g, uint32_t id) {
    const node *n = graph_node(g, id);
    return n->op == &op_broadcast && along_leading_axes(g, n) && users_are_elementwise(g, id);
}

bool keras_op_is_inline(const graph *g, uint32_t id) {
    constant_view c;
    return constant_view_of(g, (value){id, 0}, &c) || is_left_out(g, id);
}

static type seen_shape(const graph *g, value v) {
    constant_view c;
    if (constant_view_of(g, v, &c))
        return c.shape;
    return is_left_out(g, v.node) ? seen_shape(g, value_node(g, v)->operands[0])
                                  : *value_type(g, v);
}

/* What the operands broadcast to is what the op makes. */
static bool comes_out_whole(const graph *g, const node *n) {
    type all = type_scalar(CN_BOOL), joined;
    for (uint32_t i = 0; i < n->operand_count; i++) {
        type seen = seen_shape(g, n->operands[i]);
        if (!shape_broadcast(&all, &seen, &joined))
            return false;
        all = joined;
    }
    return shape_equal(&all, &n->types[0]);
}

/* Every operand is there in its full shape, constants if the batch has no part in them. */
static bool operands_are_whole(const graph *g, const node *n) {
    for (uint32_t i = 0; i < n->operand_count; i++) {
        constant_view c;
        bool constant = constant_view_of(g, n->operands[i], &c);
        if (constant ? !type_without_batch(operand_type(g, n, i))
                     : is_left_out(g, n->operands[i].node))
            return false;
    }
    return true;
}

static bool depends_on_something(const graph *g, const node *n) {
    constant_view c;
    for (uint32_t i = 0; i < n->operand_count; i++)
        if (!constant_view_of(g, n->operands[i], &c))
            return true;
    return false;
}

/* ---- conditions ------------------------------------------------------------------------- */

static bool is_compare(const graph *g, const node *n, const op_words *row) {
    (void)g;
    return ((const compare_attributes *)n->attributes)->kind == row->kind;
}
static bool is_logical(const graph *g, const node *n, const op_words *row) {
    (void)g;
    return ((const bit_attributes *)n->attributes)->kind == row->kind &&
           n->types[0].dtype == CN_BOOL;
}
static bool is_of_bools(const graph *g, const node *n, const op_words *row) {
    (void)g, (void)row;
    return n->types[0].dtype == CN_BOOL;
}
static bool is_of_floats(const graph *g, const node *n, const op_words *row) {
    (void)g, (void)row;
    return dtype_is_float(n->types[0].dtype);
}
/* Keras makes wider sums of what is narrow. */
static bool is_reduce(const graph *g, const node *n, const op_words *row) {
    (void)g;
    bool narrow = dtype_bytes(n->types[0].dtype) == 1 && n->types[0].dtype != CN_BOOL;
    return ((const reduce_attributes *)n->attributes)->kind == row->kind && !narrow;
}
static bool is_argreduce(const graph *g, const node *n, const op_words *row) {
    (void)g;
    return ((const reduce_attributes *)n->attributes)->kind == row->kind;
}
static bool is_composite(const graph *g, const node *n, const char *name) {
    (void)g;
    return strcmp(((const composite_attributes *)n->attributes)->name, name) == 0;
}
static bool is_softmax(const graph *g, const node *n, const op_words *row) {
    (void)row;
    return is_composite(g, n, "softmax");
}
static bool is_log_softmax(const graph *g, const node *n, const op_words *row) {
    (void)row;
    return is_composite(g, n, "log_softmax");
}
static bool is_softplus(const graph *g, const node *n, const op_words *row) {
    (void)row;
    return is_composite(g, n, "softplus");
}
/* One size is open at most: -1. */
static bool is_plain_reshape(const graph *g, const node *n, const op_words *row) {
    (void)g, (void)row;
    int open = 0;
    for (int i = 0; i < n->types[0].rank; i++)
        open += n->types[0].dims[i].symbolic;
    return open <= 1;
}
static bool is_plain_slice(const graph *g, const node *n, const op_words *row) {
    (void)row;
    const movement_attributes *a = n->attributes;
    for (int i = 0; i < n->types[0].rank; i++) {
        dim from = operand_type(g, n, 0)->dims[i];
        if (from.symbolic && !dim_equal(from, n->types[0].dims[i]))
            return false;
        if (a->strides.items[i] < 1)
            return false;
    }
    return true;
}
static bool is_one_flip(const graph *g, const node *n, const op_words *row) {
    (void)g, (void)row;
    return ((const movement_attributes *)n->attributes)->axes.count == 1;
}
static bool is_plain_pad(const graph *g, const node *n, const op_words *row) {
    (void)row;
    const movement_attributes *a = n->attributes;
    constant_view c;
    for (int i = 0; i < n->types[0].rank; i++)
        if (a->interior.items[i] != 0)
            return false;
    return constant_view_of(g, n->operands[1], &c);
}
static bool is_gather(const graph *g, const node *n, const op_words *row) {
    (void)g;
    return ((const index_attributes *)n->attributes)->batch == (row->kind != 0);
}
static bool is_new_axis(const movement_attributes *a, int axis) {
    for (int i = 0; i < a->axes.count; i++)
        if (a->axes.items[i] == axis)
            return false;
    return true;
}
/* A product with ones along the new axes, which have sizes. */
static bool is_static_repeat(const graph *g, const node *n, const op_words *row) {
    (void)g, (void)row;
    for (int i = 0; i < n->types[0].rank; i++)
        if (is_new_axis(n->attributes, i) && n->types[0].dims[i].symbolic)
            return false;
    return n->types[0].dtype != CN_BOOL;
}

/* ---- configurations --------------------------------------------------------------------- */

static void put_integers(keras_writer *w, const char *key, const integer_list *list) {
    json_open(&w->json, key, '[');
    for (int i = 0; i < list->count; i++)
        json_put_integer(&w->json, NULL, list->items[i]);
    json_close(&w->json, ']');
}

static void put_dtype(keras_writer *w, const graph *g, const node *n) {
    (void)g;
    json_put_text(&w->json, "dtype", keras_dtype_name(n->types[0].dtype));
}
static void put_reduce(keras_writer *w, const graph *g, const node *n) {
    (void)g;
    put_integers(w, "axis", &((const reduce_attributes *)n->attributes)->axes);
    json_put_flag(&w->json, "keepdims", false);
}
static void put_argreduce(keras_writer *w, const graph *g, const node *n) {
    (void)g;
    json_put_integer(&w->json, "axis", ((const reduce_attributes *)n->attributes)->axes.items[0]);
    json_put_flag(&w->json, "keepdims", false);
}
static void put_composite_axis(keras_writer *w, const graph *g, const node *n) {
    (void)g;
    const composite_attributes *a = n->attributes;
    json_put_integer(&w->json, "axis", a->parameters.items[0]);
}
static void put_new_shape(keras_writer *w, const graph *g, const node *n) {
    (void)g;
    json_open(&w->json, "newshape", '[');
    for (int i = 0; i < n->types[0].rank; i++) {
        dim d = n->types[0].dims[i];
        json_put_integer(&w->json, NULL, d.symbolic ? -1 : d.count);
    }
    json_close(&w->json, ']');
}
static void put_axes(keras_writer *w, const graph *g, const node *n) {
    (void)g;
    put_integers(w, "axes", &((const movement_attributes *)n->attributes)->axes);
}
static void put_first_axis(keras_writer *w, const graph *g, const node *n) {
    (void)g;
    const movement_attributes *a = n->attributes;
    json_put_integer(&w->json, "axis", a->axes.items[0]);
}
static void put_pad(keras_writer *w, const graph *g, const node *n) {
    (void)g;
    const movement_attributes *a = n->attributes;
    json_open(&w->json, "pad_width", '[');
    for (int i = 0; i < n->types[0].rank; i++) {
        json_open(&w->json, NULL, '[');
        json_put_integer(&w->json, NULL, a->low.items[i]);
        json_put_integer(&w->json, NULL, a->high.items[i]);
        json_close(&w->json, ']');
    }
    json_close(&w->json, ']');
    json_put_text(&w->json, "mode", "constant");
}
static void put_gather_axis(keras_writer *w, const graph *g, const node *n) {
    (void)g;
    json_put_integer(&w->json, "axis", ((const index_attributes *)n->attributes)->axis);
}

/* Letters of a contraction: shared axes have the same. */
static void put_dot(keras_writer *w, const graph *g, const node *n) {
    const dot_attributes *a = n->attributes;
    char left[MAX_RANK + 1] = {0}, right[MAX_RANK + 1] = {0}, result[2 * MAX_RANK + 1] = {0};
    int left_rank = operand_type(g, n, 0)->rank, right_rank = operand_type(g, n, 1)->rank, made = 0;
    for (int i = 0; i < left_rank; i++)
        left[i] = (char)('a' + i);
    for (int i = 0; i < a->left_batch.count; i++)
        result[made++] = right[a->right_batch.items[i]] = left[a->left_batch.items[i]];
    for (int i = 0; i < a->left_contract.count; i++)
        right[a->right_contract.items[i]] = left[a->left_contract.items[i]];
    for (int i = 0; i < left_rank; i++)
        if (memchr(right, left[i], (size_t)right_rank) == NULL)
            result[made++] = left[i];
    for (int i = 0; i < right_rank; i++)
        if (right[i] == 0)
            result[made++] = right[i] = (char)('a' + left_rank + i);
    const char *words = arena_format(w->scratch, "%s,%s->%s", left, right, result);
    json_put_text(&w->json, "subscripts", words);
}

static void put_repeat(keras_writer *w, const graph *g, const node *n) {
    (void)g;
    char old[MAX_RANK + 1] = {0}, new[MAX_RANK + 1] = {0}, all[MAX_RANK + 1] = {0};
    for (int i = 0, old_count = 0, new_count = 0; i < n->types[0].rank; i++) {
        all[i] = (char)('a' + i);
        if (is_new_axis(n->attributes, i))
            new[new_count++] = all[i];
        else
            old[old_count++] = all[i];
    }
    const char *words = arena_format(w->scratch, "%s,%s->%s", old, new, all);
    json_put_text(&w->json, "subscripts", words);
}

/* ---- arguments -------------------------------------------------------------------------- */

/* Whether a number's element type follows from Keras' rules: from an operand beside it, or because
 * it is what Python's numbers are. */
static bool is_weak(const call_writer *c, uint32_t k) {
    cn_dtype dtype = operand_type(c->g, c->n, k)->dtype;
    constant_view unused;
    for (uint32_t i = 0; i < c->n->operand_count; i++)
        if (operand_type(c->g, c->n, i)->dtype == dtype &&
            !constant_view_of(c->g, c->n->operands[i], &unused))
            return true;
    return dtype == CN_F32 || dtype == CN_I32 || dtype == CN_BOOL;
}

static void write_argument(const call_writer *c, uint32_t k) {
    constant_view constant;
    bool elementwise = node_has(c->n, OP_POINTWISE);
    if (!constant_view_of(c->g, c->n->operands[k], &constant))
        c->write_operand(c->w, k, c->user);
    else
        constant_write(c->w, NULL, &constant, elementwise && is_weak(c, k),
                       elementwise ? NULL : operand_type(c->g, c->n, k));
}

static void write_operands(const call_writer *c) {
    json_open(&c->w->json, "args", '[');
    for (uint32_t k = 0; k < c->n->operand_count; k++)
        write_argument(c, k);
}

/* Keyword arguments follow. */
static void close_positional(const call_writer *c) {
    json_close(&c->w->json, ']');
    json_open(&c->w->json, "kwargs", '{');
}

static void write_plain(const call_writer *c) {
    write_operands(c);
    close_positional(c);
}

static void write_list(const call_writer *c) {
    json_open(&c->w->json, "args", '[');
    json_open(&c->w->json, NULL, '[');
    for (uint32_t k = 0; k < c->n->operand_count; k++)
        write_argument(c, k);
    json_close(&c->w->json, ']');
    close_positional(c);
}

static void write_slice(json_writer *j, int64_t start, int64_t stride, dim size) {
    json_open(j, NULL, '{');
    json_put_text(j, "class_name", "__slice__");
    json_open(j, "config", '{');
    if (size.symbolic) {
        json_put_null(j, "start");
        json_put_null(j, "stop");
    } else {
        json_put_integer(j, "start", start);
        json_put_integer(j, "stop", start + (size.count > 0 ? (size.count - 1) * stride + 1 : 0));
    }
    if (stride == 1)
        json_put_null(j, "step");
    else
        json_put_integer(j, "step", stride);
    json_close(j, '}');
    json_close(j, '}');
}

static void write_slices(const call_writer *c) {
    const movement_attributes *a = c->n->attributes;
    write_operands(c);
    json_open(&c->w->json, NULL, '[');
    for (int i = 0; i < c->n->types[0].rank; i++)
        write_slice(&c->w->json, a->starts.items[i], a->strides.items[i], c->n->types[0].dims[i]);
    json_close(&c->w->json, ']');
    close_positional(c);
}

static void write_with_ones(const call_writer *c) {
    const type *whole = &c->n->types[0];
    type ones = type_scalar(whole->dtype);
    for (int i = 0; i < whole->rank; i++)
        if (is_new_axis(c->n->attributes, i))
            ones.dims[ones.rank++] = whole->dims[i];
    write_operands(c);
    constant_write_ones(c->w, &ones);
    close_positional(c);
}

static void write_padded(const call_writer *c) {
    constant_view with;
    json_open(&c->w->json, "args", '[');
    write_argument(c, 0);
    close_positional(c);
    if (constant_view_of(c->g, c->n->operands[1], &with))
        constant_write(c->w, "constant_values", &with, true, NULL);
}

/* ---- the rows --------------------------------------------------------------------------- */

#define PLAIN(op, module, class) \
    { &op_##op, module, class, NULL, 0, NULL, NULL }
static const op_words rows[] = {
    PLAIN(neg, numpy, "Negative"),
    PLAIN(abs, numpy, "Absolute"),
    PLAIN(sign, numpy, "Sign"),
    PLAIN(floor, numpy, "Floor"),
    PLAIN(round, numpy, "Round"),
    PLAIN(exp, numpy, "Exp"),
    PLAIN(expm1, numpy, "Expm1"),
    PLAIN(log, numpy, "Log"),
    PLAIN(log1p, numpy, "Log1p"),
    PLAIN(sqrt, numpy, "Sqrt"),
    PLAIN(rsqrt, math, "Rsqrt"),
    PLAIN(sin, numpy, "Sin"),
    PLAIN(cos, numpy, "Cos"),
    PLAIN(tanh, numpy, "Tanh"),
    PLAIN(sigmoid, nn, "Sigmoid"),
    PLAIN(erf, math, "Erf"),
    {&op_not, numpy, "LogicalNot", is_of_bools, 0, NULL, NULL},
    PLAIN(add, numpy, "Add"),
    PLAIN(sub, numpy, "Subtract"),
    PLAIN(mul, numpy, "Multiply"),
    {&op_div, numpy, "TrueDivide", is_of_floats, 0, NULL, NULL},
    PLAIN(rem, numpy, "Fmod"),
    PLAIN(pow, numpy, "Power"),
    PLAIN(max, numpy, "Maximum"),
    PLAIN(min, numpy, "Minimum"),
    {&op_compare, numpy, "Equal", is_compare, COMPARE_EQ, NULL, NULL},
    {&op_compare, numpy, "NotEqual", is_compare, COMPARE_NE, NULL, NULL},
    {&op_compare, numpy, "Less", is_compare, COMPARE_LT, NULL, NULL},
    {&op_compare, numpy, "LessEqual", is_compare, COMPARE_LE, NULL, NULL},
    {&op_compare, numpy, "Greater", is_compare, COMPARE_GT, NULL, NULL},
    {&op_compare, numpy, "GreaterEqual", is_compare, COMPARE_GE, NULL, NULL},
    {&op_bit, numpy, "LogicalAnd", is_logical, BIT_AND, NULL, NULL},
    {&op_bit, numpy, "LogicalOr", is_logical, BIT_OR, NULL, NULL},
    {&op_bit, numpy, "LogicalXor", is_logical, BIT_XOR, NULL, NULL},
    PLAIN(select, numpy, "Where"),
    {&op_cast, core, "Cast", NULL, 0, put_dtype, NULL},
    {&op_reshape, numpy, "Reshape", is_plain_reshape, 0, put_new_shape, NULL},
    {&op_broadcast, numpy, "Einsum", is_static_repeat, 0, put_repeat, write_with_ones},
    {&op_transpose, numpy, "Transpose", NULL, 0, put_axes, NULL},
    {&op_slice, numpy, "GetItem", is_plain_slice, 0, NULL, write_slices},
    {&op_pad, numpy, "Pad", is_plain_pad, 0, put_pad, write_padded},
    {&op_reverse, numpy, "Flip", is_one_flip, 0, put_first_axis, NULL},
    {&op_concat, numpy, "Concatenate", NULL, 0, put_first_axis, write_list},
    {&op_gather, numpy, "Take", is_gather, 0, put_gather_axis, NULL},
    {&op_gather, numpy, "TakeAlongAxis", is_gather, 1, put_gather_axis, NULL},
    {&op_reduce, numpy, "Sum", is_reduce, REDUCE_SUM, put_reduce, NULL},
    {&op_reduce, numpy, "Prod", is_reduce, REDUCE_PROD, put_reduce, NULL},
    {&op_reduce, numpy, "Max", is_reduce, REDUCE_MAX, put_reduce, NULL},
    {&op_reduce, numpy, "Min", is_reduce, REDUCE_MIN, put_reduce, NULL},
    {&op_reduce, numpy, "All", is_reduce, REDUCE_AND, put_reduce, NULL},
    {&op_reduce, numpy, "Any", is_reduce, REDUCE_OR, put_reduce, NULL},
    {&op_argreduce, numpy, "Argmax", is_argreduce, ARGREDUCE_MAX, put_argreduce, NULL},
    {&op_argreduce, numpy, "Argmin", is_argreduce, ARGREDUCE_MIN, put_argreduce, NULL},
    {&op_dot_general, numpy, "Einsum", NULL, 0, put_dot, NULL},
    {&op_composite, nn, "Softmax", is_softmax, 0, put_composite_axis, NULL},
    {&op_composite, nn, "LogSoftmax", is_log_softmax, 0, put_composite_axis, NULL},
    {&op_composite, nn, "Softplus", is_softplus, 0, NULL, NULL},
    PLAIN(stop_gradient, core, "StopGradient"),
};

static const op_words *find_words(const graph *g, const node *n) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].op == n->op && (rows[i].when == NULL || rows[i].when(g, n, &rows[i])))
            return &rows[i];
    return NULL;
}

bool keras_op_spelling(const graph *g, uint32_t id, const char **module, const char **class_name) {
    const node *n = graph_node(g, id);
    const op_words *row = find_words(g, n);
    if (row == NULL || !depends_on_something(g, n))
        return false;
    if (node_has(n, OP_POINTWISE) ? !comes_out_whole(g, n) : !operands_are_whole(g, n))
        return false;
    *module = row->module;
    *class_name = row->class_name;
    return true;
}

void keras_write_op_config(keras_writer *w, uint32_t id) {
    const graph *g = w->context->record;
    const node *n = graph_node(g, id);
    const op_words *row = find_words(g, n);
    if (row->config != NULL)
        row->config(w, g, n);
}

void keras_write_op_arguments(keras_writer *w, uint32_t id,
                              void (*write_operand)(keras_writer *w, uint32_t k, void *user),
                              void *user) {
    const graph *g = w->context->record;
    const call_writer c = {w, g, graph_node(g, id), write_operand, user};
    const op_words *row = find_words(g, c.n);
    json_open(&w->json, NULL, '{');
    (row->arguments != NULL ? row->arguments : write_plain)(&c);
    json_close(&w->json, '}');
    json_close(&w->json, '}');
}
