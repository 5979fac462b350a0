/* Axes of extent 1: what reshapes insert and drop most often. */
#ifndef CORNU_PASSES_UNIT_AXES_H
#define CORNU_PASSES_UNIT_AXES_H

#include "ir/ir.h"

/* Whether two shapes differ in axes of extent 1 only. Then to[i] is the axis of `b` that axis i
 * of `a` is, -1 for an axis of 1 that b lacks. Pairs increase. */
bool match_unit_axes(const type *a, const type *b, int64_t *to);

#endif
