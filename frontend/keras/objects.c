/* Activations, initializers and regularizers of Keras' files.
 *
 * Activations are names; the few that Keras has as layers too may stand as such an object, which is
 * where their options fit. Initializers and regularizers are objects with options; each class is
 * a row that reads and writes. Sources: keras/src/{activations,initializers,regularizers}, their
 * get_config, and the tables of names in their __init__.py.
 */
#include <string.h>

#include "frontend/keras/options.h"

#define END_OF_OPTIONS \
    { .key = NULL }

/* ---- activations ------------------------------------------------------------------------ */

static const struct {
    const char *name;
    const cn_activation *activation;
} activation_names[] = {
#define X(constant, name) {#name, &cn_activation_object_##name},
    CN_ACTIVATION_MAP(X)
#undef X
        {"swish", CN_SILU},
    {"hard_swish", CN_HARD_SILU},
};

#define PARAMETER(i) offsetof(cn_activation, parameters[i])
static const option_row relu_options[] = {
    {"max_value", OPTION_NUMBER_OR_NONE, PARAMETER(1), 0, NULL},
    {"negative_slope", OPTION_NUMBER, PARAMETER(0), 0, NULL},
    {"threshold", OPTION_NUMBER, PARAMETER(2), 0, NULL},
    END_OF_OPTIONS};
static const option_row leaky_relu_options[] = {
    {"negative_slope", OPTION_NUMBER, PARAMETER(0), 0.3, NULL}, END_OF_OPTIONS};
static const option_row elu_options[] = {{"alpha", OPTION_NUMBER, PARAMETER(0), 1, NULL},
                                         END_OF_OPTIONS};
static const option_row softmax_options[] = {{"axis", OPTION_WHOLE, PARAMETER(0), -1, NULL},
                                             END_OF_OPTIONS};

/* Layers of Keras that are an activation with options. */
typedef struct activation_layer {
    const char *class_name;
    const cn_activation *like;
    const option_row *options;
} activation_layer;
static const activation_layer activation_layers[] = {
    {"ReLU", CN_RELU, relu_options},
    {"LeakyReLU", CN_LEAKY_RELU, leaky_relu_options},
    {"ELU", CN_ELU, elu_options},
    {"Softmax", CN_SOFTMAX, softmax_options}};

#define COUNT_OF(rows) (sizeof(rows) / sizeof *(rows))

static const cn_activation *activation_of_layer(keras_reader *r, const char *place,
                                                const keras_object *o) {
    if (strcmp(o->class_name, "Activation") == 0)
        return keras_read_activation(r, place, json_object_get(o->config, "activation"));
    for (size_t i = 0; i < COUNT_OF(activation_layers); i++) {
        const activation_layer *row = &activation_layers[i];
        if (strcmp(row->class_name, o->class_name) != 0)
            continue;
        cn_activation *a = ARENA_NEW(r->context->arena, cn_activation);
        *a = *row->like;
        a->context = r->context;
        const char *what = arena_format(r->scratch, "activation %s", o->class_name);
        keras_read_options(r, place, what, o->config, row->options, a);
        return a;
    }
    keras_refuse(r, place, "activation", o);
    return NULL;
}

const cn_activation *keras_read_activation(keras_reader *r, const char *place, const json_t *j) {
    keras_object o;
    if (j == NULL || json_is_null(j))
        return NULL;
    if (!keras_object_of(j, &o)) {
        keras_problem(r, place, "%s is no activation", keras_words(r->scratch, j));
        return NULL;
    }
    for (size_t i = 0; o.registered_name == NULL && i < COUNT_OF(activation_names); i++)
        if (strcmp(activation_names[i].name, o.class_name) == 0)
            return activation_names[i].activation == CN_LINEAR ? NULL
                                                               : activation_names[i].activation;
    if (o.registered_name == NULL)
        return activation_of_layer(r, place, &o);
    keras_refuse(r, place, "activation", &o);
    return NULL;
}

static const cn_activation *plain_activation(const cn_activation *a) {
    for (size_t i = 0; a->custom == NULL && i < COUNT_OF(activation_names); i++)
        if (activation_names[i].activation->function == a->function)
            return activation_names[i].activation;
    return NULL;
}

