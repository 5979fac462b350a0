/* cn_inspect and cn_inspect_ir: one stage of a compilation, printed.
 *
 * Both run the target's own compilation with a dump that looks on (passes/dump.h): it prints the
 * stage it waits for and ends the rest. So what is shown is what is compiled, and no list of
 * stages is kept twice.
 */
#include <stdlib.h>
#include <string.h>

#include "frontend/training.h"
#include "passes/pass.h"

enum { AFTER_ALL = -1 };

/* What is waited for, and whether it came. */
typedef struct viewer {
    stage_kind kind;
    int position; /* of a graph: passes run before; AFTER_ALL */
    const stage_format *format;
    void (*writer)(void *user, const char *text, size_t length);
    void *writer_user;
    stage last; /* graph so far */
    bool done;
} viewer;

/* What both calls are asked for. */
typedef struct request {
    const char *call; /* "inspect", for messages */
    const char *stage, *after, *format;
    const pass *const *list; /* NULL = the pipeline */
} request;

/* ---- looking on ------------------------------------------------------------------------------ */

static bool show(viewer *v, const stage *s, pass_context *cx) {
    text t;
    text_init(&t, cx->arena);
    v->format->print(s, &t);
    v->writer(v->writer_user, t.data, t.length);
    v->done = true;
    return false;
}

/* The last graph is known to be the last when something else follows. */
static bool look(const dump *d, const stage *s, const char *label, pass_context *cx) {
    viewer *v = d->user;
    (void)label;
    if (v->done || !diag_ok(cx->diag))
        return false;
    if (s->kind == v->kind && (s->kind != STAGE_GRAPH || s->position == v->position))
        return show(v, s, cx);
    if (s->kind == STAGE_GRAPH)
        v->last = *s;
    else if (v->kind == STAGE_GRAPH && v->position == AFTER_ALL)
        return show(v, &v->last, cx);
    return true;
}

/* ---- what is wanted -------------------------------------------------------------------------- */

static bool find_stage(cn_context *c, cn_source where, const request *r, viewer *v) {
    text names;
    text_init(&names, c->arena);
    for (int i = 0; i < STAGE_REPORT; i++) { /* nothing is compiled here */
        text_printf(&names, "%s%s", i == 0 ? "" : ", ", stage_names[i]);
        v->kind = (stage_kind)i;
        if (strcmp(stage_names[i], r->stage == NULL ? "graph" : r->stage) == 0)
            return true;
    }
    return context_fail(c, where, CN_ERROR_INVALID_ARGUMENT,
                        "%s: no stage is called \"%s\"; there are %s", r->call, r->stage,
                        names.data);
}

static bool find_format(cn_context *c, cn_source where, const request *r, viewer *v) {
    v->format = stage_format_find(v->kind, r->format);
    if (v->format != NULL)
        return true;
    return context_fail(c, where, CN_ERROR_INVALID_ARGUMENT,
                        "%s: the stage \"%s\" has no format \"%s\"; it is written as %s", r->call,
                        stage_names[v->kind], r->format, stage_format_list(v->kind, c->arena));
}

/* "fuse", "frontend" or "12". */
static bool find_position(cn_context *c, cn_source where, const request *r, viewer *v) {
    const pass *const *list = r->list != NULL ? r->list : pipeline;
    char *end;
    int count = 0;
    v->position = AFTER_ALL;
    if (r->after == NULL)
        return true;
    if (v->kind != STAGE_GRAPH)
        return context_fail(c, where, CN_ERROR_INVALID_ARGUMENT,
                            "%s: .after = \"%s\" concerns graphs; the stage \"%s\" comes after "
                            "all passes",
                            r->call, r->after, stage_names[v->kind]);
    if (strcmp(r->after, "frontend") == 0)
        v->position = 0;
    for (; list[count] != NULL; count++)
        if (strcmp(list[count]->name, r->after) == 0)
            v->position = count + 1;
    long number = strtol(r->after, &end, 10);
    if (*r->after >= '0' && *r->after <= '9' && *end == '\0' && number <= count)
        v->position = (int)number;
    return v->position != AFTER_ALL ||
           context_fail(c, where, CN_ERROR_INVALID_ARGUMENT,
                        "%s: no pass that runs is called \"%s\", and there are %d of them", r->call,
                        r->after, count);
}

