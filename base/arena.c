/* Arena: a stack of chunks, each a bump pointer; the newest chunk is the head of a list.
 *
 * Chunks double up to a limit, so an arena of n bytes costs O(log n) chunks and wastes at
 * most about half; an allocation larger than a chunk gets one of its own. Rewinding gives
 * newer chunks back and clears what it takes from the older one.
 *
 * Invariant: bytes above `used` are zero, and poisoned under AddressSanitizer, which so sees
 * reads of rewound memory; there a gap between blocks also shows overruns.
 */
#include "base/arena.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/size.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define POISON(p, bytes) ASAN_POISON_MEMORY_REGION((p), (bytes))
#define UNPOISON(p, bytes) ASAN_UNPOISON_MEMORY_REGION((p), (bytes))
enum { GAP = 16 };
#else
#define POISON(p, bytes) ((void)(p), (void)(bytes))
#define UNPOISON(p, bytes) ((void)(p), (void)(bytes))
enum { GAP = 0 };
#endif

enum { ALIGNMENT = 16, FIRST_CHUNK = 4096, LARGEST_CHUNK = 1 << 20 };

typedef struct chunk {
    struct chunk *older;
    size_t bytes; /* of the whole block, this header included */
    size_t used;  /* likewise; always a multiple of ALIGNMENT */
} chunk;

static const size_t header_bytes = (sizeof(chunk) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;

struct arena {
    memory *memory;
    diagnostics *diagnostics;
    chunk *newest; /* NULL while empty */
};

arena *arena_new(memory *m, diagnostics *d) {
    arena *a = memory_take(m, sizeof *a, ALIGNMENT);
    if (a != NULL)
        *a = (arena){.memory = m, .diagnostics = d};
    return a;
}

static void drop_newest_chunk(arena *a) {
    chunk *c = a->newest;
    a->newest = c->older;
    UNPOISON(c, c->bytes);
    memory_give(a->memory, c, c->bytes);
}

void arena_free(arena *a) {
    if (a == NULL)
        return;
    while (a->newest != NULL)
        drop_newest_chunk(a);
    memory_give(a->memory, a, sizeof *a);
}

diagnostics *arena_diagnostics(arena *a) {
    return a->diagnostics;
}

memory *arena_memory(arena *a) {
    return a->memory;
}

static _Noreturn void out_of_memory(arena *a, size_t bytes) {
    diag_unwind(a->diagnostics, CN_ERROR_OUT_OF_MEMORY,
                "out of memory: %zu bytes asked for, %zu in use, %zu at the most", bytes,
                memory_live(a->memory), memory_peak(a->memory));
}

static chunk *add_chunk(arena *a, size_t needed) {
    size_t bytes = a->newest == NULL ? FIRST_CHUNK : a->newest->bytes * 2;
    if (bytes > LARGEST_CHUNK)
        bytes = LARGEST_CHUNK;
    if (bytes < needed)
        bytes = needed;
    chunk *c = memory_take(a->memory, bytes, ALIGNMENT);
    if (c == NULL)
        out_of_memory(a, bytes);
    *c = (chunk){.older = a->newest, .bytes = bytes, .used = header_bytes};
    POISON((char *)c + header_bytes, bytes - header_bytes);
    return a->newest = c;
}

void *arena_alloc(arena *a, size_t bytes) {
    /* Room for the rounding, the gap and a header; a size beyond this wraps around. */
    if (bytes > SIZE_MAX / 2)
        out_of_memory(a, bytes);
    size_t step = size_align(bytes == 0 ? 1 : bytes, ALIGNMENT) + GAP;
    chunk *c = a->newest;
    if (c == NULL || c->bytes - c->used < step)
        c = add_chunk(a, step + header_bytes);
    char *p = (char *)c + c->used;
    c->used += step;
    UNPOISON(p, bytes);
    return p;
}

void *arena_alloc_array(arena *a, size_t count, size_t element_bytes) {
    size_t bytes;
    if (!size_mul(count, element_bytes, &bytes))
        out_of_memory(a, SIZE_MAX);
    return arena_alloc(a, bytes);
}

void *arena_copy(arena *a, const void *bytes, size_t length) {
    void *copy = arena_alloc(a, length);
    if (length != 0)
        memcpy(copy, bytes, length);
    return copy;
}

char *arena_string(arena *a, const char *text) {
    return arena_string_n(a, text, strlen(text));
}

char *arena_string_n(arena *a, const char *text, size_t length) {
    if (length == SIZE_MAX)
        out_of_memory(a, length);
    char *copy = arena_alloc(a, length + 1); /* zeroed: the terminator is there */
    if (length != 0)
        memcpy(copy, text, length);
    return copy;
}

char *arena_format(arena *a, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    assert(length >= 0);
    size_t bytes = (size_t)length + 1;
    char *out = arena_alloc(a, bytes);
    vsnprintf(out, bytes, format, again);
    va_end(again);
    return out;
}

arena_mark arena_get_mark(arena *a) {
    return (arena_mark){a->newest, a->newest == NULL ? 0 : a->newest->used};
}

void arena_rewind(arena *a, arena_mark mark) {
    while (a->newest != mark.chunk) {
        assert(a->newest != NULL); /* a mark of another arena, or one rewound past already */
        drop_newest_chunk(a);
    }
    chunk *c = a->newest;
    if (c == NULL)
        return;
    assert(mark.used <= c->used);
    char *p = (char *)c + mark.used;
    size_t bytes = c->used - mark.used;
    UNPOISON(p, bytes);
    memset(p, 0, bytes);
    POISON(p, bytes);
    c->used = mark.used;
}
