/* Copies what callers of a function see of it before its nodes: see the header. */
#include "passes/interface.h"

void copy_interface(const graph *from, graph *to, value **map) {
    to->bound_batch = from->bound_batch;
    for (uint32_t i = 0; i < from->guards.count; i++)
        vec_push(to->arena, &to->guards, from->guards.items[i]);
    for (uint32_t i = 0; i < from->inputs.count; i++) {
        const graph_input *x = &from->inputs.items[i];
        const type *t = value_type(from, x->value);
        to->location = value_node(from, x->value)->location;
        map[x->value.node] = ARENA_NEW(to->arena, value);
        *map[x->value.node] = graph_add_input(to, x->name, *t, x->role, x->donated);
    }
    to->location = from->location;
}
