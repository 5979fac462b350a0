/* The compiler, as a list of passes.
 *
 * Data goes down this list once: a graph in, a better graph out, the same meaning throughout.
 * One runner runs a pass, verifies what it made, writes it where CORNU_DUMP asks for it and
 * takes the time. After the list come the memory plan and code (codegen/).
 */
#include <string.h>

#include "base/platform.h"
#include "passes/compare_runs.h"
#include "passes/dump.h"
#include "passes/pass.h"

const pass *const pipeline[] = {
    /* One spelling for each meaning; branches that are never taken vanish. */
    &pass_pin,
    &pass_canonicalize,
    &pass_fold,
    &pass_simplify,

    /* Forms that do not overflow or cancel, before anything is differentiated. */
    &pass_stabilize,
    &pass_cse,

    /* Gradients become ordinary nodes, composites what they stand for. A target that runs
     * graphs as they are stops here. */
    &pass_autodiff,
    &pass_composites,

    /* What both leave behind: sums over repeated axes, equal halves, constants. */
    &pass_fold,
    &pass_simplify,
    &pass_fold,
    &pass_cse,
    &pass_dce,

    /* Kernels: what is computed together, in which order, and what is overwritten. */
    &pass_layout,
    &pass_fuse,
    &pass_order,
    &pass_inplace,
    NULL,
};

/* The last pass for targets that do not lower to loops. */
static const pass *const last_of_plain = &pass_composites;

const pass *pass_find(const char *name) {
    for (const pass *const *p = pipeline; *p != NULL; p++)
        if (strcmp((*p)->name, name) == 0)
            return *p;
    return NULL;
}

/* ---- CORNU_PASSES ---------------------------------------------------------------------------- */

/* Whether the list "-fuse,-cse" has an item for this pass. */
static bool is_switched_off(const char *list, const pass *p) {
    size_t length = strlen(p->name);
    for (const char *item = list; item != NULL; item = strchr(item, ',')) {
        item += *item == ',';
        if (*item == '-' && strncmp(item + 1, p->name, length) == 0 &&
            (item[1 + length] == ',' || item[1 + length] == '\0'))
            return true;
    }
    return false;
}

static bool check_switches(const char *list, pass_context *cx) {
    for (const char *item = list; item != NULL && *item != '\0'; item += *item == ',') {
        size_t length = strcspn(item, ",");
        const char *name = arena_string_n(cx->arena, item, length);
        if (*name != '-' || pass_find(name + 1) == NULL)
            return diag_fail(cx->diag, CN_ERROR_INVALID_ARGUMENT,
                             "CORNU_PASSES: \"%s\" is not \"-\" and the name of a pass", name);
        item += length;
    }
    return true;
}

/* ---- the runner ------------------------------------------------------------------------------ */

static bool check_result(const pass *p, const graph *before, const graph *after,
                         const pipeline_options *o, pass_context *cx) {
    if (after != NULL && after != before) {
        if ((o->verify || o->verify_by_execution) && !graph_verify(after, cx->diag))
            after = NULL;
        else if (o->verify_by_execution && !compare_runs(before, after, cx->diag))
            after = NULL;
    }
    if (after == NULL)
        diag_prefix(cx->diag, "%s: pass \"%s\": ", o->label == NULL ? "graph" : o->label, p->name);
    return after != NULL;
}

static graph *run_pass(int position, graph *g, const pipeline_options *o, pass_context *cx,
                       dump *out) {
    const pass *p = pipeline[position];
    graph *(*run)(graph *, pass_context *) = is_switched_off(o->passes, p) ? p->instead : p->run;
    double start = clock_seconds();
    graph *after = run == NULL ? g : run(g, cx);
    double seconds = clock_seconds() - start;
    if (cx->seconds != NULL)
        cx->seconds[position] = seconds;
    if (!check_result(p, g, after, o, cx) ||
        !dump_pass(out, position + 1, p->name, after != g ? after : NULL, seconds))
        return NULL;
    return after;
}

graph *pipeline_run(graph *g, const pipeline_options *options, pass_context *cx) {
    dump out;
    if (!check_switches(options->passes, cx) || !dump_open(&out, g, options, cx))
        return NULL;
    for (int i = 0; g != NULL && pipeline[i] != NULL; i++) {
        g = run_pass(i, g, options, cx, &out);
        if (pipeline[i] == last_of_plain && !cx->facts->lowers_to_loops)
            break;
    }
    return dump_close(&out) ? g : NULL;
}
