/* Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
 *
 * Counter-based: the bits are a pure function of key and counter, so the order of execution,
 * the thread count and the vector width cannot matter. */
#ifndef CORNU_BASE_PHILOX_H
#define CORNU_BASE_PHILOX_H

#include <stdint.h>

void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);
/* Uniform in [0, 1): the top 24 bits. */
float philox_unit_f32(uint32_t bits);

#endif
