/* What fit does with callbacks: built-in ones are cn_callback_functions over their own state. */
#ifndef CORNU_FRONTEND_CALLBACK_H
#define CORNU_FRONTEND_CALLBACK_H

#include "frontend/frontend.h"

/* Bytes that make a resumed run go on as if never interrupted: plain data without pointers.
 * Empty until they exist. */
typedef struct callback_part {
    void *data;
    size_t bytes;
} callback_part;
enum { CALLBACK_PARTS = 2 };

struct cn_callback {
    cn_context *context;
    cn_callback_functions functions;
    const char *kind; /* "EarlyStopping"; "callback" for the user's own */
    bool failed;      /* a poison callback: the context has the message */
    /* May add logs before others see them (log_add); NULL = none. */
    void (*add_logs)(cn_model *m, void *user, cn_logs *logs, arena *a);
    /* After all callbacks have seen an epoch or a batch: what is written now is of one moment. */
    void (*finish)(cn_model *m, void *user);
    /* The parts of the state that are saved with a model's, after train_begin. */
    callback_part parts[CALLBACK_PARTS];
};

/* A callback over a state of `size` zeroed bytes, which functions.user of the result points at. */
cn_callback *callback_new(cn_context *c, const char *kind, const cn_callback_functions *functions,
                          size_t size);
cn_callback *callback_poison(cn_context *c);
/* Adds a log, in its place by name, or replaces the one of that name. */
void log_put(cn_logs *logs, arena *a, const char *name, double x);

/* ---- watching one log: Keras' MonitorCallback ------------------------------------------- */

typedef struct monitor {
    const char *kind; /* of the callback: for messages */
    const char *name; /* of the log */
    cn_monitor_mode mode;
    double min_delta; /* what an improvement is at least, as a magnitude */
} monitor;

monitor monitor_make(cn_context *c, const char *kind, const char *name, cn_monitor_mode mode,
                     double min_delta);
/* Settles what CN_MODE_AUTO means for this model; false with a message when it cannot be told. */
bool monitor_settle(monitor *w, cn_model *m);
/* False, with a warning, when there is no such log. */
bool monitor_read(const monitor *w, cn_model *m, const cn_logs *logs, double *current);
/* Better than the reference by more than min_delta. */
bool monitor_improves(const monitor *w, double current, double reference);

#endif
