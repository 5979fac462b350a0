/* Losses, metrics, optimizers and schedules of Keras' files.
 *
 * Each class is a row that reads and writes. A loss or metric that was given by its name stays a
 * name, for Keras logs it under the very word that was given ("mae"); those made as objects stay
 * objects. Sources: keras/src/{losses,metrics,optimizers}, their get_config, and how
 * trainers/compile_utils.py resolves names.
 */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "frontend/keras/training.h"
#include "frontend/optimizers.h"

#define COUNT_OF(rows) (sizeof(rows) / sizeof *(rows))
#define END_OF_OPTIONS \
    { .key = NULL }
#define FREE(name) \
    { name, OPTION_FREE, 0, 0, NULL }

static bool is_one_of(const char *name, const char *const *words) {
    for (; words != NULL && *words != NULL; words++)
        if (strcmp(name, *words) == 0)
            return true;
    return false;
}

static const char *const mse_aliases[] = {"mse", "MSE", NULL};
static const char *const mae_aliases[] = {"mae", "MAE", NULL};
static const char *const bce_aliases[] = {"bce", "BCE", NULL};

/* ---- losses ----------------------------------------------------------------------------- */

/* Those of cn_reduction, then Keras' other words for the first. */
static const char *const reduction_words[] = {
    "sum_over_batch_size", "sum", "mean_with_sample_weight", "none", "mean", NULL};

#define LOSS(member) offsetof(cn_loss_options, member)
#define LOSS_COMMON                                                                           \
    {"name", OPTION_NAME, LOSS(name), 0, NULL},                                               \
        {"reduction", OPTION_WORD, LOSS(reduction), CN_SUM_OVER_BATCH_SIZE, reduction_words}, \
        FREE("dtype")
#define FROM_LOGITS \
    { "from_logits", OPTION_FLAG, LOSS(from_logits), 0, NULL }
static const option_row plain_loss[] = {LOSS_COMMON, END_OF_OPTIONS};
static const option_row huber_loss[] = {
    LOSS_COMMON, {"delta", OPTION_NUMBER_BY_RULE, LOSS(delta), 1, NULL}, END_OF_OPTIONS};
static const option_row crossentropy_loss[] = {
    LOSS_COMMON,
    FROM_LOGITS,
    {"label_smoothing", OPTION_NUMBER_BY_RULE, LOSS(label_smoothing), 0, NULL},
    {"axis", OPTION_INTEGER_BY_RULE, LOSS(axis), -1, NULL},
    END_OF_OPTIONS};
static const option_row sparse_loss[] = {
    LOSS_COMMON,
    FROM_LOGITS,
    {"ignore_class", OPTION_INTEGER_OR_NONE, LOSS(ignore_class), 0, NULL},
    {"axis", OPTION_RARE_INTEGER, LOSS(axis), -1, NULL},
    END_OF_OPTIONS};

typedef struct loss_class {
    const char *class_name;
    const cn_loss *like; /* its name is that of Keras' function */
    const char *const *aliases;
    const option_row *options;
    const cn_loss *(*make)(cn_source where, const cn_loss_options *options);
} loss_class;
static const loss_class loss_classes[] = {
    {"MeanSquaredError", CN_MEAN_SQUARED_ERROR, mse_aliases, plain_loss,
     cn_loss_mean_squared_error_at},
    {"MeanAbsoluteError", CN_MEAN_ABSOLUTE_ERROR, mae_aliases, plain_loss,
     cn_loss_mean_absolute_error_at},
    {"Huber", CN_HUBER, NULL, huber_loss, cn_loss_huber_at},
    {"BinaryCrossentropy", CN_BINARY_CROSSENTROPY, bce_aliases, crossentropy_loss,
     cn_loss_binary_crossentropy_at},
    {"CategoricalCrossentropy", CN_CATEGORICAL_CROSSENTROPY, NULL, crossentropy_loss,
     cn_loss_categorical_crossentropy_at},
    {"SparseCategoricalCrossentropy", CN_SPARSE_CATEGORICAL_CROSSENTROPY, NULL, sparse_loss,
     cn_loss_sparse_categorical_crossentropy_at},
};

