/* The C face of cornu-clang.so, the module that holds the compiler and the linker.
 *
 * libcornu loads the module the first time something must be compiled and asks it, by its only
 * exported symbol, for a table of functions of a stated version. Nothing of C++ crosses this
 * boundary: texts and paths go in, files come out, failures are messages. The module never
 * decides anything; all flags come from the caller, so that they are in one place and in the key
 * of the cache.
 */
#ifndef CORNU_CODEGEN_CPU_CLANG_MODULE_H
#define CORNU_CODEGEN_CPU_CLANG_MODULE_H

#include <stddef.h>
#include <stdint.h>

#define CLANG_MODULE_FILE "cornu-clang.so"
#define CLANG_MODULE_QUERY "cornu_clang_module_query"
#define CLANG_MODULE_VERSION 3u

#ifdef __cplusplus
extern "C" {
#endif

typedef struct clang_module {
    uint32_t version;     /* CLANG_MODULE_VERSION of the module */
    const char *compiler; /* "clang 19.1.7" */

    /* Compiles C text to a relocatable object file `output`. `arguments` are those of clang -cc1,
     * without input and output; `pipeline` names the passes over its module as opt -passes= does.
     * `name` stands for the file in messages and symbol tables. May run on several threads at
     * once. Returns NULL, or a message that the caller frees. */
    char *(*compile)(const char *const *arguments, int count, const char *pipeline,
                     const char *name, const char *text, size_t length, const char *output);

    /* Links as ld.lld does with these arguments (the program's name left out). Calls wait for
     * each other and for running compilations. Returns NULL, or a message to free. */
    char *(*link)(const char *const *arguments, int count);

    /* Puts the object file at `path` into a static library, which takes its place. */
    char *(*archive)(const char *path);
} clang_module;

/* NULL when the module cannot serve this version. */
typedef const clang_module *(*clang_module_query)(uint32_t version);

#ifdef __cplusplus
}
#endif

#endif
