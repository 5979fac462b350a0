/* RMSprop (Hinton):  v' = rho v + (1 - rho) g^2     step = rate * g / sqrt(v' + epsilon)
 *
 * centered subtracts the square of the running mean of g from v'; with momentum the steps
 * accumulate. Epsilon stands inside of the root.
 */
#include "frontend/optimizers.h"

static void build(cn_optimizer *o, variable *const *weights, size_t count) {
    for (size_t i = 0; i < count; i++)
        optimizer_slot(o, weights[i], "velocity");
    for (size_t i = 0; o->options.momentum != 0 && i < count; i++)
        optimizer_slot(o, weights[i], "momentum");
    for (size_t i = 0; o->options.centered && i < count; i++)
        optimizer_slot(o, weights[i], "average_gradient");
}

/* rho * x + (1 - rho) * y */
static cn_tensor average(double rho, cn_tensor x, cn_tensor y) {
    return cn_op_add(cn_op_scale(x, rho), cn_op_scale(y, 1 - rho));
}

static cn_tensor apply(const weight_step *s) {
    const cn_optimizer_options *o = &s->optimizer->options;
    cn_tensor v = average(o->rho, slot_get(s, "velocity"), cn_op_square(s->gradient));
    slot_set(s, "velocity", v);
    if (o->centered) {
        cn_tensor mean = average(o->rho, slot_get(s, "average_gradient"), s->gradient);
        slot_set(s, "average_gradient", mean);
        v = cn_op_subtract(v, cn_op_square(mean));
    }
    cn_tensor down = cn_op_multiply(s->gradient, s->learning_rate);
    cn_tensor step = cn_op_divide(down, cn_op_sqrt(cn_op_shift(v, o->epsilon)));
    if (o->momentum != 0) {
        step = cn_op_add(cn_op_scale(slot_get(s, "momentum"), o->momentum), step);
        slot_set(s, "momentum", step);
    }
    return cn_op_subtract(s->value, step);
}

const optimizer_class rmsprop_class = {.name = "rmsprop",
                                       .learning_rate = 0.001,
                                       .options = OPTION_MOMENTUM | OPTION_EPSILON | OPTION_RHO |
                                                  OPTION_CENTERED,
                                       .build = build,
                                       .apply = apply};
