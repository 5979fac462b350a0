/* Growable arrays in an arena: VEC(type) declares one, the macros below push and reserve.
 *
 *     VEC(int) counts = {0};
 *     vec_push(a, &counts, 3);
 *     for (uint32_t i = 0; i < counts.count; i++) use(counts.items[i]);
 *
 * Growth copies within the arena (the old block stays until the arena goes), so pointers into
 * a vec die with the next push.
 */
#ifndef CORNU_BASE_VEC_H
#define CORNU_BASE_VEC_H

#include <stdint.h>

#include "base/arena.h"

#define VEC(type)          \
    struct {               \
        type *items;       \
        uint32_t count;    \
        uint32_t capacity; \
    }

/* Returns the block for at least `needed` elements, copied if it had to grow. */
void *vec_grow(arena *a, void *items, uint32_t *capacity, uint32_t needed, size_t element_bytes);

#define vec_reserve(a, v, needed) \
    ((v)->items = vec_grow((a), (v)->items, &(v)->capacity, (needed), sizeof *(v)->items))
#define vec_push(a, v, ...) \
    (vec_reserve((a), (v), (v)->count + 1), (void)((v)->items[(v)->count++] = __VA_ARGS__))
#define vec_pop(v) ((v)->items[--(v)->count])
#define vec_last(v) ((v)->items[(v)->count - 1])

#endif