static void write_activation_layer(keras_writer *w, const char *key, const char *place,
                                   const cn_activation *a) {
    for (size_t i = 0; i < COUNT_OF(activation_layers); i++) {
        const activation_layer *row = &activation_layers[i];
        if (row->like->function != a->function)
            continue;
        keras_open_object(w, key, "keras.layers", row->class_name);
        keras_write_options(w, w->place, row->options, a);
        keras_close_object(w);
        return;
    }
    keras_write_problem(w, place, "Keras' files have no place for the options of activation \"%s\"",
                        a->name);
    json_put_null(&w->json, key);
}

void keras_write_activation(keras_writer *w, const char *key, const char *place,
                            const cn_activation *a) {
    const cn_activation *plain = a == NULL ? CN_LINEAR : plain_activation(a);
    if (plain == NULL) {
        keras_write_problem(w, place, "activation \"%s\" is the program's own", a->name);
        json_put_null(&w->json, key);
    } else if (a == NULL || memcmp(a->parameters, plain->parameters, sizeof a->parameters) == 0) {
        json_put_text(&w->json, key, plain->name);
    } else {
        write_activation_layer(w, key, place, a);
    }
}

/* ---- initializers ----------------------------------------------------------------------- */

#undef PARAMETER
#define PARAMETER(i) offsetof(cn_initializer, parameters[i])
#define SEED \
    { "seed", OPTION_SEED, offsetof(cn_initializer, seed), 0, NULL }
/* Of files by Keras 2. */
#define DTYPE \
    { "dtype", OPTION_FREE, 0, 0, NULL }

static const char *const fan_words[] = {"fan_in", "fan_out", "fan_avg", NULL};
static const char *const distribution_words[] = {"truncated_normal", "untruncated_normal",
                                                 "uniform", NULL};
static const option_row no_options[] = {DTYPE, END_OF_OPTIONS};
static const option_row seed_alone[] = {SEED, DTYPE, END_OF_OPTIONS};
static const option_row constant_options[] = {
    {"value", OPTION_NUMBER, PARAMETER(0), 0, NULL}, DTYPE, END_OF_OPTIONS};
static const option_row identity_options[] = {
    {"gain", OPTION_NUMBER, PARAMETER(0), 1, NULL}, DTYPE, END_OF_OPTIONS};
static const option_row orthogonal_options[] = {
    SEED, {"gain", OPTION_NUMBER, PARAMETER(0), 1, NULL}, DTYPE, END_OF_OPTIONS};
static const option_row normal_options[] = {SEED,
                                            {"mean", OPTION_NUMBER, PARAMETER(0), 0, NULL},
                                            {"stddev", OPTION_NUMBER, PARAMETER(1), 0.05, NULL},
                                            DTYPE,
                                            END_OF_OPTIONS};
static const option_row uniform_options[] = {SEED,
                                             {"minval", OPTION_NUMBER, PARAMETER(0), -0.05, NULL},
                                             {"maxval", OPTION_NUMBER, PARAMETER(1), 0.05, NULL},
                                             DTYPE,
                                             END_OF_OPTIONS};
static const option_row scaling_options[] = {
    SEED,
    {"scale", OPTION_NUMBER, PARAMETER(0), 1, NULL},
    {"mode", OPTION_WORD, offsetof(cn_initializer, mode), 0, fan_words},
    {"distribution", OPTION_WORD, offsetof(cn_initializer, distribution), 0, distribution_words},
    DTYPE,
    END_OF_OPTIONS};
#undef SEED
#undef DTYPE

