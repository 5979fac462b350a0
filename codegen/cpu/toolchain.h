/* From C texts to a loaded shared object.
 *
 * A program is compiled once per machine: its shared object is kept in the cache
 * (codegen/cache.h) under a hash of the texts, the compiler's identity, its flags and the
 * instruction set, and a later start only verifies and loads that file. What is not found is made
 * by the compiler module, clang and lld in process, which is not even loaded before; without the
 * module, or with CORNU_CC, or for sanitized code, by an external compiler.
 *
 * Texts are freestanding C11 that include nothing. What of a text is visible outside the shared
 * object is the text's own matter.
 */
#ifndef CORNU_CODEGEN_CPU_TOOLCHAIN_H
#define CORNU_CODEGEN_CPU_TOOLCHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "codegen/cpu/isa.h"

/* One C translation unit. `name` is for messages and symbol tables; it does not enter the key. A
 * unit without text defines `name` instead: a hidden constant of these bytes, aligned to 64. */
typedef struct toolchain_unit {
    const char *name;
    const char *text;
    size_t length;
    const void *data;
    size_t data_bytes;
} toolchain_unit;

typedef struct toolchain_request {
    const toolchain_unit *units;
    int unit_count;
    const struct isa_level *isa;
    const struct isa_level *const *unit_levels;                 /* of each unit; NULL = isa */
    bool sanitize_address, sanitize_undefined, sanitize_thread; /* by the external compiler */
    int threads; /* that compile units in parallel; 0 or 1 = the caller alone */
} toolchain_request;

enum { TOOLCHAIN_NAME_BYTES = 96 };

typedef struct toolchain_report {
    double compile_ms, link_ms, load_ms; /* 0 on a hit of the cache, but for load_ms */
    size_t
        stack_bytes; /* toolchain_write: no chain of calls in the texts takes more; 0 = unknown */
    bool cache_hit;
    char compiler[TOOLCHAIN_NAME_BYTES]; /* "clang 19.1.7 (in process)", "cc (Debian 12.2.0)" */
} toolchain_report;

typedef struct toolchain_options {
    const char *cache_directory; /* NULL: as cache_open says; "" = no cache */
    uint64_t cache_limit;        /* bytes; 0 = default */
    /* "module", "auto" (the module, else cc), or the command of an external compiler, words
     * separated by spaces; NULL = $CORNU_CC, else "auto" */
    const char *compiler;
    const char *module_path; /* NULL = $CORNU_CLANG_MODULE, else beside libcornu */
    double child_seconds;    /* time limit of one external compiler process; 0 = 300 */
} toolchain_options;

typedef struct toolchain toolchain;
typedef struct toolchain_library toolchain_library;

/* `options` may be NULL; everything is copied. Finding no compiler is no failure yet (all may be
 * cached). NULL only when memory is out. A toolchain serves one thread at a time. */
toolchain *toolchain_new(diagnostics *d, const toolchain_options *options);
void toolchain_free(toolchain *t);

/* Compiles, or finds in the cache, and loads. `report` may be NULL. On failure (CN_ERROR_COMPILER
 * as a rule) the message names the cure or quotes the compiler. */
bool toolchain_load(toolchain *t, const toolchain_request *r, diagnostics *d,
                    toolchain_library **out, toolchain_report *report);

/* NULL when the library exports no such name. */
void *toolchain_symbol(toolchain_library *l, const char *name);

/* Unloads: no code of the library may run any more. Libraries may outlive their toolchain. */
void toolchain_library_free(toolchain_library *l);

typedef enum toolchain_product {
    TOOLCHAIN_SHARED_OBJECT, /* what toolchain_load loads */
    TOOLCHAIN_OBJECT,        /* one relocatable object of all units */
    TOOLCHAIN_ARCHIVE,       /* that object in a static library */
} toolchain_product;

/* Compiles for `r->isa`, which this machine need not have, and writes the file `path`. */
bool toolchain_write(toolchain *t, const toolchain_request *r, toolchain_product product,
                     const char *path, diagnostics *d, toolchain_report *report);

/* What would compile now, or why nothing would, as one line. */
bool toolchain_describe(toolchain *t, char *line, size_t size);

#endif
