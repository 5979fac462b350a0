/* Ops between layers (keras.ops), read: from Keras' operation and its call to cn_op_*.
 *
 * A row per class of Keras says what its call looks like and which op it is; options of the
 * operation stand in its configuration. Operands are tensors, numbers and arrays. A number is weak,
 * as Python's: a whole one keeps the other operand's element type, another one keeps any float's.
 * Sources: keras/src/ops, numpy.py, nn.py, core.py, math.py, and activations/activations.py.
 */
#include <math.h>
#include <string.h>

#include "frontend/keras/ops.h"
#include "runtime/io/json_read.h"

#define END_OF_OPTIONS \
    { .key = NULL }
#define NAME \
    { "name", OPTION_FREE, 0, 0, NULL }

/* ---- what is said and what is given ----------------------------------------------------- */

cn_tensor op_poison(const op_reading *o) {
    return tensor_poison(o->r->context);
}

cn_tensor op_reading_refuse(const op_reading *o, const char *words, const json_t *given) {
    keras_problem(o->r, o->call->place, "%s, not %s", words,
                  given == NULL ? "missing" : keras_words(o->r->scratch, given));
    return op_poison(o);
}

const json_t *op_argument(const op_reading *o, size_t position, const char *name) {
    const json_t *named = json_object_get(o->call->kwargs, name);
    return named != NULL ? named : json_array_get(o->call->args, position);
}

bool op_is_tensor(const json_t *j) {
    return json_object_get(j, "tensor") != NULL;
}

static bool is_plain(const json_t *j) {
    double unused;
    return json_is_boolean(j) || json_read_number(j, &unused);
}

/* A number beside an operand, by Keras' rule for Python's numbers. */
static cn_tensor weak_number(const op_reading *o, const json_t *j, cn_dtype beside) {
    cn_dtype dtype = json_is_boolean(j)   ? dtype_promote(beside, CN_BOOL)
                     : json_is_integer(j) ? dtype_arithmetic(beside)
                                          : dtype_as_float(beside);
    double x = json_is_true(j);
    if (!json_is_boolean(j))
        json_read_number(j, &x);
    if (!dtype_is_float(dtype) && fabs(x) >= 0x1p62)
        return op_reading_refuse(o, "a whole number is of at most 62 bits", j);
    return cn_op_constant(o->r->context, x, dtype);
}

cn_tensor op_operand(const op_reading *o, const json_t *j, cn_dtype beside) {
    if (op_is_tensor(j)) {
        size_t index = (size_t)json_integer_value(json_object_get(j, "tensor"));
        return index < o->call->tensor_count ? o->call->tensors[index]
                                             : op_reading_refuse(o, "an operand is a tensor", j);
    }
    if (is_plain(j))
        return weak_number(o, j, beside);
    return op_array_operand(o, j);
}

/* The operand at a place of the call, which is a tensor in all but freak models. */
static cn_tensor operand_at(const op_reading *o, size_t position, const char *name) {
    return op_operand(o, op_argument(o, position, name), CN_F32);
}

bool op_axes_of(const op_reading *o, const char *key, int64_t *axes, int *count) {
    const json_t *j = json_object_get(o->call->config, key);
    bool one = json_is_integer(j);
    *count = one ? 1 : (int)json_array_size(j);
    if (!(j == NULL || json_is_null(j) || one || json_is_array(j)) || *count > CN_MAX_RANK) {
        op_reading_refuse(o, "axes are integers", j);
        return false;
    }
    for (int i = 0; i < *count; i++) {
        const json_t *axis = one ? j : json_array_get(j, (size_t)i);
        if (!json_is_integer(axis)) {
            op_reading_refuse(o, "axes are integers", j);
            return false;
        }
        axes[i] = json_integer_value(axis);
    }
    return true;
}

bool op_read_options(const op_reading *o, op_options *out) {
    return keras_read_options(o->r, o->call->place, o->call->class_name, o->call->config,
                              o->row->options, out);
}

int64_t op_axis_option(const op_options *x) {
    return option_integer(x->axis, 0);
}

/* ---- one operand, two operands ---------------------------------------------------------- */

static const option_row nothing[] = {NAME, END_OF_OPTIONS};

