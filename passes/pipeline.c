/* The compiler, as a list of passes.
 *
 * Data goes down this list once: a graph in, a better graph out, the same meaning throughout.
 * One runner runs a pass, verifies what it made, writes it where CORNU_DUMP asks for it and
 * takes the time. After the list come the memory plan and code (codegen/).
 */
#include <string.h>

#include "base/platform.h"
#include "passes/compare_runs.h"
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

/* ---- lists of passes ------------------------------------------------------------------------- */

/* The next name in a list; `*list` moves behind it and its comma. */
static const char *next_name(const char **list, arena *a) {
    size_t length = strcspn(*list, ",");
    const char *name = arena_string_n(a, *list, length);
    *list += length;
    *list += **list == ',';
    return name;
}

const pass *const *pass_list_parse(const char *names, arena *a) {
    VEC(const pass *) list = {0};
    while (*names != '\0') {
        const char *name = next_name(&names, a);
        vec_push(a, &list, pass_find(name));
        if (vec_last(&list) != NULL)
            continue;
        diag_fail(arena_diagnostics(a), CN_ERROR_INVALID_ARGUMENT, "no pass is called \"%s\"",
                  name);
        return NULL;
    }
    vec_push(a, &list, NULL);
    return list.items;
}

/* Whether the list "-fuse,-cse" has an item for this pass. */
static bool is_switched_off(const char *list, const pass *p, arena *a) {
    while (list != NULL && *list != '\0') {
        const char *name = next_name(&list, a);
        if (*name == '-' && strcmp(name + 1, p->name) == 0)
            return true;
    }
    return false;
}

static bool check_switches(const char *list, pass_context *cx) {
    while (list != NULL && *list != '\0') {
        const char *name = next_name(&list, cx->arena);
        if (*name != '-' || pass_find(name + 1) == NULL)
            return diag_fail(cx->diag, CN_ERROR_INVALID_ARGUMENT,
                             "CORNU_PASSES: \"%s\" is not \"-\" and the name of a pass", name);
    }
    return true;
}

/* What is checked after a pass; each includes what stands before it. */
typedef enum verification { VERIFY_NOTHING, VERIFY_GRAPH, VERIFY_RUNS } verification;

static bool find_verification(const char *word, verification *found, diagnostics *d) {
    static const char *const words[] = {"off", "on", "exec"};
    *found = VERIFY_NOTHING;
    if (word == NULL)
        return true;
    for (; *found <= VERIFY_RUNS; ++*found)
        if (strcmp(words[*found], word) == 0)
            return true;
    return diag_fail(d, CN_ERROR_INVALID_ARGUMENT, "CORNU_VERIFY: \"%s\" is not off, on or exec",
                     word);
}

/* ---- the runner ------------------------------------------------------------------------------ */

/* A run of the list, and what is noted on the way for whoever looks on. */
typedef struct runner {
    const pipeline_options *options;
    pass_context *cx;
    verification verification;
    text timings, remarks;
    text *outer_remarks; /* what cx->remarks was */
} runner;

/* Remarks that nobody else collects go to the dump. */
static void runner_begin(runner *r, const pipeline_options *o, pass_context *cx) {
    *r = (runner){.options = o, .cx = cx, .outer_remarks = cx->remarks};
    text_init(&r->timings, cx->arena);
    text_init(&r->remarks, cx->arena);
    if (cx->remarks == NULL && dump_is_on(&o->dump))
        cx->remarks = &r->remarks;
}

static bool take(const runner *r, const stage *s) {
    return dump_take(&r->options->dump, s, r->options->label, r->cx);
}

static bool take_text(const runner *r, stage_kind kind, const text *t) {
    stage_part part = {stage_names[kind], t->data};
    return take(r, &(stage){.kind = kind, .parts = &part, .part_count = 1});
}

/* Whatever became of the run: why it failed may stand in the remarks. */
static bool runner_end(runner *r) {
    const text *remarks = r->cx->remarks;
    r->cx->remarks = r->outer_remarks;
    return !dump_is_on(&r->options->dump) ||
           (take_text(r, STAGE_TIMINGS, &r->timings) && take_text(r, STAGE_REMARKS, remarks));
}

static void note_time(runner *r, int position, const pass *p, const graph *changed,
                      double seconds) {
    text_printf(&r->timings, "%02d %-14s %9.3f ms", position + 1, p->name, seconds * 1e3);
    if (changed == NULL)
        text_append(&r->timings, "  unchanged\n");
    else
        text_printf(&r->timings, "  %u nodes\n", changed->nodes.count - 1);
    if (r->cx->seconds != NULL)
        r->cx->seconds[position] = seconds;
}

static bool check_result(const runner *r, const pass *p, const graph *before, const graph *after) {
    diagnostics *d = r->cx->diag;
    const char *label = r->options->label;
    if (after != NULL && after != before) {
        if (r->verification >= VERIFY_GRAPH && !graph_verify(after, d))
            after = NULL;
        else if (r->verification >= VERIFY_RUNS && !compare_runs(before, after, d))
            after = NULL;
    }
    if (after == NULL)
        diag_prefix(d, "%s: pass \"%s\": ", label == NULL ? "graph" : label, p->name);
    return after != NULL;
}

static graph *run_pass(runner *r, int position, const pass *p, graph *g) {
    const pipeline_options *o = r->options;
    bool off = is_switched_off(o->passes, p, r->cx->arena);
    graph *(*run)(graph *, pass_context *) = off ? p->instead : p->run;
    double start = clock_seconds();
    graph *after = run == NULL ? g : run(g, r->cx);
    double seconds = clock_seconds() - start;
    if (!check_result(r, p, g, after))
        return NULL;
    note_time(r, position, p, after == g ? NULL : after, seconds);
    const stage made = {.kind = STAGE_GRAPH,
                        .position = position + 1,
                        .name = p->name,
                        .unchanged = after == g,
                        .graph = after};
    return take(r, &made) ? after : NULL;
}

graph *pipeline_run(graph *g, const pipeline_options *options, pass_context *cx) {
    const pass *const *list = options->list != NULL ? options->list : pipeline;
    runner r;
    verification level;
    if (!check_switches(options->passes, cx) ||
        !find_verification(options->verify, &level, cx->diag))
        return NULL;
    runner_begin(&r, options, cx);
    r.verification = level;
    if (!take(&r, &(stage){.kind = STAGE_GRAPH, .name = "frontend", .graph = g}))
        g = NULL;
    for (int i = 0; g != NULL && list[i] != NULL; i++) {
        g = run_pass(&r, i, list[i], g);
        if (list == pipeline && list[i] == last_of_plain && !cx->facts->lowers_to_loops)
            break;
    }
    return runner_end(&r) ? g : NULL;
}
