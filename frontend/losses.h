/* What losses.c, losses_crossentropy.c and metrics.c share: how targets fit predictions, and the
 * formulas of per-sample values.
 */
#ifndef CORNU_FRONTEND_LOSSES_H
#define CORNU_FRONTEND_LOSSES_H

#include "frontend/frontend.h"

static inline bool ends_in_one(const type *t) {
    return t->rank > 0 && dim_is(t->dims[t->rank - 1], 1);
}

/* Makes the shapes of a target (`truth`) and a prediction equal where one has an axis of 1 more at
 * its end. False after a refusal in the words of `who` ("loss \"huber\""). */
bool target_fits(const char *who, cn_tensor *truth, cn_tensor *prediction);
/* Labels as i32 with the shape of the prediction less its class axis; [..., 1] loses the last
 * axis. Poison after a refusal. */
cn_tensor labels_fit(const char *who, cn_tensor labels, cn_tensor prediction, int64_t class_axis);
/* 0 <= axis < rank of x from a possibly negative one; -1 when there is no such axis. */
int axis_of(cn_tensor x, int64_t axis);
/* Mean over the last axis; values of rank 1 are one per sample already. */
cn_tensor mean_over_features(cn_tensor x);

/* Formulas: per-sample values of operands that fit (cn_loss.function). */
cn_tensor loss_mean_squared_error(const cn_loss *l, cn_tensor truth, cn_tensor prediction);
cn_tensor loss_mean_absolute_error(const cn_loss *l, cn_tensor truth, cn_tensor prediction);
cn_tensor loss_huber(const cn_loss *l, cn_tensor truth, cn_tensor prediction);
cn_tensor loss_binary_crossentropy(const cn_loss *l, cn_tensor truth, cn_tensor prediction);
cn_tensor loss_categorical_crossentropy(const cn_loss *l, cn_tensor truth, cn_tensor prediction);
cn_tensor loss_sparse_categorical_crossentropy(const cn_loss *l, cn_tensor labels,
                                               cn_tensor prediction);

#endif
