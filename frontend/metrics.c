/* Metrics: per-sample values, which cn_compile averages over an epoch.
 *
 * A metric is a function of target and prediction whose values have the batch first; compile.c
 * takes each sample's mean, weighs it when asked, and keeps sums in f64. The rules are Keras':
 * "accuracy" means what shapes call for, thresholds are strict, and of equal scores the first
 * is the prediction (argmax) while all of them are within the top k.
 */
#include <math.h>
#include <string.h>

#include "frontend/losses.h"

static const char *title(const cn_metric *m, cn_tensor x) {
    return arena_format(x.context->arena, "metric \"%s\"", m->name);
}

static cn_tensor as_numbers(cn_tensor truth_value) {
    return cn_op_cast(truth_value, CN_F32);
}

/* ---- accuracy ----------------------------------------------------------------------------- */

static cn_tensor exact_values(const cn_metric *m, cn_tensor truth, cn_tensor prediction) {
    if (!target_fits(title(m, prediction), &truth, &prediction))
        return tensor_poison(prediction.context);
    truth = cn_op_cast(truth, cn_tensor_dtype(prediction));
    return mean_over_features(as_numbers(cn_op_equal(truth, prediction)));
}

static cn_tensor binary_values(const cn_metric *m, cn_tensor truth, cn_tensor prediction) {
    if (!target_fits(title(m, prediction), &truth, &prediction))
        return tensor_poison(prediction.context);
    cn_dtype dtype = cn_tensor_dtype(prediction);
    cn_tensor threshold = cn_op_constant(prediction.context, m->threshold, dtype);
    cn_tensor yes = cn_op_greater(prediction, threshold);
    return as_numbers(cn_op_equal(truth, cn_op_cast(yes, cn_tensor_dtype(truth))));
}

static cn_tensor categorical_values(const cn_metric *m, cn_tensor truth, cn_tensor prediction) {
    if (!target_fits(title(m, prediction), &truth, &prediction))
        return tensor_poison(prediction.context);
    return as_numbers(cn_op_equal(cn_op_argmax(truth, -1), cn_op_argmax(prediction, -1)));
}

static cn_tensor sparse_values(const cn_metric *m, cn_tensor labels, cn_tensor prediction) {
    labels = labels_fit(title(m, prediction), labels, prediction, -1);
    return as_numbers(cn_op_equal(labels, cn_op_argmax(prediction, -1)));
}

/* ---- top k -------------------------------------------------------------------------------- */

/* Fewer than k scores are greater than the true class's. A score that is NaN is not large. */
static cn_tensor within_top_k(const cn_metric *m, cn_tensor labels, cn_tensor prediction) {
    cn_context *c = prediction.context;
    cn_tensor score = cn_op_take_along_axis(prediction, cn_op_expand_dims(labels, -1), -1);
    cn_tensor least = cn_op_constant(c, -(double)INFINITY, cn_tensor_dtype(prediction));
    score = cn_op_where(cn_op_equal(score, score), score, least);
    cn_tensor greater = cn_op_cast(cn_op_greater(prediction, score), CN_I32);
    cn_tensor ahead = cn_op_sum(greater, 1, (const int64_t[]){-1}, false);
    return as_numbers(cn_op_less(ahead, cn_op_constant(c, (double)m->k, CN_I32)));
}

static cn_tensor top_k_values(const cn_metric *m, cn_tensor truth, cn_tensor prediction) {
    if (!target_fits(title(m, prediction), &truth, &prediction))
        return tensor_poison(prediction.context);
    return within_top_k(m, cn_op_argmax(truth, -1), prediction);
}

static cn_tensor sparse_top_k_values(const cn_metric *m, cn_tensor labels, cn_tensor prediction) {
    return within_top_k(m, labels_fit(title(m, prediction), labels, prediction, -1), prediction);
}

/* ---- errors and means --------------------------------------------------------------------- */

static cn_tensor squared_values(const cn_metric *m, cn_tensor truth, cn_tensor prediction) {
    if (!target_fits(title(m, prediction), &truth, &prediction))
        return tensor_poison(prediction.context);
    return loss_mean_squared_error(NULL, truth, prediction);
}

static cn_tensor absolute_values(const cn_metric *m, cn_tensor truth, cn_tensor prediction) {
    if (!target_fits(title(m, prediction), &truth, &prediction))
        return tensor_poison(prediction.context);
    return loss_mean_absolute_error(NULL, truth, prediction);
}

static cn_tensor own_values(const cn_metric *m, cn_tensor truth, cn_tensor prediction) {
    (void)m;
    (void)truth;
    return prediction;
}

static cn_tensor custom_values(const cn_metric *m, cn_tensor truth, cn_tensor prediction) {
    return m->custom(truth, prediction, m->user);
}

static cn_tensor failed_values(const cn_metric *m, cn_tensor truth, cn_tensor prediction) {
    (void)m;
    (void)truth;
    cn_context *c = prediction.context;
    context_fail(c, c->where, CN_ERROR_INVALID_ARGUMENT, "the metric could not be made");
    return tensor_poison(c);
}

/* ---- objects ------------------------------------------------------------------------------ */

static cn_tensor accuracy_values(const cn_metric *m, cn_tensor truth, cn_tensor prediction);

