/* What usually goes wrong when a network is described a second time, as tables.
 *
 * Three kinds of causes, each tested against the arrays, none guessed while a test is possible:
 *   - an option: the layer is run with other values of it (`suspects`), or with an activation more;
 *     a value under which the result agrees is the cause;
 *   - a relation of numbers: the reference is ours times a factor, in another order of axes, in
 *     float16 ... (`relations`);
 *   - the weights: compared where the reference has them, else tried in other arrangements.
 * Of several suppositions that agree, the closest is named.
 */
#include "frontend/verify.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "ir/interpret.h"

/* ---- options ---------------------------------------------------------------------------- */

typedef enum suspect_kind { PADDING, ACTIVATION, REAL, INTEGER, FLAG, PAIR } suspect_kind;

enum { MOST_CANDIDATES = 6 };
typedef struct suspect {
    const char *class_name, *option;
    size_t options_bytes, offset;
    suspect_kind kind;
    double candidates[MOST_CANDIDATES]; /* of numbers; end at 0 */
} suspect;

#define SUSPECT(class, struct, field, kind, ...)                        \
    {                                                                   \
        class, #field, sizeof(struct), offsetof(struct, field), kind, { \
            __VA_ARGS__                                                 \
        }                                                               \
    }
static const suspect suspects[] = {
    SUSPECT("Conv2D", cn_conv2d_options, padding, PADDING, 0),
    SUSPECT("Conv2D", cn_conv2d_options, strides, PAIR, 1, 2, 3, 4),
    SUSPECT("Conv2D", cn_conv2d_options, no_bias, FLAG, 0),
    SUSPECT("Conv2D", cn_conv2d_options, activation, ACTIVATION, 0),
    SUSPECT("DepthwiseConv2D", cn_depthwise_conv2d_options, padding, PADDING, 0),
    SUSPECT("DepthwiseConv2D", cn_depthwise_conv2d_options, strides, PAIR, 1, 2, 3, 4),
    SUSPECT("DepthwiseConv2D", cn_depthwise_conv2d_options, no_bias, FLAG, 0),
    SUSPECT("DepthwiseConv2D", cn_depthwise_conv2d_options, activation, ACTIVATION, 0),
    SUSPECT("Dense", cn_dense_options, no_bias, FLAG, 0),
    SUSPECT("Dense", cn_dense_options, activation, ACTIVATION, 0),
    SUSPECT("Activation", cn_activation_layer_options, activation, ACTIVATION, 0),
    SUSPECT("MaxPooling2D", cn_pooling2d_options, padding, PADDING, 0),
    SUSPECT("MaxPooling2D", cn_pooling2d_options, strides, PAIR, 1, 2, 3, 4),
    SUSPECT("MaxPooling2D", cn_pooling2d_options, pool_size, PAIR, 2, 3, 4, 5),
    SUSPECT("AveragePooling2D", cn_pooling2d_options, padding, PADDING, 0),
    SUSPECT("AveragePooling2D", cn_pooling2d_options, strides, PAIR, 1, 2, 3, 4),
    SUSPECT("AveragePooling2D", cn_pooling2d_options, pool_size, PAIR, 2, 3, 4, 5),
    SUSPECT("BatchNormalization", cn_batch_normalization_options, epsilon, REAL, 1e-3, 1e-5, 1e-6,
            1e-4, 1e-2, 1e-7),
    SUSPECT("BatchNormalization", cn_batch_normalization_options, axis, INTEGER, 1, 2, 3),
    SUSPECT("BatchNormalization", cn_batch_normalization_options, no_center, FLAG, 0),
    SUSPECT("BatchNormalization", cn_batch_normalization_options, no_scale, FLAG, 0),
    SUSPECT("LeakyReLU", cn_leaky_relu_options, negative_slope, REAL, 0.3, 0.2, 0.01, 0.1),
    SUSPECT("ReLU", cn_relu_options, negative_slope, REAL, 0.3, 0.2, 0.01, 0.1),
    SUSPECT("ReLU", cn_relu_options, max_value, REAL, 6, 1, INFINITY),
    SUSPECT("Softmax", cn_softmax_options, axis, INTEGER, 1, 2, 3),
    SUSPECT("Concatenate", cn_concatenate_options, axis, INTEGER, 1, 2, 3),
    SUSPECT("Rescaling", cn_rescaling_options, offset, REAL, -1, -0.5, 0.5, 1),
};
enum { SUSPECTS = sizeof suspects / sizeof *suspects };

