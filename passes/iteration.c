/* Loop classes of a set of nodes: see the header. Linear in the size of the set. */
#include "passes/iteration.h"

#include <string.h>

enum { MOST_EVALUATIONS = 4 /* of a cheap value */, VERY_OFTEN = 1000 };
static const uint64_t outside_folds = UINT64_C(1) << 63;

void iteration_init(iteration *it, arena *a, const graph *g, int64_t row_bytes) {
    *it = (iteration){.arena = a, .graph = g, .row_bytes = row_bytes};
    it->access = ARENA_ARRAY(a, access_list *, g->nodes.count);
    it->stamp = ARENA_ARRAY(a, uint32_t, g->nodes.count);
    it->first = ARENA_ARRAY(a, uint32_t, g->nodes.count);
    it->member_of = ARENA_ARRAY(a, int, g->nodes.count);
}

const access_list *iteration_access(iteration *it, uint32_t id) {
    if (it->access[id] == NULL)
        it->access[id] = access_of(it->arena, it->graph, graph_node(it->graph, id));
    return it->access[id];
}

/* ---- union-find over dims -------------------------------------------------------------- */

static int new_point(iteration *it, dim extent) {
    int p = (int)it->parent.count;
    vec_push(it->arena, &it->parent, p);
    vec_push(it->arena, &it->extent, extent);
    return p;
}

static int find(iteration *it, int p) {
    while (it->parent.items[p] != p)
        p = it->parent.items[p] = it->parent.items[it->parent.items[p]];
    return p;
}

static void unite(iteration *it, int p, int q) {
    p = find(it, p);
    q = find(it, q);
    if (p < q)
        it->parent.items[q] = p;
    else
        it->parent.items[p] = q;
}

/* Points of the node: MAX_RANK per result, then its reduced axes. */
static uint32_t points_of(iteration *it, uint32_t id) {
    if (it->stamp[id] == it->now)
        return it->first[id];
    const node *n = graph_node(it->graph, id);
    it->stamp[id] = it->now;
    it->member_of[id] = -1;
    it->first[id] = it->parent.count;
    for (uint32_t r = 0; r < n->result_count; r++)
        for (int d = 0; d < MAX_RANK; d++)
            new_point(it, d < n->types[r].rank ? n->types[r].dims[d] : dim_of(1));
    const access_list *list = n->op == &op_input ? NULL : iteration_access(it, id);
    for (int i = 0; list != NULL && i < list->reduced_count; i++)
        new_point(it, list->reduced[i]);
    return it->first[id];
}

int iteration_class(iteration *it, value v, int d) {
    uint32_t first = points_of(it, v.node);
    if (dim_is(value_type(it->graph, v)->dims[d], 1))
        return -1;
    return find(it, (int)first + (int)v.result * MAX_RANK + d);
}

class_list iteration_classes(iteration *it, value v) {
    class_list l = {0};
    for (int d = 0; d < value_type(it->graph, v)->rank; d++) {
        int c = iteration_class(it, v, d);
        if (c >= 0)
            l.items[l.count++] = c;
    }
    return l;
}

bool class_list_has(const class_list *l, int c) {
    for (int i = 0; i < l->count; i++)
        if (l->items[i] == c)
            return true;
    return false;
}

static bool is_subset(const class_list *x, const class_list *y) {
    for (int i = 0; i < x->count; i++)
        if (!class_list_has(y, x->items[i]))
            return false;
    return true;
}

static bool same_set(const class_list *x, const class_list *y) {
    return x->count == y->count && is_subset(x, y);
}

static bool same_order(const class_list *x, const class_list *y) {
    return x->count == y->count &&
           memcmp(x->items, y->items, (size_t)x->count * sizeof *x->items) == 0;
}

static class_list join(const class_list *x, const class_list *y) {
    class_list l = *x;
    for (int i = 0; i < y->count && l.count < MAX_LOOPS; i++)
        if (!class_list_has(&l, y->items[i]))
            l.items[l.count++] = y->items[i];
    return l;
}

static class_list without(const class_list *x, const class_list *y) {
    class_list l = {0};
    for (int i = 0; i < x->count; i++)
        if (!class_list_has(y, x->items[i]))
            l.items[l.count++] = x->items[i];
    return l;
}

/* ---- members --------------------------------------------------------------------------- */

void iteration_begin(iteration *it) {
    it->now++;
    it->parent.count = it->extent.count = 0;
    it->members.count = 0;
    it->refusal = NULL;
    it->outer.count = it->row.count = 0;
}

void iteration_add(iteration *it, uint32_t id, bool free, bool output) {
    points_of(it, id);
    it->member_of[id] = (int)it->members.count;
    vec_push(it->arena, &it->members, (member){.node = id, .free = free, .output = output});
}

static const node *node_of(const iteration *it, const member *m) {
    return graph_node(it->graph, m->node);
}