/* A name: the object, under the name that was given. */
static const cn_loss *loss_by_name(keras_reader *r, const char *name) {
    for (size_t i = 0; i < COUNT_OF(loss_classes); i++) {
        const loss_class *row = &loss_classes[i];
        if (strcmp(name, row->like->name) == 0)
            return row->like;
        if (!is_one_of(name, row->aliases))
            continue;
        cn_loss *l = arena_copy(r->context->arena, row->like, sizeof *l);
        l->name = arena_string(r->context->arena, name);
        return l;
    }
    return NULL;
}

static const cn_loss *loss_of_class(keras_reader *r, const char *place, const loss_class *row,
                                    const keras_object *o) {
    cn_loss_options options = {.context = r->context};
    const char *what = arena_format(r->scratch, "loss %s", row->class_name);
    if (!keras_read_options(r, place, what, o->config, row->options, &options))
        return NULL;
    if (strcmp(reduction_words[options.reduction], "mean") == 0)
        options.reduction = CN_SUM_OVER_BATCH_SIZE;
    const cn_loss *made = row->make((cn_source){.options_size = sizeof options}, &options);
    return keras_made(r, place) ? made : NULL;
}

const cn_loss *keras_read_loss(keras_reader *r, const char *place, const json_t *j) {
    keras_object o;
    if (j == NULL || json_is_null(j))
        return NULL;
    if (!keras_object_of(j, &o)) {
        keras_problem(r, place, "%s is no loss", keras_words(r->scratch, j));
        return NULL;
    }
    const cn_loss *named = o.registered_name == NULL ? loss_by_name(r, o.class_name) : NULL;
    if (named != NULL)
        return named;
    for (size_t i = 0; o.registered_name == NULL && i < COUNT_OF(loss_classes); i++)
        if (strcmp(loss_classes[i].class_name, o.class_name) == 0)
            return loss_of_class(r, place, &loss_classes[i], &o);
    if (strcasecmp(o.class_name, "crossentropy") == 0 || strcasecmp(o.class_name, "ce") == 0)
        keras_problem(r, place,
                      "loss \"%s\" goes by the data; Cornu wants the kind of crossentropy",
                      o.class_name);
    else
        keras_refuse(r, place, "loss", &o);
    return NULL;
}

static cn_loss_options options_of_loss(const cn_loss *l) {
    cn_loss_options o = {.name = l->name,
                         .reduction = l->reduction,
                         .delta = l->delta,
                         .from_logits = l->from_logits,
                         .label_smoothing = l->label_smoothing,
                         .axis = l->axis == 0 ? CN_ZERO : l->axis};
    if (l->has_ignore_class)
        o.ignore_class = l->ignore_class == 0 ? CN_ZERO : l->ignore_class;
    return o;
}

void keras_write_loss(keras_writer *w, const char *key, const char *place, const cn_loss *l) {
    const loss_class *row = NULL;
    for (size_t i = 0; l != NULL && i < COUNT_OF(loss_classes); i++)
        if (loss_classes[i].like->function == l->function)
            row = &loss_classes[i];
    if (row == NULL) {
        if (l != NULL)
            keras_write_problem(w, place, "loss \"%s\" is the program's own", l->name);
        json_put_null(&w->json, key);
    } else if (l->context == NULL) {
        json_put_text(&w->json, key, l->name);
    } else {
        cn_loss_options options = options_of_loss(l);
        keras_open_object(w, key, "keras.losses", row->class_name);
        keras_write_options(w, w->place, row->options, &options);
        keras_close_object(w);
    }
}

/* ---- metrics ---------------------------------------------------------------------------- */

static const char *const float32_words[] = {"\"float32\"", NULL};
static const char *const false_words[] = {"", "false", NULL};

#define METRIC_COMMON                                            \
    {"name", OPTION_NAME, offsetof(cn_metric, name), 0, NULL}, { \
        "dtype", OPTION_FREE, 0, 0, float32_words                \
    }
