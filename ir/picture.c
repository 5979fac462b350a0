/* A graph as boxes and arrows: what every drawn format shows, whatever draws it.
 *
 * Constants of one element are named in the boxes that use them: half of the nodes of a training
 * step are such, and as boxes they would hide the rest. Outputs are boxes, so that their names
 * are seen; an output that overwrites a state points back at it.
 */
#include <string.h>

#include "ir/formats.h"
#include "ir/ops/ops.h"

enum { LONGEST_LABEL = 44 };

const char *const picture_kind_names[PICTURE_KIND_COUNT] = {
    "data",      "state",    "constant", "contraction", "reduction",
    "pointwise", "movement", "other",    "output",
};
const char *const picture_colors[PICTURE_KIND_COUNT] = {
    "#dbeafe", "#fef3c7", "#f3f4f6", "#fecaca", "#ddd6fe",
    "#d1fae5", "#e5e7eb", "#fbcfe8", "#bfdbfe",
};

typedef struct painter {
    const graph *graph;
    arena *arena;
    uint32_t *box_of; /* node to picture node + 1; 0 = it is words in others */
    picture picture;
} painter;

/* Never cuts a character of UTF-8 in two. */
static const char *shorten(const char *s, arena *a) {
    size_t length = strlen(s);
    if (length <= LONGEST_LABEL)
        return s;
    length = LONGEST_LABEL - 3;
    while (length > 0 && ((unsigned char)s[length] & 0xc0) == 0x80)
        length--;
    return arena_format(a, "%.*s...", (int)length, s);
}

/* ---- what is in a box ------------------------------------------------------------------------ */

static picture_kind kind_of(const node *n) {
    static const picture_kind of_group[] = {
        [GROUP_MAP] = PICTURE_POINTWISE, [GROUP_REDUCE] = PICTURE_REDUCTION,
        [GROUP_ROW] = PICTURE_REDUCTION, [GROUP_CONTRACT] = PICTURE_CONTRACTION,
        [GROUP_OPAQUE] = PICTURE_OTHER,
    };
    static const struct {
        uint32_t traits;
        picture_kind kind;
    } of_traits[] = {
        {OP_LEAF, PICTURE_CONSTANT},       {OP_CONTRACTION, PICTURE_CONTRACTION},
        {OP_REDUCTION, PICTURE_REDUCTION}, {OP_WINDOW, PICTURE_REDUCTION},
        {OP_POINTWISE, PICTURE_POINTWISE}, {OP_INDEX, PICTURE_MOVEMENT},
    };
    if (n->op == &op_group)
        return of_group[((const group_attributes *)n->attributes)->kind];
    for (size_t i = 0; i < sizeof of_traits / sizeof *of_traits; i++)
        if (node_has(n, of_traits[i].traits))
            return of_traits[i].kind;
    return PICTURE_OTHER;
}

static const char *title_of(const node *n) {
    const char *name = "";
    if (n->op == &op_group)
        name = ((const group_attributes *)n->attributes)->name;
    else if (n->op == &op_composite)
        name = ((const composite_attributes *)n->attributes)->name;
    return *name != '\0' ? name : n->op->name;
}

static const char *attributes_text(const node *n, arena *a) {
    text t;
    text_init(&t, a);
    if (n->op->attributes != NULL && n->op != &op_group && n->op != &op_composite)
        attributes_print(n->op->attributes, n->attributes,
                         n->result_count > 0 ? n->types[0].dtype : CN_DTYPE_DEFAULT, &t);
    return t.length > 1 ? t.data + 1 : ""; /* behind the space */
}

static const char *ops_of_regions(const node *n, arena *a) {
    text t;
    text_init(&t, a);
    for (uint32_t r = 0; r < n->region_count; r++)
        for (uint32_t id = 1; id < n->regions[r]->nodes.count; id++) {
            const node *inner = graph_node(n->regions[r], id);
            if (!node_has(inner, OP_LEAF))
                text_printf(&t, "%s%s", t.length > 0 ? ", " : "", inner->op->name);
        }
    return t.data;
}

static bool is_word(const painter *p, uint32_t id) {
    return p->box_of[id] == 0;
}

/* The constants among the operands, behind the attributes. */
static const char *detail_of(const painter *p, const node *n) {
    text t;
    text_init(&t, p->arena);
    text_append(&t,
                n->region_count > 0 ? ops_of_regions(n, p->arena) : attributes_text(n, p->arena));
    for (uint32_t i = 0; i < n->operand_count; i++)
        if (is_word(p, n->operands[i].node)) {
            const char *words = attributes_text(value_node(p->graph, n->operands[i]), p->arena);
            text_append(&t, t.length > 0 ? " " : "");
            text_append(&t, strchr(words, '[') == NULL ? words : strchr(words, '['));
            t.length -= t.data[t.length - 1] == '}'; /* of {value=[0.5]} the list */
            t.data[t.length] = '\0';
        }
    return t.data;
}

