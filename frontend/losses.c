/* Losses: the objects, and the way from per-sample values to a scalar.
 *
 * A loss is a formula for per-sample values (a mean over the features, so [batch] or
 * [batch, time]) and a reduction. What comes between is Keras' (keras.md 3.1):
 *
 *     values -> times sample weights -> summed -> divided, by reduction:
 *       sum_over_batch_size      the number of values, whatever the weights
 *       mean_with_sample_weight  the sum of the weights
 *
 * Values that are masked (labels of .ignore_class) count as absent: a mean divides by the others.
 * Numbers of values are sizes of the actual batch, so the short last batch is right.
 */
#include <string.h>

#include "frontend/losses.h"

/* ---- how targets fit predictions ---------------------------------------------------------- */

static int rank_of(cn_tensor x) {
    return tensor_type(x)->rank;
}

/* Keras' rule for ranks that differ by an axis of 1 at the end of the longer. */
static void align_ranks(cn_tensor *longer, cn_tensor *shorter) {
    if (rank_of(*longer) != rank_of(*shorter) + 1 || !ends_in_one(tensor_type(*longer)))
        return;
    if (rank_of(*shorter) == 1)
        *shorter = cn_op_expand_dims(*shorter, -1);
    else
        *longer = cn_op_squeeze(*longer, -1);
}

bool target_fits(const char *who, cn_tensor *truth, cn_tensor *prediction) {
    cn_context *c = prediction->context;
    if (!cn_tensor_ok(*truth) || !cn_tensor_ok(*prediction))
        return false;
    align_ranks(truth, prediction);
    align_ranks(prediction, truth);
    if (shape_equal(tensor_type(*truth), tensor_type(*prediction)))
        return true;
    return context_fail(c, c->where, CN_ERROR_SHAPE, "%s: the target is %s, the prediction %s", who,
                        tensor_describe(*truth), tensor_describe(*prediction));
}

int axis_of(cn_tensor x, int64_t axis) {
    int rank = rank_of(x);
    return axis < -rank || axis >= rank ? -1 : (int)(axis < 0 ? axis + rank : axis);
}

static type without_axis(type t, int axis) {
    for (int i = axis; i + 1 < t.rank; i++)
        t.dims[i] = t.dims[i + 1];
    t.rank--;
    return t;
}

cn_tensor labels_fit(const char *who, cn_tensor labels, cn_tensor prediction, int64_t class_axis) {
    cn_context *c = prediction.context;
    if (!cn_tensor_ok(labels) || !cn_tensor_ok(prediction))
        return tensor_poison(c);
    int axis = axis_of(prediction, class_axis);
    if (axis < 0) {
        context_fail(c, c->where, CN_ERROR_SHAPE, "%s: there is no class axis %lld in %s", who,
                     (long long)class_axis, tensor_describe(prediction));
        return tensor_poison(c);
    }
    type wanted = without_axis(*tensor_type(prediction), axis);
    if (rank_of(labels) == wanted.rank + 1 && ends_in_one(tensor_type(labels)))
        labels = cn_op_squeeze(labels, -1);
    if (!shape_equal(tensor_type(labels), &wanted)) {
        context_fail(c, c->where, CN_ERROR_SHAPE,
                     "%s: the labels are %s for a prediction %s; there is one label per row of "
                     "scores (one-hot targets are for the categorical kind)",
                     who, tensor_describe(labels), tensor_describe(prediction));
        return tensor_poison(c);
    }
    return cn_op_cast(labels, CN_I32);
}

type loss_target_type(const cn_loss *l, const type *prediction) {
    if (l == NULL)
        return *prediction;
    if (!l->sparse)
        return l->target_dtype == CN_DTYPE_DEFAULT ? *prediction
                                                   : type_with_dtype(*prediction, l->target_dtype);
    int64_t axis = l->axis < 0 ? l->axis + prediction->rank : l->axis;
    bool known = axis >= 0 && axis < prediction->rank; /* else labels_fit says so */
    return type_with_dtype(known ? without_axis(*prediction, (int)axis) : *prediction, CN_I32);
}