#define TOP \
    { "k", OPTION_INTEGER_BY_RULE, offsetof(cn_metric, k), 5, NULL }
static const option_row plain_metric[] = {METRIC_COMMON, END_OF_OPTIONS};
static const option_row binary_metric[] = {
    METRIC_COMMON,
    {"threshold", OPTION_NUMBER, offsetof(cn_metric, threshold), 0.5, NULL},
    END_OF_OPTIONS};
static const option_row top_k_metric[] = {METRIC_COMMON, TOP, END_OF_OPTIONS};
static const option_row sparse_top_k_metric[] = {
    METRIC_COMMON, TOP, {"from_sorted_ids", OPTION_FIXED, 0, 0, false_words}, END_OF_OPTIONS};

typedef struct metric_class {
    const char *class_name;
    const cn_metric *like; /* its name is that of Keras' function */
    const char *const *aliases;
    const option_row *options;
} metric_class;
static const metric_class metric_classes[] = {
    {"Accuracy", CN_ACCURACY_EXACT, NULL, plain_metric},
    {"BinaryAccuracy", CN_BINARY_ACCURACY, NULL, binary_metric},
    {"CategoricalAccuracy", CN_CATEGORICAL_ACCURACY, NULL, plain_metric},
    {"SparseCategoricalAccuracy", CN_SPARSE_CATEGORICAL_ACCURACY, NULL, plain_metric},
    {"TopKCategoricalAccuracy", CN_TOP_K_CATEGORICAL_ACCURACY, NULL, top_k_metric},
    {"SparseTopKCategoricalAccuracy", CN_SPARSE_TOP_K_CATEGORICAL_ACCURACY, NULL,
     sparse_top_k_metric},
    {"MeanSquaredError", CN_METRIC_MSE, mse_aliases, plain_metric},
    {"MeanAbsoluteError", CN_METRIC_MAE, mae_aliases, plain_metric},
};

static const metric_class *find_metric(const char *name) {
    for (size_t i = 0; i < COUNT_OF(metric_classes); i++) {
        const metric_class *row = &metric_classes[i];
        if (strcmp(name, row->class_name) == 0 || strcmp(name, row->like->name) == 0 ||
            is_one_of(name, row->aliases))
            return row;
    }
    return NULL;
}

static cn_metric *metric_copy(keras_reader *r, const cn_metric *like, const char *name) {
    cn_metric *m = arena_copy(r->context->arena, like, sizeof *m);
    m->name = arena_string(r->context->arena, name);
    return m;
}

static const cn_metric *metric_by_name(keras_reader *r, const char *name) {
    if (strcasecmp(name, "accuracy") == 0 || strcasecmp(name, "acc") == 0)
        return metric_copy(r, CN_ACCURACY, name);
    const metric_class *row = find_metric(name);
    return row == NULL ? NULL : metric_copy(r, row->like, name);
}

static const cn_metric *metric_of_class(keras_reader *r, const char *place, const metric_class *row,
                                        const keras_object *o) {
    cn_metric *m = arena_copy(r->context->arena, row->like, sizeof *m);
    m->context = r->context;
    const char *what = arena_format(r->scratch, "metric %s", row->class_name);
    if (!keras_read_options(r, place, what, o->config, row->options, m))
        return NULL;
    if (m->name == NULL)
        m->name = row->like->name;
    if (m->k >= 1)
        return m;
    keras_problem(r, place, "%s: \"k\" is %lld; it is at least 1", what,
                  (long long)option_integer(m->k, 0));
    return NULL;
}

/* What older versions made of a function: {"name": "accuracy", "fn": "binary_accuracy"}. */
static const cn_metric *metric_of_function(keras_reader *r, const char *place,
                                           const keras_object *o) {
    const char *name = json_string_value(json_object_get(o->config, "name"));
    const cn_metric *m = keras_read_metric(r, place, json_object_get(o->config, "fn"));
    if (m == NULL || name == NULL)
        return m;
    cn_metric *renamed = metric_copy(r, m, name);
    renamed->context = r->context;
    return renamed;
}