static const char *types_of(const node *n, arena *a) {
    text t;
    text_init(&t, a);
    for (uint32_t r = 0; r < n->result_count; r++) {
        text_append(&t, r > 0 ? ", " : "");
        text_type(&t, &n->types[r]);
    }
    return t.data;
}

/* "f32[B,10] of dense". */
static const char *result_of(const node *n, arena *a) {
    const char *types = types_of(n, a);
    const char *layer = n->location.layer;
    return layer == NULL ? types : arena_format(a, "%s of %s", types, layer);
}

static const char *tooltip_of(const painter *p, uint32_t id) {
    const node *n = graph_node(p->graph, id);
    text t;
    text_init(&t, p->arena);
    text_printf(&t, "%%%u = %s%s%s : %s", id, n->op->name, *attributes_text(n, p->arena) ? " " : "",
                attributes_text(n, p->arena), types_of(n, p->arena));
    if (n->region_count > 0)
        text_printf(&t, "\n%s", ops_of_regions(n, p->arena));
    if (n->location.file != NULL)
        text_printf(&t, "\n%s:%d", n->location.file, n->location.line);
    if (n->location.layer != NULL)
        text_printf(&t, " %s", n->location.layer);
    return t.data;
}

/* ---- boxes and arrows ------------------------------------------------------------------------ */

static uint32_t add_box(painter *p, picture_node box) {
    box.title = shorten(box.title, p->arena);
    box.detail = shorten(box.detail, p->arena);
    box.type = shorten(box.type, p->arena);
    vec_push(p->arena, &p->picture.nodes, box);
    return p->picture.nodes.count - 1;
}

static void add_inputs(painter *p) {
    for (uint32_t i = 0; i < p->graph->inputs.count; i++) {
        const graph_input *x = &p->graph->inputs.items[i];
        uint32_t id = x->value.node;
        picture_node box = {.kind = x->role == INPUT_STATE ? PICTURE_STATE : PICTURE_DATA,
                            .title = x->name != NULL ? x->name : arena_format(p->arena, "%%%u", id),
                            .detail = x->donated ? "donated" : "",
                            .type = types_of(graph_node(p->graph, id), p->arena),
                            .tooltip = tooltip_of(p, id)};
        p->box_of[id] = add_box(p, box) + 1;
    }
}

static void add_edge(painter *p, uint32_t from, uint32_t to, bool update) {
    vec_push(p->arena, &p->picture.edges, (picture_edge){from, to, update});
}

static void add_node(painter *p, uint32_t id) {
    const node *n = graph_node(p->graph, id);
    picture_node box = {.kind = kind_of(n),
                        .title = title_of(n),
                        .detail = detail_of(p, n),
                        .type = result_of(n, p->arena),
                        .tooltip = tooltip_of(p, id)};
    uint32_t to = add_box(p, box);
    p->box_of[id] = to + 1;
    for (uint32_t i = 0; i < n->operand_count; i++)
        if (!is_word(p, n->operands[i].node))
            add_edge(p, p->box_of[n->operands[i].node] - 1, to, false);
}

static void add_outputs(painter *p) {
    for (uint32_t i = 0; i < p->graph->outputs.count; i++) {
        const graph_output *y = &p->graph->outputs.items[i];
        text words;
        text_init(&words, p->arena);
        text_type(&words, value_type(p->graph, y->value));
        const char *name = y->name != NULL ? y->name : arena_format(p->arena, "result %u", i);
        picture_node box = {.kind = PICTURE_OUTPUT,
                            .title = name,
                            .detail = y->into >= 0 ? "overwrites its state" : "",
                            .type = words.data,
                            .tooltip = name};
        uint32_t to = add_box(p, box);
        add_edge(p, p->box_of[y->value.node] - 1, to, false);
        if (y->into >= 0)
            add_edge(p, to, p->box_of[p->graph->inputs.items[y->into].value.node] - 1, true);
    }
}

/* Constants with one stored element that no output is. */
static bool *find_words(const graph *g, arena *a) {
    bool *words = ARENA_ARRAY(a, bool, g->nodes.count);
    for (uint32_t id = 1; id < g->nodes.count; id++) {
        const node *n = graph_node(g, id);
        const leaf_attributes *leaf = n->attributes;
        words[id] =
            n->op == &op_constant && leaf->value.length == (size_t)dtype_bytes(n->types[0].dtype);
    }
    for (uint32_t i = 0; i < g->outputs.count; i++)
        words[g->outputs.items[i].value.node] = false;
    return words;
}

picture picture_of(const graph *g, arena *a) {
    painter p = {.graph = g, .arena = a, .picture.name = g->name == NULL ? "" : g->name};
    const bool *words = find_words(g, a);
    p.box_of = ARENA_ARRAY(a, uint32_t, g->nodes.count);
    add_inputs(&p);
    for (uint32_t id = g->inputs.count + 1; id < g->nodes.count; id++)
        if (!words[id])
            add_node(&p, id);
    add_outputs(&p);
    return p.picture;
}
