/* SGD with momentum:  m' = momentum * m - rate * g,  w' = w + m'
 *                     nesterov:                      w' = w + momentum * m' - rate * g
 */
#include "frontend/optimizers.h"

static void build(cn_optimizer *o, variable *const *weights, size_t count) {
    for (size_t i = 0; o->options.momentum != 0 && i < count; i++)
        optimizer_slot(o, weights[i], "momentum");
}

static cn_tensor apply(const weight_step *s) {
    const cn_optimizer_options *o = &s->optimizer->options;
    cn_tensor down = cn_op_multiply(s->gradient, s->learning_rate);
    if (o->momentum == 0)
        return cn_op_subtract(s->value, down);
    cn_tensor old = slot_get(s, "momentum");
    cn_tensor momentum = cn_op_subtract(cn_op_scale(old, o->momentum), down);
    slot_set(s, "momentum", momentum);
    if (o->nesterov)
        momentum = cn_op_subtract(cn_op_scale(momentum, o->momentum), down);
    return cn_op_add(s->value, momentum);
}

const optimizer_class sgd_class = {.name = "sgd",
                                   .learning_rate = 0.01,
                                   .options = OPTION_MOMENTUM | OPTION_NESTEROV,
                                   .build = build,
                                   .apply = apply};