/* The last column: +1 when more is better, -1 when less is. */
#define METRIC(object, keras_name, values, better)                      \
    const cn_metric cn_metric_object_##object = {.name = (keras_name),  \
                                                 .function = (values),  \
                                                 .direction = (better), \
                                                 .threshold = 0.5,      \
                                                 .k = 5};
METRIC(accuracy, "accuracy", accuracy_values, 1)
METRIC(accuracy_exact, "accuracy", exact_values, 1)
METRIC(binary_accuracy, "binary_accuracy", binary_values, 1)
METRIC(categorical_accuracy, "categorical_accuracy", categorical_values, 1)
METRIC(sparse_categorical_accuracy, "sparse_categorical_accuracy", sparse_values, 1)
METRIC(top_k_categorical_accuracy, "top_k_categorical_accuracy", top_k_values, 1)
METRIC(sparse_top_k_categorical_accuracy, "sparse_top_k_categorical_accuracy", sparse_top_k_values,
       1)
METRIC(mean_squared_error, "mean_squared_error", squared_values, -1)
METRIC(mean_absolute_error, "mean_absolute_error", absolute_values, -1)
METRIC(mean, "mean", own_values, 0)
#undef METRIC

static const cn_metric failed_metric = {.name = "failed", .function = failed_values};

const cn_metric *metric_resolve(const cn_metric *m, const type *truth, const type *prediction) {
    if (m->function != accuracy_values)
        return m;
    if (ends_in_one(prediction))
        return CN_BINARY_ACCURACY;
    bool labels = truth->rank < prediction->rank || ends_in_one(truth);
    return labels ? CN_SPARSE_CATEGORICAL_ACCURACY : CN_CATEGORICAL_ACCURACY;
}

static cn_tensor accuracy_values(const cn_metric *m, cn_tensor truth, cn_tensor prediction) {
    if (!cn_tensor_ok(truth) || !cn_tensor_ok(prediction))
        return tensor_poison(prediction.context);
    const cn_metric *kind = metric_resolve(m, tensor_type(truth), tensor_type(prediction));
    return kind->function(kind, truth, prediction);
}

/* ---- constructors ------------------------------------------------------------------------- */

enum { THRESHOLD = 1, TOP = 2 };

static bool check_metric(cn_context *c, cn_source where, const cn_metric *base, unsigned takes,
                         const cn_metric_options *o) {
    const char *surplus = o->threshold != 0 && (takes & THRESHOLD) == 0 ? "threshold"
                          : o->k != 0 && (takes & TOP) == 0             ? "k"
                                                                        : NULL;
    if (surplus != NULL)
        return context_fail(c, where, CN_ERROR_INVALID_ARGUMENT, "metric \"%s\" has no option .%s",
                            base->name, surplus);
    if (option_integer(o->k, 5) < 1)
        return context_fail(c, where, CN_ERROR_INVALID_ARGUMENT,
                            "metric \"%s\": .k is %lld; it is at least 1", base->name,
                            (long long)option_integer(o->k, 5));
    return true;
}

static const cn_metric *make_metric(cn_source where, const cn_metric_options *options,
                                    const cn_metric *base, unsigned takes) {
    cn_metric_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    cn_context *c = o.context;
    if (c == NULL)
        return &failed_metric;
    CONTEXT_ENTER(c, &failed_metric);
    const cn_metric *result = &failed_metric;
    if (check_metric(c, where, base, takes, &o)) {
        cn_metric *m = ARENA_NEW(c->arena, cn_metric);
        *m = *base;
        m->context = c;
        m->threshold = option_number(o.threshold, 0.5);
        m->k = option_integer(o.k, 5);
        if (o.name != NULL)
            m->name = arena_string(c->arena, o.name);
        result = m;
    }
    CONTEXT_LEAVE(c);
    return result;
}

const cn_metric *cn_metric_binary_accuracy_at(cn_source where, const cn_metric_options *options) {
    return make_metric(where, options, CN_BINARY_ACCURACY, THRESHOLD);
}

const cn_metric *cn_metric_top_k_categorical_accuracy_at(cn_source where,
                                                         const cn_metric_options *options) {
    return make_metric(where, options, CN_TOP_K_CATEGORICAL_ACCURACY, TOP);
}

const cn_metric *cn_metric_sparse_top_k_categorical_accuracy_at(cn_source where,
                                                                const cn_metric_options *options) {
    return make_metric(where, options, CN_SPARSE_TOP_K_CATEGORICAL_ACCURACY, TOP);
}

const cn_metric *cn_metric_custom(cn_context *c, const char *name,
                                  cn_tensor (*function)(cn_tensor truth, cn_tensor prediction,
                                                        const void *user),
                                  const void *user, size_t user_size) {
    if (c == NULL)
        return &failed_metric;
    CONTEXT_ENTER(c, &failed_metric);
    const cn_metric *result = &failed_metric;
    if (function == NULL) {
        context_fail(c, c->where, CN_ERROR_INVALID_ARGUMENT,
                     "metric_custom: the function is missing");
    } else {
        cn_metric *m = ARENA_NEW(c->arena, cn_metric);
        *m = (cn_metric){.name = arena_string(c->arena, name != NULL ? name : "custom_metric"),
                         .function = custom_values,
                         .custom = function,
                         .context = c};
        m->user = user == NULL ? NULL : arena_copy(c->arena, user, user_size);
        result = m;
    }
    CONTEXT_LEAVE(c);
    return result;
}