/* Usual ones first: of equally close ones the first is named. */
static const cn_activation *const activations[] = {
    CN_LINEAR,   CN_RELU,     CN_SOFTMAX,      CN_SIGMOID,    CN_TANH,        CN_GELU,
    CN_SILU,     CN_ELU,      CN_SELU,         CN_LEAKY_RELU, CN_RELU6,       CN_MISH,
    CN_SOFTPLUS, CN_SOFTSIGN, CN_HARD_SIGMOID, CN_HARD_SILU,  CN_LOG_SOFTMAX, CN_EXPONENTIAL};
enum { ACTIVATIONS = sizeof activations / sizeof *activations };

typedef struct hypotheses {
    verifier *v;
    const cn_layer *layer;
    VEC(supposition) list;
} hypotheses;

static void suppose(hypotheses *h, const suspect *s, const void *other, size_t bytes,
                    const char *there, const char *here) {
    char *options = arena_copy(h->v->a, h->layer->options, s->options_bytes);
    memcpy(options + s->offset, other, bytes);
    vec_push(h->v->a, &h->list,
             (supposition){.words = arena_format(h->v->a, ".%s is %s in the reference, %s here",
                                                 s->option, there, here),
                           .options = options});
}

static void suppose_padding(hypotheses *h, const suspect *s, const void *now) {
    static const char *const names[] = {"valid", "same"};
    cn_padding is = *(const cn_padding *)now, other = is == CN_SAME ? CN_VALID : CN_SAME;
    suppose(h, s, &other, sizeof other, names[other == CN_SAME], names[is == CN_SAME]);
}

static void suppose_activations(hypotheses *h, const suspect *s, const void *now) {
    const cn_activation *is = *(const cn_activation *const *)now;
    for (size_t i = 0; i < ACTIVATIONS; i++)
        if (activations[i] != is && (is != NULL || activations[i] != CN_LINEAR))
            suppose(h, s, &activations[i], sizeof activations[i], activations[i]->name,
                    is == NULL ? "linear" : is->name);
}

static void suppose_flag(hypotheses *h, const suspect *s, const void *now) {
    bool is = *(const bool *)now, other = !is;
    if (is) /* what it lacks it has no weight for */
        return;
    suppose(h, s, &other, sizeof other, "true", "false");
}

static void suppose_numbers(hypotheses *h, const suspect *s, const void *now) {
    double is = s->kind == REAL ? *(const double *)now : (double)*(const int64_t *)now;
    const char *here = arena_format(h->v->a, "%g", is);
    for (int i = 0; i < MOST_CANDIDATES && s->candidates[i] != 0; i++) {
        double x = s->candidates[i];
        const char *there = arena_format(h->v->a, "%g", x);
        if (s->kind == REAL) {
            suppose(h, s, &x, sizeof x, there, here);
            continue;
        }
        int64_t pair[2] = {(int64_t)x, (int64_t)x};
        suppose(h, s, pair, s->kind == PAIR ? sizeof pair : sizeof *pair, there, here);
    }
}

static void (*const suppose_kind[])(hypotheses *, const suspect *, const void *) = {
    [PADDING] = suppose_padding, [ACTIVATION] = suppose_activations, [FLAG] = suppose_flag,
    [REAL] = suppose_numbers,    [INTEGER] = suppose_numbers,        [PAIR] = suppose_numbers};

