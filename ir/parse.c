/* The text form .cnir, read back (print.c says what it looks like).
 *
 * One token ahead, no backtracking, one function per construct. Every node goes through
 * graph_add, so its types are inferred, and must be those the text states. What comes out
 * has passed the verifier.
 *
 * The text may be anybody's: regions nest at most so deep, a graph has at most so many nodes,
 * and nothing is allocated on the word of a number. Constants are the one thing read late:
 * their elements stand before the type that says what they are.
 */
#include <string.h>

#include "base/map.h"
#include "base/text.h"
#include "ir/ops/ops.h"
#include "ir/scanner.h"

enum { DEEPEST_REGION = 32, MOST_NODES = 1 << 20 };

typedef struct parser {
    scanner in;
    uint32_t node_count; /* of all graphs */
    int depth;
} parser;

/* One graph being read, and what its values are called. */
typedef struct scope {
    graph *graph;
    bool is_region;
    map ids;           /* text after '%' -> node */
    map names;         /* of inputs */
    bool *overwritten; /* by input: some output goes into it */
} scope;

typedef VEC(value) value_list;
typedef VEC(type) type_list;
typedef VEC(graph *) graph_list;

/* A node as far as it is read. */
typedef struct parsed_node {
    size_t at; /* where its op stands */
    const char *id;
    size_t id_length;
    int64_t result_count;
    const op_def *op;
    value_list operands;
    void *attributes;
    size_t bytes_at[2]; /* FIELD_BYTES: where its elements stand; its offset in the struct */
    type_list types;
    location location;
    graph_list regions;
} parsed_node;

static bool parse_graph(parser *p, graph *g, bool is_region);

/* ---- values ------------------------------------------------------------------------------ */

static bool define(parser *p, scope *s, const char *id, size_t length, uint32_t node_id) {
    bool found;
    uint64_t *entry = map_put(&s->ids, id, length, &found);
    if (found)
        return scan_fail(&p->in, (size_t)(id - p->in.source), "%%%.*s is defined twice",
                         (int)length, id);
    *entry = node_id;
    return true;
}

static bool at_id(parser *p) {
    scan_space(&p->in);
    return p->in.at < p->in.length && p->in.source[p->in.at] == '%';
}

static bool parse_id(parser *p, const char **id, size_t *length) {
    return scan_expect(&p->in, "%") && scan_word(&p->in, "the name of a value", id, length);
}

static bool parse_value(parser *p, scope *s, value *out) {
    const char *id;
    size_t length;
    int64_t result = 0;
    if (!parse_id(p, &id, &length))
        return false;
    size_t at = (size_t)(id - p->in.source);
    const uint64_t *node_id = map_find(&s->ids, id, length);
    if (node_id == NULL)
        return scan_fail(&p->in, at, "%%%.*s is not defined before its use", (int)length, id);
    bool has_result = p->in.at + 1 < p->in.length && p->in.source[p->in.at] == '#' &&
                      p->in.source[p->in.at + 1] >= '0' && p->in.source[p->in.at + 1] <= '9';
    p->in.at += has_result;
    if (has_result && !scan_integer(&p->in, &result))
        return false;
    *out = (value){(uint32_t)*node_id, (uint32_t)result};
    if (result < value_node(s->graph, *out)->result_count)
        return true;
    return scan_fail(&p->in, at, "%%%.*s has %u results, no #%lld", (int)length, id,
                     value_node(s->graph, *out)->result_count, (long long)result);
}

/* ---- attributes ---------------------------------------------------------------------------- */

static bool parse_enum(parser *p, const attribute_field *f, int *out) {
    const char *word;
    size_t length;
    if (!scan_word(&p->in, "a word", &word, &length))
        return false;
    for (*out = 0; f->names[*out] != NULL; ++*out)
        if (strlen(f->names[*out]) == length && memcmp(f->names[*out], word, length) == 0)
            return true;
    text names;
    text_init(&names, p->in.arena);
    for (int i = 0; f->names[i] != NULL; i++)
        text_printf(&names, "%s%s", i > 0 ? ", " : "", f->names[i]);
    return scan_fail(&p->in, p->in.at - length, "%s cannot be '%.*s'; expected one of %s", f->name,
                     (int)length, word, names.data);
}