/* For operations without options: whether it has none. */
static bool says_nothing(const op_reading *o) {
    op_options unused = {0};
    return op_read_options(o, &unused);
}

static cn_tensor read_unary(const op_reading *o) {
    return says_nothing(o) ? o->row->unary(operand_at(o, 0, "x")) : op_poison(o);
}

/* Two operands, each beside the other: a number is read when the other's type is known. */
static void read_pair(const op_reading *o, const json_t *left, const json_t *right, cn_tensor *x,
                      cn_tensor *y) {
    bool second_first = is_plain(left);
    cn_tensor *first = second_first ? y : x, *second = second_first ? x : y;
    *first = op_operand(o, second_first ? right : left, CN_I32); /* a number alone: i32 or f32 */
    cn_dtype beside = cn_tensor_ok(*first) ? cn_tensor_dtype(*first) : CN_I32;
    *second = op_operand(o, second_first ? left : right, beside);
}

static bool are_bools(cn_tensor x, cn_tensor y) {
    return cn_tensor_dtype(x) == CN_BOOL && cn_tensor_dtype(y) == CN_BOOL;
}

/* Between bools, arithmetic stays in bools: then the op is `logical`. */
static cn_tensor read_binary(const op_reading *o) {
    cn_tensor x, y;
    read_pair(o, op_argument(o, 0, "x1"), op_argument(o, 1, "x2"), &x, &y);
    if (!says_nothing(o))
        return op_poison(o);
    return o->row->logical != NULL && are_bools(x, y) ? o->row->logical(x, y)
                                                      : o->row->binary(x, y);
}

/* Quotients of integers are floats, and so is a number beside one: 256 is no uint8. */
static cn_tensor read_quotient(const op_reading *o) {
    const json_t *left = op_argument(o, 0, "x1"), *right = op_argument(o, 1, "x2");
    cn_tensor x, y;
    read_pair(o, left, right, &x, &y);
    if (cn_tensor_ok(x) && is_plain(right))
        y = op_operand(o, right, dtype_as_float(cn_tensor_dtype(x)));
    if (cn_tensor_ok(y) && is_plain(left))
        x = op_operand(o, left, dtype_as_float(cn_tensor_dtype(y)));
    return says_nothing(o) ? o->row->binary(x, y) : op_poison(o);
}

/* C's remainder, with the sign of x. */
static value build_remainder(const op_call *call) {
    value v[2];
    cn_dtype common = dtype_promote(call_type(call, 0)->dtype, call_type(call, 1)->dtype);
    return op_broadcast_inputs(call, dtype_arithmetic(common), v)
               ? build_binary(call->g, &op_rem, v[0], v[1])
               : NO_VALUE;
}
static cn_tensor remainder_of(cn_tensor x, cn_tensor y) {
    return op_record(x.context, "fmod", build_remainder, (const cn_tensor[]){x, y}, 2, NULL);
}

static cn_tensor read_where(const op_reading *o) {
    cn_tensor x, y;
    read_pair(o, op_argument(o, 1, "x1"), op_argument(o, 2, "x2"), &x, &y);
    return says_nothing(o) ? cn_op_where(operand_at(o, 0, "condition"), x, y) : op_poison(o);
}

/* ---- activations ------------------------------------------------------------------------ */

#define PARAMETER(i) offsetof(cn_activation, parameters[i])
static const option_row slope_option[] = {
    {"negative_slope", OPTION_NUMBER, PARAMETER(0), 0.2, NULL}, NAME, END_OF_OPTIONS};
static const option_row alpha_option[] = {
    {"alpha", OPTION_NUMBER, PARAMETER(0), 1, NULL}, NAME, END_OF_OPTIONS};
static const option_row shrink_option[] = {
    {"threshold", OPTION_NUMBER, PARAMETER(0), 0.5, NULL}, NAME, END_OF_OPTIONS};
static const option_row squareplus_option[] = {
    {"b", OPTION_NUMBER, PARAMETER(0), 4, NULL}, NAME, END_OF_OPTIONS};
static const option_row activation_axis[] = {
    {"axis", OPTION_WHOLE, PARAMETER(0), -1, NULL}, NAME, END_OF_OPTIONS};
