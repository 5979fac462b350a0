/* Hash map: entries in insertion order, and beside them a table of indices into them.
 *
 * The table (linear probing, at most half full) holds 32-bit positions only, so growing it
 * moves no entry and the order in which a program iterates is the order in which it inserted,
 * on every machine and in every run. The address of a value dies with the next map_put.
 *
 * The hash is MurmurHash64A (Austin Appleby, public domain) with explicit little-endian loads:
 * the same on every machine, since hashes appear in dumps. It is no defence against an
 * adversary who picks keys; whoever maps a file's names caps their number first.
 */
#include "base/map.h"

#include <string.h>

#include "base/size.h"

enum { FIRST_ENTRIES = 8 };

static const uint64_t murmur_multiplier = UINT64_C(0xc6a4a7935bd1e995);

static uint64_t load_little(const uint8_t *p, size_t count) {
    uint64_t word = 0;
    for (size_t i = 0; i < count; i++)
        word |= (uint64_t)p[i] << (8 * i);
    return word;
}

uint64_t hash_bytes(const void *bytes, size_t count, uint64_t seed) {
    const uint8_t *p = bytes;
    const uint64_t m = murmur_multiplier;
    uint64_t h = seed ^ (count * m);
    for (; count >= 8; count -= 8, p += 8) {
        uint64_t k = load_little(p, 8) * m;
        h = (h ^ (k ^ k >> 47) * m) * m;
    }
    if (count > 0)
        h = (h ^ load_little(p, count)) * m;
    h = (h ^ h >> 47) * m;
    return h ^ h >> 47;
}

uint64_t hash_combine(uint64_t a, uint64_t b) {
    const uint64_t m = murmur_multiplier;
    uint64_t k = b * m;
    uint64_t h = (a ^ (k ^ k >> 47) * m) * m;
    return (h ^ h >> 47) * m;
}

void map_init(map *m, arena *a) {
    *m = (map){.arena = a};
}

/* The slot that holds the key, or the empty one where it belongs. Needs a non-empty table. */
static uint32_t *slot_of(const map *m, uint64_t hash, const void *key, size_t key_bytes) {
    uint32_t mask = m->slot_count - 1;
    for (uint32_t i = (uint32_t)hash & mask;; i = (i + 1) & mask) {
        uint32_t *slot = &m->slots[i];
        if (*slot == 0)
            return slot;
        const map_entry *e = &m->entries[*slot - 1];
        if (e->hash == hash && e->key_bytes == key_bytes &&
            (key_bytes == 0 || memcmp(e->key, key, key_bytes) == 0))
            return slot;
    }
}

/* Room for one more entry, with a table of twice the capacity. */
static void grow(map *m) {
    if (m->count < m->capacity)
        return;
    if (m->capacity >= UINT32_C(1) << 30)
        diag_unwind(arena_diagnostics(m->arena), CN_ERROR_OUT_OF_MEMORY,
                    "out of memory: a map of %u entries", (unsigned)m->capacity);
    uint32_t capacity = m->capacity == 0 ? FIRST_ENTRIES : m->capacity * 2;
    map_entry *entries = ARENA_ARRAY(m->arena, map_entry, capacity);
    uint32_t *slots = ARENA_ARRAY(m->arena, uint32_t, capacity * 2);
    if (m->count > 0)
        memcpy(entries, m->entries, m->count * sizeof *entries);
    uint32_t mask = capacity * 2 - 1;
    for (uint32_t e = 0; e < m->count; e++) {
        uint32_t i = (uint32_t)entries[e].hash & mask;
        while (slots[i] != 0)
            i = (i + 1) & mask;
        slots[i] = e + 1;
    }
    m->entries = entries;
    m->slots = slots;
    m->capacity = capacity;
    m->slot_count = capacity * 2;
}

uint64_t *map_find(const map *m, const void *key, size_t key_bytes) {
    if (m->count == 0)
        return NULL;
    uint32_t slot = *slot_of(m, hash_bytes(key, key_bytes, 0), key, key_bytes);
    return slot == 0 ? NULL : &m->entries[slot - 1].value;
}

uint64_t *map_put(map *m, const void *key, size_t key_bytes, bool *found) {
    grow(m);
    uint64_t hash = hash_bytes(key, key_bytes, 0);
    uint32_t *slot = slot_of(m, hash, key, key_bytes);
    if (found != NULL)
        *found = *slot != 0;
    if (*slot == 0) {
        /* One byte more than the key, zero: a text key is a C string. */
        const char *copy = arena_string_n(m->arena, key, key_bytes);
        m->entries[m->count] = (map_entry){copy, key_bytes, hash, 0};
        *slot = ++m->count;
    }
    return &m->entries[*slot - 1].value;
}

uint64_t *map_find_text(const map *m, const char *key) {
    return map_find(m, key, strlen(key));
}

uint64_t *map_put_text(map *m, const char *key, bool *found) {
    return map_put(m, key, strlen(key), found);
}