/* ---- formulas ----------------------------------------------------------------------------- */

cn_tensor mean_over_features(cn_tensor x) {
    if (!cn_tensor_ok(x) || rank_of(x) < 2)
        return x;
    return cn_op_mean(x, 1, (const int64_t[]){-1}, false);
}

cn_tensor loss_mean_squared_error(const cn_loss *l, cn_tensor truth, cn_tensor prediction) {
    (void)l;
    return mean_over_features(cn_op_square(cn_op_subtract(prediction, truth)));
}

cn_tensor loss_mean_absolute_error(const cn_loss *l, cn_tensor truth, cn_tensor prediction) {
    (void)l;
    return mean_over_features(cn_op_absolute(cn_op_subtract(prediction, truth)));
}

/* e^2 / 2 within delta, a line of slope delta beyond. */
cn_tensor loss_huber(const cn_loss *l, cn_tensor truth, cn_tensor prediction) {
    cn_tensor error = cn_op_absolute(cn_op_subtract(prediction, truth));
    cn_tensor delta = cn_op_constant(prediction.context, l->delta, cn_tensor_dtype(prediction));
    cn_tensor line = cn_op_shift(cn_op_scale(error, l->delta), -0.5 * l->delta * l->delta);
    cn_tensor parabola = cn_op_scale(cn_op_square(error), 0.5);
    return mean_over_features(cn_op_where(cn_op_less_equal(error, delta), parabola, line));
}

static cn_tensor custom_values(const cn_loss *l, cn_tensor truth, cn_tensor prediction) {
    return l->custom(truth, prediction, l->user);
}

/* ---- weights and reduction ---------------------------------------------------------------- */

/* Losses are computed in f32, Keras' floatx, or wider. */
static cn_tensor as_float(cn_tensor x) {
    return cn_tensor_dtype(x) == CN_F64 ? x : cn_op_cast(x, CN_F32);
}

static cn_tensor sum_all(cn_tensor x) {
    return cn_op_sum(x, 0, NULL, false);
}

static cn_tensor mean_all(cn_tensor x) {
    return cn_op_mean(x, 0, NULL, false);
}

/* One weight per sample weighs all of its values: [batch] is read as [batch, 1, ...]. */
static cn_tensor weights_for(cn_tensor values, cn_tensor weight) {
    if (!cn_tensor_ok(weight) || !cn_tensor_ok(values))
        return weight;
    if (rank_of(weight) == rank_of(values) + 1 && ends_in_one(tensor_type(weight)))
        weight = cn_op_squeeze(weight, -1);
    while (cn_tensor_ok(weight) && rank_of(weight) < rank_of(values))
        weight = cn_op_expand_dims(weight, -1);
    return cn_op_cast(weight, cn_tensor_dtype(values));
}

/* 1 where the label counts, else 0; scaled for a mean so that it divides by those that count. */
static cn_tensor mask_weights(const cn_loss *l, cn_tensor labels, cn_dtype dtype) {
    if (!l->has_ignore_class)
        return CN_END;
    cn_tensor ignored = cn_op_constant(labels.context, (double)l->ignore_class, CN_I32);
    cn_tensor mask = cn_op_cast(cn_op_not_equal(labels, ignored), dtype);
    bool rescaled = l->reduction == CN_SUM_OVER_BATCH_SIZE;
    return rescaled ? cn_op_divide_no_nan(mask, mean_all(mask)) : mask;
}

static cn_tensor reduce(cn_reduction reduction, cn_tensor values, cn_tensor weight) {
    if (weight.context != NULL)
        values = cn_op_multiply(values, weight);
    if (reduction == CN_REDUCTION_NONE)
        return values;
    if (reduction == CN_REDUCTION_SUM)
        return sum_all(values);
    if (reduction == CN_MEAN_WITH_SAMPLE_WEIGHT && weight.context != NULL)
        return cn_op_divide_no_nan(sum_all(values), sum_all(weight));
    return mean_all(values);
}

