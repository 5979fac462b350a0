/* Models: made of tensors, compiled to native code, trained, evaluated, asked.
 *
 * Calls that train, evaluate or predict exclude each other on one model: inside a callback a second
 * one returns CN_ERROR_BUSY. Those that need cn_compile and come before it return
 * CN_ERROR_NOT_COMPILED. A call that fails leaves a message in the context.
 */
#ifndef CORNU_MODEL_H
#define CORNU_MODEL_H

#include "cornu/callbacks.h"
#include "cornu/data.h"
#include "cornu/layers.h"
#include "cornu/losses.h"
#include "cornu/metrics.h"
#include "cornu/optimizers.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What lies between inputs and outputs. Names ("dense", "dense_1"), streams of randomness and
 * the order of weights are given here, by topological order. The context owns the model, the
 * model its weights. Never NULL: on failure a poison model, and the context has the message. */
typedef struct cn_model_options {
    cn_context *context;
    cn_tensor inputs[CN_MAX_LIST];
    cn_tensor outputs[CN_MAX_LIST];
    const char *name;            /* NULL = "functional" */
    const cn_tensor *input_list; /* pointer-and-count twins */
    size_t input_count;
    const cn_tensor *output_list;
    size_t output_count;
} cn_model_options;
CN_API cn_model *cn_model_new_at(cn_source where, const cn_model_options *options);

/* A stack of layers from an input shape; .layers ends at the first NULL. Keras: Sequential. */
typedef struct cn_sequential_options {
    cn_context *context;
    int64_t input_shape[CN_MAX_RANK]; /* required, without the batch axis */
    cn_layer *layers[64];
    const char *name; /* NULL = "sequential" */
    cn_layer *const *layer_list;
    size_t layer_count;
    cn_dtype dtype;
} cn_sequential_options;
CN_API cn_model *cn_sequential_at(cn_source where, const cn_sequential_options *options);

CN_API void cn_model_free(cn_model *m); /* optional: the context frees what is left */
/* The model as a layer, to nest it or to freeze it. */
CN_API cn_layer *cn_model_layer(cn_model *m);
CN_API cn_context *cn_model_context(const cn_model *m);
CN_API const char *cn_model_name(const cn_model *m);

/* ---- compile --------------------------------------------------------------------------------- */

/* Losses and metrics of one output. */
typedef struct cn_output_options {
    cn_tensor output;            /* required */
    const cn_loss *loss;         /* NULL = none, whatever the loss of all is */
    double weight;               /* 0 = 1; CN_ZERO = 0 */
    const cn_metric *metrics[8]; /* {NULL} = those of all */
    const cn_metric *weighted_metrics[8];
} cn_output_options;

typedef struct cn_compile_options {
    cn_model *model;
    cn_optimizer *optimizer; /* NULL = rmsprop, as Keras */
    const cn_loss *loss;     /* of every output that has no row below */
    const cn_metric *metrics[8];
    const cn_metric *weighted_metrics[8];
    cn_output_options outputs[CN_MAX_LIST];
    const cn_output_options *output_list;
    size_t output_count;
    bool check_finite; /* debug: a step fails by the name of the first value not finite */
} cn_compile_options;
/* Reports the first error made while building, with its source line. Nothing is turned into code
 * yet: programs are compiled at first need, for the element types that the data has. */
CN_API CN_NODISCARD cn_status cn_compile_at(cn_source where, const cn_compile_options *options);
CN_API bool cn_is_compiled(const cn_model *m);

/* ---- fit, evaluate, predict ------------------------------------------------------------------ */

typedef enum cn_order { CN_SHUFFLED, CN_SEQUENTIAL, CN_SHUFFLED_WITHIN_BATCHES } cn_order;
typedef struct cn_class_weight {
    int64_t label;
    double weight;
} cn_class_weight;

