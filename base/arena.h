/* Arena: chunked bump allocation, the compiler's only allocator.
 *
 * Everything symbolic lives as long as its arena; nothing is freed singly. `arena_alloc`
 * never returns NULL: when memory (or the limit) is exhausted it records
 * CN_ERROR_OUT_OF_MEMORY and unwinds to the recovery point of its diagnostics, so code above
 * needs no checks and cannot leak: its memory belongs to the arena, which the owner frees.
 *
 * Invariant: memory is zeroed and aligned to 16 bytes (or what was asked). Chunks come from
 * `memory`, the seam where tests fail the n-th allocation and where the live and peak bytes
 * of a context are counted.
 */
#ifndef CORNU_BASE_ARENA_H
#define CORNU_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"

/* The source of raw memory: counted, limited, and able to fail on purpose. Thread-safe. */
typedef struct memory memory;
memory *memory_new(size_t limit_bytes /* 0 = none */);
void memory_free(memory *m);
/* NULL on failure; zeroed; aligned to 64 bytes at least. */
void *memory_take(memory *m, size_t bytes, size_t alignment);
void memory_give(memory *m, void *p, size_t bytes);
size_t memory_live(const memory *m);
size_t memory_peak(const memory *m);
/* Fails the n-th following take (1 = the next), and all after it when `sticky`. For tests. */
void memory_fail_at(memory *m, int64_t n, int sticky);

typedef struct arena arena;
typedef struct arena_mark { void *chunk; size_t used; } arena_mark;

/* NULL on failure (the only call here that can return it; nothing is recorded). */
arena *arena_new(memory *m, diagnostics *d);
void arena_free(arena *a);
diagnostics *arena_diagnostics(arena *a);
memory *arena_memory(arena *a);

void *arena_alloc(arena *a, size_t bytes);
void *arena_alloc_array(arena *a, size_t count, size_t element_bytes); /* checked product */
void *arena_copy(arena *a, const void *bytes, size_t length);
char *arena_string(arena *a, const char *text);
char *arena_string_n(arena *a, const char *text, size_t length);
char *arena_format(arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

arena_mark arena_get_mark(arena *a);
void arena_rewind(arena *a, arena_mark mark);

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, count) ((type *)arena_alloc_array((a), (size_t)(count), sizeof(type)))

#endif