const cn_metric *keras_read_metric(keras_reader *r, const char *place, const json_t *j) {
    keras_object o;
    if (j == NULL || json_is_null(j))
        return NULL;
    if (!keras_object_of(j, &o)) {
        keras_problem(r, place, "%s is no metric", keras_words(r->scratch, j));
        return NULL;
    }
    bool foreign = o.registered_name != NULL;
    if (!foreign && strcmp(o.class_name, "MeanMetricWrapper") == 0)
        return metric_of_function(r, place, &o);
    const metric_class *row = foreign ? NULL : find_metric(o.class_name);
    if (row != NULL && o.config != NULL)
        return metric_of_class(r, place, row, &o);
    const cn_metric *named = foreign ? NULL : metric_by_name(r, o.class_name);
    if (named == NULL)
        keras_refuse(r, place, "metric", &o);
    return named;
}

void keras_write_metric(keras_writer *w, const char *key, const char *place, const cn_metric *m) {
    const metric_class *row = NULL;
    for (size_t i = 0; i < COUNT_OF(metric_classes); i++)
        if (metric_classes[i].like->function == m->function)
            row = &metric_classes[i];
    bool by_shapes = m->function == CN_ACCURACY->function;
    bool exact = m->function == CN_ACCURACY_EXACT->function; /* its name says another */
    if (by_shapes || (row != NULL && m->context == NULL && !exact)) {
        json_put_text(&w->json, key, m->name);
    } else if (row != NULL) {
        keras_open_object(w, key, "keras.metrics", row->class_name);
        keras_write_options(w, w->place, row->options, m);
        keras_close_object(w);
    } else {
        keras_write_problem(w, place,
                            m->custom != NULL ? "metric \"%s\" is the program's own"
                                              : "Keras cannot compile metric \"%s\"",
                            m->name);
        json_put_null(&w->json, key);
    }
}

/* ---- schedules -------------------------------------------------------------------------- */

#define PARAMETER(i) offsetof(cn_schedule, parameters[i])
#define FLAG offsetof(cn_schedule, flag)
#define INITIAL \
    { "initial_learning_rate", OPTION_NUMBER, PARAMETER(0), 0, NULL }
#define DECAY_STEPS \
    { "decay_steps", OPTION_WHOLE, PARAMETER(1), 0, NULL }
static const option_row rate_schedule[] = {INITIAL,
                                           DECAY_STEPS,
                                           {"decay_rate", OPTION_NUMBER, PARAMETER(2), 0, NULL},
                                           {"staircase", OPTION_FLAG, FLAG, 0, NULL},
                                           FREE("name"),
                                           END_OF_OPTIONS};
static const option_row polynomial_schedule[] = {
    INITIAL,
    DECAY_STEPS,
    {"end_learning_rate", OPTION_NUMBER, PARAMETER(2), 0.0001, NULL},
    {"power", OPTION_NUMBER_BY_RULE, PARAMETER(3), 1, NULL},
    {"cycle", OPTION_FLAG, FLAG, 0, NULL},
    FREE("name"),
    END_OF_OPTIONS};
static const option_row cosine_schedule[] = {
    INITIAL,
    DECAY_STEPS,
    {"alpha", OPTION_NUMBER, PARAMETER(2), 0, NULL},
    {"warmup_target", OPTION_NUMBER_OR_NONE, PARAMETER(3), 0, NULL},
    {"warmup_steps", OPTION_WHOLE, PARAMETER(4), 0, NULL},
    FREE("name"),
    END_OF_OPTIONS};
static const option_row restarts_schedule[] = {
    INITIAL,
    {"first_decay_steps", OPTION_WHOLE, PARAMETER(1), 0, NULL},
    {"t_mul", OPTION_NUMBER_BY_RULE, PARAMETER(3), 2, NULL},
    {"m_mul", OPTION_NUMBER_BY_RULE, PARAMETER(4), 1, NULL},
    {"alpha", OPTION_NUMBER, PARAMETER(2), 0, NULL},
    FREE("name"),
    END_OF_OPTIONS};
