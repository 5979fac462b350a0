/* Callbacks of fit, Keras' words and rules; and your own.
 *
 * A callback belongs to its context; cn_fit calls those in `.callbacks` in their order. One that
 * could not be made is refused there, with the message. `monitor` names a log: "loss",
 * "val_accuracy"; CN_MODE_AUTO tells by the name which way is better.
 */
#ifndef CORNU_CALLBACKS_H
#define CORNU_CALLBACKS_H

#include "cornu/context.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cn_model cn_model;
typedef struct cn_callback cn_callback;

typedef enum cn_monitor_mode { CN_MODE_AUTO, CN_MODE_MIN, CN_MODE_MAX } cn_monitor_mode;

/* Ends training when a log stops improving. Keras: EarlyStopping. */
typedef struct cn_early_stopping_options {
    cn_context *context;
    const char *monitor; /* NULL = "val_loss" */
    int64_t patience;    /* epochs without improvement to bear with */
    double min_delta;    /* less is no improvement */
    cn_monitor_mode mode;
    double baseline; /* 0 = none; CN_ZERO = 0 */
    bool restore_best_weights;
    int64_t start_from_epoch;
    bool verbose; /* tells when it acts */
} cn_early_stopping_options;
CN_API cn_callback *cn_early_stopping_at(cn_source where, const cn_early_stopping_options *options);

/* Writes a file, atomically, at the end of each epoch: the whole model when its name ends in
 * .keras, else the weights (.weights.h5 for Keras, any other name safetensors). `path` may hold
 * {epoch} and {batch}, counted from 1, and {NAME} of a log, with a format as in Python:
 * {val_loss:.2f}, {epoch:03d}. Folders that are missing are made. Keras: ModelCheckpoint. */
typedef struct cn_model_checkpoint_options {
    cn_context *context;
    const char *path;    /* required */
    const char *monitor; /* NULL = "val_loss" */
    bool save_best_only;
    bool training_state; /* the whole state (cn_save_state) in place of the weights */
    cn_monitor_mode mode;
    int64_t save_every_batches;     /* 0 = each epoch */
    double initial_value_threshold; /* 0 = none; CN_ZERO = 0 */
    bool verbose;                   /* tells when it acts */
} cn_model_checkpoint_options;
CN_API cn_callback *cn_model_checkpoint_at(cn_source where,
                                           const cn_model_checkpoint_options *options);

/* Multiplies the learning rate by `factor` after `patience` epochs without improvement. Keras:
 * ReduceLROnPlateau. */
typedef struct cn_reduce_lr_options {
    cn_context *context;
    const char *monitor; /* NULL = "val_loss" */
    double factor;       /* 0 = 0.1 */
    int64_t patience;    /* 0 = 10; CN_ZERO = 0 */
    double min_delta;    /* 0 = 1e-4; CN_ZERO = 0 */
    int64_t cooldown;    /* epochs to wait after a reduction */
    double min_lr;
    cn_monitor_mode mode;
    bool verbose; /* tells when it acts */
} cn_reduce_lr_options;
CN_API cn_callback *cn_reduce_lr_on_plateau_at(cn_source where,
                                               const cn_reduce_lr_options *options);

/* Sets the learning rate before each epoch to schedule(epoch, current, user); user is borrowed. */
CN_API cn_callback *cn_learning_rate_scheduler(
    cn_context *c, double (*schedule)(int64_t epoch, double current, void *user), void *user);
/* A row for each epoch: its index and the logs by name; flushed as it is written. */
CN_API cn_callback *cn_csv_logger(cn_context *c, const char *path, char separator /* 0 = ',' */,
                                  bool append);
/* Stops fit when a batch's loss is not finite; with `fail`, fit returns CN_ERROR_NOT_FINITE. */
CN_API cn_callback *cn_terminate_on_nan(cn_context *c, bool fail);

/* What a callback sees; logs are sorted by name and borrowed for the call. */
typedef struct cn_logs {
    size_t count;
    const char *const *names;
    const double *values;
} cn_logs;
/* NAN when there is no such log. */
CN_API double cn_logs_get(const cn_logs *logs, const char *name);

typedef struct cn_callback_functions {
    void *user; /* borrowed */
    void (*train_begin)(cn_model *m, void *user);
    void (*train_end)(cn_model *m, void *user);
    void (*epoch_begin)(cn_model *m, int64_t epoch, void *user);
    void (*epoch_end)(cn_model *m, int64_t epoch, const cn_logs *logs, void *user);
    void (*batch_begin)(cn_model *m, int64_t batch, void *user);
    void (*batch_end)(cn_model *m, int64_t batch, const cn_logs *logs, void *user);
} cn_callback_functions;
/* Inside, cn_stop_training(m), weights, the learning rate and saving may be used; calling fit,
 * evaluate or predict of the same model returns CN_ERROR_BUSY. */
CN_API cn_callback *cn_callback_new(cn_context *c, const cn_callback_functions *functions);

#ifndef __cplusplus
#define cn_early_stopping(...)                               \
    cn_early_stopping_at(CN_HERE(cn_early_stopping_options), \
                         &(cn_early_stopping_options){.context = __VA_ARGS__})
#define cn_model_checkpoint(...)                                 \
    cn_model_checkpoint_at(CN_HERE(cn_model_checkpoint_options), \
                           &(cn_model_checkpoint_options){.context = __VA_ARGS__})
#define cn_reduce_lr_on_plateau(...)                          \
    cn_reduce_lr_on_plateau_at(CN_HERE(cn_reduce_lr_options), \
                               &(cn_reduce_lr_options){.context = __VA_ARGS__})
#endif

#ifdef __cplusplus
}
#endif
#endif
