/* Adam and AdamW (Kingma and Ba; Loshchilov and Hutter), as Keras writes them:
 *
 *     m' = m + (1 - beta_1) (g - m)          v' = v + (1 - beta_2) (g^2 - v)
 *     w' = w - m' a / (sqrt(v') + epsilon)   a = rate * sqrt(1 - beta_2^t) / (1 - beta_1^t)
 *
 * with v' replaced by its largest value so far under amsgrad. Epsilon stands outside of the
 * correction of v's bias ("epsilon hat"). AdamW is the same rule with another default decay.
 */
#include <math.h>

#include "frontend/optimizers.h"

static void build(cn_optimizer *o, variable *const *weights, size_t count) {
    for (size_t i = 0; i < count; i++) {
        optimizer_slot(o, weights[i], "momentum");
        optimizer_slot(o, weights[i], "velocity");
    }
    for (size_t i = 0; o->options.amsgrad && i < count; i++)
        optimizer_slot(o, weights[i], "velocity_hat");
}

/* 1 - beta^t as -expm1(t log(beta)): the subtraction would lose half of the digits in f32. */
static cn_tensor bias(const weight_step *s, double beta) {
    cn_tensor power =
        beta == 0 ? cn_op_scale(s->ordinal, -1e9) : cn_op_scale(s->ordinal, log(beta));
    return cn_op_negative(cn_op_expm1(power));
}

static cn_tensor apply(const weight_step *s) {
    const cn_optimizer_options *o = &s->optimizer->options;
    cn_tensor m = approach(slot_get(s, "momentum"), s->gradient, 1 - o->beta_1);
    cn_tensor v = approach(slot_get(s, "velocity"), cn_op_square(s->gradient), 1 - o->beta_2);
    slot_set(s, "momentum", m);
    slot_set(s, "velocity", v);
    if (o->amsgrad) {
        v = cn_op_maximum(slot_get(s, "velocity_hat"), v);
        slot_set(s, "velocity_hat", v);
    }
    cn_tensor rate = cn_op_multiply(s->learning_rate, cn_op_sqrt(bias(s, o->beta_2)));
    rate = cn_op_divide(rate, bias(s, o->beta_1));
    cn_tensor scale = cn_op_shift(cn_op_sqrt(v), o->epsilon);
    return cn_op_subtract(s->value, cn_op_divide(cn_op_multiply(m, rate), scale));
}

#define ADAM_OPTIONS (OPTION_BETAS | OPTION_EPSILON | OPTION_AMSGRAD)

const optimizer_class adam_class = {.name = "adam",
                                    .learning_rate = 0.001,
                                    .options = ADAM_OPTIONS,
                                    .build = build,
                                    .apply = apply};

const optimizer_class adamw_class = {.name = "adamw",
                                     .learning_rate = 0.001,
                                     .weight_decay = 0.004,
                                     .options = ADAM_OPTIONS,
                                     .build = build,
                                     .apply = apply};