/* Lists are read and written by hand. */
static const option_row piecewise_schedule[] = {FREE("boundaries"), FREE("values"), FREE("name"),
                                                END_OF_OPTIONS};

typedef const cn_schedule *(*schedule_maker)(cn_context *c, const cn_schedule *options);

static const cn_schedule *make_exponential(cn_context *c, const cn_schedule *s) {
    const double *p = s->parameters;
    return cn_exponential_decay(c, p[0], (int64_t)p[1], p[2], s->flag);
}
static const cn_schedule *make_inverse_time(cn_context *c, const cn_schedule *s) {
    const double *p = s->parameters;
    return cn_inverse_time_decay(c, p[0], (int64_t)p[1], p[2], s->flag);
}
static const cn_schedule *make_polynomial(cn_context *c, const cn_schedule *s) {
    const double *p = s->parameters;
    return cn_polynomial_decay(c, p[0], (int64_t)p[1], p[2], p[3], s->flag);
}
static const cn_schedule *make_cosine(cn_context *c, const cn_schedule *s) {
    const double *p = s->parameters;
    return cn_cosine_decay(c, p[0], (int64_t)p[1], p[2], p[3], (int64_t)p[4]);
}
static const cn_schedule *make_restarts(cn_context *c, const cn_schedule *s) {
    const double *p = s->parameters;
    return cn_cosine_decay_restarts(c, p[0], (int64_t)p[1], p[3], p[4], p[2]);
}
static const cn_schedule *make_piecewise(cn_context *c, const cn_schedule *s) {
    int64_t *boundaries = ARENA_ARRAY(c->arena, int64_t, s->count + 1);
    for (size_t i = 0; i < s->count; i++)
        boundaries[i] = (int64_t)s->boundaries[i];
    return cn_piecewise_constant_decay(c, s->count, boundaries, s->values);
}

typedef struct schedule_class {
    const char *class_name, *name;
    const option_row *options;
    schedule_maker make;
} schedule_class;
static const schedule_class schedule_classes[] = {
    {"ExponentialDecay", "exponential_decay", rate_schedule, make_exponential},
    {"InverseTimeDecay", "inverse_time_decay", rate_schedule, make_inverse_time},
    {"PolynomialDecay", "polynomial_decay", polynomial_schedule, make_polynomial},
    {"PiecewiseConstantDecay", "piecewise_constant_decay", piecewise_schedule, make_piecewise},
    {"CosineDecay", "cosine_decay", cosine_schedule, make_cosine},
    {"CosineDecayRestarts", "cosine_decay_restarts", restarts_schedule, make_restarts},
};

static const double *read_numbers(keras_reader *r, const json_t *list, size_t count) {
    double *numbers = ARENA_ARRAY(r->scratch, double, count + 1);
    for (size_t i = 0; i < count; i++)
        if (!keras_number_of(json_array_get(list, i), &numbers[i]))
            return NULL;
    return numbers;
}

static bool read_pieces(keras_reader *r, const char *place, const json_t *config, cn_schedule *s) {
    const json_t *boundaries = json_object_get(config, "boundaries");
    s->count = json_array_size(boundaries);
    s->boundaries = read_numbers(r, boundaries, s->count);
    s->values = read_numbers(r, json_object_get(config, "values"), s->count + 1);
    bool ok = s->boundaries != NULL && s->values != NULL;
    for (size_t i = 0; ok && i < s->count; i++)
        ok = fabs(s->boundaries[i]) < 0x1p53;
    if (!ok)
        keras_problem(r, place,
                      "PiecewiseConstantDecay has steps for boundaries and one value more");
    return ok;
}

