/* May a kernel overwrite one of its operands? Asked of its loops, where every access is visible.
 *
 * The result has one store. A read of the operand is harmless when it is of the very element
 * that the same iteration stores, since values are read before stores (passes/lower.c); or when
 * it happens in an earlier statement of the same outer iteration and stays within what that
 * iteration stores: the passes over a row before its results.
 */
#include <string.h>

#include "ir/loop_index.h"
#include "passes/inplace.h"

enum { DEEPEST = 32 };

/* Where a statement stands: the statements around it and their positions in their lists. */
typedef struct place {
    int depth;
    const stmt *around[DEEPEST]; /* loops, reduces, contracts */
    uint32_t position[DEEPEST];  /* position[i]: within around[i - 1], or the kernel */
} place;

typedef struct search {
    const kernel *kernel;
    int operand, result;
    place here;
    const stmt *store;
    place store_place;
    int stores;
    bool harmful;
} search;

static bool same_element(const search *s, const expr *load) {
    const kernel *k = s->kernel;
    const expr *read = expr_offset(k->arena, &k->buffers.items[s->operand].type, load->index);
    const expr *written = expr_offset(k->arena, &k->buffers.items[s->result].type, s->store->index);
    return expr_equal(read, written);
}

static int common_depth(const place *x, const place *y) {
    int d = 0;
    while (d < x->depth && d < y->depth && x->around[d] == y->around[d])
        d++;
    return d;
}

static bool uses_inner(const search *s, const expr *index, int depth) {
    for (int d = depth; d < s->store_place.depth; d++)
        if (s->store_place.around[d]->kind == STMT_LOOP &&
            expr_uses(index, s->store_place.around[d]->variable))
            return true;
    return false;
}

/* The read stays within the elements that this iteration of the outer `depth` loops stores:
 * equal where only outer variables count, and these tell the iterations apart. */
static bool within_iteration(const search *s, const expr *load, int depth) {
    uint64_t separated = 0;
    if (load->rank != s->store->rank || depth == 0)
        return false;
    for (int i = 0; i < load->rank; i++) {
        const expr *index = s->store->index[i];
        if (uses_inner(s, index, depth))
            continue;
        if (!expr_equal(index, load->index[i]))
            return false;
        for (int d = 0; d < depth; d++)
            if (index->kind == EXPR_VARIABLE && s->here.around[d]->variable == index->variable)
                separated |= UINT64_C(1) << d;
    }
    for (int d = 0; d < depth; d++)
        if (s->here.around[d]->kind != STMT_LOOP ||
            ((separated >> d & 1) == 0 && !dim_is(s->here.around[d]->variable->extent, 1)))
            return false;
    return true;
}

static bool is_harmless(const search *s, const expr *load) {
    int depth = common_depth(&s->here, &s->store_place);
    bool same_scope = depth == s->here.depth && depth == s->store_place.depth;
    if (load->guard == NULL && same_scope && same_element(s, load))
        return true;
    bool earlier = s->here.position[depth] < s->store_place.position[depth];
    return earlier && within_iteration(s, load, depth);
}

static void check_expr(search *s, const expr *x) {
    if (x->kind == EXPR_SCALAR)
        for (int i = 0; i < x->argument_count; i++)
            check_expr(s, x->arguments[i]);
    if (x->kind != EXPR_LOAD)
        return;
    for (int i = 0; i < x->rank; i++)
        check_expr(s, x->index[i]);
    if (x->guard != NULL) {
        check_expr(s, x->guard);
        check_expr(s, x->otherwise);
    }
    if (x->buffer == s->operand && s->store != NULL && !is_harmless(s, x))
        s->harmful = true;
    if (x->buffer == s->result)
        s->harmful = true; /* a nest that reads its own result */
}

static void check_body(search *s, const stmt_list *body);

/* Enters a statement; a contract's parts count as before its epilogue. */
static void inside(search *s, const stmt *around, const stmt_list *body, const expr *x) {
    place outer = s->here;
    s->here.around[s->here.depth++] = around;
    s->here.position[s->here.depth] = 0;
    check_body(s, body);
    if (x != NULL)
        check_expr(s, x);
    s->here = outer;
}

static void check_contract(search *s, const stmt *c) {
    /* Operands are read for many results: at a place of their own, which no store shares. */
    static const stmt operands = {.kind = STMT_CONTRACT};
    place outer = s->here;
    s->here.around[s->here.depth++] = c;
    s->here.position[s->here.depth] = 0;
    inside(s, &operands, &c->contract->left_lets, c->contract->left);
    inside(s, &operands, &c->contract->right_lets, c->contract->right);
    s->here = outer;
    inside(s, c, &c->contract->epilogue, NULL);
}

static void check_store(search *s, const stmt *store) {
    if (store->buffer == s->operand)
        s->harmful = true;
    if (store->buffer != s->result)
        return;
    s->stores += s->store == NULL;
    if (s->store == NULL) {
        s->store = store;
        s->store_place = s->here;
    } else if (s->store != store) {
        s->harmful = true;
    }
}

static void check_body(search *s, const stmt_list *body) {
    if (s->here.depth + 3 >= DEEPEST) {
        s->harmful = true;
        return;
    }
    for (uint32_t i = 0; i < body->count; i++) {
        const stmt *x = body->items[i];
        s->here.position[s->here.depth] = i;
        if (x->value != NULL && x->kind != STMT_REDUCE)
            check_expr(s, x->value);
        for (int k = 0; k < x->rank; k++)
            check_expr(s, x->index[k]);
        if (x->kind == STMT_STORE)
            check_store(s, x);
        if (x->kind == STMT_LOOP || x->kind == STMT_REDUCE)
            inside(s, x, &x->body, x->kind == STMT_REDUCE ? x->value : NULL);
        if (x->kind == STMT_CONTRACT)
            check_contract(s, x);
    }
}

bool kernel_may_overwrite(const kernel *k, int operand, int result) {
    search s = {.kernel = k, .operand = operand, .result = result};
    check_body(&s, &k->body); /* finds the store */
    s.harmful = s.harmful || s.stores != 1;
    if (!s.harmful)
        check_body(&s, &k->body); /* judges the reads */
    return !s.harmful;
}