/* A list of either kind; the other pointer is NULL. */
static bool parse_list(parser *p, integer_list *integers, dim_list *dims) {
    int *count = integers != NULL ? &integers->count : &dims->count;
    *count = 0;
    if (!scan_expect(&p->in, "["))
        return false;
    if (scan_if(&p->in, "]"))
        return true;
    do {
        if (*count == MAX_RANK)
            return scan_fail(&p->in, p->in.at, "more than %d entries", MAX_RANK);
        bool read = integers != NULL ? scan_integer(&p->in, &integers->items[*count])
                                     : scan_dim(&p->in, &dims->items[*count]);
        if (!read)
            return false;
        ++*count;
    } while (scan_if(&p->in, ","));
    return scan_expect(&p->in, "]");
}

static bool parse_bool(parser *p, bool *out) {
    *out = scan_if(&p->in, "true");
    return *out || scan_if(&p->in, "false") || scan_expected(&p->in, "true or false");
}

/* Steps over the elements of a constant, to read them when the dtype is known. */
static bool skip_bytes(parser *p, const attribute_field *f, parsed_node *n) {
    if (!scan_expect(&p->in, "["))
        return false;
    n->bytes_at[0] = p->in.at;
    n->bytes_at[1] = f->offset;
    const char *rest = p->in.source + p->in.at;
    const char *end = memchr(rest, ']', p->in.length - p->in.at);
    if (end == NULL)
        return scan_fail(&p->in, p->in.at - 1, "the list that begins here has no end");
    p->in.at += (size_t)(end - rest) + 1;
    return true;
}

static bool parse_field(parser *p, const attribute_field *f, parsed_node *n) {
    void *out = (char *)n->attributes + f->offset;
    switch (f->kind) {
    case FIELD_INTEGER:
        return scan_integer(&p->in, out);
    case FIELD_BOOL:
        return parse_bool(p, out);
    case FIELD_DIM:
        return scan_dim(&p->in, out);
    case FIELD_FLOAT:
        return scan_element(&p->in, CN_F64, out);
    case FIELD_ENUM:
        return parse_enum(p, f, out);
    case FIELD_DTYPE:
        return scan_dtype(&p->in, out);
    case FIELD_STRING:
        return scan_string(&p->in, out);
    case FIELD_INTEGERS:
        return parse_list(p, out, NULL);
    case FIELD_DIMS:
        return parse_list(p, NULL, out);
    case FIELD_BYTES:
        return skip_bytes(p, f, n);
    case FIELD_RESULT_DTYPE:
    case FIELD_RESULT_SHAPE:
        break;
    }
    return scan_fail(&p->in, p->in.at, "%s is said by the type", f->name);
}

static const attribute_field *find_field(const op_def *op, const char *name, size_t length) {
    const attribute_field *f = op->attributes->fields;
    for (; f->name != NULL; f++)
        if (strlen(f->name) == length && memcmp(f->name, name, length) == 0)
            return f;
    return NULL;
}

/* "kind, axes"; what the type says is none. */
static const char *attribute_names(parser *p, const op_def *op) {
    text names;
    text_init(&names, p->in.arena);
    for (const attribute_field *f = op->attributes->fields; f->name != NULL; f++)
        if (f->kind != FIELD_RESULT_DTYPE && f->kind != FIELD_RESULT_SHAPE)
            text_printf(&names, "%s%s", names.length > 0 ? ", " : "", f->name);
    return names.data;
}

static bool parse_attribute(parser *p, parsed_node *n, uint64_t *seen) {
    const char *name;
    size_t length;
    if (!scan_word(&p->in, "the name of an attribute", &name, &length))
        return false;
    const attribute_field *f = find_field(n->op, name, length);
    if (f == NULL)
        return scan_fail(&p->in, p->in.at - length, "%s has no attribute '%.*s'; it has %s",
                         n->op->name, (int)length, name, attribute_names(p, n->op));
    uint64_t bit = UINT64_C(1) << (f - n->op->attributes->fields);
    if (*seen & bit)
        return scan_fail(&p->in, p->in.at - length, "%s is given twice", f->name);
    *seen |= bit;
    return scan_expect(&p->in, "=") && parse_field(p, f, n);
}

static bool parse_attributes(parser *p, parsed_node *n) {
    uint64_t seen = 0;
    if (n->op->attributes != NULL)
        n->attributes = arena_alloc(p->in.arena, n->op->attributes->size);
    if (n->op->attributes == NULL || !scan_if(&p->in, "{"))
        return true;
    do {
        if (!parse_attribute(p, n, &seen))
            return false;
    } while (scan_if(&p->in, ","));
    return scan_expect(&p->in, "}");
}

