/* Leaves: ops that read no tensors (rng_bits: only its key and step). Each element is a
 * function of its index alone, so all but `input` and tables of constants are computed where
 * they are used and never stored.
 *
 * Their dtype and shape are attributes that the result type repeats; the text form prints only
 * the type. A constant holds its elements row-major, or one element that stands for all: the
 * only form a shape with B can take.
 *
 * rng_bits is Philox4x32-10 (base/philox.h): element i is word i mod 4 of the block with counter
 * {i / 4 low, i / 4 high, step, stream}, a pure function of key, step, stream and index.
 */
#include "base/philox.h"
#include "ir/ops/ops.h"
#include "ir/ops/rules.h"

static const leaf_attributes *leaf_of(const node *n) {
    return n->attributes;
}

static type declared_type(const node *n) {
    const leaf_attributes *a = leaf_of(n);
    return type_make(a->dtype, a->shape.count, a->shape.items);
}

static bool has_known_dtype(const node *n, diagnostics *d) {
    cn_dtype dtype = leaf_of(n)->dtype;
    if (dtype > CN_DTYPE_DEFAULT && dtype < CN_DTYPE_COUNT)
        return true;
    return op_fail(d, n, "has no element type");
}

static bool infer_declared(const graph *g, const node *n, type *results, diagnostics *d) {
    return has_known_dtype(n, d) && infer_one(g, n, declared_type(n), results, d);
}

static double no_cost(const graph *g, const node *n, int64_t batch) {
    (void)g, (void)n, (void)batch;
    return 0;
}

#define DECLARED_TYPE                                                            \
    {"dtype", FIELD_RESULT_DTYPE, offsetof(leaf_attributes, dtype), NULL},       \
    {"shape", FIELD_RESULT_SHAPE, offsetof(leaf_attributes, shape), NULL}

/* ---- input ------------------------------------------------------------------------------ */

static const attribute_field input_fields[] = {DECLARED_TYPE, {0}};
static const attribute_schema input_schema = {sizeof(leaf_attributes), input_fields};

static void input_interpret(interpreter *it, const node *n, tensor *const *operands,
                            tensor **results) {
    (void)operands, (void)results; /* the driver binds inputs before it runs nodes */
    op_fail(it->diag, n, "is not bound");
}

const op_def op_input = {
    .name = "input",
    .summary = "A tensor the caller passes: data, parameter or state.",
    .traits = OP_LEAF | OP_NO_GRADIENT,
    .attributes = &input_schema,
    .infer = infer_declared,
    .interpret = input_interpret,
    .cost = no_cost,
};

/* ---- constant ----------------------------------------------------------------------------- */

static const attribute_field constant_fields[] = {
    DECLARED_TYPE, {"value", FIELD_BYTES, offsetof(leaf_attributes, value), NULL}, {0}};
static const attribute_schema constant_schema = {sizeof(leaf_attributes), constant_fields};

static bool is_splat(const node *n) {
    return leaf_of(n)->value.length == (size_t)dtype_bytes(leaf_of(n)->dtype);
}

static bool constant_infer(const graph *g, const node *n, type *results, diagnostics *d) {
    if (!infer_declared(g, n, results, d))
        return false;
    dim elements;
    type_elements(results, &elements);
    int64_t bytes = type_bytes(results, 0); /* k*B counts 0 */
    if (is_splat(n) || (!elements.symbolic && leaf_of(n)->value.length == (uint64_t)bytes))
        return true;
    return op_fail(d, n, "%s needs one element or %s of them, got %zu", type_words(g, results),
                   dim_words(g, elements),
                   leaf_of(n)->value.length / (size_t)dtype_bytes(results->dtype));
}

static void constant_interpret(interpreter *it, const node *n, tensor *const *operands,
                               tensor **results) {
    (void)it, (void)operands;
    const leaf_attributes *a = leaf_of(n);
    tensor *y = results[0];
    int64_t step = is_splat(n) ? 0 : dtype_bytes(a->dtype);
    for (int64_t i = 0; i < y->count; i++)
        y->items[i] = number_from_bytes(a->dtype, (const char *)a->value.bytes + i * step);
}

/* NULL for a table: it lives in memory and is loaded like any other buffer. */
static const expr *constant_element(lowering *l, const node *n, uint32_t result,
                                    const expr *const *index) {
    (void)result, (void)index;
    const leaf_attributes *a = leaf_of(n);
    if (!is_splat(n))
        return NULL;
    number x = number_from_bytes(a->dtype, a->value.bytes);
    return dtype_is_float(a->dtype) ? expr_number(l->arena, a->dtype, x.f)
                                    : expr_integer(l->arena, a->dtype, x.i);
}

