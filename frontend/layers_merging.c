/* Merging layers: Add, Subtract, Multiply, Average, Maximum, Concatenate.
 *
 * Inputs of unequal rank get axes of one after the batch, as in Keras: [B,4] with [B,2,4] is
 * [B,1,4] with [B,2,4].
 */
#include "frontend/layers.h"
#include "frontend/record.h"

typedef cn_tensor (*merge)(cn_tensor x, cn_tensor y);

static cn_tensor with_rank(cn_tensor x, int rank) {
    for (int have = tensor_type(x)->rank; have < rank; have++)
        x = cn_op_expand_dims(x, 1);
    return x;
}

/* The largest rank, after checking that all inputs broadcast; -1 after a failure. */
static int merged_rank(cn_layer_call *call) {
    int rank = 0;
    for (size_t i = 0; i < call->input_count; i++) {
        int have = tensor_type(call->inputs[i])->rank;
        rank = have > rank ? have : rank;
    }
    for (size_t i = 0; i < call->input_count; i++)
        if (tensor_type(call->inputs[i])->rank == 0) {
            layer_call_fail(call, i, CN_ERROR_SHAPE, "wants a batch axis first");
            return -1;
        }
    return rank;
}

static void merge_call(cn_layer_call *call, merge combine) {
    int rank = merged_rank(call);
    if (rank < 0)
        return;
    cn_tensor y = with_rank(call->inputs[0], rank);
    for (size_t i = 1; i < call->input_count; i++)
        y = combine(y, with_rank(call->inputs[i], rank));
    call->outputs[0] = y;
}

static void add_call(cn_layer_call *call) {
    merge_call(call, cn_op_add);
}
static void subtract_call(cn_layer_call *call) {
    merge_call(call, cn_op_subtract);
}
static void multiply_call(cn_layer_call *call) {
    merge_call(call, cn_op_multiply);
}
static void maximum_call(cn_layer_call *call) {
    merge_call(call, cn_op_maximum);
}
static void average_call(cn_layer_call *call) {
    merge_call(call, cn_op_add);
    cn_tensor sum = call->outputs[0];
    cn_dtype d = dtype_as_float(cn_tensor_dtype(sum)); /* a half stays one */
    cn_tensor count = cn_op_constant(call->layer->context, (double)call->input_count, d);
    call->outputs[0] = cn_op_divide(sum, count);
}

#define MERGE(keras, class_name, most)                                                            \
    const layer_kind keras##_kind = {                                                             \
        .class = {.name = class_name, .min_inputs = 2, .max_inputs = most, .call = keras##_call}, \
        LAYER_OPTIONS(cn_merge_options),                                                          \
    };                                                                                            \
    cn_layer *cn_##keras##_at(cn_source where, const cn_merge_options *options) {                 \
        return layer_construct(where, &keras##_kind, options);                                    \
    }
MERGE(add, "Add", 0)
MERGE(subtract, "Subtract", 2)
MERGE(multiply, "Multiply", 0)
MERGE(average, "Average", 0)
MERGE(maximum, "Maximum", 0)
#undef MERGE

/* ---- concatenate ------------------------------------------------------------------------ */

static void concatenate_call(cn_layer_call *call) {
    const cn_concatenate_options *o = call->layer->options;
    int rank = tensor_type(call->inputs[0])->rank;
    int64_t axis = o->axis < 0 ? o->axis + rank : o->axis;
    if (axis == 0)
        layer_call_fail(call, 0, CN_ERROR_SHAPE, "cannot join along the batch; use another .axis");
    else
        call->outputs[0] = cn_op_concatenate(call->inputs, call->input_count, o->axis);
}

static const option_row concatenate_options[] = {
    {"axis", OPTION_INTEGER_BY_RULE, OPTION_AT(cn_concatenate_options, axis), .number = -1},
    {0},
};

const layer_kind concatenate_kind = {
    .class = {.name = "Concatenate", .min_inputs = 1, .call = concatenate_call},
    LAYER_OPTIONS(cn_concatenate_options),
    .options = concatenate_options,
};

cn_layer *cn_concatenate_at(cn_source where, const cn_concatenate_options *options) {
    return layer_construct(where, &concatenate_kind, options);
}
