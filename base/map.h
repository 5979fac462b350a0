/* Hash map from byte keys to 64-bit values, and the string interner on top of it.
 *
 * Open addressing in an arena, insertion order kept (iteration is deterministic: never hash
 * order, never pointers). Keys are copied.
 */
#ifndef CORNU_BASE_MAP_H
#define CORNU_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

typedef struct map_entry {
    const void *key;
    size_t key_bytes;
    uint64_t hash;
    uint64_t value;
} map_entry;

typedef struct map {
    arena *arena;
    map_entry *entries; /* in insertion order */
    uint32_t count, capacity;
    uint32_t *slots; /* index into entries + 1, 0 = empty */
    uint32_t slot_count;
} map;

void map_init(map *m, arena *a);
/* The address of the value, or NULL. */
uint64_t *map_find(const map *m, const void *key, size_t key_bytes);
/* The address of the value, new entries zero; `*found` says which (may be NULL). */
uint64_t *map_put(map *m, const void *key, size_t key_bytes, bool *found);
uint64_t *map_find_text(const map *m, const char *key);
uint64_t *map_put_text(map *m, const char *key, bool *found);

uint64_t hash_bytes(const void *bytes, size_t count, uint64_t seed);
uint64_t hash_combine(uint64_t a, uint64_t b);

#endif
