/* Sinking scalars.
 *
 * Lowering defines a value in the outermost scope that has what it needs, so a scalar operand (the
 * learning rate) is a let before all loops:
 *
 *     let x : f32 = %3[]                      parallel i < 32 {
 *     parallel i < 32 {                           reduce r = ...
 *         reduce r = ...                 ->       let x : f32 = %3[]
 *         %4[i] = mul(r, x)                       %4[i] = mul(r, x)
 *     }                                       }
 *
 * A nest that stands alone can be cut into tasks; one that needs its surroundings cannot. Moving
 * a let before its first use inside changes no value, and C compilers take it out of the loop
 * again. What the lets of a contract's operands would need stays where it is.
 *
 * Invariant: definitions come before uses; a let used by several nests is copied into each.
 */
#include "codegen/cpu/sink.h"

#include "ir/loop_index.h"

/* ---- uses ------------------------------------------------------------------------------------ */

static bool list_uses(const stmt_list *list, const loop_variable *v) {
    for (uint32_t i = 0; i < list->count; i++)
        if (statement_uses(list->items[i], v))
            return true;
    return false;
}

static bool operands_use(const loop_contract *c, const loop_variable *v) {
    return expr_uses(c->left, v) || expr_uses(c->right, v) || list_uses(&c->left_lets, v) ||
           list_uses(&c->right_lets, v);
}

bool statement_uses(const stmt *s, const loop_variable *v) {
    if (s->value != NULL && expr_uses(s->value, v))
        return true;
    for (int i = 0; s->kind == STMT_STORE && i < s->rank; i++)
        if (expr_uses(s->index[i], v))
            return true;
    if (s->contract != NULL &&
        (operands_use(s->contract, v) || list_uses(&s->contract->epilogue, v)))
        return true;
    return list_uses(&s->body, v);
}

/* ---- moving ---------------------------------------------------------------------------------- */

static void insert_before_use(stmt_list *list, stmt *let, arena *a) {
    stmt_list longer = {0};
    bool placed = false;
    for (uint32_t i = 0; i < list->count; i++) {
        if (!placed && statement_uses(list->items[i], let->variable)) {
            vec_push(a, &longer, let);
            placed = true;
        }
        vec_push(a, &longer, list->items[i]);
    }
    *list = longer;
}

static stmt *copy_statement(const stmt *s, arena *a) {
    return arena_copy(a, s, sizeof *s);
}

/* The nest with the let inside its innermost perfectly nested parallel loop. */
static stmt *with_let_inside(const stmt *nest, stmt *let, arena *a) {
    stmt *copy = copy_statement(nest, a);
    if (copy->kind == STMT_CONTRACT) {
        copy->contract = arena_copy(a, nest->contract, sizeof *nest->contract);
        insert_before_use(&copy->contract->epilogue, let, a);
        return copy;
    }
    const stmt_list *body = &nest->body;
    if (body->count == 1 && body->items[0]->kind == STMT_LOOP && body->items[0]->parallel) {
        copy->body = (stmt_list){0};
        vec_push(a, &copy->body, with_let_inside(body->items[0], let, a));
    } else {
        insert_before_use(&copy->body, let, a);
    }
    return copy;
}

static bool may_take(const stmt *s, const loop_variable *v) {
    if (s->kind == STMT_CONTRACT)
        return !operands_use(s->contract, v);
    return s->kind == STMT_LOOP && s->parallel;
}

/* Every user must be able to take it: else it stays. */
static bool is_movable(const stmt_list *body, uint32_t place) {
    const stmt *let = body->items[place];
    bool used = false;
    for (uint32_t i = place + 1; let->kind == STMT_LET && i < body->count; i++) {
        if (!statement_uses(body->items[i], let->variable))
            continue;
        if (!may_take(body->items[i], let->variable))
            return false;
        used = true;
    }
    return used;
}

static stmt_list without_let(const stmt_list *body, uint32_t place, arena *a) {
    stmt_list shorter = {0};
    stmt *let = body->items[place];
    for (uint32_t i = 0; i < body->count; i++) {
        stmt *s = body->items[i];
        if (i == place)
            continue;
        if (i > place && statement_uses(s, let->variable))
            s = with_let_inside(s, let, a);
        vec_push(a, &shorter, s);
    }
    return shorter;
}

const kernel *sink_scalars(const kernel *k, arena *a) {
    stmt_list body = k->body;
    /* From the last to the first: a let that another let uses follows it. */
    for (uint32_t i = body.count; i-- > 0;)
        if (is_movable(&body, i))
            body = without_let(&body, i, a);
    if (body.count == k->body.count)
        return k;
    kernel *sunk = arena_copy(a, k, sizeof *k);
    sunk->body = body;
    return sunk;
}