static bool viewer_open(cn_context *c, cn_source where, const request *r, viewer *v) {
    if (c->target == NULL || !diag_ok(&c->diag))
        return false;
    if (v->writer == NULL)
        return context_fail(c, where, CN_ERROR_INVALID_ARGUMENT, "%s: .writer is missing", r->call);
    return find_stage(c, where, r, v) && find_format(c, where, r, v) &&
           find_position(c, where, r, v);
}

static bool viewer_close(cn_context *c, cn_source where, const request *r, const viewer *v) {
    return v->done || !diag_ok(&c->diag) ||
           context_fail(c, where, CN_ERROR_UNSUPPORTED,
                        "%s: the target \"%s\" has no stage \"%s\"%s%s", r->call, c->target->name,
                        stage_names[v->kind], r->after == NULL ? "" : " after ",
                        r->after == NULL ? "" : r->after);
}

/* ---- of a model ------------------------------------------------------------------------------ */

static bool find_program(cn_model *m, cn_source where, const char *name, program_kind *kind) {
    static const char *const names[] = {"train", "evaluate", "predict"};
    cn_context *c = m->context;
    for (*kind = PROGRAM_TRAIN; *kind <= PROGRAM_PREDICT; ++*kind)
        if (strcmp(names[*kind], name == NULL ? "predict" : name) == 0)
            break;
    if (*kind > PROGRAM_PREDICT)
        return context_fail(c, where, CN_ERROR_INVALID_ARGUMENT,
                            "inspect: no program is called \"%s\"; there are train, evaluate and "
                            "predict",
                            name);
    if (*kind != PROGRAM_PREDICT && m->training == NULL)
        return context_fail(c, where, CN_ERROR_NOT_COMPILED,
                            "inspect: model \"%s\" is not compiled; call cn_compile first",
                            m->name);
    return true;
}

static bool inspect_model(cn_model *m, cn_source where, const cn_inspect_options *o) {
    cn_context *c = m->context;
    const request r = {
        .call = "inspect", .stage = o->stage, .after = o->after, .format = o->format};
    viewer v = {.writer = o->writer, .writer_user = o->writer_user};
    const dump looking = {look, &v};
    training_program p = {.dump = &looking};
    if (!viewer_open(c, where, &r, &v) || !find_program(m, where, o->program, &p.kind))
        return false;
    model_usual_dtypes(m, p.kind, p.dtypes);
    if (model_compile_program(m, &p))
        cn_function_free(p.function); /* it ran to the end */
    return viewer_close(c, where, &r, &v) && diag_ok(&c->diag);
}

cn_status cn_inspect_at(cn_source where, const cn_inspect_options *options) {
    cn_inspect_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    cn_model *m = o.model;
    if (m == NULL || m->context == NULL)
        return CN_ERROR_INVALID_ARGUMENT;
    cn_context *c = m->context;
    if (!model_acquire(m, where, "inspect"))
        return c->diag.status;
    CONTEXT_ENTER(c, (model_release(m), c->diag.status));
    bool ok = inspect_model(m, where, &o);
    CONTEXT_LEAVE(c);
    model_release(m);
    return ok ? CN_OK : c->diag.status;
}

/* ---- of a text ------------------------------------------------------------------------------- */

/* The list to run: what is named, or nothing, or (NULL) what the target calls for. */
static bool find_list(const cn_inspect_ir_options *o, request *r) {
    static const pass *const nothing[] = {NULL};
    cn_context *c = o->context;
    bool whole = o->stage != NULL && strcmp(o->stage, stage_names[STAGE_GRAPH]) != 0;
    if (o->passes == NULL) {
        r->list = whole || o->after != NULL ? NULL : nothing;
        return true;
    }
    r->list = pass_list_parse(o->passes, c->arena);
    if (r->list != NULL)
        return true;
    diag_prefix(&c->diag, "inspect_ir: ");
    return false;
}

