/* SHA-256 (FIPS 180-4), for keys and integrity checks of cached files.
 *
 * A hash over several values must not depend on where one ends and the next begins, so whoever
 * builds a key feeds strings and numbers through sha256_string and sha256_u64, which fix the
 * framing: a string is its length followed by its bytes, a number eight bytes, lowest first.
 */
#ifndef CORNU_BASE_SHA256_H
#define CORNU_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_BYTES = 32, SHA256_HEX_SIZE = 2 * SHA256_BYTES + 1 };

typedef struct sha256_digest {
    uint8_t bytes[SHA256_BYTES];
} sha256_digest;

typedef struct sha256 {
    uint32_t state[8];
    uint64_t length;     /* bytes hashed so far */
    uint8_t pending[64]; /* the block under construction: its first length % 64 bytes */
} sha256;

void sha256_init(sha256 *hash);
void sha256_update(sha256 *hash, const void *data, size_t size);
void sha256_string(sha256 *hash, const char *text, size_t length);
void sha256_u64(sha256 *hash, uint64_t value);
sha256_digest sha256_finish(sha256 *hash);

/* Lower-case hexadecimal, terminated. */
void sha256_to_hex(const sha256_digest *digest, char hex[SHA256_HEX_SIZE]);

#endif
