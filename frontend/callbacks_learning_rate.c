/* ReduceLROnPlateau and LearningRateScheduler: callbacks that move the learning rate.
 *
 * Both put "learning_rate" into the logs: the rate that the epoch was trained with.
 */
#include <math.h>
#include <string.h>

#include "frontend/callback.h"
#include "frontend/progress.h"

static void add_rate(cn_model *m, void *user, cn_logs *logs, arena *a) {
    (void)user;
    log_put(logs, a, "learning_rate", cn_learning_rate(m->training->optimizer));
}

/* ---- ReduceLROnPlateau ------------------------------------------------------------------ */

typedef struct plateau_record {
    double best;
    int64_t has_best, wait, cooldown_left;
} plateau_record;

typedef struct plateau {
    monitor monitor;
    double factor, min_lr;
    int64_t patience, cooldown;
    bool verbose;
    plateau_record now;
} plateau;

static void plateau_begin(cn_model *m, void *user) {
    (void)m;
    ((plateau *)user)->now = (plateau_record){0};
}

static void reduce(plateau *p, cn_model *m, int64_t epoch) {
    double old = cn_learning_rate(m->training->optimizer);
    if (!(old > (double)(float)p->min_lr))
        return;
    double rate = old * p->factor;
    if (rate < p->min_lr)
        rate = p->min_lr;
    if (cn_set_learning_rate(m->training->optimizer, rate) != CN_OK)
        return;
    if (p->verbose)
        progress_say(m->context, "Epoch %lld: ReduceLROnPlateau reducing learning rate to %g.",
                     (long long)epoch + 1, rate);
    p->now.cooldown_left = p->cooldown;
    p->now.wait = 0;
}

static void plateau_epoch_end(cn_model *m, int64_t epoch, const cn_logs *logs, void *user) {
    plateau *p = user;
    double current;
    if (!monitor_settle(&p->monitor, m) || !monitor_read(&p->monitor, m, logs, &current))
        return;
    if (p->now.cooldown_left > 0) {
        p->now.cooldown_left--;
        p->now.wait = 0;
    }
    if (!p->now.has_best || monitor_improves(&p->monitor, current, p->now.best)) {
        p->now.best = current;
        p->now.has_best = true;
        p->now.wait = 0;
    } else if (p->now.cooldown_left == 0) {
        p->now.wait++;
        if (p->now.wait >= p->patience)
            reduce(p, m, epoch);
    }
}

static bool check_plateau(cn_source where, const cn_reduce_lr_options *o) {
    double factor = option_number(o->factor, 0.1);
    if (!(factor >= 0 && factor < 1))
        return context_fail(o->context, where, CN_ERROR_INVALID_ARGUMENT,
                            "reduce_lr_on_plateau: .factor is %g; it is less than 1", factor);
    if (option_integer(o->patience, 10) >= 0 && option_integer(o->cooldown, 0) >= 0 &&
        option_number(o->min_lr, 0) >= 0)
        return true;
    return context_fail(o->context, where, CN_ERROR_INVALID_ARGUMENT,
                        "reduce_lr_on_plateau: .patience, .cooldown and .min_lr are not negative");
}

static cn_callback *make_plateau(cn_source where, const cn_reduce_lr_options *o) {
    cn_context *c = o->context;
    if (!check_plateau(where, o))
        return callback_poison(c);
    cn_callback_functions functions = {.train_begin = plateau_begin,
                                       .epoch_end = plateau_epoch_end};
    cn_callback *cb = callback_new(c, "ReduceLROnPlateau", &functions, sizeof(plateau));
    plateau *p = cb->functions.user;
    *p = (plateau){.monitor = monitor_make(c, cb->kind, o->monitor, o->mode,
                                           option_number(o->min_delta, 1e-4)),
                   .factor = option_number(o->factor, 0.1),
                   .min_lr = option_number(o->min_lr, 0),
                   .patience = option_integer(o->patience, 10),
                   .cooldown = option_integer(o->cooldown, 0),
                   .verbose = o->verbose};
    cb->parts[0] = (callback_part){&p->now, sizeof p->now};
    cb->add_logs = add_rate;
    return cb;
}

cn_callback *cn_reduce_lr_on_plateau_at(cn_source where, const cn_reduce_lr_options *options) {
    cn_reduce_lr_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    if (o.context == NULL)
        return callback_poison(NULL);
    CONTEXT_ENTER(o.context, callback_poison(NULL));
    cn_callback *cb = make_plateau(where, &o);
    CONTEXT_LEAVE(o.context);
    return cb;
}

/* ---- LearningRateScheduler -------------------------------------------------------------- */

typedef struct scheduler {
    double (*schedule)(int64_t epoch, double current, void *user);
    void *user;
} scheduler;

/* Not again in the middle of an epoch that is resumed: its rate is set already. */
static void scheduler_epoch_begin(cn_model *m, int64_t epoch, void *user) {
    const scheduler *s = user;
    cn_optimizer *o = m->training->optimizer;
    if (m->batch > 0)
        return;
    if (cn_set_learning_rate(o, s->schedule(epoch, cn_learning_rate(o), s->user)) != CN_OK)
        diag_prefix(&m->context->diag, "LearningRateScheduler at epoch %lld: ", (long long)epoch);
}

cn_callback *cn_learning_rate_scheduler(
    cn_context *c, double (*schedule)(int64_t epoch, double current, void *user), void *user) {
    if (c == NULL)
        return callback_poison(NULL);
    CONTEXT_ENTER(c, callback_poison(NULL));
    cn_callback *cb;
    if (schedule == NULL) {
        diag_fail(&c->diag, CN_ERROR_INVALID_ARGUMENT,
                  "learning_rate_scheduler: the schedule is missing");
        cb = callback_poison(c);
    } else {
        cn_callback_functions functions = {.epoch_begin = scheduler_epoch_begin};
        cb = callback_new(c, "LearningRateScheduler", &functions, sizeof(scheduler));
        *(scheduler *)cb->functions.user = (scheduler){schedule, user};
        cb->add_logs = add_rate;
    }
    CONTEXT_LEAVE(c);
    return cb;
}
