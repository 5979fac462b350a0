/* JSON from files, by jansson: no key twice, at most 64 levels deep. */
#ifndef CORNU_RUNTIME_IO_JSON_READ_H
#define CORNU_RUNTIME_IO_JSON_READ_H

#include <jansson.h>

#include "base/diag.h"

/* NULL with a message of `title`, line and column. The caller gives the reference back. */
json_t *json_read(const char *title, const void *bytes, size_t length, diagnostics *d);

#endif