static const option_row threshold_options[] = {
    {"threshold", OPTION_NUMBER, PARAMETER(0), 0, NULL},
    {"default_value", OPTION_NUMBER, PARAMETER(1), 0, NULL},
    NAME,
    END_OF_OPTIONS};
static const option_row relu_options[] = {
    {"negative_slope", OPTION_NUMBER, PARAMETER(0), 0, NULL},
    {"max_value", OPTION_NUMBER_OR_NONE, PARAMETER(1), 0, NULL},
    {"threshold", OPTION_NUMBER, PARAMETER(2), 0, NULL},
    NAME,
    END_OF_OPTIONS};
#undef PARAMETER

static cn_tensor read_activation(const op_reading *o) {
    cn_activation a = *o->row->activation;
    if (!keras_read_options(o->r, o->call->place, o->call->class_name, o->call->config,
                            o->row->options, &a))
        return op_poison(o);
    return activation_apply(&a, operand_at(o, 0, "x"));
}

/* Keras: the approximation by tanh, unless the operation says otherwise. */
static const option_row gelu_options[] = {
    {"approximate", OPTION_FLAG, offsetof(op_options, flag), 1, NULL}, NAME, END_OF_OPTIONS};
static cn_tensor read_gelu(const op_reading *o) {
    op_options x = {0};
    if (!op_read_options(o, &x))
        return op_poison(o);
    const cn_activation *gelu = cn_activation_gelu(o->r->context, x.flag);
    return activation_apply(gelu, operand_at(o, 0, "x"));
}

/* ---- folds ------------------------------------------------------------------------------ */

static const char *const null_word[] = {"null", NULL};
static const option_row fold_options[] = {
    {"axis", OPTION_FREE, 0, 0, NULL},
    {"keepdims", OPTION_FLAG, offsetof(op_options, flag), 0, NULL},
    {"initial", OPTION_FIXED, 0, 0, null_word},
    {"dtype", OPTION_FIXED, 0, 0, null_word},
    NAME,
    END_OF_OPTIONS};

static cn_tensor read_fold(const op_reading *o) {
    op_options options = {0};
    int64_t axes[CN_MAX_RANK];
    int count;
    if (!op_read_options(o, &options) || !op_axes_of(o, "axis", axes, &count))
        return op_poison(o);
    cn_tensor x = operand_at(o, 0, "x"), y = o->row->fold(x, count, axes, options.flag);
    bool picks = o->row->fold == cn_op_max || o->row->fold == cn_op_min;
    return picks && cn_tensor_ok(y) ? cn_op_cast(y, cn_tensor_dtype(x)) : y; /* of bools: one */
}

static cn_tensor variance(cn_tensor x, int count, const int64_t *axes, bool keepdims) {
    cn_tensor deviation = cn_op_subtract(x, cn_op_mean(x, count, axes, true));
    return cn_op_mean(cn_op_square(deviation), count, axes, keepdims);
}
static cn_tensor deviation(cn_tensor x, int count, const int64_t *axes, bool keepdims) {
    return cn_op_sqrt(variance(x, count, axes, keepdims));
}

/* Keras' average with weights is another op. */
static cn_tensor read_average(const op_reading *o) {
    const json_t *weights = op_argument(o, 1, "weights");
    if (weights != NULL && !json_is_null(weights))
        return op_reading_refuse(o, "Cornu's average has no weights", weights);
    return read_fold(o);
}

/* ---- along one axis --------------------------------------------------------------------- */

static const option_row axis_options[] = {
    {"axis", OPTION_INTEGER_BY_RULE, offsetof(op_options, axis), -1, NULL},
    {"keepdims", OPTION_FLAG, offsetof(op_options, flag), 0, NULL},
    NAME,
    END_OF_OPTIONS};

static cn_tensor read_along(const op_reading *o) {
    op_options x = {0};
    if (!op_read_options(o, &x))
        return op_poison(o);
    return o->row->along(operand_at(o, 0, "x"), op_axis_option(&x));
}