static void compile_text(const cn_inspect_ir_options *o, graph *g, const pass *const *list,
                         const dump *looking) {
    cn_context *c = o->context;
    compile_options options = context_compile_options(c, g->name);
    options.dump = *looking;
    options.pass_list = list;
    executable *x = c->target->compile(g, &options, c->memory, &c->diag);
    if (x != NULL)
        x->operations->free(x);
}

static bool inspect_text(cn_source where, const cn_inspect_ir_options *o, arena *a) {
    cn_context *c = o->context;
    request r = {.call = "inspect_ir", .stage = o->stage, .after = o->after, .format = o->format};
    viewer v = {.writer = o->writer, .writer_user = o->writer_user};
    const dump looking = {look, &v};
    if (!find_list(o, &r) || !viewer_open(c, where, &r, &v))
        return false;
    graph *g = graph_parse(a, o->text == NULL ? "" : o->text, o->text == NULL ? 0 : o->length);
    if (g != NULL)
        compile_text(o, g, r.list, &looking);
    if (!diag_ok(&c->diag))
        diag_prefix(&c->diag, "%s: ", o->name == NULL ? "graph" : o->name);
    return viewer_close(c, where, &r, &v) && diag_ok(&c->diag);
}

cn_status cn_inspect_ir_at(cn_source where, const cn_inspect_ir_options *options) {
    cn_inspect_ir_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    cn_context *c = o.context;
    if (c == NULL)
        return CN_ERROR_INVALID_ARGUMENT;
    arena *a = arena_new(c->memory, &c->diag); /* of the graph: gone with the call */
    if (a == NULL) {
        diag_fail(&c->diag, CN_ERROR_OUT_OF_MEMORY, "inspect_ir: no memory for the graph");
        return c->diag.status;
    }
    CONTEXT_ENTER(c, (arena_free(a), c->diag.status));
    bool ok = inspect_text(where, &o, a);
    CONTEXT_LEAVE(c);
    arena_free(a);
    return ok ? CN_OK : c->diag.status;
}

/* ---- what there is --------------------------------------------------------------------------- */

size_t cn_pass_count(void) {
    size_t count = 0;
    while (pipeline[count] != NULL)
        count++;
    return count;
}

cn_pass_facts cn_pass_get(size_t i) {
    if (i >= cn_pass_count())
        return (cn_pass_facts){0};
    return (cn_pass_facts){pipeline[i]->name, pipeline[i]->summary};
}

size_t cn_ir_op_count(void) {
    size_t count = 0;
    while (op_registry[count] != NULL)
        count++;
    return count;
}

/* Attribute i of an op as the text form has it: what a type says is none. */
static const attribute_field *find_attribute(const op_def *op, size_t i) {
    if (op->attributes == NULL)
        return NULL;
    for (const attribute_field *f = op->attributes->fields; f->name != NULL; f++)
        if (f->kind != FIELD_RESULT_DTYPE && f->kind != FIELD_RESULT_SHAPE && i-- == 0)
            return f;
    return NULL;
}

cn_ir_op_facts cn_ir_op_get(size_t i) {
    if (i >= cn_ir_op_count())
        return (cn_ir_op_facts){0};
    const op_def *op = op_registry[i];
    size_t attributes = 0;
    while (find_attribute(op, attributes) != NULL)
        attributes++;
    return (cn_ir_op_facts){op->name, op->summary, op->operand_count, attributes};
}

cn_ir_attribute_facts cn_ir_op_attribute(size_t op, size_t i) {
    static const char *const kinds[] = {
        [FIELD_INTEGER] = "integer", [FIELD_BOOL] = "true or false", [FIELD_DIM] = "size",
        [FIELD_FLOAT] = "number",    [FIELD_ENUM] = "choice",        [FIELD_DTYPE] = "element type",
        [FIELD_STRING] = "string",   [FIELD_INTEGERS] = "integers",  [FIELD_DIMS] = "sizes",
        [FIELD_BYTES] = "elements",
    };
    const attribute_field *f = op < cn_ir_op_count() ? find_attribute(op_registry[op], i) : NULL;
    if (f == NULL)
        return (cn_ir_attribute_facts){0};
    return (cn_ir_attribute_facts){f->name, kinds[f->kind],
                                   f->kind == FIELD_ENUM ? f->names : NULL};
}
