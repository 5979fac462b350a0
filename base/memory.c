/* Counted, limited memory: the one seam through which arenas and buffers reach the heap.
 *
 * The idea: whoever wants to know what happens when memory runs out asks the n-th allocation
 * to fail, for n = 1, 2, ... until nothing fails any more. Bytes are reserved in the count
 * before they are taken, so a limit holds even when threads allocate at the same time.
 *
 * Invariant: live <= peak, live <= limit (when one is set before), and live is zero when every
 * block was given back.
 */
#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/platform.h"
#include "base/size.h"

enum {
    MINIMAL_ALIGNMENT = 64, /* a cache line, and the widest vector */
    LARGE_BLOCK = 2 << 20,  /* worth large pages: hundreds of page faults less each */
    LARGE_ALIGNMENT = 2 << 20
};

struct memory {
    atomic_size_t live, peak, limit; /* bytes; limit 0 = none */
    _Atomic int64_t takes;           /* number of takes so far */
    _Atomic int64_t fail_at;         /* the take that fails, 0 = none */
    atomic_bool fail_after;          /* ... and all later ones */
};

memory *memory_new(size_t limit_bytes) {
    memory *m = calloc(1, sizeof *m);
    if (m != NULL)
        atomic_store(&m->limit, limit_bytes);
    return m;
}

void memory_free(memory *m) {
    assert(m == NULL || memory_live(m) == 0);
    free(m);
}

static bool fails_on_purpose(memory *m) {
    int64_t take = atomic_fetch_add(&m->takes, 1) + 1;
    int64_t fail_at = atomic_load(&m->fail_at);
    if (fail_at == 0 || take < fail_at)
        return false;
    return take == fail_at || atomic_load(&m->fail_after);
}

static bool reserve(memory *m, size_t bytes) {
    size_t limit = atomic_load(&m->limit), live = atomic_load(&m->live), after;
    do {
        if (!size_add(live, bytes, &after) || (limit != 0 && after > limit))
            return false;
    } while (!atomic_compare_exchange_weak(&m->live, &live, after));
    size_t peak = atomic_load(&m->peak);
    while (peak < after && !atomic_compare_exchange_weak(&m->peak, &peak, after)) {
    }
    return true;
}

void *memory_take(memory *m, size_t bytes, size_t alignment) {
    size_t least = bytes >= LARGE_BLOCK ? LARGE_ALIGNMENT : MINIMAL_ALIGNMENT;
    if (alignment < least)
        alignment = least;
    size_t padded;
    if (fails_on_purpose(m) || !size_add(bytes, alignment, &padded) || !reserve(m, bytes))
        return NULL;
    /* aligned_alloc wants a multiple of the alignment; an empty block gets an address too. */
    void *p = aligned_alloc(alignment, size_align(bytes == 0 ? 1 : bytes, alignment));
    if (p == NULL) {
        atomic_fetch_sub(&m->live, bytes);
        return NULL;
    }
    if (bytes >= LARGE_BLOCK)
        prefer_large_pages(p, bytes);
    return memset(p, 0, bytes);
}

void memory_give(memory *m, void *p, size_t bytes) {
    if (p == NULL)
        return;
    free(p);
    atomic_fetch_sub(&m->live, bytes);
}

size_t memory_live(const memory *m) {
    return atomic_load(&m->live);
}

size_t memory_peak(const memory *m) {
    return atomic_load(&m->peak);
}

void memory_fail_at(memory *m, int64_t n, int sticky) {
    atomic_store(&m->fail_after, sticky != 0);
    atomic_store(&m->fail_at, n <= 0 ? 0 : atomic_load(&m->takes) + n);
}
