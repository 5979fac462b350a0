/* The targets: a backend is its folder and its row here. */
#include <string.h>

#include "codegen/target.h"

extern const target target_ref; /* codegen/ref/ref.c */

const target *const target_registry[] = {
    &target_ref,
    NULL,
};

const target *target_find(const char *name) {
    for (const target *const *t = target_registry; *t != NULL; t++)
        if (strcmp((*t)->name, name) == 0)
            return *t;
    return NULL;
}

#ifdef NDEBUG
enum { VERIFY_ALWAYS = false };
#else
enum { VERIFY_ALWAYS = true };
#endif

pipeline_options target_pipeline_options(const compile_options *o) {
    return (pipeline_options){
        .label = o->label,
        .dump_directory = o->dump_directory,
        .passes = o->passes,
        .verify = VERIFY_ALWAYS || o->verify != NULL,
        .verify_by_execution = o->verify != NULL && strcmp(o->verify, "exec") == 0,
    };
}