static cn_tensor target_as_wanted(const cn_loss *l, const char *who, cn_tensor truth,
                                  cn_tensor *prediction) {
    if (l->sparse)
        return labels_fit(who, truth, *prediction, l->axis);
    bool fixed = l->target_dtype != CN_DTYPE_DEFAULT;
    truth = cn_op_cast(truth, fixed ? l->target_dtype : cn_tensor_dtype(*prediction));
    if (l->custom == NULL && !target_fits(who, &truth, prediction))
        return tensor_poison(prediction->context);
    return truth;
}

static cn_tensor apply(const cn_loss *l, cn_tensor truth, cn_tensor prediction, cn_tensor weight) {
    cn_context *c = prediction.context;
    const char *who = arena_format(c->arena, "loss \"%s\"", l->name);
    prediction = as_float(prediction);
    truth = target_as_wanted(l, who, truth, &prediction);
    if (!cn_tensor_ok(truth))
        return tensor_poison(c);
    cn_tensor values = as_float(l->function(l, truth, prediction));
    cn_tensor mask = mask_weights(l, truth, cn_tensor_dtype(values));
    if (weight.context != NULL)
        weight = weights_for(values, weight);
    if (mask.context != NULL)
        weight = weight.context == NULL ? mask : cn_op_multiply(weight, mask);
    return reduce(l->reduction, values, weight);
}

cn_tensor cn_loss_apply(const cn_loss *loss, cn_tensor truth, cn_tensor prediction,
                        cn_tensor sample_weight) {
    cn_context *c = prediction.context;
    if (c == NULL)
        return CN_END;
    CONTEXT_ENTER(c, tensor_poison(c));
    cn_tensor result = tensor_poison(c);
    if (loss == NULL || loss->function == NULL)
        context_fail(c, c->where, CN_ERROR_INVALID_ARGUMENT, "the loss could not be made");
    else if (cn_tensor_ok(truth) && cn_tensor_ok(prediction))
        result = apply(loss, truth, prediction, sample_weight);
    CONTEXT_LEAVE(c);
    return result;
}

/* ---- objects ------------------------------------------------------------------------------ */

#define LOSS(keras_name, ...)                     \
    const cn_loss cn_loss_object_##keras_name = { \
        .name = #keras_name, .function = loss_##keras_name, .delta = 1, .axis = -1, __VA_ARGS__}
LOSS(mean_squared_error, .sparse = false);
LOSS(mean_absolute_error, .sparse = false);
LOSS(huber, .sparse = false);
LOSS(binary_crossentropy, .sparse = false);
LOSS(categorical_crossentropy, .sparse = false);
LOSS(sparse_categorical_crossentropy, .sparse = true);
#undef LOSS

/* ---- constructors ------------------------------------------------------------------------- */

enum { DELTA = 1, LOGITS = 2, SMOOTHING = 4, IGNORE_CLASS = 8 };

static const cn_loss failed_loss = {.name = "failed"};

static bool check_loss(cn_context *c, cn_source where, const cn_loss *base, unsigned takes,
                       const cn_loss_options *o) {
    const struct {
        unsigned option;
        bool given;
        const char *name;
    } rows[] = {{DELTA, o->delta != 0, "delta"},
                {LOGITS, o->from_logits, "from_logits"},
                {LOGITS, o->axis != 0, "axis"},
                {SMOOTHING, o->label_smoothing != 0, "label_smoothing"},
                {IGNORE_CLASS, o->ignore_class != 0, "ignore_class"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].given && (takes & rows[i].option) == 0)
            return context_fail(c, where, CN_ERROR_INVALID_ARGUMENT,
                                "loss \"%s\" has no option .%s", base->name, rows[i].name);
    if (!(option_number(o->delta, 1) > 0))
        return context_fail(c, where, CN_ERROR_INVALID_ARGUMENT,
                            "loss \"%s\": .delta is %g; it is positive", base->name,
                            option_number(o->delta, 1));
    double smoothing = option_number(o->label_smoothing, 0);
    if (!(smoothing >= 0 && smoothing <= 1))
        return context_fail(c, where, CN_ERROR_INVALID_ARGUMENT,
                            "loss \"%s\": .label_smoothing is %g; it lies between 0 and 1",
                            base->name, smoothing);
    return true;
}

