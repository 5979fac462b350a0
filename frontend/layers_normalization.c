/* BatchNormalization: y = (x - mean) / sqrt(variance + epsilon) * gamma + beta.
 *
 * In training, and unless the layer is frozen, mean and variance are those of the batch over all
 * axes but one (variance biased: the mean of squared distances), gradients flow through them,
 * and the moving statistics take a step towards them; else the moving ones are used. One flag
 * chooses, which is a constant once a program is compiled.
 */
#include "frontend/layers.h"

typedef struct statistics {
    cn_tensor mean, variance;
} statistics;

static bool batch_normalization_complete(cn_layer *layer) {
    const cn_batch_normalization_options *o = layer->options;
    layer->frozen = o->frozen;
    if (!(o->momentum >= 0 && o->momentum <= 1))
        return option_fail(layer, ".momentum is %g; it must be from 0 to 1", o->momentum);
    return o->epsilon >= 0 ||
           option_fail(layer, ".epsilon is %g; it must not be negative", o->epsilon);
}

/* The channel axis of the input; -1 after a failure. */
static int channel_axis(cn_layer_call *call) {
    const cn_batch_normalization_options *o = call->layer->options;
    const type *x = tensor_type(call->inputs[0]);
    int64_t axis = o->axis < 0 ? o->axis + x->rank : o->axis;
    if (axis < 0 || axis >= x->rank || x->rank < 2) {
        layer_call_fail(call, 0, CN_ERROR_SHAPE, "wants two axes or more, .axis %lld among them",
                        (long long)o->axis);
        return -1;
    }
    if (x->dims[axis].symbolic) {
        layer_call_fail(call, 0, CN_ERROR_SHAPE, "wants channels on axis %lld, not the batch",
                        (long long)o->axis);
        return -1;
    }
    return (int)axis;
}

static void add_statistic(cn_layer *layer, const char *name, int64_t channels, bool trainable,
                          const cn_initializer *initializer, const cn_regularizer *regularizer) {
    layer_add_weight(layer, (cn_weight_options){.name = name,
                                                .shape = {channels},
                                                .initializer = initializer,
                                                .regularizer = regularizer,
                                                .not_trainable = !trainable});
}

static void batch_normalization_build(cn_layer_call *call) {
    const cn_batch_normalization_options *o = call->layer->options;
    int axis = channel_axis(call);
    if (axis < 0)
        return;
    int64_t channels = tensor_type(call->inputs[0])->dims[axis].count;
    cn_layer *layer = call->layer;
    if (!o->no_scale)
        add_statistic(layer, "gamma", channels, true, o->gamma_initializer, o->gamma_regularizer);
    if (!o->no_center)
        add_statistic(layer, "beta", channels, true, o->beta_initializer, o->beta_regularizer);
    add_statistic(layer, "moving_mean", channels, false, o->moving_mean_initializer, NULL);
    add_statistic(layer, "moving_variance", channels, false, o->moving_variance_initializer, NULL);
}

/* A vector [channels] shaped to broadcast along `axis` of an input of this rank. */
static cn_tensor along(cn_tensor vector, int axis, int rank) {
    int64_t shape[CN_MAX_RANK];
    for (int i = 0; i < rank; i++)
        shape[i] = i == axis ? tensor_type(vector)->dims[0].count : 1;
    return cn_tensor_ok(vector) ? cn_op_reshape(vector, rank, shape) : vector;
}

static statistics batch_statistics(cn_tensor x, int axis) {
    int rank = tensor_type(x)->rank, count = 0;
    int64_t others[CN_MAX_RANK];
    for (int i = 0; i < rank; i++)
        if (i != axis)
            others[count++] = i;
    cn_tensor mean = cn_op_mean(x, count, others, true);
    cn_tensor distance = cn_op_square(cn_op_subtract(x, mean));
    const int64_t channels[] = {-1};
    return (statistics){.mean = cn_op_reshape(mean, 1, channels),
                        .variance = cn_op_mean(distance, count, others, false)};
}

/* moving * momentum + batch * (1 - momentum), while training. */
static cn_tensor moved(cn_tensor learning, cn_tensor moving, cn_tensor batch, double momentum) {
    cn_tensor step = cn_op_add(cn_op_scale(moving, momentum), cn_op_scale(batch, 1 - momentum));
    return cn_op_where(learning, step, moving);
}