static member *member_at(iteration *it, value v) {
    points_of(it, v.node);
    return it->member_of[v.node] < 0 ? NULL : &it->members.items[it->member_of[v.node]];
}

static bool is_contraction(iteration *it, const member *m) {
    return iteration_access(it, m->node)->contracts;
}

/* Every element is a sum of its own: not to be computed again. */
static bool is_sum(iteration *it, const member *m) {
    return node_has(node_of(it, m), OP_REDUCTION | OP_CONTRACTION | OP_WINDOW);
}

static bool is_fold(iteration *it, const member *m) {
    return node_has(node_of(it, m), OP_REDUCTION) && iteration_access(it, m->node)->known;
}

static bool is_cheap(const iteration *it, const member *m) {
    return m->free || node_has(node_of(it, m), OP_CHEAP);
}

static bool is_opaque(iteration *it, const member *m) {
    return !is_contraction(it, m) && !iteration_access(it, m->node)->known;
}

static bool refuse(iteration *it, const char *why) {
    if (!it->trusted)
        it->refusal = why;
    return it->trusted;
}

/* ---- classes --------------------------------------------------------------------------- */

static void unite_access(iteration *it, const member *m, const access *x) {
    const node *n = node_of(it, m);
    value operand = n->operands[x->operand];
    int from = (int)points_of(it, operand.node) + (int)operand.result * MAX_RANK;
    int to = (int)it->first[m->node], rank = n->types[0].rank;
    for (int d = 0; d < value_type(it->graph, operand)->rank; d++) {
        int axis = x->axes[d];
        if (axis != AXIS_NONE)
            unite(it, from + d, axis < rank ? to + axis : to + MAX_RANK + axis - rank);
    }
}

static void unite_all(iteration *it) {
    for (uint32_t i = 0; i < it->members.count; i++) {
        const member *m = &it->members.items[i];
        const access_list *list = iteration_access(it, m->node);
        for (uint32_t k = 0; list->known && k < list->items.count; k++)
            if (list->items.items[k].kind == ACCESS_SIMPLE)
                unite_access(it, m, &list->items.items[k]);
    }
}

static class_list reduced_classes(iteration *it, const member *m) {
    class_list l = {0};
    const access_list *list = iteration_access(it, m->node);
    for (int i = 0; i < list->reduced_count; i++) {
        int c = find(it, (int)it->first[m->node] + MAX_RANK + i);
        if (!dim_is(list->reduced[i], 1) && !class_list_has(&l, c) && l.count < MAX_LOOPS)
            l.items[l.count++] = c;
    }
    return l;
}

static value result_of(const member *m) {
    return (value){m->node, 0};
}

/* No loop may stand for two dims of one value: x + transpose(x) is not elementwise. */
static bool check_distinct(iteration *it) {
    for (uint32_t i = 0; i < it->members.count; i++) {
        class_list l = iteration_classes(it, result_of(&it->members.items[i]));
        class_list r = is_fold(it, &it->members.items[i])
                           ? reduced_classes(it, &it->members.items[i])
                           : (class_list){0};
        for (int a = 0; a < l.count; a++) {
            for (int b = 0; b < a; b++)
                if (l.items[a] == l.items[b])
                    return refuse(it, "an array meets its own transpose");
            if (class_list_has(&r, l.items[a]))
                return refuse(it, "an axis is reduced and kept at once");
        }
    }
    return true;
}

/* ---- how often each member would be computed ------------------------------------------- */

static void mark_after(iteration *it) {
    for (uint32_t i = 0; i < it->members.count; i++) {
        member *m = &it->members.items[i];
        const node *n = node_of(it, m);
        for (uint32_t k = 0; k < n->operand_count; k++) {
            member *from = member_at(it, n->operands[k]);
            if (from != NULL && (from->after || is_fold(it, from) || is_contraction(it, from)))
                m->after = true;
        }
    }
}

/* What one use adds to its operand. Under a condition all branches are computed, and an index
 * from data may repeat: both count as more than once. */
static void mark_use(const member *user, bool windows, access_kind kind, member *operand) {
    if (kind == ACCESS_SIMPLE && user->direct)
        operand->direct = true;
    if (windows) /* overlapping ones read an element again and again */
        operand->shifted = VERY_OFTEN;
    else if (kind == ACCESS_SIMPLE)
        operand->shifted += user->shifted;
    else
        operand->shifted += (user->direct ? 1 : 0) + user->shifted + (kind == ACCESS_VIEW ? 0 : 1);
    if (operand->shifted > VERY_OFTEN)
        operand->shifted = VERY_OFTEN;
}

static void mark_prologue(iteration *it, const member *contraction_or_prologue) {
    const node *n = node_of(it, contraction_or_prologue);
    for (uint32_t k = 0; k < n->operand_count; k++) {
        member *from = member_at(it, n->operands[k]);
        if (from != NULL)
            from->prologue = true;
    }
}