/* The constructors, which check. */
static const cn_initializer *make_constant(cn_context *c, const cn_initializer *i) {
    return cn_initializer_constant(c, i->parameters[0]);
}
static const cn_initializer *make_random_normal(cn_context *c, const cn_initializer *i) {
    return cn_initializer_random_normal(c, i->parameters[0], i->parameters[1], i->seed);
}
static const cn_initializer *make_truncated_normal(cn_context *c, const cn_initializer *i) {
    return cn_initializer_truncated_normal(c, i->parameters[0], i->parameters[1], i->seed);
}
static const cn_initializer *make_random_uniform(cn_context *c, const cn_initializer *i) {
    return cn_initializer_random_uniform(c, i->parameters[0], i->parameters[1], i->seed);
}
static const cn_initializer *make_variance_scaling(cn_context *c, const cn_initializer *i) {
    return cn_initializer_variance_scaling(c, i->parameters[0], (cn_fan_mode)i->mode,
                                           (cn_distribution)i->distribution, i->seed);
}
/* Of classes that have nothing to check, and of those that only Keras' files give a seed. */
static const cn_initializer *make_copy(cn_context *c, const cn_initializer *i) {
    return arena_copy(c->arena, i, sizeof *i);
}

typedef struct initializer_class {
    const char *class_name, *name, *alias;
    const option_row *options;
    const cn_initializer *like; /* what the options do not say */
    const cn_initializer *(*make)(cn_context *c, const cn_initializer *options);
} initializer_class;
static const initializer_class initializer_classes[] = {
    {"Zeros", "zeros", "zero", no_options, CN_ZEROS, make_copy},
    {"Ones", "ones", "one", no_options, CN_ONES, make_copy},
    {"Constant", "constant", NULL, constant_options, CN_ZEROS, make_constant},
    {"Identity", "identity", "IdentityInitializer", identity_options, CN_IDENTITY, make_copy},
    {"RandomNormal", "random_normal", "normal", normal_options, CN_RANDOM_NORMAL,
     make_random_normal},
    {"TruncatedNormal", "truncated_normal", NULL, normal_options, CN_TRUNCATED_NORMAL,
     make_truncated_normal},
    {"RandomUniform", "random_uniform", "uniform", uniform_options, CN_RANDOM_UNIFORM,
     make_random_uniform},
    {"VarianceScaling", "variance_scaling", NULL, scaling_options, CN_VARIANCE_SCALING,
     make_variance_scaling},
    {"GlorotUniform", "glorot_uniform", NULL, seed_alone, CN_GLOROT_UNIFORM, make_copy},
    {"GlorotNormal", "glorot_normal", NULL, seed_alone, CN_GLOROT_NORMAL, make_copy},
    {"LecunUniform", "lecun_uniform", NULL, seed_alone, CN_LECUN_UNIFORM, make_copy},
    {"LecunNormal", "lecun_normal", NULL, seed_alone, CN_LECUN_NORMAL, make_copy},
    {"HeUniform", "he_uniform", NULL, seed_alone, CN_HE_UNIFORM, make_copy},
    {"HeNormal", "he_normal", NULL, seed_alone, CN_HE_NORMAL, make_copy},
    {"Orthogonal", "orthogonal", "OrthogonalInitializer", orthogonal_options, CN_ORTHOGONAL,
     make_copy},
};

static bool named(const char *name, const char *a, const char *b, const char *alias) {
    return strcmp(name, a) == 0 || strcmp(name, b) == 0 ||
           (alias != NULL && strcmp(name, alias) == 0);
}

static const initializer_class *find_initializer(const char *name) {
    for (size_t i = 0; i < COUNT_OF(initializer_classes); i++) {
        const initializer_class *row = &initializer_classes[i];
        if (named(name, row->class_name, row->name, row->alias))
            return row;
    }
    return NULL;
}

const cn_initializer *keras_read_initializer(keras_reader *r, const char *place, const json_t *j) {
    keras_object o;
    if (j == NULL || json_is_null(j))
        return NULL;
    if (!keras_object_of(j, &o)) {
        keras_problem(r, place, "%s is no initializer", keras_words(r->scratch, j));
        return CN_ZEROS;
    }
    const initializer_class *row =
        o.registered_name == NULL ? find_initializer(o.class_name) : NULL;
    if (row == NULL) {
        keras_refuse(r, place, "initializer", &o);
        return CN_ZEROS;
    }
    cn_initializer values = *row->like;
    const char *what = arena_format(r->scratch, "initializer %s", row->class_name);
    if (!keras_read_options(r, place, what, o.config, row->options, &values))
        return CN_ZEROS;
    const cn_initializer *made = row->make(r->context, &values);
    return keras_made(r, place) ? made : CN_ZEROS;
}

