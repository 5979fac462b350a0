/* The frontend's own data model and table of contents.
 *
 * Every symbolic tensor of a context is a value of one record graph (`context.record`): cn_op_*
 * appends primitive nodes there, and a layer is a function that composes ops. So a layer call
 * is a set of nodes plus a row that says which layer, which inputs, which outputs. Everything
 * that is compiled (training step, evaluation, prediction, the user's functions) is a function
 * extracted from the record: what some outputs need, with inputs, state and flags bound
 * (extract.c). Nothing is done twice for training and inference: what differs hangs on `flag`
 * nodes ("training", "unfrozen:LAYER") which extraction turns into constants.
 *
 *   context.c   tensor.c (apply, chain)   ops.c, ops_*.c (cn_op_*)   layer.c (class machinery)
 *   layers_*.c  activations.c  initializers.c  regularizers.c
 *   model.c (what lies between inputs and outputs, names, order)  extract.c
 *   function.c  updates.c (cn_minimize)  optimizers*.c  schedules.c  losses.c  metrics.c
 *   compile.c (the three programs of a model)  fit.c  evaluate.c  predict.c  callbacks_*.c
 *   progress.c  history.c  summary.c  model_facts.c  weights.c (safetensors)
 *   dataset.c  array_file.c (.npy, .npz, safetensors, IDX)  environment.c (doctor, cache)
 *
 * Invariants: node ids of the record carry no meaning beyond identity (C leaves the order of
 * evaluation of arguments open): names, streams and orders come from traversals by operand
 * position. The record only grows.
 */
#ifndef CORNU_FRONTEND_FRONTEND_H
#define CORNU_FRONTEND_FRONTEND_H

#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"
#include "codegen/target.h"
#include "cornu.h"
#include "ir/build.h"
#include "ir/ir.h"
#include "runtime/pool.h"

/* ---- variables: tensors that live between runs ------------------------------------------ */

typedef enum variable_kind {
    VARIABLE_WEIGHT,    /* of a layer, trainable or not */
    VARIABLE_OPTIMIZER, /* slot, iteration, learning rate */
    VARIABLE_METRIC,    /* running sum or weight; reset each epoch, never saved with weights */
    VARIABLE_STATE,     /* step counter, random key, the user's cn_state */
} variable_kind;

typedef struct variable {
    variable_kind kind;
    uint32_t id;                       /* index in context.variables */
    value node;                        /* its `input` node in the record */
    const char *name;                  /* "kernel" */
    const char *path;                  /* "conv2d/kernel", given by the first model; "" before */
    type type;                         /* constant dims */
    const cn_initializer *initializer; /* NULL: starts as zeros */
    const cn_regularizer *regularizer;
    cn_layer *layer; /* owner; NULL for others */
    bool trainable;  /* of a weight; the layer may be frozen besides */
    void *data;      /* type_bytes, 64-byte aligned; NULL until initialised */
} variable;

/* Declares a variable and its node in the record. Values appear by variable_initialize. */
variable *variable_new(cn_context *c, variable_kind kind, const char *name, const type *t);
/* Allocates and fills data once (by the initializer, seeded by the path). */
bool variable_initialize(cn_context *c, variable *v);
/* Only the room, for values that come from elsewhere. */
bool variable_allocate(cn_context *c, variable *v);
/* The variable that a record value is the node of; NULL for other values. */
variable *variable_of(const cn_context *c, value v);
cn_tensor variable_tensor(cn_context *c, const variable *v);
/* What random ops read (ops_random.c), made at first need: the step (an i64 scalar from 0, which
 * the training step adds 1 to) and the key (u32[2], the context's seed). */
variable *context_step(cn_context *c);
variable *context_random_key(cn_context *c);
/* The number of a random op outside named layers, from 1: given by the first walk that meets it, of
 * a model or of a function, and kept. */
uint64_t context_random_place(cn_context *c, uint32_t id);

typedef struct update {
    variable *variable;
    value new_value;
} update;

