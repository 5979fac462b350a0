/* CRC-32 by carry-less multiplication.
 *
 * A CRC is a remainder of polynomials over GF(2), so 64 bytes may stand for all bytes before them:
 * four registers of 128 bits are multiplied by x^(distance) mod P, which moves them 64 bytes
 * further, and the next 64 bytes are added (xor). At the end four registers become one in the same
 * way, one of 128 bits becomes 64, then 32 by Barrett's reduction. Constants are bit-reflected, as
 * the checksum is: x^(512+32), x^(512-32), x^(128+32), x^(128-32), x^64, then P and x^64 / P.
 *
 * V. Gopal et al., Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction,
 * Intel 2009. Short blocks, ends, and processors without the instruction are zlib's.
 */
#include "runtime/io/crc32.h"

#include <zlib.h>

#if defined(__x86_64__)
#include <immintrin.h>

enum { BLOCK = 64, WORTH_IT = 256 };
#define CARRYLESS __attribute__((target("pclmul,sse4.1")))

CARRYLESS static inline __m128i load(const uint8_t *bytes, size_t index) {
    return _mm_loadu_si128((const __m128i *)(const void *)bytes + index);
}

/* x, moved by the distance that k stands for, plus y. */
CARRYLESS static inline __m128i fold(__m128i x, __m128i k, __m128i y) {
    __m128i low = _mm_clmulepi64_si128(x, k, 0x00), high = _mm_clmulepi64_si128(x, k, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), y);
}

CARRYLESS static uint32_t reduce(__m128i x) {
    const __m128i low = _mm_setr_epi32(~0, 0, ~0, 0), k = _mm_set_epi64x(0, 0x0163cd6124),
                  p = _mm_set_epi64x(0x01f7011641, 0x01db710641);
    const __m128i k4 = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
    x = _mm_xor_si128(_mm_srli_si128(x, 8), _mm_clmulepi64_si128(x, k4, 0x10));
    x = _mm_xor_si128(_mm_srli_si128(x, 4), _mm_clmulepi64_si128(_mm_and_si128(x, low), k, 0x00));
    __m128i t = _mm_clmulepi64_si128(_mm_and_si128(x, low), p, 0x10);
    t = _mm_clmulepi64_si128(_mm_and_si128(t, low), p, 0x00);
    return (uint32_t)_mm_extract_epi32(_mm_xor_si128(x, t), 1);
}

/* length is a multiple of 64 and not 0; the checksum is the bare remainder, not inverted. */
CARRYLESS static uint32_t blocks(uint32_t before, const uint8_t *bytes, size_t length) {
    const __m128i far = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4),
                  near = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
    __m128i a = load(bytes, 0), b = load(bytes, 1), c = load(bytes, 2), d = load(bytes, 3);
    a = _mm_xor_si128(a, _mm_cvtsi32_si128((int)before));
    for (size_t at = BLOCK; at < length; at += BLOCK) {
        a = fold(a, far, load(bytes + at, 0));
        b = fold(b, far, load(bytes + at, 1));
        c = fold(c, far, load(bytes + at, 2));
        d = fold(d, far, load(bytes + at, 3));
    }
    return reduce(fold(fold(fold(a, near, b), near, c), near, d));
}

static size_t most_of_it(uint32_t *checksum, const uint8_t *bytes, size_t length) {
    if (length < WORTH_IT || !__builtin_cpu_supports("pclmul") || !__builtin_cpu_supports("sse4.1"))
        return 0;
    *checksum = ~blocks(~*checksum, bytes, length / BLOCK * BLOCK);
    return length / BLOCK * BLOCK;
}

#else
static size_t most_of_it(uint32_t *checksum, const uint8_t *bytes, size_t length) {
    (void)checksum, (void)bytes, (void)length;
    return 0;
}
#endif

uint32_t crc32_of(uint32_t before, const void *bytes, size_t length) {
    size_t done = most_of_it(&before, bytes, length);
    return (uint32_t)crc32_z(before, (const uint8_t *)bytes + done, length - done);
}
