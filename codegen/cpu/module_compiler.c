/* The compiler module as a compiler: where it is, and the flags it is given.
 *
 * Flags are those of clang's compiler proper (-cc1), not of its driver. The passes are named one by
 * one: those that make generated code faster, in four fifths of the time of -O1. Counters are 64
 * bits wide from the start, so nothing need widen them; nothing recurses, throws or calls through
 * pointers, so between functions only inlining matters. Never a flag that lets the compiler
 * change bits: no contraction, no fast-math. Aliasing by type is off because the memory planner
 * gives one range to values of different types in turn; `restrict` in the texts says what is worth
 * knowing.
 *
 * The identity is that of the module's file. LLVM's own libraries are not looked at: a start from
 * the cache must not load them, and an update that keeps their version leaves old entries valid.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/platform.h"
#include "codegen/cpu/clang_module.h"
#include "codegen/cpu/compiler.h"

typedef struct module_compiler {
    compiler base;
    const clang_module *module; /* NULL before start */
    char path[];
} module_compiler;

/* ---- Flags ---- */

static argument_list compile_arguments(const isa_level *isa) {
    static const char *const fixed[] = {
        "-O1", "-x", "c", "-std=c11", "-ffreestanding", "-ffp-contract=off", "-relaxed-aliasing",
        "-mrelocation-model", "pic", "-pic-level", "2",
        /* for profilers, debuggers and exceptions thrown through callbacks */
        "-funwind-tables=2", "-mframe-pointer=none",
        /* no file of this machine may matter */
        "-nostdsysteminc", "-nobuiltininc",
        /* as clang's driver does in a release build */
        "-disable-llvm-verifier", "-discard-value-names", "-w", "-ferror-limit", "3", NULL};
    argument_list list = {.count = 0};
    arguments_add(&list, "-triple");
    arguments_add(&list, isa->triple);
    arguments_add(&list, "-target-cpu");
    arguments_add(&list, isa->cpu);
    arguments_add_all(&list, isa->cc1_flags);
    arguments_add_all(&list, fixed);
    return list;
}

static const char pass_pipeline[] =
    "always-inline,function(sroa<modify-cfg>,early-cse<memssa>,simplifycfg),"
    "cgscc(inline),globaldce,"
    "function(sroa<modify-cfg>,early-cse<memssa>,instcombine<no-verify-fixpoint>,simplifycfg,"
    "loop-mssa(loop-rotate,licm),simplifycfg,loop(loop-unroll-full),"
    "sroa<modify-cfg>,early-cse<memssa>,loop-vectorize,slp-vectorizer,"
    "instcombine<no-verify-fixpoint>,loop-mssa(licm),simplifycfg)";

static argument_list link_arguments(toolchain_product product) {
    /* clang-format off */
    static const char *const shared[] = {
        "-shared", "-z", "relro", "-z", "now", "-z", "noexecstack", "--hash-style=gnu",
        "--eh-frame-hdr", NULL};
    /* clang-format on */
    static const char *const relocatable[] = {"-r", NULL};
    argument_list list = {.count = 0};
    arguments_add_all(&list, product == TOOLCHAIN_SHARED_OBJECT ? shared : relocatable);
    arguments_add(&list, "--build-id=none");
    arguments_add(&list, "--threads=1"); /* a pool of lld's own would outlive the call */
    arguments_add(&list, "-O0");         /* of string tables, not of code */
    return list;
}

static void identify(const compiler *c, const toolchain_request *r, sha256 *hash) {
    const module_compiler *m = (const module_compiler *)c;
    argument_list compile = compile_arguments(r->isa),
                  link = link_arguments(TOOLCHAIN_SHARED_OBJECT);
    identify_file(m->path, hash);
    identify_arguments(&compile, hash);
    sha256_update(hash, pass_pipeline, sizeof pass_pipeline);
    identify_arguments(&link, hash);
}

/* ---- Compiling and linking ---- */

