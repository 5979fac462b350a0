/* Drawing in layers, after Sugiyama, Tagawa and Toda (1981).
 *
 * A box lies one layer below the lowest it takes from; leaves sink to just above their first
 * user. Arrows over several layers get a bend in each, so that they go around boxes. Layers are
 * put in order by the mean places of neighbours, sweep by sweep; then x is what comes closest,
 * by squares, to the mean of neighbours while boxes keep their distance: isotonic regression,
 * solved exactly by pooling neighbours that push each other (Ayer et al. 1955).
 */
#include "ir/layout.h"

#include <math.h>
#include <stdlib.h>

static const double GAP_X = 18, GAP_Y = 34, MARGIN = 12, BEND_WIDTH = 4;
enum { SWEEPS = 12, MOST_BENDS = 200000 };

/* A box, or a bend of an arrow. */
typedef struct item {
    uint32_t layer, place; /* place in the layer */
    double x, width, key;  /* key: the mean of its neighbours */
    VEC(uint32_t) above, below;
} item;

typedef VEC(uint32_t) row;

typedef struct drawing {
    const picture *picture;
    layout *out;
    arena *arena;
    VEC(item) items; /* boxes as in the picture, then bends */
    row *layers;
    uint32_t layer_count;
    VEC(uint32_t) * bends; /* by edge, from top to bottom */
} drawing;

/* ---- layers ---------------------------------------------------------------------------------- */

/* The picture's nodes are in topological order, outputs last: one pass down is enough. */
static void assign_layers(drawing *d) {
    const picture *p = d->picture;
    bool *has_operands = ARENA_ARRAY(d->arena, bool, p->nodes.count);
    uint32_t *first_user = ARENA_ARRAY(d->arena, uint32_t, p->nodes.count);
    for (uint32_t i = 0; i < p->edges.count; i++) { /* sorted by user */
        const picture_edge *e = &p->edges.items[i];
        item *to = &d->items.items[e->to];
        uint32_t below = d->items.items[e->from].layer + 1;
        if (e->update)
            continue;
        has_operands[e->to] = true;
        to->layer = to->layer < below ? below : to->layer;
    }
    for (uint32_t i = 0; i < p->edges.count; i++) {
        const picture_edge *e = &p->edges.items[i];
        uint32_t layer = d->items.items[e->to].layer;
        if (!e->update && (first_user[e->from] == 0 || layer < first_user[e->from]))
            first_user[e->from] = layer;
    }
    for (uint32_t i = 0; i < p->nodes.count; i++) {
        item *x = &d->items.items[i];
        if (!has_operands[i] && first_user[i] > 0)
            x->layer = first_user[i] - 1;
        d->layer_count = x->layer + 1 > d->layer_count ? x->layer + 1 : d->layer_count;
    }
}

static void join(drawing *d, uint32_t upper, uint32_t lower) {
    vec_push(d->arena, &d->items.items[upper].below, lower);
    vec_push(d->arena, &d->items.items[lower].above, upper);
}

static void add_bends(drawing *d, uint32_t edge) {
    const picture_edge *e = &d->picture->edges.items[edge];
    uint32_t last = e->from, bottom = d->items.items[e->to].layer;
    for (uint32_t layer = d->items.items[e->from].layer + 1; layer < bottom; layer++) {
        uint32_t bend = d->items.count;
        if (bend > MOST_BENDS)
            break; /* the arrow goes straight from here */
        vec_push(d->arena, &d->items, (item){.layer = layer, .width = BEND_WIDTH});
        vec_push(d->arena, &d->bends[edge], bend);
        join(d, last, bend);
        last = bend;
    }
    join(d, last, e->to);
}

static void fill_layers(drawing *d) {
    d->layers = ARENA_ARRAY(d->arena, row, d->layer_count);
    for (uint32_t i = 0; i < d->items.count; i++) {
        item *x = &d->items.items[i];
        x->place = d->layers[x->layer].count;
        vec_push(d->arena, &d->layers[x->layer], i);
    }
}

/* ---- order within layers --------------------------------------------------------------------- */

typedef struct sort_row {
    double key;
    uint32_t place, id;
} sort_row;

static int by_key(const void *left, const void *right) {
    const sort_row *a = left, *b = right;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

static double mean_place(const drawing *d, const item *x, bool from_above) {
    const uint32_t *ids = from_above ? x->above.items : x->below.items;
    uint32_t count = from_above ? x->above.count : x->below.count;
    double sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        const item *y = &d->items.items[ids[i]];
        sum += (y->place + 0.5) / d->layers[y->layer].count;
    }
    return count > 0 ? sum / count : (x->place + 0.5) / d->layers[x->layer].count;
}

static void order_layer(drawing *d, uint32_t layer, bool from_above, sort_row *rows) {
    row *ids = &d->layers[layer];
    for (uint32_t i = 0; i < ids->count; i++) {
        const item *x = &d->items.items[ids->items[i]];
        rows[i] = (sort_row){mean_place(d, x, from_above), i, ids->items[i]};
    }
    qsort(rows, ids->count, sizeof *rows, by_key);
    for (uint32_t i = 0; i < ids->count; i++) {
        ids->items[i] = rows[i].id;
        d->items.items[rows[i].id].place = i;
    }
}

static void order_layers(drawing *d) {
    sort_row *rows = ARENA_ARRAY(d->arena, sort_row, d->items.count);
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        bool down = sweep % 2 == 0;
        for (uint32_t i = 0; i < d->layer_count; i++)
            order_layer(d, down ? i : d->layer_count - 1 - i, down, rows);
    }
}

