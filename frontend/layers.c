/* Constructing built-in layers, checks of options and inputs, and what many calls end with. */
#include "frontend/layers.h"

#include <stdio.h>
#include <string.h>

/* ---- constructing ----------------------------------------------------------------------- */

/* The caller may have been compiled with a shorter struct; what it lacks is zero. */
static void *copy_options(cn_context *c, cn_source where, const layer_kind *kind,
                          const void *given) {
    void *copy = arena_alloc(c->arena, kind->options_size);
    bool shorter = where.options_size != 0 && where.options_size < kind->options_size;
    memcpy(copy, given, shorter ? where.options_size : kind->options_size);
    return copy;
}

/* Zero stands for the default, CN_ZERO for zero, once it is known which option it is. */
static void fill_defaults(const option_row *rows, char *options) {
    for (const option_row *o = rows; o != NULL && o->key != NULL; o++) {
        void *place = options + o->offset;
        if (o->kind == OPTION_NUMBER_BY_RULE)
            *(double *)place = option_number(*(double *)place, o->number);
        else if (o->kind == OPTION_INTEGER_BY_RULE)
            *(int64_t *)place = option_integer(*(int64_t *)place, (int64_t)o->number);
        else if (o->kind == OPTION_INITIALIZER && *(const void **)place == NULL)
            *(const void **)place = o->more;
    }
}

cn_layer *layer_construct(cn_source where, const layer_kind *kind, const void *options) {
    cn_context *c;
    memcpy(&c, options, sizeof c);
    if (c == NULL)
        return layer_poison(NULL);
    CONTEXT_ENTER(c, layer_poison(NULL));
    char *copy = copy_options(c, where, kind, options);
    const char *name;
    memcpy(&name, copy + kind->name_offset, sizeof name);
    cn_layer *layer = layer_new(where, &kind->class, c, copy, kind->options_size, name);
    memcpy((char *)layer->options + kind->name_offset, &layer->given_name, sizeof name);
    fill_defaults(kind->options, layer->options);
    if (kind->complete != NULL && !kind->complete(layer))
        layer = layer_poison(c);
    CONTEXT_LEAVE(c);
    return layer;
}

const char *const padding_words[] = {[CN_VALID] = "valid", [CN_SAME] = "same", NULL};

const layer_kind *const layer_kinds[] = {&dense_kind,
                                         &activation_kind,
                                         &dropout_kind,
                                         &flatten_kind,
                                         &reshape_kind,
                                         &permute_kind,
                                         &rescaling_kind,
                                         &relu_kind,
                                         &leaky_relu_kind,
                                         &softmax_kind,
                                         &conv2d_kind,
                                         &depthwise_conv2d_kind,
                                         &max_pooling2d_kind,
                                         &average_pooling2d_kind,
                                         &global_average_pooling2d_kind,
                                         &global_max_pooling2d_kind,
                                         &zero_padding2d_kind,
                                         &batch_normalization_kind,
                                         &add_kind,
                                         &subtract_kind,
                                         &multiply_kind,
                                         &average_kind,
                                         &maximum_kind,
                                         &concatenate_kind,
                                         NULL};

/* ---- options ---------------------------------------------------------------------------- */

bool option_fail(const cn_layer *layer, const char *format, ...) {
    char words[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    return context_fail(layer->context, layer->where, CN_ERROR_INVALID_ARGUMENT, "%s: %s",
                        layer_title(layer), words);
}

bool option_required(const cn_layer *layer, const char *name, int64_t given) {
    if (given == 0)
        return option_fail(layer, ".%s is missing", name);
    return given > 0 ||
           option_fail(layer, ".%s is %lld; it must be at least 1", name, (long long)given);
}

int option_count(const int64_t *list) {
    int count = 0;
    while (count < CN_MAX_RANK && list[count] != 0)
        count++;
    return count;
}

bool option_pair(const cn_layer *layer, const char *name, int64_t pair[2], int64_t fallback) {
    if (pair[0] == 0 && pair[1] == 0)
        pair[0] = fallback;
    if (pair[0] == 0 && fallback == 0)
        return option_fail(layer, ".%s is missing", name);
    if (pair[0] >= 1 && pair[1] == 0)
        pair[1] = pair[0];
    if (pair[0] >= 1 && pair[1] >= 1)
        return true;
    return option_fail(layer, ".%s is {%lld, %lld}; both must be at least 1", name,
                       (long long)pair[0], (long long)pair[1]);
}

/* ---- calls ------------------------------------------------------------------------------ */

void layer_add_weight(cn_layer *layer, cn_weight_options options) {
    cn_source where = layer->where;
    where.options_size = sizeof options;
    options.layer = layer;
    cn_layer_add_weight_at(where, &options);
}

static bool axes_known(const type *t) {
    for (int i = 1; i < t->rank; i++)
        if (t->dims[i].symbolic)
            return false;
    return true;
}

bool call_wants_rank(cn_layer_call *call, size_t i, int rank, const char *wants) {
    const type *t = tensor_type(call->inputs[i]);
    if (t->rank == rank && axes_known(t))
        return true;
    const char *hint = t->rank == rank             ? "; only the first axis may be the batch"
                       : rank == 4 && t->rank == 3 ? "; did you mean cn_reshape, to add channels?"
                       : rank == 4 && t->rank == 2 ? "; did you mean to flatten later?"
                                                   : "";
    layer_call_fail(call, SIZE_MAX, CN_ERROR_SHAPE, "wants %s, got %s%s", wants,
                    tensor_describe(call->inputs[i]), hint);
    return false;
}

bool call_window_fits(cn_layer_call *call, const window2d *w, const char *cure) {
    const type *x = tensor_type(call->inputs[0]);
    for (int i = 0; i < 2; i++) {
        if (window_positions(w, i, x->dims[i + 1].count) >= 1)
            continue;
        layer_call_fail(call, SIZE_MAX, CN_ERROR_SHAPE,
                        "cannot lay a window of %lld by %lld on %s; use .padding = CN_SAME or %s",
                        (long long)w->size[0], (long long)w->size[1],
                        tensor_describe(call->inputs[0]), cure);
        return false;
    }
    return true;
}

void call_finish(cn_layer_call *call, cn_tensor x, bool no_bias, const cn_activation *activation) {
    if (!no_bias)
        x = cn_op_add(x, cn_layer_weight(call->layer, "bias"));
    call->outputs[0] = activation_apply(activation, x);
}