/* ---- layers ----------------------------------------------------------------------------- */

/* What a layer is: a row of a table in layers_*.c. `options` of a cn_layer is a copy of the public
 * options struct, padded with zeros to the size this library knows. */
typedef struct layer_class {
    const char *name;                   /* Keras' class name: "Conv2D" */
    int min_inputs, max_inputs;         /* max 0 = any */
    void (*build)(cn_layer_call *call); /* adds weights; NULL = none */
    void (*call)(cn_layer_call *call);
} layer_class;

struct cn_layer {
    cn_context *context;
    const layer_class *class; /* NULL: poison */
    void *options;
    cn_source where;        /* of the constructor */
    const char *given_name; /* by the user; NULL = automatic */
    const char *name;       /* given by the first model that holds it; NULL before */
    uint32_t id;            /* in context.layers: identity only */
    bool frozen, built;
    const char *class_name;    /* class->name, or the custom layer's */
    VEC(variable *) weights;   /* in creation order: Keras' */
    VEC(cn_layer *) sublayers; /* what a custom layer applied in its calls */
    VEC(uint32_t) calls;       /* indices into context.calls */
    cn_model *model;           /* a nested model; NULL for plain layers */
    const cn_regularizer *activity_regularizer;
};

typedef struct layer_call {
    cn_layer *layer;  /* NULL: an input */
    cn_source where;  /* of the cn_apply */
    uint32_t parent;  /* call this one was made inside of (nested model); 0 = none */
    uint32_t ordinal; /* which call of its layer */
    cn_tensor *inputs, *outputs;
    uint32_t input_count, output_count;
    VEC(update) updates; /* of not-trainable weights, under the training flag */
    VEC(value) losses;   /* scalars: activity regularizers, cn_layer_add_loss */
} layer_call;

/* Makes a layer of a class: checks the context, copies options (size by where.options_size). */
cn_layer *layer_new(cn_source where, const layer_class *class, cn_context *c, const void *options,
                    size_t options_size, const char *name);
cn_layer *layer_poison(cn_context *c);
/* Records a failure in the words of a layer: `FILE:LINE: dense(256) "fc1" WORDS`; returns
 * poison. */
cn_layer *layer_fail(cn_source where, cn_context *c, const char *class_name, const char *format,
                     ...) __attribute__((format(printf, 4, 5)));
/* Inside build or call: fails with both source lines: the layer's call, and where input i was
 * made. */
