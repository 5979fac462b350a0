/* Cross-entropies, from scores (logits) where they can be had, else from probabilities.
 *
 * From scores the loss is one numerically safe composite: the logarithm never sees a rounded
 * probability. A prediction that softmax or sigmoid made has its scores one operand away, so they
 * are used, as Keras does on TensorFlow (`_keras_logits`). Probabilities of other origin go
 * Keras' general way: divided by their sum, clipped to [1e-7, 1 - 1e-7].
 *
 *     categorical  -sum(target * log(p))            sparse  -log(p[label])
 *     binary       -target * log(p) - (1 - target) * log(1 - p)
 */
#include <string.h>

#include "frontend/losses.h"
#include "frontend/record.h"

static const double epsilon = 1e-7; /* Keras' backend.epsilon() */

/* What a prediction tells: scores, or probabilities. */
typedef struct evidence {
    cn_tensor tensor;
    bool scores;
} evidence;

/* ---- finding scores ----------------------------------------------------------------------- */

static const node *producer(cn_tensor x) {
    const graph *g = x.context->record;
    const node *n = value_node(g, tensor_value(x));
    while (n->op == &op_cast)
        n = value_node(g, n->operands[0]);
    return n;
}

static bool is_softmax_over(const node *n, int axis) {
    if (n->op != &op_composite)
        return false;
    const composite_attributes *a = n->attributes;
    return strcmp(a->name, "softmax") == 0 && a->parameters.items[0] == axis;
}

static bool is_sigmoid(const node *n, int axis) {
    (void)axis;
    return n->op == &op_sigmoid;
}

static evidence find_scores(const cn_loss *l, cn_tensor prediction, int axis,
                            bool (*makes_probabilities)(const node *, int)) {
    cn_context *c = prediction.context;
    const node *n = producer(prediction);
    if (!makes_probabilities(n, axis))
        return (evidence){prediction, l->from_logits};
    if (l->from_logits)
        diag_warn(&c->diag, "loss \"%s\" has .from_logits, but its prediction is %s, probabilities",
                  l->name, tensor_describe(prediction));
    cn_tensor scores = tensor_of(c, n->operands[0]);
    return (evidence){cn_op_cast(scores, cn_tensor_dtype(prediction)), true};
}

/* ---- classes along the last axis ---------------------------------------------------------- */

static cn_tensor axis_last(cn_tensor x, int axis) {
    int rank = tensor_type(x)->rank;
    int64_t order[MAX_RANK];
    if (axis == rank - 1)
        return x;
    for (int i = 0, next = 0; i < rank; i++)
        if (i != axis)
            order[next++] = i;
    order[rank - 1] = axis;
    return cn_op_transpose(x, order);
}

/* Scores, or probabilities divided by their sum, with the classes last; poison when the loss
 * names an axis that there is not. */
static evidence class_evidence(const cn_loss *l, cn_tensor prediction) {
    cn_context *c = prediction.context;
    int axis = axis_of(prediction, l->axis);
    if (axis < 0) {
        context_fail(c, c->where, CN_ERROR_SHAPE, "loss \"%s\": there is no class axis %lld in %s",
                     l->name, (long long)l->axis, tensor_describe(prediction));
        return (evidence){tensor_poison(c), false};
    }
    evidence e = find_scores(l, prediction, axis, is_softmax_over);
    e.tensor = axis_last(e.tensor, axis);
    if (!e.scores)
        e.tensor = cn_op_divide(e.tensor, cn_op_sum(e.tensor, 1, (const int64_t[]){-1}, true));
    return e;
}

static cn_tensor log_of_clipped(cn_tensor p) {
    return cn_op_log(cn_op_clip(p, epsilon, 1 - epsilon));
}

/* ---- composites --------------------------------------------------------------------------- */

static value build_entropy(const op_call *call) {
    const value operands[] = {call_value(call, 0), call_value(call, 1)};
    value loss;
    build_composite(call->g, call->name, NULL, operands, 2, &loss);
    return loss;
}