/* What had to wait for the type: elements of constants, and attributes that repeat it. */
static bool parse_elements(parser *p, parsed_node *n) {
    cn_dtype dtype = n->types.items[0].dtype;
    VEC(char) bytes = {0};
    uint32_t size = (uint32_t)dtype_bytes(dtype);
    size_t after = p->in.at;
    p->in.at = n->bytes_at[0];
    while (!scan_if(&p->in, "]")) {
        if (bytes.count > UINT32_MAX - size)
            return scan_fail(&p->in, p->in.at, "a constant of more than 4 GiB");
        if (bytes.count > 0 && !scan_expect(&p->in, ","))
            return false;
        vec_reserve(p->in.arena, &bytes, bytes.count + size);
        if (!scan_element(&p->in, dtype, bytes.items + bytes.count))
            return false;
        bytes.count += size;
    }
    byte_string *out = (byte_string *)(void *)((char *)n->attributes + n->bytes_at[1]);
    *out = (byte_string){bytes.count, bytes.items};
    p->in.at = after;
    return true;
}

static bool take_from_types(parser *p, parsed_node *n) {
    const attribute_schema *schema = n->op->attributes;
    if (schema == NULL || n->types.count == 0)
        return true;
    const type *t = &n->types.items[0];
    for (const attribute_field *f = schema->fields; f->name != NULL; f++) {
        void *out = (char *)n->attributes + f->offset;
        if (f->kind == FIELD_RESULT_DTYPE)
            *(cn_dtype *)out = t->dtype;
        if (f->kind == FIELD_RESULT_SHAPE) {
            dim_list *shape = out;
            shape->count = t->rank;
            memcpy(shape->items, t->dims, sizeof shape->items);
        }
    }
    return n->bytes_at[0] == 0 || parse_elements(p, n);
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static bool parse_types(parser *p, parsed_node *n) {
    type t;
    bool several = false;
    if (!scan_expect(&p->in, ":"))
        return false;
    several = scan_if(&p->in, "(");
    if (several && scan_if(&p->in, ")"))
        return true;
    do {
        if (!scan_type(&p->in, &t))
            return false;
        vec_push(p->in.arena, &n->types, t);
    } while (several && scan_if(&p->in, ","));
    return !several || scan_expect(&p->in, ")");
}

static bool parse_op(parser *p, parsed_node *n) {
    const char *name;
    size_t length;
    if (!scan_word(&p->in, "an op", &name, &length))
        return false;
    n->at = p->in.at - length;
    n->op = op_find(name, length);
    if (n->op == NULL)
        return scan_fail(&p->in, n->at, "no op is called '%.*s'; cornu-ir(5) lists them",
                         (int)length, name);
    if (n->op == &op_input)
        return scan_fail(&p->in, n->at, "inputs stand in the list of parameters");
    return true;
}

static bool parse_operands(parser *p, scope *s, parsed_node *n) {
    value v;
    if (!at_id(p))
        return true;
    do {
        if (!parse_value(p, s, &v))
            return false;
        vec_push(p->in.arena, &n->operands, v);
    } while (scan_if(&p->in, ","));
    return true;
}

static bool parse_regions(parser *p, parsed_node *n) {
    while (scan_if(&p->in, "region")) {
        if ((n->op->traits & OP_REGION) == 0)
            return scan_fail(&p->in, p->in.at - strlen("region"), "%s takes no region",
                             n->op->name);
        if (p->depth == DEEPEST_REGION)
            return scan_fail(&p->in, p->in.at, "regions nest deeper than %d", DEEPEST_REGION);
        graph *region = graph_new(p->in.arena, NULL);
        p->depth++;
        if (!parse_graph(p, region, true))
            return false;
        p->depth--;
        vec_push(p->in.arena, &n->regions, region);
    }
    return true;
}

static const char *type_words(parser *p, const type *t) {
    text words;
    text_init(&words, p->in.arena);
    text_type(&words, t);
    return words.data;
}

/* The text must state the types that the op infers. */
static bool check_types(parser *p, const node *made, const parsed_node *n) {
    if (made->result_count != n->types.count || n->result_count != n->types.count)
        return scan_fail(
            &p->in, n->at, "%s gives %u results; the line names %lld and states %u types",
            n->op->name, made->result_count, (long long)n->result_count, n->types.count);
    for (uint32_t r = 0; r < made->result_count; r++) {
        if (type_equal(&made->types[r], &n->types.items[r]))
            continue;
        return scan_fail(&p->in, n->at, "result %u of %s is %s, the line says %s", r, n->op->name,
                         type_words(p, &made->types[r]), type_words(p, &n->types.items[r]));
    }
    return true;
}

static bool add_node(parser *p, scope *s, const parsed_node *n) {
    s->graph->location = n->location;
    value v = graph_add(s->graph, &(node_spec){.op = n->op,
                                               .operands = n->operands.items,
                                               .operand_count = n->operands.count,
                                               .attributes = n->attributes,
                                               .regions = n->regions.items,
                                               .region_count = n->regions.count});
    s->graph->location = (location){0};
    if (value_is_none(v))
        return scan_fail_recorded(&p->in, n->at);
    return check_types(p, value_node(s->graph, v), n) && define(p, s, n->id, n->id_length, v.node);
}

static bool parse_node(parser *p, scope *s) {
    parsed_node n = {.result_count = 1};
    if (p->node_count++ == MOST_NODES)
        return scan_fail(&p->in, p->in.at, "more than %d nodes", MOST_NODES);
    if (!parse_id(p, &n.id, &n.id_length))
        return false;
    if (scan_if(&p->in, ":") && !scan_integer(&p->in, &n.result_count))
        return false;
    if (!scan_expect(&p->in, "=") || !parse_op(p, &n) || !parse_operands(p, s, &n) ||
        !parse_attributes(p, &n) || !parse_types(p, &n))
        return false;
    scan_location(&p->in, &n.location);
    return parse_regions(p, &n) && take_from_types(p, &n) && add_node(p, s, &n);
}

/* ---- graphs ---------------------------------------------------------------------------------- */

/* A number is a place, any other id is the input's name unless a string follows. */
static const char *name_of_id(parser *p, const char *id, size_t length) {
    return id[0] >= '0' && id[0] <= '9' ? NULL : arena_string_n(p->in.arena, id, length);
}

static bool at_string(parser *p) {
    scan_space(&p->in);
    return p->in.at < p->in.length && p->in.source[p->in.at] == '"';
}

static bool name_input(parser *p, scope *s, const char *name, size_t at) {
    bool found = false;
    if (name != NULL)
        map_put_text(&s->names, name, &found);
    return !found || scan_fail(&p->in, at, "two inputs are called \"%s\"", name);
}

static bool parse_input(parser *p, scope *s) {
    const char *id;
    size_t length;
    type t;
    if (p->node_count++ == MOST_NODES)
        return scan_fail(&p->in, p->in.at, "more than %d nodes", MOST_NODES);
    if (!parse_id(p, &id, &length) || !scan_expect(&p->in, ":") || !scan_type(&p->in, &t))
        return false;
    input_role role = scan_if(&p->in, "state") ? INPUT_STATE : INPUT_DATA;
    bool donated = scan_if(&p->in, "donate");
    const char *name = name_of_id(p, id, length);
    size_t name_at = (size_t)(id - p->in.source);
    if (donated && role != INPUT_STATE)
        return scan_fail(&p->in, p->in.at - strlen("donate"),
                         "%%%.*s is donated but no state; expected 'state donate'", (int)length,
                         id);
    if (s->is_region && role == INPUT_STATE && !donated)
        return scan_fail(&p->in, p->in.at - strlen("state"),
                         "only functions have state; expected 'state donate' in a region");
    if (at_string(p)) {
        name_at = p->in.at;
        if (!scan_string(&p->in, &name))
            return false;
    }
    if (!name_input(p, s, name, name_at))
        return false;
    value v = graph_add_input(s->graph, name, t, role, donated);
    if (value_is_none(v))
        return scan_fail_recorded(&p->in, (size_t)(id - p->in.source));
    return define(p, s, id, length, v.node);
}

static bool parse_inputs(parser *p, scope *s) {
    if (!scan_expect(&p->in, "("))
        return false;
    if (scan_if(&p->in, ")"))
        return true;
    do {
        if (!parse_input(p, s))
            return false;
    } while (scan_if(&p->in, ","));
    return scan_expect(&p->in, ")");
}

static bool find_input(parser *p, scope *s, int32_t *out) {
    const char *id;
    size_t length;
    if (!parse_id(p, &id, &length))
        return false;
    const uint64_t *node_id = map_find(&s->ids, id, length);
    if (node_id == NULL || *node_id > s->graph->inputs.count)
        return scan_fail(&p->in, (size_t)(id - p->in.source), "%%%.*s is not an input", (int)length,
                         id);
    *out = (int32_t)*node_id - 1; /* inputs are the first nodes */
    return true;
}

/* What an output goes into is donated, not yet taken, and of its type. */
static bool parse_into(parser *p, scope *s, value v, int32_t *into) {
    size_t at = (scan_space(&p->in), p->in.at);
    if (!find_input(p, s, into))
        return false;
    const graph_input *x = &s->graph->inputs.items[*into];
    const type *from = value_type(s->graph, v), *to = value_type(s->graph, x->value);
    const char *id = p->in.source + at;
    int length = (int)(p->in.at - at);
    if (!x->donated)
        return scan_fail(&p->in, at, "an output overwrites %.*s, which is not donated", length, id);
    if (s->overwritten[*into])
        return scan_fail(&p->in, at, "two outputs overwrite %.*s", length, id);
    if (!type_equal(from, to))
        return scan_fail(&p->in, at, "an output of type %s overwrites %.*s, which is %s",
                         type_words(p, from), length, id, type_words(p, to));
    return s->overwritten[*into] = true;
}

static bool parse_outputs(parser *p, scope *s) {
    s->overwritten = ARENA_ARRAY(p->in.arena, bool, s->graph->inputs.count);
    if (scan_if(&p->in, "}"))
        return true;
    do {
        value v;
        int32_t into = -1;
        const char *name = NULL;
        if (!parse_value(p, s, &v) || (scan_if(&p->in, "into") && !parse_into(p, s, v, &into)) ||
            (at_string(p) && !scan_string(&p->in, &name)))
            return false;
        graph_add_output(s->graph, v, name, into);
    } while (scan_if(&p->in, ","));
    return scan_expect(&p->in, "}");
}

static bool parse_assumptions(parser *p, graph *g) {
    const char *words;
    while (scan_if(&p->in, "guard")) {
        if (!scan_string(&p->in, &words))
            return false;
        vec_push(p->in.arena, &g->guards, words);
    }
    if (!scan_if(&p->in, "batch"))
        return true;
    size_t at = p->in.at;
    if (!scan_integer(&p->in, &g->bound_batch))
        return false;
    return g->bound_batch > 0 || scan_fail(&p->in, at, "a batch has at least one sample");
}

/* From the list of inputs to the closing brace. */
static bool parse_graph(parser *p, graph *g, bool is_region) {
    scope s = {.graph = g, .is_region = is_region};
    map_init(&s.ids, p->in.arena);
    map_init(&s.names, p->in.arena);
    if (!parse_inputs(p, &s) || !scan_expect(&p->in, "{") || !parse_assumptions(p, g))
        return false;
    while (!scan_if(&p->in, "return"))
        if (!at_id(p) ? !scan_expected(&p->in, "a node or 'return'") : !parse_node(p, &s))
            return false;
    return parse_outputs(p, &s);
}

static bool parse_heading(parser *p, const char **name) {
    int64_t version;
    size_t length;
    if (!scan_expect(&p->in, "cornu-ir") || !scan_integer(&p->in, &version))
        return false;
    if (version != 1)
        return scan_fail(&p->in, p->in.at - 1, "this reads version 1 of the text form, not %lld",
                         (long long)version);
    if (!scan_expect(&p->in, "func") || !scan_expect(&p->in, "@"))
        return false;
    if (at_string(p))
        return scan_string(&p->in, name);
    if (!scan_word(&p->in, "the name of the function", name, &length))
        return false;
    *name = arena_string_n(p->in.arena, *name, length);
    return true;
}

static graph *parse_function(parser *p) {
    const char *name;
    if (!parse_heading(p, &name))
        return NULL;
    graph *g = graph_new(p->in.arena, name);
    if (!parse_graph(p, g, false) ||
        (!scan_at_end(&p->in) && !scan_expected(&p->in, "nothing more")))
        return NULL;
    return g;
}

graph *graph_parse(arena *a, const char *source, size_t length) {
    parser p = {.in = {.arena = a, .source = source, .length = length}};
    graph *g = parse_function(&p);
    return g != NULL && graph_verify(g, arena_diagnostics(a)) ? g : NULL;
}