static bool check_reduction(cn_context *c, cn_source where, const char *name, cn_reduction r) {
    if (r >= CN_SUM_OVER_BATCH_SIZE && r <= CN_REDUCTION_NONE)
        return true;
    return context_fail(c, where, CN_ERROR_INVALID_ARGUMENT,
                        "loss \"%s\": .reduction %d is not one of cn_reduction", name, (int)r);
}

/* A copy of the object `base`, with the options. */
static const cn_loss *make_loss(cn_source where, const cn_loss_options *options,
                                const cn_loss *base, unsigned takes) {
    cn_loss_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    cn_context *c = o.context;
    if (c == NULL)
        return &failed_loss;
    CONTEXT_ENTER(c, &failed_loss);
    const cn_loss *result = &failed_loss;
    if (check_loss(c, where, base, takes, &o) &&
        check_reduction(c, where, base->name, o.reduction)) {
        cn_loss *l = ARENA_NEW(c->arena, cn_loss);
        *l = *base;
        l->context = c;
        l->reduction = o.reduction;
        l->delta = option_number(o.delta, 1);
        l->from_logits = o.from_logits;
        l->label_smoothing = option_number(o.label_smoothing, 0);
        l->axis = option_integer(o.axis, -1);
        l->has_ignore_class = o.ignore_class != 0;
        l->ignore_class = option_integer(o.ignore_class, 0);
        if (o.name != NULL)
            l->name = arena_string(c->arena, o.name);
        result = l;
    }
    CONTEXT_LEAVE(c);
    return result;
}

#define CONSTRUCTOR(keras_name, takes)                                                          \
    const cn_loss *cn_loss_##keras_name##_at(cn_source where, const cn_loss_options *options) { \
        return make_loss(where, options, &cn_loss_object_##keras_name, (takes));                \
    }
CONSTRUCTOR(mean_squared_error, 0)
CONSTRUCTOR(mean_absolute_error, 0)
CONSTRUCTOR(huber, DELTA)
CONSTRUCTOR(binary_crossentropy, LOGITS | SMOOTHING)
CONSTRUCTOR(categorical_crossentropy, LOGITS | SMOOTHING)
CONSTRUCTOR(sparse_categorical_crossentropy, LOGITS | IGNORE_CLASS)
#undef CONSTRUCTOR

static bool check_custom(cn_context *c, cn_source where, const cn_custom_loss_options *o) {
    if (o->function == NULL)
        return context_fail(c, where, CN_ERROR_INVALID_ARGUMENT,
                            "custom_loss: the function .function is missing");
    if (o->target_dtype < CN_DTYPE_DEFAULT || o->target_dtype >= CN_DTYPE_COUNT)
        return context_fail(c, where, CN_ERROR_INVALID_ARGUMENT,
                            "custom_loss: .target_dtype %d is not an element type",
                            (int)o->target_dtype);
    return check_reduction(c, where, o->name != NULL ? o->name : "custom_loss", o->reduction);
}

const cn_loss *cn_custom_loss_at(cn_source where, const cn_custom_loss_options *options) {
    cn_custom_loss_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    cn_context *c = o.context;
    if (c == NULL)
        return &failed_loss;
    CONTEXT_ENTER(c, &failed_loss);
    const cn_loss *result = &failed_loss;
    if (check_custom(c, where, &o)) {
        cn_loss *l = ARENA_NEW(c->arena, cn_loss);
        *l = (cn_loss){.name = arena_string(c->arena, o.name != NULL ? o.name : "custom_loss"),
                       .function = custom_values,
                       .custom = o.function,
                       .reduction = o.reduction,
                       .target_dtype = o.target_dtype,
                       .axis = -1,
                       .context = c};
        l->user = o.user == NULL ? NULL : arena_copy(c->arena, o.user, o.user_size);
        result = l;
    }
    CONTEXT_LEAVE(c);
    return result;
}