typedef struct cn_fit_options {
    cn_model *model;
    cn_dataset *data;
    int64_t epochs;          /* 0 = 1; the index to stop before, as in Keras */
    int64_t batch_size;      /* 0 = 32 */
    double validation_split; /* the LAST samples, taken before shuffling */
    cn_dataset *validation_data;
    int64_t validation_batch_size; /* 0 = batch_size */
    int64_t validation_freq;       /* 0 = 1 */
    cn_order order;
    const cn_class_weight *class_weight;
    size_t class_weight_count;
    int64_t initial_epoch;
    int64_t steps_per_epoch; /* 0 = all of the data */
    cn_callback *callbacks[CN_MAX_LIST];
    int verbose; /* 0 = a progress bar, 1 = one line per epoch, -1 = nothing */
} cn_fit_options;
CN_API CN_NODISCARD cn_status cn_fit_at(cn_source where, const cn_fit_options *options);
/* From callbacks, or from another thread or a signal handler: fit returns after this batch. */
CN_API void cn_stop_training(cn_model *m);

/* Logs of the last fit: names[i] over epochs. */
typedef struct cn_history {
    size_t epoch_count;
    const int64_t *epochs;
    size_t count;
    const char *const *names;
    const double *const *values; /* values[i][epoch] */
} cn_history;
CN_API const cn_history *cn_model_history(const cn_model *m);
/* NAN when there is none; epoch counts from the first that was run, -1 = the last. */
CN_API double cn_history_get(const cn_history *h, const char *name, int64_t epoch);

typedef struct cn_evaluate_options {
    cn_model *model;
    cn_dataset *data;
    int64_t batch_size; /* 0 = 32 */
    int verbose;
} cn_evaluate_options;
/* One pass over the data. Logs ("loss", metrics) stay readable by cn_model_logs until the next
 * call. */
CN_API CN_NODISCARD cn_status cn_evaluate_at(cn_source where, const cn_evaluate_options *options);
CN_API const cn_logs *cn_model_logs(const cn_model *m);

typedef struct cn_predict_options {
    cn_model *model;
    cn_dataset *data; /* or arrays: */
    cn_array inputs[CN_MAX_LIST];
    cn_array outputs[CN_MAX_LIST]; /* the caller's buffers, one per model output, all samples */
    int64_t batch_size;            /* 0 = 32 */
} cn_predict_options;
/* Needs no cn_compile: losses have no part in it. */
CN_API CN_NODISCARD cn_status cn_predict_at(cn_source where, const cn_predict_options *options);

/* One step on one batch; logs as after evaluate (of this batch alone). */
typedef struct cn_batch_options {
    cn_model *model;
    cn_array inputs[CN_MAX_LIST];
    cn_array targets[CN_MAX_LIST];
    cn_array sample_weight;               /* as of cn_dataset_arrays */
    cn_array sample_weights[CN_MAX_LIST]; /* of target i alone */
} cn_batch_options;
CN_API CN_NODISCARD cn_status cn_train_on_batch_at(cn_source where,
                                                   const cn_batch_options *options);
CN_API CN_NODISCARD cn_status cn_test_on_batch_at(cn_source where, const cn_batch_options *options);

/* ---- concurrent inference -------------------------------------------------------------------- */

/* One per thread: its own workspace and error over the model's weights, which must not change while
 * predictors run. NULL with the message in the model's context. */
typedef struct cn_predictor cn_predictor;
CN_API cn_predictor *cn_predictor_new(cn_model *m, int64_t max_batch);
CN_API CN_NODISCARD cn_status cn_predictor_run(cn_predictor *p, const cn_array *inputs,
                                               size_t input_count, const cn_array *outputs,
                                               size_t output_count);
CN_API const char *cn_predictor_error(const cn_predictor *p);
CN_API void cn_predictor_free(cn_predictor *p);

/* ---- weights --------------------------------------------------------------------------------- */

CN_API size_t cn_weight_count(const cn_model *m);
/* Borrowed view in Keras' order: name ("conv2d/kernel"), dtype, shape, data. */
CN_API cn_array cn_weight(const cn_model *m, size_t i);
/* Copies values in; shape and dtype must agree. */
CN_API CN_NODISCARD cn_status cn_set_weight(cn_model *m, const char *name, const cn_array *value);
/* To .safetensors, or to Keras' .weights.h5 when the name ends so; from these, and from .keras and
 * old .h5 files. Saving is atomic. Loading is all or nothing: all that differs in name, shape or
 * dtype is listed and nothing is changed (CN_ERROR_WEIGHTS). */