static cn_tensor read_index_of(const op_reading *o) {
    op_options x = {0};
    if (!op_read_options(o, &x))
        return op_poison(o);
    cn_tensor index = o->row->along(operand_at(o, 0, "x"), op_axis_option(&x));
    return x.flag ? cn_op_expand_dims(index, op_axis_option(&x)) : index;
}

static cn_tensor read_logsumexp(const op_reading *o) {
    op_options x = {0};
    if (!op_read_options(o, &x))
        return op_poison(o);
    return cn_op_logsumexp(operand_at(o, 0, "x"), op_axis_option(&x), x.flag);
}

/* ---- element types and likenesses ------------------------------------------------------- */

static const option_row dtype_option[] = {
    {"dtype", OPTION_NAME, offsetof(op_options, text), 0, NULL}, NAME, END_OF_OPTIONS};

static bool dtype_named(const op_reading *o, const char *name, cn_dtype *out) {
    if (name == NULL || keras_dtype_parse(name, out))
        return true;
    keras_problem(o->r, o->call->place, "Cornu has no element type \"%s\"", name);
    return false;
}

static cn_tensor read_cast(const op_reading *o) {
    op_options x = {0};
    cn_dtype dtype = CN_F32;
    if (!op_read_options(o, &x) || !dtype_named(o, x.text, &dtype))
        return op_poison(o);
    return cn_op_cast(operand_at(o, 0, "x"), dtype);
}

static cn_tensor read_like(const op_reading *o) {
    op_options x = {0};
    cn_tensor like = operand_at(o, 0, "x");
    cn_dtype dtype = cn_tensor_dtype(like);
    if (!cn_tensor_ok(like) || !op_read_options(o, &x) || !dtype_named(o, x.text, &dtype))
        return op_poison(o);
    return cn_op_cast(o->row->unary(like), dtype);
}

static cn_tensor read_full_like(const op_reading *o) {
    op_options x = {0};
    cn_tensor like = operand_at(o, 0, "x");
    cn_dtype dtype = cn_tensor_dtype(like);
    if (!cn_tensor_ok(like) || !op_read_options(o, &x) || !dtype_named(o, x.text, &dtype))
        return op_poison(o);
    cn_tensor full = op_operand(o, op_argument(o, 1, "fill_value"), dtype);
    return cn_op_cast(cn_op_broadcast_like(full, like), dtype);
}

static const option_row clip_options[] = {
    {"x_min", OPTION_NUMBER, offsetof(op_options, low), 0, NULL},
    {"x_max", OPTION_NUMBER, offsetof(op_options, high), 0, NULL},
    NAME,
    END_OF_OPTIONS};
static cn_tensor read_clip(const op_reading *o) {
    op_options x = {0};
    if (!op_read_options(o, &x))
        return op_poison(o);
    return cn_op_clip(operand_at(o, 0, "x"), x.low, x.high);
}

static const char *const false_word[] = {"false", NULL};
static const char *const last_word[] = {"-1", NULL};
static const option_row one_hot_options[] = {
    {"num_classes", OPTION_INTEGER_BY_RULE, offsetof(op_options, count), 0, NULL},
    {"axis", OPTION_FIXED, 0, 0, last_word},
    {"dtype", OPTION_NAME, offsetof(op_options, text), 0, NULL},
    {"sparse", OPTION_FIXED, 0, 0, false_word},
    NAME,
    END_OF_OPTIONS};
static cn_tensor read_one_hot(const op_reading *o) {
    op_options x = {0};
    cn_dtype dtype = CN_F32;
    if (!op_read_options(o, &x) || !dtype_named(o, x.text, &dtype))
        return op_poison(o);
    return cn_op_one_hot(operand_at(o, 0, "x"), option_integer(x.count, 0), dtype);
}

/* ---- the rows --------------------------------------------------------------------------- */