static void suppose_options(hypotheses *h) {
    bool has_activation = false;
    for (size_t i = 0; i < SUSPECTS; i++) {
        const suspect *s = &suspects[i];
        if (strcmp(s->class_name, h->layer->class->name) != 0 || h->layer->options == NULL)
            continue;
        has_activation |= s->kind == ACTIVATION;
        suppose_kind[s->kind](h, s, (const char *)h->layer->options + s->offset);
    }
    for (size_t i = 1; i < ACTIVATIONS && !has_activation; i++)
        vec_push(h->v->a, &h->list,
                 (supposition){.words = arena_format(h->v->a, "the reference has %s after it",
                                                     activations[i]->name),
                               .activation = activations[i]});
    if (strcmp(h->layer->class->name, "BatchNormalization") == 0)
        vec_push(h->v->a, &h->list,
                 (supposition){.words = "the reference used the batch's own statistics, as in "
                                        "training (training=True)",
                               .training = true});
}

/* ---- arrangements of a kernel ----------------------------------------------------------- */

/* Where element (i, j, k, l) of [height, width, in, out] comes from; false when it cannot be. */
typedef struct arrangement {
    const char *words;
    int rank;
    int axes[4]; /* the axis each is taken along */
    bool turned; /* height and width backwards */
} arrangement;

static const arrangement arrangements[] = {
    {"the kernel is transposed: [out, in] in place of [in, out]", 2, {1, 0}, false},
    {"in and out are exchanged in the kernel", 4, {0, 1, 3, 2}, false},
    {"height and width are exchanged in the kernel", 4, {1, 0, 2, 3}, false},
    {"the kernel is turned by 180 degrees: convolution, not cross-correlation",
     4,
     {0, 1, 2, 3},
     true},
};

static void *rearranged(arena *a, const variable *w, const arrangement *r) {
    if (w->type.rank != r->rank)
        return NULL;
    for (int i = 0; i < r->rank; i++)
        if (!dim_equal(w->type.dims[i], w->type.dims[r->axes[i]]))
            return NULL;
    int64_t count = type_count(&w->type, 0);
    size_t bytes = (size_t)dtype_bytes(w->type.dtype);
    char *room = ARENA_ARRAY(a, char, (size_t)count *bytes + 64);
    char *data = room + (64 - (uintptr_t)room % 64) % 64;
    for (int64_t i = 0; i < count; i++) {
        int64_t index[MAX_RANK], from[MAX_RANK];
        tensor_index(&w->type, i, index);
        for (int k = 0; k < r->rank; k++) {
            int64_t last = w->type.dims[k].count - 1;
            from[r->axes[k]] = r->turned && k < 2 ? last - index[k] : index[k];
        }
        memcpy(data + (size_t)i * bytes,
               (const char *)w->data + (size_t)tensor_offset(&w->type, from) * bytes, bytes);
    }
    return data;
}

static void suppose_arrangements(hypotheses *h) {
    for (size_t i = 0; i < sizeof arrangements / sizeof *arrangements; i++) {
        void *data = h->layer->weights.count == 0
                         ? NULL
                         : rearranged(h->v->a, h->layer->weights.items[0], &arrangements[i]);
        if (data != NULL)
            vec_push(h->v->a, &h->list,
                     (supposition){.words = arrangements[i].words, .weight = data});
    }
}

/* ---- weights ---------------------------------------------------------------------------- */

/* One that the layer has in the reference alone. */
static const char *missing_weight(const verifier *v, const cn_layer *l) {
    const char *prefix = arena_format(v->a, "%s/", cn_layer_name(l));
    for (size_t i = 0; i < v->reference.entry_count; i++) {
        const char *name = v->reference.entries[i].name;
        if (!v->used[i] && strncmp(name, prefix, strlen(prefix)) == 0)
            return arena_format(v->a, "the layer has a weight \"%s\" in the reference, none here",
                                name);
    }
    return NULL;
}

