/* CRC-32 of zip and gzip, several times as fast as zlib's where the processor multiplies
 * polynomials. */
#ifndef CORNU_RUNTIME_IO_CRC32_H
#define CORNU_RUNTIME_IO_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of what has the checksum `before` and these bytes behind it; 0 of nothing. */
uint32_t crc32_of(uint32_t before, const void *bytes, size_t length);

#endif
