/* Pairing axes in order; see the header. An axis of 1 is paired with one of 1 where both stand
 * next in line, so that as few as possible count as inserted or dropped. */
#include "passes/unit_axes.h"

bool match_unit_axes(const type *a, const type *b, int64_t *to) {
    int at = 0;
    for (int i = 0; i < a->rank; i++) {
        while (at < b->rank && !dim_equal(a->dims[i], b->dims[at]) && dim_is(b->dims[at], 1) &&
               !dim_is(a->dims[i], 1))
            at++;
        if (at < b->rank && dim_equal(a->dims[i], b->dims[at]))
            to[i] = at++;
        else if (dim_is(a->dims[i], 1))
            to[i] = -1;
        else
            return false;
    }
    while (at < b->rank && dim_is(b->dims[at], 1))
        at++;
    return at == b->rank;
}
