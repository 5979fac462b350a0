/* The progress bar of fit and evaluate, in Keras' words and shape (keras.md 4.4). */
#ifndef CORNU_FRONTEND_PROGRESS_H
#define CORNU_FRONTEND_PROGRESS_H

#include "frontend/frontend.h"

typedef struct progress {
    cn_context *context;
    int verbose;    /* as cn_fit_options.verbose */
    int64_t target; /* batches */
    int columns;    /* of the terminal; 0 = plain lines */
    bool colours;
    int64_t first;                           /* batches done when the first was told of; 0 before */
    double started, after_first, last_drawn; /* seconds */
} progress;

/* Begins an epoch: `Epoch 2/5` where there are several. */
progress progress_begin(cn_context *c, int verbose, int64_t epoch, int64_t epochs, int64_t batches);
/* Whether it is time to redraw: logs are read only then. To be asked after every batch. */
bool progress_due(progress *p, int64_t done);
void progress_draw(progress *p, int64_t done, const cn_logs *logs);
/* The last redraw of an epoch, with validation logs, and the end of the line. */
void progress_end(progress *p, int64_t done, const cn_logs *logs);
/* A line of a callback ("Epoch 3: early stopping"), on a line of its own. */
void progress_say(cn_context *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