const op_def op_constant = {
    .name = "constant",
    .summary = "Elements known when compiling.",
    .traits = OP_LEAF | OP_CHEAP | OP_NO_GRADIENT,
    .attributes = &constant_schema,
    .infer = constant_infer,
    .interpret = constant_interpret,
    .element = constant_element,
    .cost = no_cost,
};

/* ---- iota ----------------------------------------------------------------------------------- */

static const attribute_field iota_fields[] = {
    DECLARED_TYPE, {"axis", FIELD_INTEGER, offsetof(leaf_attributes, axis), NULL}, {0}};
static const attribute_schema iota_schema = {sizeof(leaf_attributes), iota_fields};

static bool iota_infer(const graph *g, const node *n, type *results, diagnostics *d) {
    if (!infer_declared(g, n, results, d))
        return false;
    int64_t axis = leaf_of(n)->axis;
    if (results->dtype == CN_BOOL)
        return op_fail(d, n, "counts in numbers, not in bool");
    if (axis < 0 || axis >= results->rank)
        return op_fail(d, n, "%s has no axis %lld to count along", type_words(g, results),
                       (long long)axis);
    return true;
}

static void iota_interpret(interpreter *it, const node *n, tensor *const *operands,
                           tensor **results) {
    (void)it, (void)operands;
    tensor *y = results[0];
    for (int64_t i = 0; i < y->count; i++) {
        int64_t index[MAX_RANK];
        tensor_index(&y->type, i, index);
        int64_t x = index[leaf_of(n)->axis];
        y->items[i] = dtype_is_float(y->type.dtype) ? (number){.f = (double)x} : (number){.i = x};
    }
}

static const expr *iota_element(lowering *l, const node *n, uint32_t result,
                                const expr *const *index) {
    (void)result;
    return cast_expression(l, index[leaf_of(n)->axis], leaf_of(n)->dtype);
}

const op_def op_iota = {
    .name = "iota",
    .summary = "Each element's own index along one axis.",
    .traits = OP_LEAF | OP_CHEAP | OP_NO_GRADIENT,
    .attributes = &iota_schema,
    .infer = iota_infer,
    .interpret = iota_interpret,
    .element = iota_element,
    .cost = no_cost,
};

/* ---- rng_bits ------------------------------------------------------------------------------- */

static const attribute_field rng_bits_fields[] = {
    {"shape", FIELD_RESULT_SHAPE, offsetof(leaf_attributes, shape), NULL},
    {"stream", FIELD_INTEGER, offsetof(leaf_attributes, stream), NULL},
    {0}};
static const attribute_schema rng_bits_schema = {sizeof(leaf_attributes), rng_bits_fields};

static bool rng_bits_infer(const graph *g, const node *n, type *results, diagnostics *d) {
    const type *key = operand_type(g, n, 0), *step = operand_type(g, n, 1);
    const leaf_attributes *a = leaf_of(n);
    if (key->dtype != CN_U32 || key->rank != 1 || !dim_is(key->dims[0], 2))
        return op_fail(d, n, "the key is u32[2], got %s", type_words(g, key));
    if (step->rank != 0 || (step->dtype != CN_U32 && step->dtype != CN_I64))
        return op_fail(d, n, "the step is u32[] or i64[], got %s", type_words(g, step));
    if (a->stream < 0 || a->stream > UINT32_MAX)
        return op_fail(d, n, "the stream %lld does not fit 32 bits", (long long)a->stream);
    return infer_one(g, n, type_make(CN_U32, a->shape.count, a->shape.items), results, d);
}

static void rng_bits_interpret(interpreter *it, const node *n, tensor *const *operands,
                               tensor **results) {
    (void)it;
    uint32_t key[2] = {(uint32_t)operands[0]->items[0].i, (uint32_t)operands[0]->items[1].i};
    uint32_t step = (uint32_t)operands[1]->items[0].i, words[4];
    for (int64_t i = 0; i < results[0]->count; i++) {
        uint64_t block = (uint64_t)i / 4;
        philox4x32((const uint32_t[]){(uint32_t)block, (uint32_t)(block >> 32), step,
                                      (uint32_t)leaf_of(n)->stream},
                   key, words);
        results[0]->items[i].i = words[i % 4];
    }
}

