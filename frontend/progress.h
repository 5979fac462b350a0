/* The progress bar of fit and evaluate, in Keras' words and shape (keras.md 4.4). */
#ifndef CORNU_FRONTEND_PROGRESS_H
#define CORNU_FRONTEND_PROGRESS_H

#include "frontend/frontend.h"

typedef struct progress {
    cn_context *context;
    int verbose;           /* as cn_fit_options.verbose */
    int64_t target;        /* batches */
    bool to_terminal;      /* backspaces and colours, else plain lines */
    double started, after_first, last_drawn; /* seconds */
    size_t width;          /* of the line on screen */
} progress;

progress progress_begin(cn_context *c, int verbose, int64_t epoch, int64_t epochs, int64_t batches);
/* Whether it is time to redraw: logs are read only then. */
bool progress_due(progress *p, int64_t done);
void progress_draw(progress *p, int64_t done, const cn_logs *logs);
/* The last redraw of an epoch, with validation logs, and the end of the line. */
void progress_end(progress *p, int64_t done, const cn_logs *logs);

#endif