static cn_tensor normalize(cn_layer_call *call, cn_tensor x, statistics s, int axis) {
    const cn_batch_normalization_options *o = call->layer->options;
    int rank = tensor_type(x)->rank;
    cn_tensor inverse = cn_op_rsqrt(cn_op_shift(s.variance, o->epsilon));
    if (!o->no_scale)
        inverse = cn_op_multiply(inverse, cn_layer_weight(call->layer, "gamma"));
    cn_tensor y =
        cn_op_multiply(cn_op_subtract(x, along(s.mean, axis, rank)), along(inverse, axis, rank));
    return o->no_center ? y : cn_op_add(y, along(cn_layer_weight(call->layer, "beta"), axis, rank));
}

static void batch_normalization_call(cn_layer_call *call) {
    const cn_batch_normalization_options *o = call->layer->options;
    cn_layer *layer = call->layer;
    statistics moving = {cn_layer_weight(layer, "moving_mean"),
                         cn_layer_weight(layer, "moving_variance")};
    int axis = channel_axis(call);
    if (axis < 0)
        return;
    dim channels = tensor_type(moving.mean)->dims[0];
    if (!dim_equal(tensor_type(call->inputs[0])->dims[axis], channels)) {
        layer_call_fail(call, 0, CN_ERROR_SHAPE, "was built for %lld channels",
                        (long long)channels.count);
        return;
    }
    cn_tensor x = call_input(call, 0), learning = cn_layer_training(layer, true);
    statistics batch = batch_statistics(x, axis);
    statistics used = {cn_op_where(learning, batch.mean, moving.mean),
                       cn_op_where(learning, batch.variance, moving.variance)};
    call->outputs[0] = normalize(call, x, used, axis);
    cn_layer_update(layer, moving.mean, moved(learning, moving.mean, batch.mean, o->momentum));
    cn_layer_update(layer, moving.variance,
                    moved(learning, moving.variance, batch.variance, o->momentum));
}

static const option_row batch_normalization_options[] = {
    {"axis", OPTION_INTEGER_BY_RULE, OPTION_AT(cn_batch_normalization_options, axis), .number = -1},
    {"momentum", OPTION_NUMBER_BY_RULE, OPTION_AT(cn_batch_normalization_options, momentum),
     .number = 0.99},
    {"epsilon", OPTION_NUMBER_BY_RULE, OPTION_AT(cn_batch_normalization_options, epsilon),
     .number = 1e-3},
    {"center", OPTION_NOT, OPTION_AT(cn_batch_normalization_options, no_center)},
    {"scale", OPTION_NOT, OPTION_AT(cn_batch_normalization_options, no_scale)},
    {"beta_initializer", OPTION_INITIALIZER,
     OPTION_AT(cn_batch_normalization_options, beta_initializer), .more = CN_ZEROS},
    {"gamma_initializer", OPTION_INITIALIZER,
     OPTION_AT(cn_batch_normalization_options, gamma_initializer), .more = CN_ONES},
    {"moving_mean_initializer", OPTION_INITIALIZER,
     OPTION_AT(cn_batch_normalization_options, moving_mean_initializer), .more = CN_ZEROS},
    {"moving_variance_initializer", OPTION_INITIALIZER,
     OPTION_AT(cn_batch_normalization_options, moving_variance_initializer), .more = CN_ONES},
    {"beta_regularizer", OPTION_REGULARIZER,
     OPTION_AT(cn_batch_normalization_options, beta_regularizer)},
    {"gamma_regularizer", OPTION_REGULARIZER,
     OPTION_AT(cn_batch_normalization_options, gamma_regularizer)},
    {"beta_constraint", OPTION_FIXED, OPTION_WORDS("null")},
    {"gamma_constraint", OPTION_FIXED, OPTION_WORDS("null")},
    {"synchronized", OPTION_FIXED, OPTION_WORDS("", "false")},
    {"renorm", OPTION_FIXED, OPTION_WORDS("", "false")},
    {"renorm_clipping", .kind = OPTION_FREE},
    {"renorm_momentum", .kind = OPTION_FREE},
    {0},
};

const layer_kind batch_normalization_kind = {
    .class = {.name = "BatchNormalization",
              .min_inputs = 1,
              .max_inputs = 1,
              .build = batch_normalization_build,
              .call = batch_normalization_call},
    LAYER_OPTIONS(cn_batch_normalization_options),
    .options = batch_normalization_options,
    .complete = batch_normalization_complete,
};

cn_layer *cn_batch_normalization_at(cn_source where,
                                    const cn_batch_normalization_options *options) {
    return layer_construct(where, &batch_normalization_kind, options);
}