/* Row-major position of an index, as the result was shaped when the op was made. */
static const expr *flat_index(lowering *l, const type *t, const expr *const *index) {
    const expr *flat = expr_integer(l->arena, CN_I64, 0);
    for (int i = 0; i < t->rank; i++) {
        flat = t->dims[i].symbolic
                   ? index_binary(l, SCALAR_MUL, flat, expr_extent(l->arena, t->dims[i]))
                   : expr_multiply(l->arena, flat, t->dims[i].count);
        flat = expr_add(l->arena, flat, index[i]);
    }
    return flat;
}

static const expr *rng_bits_element(lowering *l, const node *n, uint32_t result,
                                    const expr *const *index) {
    const expr *at[2] = {index_constant(l, 0), index_constant(l, 1)};
    const expr *key0 = lower_operand(l, n, 0, &at[0]), *key1 = lower_operand(l, n, 0, &at[1]);
    const expr *step = lower_operand(l, n, 1, NULL);
    return lower_random(l, key0, key1, flat_index(l, &n->types[result], index), step,
                        (uint32_t)leaf_of(n)->stream);
}

static double rng_bits_cost(const graph *g, const node *n, int64_t batch) {
    (void)g; /* ten rounds of two wide products and four xors, for four words */
    return 15 * (double)type_count(&n->types[0], batch);
}

const op_def op_rng_bits = {
    .name = "rng_bits",
    .summary = "32 random bits per element: Philox of key, step, stream and index.",
    .operand_count = 2,
    .traits = OP_RANDOM | OP_NO_GRADIENT,
    .attributes = &rng_bits_schema,
    .infer = rng_bits_infer,
    .interpret = rng_bits_interpret,
    .element = rng_bits_element,
    .cost = rng_bits_cost,
};

/* ---- dim_size ------------------------------------------------------------------------------- */

static const attribute_field dim_size_fields[] = {
    {"dtype", FIELD_RESULT_DTYPE, offsetof(leaf_attributes, dtype), NULL},
    {"size", FIELD_DIM, offsetof(leaf_attributes, size), NULL},
    {0}};
static const attribute_schema dim_size_schema = {sizeof(leaf_attributes), dim_size_fields};

static bool dim_size_infer(const graph *g, const node *n, type *results, diagnostics *d) {
    (void)g;
    if (!has_known_dtype(n, d))
        return false;
    if (leaf_of(n)->dtype == CN_BOOL)
        return op_fail(d, n, "a size is a number, not a bool");
    *results = type_scalar(leaf_of(n)->dtype);
    return true;
}

static void dim_size_interpret(interpreter *it, const node *n, tensor *const *operands,
                               tensor **results) {
    (void)operands;
    int64_t size = dim_bind(leaf_of(n)->size, it->batch);
    results[0]->items[0] =
        dtype_is_float(leaf_of(n)->dtype) ? (number){.f = (double)size} : (number){.i = size};
}

static const expr *dim_size_element(lowering *l, const node *n, uint32_t result,
                                    const expr *const *index) {
    (void)result, (void)index;
    return cast_expression(l, expr_extent(l->arena, leaf_of(n)->size), leaf_of(n)->dtype);
}

const op_def op_dim_size = {
    .name = "dim_size",
    .summary = "A dim as a scalar: what a mean divides by.",
    .traits = OP_LEAF | OP_CHEAP | OP_NO_GRADIENT,
    .attributes = &dim_size_schema,
    .infer = dim_size_infer,
    .interpret = dim_size_interpret,
    .element = dim_size_element,
    .cost = no_cost,
};

/* ---- flag ----------------------------------------------------------------------------------- */

static const attribute_field flag_fields[] = {
    {"flag", FIELD_STRING, offsetof(leaf_attributes, flag), NULL}, {0}};
static const attribute_schema flag_schema = {sizeof(leaf_attributes), flag_fields};

static bool flag_infer(const graph *g, const node *n, type *results, diagnostics *d) {
    (void)g;
    if (*leaf_of(n)->flag == '\0')
        return op_fail(d, n, "has no name");
    *results = type_scalar(CN_BOOL);
    return true;
}

static void flag_interpret(interpreter *it, const node *n, tensor *const *operands,
                           tensor **results) {
    (void)operands, (void)results;
    op_fail(it->diag, n, "\"%s\" is not bound; flags are bound before a graph runs",
            leaf_of(n)->flag);
}

const op_def op_flag = {
    .name = "flag",
    .summary = "A bool bound before compiling: training, frozen.",
    .traits = OP_LEAF | OP_TRANSIENT | OP_NO_GRADIENT,
    .attributes = &flag_schema,
    .infer = flag_infer,
    .interpret = flag_interpret,
    .cost = no_cost,
};