static const cn_schedule *read_schedule(keras_reader *r, const char *place, const keras_object *o) {
    const schedule_class *row = NULL;
    for (size_t i = 0; o->registered_name == NULL && i < COUNT_OF(schedule_classes); i++)
        if (strcmp(schedule_classes[i].class_name, o->class_name) == 0)
            row = &schedule_classes[i];
    if (row == NULL) {
        keras_refuse(r, place, "learning rate schedule", o);
        return NULL;
    }
    cn_schedule values = {0};
    const char *what = arena_format(r->scratch, "schedule %s", row->class_name);
    if (!keras_read_options(r, place, what, o->config, row->options, &values))
        return NULL;
    if (row->options == piecewise_schedule && !read_pieces(r, place, o->config, &values))
        return NULL;
    const cn_schedule *made = row->make(r->context, &values);
    return keras_made(r, place) ? made : NULL;
}

static void write_numbers(keras_writer *w, const char *key, const double *x, size_t count,
                          bool whole) {
    json_open(&w->json, key, '[');
    for (size_t i = 0; i < count; i++)
        if (whole)
            json_put_integer(&w->json, NULL, (int64_t)x[i]);
        else
            json_put_number(&w->json, NULL, x[i]);
    json_close(&w->json, ']');
}

static void write_schedule(keras_writer *w, const char *key, const cn_schedule *s) {
    const schedule_class *row = schedule_classes;
    while (strcmp(row->name, s->name) != 0)
        row++;
    cn_schedule values = *s;
    if (row->options == cosine_schedule && s->flag && s->parameters[3] == 0)
        values.parameters[3] = (double)CN_ZERO; /* it warms up, to zero */
    keras_open_object(w, key, "keras.optimizers.schedules", row->class_name);
    keras_write_options(w, w->place, row->options, &values);
    if (row->options == piecewise_schedule) {
        write_numbers(w, "boundaries", s->boundaries, s->count, true);
        write_numbers(w, "values", s->values, s->count + 1, false);
    }
    keras_close_object(w);
}

/* ---- optimizers ------------------------------------------------------------------------- */

#define OPTIMIZER(member) offsetof(cn_optimizer_options, member)
#define NUMBER(key, member, number) \
    { key, OPTION_NUMBER_BY_RULE, OPTIMIZER(member), number, NULL }
#define MAYBE(key, member) \
    { key, OPTION_NUMBER_OR_NONE, OPTIMIZER(member), 0, NULL }
#define FLAGGED(key, member) \
    { key, OPTION_FLAG, OPTIMIZER(member), 0, NULL }
static const char *const no_words[] = {"false", "null", NULL};
static const char *const ema_words[] = {"0.99", NULL};
static const char *const null_words[] = {"null", NULL};
static const char *const null_or_one[] = {"null", "1", "1.0", NULL};
static const char *const no_decay[] = {"", "0", "0.0", NULL};
/* The learning rate is read and written by hand; the last two are of Keras 2. */
#define OPTIMIZER_COMMON                                                                           \
    FREE("name"), FREE("learning_rate"), MAYBE("clipnorm", clipnorm),                              \
        MAYBE("global_clipnorm", global_clipnorm), MAYBE("clipvalue", clipvalue),                  \
        {"use_ema", OPTION_FIXED, 0, 0, no_words}, {"ema_momentum", OPTION_FREE, 0, 0, ema_words}, \
        {"ema_overwrite_frequency", OPTION_FREE, 0, 0, null_words},                                \
        {"loss_scale_factor", OPTION_FIXED, 0, 0, null_or_one},                                    \
        {"gradient_accumulation_steps", OPTION_FIXED, 0, 0, null_or_one}, FREE("jit_compile"),     \
        FREE("is_legacy_optimizer"), {                                                             \
        "decay", OPTION_FIXED, 0, 0, no_decay                                                      \
    }
#define ADAM_OPTIONS                                                \
    NUMBER("beta_1", beta_1, 0.9), NUMBER("beta_2", beta_2, 0.999), \
        NUMBER("epsilon", epsilon, 1e-7), FLAGGED("amsgrad", amsgrad)
static const option_row sgd_options[] = {OPTIMIZER_COMMON, MAYBE("weight_decay", weight_decay),
                                         NUMBER("momentum", momentum, 0),
                                         FLAGGED("nesterov", nesterov), END_OF_OPTIONS};
