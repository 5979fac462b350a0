/* The order of numpy.random.RandomState(seed).shuffle, by which Keras splits folders of files. */
#ifndef CORNU_RUNTIME_IO_NUMPY_SHUFFLE_H
#define CORNU_RUNTIME_IO_NUMPY_SHUFFLE_H

#include <stddef.h>
#include <stdint.h>

/* order[i] = which of 0 .. count-1 comes i-th. */
void numpy_shuffle(int64_t *order, size_t count, uint32_t seed);

#endif
