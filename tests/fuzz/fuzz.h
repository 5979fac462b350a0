/* What fuzz targets share. A target is one file, fuzz_NAME.c, with one function,
 *
 *     void fuzz_target(arena *a, const uint8_t *bytes, size_t length);
 *
 * one row in CMakeLists.txt, and inputs in the folder NAME: seeds, and what once did harm.
 * NAME.dict has words for the fuzzer, where that helps. The target reads the bytes, whatever they
 * are, and requires what holds of every result; memory may run out at any place.
 */
#ifndef CORNU_TESTS_FUZZ_H
#define CORNU_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

void fuzz_target(arena *a, const uint8_t *bytes, size_t length);

/* A defect, when it does not hold: the fuzzer keeps the input. */
void require(bool holds);
/* A failure has words, a success none. */
void require_verdict(const diagnostics *d, bool ok);
/* So much was taken from the arena's memory at most. */
void require_memory(arena *a, size_t bytes);

/* A file with these bytes, for readers that take a path; the next call overwrites it. */
const char *fuzz_file(const uint8_t *bytes, size_t length);

#endif
