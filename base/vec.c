/* Growth of vec: capacity doubles, so pushing n elements copies fewer than 2 n.
 *
 * Capacities stay below 2^31 elements. That keeps `count + 1` from ever wrapping to zero in
 * vec_push, which would turn a full vec into a write outside it.
 */
#include "base/vec.h"

#include <string.h>

static const uint32_t largest_capacity = UINT32_C(1) << 31;

void *vec_grow(arena *a, void *items, uint32_t *capacity, uint32_t needed, size_t element_bytes) {
    if (needed <= *capacity)
        return items;
    if (needed > largest_capacity)
        diag_unwind(arena_diagnostics(a), CN_ERROR_OUT_OF_MEMORY,
                    "out of memory: an array of %u elements", (unsigned)needed);
    uint32_t grown = *capacity < 8 ? 8 : *capacity;
    while (grown < needed)
        grown *= 2;
    void *block = arena_alloc_array(a, grown, element_bytes);
    if (items != NULL)
        memcpy(block, items, *capacity * element_bytes);
    *capacity = grown;
    return block;
}
