/* What the optimizers' files share: their rows, and the words update rules are written in. */
#ifndef CORNU_FRONTEND_OPTIMIZERS_H
#define CORNU_FRONTEND_OPTIMIZERS_H

#include "frontend/frontend.h"

/* Options beyond those that every optimizer takes. */
enum optimizer_option {
    OPTION_MOMENTUM = 1,
    OPTION_NESTEROV = 2,
    OPTION_BETAS = 4,
    OPTION_EPSILON = 8,
    OPTION_AMSGRAD = 16,
    OPTION_RHO = 32,
    OPTION_CENTERED = 64,
};

extern const optimizer_class sgd_class, adam_class, adamw_class, rmsprop_class;

/* The step of an optimizer on weights down their gradients: clip, decay, the class's rule. */
void optimizer_step(cn_optimizer *o, cn_updates *u, variable *const *weights,
                    const cn_tensor *gradients, size_t count);

/* A slot of the weight before the step, and its value after it. */
cn_tensor slot_get(const weight_step *s, const char *name);
void slot_set(const weight_step *s, const char *name, cn_tensor new_value);
/* from + fraction * (to - from): a running average. */
cn_tensor approach(cn_tensor from, cn_tensor to, double fraction);

#endif