/* ---- places ---------------------------------------------------------------------------------- */

/* Where x would like to be: arrows of bends pull harder, so long ones are straight. */
static double wish(const drawing *d, const item *x) {
    double sum = 0, weight = 0;
    for (int side = 0; side < 2; side++) {
        const uint32_t *ids = side == 0 ? x->above.items : x->below.items;
        uint32_t count = side == 0 ? x->above.count : x->below.count;
        for (uint32_t i = 0; i < count; i++) {
            const item *y = &d->items.items[ids[i]];
            double pull = x->width <= BEND_WIDTH && y->width <= BEND_WIDTH ? 4 : 1;
            sum += pull * y->x;
            weight += pull;
        }
    }
    return weight > 0 ? sum / weight : x->x;
}

/* Neighbours that push each other; `wish` is where the first of them would like to be. */
typedef struct pool {
    double wish, weight;
    uint32_t count;
} pool;

static void place_layer(drawing *d, const row *ids, pool *pools) {
    uint32_t count = 0, at = 0;
    double offset = 0;
    for (uint32_t i = 0; i < ids->count; i++) {
        item *x = &d->items.items[ids->items[i]];
        double weight = x->width <= BEND_WIDTH ? 2 : 1;
        if (i > 0)
            offset += (d->items.items[ids->items[i - 1]].width + x->width) / 2 + GAP_X;
        x->key = offset;
        pools[count++] = (pool){wish(d, x) - offset, weight, 1};
        for (; count > 1 && pools[count - 2].wish > pools[count - 1].wish; count--) {
            pool *a = &pools[count - 2], *b = &pools[count - 1];
            double both = a->weight + b->weight;
            *a = (pool){(a->wish * a->weight + b->wish * b->weight) / both, both,
                        a->count + b->count};
        }
    }
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = 0; k < pools[i].count; k++, at++)
            d->items.items[ids->items[at]].x = pools[i].wish + d->items.items[ids->items[at]].key;
}

static void place_layers(drawing *d) {
    pool *pools = ARENA_ARRAY(d->arena, pool, d->items.count);
    for (int sweep = 0; sweep < 2 * SWEEPS; sweep++)
        for (uint32_t i = 0; i < d->layer_count; i++)
            place_layer(d, &d->layers[sweep % 2 == 0 ? i : d->layer_count - 1 - i], pools);
    double left = INFINITY, right = -INFINITY;
    for (uint32_t i = 0; i < d->items.count; i++) {
        const item *x = &d->items.items[i];
        left = fmin(left, x->x - x->width / 2);
        right = fmax(right, x->x + x->width / 2);
    }
    for (uint32_t i = 0; i < d->items.count; i++)
        d->items.items[i].x += MARGIN - left;
    d->out->width = d->items.count > 0 ? right - left + 2 * MARGIN : 2 * MARGIN;
}

/* ---- what comes out -------------------------------------------------------------------------- */

/* The middle of each layer, from the tallest box in it. */
static double *measure_layers(drawing *d) {
    double *middle = ARENA_ARRAY(d->arena, double, d->layer_count);
    double y = MARGIN;
    for (uint32_t i = 0; i < d->layer_count; i++) {
        double tallest = 0;
        for (uint32_t k = 0; k < d->layers[i].count; k++)
            if (d->layers[i].items[k] < d->picture->nodes.count)
                tallest = fmax(tallest, d->out->boxes[d->layers[i].items[k]].height);
        middle[i] = y + tallest / 2;
        y += tallest + GAP_Y;
    }
    d->out->height = d->layer_count > 0 ? y - GAP_Y + MARGIN : 2 * MARGIN;
    return middle;
}

static void write_out(drawing *d) {
    const picture *p = d->picture;
    const double *middle = measure_layers(d);
    for (uint32_t i = 0; i < p->nodes.count; i++) {
        d->out->boxes[i].x = d->items.items[i].x;
        d->out->boxes[i].y = middle[d->items.items[i].layer];
    }
    for (uint32_t i = 0; i < p->edges.count; i++) {
        const picture_edge *e = &p->edges.items[i];
        const layout_box *from = &d->out->boxes[e->from], *to = &d->out->boxes[e->to];
        layout_path *path = &d->out->paths[i];
        if (e->update)
            continue;
        vec_push(d->arena, &path->points, (layout_point){from->x, from->y + from->height / 2});
        for (uint32_t k = 0; k < d->bends[i].count; k++) {
            const item *bend = &d->items.items[d->bends[i].items[k]];
            vec_push(d->arena, &path->points, (layout_point){bend->x, middle[bend->layer]});
        }
        vec_push(d->arena, &path->points, (layout_point){to->x, to->y - to->height / 2});
    }
}

void layout_picture(const picture *p, layout *l, arena *a) {
    drawing d = {.picture = p, .out = l, .arena = a};
    d.bends = arena_alloc_array(a, p->edges.count, sizeof *d.bends);
    l->paths = ARENA_ARRAY(a, layout_path, p->edges.count);
    for (uint32_t i = 0; i < p->nodes.count; i++)
        vec_push(a, &d.items, (item){.width = l->boxes[i].width});
    assign_layers(&d);
    for (uint32_t i = 0; i < p->edges.count; i++)
        if (!p->edges.items[i].update)
            add_bends(&d, i);
    fill_layers(&d);
    order_layers(&d);
    place_layers(&d);
    write_out(&d);
}
