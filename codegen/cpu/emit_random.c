/* Random words of a loop, drawn ahead of it.
 *
 * One call of Philox gives four words, those of elements 4k to 4k + 3. A loop over neighbouring
 * elements therefore draws all it needs first, into an array, four words at a time and a vector
 * of calls at once, and then reads them:
 *
 *     for (i = low; i < high; i++)          const unsigned *v = cn_random_words(words, ..., low,
 *         v = cn_random_u32(..., i, ...)        high - low, ...);
 *         ...                               for (i = low; i < high; i++)
 *                                               ... v[i - low] ...
 *
 * Invariant: the words are those of cn_random_u32. What the draw needs and does not change in
 * the loop is computed before it.
 */
#include "codegen/cpu/emit_random.h"

#include <string.h>

#include "ir/loop_index.h"

enum { ELEMENT = 2 }; /* among the arguments of SCALAR_RANDOM */

static bool list_defines(const stmt_list *list, const expr *x) {
    for (uint32_t i = 0; i < list->count; i++)
        if (list->items[i]->variable && expr_uses(x, list->items[i]->variable))
            return true;
    return false;
}

static bool reads_results(const emitter *e, const expr *x) {
    if (x->kind == EXPR_LOAD && e->kernel->buffers.items[x->buffer].access != BUFFER_IN)
        return true;
    for (int i = 0; i < x->argument_count; i++)
        if (reads_results(e, x->arguments[i]))
            return true;
    return false;
}

typedef struct parts {
    stmt_list before, draws, inside;
} parts;

static bool is_let_of(const stmt *s, const draw_range *r, const parts *p) {
    return s->kind == STMT_LET && !(r->given && expr_uses(s->value, r->given)) &&
           !list_defines(&p->inside, s->value) && !list_defines(&p->draws, s->value);
}

/* What may stand before the loop: a let that is the same in all iterations. */
static bool is_invariant(const emitter *e, const stmt *s, const draw_range *r, const parts *p) {
    return is_let_of(s, r, p) && !expr_uses(s->value, r->axis) && !reads_results(e, s->value);
}

/* Whether x goes up by one along the axis. */
static bool steps_by_one(const expr *x, const loop_variable *axis) {
    linear l;
    if (!linear_of(x, &l) || !dim_is(linear_coefficient(&l, axis), 1))
        return false;
    for (int i = 0; i < l.count; i++)
        if (l.terms[i].atom->kind != EXPR_VARIABLE && expr_uses(l.terms[i].atom, axis))
            return false;
    return true;
}

/* A draw whose elements follow each other. */
static bool is_draw(const stmt *s, const draw_range *r, const parts *p) {
    const expr *x = s->value;
    if (!is_let_of(s, r, p) || x->kind != EXPR_SCALAR || x->scalar != SCALAR_RANDOM)
        return false;
    for (int i = 0; i < x->argument_count; i++)
        if (i != ELEMENT && expr_uses(x->arguments[i], r->axis))
            return false;
    return steps_by_one(x->arguments[ELEMENT], r->axis);
}

static parts split_body(emitter *e, const stmt_list *body, const draw_range *r) {
    parts p = {0};
    for (uint32_t i = 0; i < body->count; i++) {
        stmt *s = body->items[i];
        if (is_invariant(e, s, r, &p))
            vec_push(e->arena, &p.before, s);
        else if (is_draw(s, r, &p))
            vec_push(e->arena, &p.draws, s);
        else
            vec_push(e->arena, &p.inside, s);
    }
    return p;
}

bool has_draws(emitter *e, const stmt_list *body, const draw_range *r) {
    return split_body(e, body, r).draws.count > 0;
}

static void emit_draw(emitter *e, const stmt *s, const draw_range *r) {
    const expr *const *arguments = s->value->arguments;
    const char *before = name_of(e, s->variable), *index = name_of(e, r->axis);
    /* A body may be printed more than once. */
    const char *name = arena_string_n(e->arena, before, strcspn(before, "["));
    const char *words = fresh_name(e, "words");
    use_function(e, "cn_random_words");
    line(e, "unsigned %s[%lld];", words, (long long)(r->most + 3) / 4 * 4 + 4);
    e->names[r->axis->id] = r->low;
    line(e, "const unsigned *%s = cn_random_words(%s, %s, %s, %s, %s, %s, %s);", name, words,
         expr_words(e, arguments[0]), expr_words(e, arguments[1]),
         index_words(e, arguments[ELEMENT]), r->count, expr_words(e, arguments[3]),
         expr_words(e, arguments[4]));
    e->names[r->axis->id] = index;
    e->names[s->variable->id] = strcmp(r->low, "0") == 0
                                    ? arena_format(e->arena, "%s[%s]", name, index)
                                    : arena_format(e->arena, "%s[%s - %s]", name, index, r->low);
}

stmt_list emit_draws(emitter *e, const stmt_list *body, const draw_range *r) {
    const parts p = split_body(e, body, r);
    if (p.draws.count == 0)
        return *body;
    emit_statements(e, &p.before);
    for (uint32_t i = 0; i < p.draws.count; i++)
        emit_draw(e, p.draws.items[i], r);
    return p.inside;
}
