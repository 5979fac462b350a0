/* Access lists: see the header. The probe is a lowering that records and builds nothing.
 *
 * An index of the operand is an axis, arithmetic on axes, or depends on data (a variable that
 * stands for an operand's element). A slice that starts at 0 reads at the very index of its
 * result; it is told from a pointwise access by the extents.
 */
#include "ir/access.h"

#include "ir/lower_state.h"

static int axis_number(const access_list *list, const loop_variable *v) {
    for (int i = 0; i < list->rank + list->reduced_count; i++)
        if (list->axes[i] == v)
            return i;
    return AXIS_NONE;
}

/* Whether any variable that is no axis occurs. */
static bool depends_on_data(const expr *x) {
    if (x->kind == EXPR_VARIABLE)
        return !x->variable->is_axis;
    if (x->kind == EXPR_LOAD)
        return true;
    for (int i = 0; x->kind == EXPR_SCALAR && i < x->argument_count; i++)
        if (depends_on_data(x->arguments[i]))
            return true;
    return false;
}

static bool is_zero(const expr *x) {
    return x->kind == EXPR_CONSTANT && x->integer == 0;
}

/* One dim of the operand: its axis, or false when it is not visited plainly. */
static bool plain_axis(const access_list *list, dim extent, const expr *index, int *axis) {
    *axis = AXIS_NONE;
    if (dim_is(extent, 1))
        return is_zero(index);
    if (index->kind != EXPR_VARIABLE || !dim_equal(index->variable->extent, extent))
        return false;
    *axis = axis_number(list, index->variable);
    return *axis != AXIS_NONE;
}

void access_classify(const access_list *list, const type *operand, const expr *const *index,
                     access *out) {
    bool plain = out->kind == ACCESS_SIMPLE;
    uint64_t used = 0;
    for (int i = 0; i < operand->rank; i++) {
        if (depends_on_data(index[i]))
            out->kind = ACCESS_DATA;
        plain = plain && plain_axis(list, operand->dims[i], index[i], &out->axes[i]);
        if (!plain || out->axes[i] == AXIS_NONE)
            continue;
        plain = (used >> out->axes[i] & 1) == 0;
        used |= UINT64_C(1) << out->axes[i];
    }
    if (!plain && out->kind == ACCESS_SIMPLE)
        out->kind = ACCESS_VIEW;
}

void access_add_reduced(access_list *list, loop_variable *axis) {
    if (list->reduced_count == 4 * MAX_RANK) {
        list->known = false;
        return;
    }
    list->axes[list->rank + list->reduced_count] = axis;
    list->reduced[list->reduced_count++] = axis->extent;
}

static lowering *new_probe(arena *a, const graph *g, access_list *list) {
    kernel *nothing = ARENA_NEW(a, kernel);
    nothing->arena = a;
    lowering *l = lowering_new(a, g, nothing);
    lowering_state(l)->probe = list;
    return l;
}

access_list *access_of(arena *a, const graph *g, const node *n) {
    access_list *list = ARENA_NEW(a, access_list);
    const expr *index[MAX_RANK];
    if (n->op->contract != NULL)
        list->contracts = n->op->contract(new_probe(a, g, ARENA_NEW(a, access_list)), n,
                                          ARENA_NEW(a, loop_contract));
    if (list->contracts || n->op->element == NULL || n->result_count != 1)
        return list;
    lowering *l = new_probe(a, g, list);
    list->known = true;
    list->rank = n->types[0].rank;
    for (int i = 0; i < list->rank; i++) {
        list->axes[i] = lower_axis(l, "i", n->types[0].dims[i]);
        index[i] = expr_variable(a, list->axes[i]);
    }
    if (n->op->element(l, n, 0, index) == NULL)
        list->known = false;
    return list;
}
