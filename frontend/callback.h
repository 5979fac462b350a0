/* What fit does with callbacks: built-in ones are cn_callback_functions over their own state. */
#ifndef CORNU_FRONTEND_CALLBACK_H
#define CORNU_FRONTEND_CALLBACK_H

#include "frontend/frontend.h"

struct cn_callback {
    cn_context *context;
    cn_callback_functions functions;
    bool failed;       /* a poison callback: the context has the message */
    bool wants_batches;/* needs the logs after each batch */
    /* May add logs before others see them ("learning_rate"); NULL = none. */
    void (*add_logs)(cn_model *m, void *user, cn_logs *logs, arena *a);
    /* After an epoch or batch: false ends fit with the failure in the context. NULL = never. */
    bool (*healthy)(cn_model *m, void *user);
};

/* A callback over a state of `size` zeroed bytes (functions.user points at it). */
cn_callback *callback_new(cn_context *c, const cn_callback_functions *functions, size_t size);

#endif