CN_API CN_NODISCARD cn_status cn_save_weights(cn_model *m, const char *path);
CN_API CN_NODISCARD cn_status cn_load_weights(cn_model *m, const char *path);
/* Weights, optimizer, counters, randomness and position: a run that goes on from it has the same
 * bits as one that was never stopped. */
CN_API CN_NODISCARD cn_status cn_save_state(cn_model *m, const char *path);
CN_API CN_NODISCARD cn_status cn_load_state(cn_model *m, const char *path);
/* SHA-256 of the parameters and the optimizer's state: 64 hexadecimal digits and a NUL. */
CN_API void cn_checksum(const cn_model *m, char hex[65]);

/* ---- summary --------------------------------------------------------------------------------- */

typedef struct cn_summary_options {
    cn_model *model;
    int line_length; /* 0 = Keras' 88 or 108 */
    bool expand_nested, show_trainable;
} cn_summary_options;
/* Through the context's writer. */
CN_API CN_NODISCARD cn_status cn_summary_at(cn_source where, const cn_summary_options *options);
CN_API size_t cn_parameter_count(const cn_model *m, bool trainable_only);
/* Input or output i: its name, element type and shape, CN_BATCH for the batch; data NULL. */
CN_API size_t cn_input_count(const cn_model *m);
CN_API size_t cn_output_count(const cn_model *m);
CN_API cn_array cn_model_input(const cn_model *m, size_t i);
CN_API cn_array cn_model_output(const cn_model *m, size_t i);
/* A row of the table; names are borrowed. */
typedef struct cn_layer_facts {
    const char *name, *class_name; /* "conv2d_1", "Conv2D" */
    cn_dtype dtype;                /* of the first output of its last call */
    int rank;
    int64_t shape[CN_MAX_RANK]; /* CN_BATCH for the batch */
    size_t parameters;
    bool trainable;
} cn_layer_facts;
CN_API size_t cn_layer_count(const cn_model *m);
CN_API cn_layer_facts cn_layer_get(const cn_model *m, size_t i);
/* Bytes that a training step at this batch size will need, before anything is allocated. */
CN_API CN_NODISCARD cn_status cn_step_memory(cn_model *m, int64_t batch_size, size_t *bytes);

#ifndef __cplusplus
#define cn_model_new(...) \
    cn_model_new_at(CN_HERE(cn_model_options), &(cn_model_options){.context = __VA_ARGS__})
#define cn_sequential(...)                           \
    cn_sequential_at(CN_HERE(cn_sequential_options), \
                     &(cn_sequential_options){.context = __VA_ARGS__})
#define cn_compile(...) \
    cn_compile_at(CN_HERE(cn_compile_options), &(cn_compile_options){.model = __VA_ARGS__})
#define cn_fit(...) cn_fit_at(CN_HERE(cn_fit_options), &(cn_fit_options){.model = __VA_ARGS__})
#define cn_evaluate(...) \
    cn_evaluate_at(CN_HERE(cn_evaluate_options), &(cn_evaluate_options){.model = __VA_ARGS__})
#define cn_predict(...) \
    cn_predict_at(CN_HERE(cn_predict_options), &(cn_predict_options){.model = __VA_ARGS__})
#define cn_train_on_batch(...) \
    cn_train_on_batch_at(CN_HERE(cn_batch_options), &(cn_batch_options){.model = __VA_ARGS__})
#define cn_test_on_batch(...) \
    cn_test_on_batch_at(CN_HERE(cn_batch_options), &(cn_batch_options){.model = __VA_ARGS__})
#define cn_summary(...) \
    cn_summary_at(CN_HERE(cn_summary_options), &(cn_summary_options){.model = __VA_ARGS__})
#endif

#ifdef __cplusplus
}
#endif
#endif
