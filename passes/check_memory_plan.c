/* Checks a memory plan without trusting the planner: lifetimes are found anew, pair by pair.
 *
 * Two values of the arena may share bytes only if one is dead before the other is made, or if
 * the graph says that one takes the other's place at the node that reads it last. State may be
 * overwritten only when nobody reads it afterwards. Quadratic, for tests and debug builds.
 */
#include "ir/ops/ops.h"
#include "passes/inplace.h"
#include "passes/pass.h"

typedef struct lifetime {
    value v;
    const storage *home;
    uint32_t made, last;
} lifetime;

typedef struct checker {
    const memory_plan *plan;
    const graph *graph;
    diagnostics *diag;
} checker;

static bool fail(const checker *c, value v, const char *what) {
    return diag_fail(c->diag, CN_ERROR_INTERNAL, "memory plan of @%s: %%%u#%u %s",
                     c->graph->name == NULL ? "" : c->graph->name, v.node, v.result, what);
}

static const storage *home_of(const checker *c, value v) {
    return &c->plan->of[v.node][v.result];
}

static uint32_t last_reader(const checker *c, value v) {
    uint32_t last = v.node;
    for (uint32_t id = 1; id < c->graph->nodes.count; id++) {
        const node *n = graph_node(c->graph, id);
        for (uint32_t i = 0; i < n->operand_count; i++)
            if (value_equal(n->operands[i], v))
                last = id;
    }
    return last;
}

/* Whether `later` is stored over `earlier` by a node that says so. */
static bool takes_place(const checker *c, value earlier, value later) {
    const node *n = value_node(c->graph, later);
    int operand = group_in_place(n, later.result);
    return operand >= 0 && value_equal(n->operands[operand], earlier);
}

static bool overlap(const storage *x, const storage *y) {
    return x->kind == STORAGE_ARENA && y->kind == STORAGE_ARENA &&
           x->offset < y->offset + y->bytes && y->offset < x->offset + x->bytes;
}

static bool check_pair(const checker *c, const lifetime *x, const lifetime *y) {
    const lifetime *early = x->made <= y->made ? x : y, *late = early == x ? y : x;
    if (!overlap(x->home, y->home) || early->last < late->made)
        return true;
    if (early->last == late->made && takes_place(c, early->v, late->v) &&
        early->home->offset == late->home->offset && early->home->bytes == late->home->bytes)
        return true;
    return fail(c, late->v, "shares memory with a value that is still needed");
}

static size_t bytes_wanted(const checker *c, const lifetime *x) {
    const memory_plan *body = c->plan->bodies[x->v.node];
    if (x->home == &c->plan->body_space[x->v.node])
        return body->arena_bytes;
    return (size_t)type_bytes(value_type(c->graph, x->v), c->plan->capacity);
}

/* Values, and the arenas of bodies while their scans run. */
static bool check_arena(const checker *c, arena *a) {
    VEC(lifetime) all = {0};
    for (uint32_t id = 1; id < c->graph->nodes.count; id++) {
        for (uint32_t r = 0; r < graph_node(c->graph, id)->result_count; r++) {
            value v = {id, r};
            vec_push(a, &all, (lifetime){v, home_of(c, v), id, last_reader(c, v)});
        }
        if (c->plan->bodies[id] != NULL)
            vec_push(a, &all, (lifetime){{id, 0}, &c->plan->body_space[id], id, id});
    }
    for (uint32_t i = 0; i < all.count; i++) {
        const storage *s = all.items[i].home;
        if (s->bytes < bytes_wanted(c, &all.items[i]))
            return fail(c, all.items[i].v, "has too little room");
        if (s->kind == STORAGE_ARENA && s->offset + s->bytes > c->plan->arena_bytes)
            return fail(c, all.items[i].v, "lies outside the arena");
        for (uint32_t k = 0; k < i; k++)
            if (!check_pair(c, &all.items[k], &all.items[i]))
                return false;
    }
    return true;
}

/* The old value: every reader runs before the writer, which itself reads it only in place. */
static bool check_donated(const checker *c, const graph_output *o) {
    value old = c->graph->inputs.items[o->into].value;
    const storage *s = home_of(c, o->value);
    if (value_equal(o->value, old))
        return true;
    if (s->kind != STORAGE_INPUT || s->index != o->into)
        return fail(c, o->value, "does not overwrite the state it should");
    uint32_t last = last_reader(c, old);
    if (last > o->value.node)
        return fail(c, o->value, "overwrites state that is read later");
    if (last == o->value.node && old.node != last && !takes_place(c, old, o->value))
        return fail(c, o->value, "overwrites state its own node reads");
    return true;
}

static bool is_output(const checker *c, value v, int32_t into) {
    for (uint32_t i = 0; i < c->graph->outputs.count; i++)
        if (value_equal(c->graph->outputs.items[i].value, v) &&
            c->graph->outputs.items[i].into == into)
            return true;
    return false;
}

/* Nothing but a donated output may be stored in an input. */
static bool check_inputs_are_kept(const checker *c) {
    for (uint32_t id = 1; id < c->graph->nodes.count; id++) {
        const node *n = graph_node(c->graph, id);
        for (uint32_t r = 0; r < n->result_count; r++) {
            const storage *s = home_of(c, (value){id, r});
            if (n->op != &op_input && s->kind == STORAGE_INPUT &&
                !is_output(c, (value){id, r}, s->index))
                return fail(c, (value){id, r}, "overwrites an input");
        }
    }
    return true;
}

static bool check_outputs(const checker *c) {
    for (uint32_t i = 0; i < c->graph->outputs.count; i++) {
        const graph_output *o = &c->graph->outputs.items[i];
        const storage *s = home_of(c, o->value);
        if (o->into >= 0) {
            if (!check_donated(c, o))
                return false;
        } else if (s->kind != STORAGE_OUTPUT || s->index != (int32_t)i) {
            return fail(c, o->value, "is an output without the output's buffer");
        }
    }
    return true;
}

bool check_memory_plan(const memory_plan *p, diagnostics *d) {
    checker c = {.plan = p, .graph = p->graph, .diag = d};
    for (uint32_t id = 1; id < p->graph->nodes.count; id++)
        if (p->bodies[id] != NULL && !check_memory_plan(p->bodies[id], d))
            return false;
    return check_outputs(&c) && check_inputs_are_kept(&c) && check_arena(&c, p->graph->arena);
}
