/* Looking on while a program is compiled: every stage is handed to a dump as soon as it is made.
 *
 * One dump writes files, for CORNU_DUMP: of a graph only what a pass changed, then what a target
 * adds.
 *
 *     00-train-frontend.cnir   01-train-canonicalize.cnir   ...   train-timings.txt
 *     train-remarks.txt        18-train-memory.txt          ...
 *
 * Another, of cn_inspect, prints the one stage it waits for and ends the compilation.
 */
#ifndef CORNU_PASSES_DUMP_H
#define CORNU_PASSES_DUMP_H

#include "passes/stage.h"

struct pass_context;

typedef struct dump dump;
struct dump {
    /* False ends the compilation, with a failure in cx->diag or because enough was seen; it may
     * be asked again while things end. NULL: nobody looks on. */
    bool (*take)(const dump *d, const stage *s, const char *label, struct pass_context *cx);
    void *user;
};

/* Nobody looks on when `folder` is NULL. It must outlive the dump. */
dump dump_folder(const char *folder);

static inline bool dump_is_on(const dump *d) {
    return d->take != NULL;
}
/* Hands over; `label` names the program. True when nobody looks on. */
bool dump_take(const dump *d, const stage *s, const char *label, struct pass_context *cx);

#endif
