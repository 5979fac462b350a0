/* The context: owner of everything symbolic, keeper of the first error, the only way out for
 * text. One thread at a time uses a context; different contexts are independent. */
#ifndef CORNU_CONTEXT_H
#define CORNU_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cornu/dtype.h"
#include "cornu/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CN_API __attribute__((visibility("default")))
#define CN_NODISCARD __attribute__((warn_unused_result))

/* Where a call stands in the user's program, and how large its options were when it was
 * compiled (so that options may grow at the end without breaking programs). */
typedef struct cn_source {
    const char *file;
    int line;
    size_t options_size;
} cn_source;
#define CN_HERE(options) ((cn_source){__FILE__, __LINE__, sizeof(options)})
#define CN_WHERE ((cn_source){__FILE__, __LINE__, 0})

/* Options read zero as "Keras' default". Where zero itself is meant: */
#define CN_ZERO INT64_MIN
/* ... and for a computed value that may be zero: .beta_1 = cn_exact(b). */
static inline double cn_exact(double x) {
    return x == 0 ? (double)CN_ZERO : x;
}

typedef struct cn_context cn_context;

typedef struct cn_context_options {
    const char *backend; /* "cpu" (NULL) or "ref", the interpreter */
    int threads;         /* of the pool, the caller included; 0 = one per processor */
    uint64_t seed;       /* of parameters, dropout and shuffling */
    const char
        *cache_directory; /* of compiled programs; NULL = CORNU_CACHE_DIR or ~/.cache/cornu */
    size_t memory_limit;  /* bytes for models and their runs; 0 = none */
    bool quiet;           /* no progress, no warnings */
    /* Takes progress and warnings; NULL = stderr. */
    void (*writer)(void *user, const char *text, size_t length);
    void *writer_user;
} cn_context_options;

/* NULL options are all defaults; NULL result means out of memory. Free with cn_context_free,
 * after every other thread is done with it. */
CN_API cn_context *cn_context_new(const cn_context_options *options);
CN_API void cn_context_free(cn_context *c);

/* The first failure since the last clear: its code, and a message that names the cause, where
 * it is in the program, and the cure. Borrowed until the next call with this context. */
CN_API cn_status cn_error_status(const cn_context *c);
CN_API const char *cn_error_message(const cn_context *c);
CN_API void cn_error_clear(cn_context *c);
/* "a file that cannot be read or written" */
CN_API const char *cn_status_text(cn_status status);

/* Bytes in use and the most there ever were. */
CN_API size_t cn_memory_live(const cn_context *c);
CN_API size_t cn_memory_peak(const cn_context *c);

#ifdef __cplusplus
}
#endif
#endif
