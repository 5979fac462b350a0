/* Regularizers: l1 sum|w| + l2 sum w^2, as in Keras without a one half. */
#include "frontend/frontend.h"

cn_tensor regularizer_apply(const cn_regularizer *r, cn_tensor weight) {
    cn_tensor l1 = cn_op_scale(cn_op_sum(cn_op_absolute(weight), 0, NULL, false), r->l1);
    cn_tensor l2 = cn_op_scale(cn_op_sum(cn_op_square(weight), 0, NULL, false), r->l2);
    return r->l2 == 0 ? l1 : r->l1 == 0 ? l2 : cn_op_add(l1, l2);
}

static const cn_regularizer nothing = {.name = "l1_l2"};

static const cn_regularizer *new_regularizer(cn_context *c, const char *name, double l1,
                                             double l2) {
    if (c == NULL)
        return &nothing;
    CONTEXT_ENTER(c, &nothing);
    cn_regularizer *r = ARENA_NEW(c->arena, cn_regularizer);
    *r = (cn_regularizer){.name = name, .l1 = l1, .l2 = l2};
    if (!(l1 >= 0 && l2 >= 0 && l1 + l2 < __builtin_inf()))
        diag_fail(&c->diag, CN_ERROR_INVALID_ARGUMENT,
                  "cn_regularizer_%s: factors %g and %g must be finite and not negative", name, l1,
                  l2);
    CONTEXT_LEAVE(c);
    return r;
}

const cn_regularizer *cn_regularizer_l1(cn_context *c, double l1) {
    return new_regularizer(c, "l1", l1, 0);
}
const cn_regularizer *cn_regularizer_l2(cn_context *c, double l2) {
    return new_regularizer(c, "l2", 0, l2);
}
const cn_regularizer *cn_regularizer_l1_l2(cn_context *c, double l1, double l2) {
    return new_regularizer(c, "l1_l2", l1, l2);
}
