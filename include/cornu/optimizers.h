/* Optimizers and learning-rate schedules, Keras' update rules and defaults.
 *
 * An update is part of the compiled training step. Gradients are clipped first (at most one of
 * the three ways), then weights decay (decoupled), then the rule applies.
 */
#ifndef CORNU_OPTIMIZERS_H
#define CORNU_OPTIMIZERS_H

#include "cornu/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cn_optimizer cn_optimizer;
typedef struct cn_schedule cn_schedule;

/* What every optimizer takes; each ignores nothing: an option it does not have is an error. */
typedef struct cn_optimizer_options {
    cn_context *context;
    double learning_rate;                        /* 0 = the optimizer's default; CN_ZERO = 0 */
    const cn_schedule *schedule;                 /* in place of learning_rate */
    double clipnorm, global_clipnorm, clipvalue; /* 0 = off */
    double weight_decay;                         /* 0 = off (adamw: 0.004); CN_ZERO = 0 */
    double momentum;                             /* sgd, rmsprop */
    bool nesterov;                               /* sgd */
    double beta_1, beta_2;                       /* adam, adamw: 0 = 0.9, 0.999 */
    double epsilon;                              /* adam, adamw, rmsprop: 0 = 1e-7 */
    bool amsgrad;                                /* adam, adamw */
    double rho;                                  /* rmsprop: 0 = 0.9 */
    bool centered;                               /* rmsprop */
    const char *name;
} cn_optimizer_options;
/* Learning rates by default: 0.01 of sgd, 0.001 of the others. */
CN_API cn_optimizer *cn_sgd_at(cn_source where, const cn_optimizer_options *options);
CN_API cn_optimizer *cn_adam_at(cn_source where, const cn_optimizer_options *options);
CN_API cn_optimizer *cn_adamw_at(cn_source where, const cn_optimizer_options *options);
CN_API cn_optimizer *cn_rmsprop_at(cn_source where, const cn_optimizer_options *options);

/* Read and set between steps; setting is an error when a schedule drives it. */
CN_API double cn_learning_rate(const cn_optimizer *o);
CN_API CN_NODISCARD cn_status cn_set_learning_rate(cn_optimizer *o, double learning_rate);

/* Schedules: a function of the optimizer's step count, computed in the training step. Zero for
 * power, t_mul and m_mul is Keras' default (1, 2, 1), for warmup_target none (CN_ZERO = 0):
 * then warmup_steps does not count. */
CN_API const cn_schedule *cn_exponential_decay(cn_context *c, double initial, int64_t decay_steps,
                                               double decay_rate, bool staircase);
CN_API const cn_schedule *cn_inverse_time_decay(cn_context *c, double initial, int64_t decay_steps,
                                                double decay_rate, bool staircase);
CN_API const cn_schedule *cn_polynomial_decay(cn_context *c, double initial, int64_t decay_steps,
                                              double end, double power, bool cycle);
/* values has count + 1 entries. */
CN_API const cn_schedule *cn_piecewise_constant_decay(cn_context *c, size_t count,
                                                      const int64_t *boundaries,
                                                      const double *values);
CN_API const cn_schedule *cn_cosine_decay(cn_context *c, double initial, int64_t decay_steps,
                                          double alpha, double warmup_target, int64_t warmup_steps);
CN_API const cn_schedule *cn_cosine_decay_restarts(cn_context *c, double initial,
                                                   int64_t first_decay_steps, double t_mul,
                                                   double m_mul, double alpha);
/* The value at a step. */
CN_API double cn_schedule_value(const cn_schedule *s, int64_t step);

#ifndef __cplusplus
#define CN_OPTIMIZER(name, ...) \
    name(CN_HERE(cn_optimizer_options), &(cn_optimizer_options){.context = __VA_ARGS__})
#define cn_sgd(...) CN_OPTIMIZER(cn_sgd_at, __VA_ARGS__)
#define cn_adam(...) CN_OPTIMIZER(cn_adam_at, __VA_ARGS__)
#define cn_adamw(...) CN_OPTIMIZER(cn_adamw_at, __VA_ARGS__)
#define cn_rmsprop(...) CN_OPTIMIZER(cn_rmsprop_at, __VA_ARGS__)
#endif

#ifdef __cplusplus
}
#endif
#endif