static const option_row adam_options[] = {OPTIMIZER_COMMON, MAYBE("weight_decay", weight_decay),
                                          ADAM_OPTIONS, END_OF_OPTIONS};
static const option_row adamw_options[] = {
    OPTIMIZER_COMMON, NUMBER("weight_decay", weight_decay, 0.004), ADAM_OPTIONS, END_OF_OPTIONS};
static const option_row rmsprop_options[] = {OPTIMIZER_COMMON,
                                             MAYBE("weight_decay", weight_decay),
                                             NUMBER("rho", rho, 0.9),
                                             NUMBER("momentum", momentum, 0),
                                             NUMBER("epsilon", epsilon, 1e-7),
                                             FLAGGED("centered", centered),
                                             END_OF_OPTIONS};

typedef struct optimizer_row {
    const char *class_name; /* a name in any case of letters, too */
    const optimizer_class *class;
    const option_row *options;
    cn_optimizer *(*make)(cn_source where, const cn_optimizer_options *options);
} optimizer_row;
static const optimizer_row optimizer_rows[] = {
    {"SGD", &sgd_class, sgd_options, cn_sgd_at},
    {"Adam", &adam_class, adam_options, cn_adam_at},
    {"AdamW", &adamw_class, adamw_options, cn_adamw_at},
    {"RMSprop", &rmsprop_class, rmsprop_options, cn_rmsprop_at},
};

static bool read_learning_rate(keras_reader *r, const char *place, const json_t *given,
                               cn_optimizer_options *options) {
    keras_object o;
    double rate;
    if (given == NULL)
        return true;
    if (keras_number_of(given, &rate)) {
        options->learning_rate = rate == 0 ? (double)CN_ZERO : rate;
        return true;
    }
    if (keras_object_of(given, &o))
        return (options->schedule = read_schedule(r, place, &o)) != NULL;
    keras_problem(r, place, "%s is no learning rate", keras_words(r->scratch, given));
    return false;
}

static cn_optimizer *optimizer_of(keras_reader *r, const char *place, const optimizer_row *row,
                                  const keras_object *o) {
    cn_optimizer_options options = {.context = r->context};
    const char *what = arena_format(r->scratch, "optimizer %s", row->class_name);
    bool ok = keras_read_options(r, place, what, o->config, row->options, &options);
    ok = read_learning_rate(r, place, json_object_get(o->config, "learning_rate"), &options) && ok;
    options.name = json_string_value(json_object_get(o->config, "name"));
    if (!ok)
        return NULL;
    cn_optimizer *made = row->make((cn_source){.options_size = sizeof options}, &options);
    return keras_made(r, place) ? made : NULL;
}

cn_optimizer *keras_read_optimizer(keras_reader *r, const char *place, const json_t *j) {
    keras_object o;
    if (j == NULL || json_is_null(j))
        return NULL;
    if (!keras_object_of(j, &o)) {
        keras_problem(r, place, "%s is no optimizer", keras_words(r->scratch, j));
        return NULL;
    }
    for (size_t i = 0; o.registered_name == NULL && i < COUNT_OF(optimizer_rows); i++)
        if (strcasecmp(optimizer_rows[i].class_name, o.class_name) == 0)
            return optimizer_of(r, place, &optimizer_rows[i], &o);
    keras_refuse(r, place, "optimizer", &o);
    return NULL;
}

void keras_write_optimizer(keras_writer *w, const char *key, const cn_optimizer *o) {
    const optimizer_row *row = optimizer_rows;
    while (row->class != o->class)
        row++;
    keras_open_object(w, key, "keras.optimizers", row->class_name);
    json_put_text(&w->json, "name", o->options.name != NULL ? o->options.name : o->class->name);
    if (o->options.schedule != NULL)
        write_schedule(w, "learning_rate", o->options.schedule);
    else
        json_put_number(&w->json, "learning_rate", cn_learning_rate(o));
    keras_write_options(w, w->place, row->options, &o->options);
    keras_close_object(w);
}