#define UNARY(class, op) \
    { .class_name = #class, .read = read_unary, .options = nothing, .unary = op }
#define BINARY(class, op) \
    { .class_name = #class, .read = read_binary, .options = nothing, .binary = op }
#define BETWEEN_BOOLS(class, op, logic)                                              \
    {                                                                                \
        .class_name = #class, .read = read_binary, .options = nothing, .binary = op, \
        .logical = logic                                                             \
    }
#define QUOTIENT(class, op) \
    { .class_name = #class, .read = read_quotient, .options = nothing, .binary = op }
#define FOLD(class, op) \
    { .class_name = #class, .read = read_fold, .options = fold_options, .fold = op }
#define ALONG(class, how, op) \
    { .class_name = #class, .read = how, .options = axis_options, .along = op }
#define ACTIVATION(class, constant, rows) \
    { .class_name = #class, .read = read_activation, .options = rows, .activation = constant }
#define OTHER(class, how, rows) \
    { .class_name = #class, .read = how, .options = rows }

static const char *const zero_word[] = {"0", NULL};
static const option_row round_options[] = {
    {"decimals", OPTION_FIXED, 0, 0, zero_word}, NAME, END_OF_OPTIONS};

static const op_row plain_rows[] = {
    {.class_name = "Round", .read = read_unary, .options = round_options, .unary = cn_op_round},
    UNARY(Negative, cn_op_negative),
    UNARY(Absolute, cn_op_absolute),
    UNARY(Abs, cn_op_absolute),
    UNARY(Sign, cn_op_sign),
    UNARY(Floor, cn_op_floor),
    UNARY(Ceil, cn_op_ceil),
    UNARY(Exp, cn_op_exp),
    UNARY(Expm1, cn_op_expm1),
    UNARY(Log, cn_op_log),
    UNARY(Log1p, cn_op_log1p),
    UNARY(Sqrt, cn_op_sqrt),
    UNARY(Rsqrt, cn_op_rsqrt),
    UNARY(Square, cn_op_square),
    UNARY(Reciprocal, cn_op_reciprocal),
    UNARY(Sin, cn_op_sin),
    UNARY(Cos, cn_op_cos),
    UNARY(Tanh, cn_op_tanh),
    UNARY(Erf, cn_op_erf),
    UNARY(LogicalNot, cn_op_logical_not),
    UNARY(StopGradient, cn_op_stop_gradient),
    BETWEEN_BOOLS(Add, cn_op_add, cn_op_logical_or),
    BINARY(Subtract, cn_op_subtract),
    BETWEEN_BOOLS(Multiply, cn_op_multiply, cn_op_logical_and),
    QUOTIENT(Divide, cn_op_divide),
    QUOTIENT(TrueDivide, cn_op_divide),
    QUOTIENT(DivideNoNan, cn_op_divide_no_nan),
    BINARY(Mod, cn_op_mod),
    BINARY(Fmod, remainder_of),
    BINARY(Power, cn_op_power),
    BETWEEN_BOOLS(Maximum, cn_op_maximum, cn_op_logical_or),
    BETWEEN_BOOLS(Minimum, cn_op_minimum, cn_op_logical_and),
    BINARY(Equal, cn_op_equal),
    BINARY(NotEqual, cn_op_not_equal),
    BINARY(Less, cn_op_less),
    BINARY(LessEqual, cn_op_less_equal),
    BINARY(Greater, cn_op_greater),
    BINARY(GreaterEqual, cn_op_greater_equal),
    BINARY(LogicalAnd, cn_op_logical_and),
    BINARY(LogicalOr, cn_op_logical_or),
    BINARY(Matmul, cn_op_matmul),
    OTHER(Where, read_where, nothing),
    FOLD(Sum, cn_op_sum),
    FOLD(Mean, cn_op_mean),
    FOLD(Max, cn_op_max),
    FOLD(Min, cn_op_min),
    FOLD(Amax, cn_op_max),
    FOLD(Amin, cn_op_min),
    FOLD(Prod, cn_op_prod),
    FOLD(Any, cn_op_any),
    FOLD(All, cn_op_all),
    FOLD(Var, variance),
    FOLD(Std, deviation),
    {.class_name = "Average", .read = read_average, .options = fold_options, .fold = cn_op_mean},
    ALONG(Argmax, read_index_of, cn_op_argmax),
    ALONG(Argmin, read_index_of, cn_op_argmin),
    ALONG(ExpandDims, read_along, cn_op_expand_dims),
    OTHER(Logsumexp, read_logsumexp, axis_options),
    OTHER(Cast, read_cast, dtype_option),
    {.class_name = "ZerosLike",
     .read = read_like,
     .options = dtype_option,
     .unary = cn_op_zeros_like},
    {.class_name = "OnesLike",
     .read = read_like,
     .options = dtype_option,
     .unary = cn_op_ones_like},
    OTHER(FullLike, read_full_like, dtype_option),
    OTHER(Clip, read_clip, clip_options),
    OTHER(OneHot, read_one_hot, one_hot_options),
    ACTIVATION(Relu, CN_RELU, nothing),
    ACTIVATION(ReLU, CN_RELU, relu_options),
    ACTIVATION(Relu6, CN_RELU6, nothing),
    ACTIVATION(Sigmoid, CN_SIGMOID, nothing),
    ACTIVATION(SparseSigmoid, CN_SPARSE_SIGMOID, nothing),
    ACTIVATION(LogSigmoid, CN_LOG_SIGMOID, nothing),
    ACTIVATION(HardSigmoid, CN_HARD_SIGMOID, nothing),
    ACTIVATION(Silu, CN_SILU, nothing),
    ACTIVATION(HardSilu, CN_HARD_SILU, nothing),
    ACTIVATION(Softplus, CN_SOFTPLUS, nothing),
    ACTIVATION(SparsePlus, CN_SPARSE_PLUS, nothing),
    ACTIVATION(Softsign, CN_SOFTSIGN, nothing),
    ACTIVATION(Selu, CN_SELU, nothing),
    ACTIVATION(Mish, CN_MISH, nothing),
    ACTIVATION(TanhShrink, CN_TANH_SHRINK, nothing),
    ACTIVATION(HardTanh, CN_HARD_TANH, nothing),
    ACTIVATION(LeakyRelu, CN_LEAKY_RELU, slope_option),
    ACTIVATION(Elu, CN_ELU, alpha_option),
    ACTIVATION(Celu, CN_CELU, alpha_option),
    ACTIVATION(SoftShrink, CN_SOFT_SHRINK, shrink_option),
    ACTIVATION(HardShrink, CN_HARD_SHRINK, shrink_option),
    ACTIVATION(Threshold, CN_THRESHOLD, threshold_options),
    ACTIVATION(Squareplus, CN_SQUAREPLUS, squareplus_option),
    ACTIVATION(Glu, CN_GLU, activation_axis),
    ACTIVATION(Softmax, CN_SOFTMAX, activation_axis),
    ACTIVATION(LogSoftmax, CN_LOG_SOFTMAX, activation_axis),
    ACTIVATION(Sparsemax, CN_SPARSEMAX, activation_axis),
    OTHER(Gelu, read_gelu, gelu_options),
    {.class_name = NULL},
};

static const op_row *find_row(const char *class_name) {
    const op_row *const tables[] = {plain_rows, keras_shape_rows};
    for (int t = 0; t < 2; t++)
        for (const op_row *row = tables[t]; row->class_name != NULL; row++)
            if (strcmp(row->class_name, class_name) == 0)
                return row;
    return NULL;
}

bool keras_op_known(const char *class_name) {
    return find_row(class_name) != NULL;
}

static size_t read_results(const op_reading *o, cn_tensor *results, size_t capacity) {
    if (o->row->read_list != NULL)
        return o->row->read_list(o, results, capacity);
    results[0] = o->row->read(o);
    return 1;
}

size_t keras_read_op(keras_reader *r, const keras_op_call *call, cn_tensor *results,
                     size_t capacity) {
    op_reading o = {r, call, find_row(call->class_name)};
    uint32_t problems = r->problem_count;
    if (o.row == NULL) {
        op_reading_refuse(&o, "Cornu has no such op", call->config);
        return 0;
    }
    cn_source outer = r->context->where;
    r->context->where = r->where;
    size_t count = read_results(&o, results, capacity);
    r->context->where = outer;
    bool ok = keras_made(r, call->place) && r->problem_count == problems;
    for (size_t i = 0; ok && i < count; i++) {
        ok = cn_tensor_ok(results[i]);
        if (!ok)
            keras_problem(r, call->place, "one of its operands could not be had");
    }
    return ok ? count : 0;
}
