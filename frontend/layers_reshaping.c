/* Flatten, Reshape, Permute, ZeroPadding2D. */
#include "frontend/layers.h"

#include <string.h>

/* ---- flatten ---------------------------------------------------------------------------- */

static void flatten_call(cn_layer_call *call) {
    const type *t = tensor_type(call->inputs[0]);
    int64_t features = 1;
    if (t->rank == 0) {
        layer_call_fail(call, 0, CN_ERROR_SHAPE, "wants a batch axis first");
        return;
    }
    for (int i = 1; i < t->rank; i++)
        features *= t->dims[i].count;
    const int64_t shape[] = {CN_BATCH, features};
    call->outputs[0] = cn_op_reshape(call->inputs[0], 2, shape);
}

static const option_row flatten_options[] = {
    {"data_format", OPTION_FIXED, OPTION_WORDS("\"channels_last\"")},
    {0},
};

const layer_kind flatten_kind = {
    .class = {.name = "Flatten", .min_inputs = 1, .max_inputs = 1, .call = flatten_call},
    LAYER_OPTIONS(cn_flatten_options),
    .options = flatten_options,
};

cn_layer *cn_flatten_at(cn_source where, const cn_flatten_options *options) {
    return layer_construct(where, &flatten_kind, options);
}

/* ---- reshape ---------------------------------------------------------------------------- */

static bool reshape_complete(cn_layer *layer) {
    const cn_reshape_options *o = layer->options;
    int count = option_count(o->target_shape), open = 0;
    if (count == 0)
        return option_fail(layer, ".target_shape is missing; give it without the batch axis");
    if (count >= CN_MAX_RANK)
        return option_fail(layer, ".target_shape has %d axes; with the batch, %d are the most",
                           count, CN_MAX_RANK);
    for (int i = 0; i < count; i++) {
        open += o->target_shape[i] == -1;
        if (o->target_shape[i] < -1)
            return option_fail(layer, "axis %d of .target_shape is %lld", i,
                               (long long)o->target_shape[i]);
    }
    return open <= 1 || option_fail(layer, ".target_shape has more than one -1");
}

static void reshape_call(cn_layer_call *call) {
    const cn_reshape_options *o = call->layer->options;
    int count = option_count(o->target_shape);
    int64_t shape[CN_MAX_RANK] = {CN_BATCH};
    if (tensor_type(call->inputs[0])->rank == 0) {
        layer_call_fail(call, 0, CN_ERROR_SHAPE, "wants a batch axis first");
        return;
    }
    memcpy(shape + 1, o->target_shape, (size_t)count * sizeof *shape);
    cn_tensor y = cn_op_reshape(call->inputs[0], count + 1, shape);
    /* As an op that would do: samples merged or split. A layer keeps them. */
    if (cn_tensor_ok(y) &&
        !dim_equal(tensor_type(y)->dims[0], tensor_type(call->inputs[0])->dims[0]))
        layer_call_fail(call, 0, CN_ERROR_SHAPE,
                        "has a .target_shape of other size than a sample; -1 stands for what is "
                        "left");
    call->outputs[0] = y;
}

static const option_row reshape_options[] = {
    {"target_shape", OPTION_LIST, OPTION_AT(cn_reshape_options, target_shape)},
    {0},
};

const layer_kind reshape_kind = {
    .class = {.name = "Reshape", .min_inputs = 1, .max_inputs = 1, .call = reshape_call},
    LAYER_OPTIONS(cn_reshape_options),
    .options = reshape_options,
    .complete = reshape_complete,
};

cn_layer *cn_reshape_at(cn_source where, const cn_reshape_options *options) {
    return layer_construct(where, &reshape_kind, options);
}

/* ---- permute ---------------------------------------------------------------------------- */

static bool permute_complete(cn_layer *layer) {
    const cn_permute_options *o = layer->options;
    int count = option_count(o->dims);
    bool seen[CN_MAX_RANK + 1] = {false};
    if (count == 0)
        return option_fail(layer,
                           ".dims is missing; {2, 1} exchanges the two axes after the batch");
    for (int i = 0; i < count; i++) {
        if (o->dims[i] < 1 || o->dims[i] > count || seen[o->dims[i]])
            return option_fail(layer,
                               ".dims must be the numbers from 1 to %d in some order; the "
                               "batch is left out",
                               count);
        seen[o->dims[i]] = true;
    }
    return true;
}

static void permute_call(cn_layer_call *call) {
    const cn_permute_options *o = call->layer->options;
    int count = option_count(o->dims);
    int64_t axes[CN_MAX_RANK + 1] = {0};
    if (tensor_type(call->inputs[0])->rank != count + 1) {
        layer_call_fail(call, 0, CN_ERROR_SHAPE, "wants %d axes besides the batch", count);
        return;
    }
    memcpy(axes + 1, o->dims, (size_t)count * sizeof *axes);
    call->outputs[0] = cn_op_transpose(call->inputs[0], axes);
}

static const option_row permute_options[] = {
    {"dims", OPTION_LIST, OPTION_AT(cn_permute_options, dims)},
    {0},
};

const layer_kind permute_kind = {
    .class = {.name = "Permute", .min_inputs = 1, .max_inputs = 1, .call = permute_call},
    LAYER_OPTIONS(cn_permute_options),
    .options = permute_options,
    .complete = permute_complete,
};

cn_layer *cn_permute_at(cn_source where, const cn_permute_options *options) {
    return layer_construct(where, &permute_kind, options);
}

/* ---- zero padding ----------------------------------------------------------------------- */

static bool zero_padding_complete(cn_layer *layer) {
    cn_zero_padding2d_options *o = layer->options;
    int64_t *amounts = &o->padding[0][0];
    bool any = false;
    for (int i = 0; i < 4; i++) {
        if (amounts[i] < 0 && amounts[i] != CN_ZERO)
            return option_fail(layer, ".padding has %lld; amounts are not negative",
                               (long long)amounts[i]);
        any = any || amounts[i] != 0;
    }
    for (int i = 0; i < 4; i++)
        amounts[i] = option_integer(amounts[i], any ? 0 : 1);
    return true;
}

static void zero_padding_call(cn_layer_call *call) {
    const cn_zero_padding2d_options *o = call->layer->options;
    if (!call_wants_rank(call, 0, 4, "[batch, height, width, channels]"))
        return;
    cn_tensor x = call->inputs[0];
    for (int i = 0; i < 2; i++)
        x = cn_op_pad(x, i + 1, o->padding[i][0], o->padding[i][1], 0);
    call->outputs[0] = x;
}

static const option_row zero_padding2d_options[] = {
    {"padding", OPTION_MARGINS, OPTION_AT(cn_zero_padding2d_options, padding)},
    {"data_format", OPTION_FIXED, OPTION_WORDS("\"channels_last\"")},
    {0},
};

const layer_kind zero_padding2d_kind = {
    .class = {.name = "ZeroPadding2D", .min_inputs = 1, .max_inputs = 1, .call = zero_padding_call},
    LAYER_OPTIONS(cn_zero_padding2d_options),
    .options = zero_padding2d_options,
    .complete = zero_padding_complete,
};

cn_layer *cn_zero_padding2d_at(cn_source where, const cn_zero_padding2d_options *options) {
    return layer_construct(where, &zero_padding2d_kind, options);
}
