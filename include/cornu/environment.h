/* The machine under Cornu: what is found on it, the folder of compiled programs, and the variables
 * that are read from the environment. `cornu doctor` and `cornu cache` write what these tell.
 */
#ifndef CORNU_ENVIRONMENT_H
#define CORNU_ENVIRONMENT_H

#include "cornu/context.h"

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, value, meaning): all variables that are read. */
#define CN_ENVIRONMENT_MAP(X)                                                        \
    X("CORNU_CACHE_DIR", "FOLDER", "keep compiled programs there; empty: keep none") \
    X("CORNU_CC", "COMMAND", "compile by this C compiler, not by the module")        \
    X("CORNU_CLANG_MODULE", "FILE",                                                  \
      "the compiler module, where it is not beside the "                             \
      "library")                                                                     \
    X("CORNU_DUMP", "FOLDER", "write every stage of every program into this folder") \
    X("CORNU_HDF5", "FILE",                                                          \
      "the program cornu-hdf5, where it is not beside the "                          \
      "library")                                                                     \
    X("CORNU_ISA", "LEVEL",                                                          \
      "make code for x86-64-v3 or x86-64-v4, not for the "                           \
      "processor's best")                                                            \
    X("CORNU_PASSES", "LIST", "passes to leave out: -fuse,-cse")                     \
    X("CORNU_SANITIZE_GENERATED", "LIST", "sanitizers for generated code")           \
    X("CORNU_VERIFY", "off|on|exec", "verify graphs after each pass; exec: by running them")

/* The version of these headers, for `#if CN_VERSION_NUMBER >= 200`, and that of the library in
 * use. */
#define CN_VERSION "0.1.0"
#define CN_VERSION_NUMBER 100 /* 10000 * major + 100 * minor + patch */
CN_API const char *cn_version(void);

/* One thing that Cornu looks for on a machine. */
typedef struct cn_finding {
    const char *subject; /* "compiler module" */
    const char *value;   /* what is found, or why it is not: one line */
    const char *origin;  /* what decided: "default", or the name of a variable */
    const char *cure;    /* the line that mends it; NULL = there is nothing to mend */
    bool found;
} cn_finding;
typedef struct cn_findings {
    const cn_finding *rows;
    size_t count;
} cn_findings;
/* Looks at everything: versions, processor, compilers, targets, cache, environment. The rows
 * belong to the context. What is missing is no failure: its row says so. */
CN_API CN_NODISCARD cn_status cn_doctor(cn_context *c, cn_findings *out);

/* A compiled program in the cache. */
typedef struct cn_cache_entry {
    const char *name;  /* of its file */
    const char *maker; /* the compiler */
    uint64_t bytes;
    int64_t used; /* seconds since 1970 */
} cn_cache_entry;
typedef struct cn_cache {
    const char *folder;            /* NULL when there is none */
    const cn_cache_entry *entries; /* the least recently used first */
    size_t count;
    uint64_t bytes, limit; /* beyond the limit the oldest go */
} cn_cache;
/* The cache that the context's programs are kept in; the tables belong to the context. */
CN_API CN_NODISCARD cn_status cn_cache_list(cn_context *c, cn_cache *out);
/* Removes every entry; programs that are loaded stay. `removed` may be NULL. */
CN_API CN_NODISCARD cn_status cn_cache_clear(cn_context *c, size_t *removed);

#ifdef __cplusplus
}
#endif
#endif