static void mark_folds(const member *user, bool user_is_fold, int fold_number, member *operand) {
    operand->folds |= user_is_fold ? UINT64_C(1) << (fold_number % 63) : user->folds;
}

static void mark_uses(iteration *it) {
    int fold_number = 0;
    for (uint32_t i = it->members.count; i-- > 0;) {
        member *m = &it->members.items[i];
        const node *n = node_of(it, m);
        bool fold = is_fold(it, m);
        if (m->output) {
            m->direct = true;
            m->folds |= outside_folds;
        }
        if (is_contraction(it, m) || m->prologue)
            mark_prologue(it, m);
        const access_list *list = iteration_access(it, m->node);
        for (uint32_t k = 0; list->known && k < list->items.count; k++) {
            member *from = member_at(it, n->operands[list->items.items[k].operand]);
            if (from == NULL)
                continue;
            mark_use(m, is_sum(it, m) && !fold, list->items.items[k].kind, from);
            mark_folds(m, fold, fold_number, from);
        }
        fold_number += fold;
    }
}

static bool check_evaluations(iteration *it) {
    for (uint32_t i = 0; i < it->members.count; i++) {
        const member *m = &it->members.items[i];
        int evaluations = (m->direct ? 1 : 0) + m->shifted;
        if (m->shifted == 0 || m->free)
            continue;
        if (m->output)
            return refuse(it, "a value is stored and also read at another index");
        if (is_sum(it, m))
            return refuse(it, "a reduction would be read at another index");
        if (evaluations > (is_cheap(it, m) ? MOST_EVALUATIONS : 1))
            return refuse(it, "a value would be computed more than once");
    }
    return true;
}

/* Loops are ordered as `order`; a value is computed once if it varies over all of them, or over
 * the first few (then it moves out of the others). */
static bool varies_over_prefix(const class_list *l, const class_list *order) {
    for (int i = 0; i < l->count; i++)
        if (i >= order->count || !class_list_has(l, order->items[i]))
            return false;
    return true;
}

static bool check_repeats(iteration *it, const class_list *order, const class_list *all) {
    for (uint32_t i = 0; i < it->members.count; i++) {
        const member *m = &it->members.items[i];
        class_list l = iteration_classes(it, result_of(m));
        if (is_cheap(it, m) || m->shifted > 0 || same_set(&l, all) || varies_over_prefix(&l, order))
            continue;
        return refuse(it, "a value would be computed again in a loop it does not depend on");
    }
    return true;
}

/* ---- schemes --------------------------------------------------------------------------- */

/* All outputs over the same loops in the same order. */
static bool common_order(iteration *it, class_list *order) {
    bool first = true;
    for (uint32_t i = 0; i < it->members.count; i++) {
        if (!it->members.items[i].output)
            continue;
        class_list l = iteration_classes(it, result_of(&it->members.items[i]));
        if (!first && !same_order(&l, order))
            return refuse(it, "outputs have different domains");
        *order = l;
        first = false;
    }
    return true;
}

/* Members that do not only serve shifted reads lie within these loops. */
static bool check_within(iteration *it, const class_list *loops) {
    for (uint32_t i = 0; i < it->members.count; i++) {
        const member *m = &it->members.items[i];
        class_list l = iteration_classes(it, result_of(m));
        if (m->direct && !m->prologue && !is_subset(&l, loops))
            return refuse(it, "a value has axes the outputs lack");
    }
    return true;
}

static bool classify_map(iteration *it) {
    it->kind = GROUP_MAP;
    return common_order(it, &it->outer) && check_within(it, &it->outer) &&
           check_repeats(it, &it->outer, &it->outer);
}

static bool classify_contract(iteration *it, const member *contraction) {
    class_list all = iteration_classes(it, result_of(contraction));
    it->kind = GROUP_CONTRACT;
    for (uint32_t i = 0; i < it->members.count; i++) {
        const member *m = &it->members.items[i];
        class_list l = iteration_classes(it, result_of(m));
        if (m->prologue && !m->free)
            return refuse(it, "work on a contraction's operand would be repeated");
        if (m->after && !same_set(&l, &all))
            return refuse(it, "an epilogue must keep the axes of its contraction");
    }
    if (!common_order(it, &it->outer))
        return false;
    if (!same_set(&it->outer, &all))
        return refuse(it, "outputs do not have the contraction's axes");
    class_list none = {0};
    return check_within(it, &all) && check_repeats(it, &none, &all);
}

