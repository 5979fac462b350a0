/* What the toolchain asks of a compiler; internal to codegen/cpu.
 *
 * Two implementations: the module (clang and lld in process) and an external command. Both make
 * one object per unit, in parallel, then link them, in a private folder that the toolchain makes
 * and removes. What they share, running units on threads, is in compiler.c.
 */
#ifndef CORNU_CODEGEN_CPU_COMPILER_H
#define CORNU_CODEGEN_CPU_COMPILER_H

#include "base/sha256.h"
#include "codegen/cpu/toolchain.h"

/* Longest argument list we build; asserted where arguments are added. */
enum { COMPILER_MAX_ARGUMENTS = 64 };

typedef struct argument_list {
    const char *items[COMPILER_MAX_ARGUMENTS + 1]; /* borrowed; NULL-terminated */
    int count;
} argument_list;

void arguments_add(argument_list *list, const char *argument);
/* Up to and without the NULL. */
void arguments_add_all(argument_list *list, const char *const *arguments);

typedef struct compiler_job {
    const toolchain_request *request;
    toolchain_product product;
    const char *folder; /* private, absolute; objects and the product go here */
    const char *output; /* path of the product */
} compiler_job;

typedef struct compiler compiler;
struct compiler {
    /* Feeds everything but the texts that decides the product's bytes: identity, flags. Must not
     * start or load the compiler. */
    void (*identify)(const compiler *c, const toolchain_request *r, sha256 *hash);
    /* Gets ready and learns `name`; false, with the reason in `d`, when it does not work here. */
    bool (*start)(compiler *c, diagnostics *d);
    bool (*build)(compiler *c, const compiler_job *job, diagnostics *d, toolchain_report *report);
    void (*free)(compiler *c);
    char name[TOOLCHAIN_NAME_BYTES]; /* valid after start */
};

/* NULL when there is no module file, or memory is out. */
compiler *module_compiler_new(const char *path);
/* NULL when the command is not found, or memory is out. */
compiler *external_compiler_new(const char *command, double child_seconds);

bool request_is_sanitized(const toolchain_request *r);

/* A new private folder for temporary files (malloc, absolute), and its removal with the files in
 * it. NULL after a failure. */
char *work_folder_new(diagnostics *d);
void work_folder_free(char *folder);

/* Path of a file of a job: FOLDER/unit-INDEX.EXTENSION, malloc. */
char *unit_path(const compiler_job *job, int index, const char *extension);

/* Writes the file FOLDER/objects, which names all objects, for an argument "@FOLDER/objects" (any
 * number of objects fits, where an argument list is limited). The names are prefixed with
 * `prefix` and a slash unless it is NULL. Returns the argument, malloc, or NULL after a failure. */
char *write_object_list(const compiler_job *job, const char *prefix, diagnostics *d);

/* The level that a unit is compiled for. */
const isa_level *unit_isa(const toolchain_request *r, int index);
/* The C text of a unit: its own, or one that takes its data from a file beside it, which is
 * written. Free `*made` when it is not NULL. NULL after a failure. */
const char *unit_text(const compiler_job *job, int index, char **made, size_t *length);

/* Calls compile(user, index) for every unit, on request->threads threads. It returns NULL or a
 * message (malloc); that of the first unit that failed becomes the failure in `d`. */
typedef char *(*unit_compile)(void *user, int index);
bool compile_units(const toolchain_request *r, unit_compile compile, void *user, diagnostics *d);

/* Feeds what tells one version of a file from another without reading it: size, time, inode. */
void identify_file(const char *path, sha256 *hash);
void identify_arguments(const argument_list *list, sha256 *hash);

#endif
