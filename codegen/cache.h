/* A folder of finished code, found again by a hash of everything that went into it.
 *
 * An entry is one file, FOLDER/<key in hexadecimal><suffix>: the content as it will be used (a
 * shared object may be loaded from the very path), followed by a seal that holds the key and a
 * hash of the content. An entry is verified each time before it is used; a damaged one is removed
 * with a warning and simply missing. Entries appear by rename, so processes share a folder without
 * locks. The least recently used ones go when the folder outgrows its limit.
 *
 * Code that is loaded runs with the user's rights, so a folder that another user owns or may write
 * to is not used at all, nor any folder in a set-user-id program.
 */
#ifndef CORNU_CODEGEN_CACHE_H
#define CORNU_CODEGEN_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/diag.h"
#include "base/sha256.h"

enum {
    CACHE_MAKER_BYTES = 96,
    CACHE_SUFFIX_BYTES = 16,
    CACHE_NAME_BYTES = SHA256_HEX_SIZE + CACHE_SUFFIX_BYTES + 8, /* with that of a temporary */
};

#define CACHE_DEFAULT_LIMIT (UINT64_C(512) << 20)

typedef struct cache cache;

typedef struct cache_entry {
    char *path;                    /* malloc; cache_entry_free */
    size_t size;                   /* of the content: the first bytes of the file */
    char maker[CACHE_MAKER_BYTES]; /* what made it: "clang 19.1.7 (in process)" */
} cache_entry;

/* `folder` NULL: $CORNU_CACHE_DIR, else $XDG_CACHE_HOME/cornu, else ~/.cache/cornu; an empty
 * string turns the cache off. `limit_bytes` 0 means the default. NULL when there is no usable
 * folder, with a warning unless it was turned off: the caller then goes without, and all calls
 * below take NULL for a cache that holds nothing. Never records a failure in `d`. */
cache *cache_open(const char *folder, const char *suffix, uint64_t limit_bytes, diagnostics *d);
void cache_free(cache *c);
const char *cache_folder(const cache *c);

/* False when there is no valid entry. A found entry counts as used now. */
bool cache_find(cache *c, const sha256_digest *key, diagnostics *d, cache_entry *entry);

/* Stores and finds. False, with a warning, when it cannot be written. */
bool cache_store(cache *c, const sha256_digest *key, const char *maker, const void *content,
                 size_t size, diagnostics *d, cache_entry *entry);

void cache_remove(cache *c, const sha256_digest *key);
void cache_entry_free(cache_entry *entry);

/* What lies in the folder, entries and left-over temporaries alike. */
typedef struct cache_item {
    struct timespec used;
    uint64_t size;                 /* of the file */
    char name[CACHE_NAME_BYTES];   /* of the file, in the folder */
    char maker[CACHE_MAKER_BYTES]; /* "" where there is no seal */
} cache_item;
/* A list taken with malloc, the least recently used first; returns how many. */
size_t cache_list(cache *c, cache_item **items);
/* Removes all of it; returns how many went. */
size_t cache_clear(cache *c);
uint64_t cache_limit(const cache *c);

#endif
