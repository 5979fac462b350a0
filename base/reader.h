/* Checked byte reader: the one way every file format is read.
 *
 * A reader is a window on bytes already in memory. Reading past the end sets `failed` and
 * yields zeros, so a parser may read a whole header and check once. Nothing is allocated on
 * the word of a header: reader_has tells whether count x bytes can still be there.
 */
#ifndef CORNU_BASE_READER_H
#define CORNU_BASE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct reader {
    const uint8_t *bytes;
    size_t length, offset;
    bool failed;
} reader;

reader reader_of(const void *bytes, size_t length);
bool reader_has(const reader *r, uint64_t count, size_t element_bytes);
const uint8_t *reader_take(reader *r, size_t count); /* NULL when it is not there */
uint8_t reader_u8(reader *r);
uint32_t reader_u32_big(reader *r);
uint16_t reader_u16_little(reader *r);
uint32_t reader_u32_little(reader *r);
uint64_t reader_u64_little(reader *r);

#endif
