/* TerminateOnNaN: ends training at the batch whose loss is not finite.
 *
 * The loss in the logs is the mean over the epoch so far, kept as a sum in f64. A loss is a
 * float32, so the sum of finite ones is finite, and one that is not makes the sum so for good: the
 * first batch after which the mean is not finite is the one whose own loss was not.
 */
#include <math.h>

#include "frontend/callback.h"
#include "frontend/progress.h"

typedef struct terminate_on_nan {
    bool fail;
} terminate_on_nan;

static void batch_end(cn_model *m, int64_t batch, const cn_logs *logs, void *user) {
    const terminate_on_nan *t = user;
    double loss = cn_logs_get(logs, "loss");
    if (isfinite(loss))
        return;
    if (t->fail)
        diag_fail(&m->context->diag, CN_ERROR_NOT_FINITE,
                  "the loss is not finite at batch %lld; training ends", (long long)batch);
    else
        progress_say(m->context, "Batch %lld: Invalid loss, terminating training",
                     (long long)batch);
    m->diverged = true;
    cn_stop_training(m);
}

cn_callback *cn_terminate_on_nan(cn_context *c, bool fail) {
    if (c == NULL)
        return callback_poison(NULL);
    CONTEXT_ENTER(c, callback_poison(NULL));
    cn_callback_functions functions = {.batch_end = batch_end};
    cn_callback *cb = callback_new(c, "TerminateOnNaN", &functions, sizeof(terminate_on_nan));
    ((terminate_on_nan *)cb->functions.user)->fail = fail;
    CONTEXT_LEAVE(c);
    return cb;
}