/* Where the reference has them. */
static const char *given_weights(const verifier *v, const cn_layer *l) {
    for (uint32_t i = 0; i < v->m->weights.count; i++) {
        const variable *w = v->m->weights.items[i];
        const npy_array *x = npz_find(&v->reference, v->m->weight_names.items[i]);
        if (w->layer != l || x == NULL)
            continue;
        if (!shape_equal(&x->type, &w->type))
            return arena_format(v->a, "\"%s\" has another shape in the reference",
                                v->m->weight_names.items[i]);
        values ours = values_of(v->a, &w->type, w->data);
        values reference = values_of(v->a, &x->type, x->data);
        double largest, relative = values_distance(&ours, &reference, &largest);
        if (relative > v->tolerance)
            return arena_format(v->a, "\"%s\" differs from the reference's by up to %.3g",
                                v->m->weight_names.items[i], largest);
    }
    return missing_weight(v, l);
}

static bool has_weights(const verifier *v, uint32_t row) {
    const cn_layer *l = v->c->calls.items[v->outputs.items[row].call].layer;
    return l->weights.count > 0 || (l->model != NULL && l->model->weights.count > 0);
}

/* Of the layers that were run alone, are those wrong that have weights? */
static const char *suspect_weights(const verifier *v, uint32_t row) {
    uint32_t wrong = 0, right = 0, others = 0;
    if (!has_weights(v, row))
        return NULL;
    for (uint32_t i = 0; i < v->outputs.count; i++) {
        bool departs = v->rows[i].alone > v->tolerance;
        if (isnan(v->rows[i].alone))
            continue;
        others += departs && !has_weights(v, i);
        wrong += departs && has_weights(v, i);
        right += !departs && has_weights(v, i);
    }
    if (others > 0)
        return NULL;
    return wrong > 1 && right == 0
               ? "the weights are not the reference's: every layer that has some departs, and no "
                 "other; were they loaded?"
               : "its weights are not the reference's, or the layer is of another kind there";
}

/* ---- relations of numbers --------------------------------------------------------------- */

static bool same_shape(const values *x, const values *y) {
    return shape_equal(&x->type, &y->type);
}

static const char *not_finite(arena *a, const values *ours, const values *reference, double t) {
    int64_t here = 0, there = 0;
    (void)t;
    for (int64_t i = 0; i < ours->count; i++)
        here += !isfinite(ours->items[i]);
    for (int64_t i = 0; i < reference->count; i++)
        there += !isfinite(reference->items[i]);
    if (here == there)
        return NULL;
    return arena_format(a, "%lld values are not finite here, %lld in the reference",
                        (long long)here, (long long)there);
}

/* ours[i] = reference[transposed i]: axis k of ours is axes[k] of the reference. */
static bool agrees_transposed(arena *a, const values *ours, const values *reference,
                              const int *axes, double tolerance) {
    for (int k = 0; k < ours->type.rank; k++)
        if (!dim_equal(ours->type.dims[k], reference->type.dims[axes[k]]))
            return false;
    double *items = ARENA_ARRAY(a, double, ours->count + 1);
    for (int64_t i = 0; i < ours->count; i++) {
        int64_t index[MAX_RANK], from[MAX_RANK];
        tensor_index(&ours->type, i, index);
        for (int k = 0; k < ours->type.rank; k++)
            from[axes[k]] = index[k];
        items[i] = reference->items[tensor_offset(&reference->type, from)];
    }
    values moved = {.type = ours->type, .items = items, .count = ours->count};
    return values_distance(ours, &moved, NULL) <= tolerance;
}

static const char *transposed(arena *a, const values *ours, const values *reference, double t) {
    static const struct {
        int rank, axes[4];
    } rows[] = {{4, {0, 2, 3, 1}}, {4, {0, 3, 1, 2}}, {4, {0, 2, 1, 3}}, {3, {0, 2, 1}},
                {2, {1, 0}},       {3, {1, 0, 2}},    {4, {1, 0, 2, 3}}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const int *axes = rows[i].axes;
        if (rows[i].rank != ours->type.rank || reference->type.rank != ours->type.rank ||
            !agrees_transposed(a, ours, reference, axes, t))
            continue;
        const char *order = arena_format(a, "%d, %d", axes[0], axes[1]);
        for (int k = 2; k < rows[i].rank; k++)
            order = arena_format(a, "%s, %d", order, axes[k]);
        return arena_format(a,
                            "the reference has its axes in another order%s; "
                            "numpy.transpose(y, (%s)) is what the layer gives",
                            i == 0 ? " (data_format=\"channels_first\")" : "", order);
    }
    return NULL;
}