static cn_tensor entropy(const char *composite, cn_tensor scores, cn_tensor truth) {
    const cn_tensor operands[] = {scores, truth};
    return op_record(scores.context, composite, build_entropy, operands, 2, NULL);
}

/* ---- the losses --------------------------------------------------------------------------- */

cn_tensor loss_binary_crossentropy(const cn_loss *l, cn_tensor truth, cn_tensor prediction) {
    cn_context *c = prediction.context;
    int rank = tensor_type(prediction)->rank, axis = axis_of(prediction, l->axis);
    if (axis < 0 && rank > 0) {
        context_fail(c, c->where, CN_ERROR_SHAPE, "loss \"%s\": there is no axis %lld in %s",
                     l->name, (long long)l->axis, tensor_describe(prediction));
        return tensor_poison(c);
    }
    double smoothing = l->label_smoothing;
    if (smoothing != 0)
        truth = cn_op_shift(cn_op_scale(truth, 1 - smoothing), 0.5 * smoothing);
    evidence e = find_scores(l, prediction, axis, is_sigmoid);
    cn_tensor values;
    if (e.scores) {
        values = entropy("sigmoid_cross_entropy", e.tensor, truth);
    } else {
        cn_tensor p = cn_op_clip(e.tensor, epsilon, 1 - epsilon);
        cn_tensor no = cn_op_log(cn_op_shift(cn_op_negative(p), 1));
        cn_tensor not_target = cn_op_shift(cn_op_negative(truth), 1);
        values = cn_op_negative(
            cn_op_add(cn_op_multiply(truth, cn_op_log(p)), cn_op_multiply(not_target, no)));
    }
    return rank < 2 ? values : cn_op_mean(values, 1, (const int64_t[]){axis}, false);
}

cn_tensor loss_categorical_crossentropy(const cn_loss *l, cn_tensor truth, cn_tensor prediction) {
    evidence e = class_evidence(l, prediction);
    if (!cn_tensor_ok(e.tensor))
        return e.tensor;
    truth = axis_last(truth, axis_of(truth, l->axis));
    if (l->label_smoothing != 0) {
        cn_tensor classes = cn_op_size(truth, -1, cn_tensor_dtype(truth));
        cn_tensor share = cn_op_scale(cn_op_reciprocal(classes), l->label_smoothing);
        truth = cn_op_add(cn_op_scale(truth, 1 - l->label_smoothing), share);
    }
    if (e.scores)
        return entropy("softmax_cross_entropy", e.tensor, truth);
    cn_tensor terms = cn_op_multiply(truth, log_of_clipped(e.tensor));
    return cn_op_negative(cn_op_sum(terms, 1, (const int64_t[]){-1}, false));
}

static cn_tensor minus_log_of_picked(cn_tensor p, cn_tensor labels) {
    cn_tensor picked = cn_op_take_along_axis(p, cn_op_expand_dims(labels, -1), -1);
    return cn_op_negative(log_of_clipped(cn_op_squeeze(picked, -1)));
}

/* Labels of the ignored class may lie outside of the classes, so they are read as 0 first. */
cn_tensor loss_sparse_categorical_crossentropy(const cn_loss *l, cn_tensor labels,
                                               cn_tensor prediction) {
    evidence e = class_evidence(l, prediction);
    if (!cn_tensor_ok(e.tensor))
        return e.tensor;
    cn_tensor counts = CN_END;
    if (l->has_ignore_class) {
        cn_tensor ignored = cn_op_constant(labels.context, (double)l->ignore_class, CN_I32);
        counts = cn_op_not_equal(labels, ignored);
        labels = cn_op_where(counts, labels, cn_op_zeros_like(labels));
    }
    cn_tensor values = e.scores ? entropy("sparse_softmax_cross_entropy", e.tensor, labels)
                                : minus_log_of_picked(e.tensor, labels);
    return counts.context == NULL ? values : cn_op_where(counts, values, cn_op_zeros_like(values));
}