void keras_write_initializer(keras_writer *w, const char *key, const char *place,
                             const cn_initializer *i) {
    const initializer_class *row = i == NULL ? NULL : find_initializer(i->name);
    if (row != NULL) {
        keras_open_object(w, key, "keras.initializers", row->class_name);
        keras_write_options(w, w->place, row->options, i);
        keras_close_object(w);
        return;
    }
    if (i != NULL)
        keras_write_problem(w, place, "Keras has no initializer \"%s\"", i->name);
    json_put_null(&w->json, key);
}

/* ---- regularizers ----------------------------------------------------------------------- */

#define L1_OPTION(factor) \
    { "l1", OPTION_NUMBER, offsetof(cn_regularizer, l1), (factor), NULL }
#define L2_OPTION(factor) \
    { "l2", OPTION_NUMBER, offsetof(cn_regularizer, l2), (factor), NULL }
static const option_row l1_options[] = {L1_OPTION(0.01), END_OF_OPTIONS};
static const option_row l2_options[] = {L2_OPTION(0.01), END_OF_OPTIONS};
static const option_row l1_l2_options[] = {L1_OPTION(0), L2_OPTION(0), END_OF_OPTIONS};
#undef L1_OPTION
#undef L2_OPTION

static const cn_regularizer *make_l1(cn_context *c, const cn_regularizer *x) {
    return cn_regularizer_l1(c, x->l1);
}
static const cn_regularizer *make_l2(cn_context *c, const cn_regularizer *x) {
    return cn_regularizer_l2(c, x->l2);
}
static const cn_regularizer *make_l1_l2(cn_context *c, const cn_regularizer *x) {
    return cn_regularizer_l1_l2(c, x->l1, x->l2);
}

typedef struct regularizer_class {
    const char *class_name, *name, *alias;
    const option_row *options;
    const cn_regularizer *(*make)(cn_context *c, const cn_regularizer *options);
} regularizer_class;
static const regularizer_class regularizer_classes[] = {
    {"L1", "l1", NULL, l1_options, make_l1},
    {"L2", "l2", NULL, l2_options, make_l2},
    {"L1L2", "l1_l2", "l1l2", l1_l2_options, make_l1_l2},
};

static const regularizer_class *find_regularizer(const char *name) {
    for (size_t i = 0; i < COUNT_OF(regularizer_classes); i++) {
        const regularizer_class *row = &regularizer_classes[i];
        if (named(name, row->class_name, row->name, row->alias))
            return row;
    }
    return NULL;
}

const cn_regularizer *keras_read_regularizer(keras_reader *r, const char *place, const json_t *j) {
    keras_object o;
    if (j == NULL || json_is_null(j))
        return NULL;
    if (!keras_object_of(j, &o)) {
        keras_problem(r, place, "%s is no regularizer", keras_words(r->scratch, j));
        return NULL;
    }
    const regularizer_class *row =
        o.registered_name == NULL ? find_regularizer(o.class_name) : NULL;
    if (row == NULL) {
        keras_refuse(r, place, "regularizer", &o);
        return NULL;
    }
    cn_regularizer values = {0};
    const char *what = arena_format(r->scratch, "regularizer %s", row->class_name);
    if (!keras_read_options(r, place, what, o.config, row->options, &values))
        return NULL;
    const cn_regularizer *made = row->make(r->context, &values);
    return keras_made(r, place) ? made : NULL;
}

void keras_write_regularizer(keras_writer *w, const char *key, const char *place,
                             const cn_regularizer *x) {
    const regularizer_class *row = x == NULL ? NULL : find_regularizer(x->name);
    if (row != NULL) {
        keras_open_object(w, key, "keras.regularizers", row->class_name);
        keras_write_options(w, w->place, row->options, x);
        keras_close_object(w);
        return;
    }
    if (x != NULL)
        keras_write_problem(w, place, "Keras has no regularizer \"%s\"", x->name);
    json_put_null(&w->json, key);
}
