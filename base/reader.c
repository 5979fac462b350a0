/* Checked byte reader; see the header for the contract.
 *
 * Invariant: offset <= length, so `length - offset` never wraps, and every test compares
 * against what is left instead of adding to the offset.
 */
#include "base/reader.h"

reader reader_of(const void *bytes, size_t length) {
    return (reader){.bytes = bytes, .length = length};
}

bool reader_has(const reader *r, uint64_t count, size_t element_bytes) {
    if (r->failed)
        return false;
    return element_bytes == 0 || count <= (r->length - r->offset) / element_bytes;
}

const uint8_t *reader_take(reader *r, size_t count) {
    if (!reader_has(r, count, 1)) {
        r->failed = true;
        return NULL;
    }
    static const uint8_t nothing[1] = {0}; /* an empty take of an empty reader is no failure */
    if (count == 0)
        return r->bytes == NULL ? nothing : r->bytes + r->offset;
    const uint8_t *p = r->bytes + r->offset;
    r->offset += count;
    return p;
}

uint8_t reader_u8(reader *r) {
    const uint8_t *p = reader_take(r, 1);
    return p == NULL ? 0 : p[0];
}

uint32_t reader_u32_big(reader *r) {
    const uint8_t *p = reader_take(r, 4);
    uint32_t value = 0;
    for (int i = 0; p != NULL && i < 4; i++)
        value = value << 8 | p[i];
    return value;
}

static uint64_t little(reader *r, unsigned bytes) {
    const uint8_t *p = reader_take(r, bytes);
    uint64_t value = 0;
    for (unsigned i = 0; p != NULL && i < bytes; i++)
        value |= (uint64_t)p[i] << (8 * i);
    return value;
}

uint16_t reader_u16_little(reader *r) {
    return (uint16_t)little(r, 2);
}

uint32_t reader_u32_little(reader *r) {
    return (uint32_t)little(r, 4);
}

uint64_t reader_u64_little(reader *r) {
    return little(r, 8);
}
