/* A C source, compiled on the fly and loaded into this process; see source.c. */
#ifndef CORNU_TOOLS_SOURCE_H
#define CORNU_TOOLS_SOURCE_H

#include "tools/verb.h"

typedef struct loaded_source {
    void *library;  /* of dlopen; names in messages point into it, so it outlives its context */
    void *function; /* of dlsym */
} loaded_source;

/* Compiles `path` and finds a function in it, which messages call by its prototype. EXIT_OK, or a
 * code after the message was written; close it in any case. */
exit_code source_load(const invocation *i, const char *path, const char *function,
                      const char *prototype, loaded_source *s);
void source_close(loaded_source *s);

/* The C compiler, or why there is none, as one line. */
bool source_compiler_describe(char *line, size_t size);

#endif