static const char *in_proportion(arena *a, const values *ours, const values *reference, double t) {
    double both = 0, square = 0;
    if (!same_shape(ours, reference))
        return NULL;
    for (int64_t i = 0; i < ours->count; i++) {
        both += ours->items[i] * reference->items[i];
        square += ours->items[i] * ours->items[i];
    }
    double factor = both / square;
    double *items = ARENA_ARRAY(a, double, ours->count + 1);
    for (int64_t i = 0; i < ours->count; i++)
        items[i] = factor * ours->items[i];
    values scaled = {.type = ours->type, .items = items, .count = ours->count};
    if (!isfinite(factor) || factor == 0 || values_distance(&scaled, reference, NULL) > t)
        return NULL;
    return factor == -1
               ? "the reference has the other sign"
               : arena_format(a, "the reference is %.6g times what is computed here", factor);
}

/* The same number more for all, or for each place on the last axis. */
static const char *shifted_by(arena *a, const values *ours, const values *reference, double t,
                              int64_t channels, const char *words) {
    if (ours->count == 0 || channels == 0 || ours->count / channels < 2)
        return NULL;
    double *items = ARENA_ARRAY(a, double, ours->count + 1);
    for (int64_t i = 0; i < ours->count; i++)
        items[i] = ours->items[i] + reference->items[i % channels] - ours->items[i % channels];
    values moved = {.type = ours->type, .items = items, .count = ours->count};
    return values_distance(&moved, reference, NULL) <= t ? words : NULL;
}

static const char *shifted(arena *a, const values *ours, const values *reference, double t) {
    if (!same_shape(ours, reference) || ours->type.rank == 0)
        return NULL;
    const char *words = shifted_by(a, ours, reference, t, 1,
                                   "the reference differs by one number, the same everywhere");
    return words != NULL
               ? words
               : shifted_by(a, ours, reference, t, ours->type.dims[ours->type.rank - 1].count,
                            "the reference differs by one number for each channel: the "
                            "bias (or beta) is another, or on one side only");
}

/* Zero, or the rest times 1 / (1 - rate). */
static const char *dropped(arena *a, const values *ours, const values *reference, double t) {
    int64_t zeros = 0, more = 0;
    double factor = 0;
    for (int64_t i = 0; same_shape(ours, reference) && i < ours->count; i++) {
        double x = ours->items[i], y = reference->items[i];
        if (x == 0 || fabs(y / x - factor) <= t * factor)
            continue;
        if (y == 0)
            zeros++;
        else if (factor == 0)
            factor = y / x;
        else
            more++;
    }
    if (zeros == 0 || more > 0 || factor <= 1)
        return NULL;
    return arena_format(a,
                        "dropout was active in the reference (training=True): values are zero or "
                        "%.4g times what they are here",
                        factor);
}

static const char *narrow(arena *a, const values *ours, const values *reference, double t) {
    static const struct {
        cn_dtype dtype;
        const char *name;
        double limit;
    } rows[] = {{CN_BF16, "bfloat16", 0.1}, {CN_F16, "float16", 0.02}}; /* the coarser first */
    (void)t;
    for (size_t r = 0; r < 2 && same_shape(ours, reference); r++) {
        bool all = values_distance(ours, reference, NULL) <= rows[r].limit;
        for (int64_t i = 0; all && i < reference->count; i++) {
            char bytes[8];
            number_to_bytes(rows[r].dtype, (number){.f = reference->items[i]}, bytes);
            all = number_from_bytes(rows[r].dtype, bytes).f == reference->items[i];
        }
        if (all)
            return arena_format(a, "the reference was computed in %s, whose rounding this is",
                                rows[r].name);
    }
    return NULL;
}

