/* Layouts: arrows point down, boxes keep apart, whatever the graph. */
#include "ir/layout.h"

#include "random_graph.h"
#include "test.h"

static layout arrange(workspace *w, const picture *p) {
    layout l = {.boxes = ARENA_ARRAY(w->arena, layout_box, p->nodes.count)};
    for (uint32_t i = 0; i < p->nodes.count; i++) {
        l.boxes[i].width = 40 + i % 5 * 30;
        l.boxes[i].height = 30 + i % 2 * 15;
    }
    layout_picture(p, &l, w->arena);
    return l;
}

static bool overlap(const layout_box *a, const layout_box *b) {
    double x = a->x < b->x ? b->x - a->x : a->x - b->x;
    double y = a->y < b->y ? b->y - a->y : a->y - b->y;
    return x < (a->width + b->width) / 2 && y < (a->height + b->height) / 2;
}

static void boxes_keep_apart_and_arrows_point_down(void **state) {
    workspace *w = *state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        picture p = picture_of(random_graph(w->arena, seed), w->arena);
        layout l = arrange(w, &p);
        for (uint32_t i = 0; i < p.nodes.count; i++) {
            const layout_box *a = &l.boxes[i];
            assert_true(a->x - a->width / 2 >= 0 && a->x + a->width / 2 <= l.width);
            assert_true(a->y - a->height / 2 >= 0 && a->y + a->height / 2 <= l.height);
            for (uint32_t k = 0; k < i; k++)
                assert_false(overlap(a, &l.boxes[k]));
        }
        for (uint32_t i = 0; i < p.edges.count; i++) {
            const layout_path *path = &l.paths[i];
            assert_true(p.edges.items[i].update || path->points.count >= 2);
            for (uint32_t k = 1; k < path->points.count; k++)
                assert_true(path->points.items[k].y > path->points.items[k - 1].y);
        }
    }
}

/* x to a, a to b, x to b: the long arrow bends beside a. */
static void long_arrows_go_around_boxes(void **state) {
    workspace *w = *state;
    picture p = {0};
    for (int i = 0; i < 3; i++)
        vec_push(w->arena, &p.nodes, (picture_node){.title = ""});
    vec_push(w->arena, &p.edges, (picture_edge){0, 1, false});
    vec_push(w->arena, &p.edges, (picture_edge){1, 2, false});
    vec_push(w->arena, &p.edges, (picture_edge){0, 2, false});
    layout l = arrange(w, &p);
    assert_int_equal(l.paths[2].points.count, 3);
    const layout_point *bend = &l.paths[2].points.items[1];
    double distance = bend->x - l.boxes[1].x;
    assert_true((distance < 0 ? -distance : distance) > l.boxes[1].width / 2);
}

static void nothing_has_a_size_too(void **state) {
    workspace *w = *state;
    picture p = {0};
    layout l = arrange(w, &p);
    assert_true(l.width > 0 && l.height > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORKSPACE(boxes_keep_apart_and_arrows_point_down),
        WITH_WORKSPACE(long_arrows_go_around_boxes),
        WITH_WORKSPACE(nothing_has_a_size_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
