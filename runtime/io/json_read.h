/* JSON from files, by jansson: no key twice, at most 64 levels deep. NaN, Infinity and -Infinity,
 * which Python writes bare and JSON has not, are read as the texts "nan", "inf" and "-inf". */
#ifndef CORNU_RUNTIME_IO_JSON_READ_H
#define CORNU_RUNTIME_IO_JSON_READ_H

#include <jansson.h>

#include "base/diag.h"

/* NULL with a message of `title`, line and column. The caller gives the reference back. */
json_t *json_read(const char *title, const void *bytes, size_t length, diagnostics *d);

/* A number or one of these texts; false when it is neither. */
bool json_read_number(const json_t *x, double *out);

#endif