/* Collects the reductions' kept and folded classes; they must agree. */
static bool common_folds(iteration *it, class_list *kept, class_list *folded) {
    bool first = true;
    for (uint32_t i = 0; i < it->members.count; i++) {
        const member *m = &it->members.items[i];
        if (!is_fold(it, m))
            continue;
        class_list k = iteration_classes(it, result_of(m)), f = reduced_classes(it, m);
        if (!first && (!same_set(&k, kept) || !same_set(&f, folded)))
            return refuse(it, "reductions over different axes");
        if (first)
            *kept = k, *folded = f;
        first = false;
    }
    return true;
}

static bool varies_over_any(const class_list *l, const class_list *of) {
    for (int i = 0; i < l->count; i++)
        if (class_list_has(of, l->items[i]))
            return true;
    return false;
}

static bool classify_reduce(iteration *it, const class_list *kept, const class_list *folded) {
    it->kind = GROUP_REDUCE;
    if (!common_order(it, &it->outer))
        return false;
    if (!same_set(&it->outer, kept))
        return refuse(it, "a value inside a reduction is needed elsewhere");
    for (uint32_t i = 0; i < it->members.count; i++) {
        const member *m = &it->members.items[i];
        uint64_t folds = m->folds & ~outside_folds;
        class_list l = iteration_classes(it, result_of(m));
        if (!is_cheap(it, m) && varies_over_any(&l, folded) && (folds & (folds - 1)) != 0)
            return refuse(it, "several reductions would each compute a costly value");
    }
    class_list all = join(&it->outer, folded);
    return check_within(it, &all) && check_repeats(it, &it->outer, &all);
}

static bool row_fits(iteration *it, const class_list *folded) {
    int64_t elements = 1;
    for (int i = 0; i < folded->count; i++) {
        dim e = it->extent.items[folded->items[i]];
        if (e.symbolic)
            return refuse(it, "a row of symbolic size does not stay in fast memory");
        if (e.count > it->row_bytes)
            return refuse(it, "the row is too long to stay in fast memory");
        elements *= e.count < 1 ? 1 : e.count;
        if (elements * 4 > it->row_bytes)
            return refuse(it, "the row is too long to stay in fast memory");
    }
    return true;
}

/* The order of loops of a row group: that of an output over whole rows, else of a value a
 * reduction reads. */
static bool row_order(iteration *it, const class_list *all, class_list *order) {
    bool output = false, found = false;
    for (uint32_t i = 0; i < it->members.count; i++) {
        const member *m = &it->members.items[i];
        class_list l = iteration_classes(it, result_of(m));
        if (!same_set(&l, all) || (m->shifted > 0 && !m->direct))
            continue;
        if (m->output && output && !same_order(&l, order))
            return refuse(it, "outputs have different domains");
        if (!found || (m->output && !output))
            *order = l;
        found = true;
        output = output || m->output;
    }
    return found || refuse(it, "no value spans the rows");
}

static bool classify_row(iteration *it, const class_list *kept, const class_list *folded) {
    class_list all = join(kept, folded), order = {0};
    it->kind = GROUP_ROW;
    if (!row_fits(it, folded) || !row_order(it, &all, &order))
        return false;
    it->outer = without(&order, folded);
    it->row = without(&order, kept);
    for (uint32_t i = 0; i < it->members.count; i++) {
        const member *m = &it->members.items[i];
        class_list l = iteration_classes(it, result_of(m));
        if (m->output && !same_order(&l, &order) && !same_order(&l, &it->outer))
            return refuse(it, "outputs have different domains");
    }
    return check_within(it, &all) && check_repeats(it, &it->outer, &all);
}

static bool classify_folds(iteration *it) {
    class_list kept, folded;
    if (!common_folds(it, &kept, &folded))
        return false;
    for (uint32_t i = 0; i < it->members.count; i++) {
        class_list l = iteration_classes(it, result_of(&it->members.items[i]));
        if (it->members.items[i].after && !it->members.items[i].free &&
            varies_over_any(&l, &folded))
            return classify_row(it, &kept, &folded);
    }
    return classify_reduce(it, &kept, &folded);
}

bool iteration_classify(iteration *it) {
    const member *contraction = NULL;
    int contractions = 0, folds = 0, opaque = 0, work = 0;
    for (uint32_t i = 0; i < it->members.count; i++) {
        const member *m = &it->members.items[i];
        work += !m->free;
        folds += is_fold(it, m);
        opaque += is_opaque(it, m);
        if (is_contraction(it, m))
            contraction = m, contractions++;
    }
    it->kind = GROUP_OPAQUE;
    if (opaque > 0)
        return work == 1 || refuse(it, "it brings its own loops");
    if (contractions > 1 || (contractions == 1 && folds > 0))
        return refuse(it, "a contraction is one kernel's anchor");
    unite_all(it);
    mark_after(it);
    mark_uses(it);
    if (!check_distinct(it) || !check_evaluations(it))
        return false;
    if (contraction != NULL)
        return classify_contract(it, contraction);
    return folds > 0 ? classify_folds(it) : classify_map(it);
}