void layer_call_fail(cn_layer_call *call, size_t input, cn_status status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* `dense "fc1"`, for messages; the name only when the user or a model gave one. */
const char *layer_title(const cn_layer *layer);
/* The copy of a custom layer's user data; NULL for others. */
void *layer_user(cn_layer *layer);
/* Adds the activity regularizer of an output, divided by the batch size, to the current call. */
void layer_regularize_activity(cn_layer *layer, cn_tensor output);
/* Keras' rule: Conv2DTranspose becomes conv2d_transpose, PReLU p_re_lu. In arena a. */
const char *snake_case(arena *a, const char *class_name);
extern const layer_class input_class, custom_class;
/* A fresh `input` node in the record, for inputs, weights, targets. */
cn_tensor record_input(cn_context *c, const type *t);
/* Gives nodes added to the record since the last time to the current call. */
void context_note_nodes(cn_context *c);
/* ... or to another one. */
void context_give_nodes(cn_context *c, uint32_t call, cn_source where);
size_t tensor_list_length(const cn_tensor *list); /* up to CN_END, at most CN_MAX_LIST */
/* cn_apply from inside the library: returns how many outputs there are, fills at most capacity. */
size_t layer_apply(cn_source where, cn_layer *layer, const cn_tensor *inputs, size_t count,
                   cn_tensor *outputs, size_t capacity);
const char *source_file(cn_source where); /* without folders */
/* "train.c:41"; of what was read from a file, which has no lines, "digits.keras". */
typedef struct source_place {
    char words[256];
} source_place;
source_place source_text(cn_source where);
/* A `flag` node: a bool scalar that extraction binds ("training", "unfrozen:LAYER-ID"). */
cn_tensor flag_tensor(cn_context *c, const char *flag);

/* ---- the context ------------------------------------------------------------------------ */

struct cn_context {
    memory *memory;
    arena *arena;
    diagnostics diag;
    cn_context_options options; /* strings copied */
    const target *target;
    pool *workers;
    graph *record;
    VEC(uint32_t) call_of_node; /* layer call each record node was made in; 0 = none */
    VEC(cn_source) where_of_node;
    VEC(layer_call) calls; /* [0] unused */
    VEC(cn_layer *) layers;
    VEC(variable *) variables;
    VEC(cn_model *) models;
    VEC(cn_dataset *) datasets;
    cn_dataset *spare_datasets; /* freed ones, used again */
    VEC(cn_function *) functions;
    VEC(cn_custom_layer_options *) custom_classes; /* that cn_load knows; the last counts */
    map variable_of_node;
    bool values_follow;          /* weights of models stay without values: a file has them */
    uint32_t current_call;       /* being built; 0 = none */
    cn_source where;             /* of the public op being recorded outside any layer */
    cn_model *poison_model;      /* what a model is when memory runs out while it is made */
    variable *step, *random_key; /* made at first need */
    map random_places;           /* record node of a random op without a layer -> its number */
};

/* Public entries begin with CONTEXT_ENTER: when memory runs out inside, control comes back here,
 * the message is in the context, and `result` is returned. */
#define CONTEXT_ENTER(c, result)                    \
    diag_recovery context_point;                    \
    if (DIAG_RECOVER(&(c)->diag, &context_point)) { \
        return result;                              \
    }
#define CONTEXT_LEAVE(c) diag_pop_recovery(&(c)->diag, &context_point)

/* Formats "FILE:LINE: " + words into the context's first failure. */
bool context_fail(cn_context *c, cn_source where, cn_status status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Text the program asked for (a summary): through the writer, also of a quiet context. */
void context_write(const cn_context *c, const char *words, size_t length);
cn_tensor tensor_poison(cn_context *c);
cn_tensor tensor_of(cn_context *c, value v);
static inline value tensor_value(cn_tensor t) {
    return (value){t.node, t.result};
}
const type *tensor_type(cn_tensor t);
/* `f32[B,7,7,64] made by conv2d "c2" at train.c:38`, for messages. */
const char *tensor_describe(cn_tensor t);

/* Reads an option by the house rule: 0 = fallback, CN_ZERO = 0. */
double option_number(double given, double fallback);
int64_t option_integer(int64_t given, int64_t fallback);

/* ---- objects composed of ops ------------------------------------------------------------ */

struct cn_activation {
    const char *name; /* Keras' */
    cn_tensor (*function)(cn_tensor x, const struct cn_activation *a);
    double parameters[3];
    cn_tensor (*custom)(cn_tensor x, const void *user);
    const void *user;
    cn_context *context; /* poison and custom ones; NULL for const objects */
};
/* NULL = linear. */
cn_tensor activation_apply(const cn_activation *a, cn_tensor x);

struct cn_initializer {
    const char *name;
    /* Fills count doubles for a weight of this shape; `seed` is the stream. */
    bool (*fill)(const struct cn_initializer *i, const type *t, uint64_t seed, double *out,
                 arena *scratch);
    double parameters[3];
    int mode, distribution;
    uint64_t seed; /* 0 = by path */
};
struct cn_regularizer {
    const char *name;
    double l1, l2;
};
/* A scalar; poison when r is NULL is never returned: call with r != NULL. */
cn_tensor regularizer_apply(const cn_regularizer *r, cn_tensor weight);

/* Losses and metrics without a context are Keras' by their name alone, defaults in all else. */
struct cn_loss {
    const char *name;
    /* Per-sample values; target already cast unless the loss keeps labels. */
    cn_tensor (*function)(const struct cn_loss *l, cn_tensor target, cn_tensor prediction);
    cn_reduction reduction;
    double delta, label_smoothing;
    bool from_logits;
    int64_t axis, ignore_class;
    bool has_ignore_class;
    bool sparse; /* targets are class labels: checked to lie in [0, classes) */
    cn_tensor (*custom)(cn_tensor target, cn_tensor prediction, const void *user);
    const void *user;
    cn_dtype target_dtype;
    cn_context *context;
};
/* What the target input of an output must look like under this loss. */
type loss_target_type(const cn_loss *l, const type *prediction);

struct cn_metric {
    const char *name; /* as shown: "accuracy" */
    cn_tensor (*function)(const struct cn_metric *m, cn_tensor target,
                          cn_tensor prediction); /* per-sample values */
    int direction;                               /* +1: more is better, -1: less is, 0: not known */
    double threshold;
    int64_t k;
    cn_tensor (*custom)(cn_tensor target, cn_tensor prediction, const void *user);
    const void *user;
    cn_context *context;
};
/* CN_ACCURACY to the kind that shapes call for; others are themselves. */
const cn_metric *metric_resolve(const cn_metric *m, const type *target, const type *prediction);

struct cn_schedule {
    const char *name; /* "cosine_decay" */
    /* One formula, on numbers of the host and on scalars of the step alike (schedules.c); NULL:
     * poison. */
    struct schedule_number (*formula)(const struct cn_schedule *s, struct schedule_number step);
    double parameters[6];
    bool flag;
    size_t count;
    const double *boundaries, *values;
    cn_context *context;
};
/* The f32 learning rate at a step (an i64 scalar), computed in f64. */
cn_tensor schedule_build(const cn_schedule *s, cn_tensor step);

/* One weight's part of an optimizer step: clipped and decayed already. */
typedef struct weight_step {
    cn_optimizer *optimizer;
    cn_updates *updates;
    variable *weight;
    cn_tensor value, gradient;
    cn_tensor learning_rate; /* f32 scalar */
    cn_tensor ordinal;       /* f32 scalar: 1 in the first step */
} weight_step;
typedef struct optimizer_class {
    const char *name;                   /* Keras': "adam" */
    double learning_rate, weight_decay; /* defaults */
    unsigned options;                   /* set of optimizer_option (optimizers.h) */
    /* Makes the slots of all weights, in Keras' order. */
    void (*build)(cn_optimizer *o, variable *const *weights, size_t count);
    /* The weight's new value; updates the slots. */
    cn_tensor (*apply)(const weight_step *s);
} optimizer_class;
struct cn_optimizer {
    cn_context *context;
    const optimizer_class *class; /* NULL: poison */
    cn_optimizer_options options; /* defaults filled in */
    cn_source where;
    const char *name; /* "adam", "adam_1": of its variables; given at first use */
    variable *iteration, *learning_rate; /* the latter NULL under a schedule; made at first use */
    VEC(variable *) slots;               /* in Keras' order */
    map slot_of;                         /* "WEIGHT-ID/name" -> index in slots */
};
struct cn_updates {
    cn_context *context;
    VEC(update) items;
    map places; /* variable id -> its index in items */
};
/* The slot of a weight, made at first need, zeros of the weight's type. */
variable *optimizer_slot(cn_optimizer *o, variable *weight, const char *name);

/* ---- functions: extraction and running -------------------------------------------------- */

typedef struct function_output {
    value value;
    const char *name;
} function_output;
typedef struct function_spec {
    const char *name;    /* "train" */
    const value *inputs; /* record `input` nodes, in call order */
    const char *const *input_names;
    const cn_dtype
        *input_dtypes;  /* what the caller will pass; cast in the program; NULL = as recorded */
    double input_scale; /* of inputs that are cast from integers to floats; 0 = 1 */
    uint32_t input_count;
    const function_output *outputs;
    uint32_t output_count;
    const update *updates;
    uint32_t update_count;
    bool training;
    const bool *frozen; /* by layer id, as compile found them; NULL = as they are now */
    bool explain;       /* the executable keeps what its reader wants (codegen/target.h) */
    const dump *dump;   /* looks on, and may end it: then no function is made; NULL = CORNU_DUMP */
} function_spec;

/* extract.c: the graph of a spec in arena a. Fills the variables it reads or writes, in order of
 * first appearance: they are the state inputs after the data inputs. */
typedef struct extraction {
    graph *graph;
    VEC(variable *) variables;
} extraction;
bool extract_function(cn_context *c, const function_spec *spec, arena *a, extraction *out);

struct cn_function {
    cn_context *context;
    const char *name;
    arena *arena; /* its own: freed with it */
    executable *executable;
    execution *execution;
    int64_t capacity; /* of the execution */
    uint32_t input_count, output_count;
    variable **variables; /* state inputs after the data inputs */
    uint32_t variable_count;
    uint32_t *updated; /* outputs after the data outputs: index into variables */
    uint32_t updated_count;
    type *input_types, *output_types; /* B symbolic */
    void **addresses;                 /* of a run: inputs, variables, outputs, updates */
    void **places;                    /* of a public call: inputs, then outputs */
};
/* The context's options and what the environment adds; `label` names the program. */
compile_options context_compile_options(const cn_context *c, const char *label);
cn_function *function_compile(cn_context *c, const function_spec *spec);
/* inputs and outputs by position, dense host memory. Grows the execution to `batch` first. */
uint32_t function_address_count(const cn_function *f);
/* ... on an execution of the caller's, with its own room for the addresses (predictors). */
bool function_run_on(const cn_function *f, execution *e, pool *workers, void *const *inputs,
                     void *const *outputs, int64_t batch, void **addresses, diagnostics *d);
/* Whether a step of this batch fits the context's memory_limit; a message with all sizes when
 * not. */
bool function_fits_memory(const cn_function *f, int64_t batch, diagnostics *d);
bool function_run(cn_function *f, void *const *inputs, void *const *outputs, int64_t batch,
                  diagnostics *d);

/* Arrays against types, with messages (array.c; words are made in `scratch`). The first symbolic
 * axis fixes *batch when it is negative. */
int array_rank(const cn_array *x);
bool array_fits(arena *scratch, diagnostics *d, const cn_array *x, const type *t, int64_t *batch,
                const char *what, size_t i);
/* The variable's text from the environment, NULL in setuid programs and when empty. */
const char *environment_text(const char *name);

/* ---- models ----------------------------------------------------------------------------- */

typedef struct model_output {
    cn_tensor tensor;
    const char *name;
} model_output;
typedef struct training training; /* what cn_compile made */

/* What is wanted of one output: its loss and metrics, defaults filled in. */
typedef struct output_plan {
    uint32_t output;     /* index in the model's outputs */
    const cn_loss *loss; /* NULL: metrics only */
    double weight;
    const cn_metric *metrics[8], *weighted_metrics[8]; /* end at NULL */
} output_plan;

struct cn_model {
    cn_context *context;
    bool poison;
    cn_layer *layer; /* the model as a layer; its class is model_class */
    const char *name;
    bool sequential;
    VEC(cn_tensor) inputs;
    VEC(model_output) outputs; /* names: those of the producing layers, or a file's */
    bool outputs_by_name;      /* a dictionary in Keras, with these names for keys */
    const char **input_keys;   /* of inputs that are a dictionary there; NULL: they are a list */
    VEC(uint32_t) calls;       /* layer calls, operands first; inputs are calls of InputLayer */
    VEC(uint64_t) steps;       /* what a nested model repeats (model.h) */
    VEC(cn_layer *) layers;    /* distinct, Keras' order (depth, then discovery) */
    VEC(variable *) weights;   /* Keras' order */
    VEC(const char *) weight_names; /* distinct: paths, as in Keras */
    training *training;             /* NULL before compile */
    VEC(struct training_program *) programs;
    const char *busy;        /* "fit": which call holds the model; NULL = free */
    _Atomic int stop;        /* cn_stop_training: from threads and signal handlers too */
    bool diverged;           /* TerminateOnNaN ended the fit: no run goes on from there */
    bool resuming;           /* a loaded state says where the next fit begins */
    struct history *history; /* NULL before the first fit */
    int64_t epoch, batch;    /* position of the running fit: the next batch to do */
    uint64_t order_seed;     /* of shuffling: the context's, or a loaded state's */
    cn_callback *callbacks[CN_MAX_LIST]; /* of the running fit, or the last; ends at NULL */
    struct callback_state *loaded; /* of the callbacks of the next fit (state.c); NULL = none */
    cn_logs logs;                  /* of the last evaluation or batch */
    arena *logs_arena;             /* holds `logs` alone; NULL before the first */
};
cn_model *model_poison(cn_context *c);
/* Busy protocol: false with CN_ERROR_BUSY naming both calls. */
bool model_acquire(cn_model *m, cn_source where, const char *call);
void model_release(cn_model *m);

/* ---- compiled models (compile.c: the plan; programs.c: the programs) -------------------- */

/* value = sum / weight */
typedef struct training_log {
    const char *name;
    variable *sum, *weight;
} training_log;

/* The loss and the updates in the record, with or without sample weights. */
typedef struct training_variant {
    bool built;
    cn_tensor loss; /* scalar */
    cn_updates *train, *evaluate;
} training_variant;

struct training {
    cn_optimizer *optimizer;
    VEC(cn_tensor) targets;        /* one per output with a loss or metric, in output order */
    VEC(cn_tensor) sample_weights; /* an input per target: f32[B] */
    VEC(output_plan) outputs;      /* same order */
    VEC(training_log) logs;        /* Keras' order: loss, per-output losses, metrics */
    training_variant variants[2];  /* [0] unweighted, [1] weighted */
    bool *frozen;                  /* by layer id: when it was compiled, as in Keras */
    bool check_finite;
};

typedef enum program_kind { PROGRAM_TRAIN, PROGRAM_EVALUATE, PROGRAM_PREDICT } program_kind;
/* Compiled at first need, for the element types the data has. Inputs: the model's, then targets
 * and, when weighted, sample weights (not for predict). Outputs of train and evaluate: with
 * check_finite one i32 scalar per watched value (count of elements that are not finite), else none.
 * Outputs of predict: the model's. */
typedef struct training_program {
    program_kind kind;
    bool weighted;
    cn_dtype dtypes[2 * CN_MAX_LIST]; /* inputs, then targets */
    cn_function *function;
    const char **watched; /* names of the outputs under check_finite */
    bool explain;         /* as of the function's spec */
    const dump *dump;     /* as of the function's spec */
} training_program;
/* dtypes: of inputs, then of targets. NULL on failure, with the message in the context. */
training_program *model_get_program(cn_model *m, program_kind kind, const cn_dtype *dtypes,
                                    bool weighted);
/* Compiles a program that the model does not keep: of p's kind, element types and wishes. */
bool model_compile_program(cn_model *m, training_program *p);
/* What is compiled for it; NULL on failure. */
const function_spec *model_program_spec(cn_model *m, training_program *p);
/* The element types that the model and, but for predict, its losses want. */
void model_usual_dtypes(const cn_model *m, program_kind kind, cn_dtype *out);
/* What compiling again makes stale; prediction does not depend on it, and predictors may be using
 * it. */
void model_drop_programs(cn_model *m, bool predict_too);
void training_reset_metrics(cn_model *m);
/* The running sums put aside in arena a, and back. */
const void *training_copy_metrics(const cn_model *m, arena *a);
void training_restore_metrics(cn_model *m, const void *copy);
/* Sorted logs of the metric variables now, names prefixed ("val_"); in arena a. */
cn_logs training_read_logs(cn_model *m, const char *prefix, arena *a);

#endif