static int by_value(const void *x, const void *y) {
    double a = *(const double *)x, b = *(const double *)y;
    return a < b ? -1 : a > b;
}

static const char *reordered(arena *a, const values *ours, const values *reference, double t) {
    if (ours->count != reference->count || ours->count == 0 || ours->type.rank == 0 ||
        reference->type.rank == 0 || !dim_equal(ours->type.dims[0], reference->type.dims[0]))
        return NULL;
    size_t samples = (size_t)ours->type.dims[0].count, each = (size_t)ours->count / samples;
    double *x = arena_copy(a, ours->items, (size_t)ours->count * sizeof *x);
    double *y = arena_copy(a, reference->items, (size_t)ours->count * sizeof *y);
    for (size_t i = 0; i < samples; i++) {
        qsort(x + i * each, each, sizeof *x, by_value);
        qsort(y + i * each, each, sizeof *y, by_value);
    }
    values one = {.type = ours->type, .items = x, .count = ours->count};
    values two = {.type = ours->type, .items = y, .count = ours->count};
    if (values_distance(&one, &two, NULL) > t)
        return NULL;
    return "the reference has the same numbers in another order or shape: axes are exchanged "
           "(channels first there?) or flattened otherwise";
}

static const char *(*const relations[])(arena *a, const values *ours, const values *reference,
                                        double tolerance) = {
    not_finite, transposed, in_proportion, shifted, dropped, narrow, reordered};

const char *relation_of(arena *a, const values *ours, const values *reference, double tolerance) {
    for (size_t i = 0; i < sizeof relations / sizeof *relations; i++) {
        const char *words = relations[i](a, ours, reference, tolerance);
        if (words != NULL)
            return words;
    }
    return NULL;
}

/* ---- all together ----------------------------------------------------------------------- */

static const char *closest(const hypotheses *h, const values *reference) {
    const char *words = NULL;
    double least = h->v->tolerance;
    for (uint32_t i = 1; i < h->list.count; i++) { /* [0] is the layer as it is */
        const supposition *s = &h->list.items[i];
        if (!s->ran || !same_shape(&s->result, reference))
            continue;
        double d = values_distance(&s->result, reference, NULL);
        if (d > least || (words != NULL && d == least))
            continue;
        least = d;
        words = s->words;
    }
    return words;
}

static bool inputs_in_reference(verifier *v, const layer_call *call) {
    for (uint32_t i = 0; i < call->input_count; i++)
        if (known_data(v, call->inputs[i], true) == NULL)
            return false;
    return true;
}

const char *verify_cause(verifier *v, uint32_t row) {
    const verified_output *o = &v->outputs.items[row];
    const npy_array *r = v->tensors.items[o->tensor].reference;
    hypotheses h = {.v = v, .layer = v->c->calls.items[o->call].layer};
    values reference = values_of(v->a, &r->type, r->data);
    if (v->rows[row].alone <= v->tolerance)
        return "alone, on the reference's inputs, the layer agrees: differences within the "
               "tolerance have added up before it";
    const char *words = given_weights(v, h.layer);
    if (words != NULL)
        return words;
    vec_push(v->a, &h.list, (supposition){.words = ""});
    suppose_options(&h);
    suppose_arrangements(&h);
    if (!verify_suppose(v, row, h.list.items, h.list.count))
        return NULL;
    words = closest(&h, &reference);
    if (words == NULL && h.list.items[0].ran)
        words = relation_of(v->a, &h.list.items[0].result, &reference, v->tolerance);
    if (words == NULL && !inputs_in_reference(v, &v->c->calls.items[o->call]))
        words = "the reference lacks what the layer is given, so it may be a layer before it";
    return words != NULL ? words : suspect_weights(v, row);
}
