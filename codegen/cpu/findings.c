/* What the cpu target finds on a machine, for people: processor, compilers, BLAS.
 *
 * Compilers are started to be asked for their names, which costs some milliseconds and, of the
 * module, loads LLVM. Texts are copied out of them before a row is made: rows lie in an arena,
 * which may unwind.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codegen/cpu/compiler.h"
#include "codegen/cpu/cpu.h"
#include "codegen/cpu/isa.h"

typedef struct answer {
    bool found, loads; /* there at all; works */
    char text[DIAG_MESSAGE_BYTES];
} answer;

/* Frees the compiler. */
static answer ask(compiler *c) {
    answer a = {.found = c != NULL};
    diagnostics reason;
    diag_init(&reason);
    if (c == NULL)
        return a;
    a.loads = c->start(c, &reason);
    snprintf(a.text, sizeof a.text, "%s", a.loads ? c->name : reason.message);
    c->free(c);
    return a;
}

static void add_processor(const compile_options *o, arena *a, finding_list *rows) {
    const isa_level *host = isa_host(), *level = o->isa == NULL ? host : isa_find(o->isa);
    cn_finding row = {.subject = "processor", .origin = o->isa == NULL ? "default" : "CORNU_ISA"};
    if (level != NULL && isa_runs_here(level)) {
        row.found = true;
        row.value = arena_format(a, "%s: vectors of %d bytes, %d registers", level->name,
                                 level->vector_bytes, level->vector_registers);
    } else if (host != NULL) {
        row.value = arena_format(a, "\"%s\" does not run here; %s does", o->isa, host->name);
        row.cure = "unset CORNU_ISA";
    } else {
        row.value = "no level that code is made for: x86-64-v2 (SSE4.2) at least, or AArch64";
        row.cure = "use the interpreter: --backend ref";
    }
    vec_push(a, rows, row);
}

static void add_module(arena *a, finding_list *rows) {
    const char *named = secure_getenv("CORNU_CLANG_MODULE");
    answer module = ask(module_compiler_new(NULL));
    cn_finding row = {.subject = "compiler module",
                      .origin = named == NULL ? "default" : "CORNU_CLANG_MODULE",
                      .found = module.loads,
                      .value = arena_string(a, module.text)};
    if (!module.found && named != NULL) {
        row.value = arena_format(a, "there is no file %s", named);
        row.cure = "unset CORNU_CLANG_MODULE";
    } else if (!module.found) {
        row.value = "cornu-clang.so is not beside libcornu";
        row.cure = "apt-get install g++ clang-19 llvm-19-dev libclang-19-dev libclang-cpp19-dev "
                   "liblld-19-dev libzstd-dev; then build Cornu again";
    } else if (!module.loads) {
        row.cure = "apt-get install libclang-cpp19 libllvm19";
    }
    vec_push(a, rows, row);
}

static void add_external(arena *a, finding_list *rows) {
    const char *named = secure_getenv("CORNU_CC");
    bool by_default =
        named == NULL || *named == 0 || strcmp(named, "auto") == 0 || strcmp(named, "module") == 0;
    const char *command = by_default ? "cc" : named;
    answer external = ask(external_compiler_new(command, 10));
    cn_finding row = {.subject = "external compiler",
                      .origin = by_default ? "default" : "CORNU_CC",
                      .found = external.loads,
                      .value = arena_string(a, external.text)};
    if (!external.found) {
        row.value = arena_format(a, "there is no program %s", command);
        row.cure = by_default ? "apt-get install gcc" : "unset CORNU_CC";
    }
    vec_push(a, rows, row);
}

/* Messages of failure end in "; cure: " and the cure. */
static void add_choice(arena *a, finding_list *rows) {
    const char *named = secure_getenv("CORNU_CC");
    diagnostics ignored;
    diag_init(&ignored);
    char line[DIAG_MESSAGE_BYTES] = "out of memory";
    toolchain *t = toolchain_new(&ignored, &(toolchain_options){.cache_directory = ""});
    bool found = t != NULL && toolchain_describe(t, line, sizeof line);
    toolchain_free(t);
    char *cure = found ? NULL : strstr(line, "; cure: ");
    if (cure != NULL)
        *cure = 0;
    vec_push(a, rows,
             (cn_finding){.subject = "compiles with",
                          .origin = named != NULL && *named ? "CORNU_CC" : "default",
                          .found = found,
                          .value = arena_string(a, line),
                          .cure = cure == NULL ? NULL : arena_string(a, cure + 8)});
}

void cpu_findings(const compile_options *o, arena *a, finding_list *rows) {
    add_processor(o, a, rows);
    add_module(a, rows);
    add_external(a, rows);
    add_choice(a, rows);
    vec_push(a, rows,
             (cn_finding){.subject = "BLAS",
                          .origin = "default",
                          .found = true,
                          .value = "none needed: products of matrices are compiled"});
}