static bool start(compiler *c, diagnostics *d) {
    module_compiler *m = (module_compiler *)c;
    if (m->module != NULL)
        return true;
    const char *error = NULL;
    void *library = library_open(m->path, &error);
    if (library == NULL)
        return diag_fail(d, CN_ERROR_COMPILER, "cannot load the compiler module: %s", error);
    clang_module_query query;
    void *symbol = library_symbol(library, CLANG_MODULE_QUERY);
    memcpy(&query, &symbol, sizeof query); /* POSIX: same representation; ISO C has no cast */
    m->module = query == NULL ? NULL : query(CLANG_MODULE_VERSION);
    if (m->module == NULL)
        return diag_fail(d, CN_ERROR_COMPILER,
                         "'%s' is not a compiler module of this version of Cornu", m->path);
    snprintf(c->name, sizeof c->name, "%s (in process)", m->module->compiler);
    return true; /* the library stays: LLVM cannot be unloaded */
}

typedef struct module_run {
    const clang_module *module;
    const compiler_job *job;
} module_run;

static char *compile_unit(void *user, int index) {
    const module_run *run = user;
    const toolchain_request *r = run->job->request;
    char *object = unit_path(run->job, index, "o"), *stack = unit_path(run->job, index, "su");
    char *made = NULL, *message = NULL;
    size_t length = 0;
    const char *text = unit_text(run->job, index, &made, &length);
    if (text == NULL || object == NULL || stack == NULL) {
        message = strdup("no memory, or no room in the temporary folder");
    } else {
        argument_list list = compile_arguments(unit_isa(r, index));
        arguments_add(&list, "-stack-usage-file");
        arguments_add(&list, stack);
        message = run->module->compile(list.items, list.count, pass_pipeline, r->units[index].name,
                                       text, length, object);
    }
    free(stack);
    free(object);
    free(made);
    return message;
}

static bool link_objects(const clang_module *module, const compiler_job *job, diagnostics *d) {
    char *objects = write_object_list(job, job->folder, d);
    if (objects == NULL)
        return false;
    argument_list list = link_arguments(job->product);
    arguments_add(&list, "-o");
    arguments_add(&list, job->output);
    arguments_add(&list, objects);
    char *message = module->link(list.items, list.count);
    if (message == NULL && job->product == TOOLCHAIN_ARCHIVE)
        message = module->archive(job->output);
    free(objects);
    if (message != NULL)
        diag_fail(d, CN_ERROR_COMPILER, "cannot link a program:\n%s", message);
    bool ok = message == NULL;
    free(message);
    return ok;
}

static bool build(compiler *c, const compiler_job *job, diagnostics *d, toolchain_report *report) {
    const module_compiler *m = (const module_compiler *)c;
    module_run run = {m->module, job};
    double begin = clock_seconds();
    bool ok = compile_units(job->request, compile_unit, &run, d);
    double compiled = clock_seconds();
    ok = ok && link_objects(m->module, job, d);
    report->compile_ms = 1e3 * (compiled - begin);
    report->link_ms = 1e3 * (clock_seconds() - compiled);
    return ok;
}

/* ---- Finding the module ---- */

static void free_module_compiler(compiler *c) {
    free(c);
}

static compiler *new_at(const char *path) {
    size_t size = strlen(path) + 1;
    module_compiler *m = access(path, R_OK) != 0 ? NULL : malloc(sizeof *m + size);
    if (m == NULL)
        return NULL;
    *m = (module_compiler){.base = {identify, start, build, free_module_compiler, ""}};
    memcpy(m->path, path, size);
    return &m->base;
}

compiler *module_compiler_new(const char *path) {
    if (path == NULL)
        path = secure_getenv("CORNU_CLANG_MODULE");
    if (path != NULL)
        return new_at(path);
    char *found = file_beside_library(CLANG_MODULE_FILE);
    compiler *c = found == NULL ? NULL : new_at(found);
    free(found);
    return c;
}
