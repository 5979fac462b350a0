/* Ops between layers that move elements, contract them, or stand for arrays: the rows of ops.c
 * whose arguments are lists. Indices are Python's: from the end when negative, slices clamped.
 * Sources: keras/src/ops/numpy.py; NumPy on indexing and einsum.
 */
#include <string.h>

#include "frontend/keras/ops.h"
#include "ir/interpret.h"
#include "runtime/io/json_read.h"

#define END_OF_OPTIONS \
    { .key = NULL }
#define NAME \
    { "name", OPTION_FREE, 0, 0, NULL }
#define LIST(name) \
    { name, OPTION_FREE, 0, 0, NULL }

static int rank_of(cn_tensor x) {
    return cn_tensor_ok(x) ? tensor_type(x)->rank : 0;
}

static cn_tensor operand(const op_reading *o) {
    return op_operand(o, op_argument(o, 0, "x"), CN_F32);
}

/* ---- arrays ----------------------------------------------------------------------------- */

typedef struct array_reading {
    cn_dtype dtype;
    int rank;
    int64_t shape[CN_MAX_RANK];
    unsigned char *next; /* where the next element goes */
} array_reading;

static bool measure(const json_t *j, array_reading *a) {
    for (a->rank = 0; json_is_array(j); j = json_array_get(j, 0)) {
        if (a->rank == CN_MAX_RANK)
            return false;
        a->shape[a->rank++] = (int64_t)json_array_size(j);
    }
    return true;
}

static bool has_fraction(const json_t *j) {
    for (size_t i = 0; i < json_array_size(j); i++)
        if (has_fraction(json_array_get(j, i)))
            return true;
    return json_is_real(j);
}

static bool read_element(const json_t *j, bool floats, number *out) {
    if (!floats || json_is_boolean(j)) {
        int64_t whole = json_is_boolean(j) ? json_is_true(j) : json_integer_value(j);
        *out = floats ? (number){.f = (double)whole} : (number){.i = whole};
        return json_is_boolean(j) || json_is_integer(j);
    }
    return json_read_number(j, &out->f);
}

static bool put_element(const json_t *j, array_reading *a) {
    number x;
    if (!read_element(j, dtype_is_float(a->dtype), &x))
        return false;
    number_to_bytes(a->dtype, x, a->next);
    a->next += dtype_bytes(a->dtype);
    return true;
}

static bool put_elements(const json_t *j, int axis, array_reading *a) {
    if (axis == a->rank)
        return put_element(j, a);
    if (!json_is_array(j) || (int64_t)json_array_size(j) != a->shape[axis])
        return false;
    for (size_t i = 0; i < json_array_size(j); i++)
        if (!put_elements(json_array_get(j, i), axis + 1, a))
            return false;
    return true;
}

static int64_t count_leaves(const json_t *j) {
    int64_t count = json_is_array(j) ? 0 : 1;
    for (size_t i = 0; i < json_array_size(j); i++)
        count += count_leaves(json_array_get(j, i));
    return count;
}

/* As many elements as there are numbers: room is made for no more than the file holds. */
static bool is_full(const json_t *j, const array_reading *a) {
    int64_t leaves = count_leaves(j), count = 1;
    for (int i = 0; i < a->rank && count <= leaves; i++)
        count *= a->shape[i];
    return count == leaves;
}

cn_tensor op_array_operand(const op_reading *o, const json_t *j) {
    keras_object object;
    array_reading a = {.dtype = CN_DTYPE_DEFAULT};
    const json_t *given = j;
    if (json_is_object(j) && keras_object_of(j, &object) &&
        (strcmp(object.class_name, "__numpy__") == 0 ||
         strcmp(object.class_name, "__tensor__") == 0)) {
        given = json_object_get(object.config, "value");
        const char *name = json_string_value(json_object_get(object.config, "dtype"));
        if (!keras_dtype_parse(name, &a.dtype))
            return op_reading_refuse(o, "an array has an element type of Cornu's", j);
    } else if (!json_is_array(j)) {
        return op_reading_refuse(o, "an operand is a tensor, a number or an array", j);
    }
    if (a.dtype == CN_DTYPE_DEFAULT)
        a.dtype = has_fraction(given) ? CN_F32 : CN_I32;
    if (!measure(given, &a) || !is_full(given, &a))
        return op_reading_refuse(o, "an array is lists of equal lengths, at most 8 deep", j);
    size_t size = (size_t)count_leaves(given) * (size_t)dtype_bytes(a.dtype);
    unsigned char *bytes = ARENA_ARRAY(o->r->scratch, unsigned char, size + 1);
    a.next = bytes;
    if (!put_elements(given, 0, &a))
        return op_reading_refuse(o, "an array is numbers in lists of equal lengths", j);
    return cn_op_array(o->r->context, a.dtype, a.rank, a.shape, bytes);
}

/* The elements at `count` places of an axis. */
static cn_tensor take_places(cn_tensor x, int64_t axis, int64_t count, const int32_t *places) {
    cn_tensor indices = cn_op_array(x.context, CN_I32, 1, &count, places);
    return cn_op_take(x, indices, axis);
}

/* ---- indexing --------------------------------------------------------------------------- */

typedef struct python_slice {
    int64_t start, step, count;
} python_slice;

static int64_t clamp(int64_t x, int64_t low, int64_t high) {
    return x < low ? low : x > high ? high : x;
}

/* slice(start, stop, step).indices(extent) of Python; false when these are no integers. */
static bool resolve_slice(const json_t *config, int64_t extent, python_slice *out) {
    const json_t *given[] = {json_object_get(config, "start"), json_object_get(config, "stop"),
                             json_object_get(config, "step")};
    for (int i = 0; i < 3; i++)
        if (given[i] != NULL && !json_is_null(given[i]) && !json_is_integer(given[i]))
            return false;
    int64_t step = json_is_integer(given[2]) ? json_integer_value(given[2]) : 1;
    if (step == 0)
        return false;
    step = clamp(step, -extent - 1, extent + 1);
    int64_t low = step > 0 ? 0 : -1, high = step > 0 ? extent : extent - 1;
    int64_t ends[] = {step > 0 ? low : high, step > 0 ? high : low};
    for (int i = 0; i < 2; i++) {
        if (!json_is_integer(given[i]))
            continue;
        int64_t at = json_integer_value(given[i]);
        ends[i] = clamp(at < 0 ? at + extent : at, low, high);
    }
    int64_t distance = step > 0 ? ends[1] - ends[0] : ends[0] - ends[1];
    int64_t stride = step > 0 ? step : -step;
    *out = (python_slice){ends[0], step, distance > 0 ? (distance - 1) / stride + 1 : 0};
    return true;
}

static bool takes_all(const json_t *config) {
    const json_t *step = json_object_get(config, "step"), *start = json_object_get(config, "start");
    bool from_start = start == NULL || json_is_null(start) ||
                      (json_is_integer(start) && json_integer_value(start) == 0);
    bool every = step == NULL || json_is_null(step) ||
                 (json_is_integer(step) && json_integer_value(step) == 1);
    const json_t *stop = json_object_get(config, "stop");
    return from_start && every && (stop == NULL || json_is_null(stop));
}

static cn_tensor apply_slice(const op_reading *o, cn_tensor x, int64_t axis, const json_t *config) {
    python_slice s;
    if (takes_all(config) || !cn_tensor_ok(x))
        return x;
    dim extent = tensor_type(x)->dims[axis];
    if (extent.symbolic)
        return op_reading_refuse(o, "an index of the batch takes all of it", config);
    if (!resolve_slice(config, extent.count, &s))
        return op_reading_refuse(o, "a slice has integers, and a step", config);
    if (s.step == 1 || s.count == 0)
        return cn_op_slice(x, axis, s.count == 0 ? 0 : s.start, s.count);
    int32_t *places = ARENA_ARRAY(o->r->scratch, int32_t, s.count);
    for (int64_t i = 0; i < s.count; i++)
        places[i] = (int32_t)(s.start + i * s.step);
    return take_places(x, axis, s.count, places);
}

static bool is_of_class(const json_t *j, const char *class_name) {
    const char *name = json_string_value(json_object_get(j, "class_name"));
    return name != NULL && strcmp(name, class_name) == 0;
}

/* Applies an entry at *axis and moves on to the next. */
static cn_tensor apply_index(const op_reading *o, cn_tensor x, const json_t *entry, int skipped,
                             int64_t *axis) {
    if (json_is_null(entry))
        return cn_op_expand_dims(x, (*axis)++);
    if (is_of_class(entry, "__ellipsis__")) {
        *axis += skipped;
        return x;
    }
    if (cn_tensor_ok(x) && *axis >= rank_of(x))
        return op_reading_refuse(o, "there are no more indices than axes", entry);
    if (is_of_class(entry, "__slice__"))
        return apply_slice(o, x, (*axis)++, json_object_get(entry, "config"));
    if (json_is_integer(entry))
        return cn_op_squeeze(cn_op_slice(x, *axis, json_integer_value(entry), 1), *axis);
    return op_reading_refuse(o, "an index is a number, a slice, None or ...", entry);
}

static cn_tensor read_get_item(const op_reading *o) {
    cn_tensor x = operand(o);
    const json_t *key = op_argument(o, 1, "key");
    size_t count = json_is_array(key) ? json_array_size(key) : 1;
    int64_t axis = 0;
    int skipped = rank_of(x); /* axes that "..." stands for */
    for (size_t i = 0; i < count; i++) {
        const json_t *entry = json_is_array(key) ? json_array_get(key, i) : key;
        skipped -= !json_is_null(entry) && !is_of_class(entry, "__ellipsis__");
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *entry = json_is_array(key) ? json_array_get(key, i) : key;
        x = apply_index(o, x, entry, skipped < 0 ? 0 : skipped, &axis);
    }
    return x;
}

static const option_row index_axis[] = {
    {"axis", OPTION_INTEGER_OR_NONE, offsetof(op_options, axis), 0, NULL}, NAME, END_OF_OPTIONS};

/* Keras flattens when there is no axis. */
static cn_tensor read_take(const op_reading *o) {
    op_options x = {0};
    if (!op_read_options(o, &x))
        return op_poison(o);
    if (x.axis == 0)
        return op_reading_refuse(o, "an axis is wanted to take along", NULL);
    cn_tensor from = operand(o), indices = op_operand(o, op_argument(o, 1, "indices"), CN_I32);
    return o->row->take(from, indices, op_axis_option(&x));
}

/* ---- shapes ----------------------------------------------------------------------------- */

static const option_row reshape_options[] = {LIST("newshape"), NAME, END_OF_OPTIONS};
static cn_tensor read_reshape(const op_reading *o) {
    int64_t shape[CN_MAX_RANK];
    int rank;
    op_options unused = {0};
    if (!op_read_options(o, &unused) || !op_axes_of(o, "newshape", shape, &rank))
        return op_poison(o);
    return cn_op_reshape(operand(o), rank, shape);
}

static const option_row transpose_options[] = {LIST("axes"), NAME, END_OF_OPTIONS};
static cn_tensor read_transpose(const op_reading *o) {
    int64_t axes[CN_MAX_RANK];
    int count;
    op_options unused = {0};
    cn_tensor x = operand(o);
    if (!op_read_options(o, &unused) || !op_axes_of(o, "axes", axes, &count))
        return op_poison(o);
    int rank = rank_of(x);
    if (count != 0 && count != rank)
        return op_reading_refuse(o, "a transpose has one axis for each of the operand's",
                                 json_object_get(o->call->config, "axes"));
    for (int i = 0; count == 0 && i < rank; i++)
        axes[i] = rank - 1 - i;
    return cn_op_transpose(x, axes);
}

/* Axes from .. to places .. moved, the others in their order. */
static cn_tensor move_axes(const op_reading *o, cn_tensor x, int count, const int64_t *from,
                           const int64_t *to) {
    int64_t axes[CN_MAX_RANK];
    bool placed[CN_MAX_RANK] = {false}, moved[CN_MAX_RANK] = {false};
    int rank = rank_of(x);
    for (int i = 0; i < count; i++) {
        int64_t source = from[i] < 0 ? from[i] + rank : from[i];
        int64_t place = to[i] < 0 ? to[i] + rank : to[i];
        if (source < 0 || source >= rank || place < 0 || place >= rank || placed[place])
            return op_reading_refuse(o, "axes to move are the operand's", o->call->config);
        axes[place] = source;
        placed[place] = moved[source] = true;
    }
    for (int i = 0, next = 0; i < rank; i++) {
        while (next < rank && moved[next])
            next++;
        if (!placed[i])
            axes[i] = next++;
    }
    return cn_op_transpose(x, axes);
}

static const option_row moveaxis_options[] = {LIST("source"), LIST("destination"), NAME,
                                              END_OF_OPTIONS};
static cn_tensor read_moveaxis(const op_reading *o) {
    int64_t from[CN_MAX_RANK], to[CN_MAX_RANK];
    int count, places;
    op_options unused = {0};
    if (!op_read_options(o, &unused) || !op_axes_of(o, "source", from, &count) ||
        !op_axes_of(o, "destination", to, &places))
        return op_poison(o);
    if (count != places)
        return op_reading_refuse(o, "axes to move have a place each", o->call->config);
    return move_axes(o, operand(o), count, from, to);
}

static const option_row swapaxes_options[] = {
    {"axis1", OPTION_INTEGER_BY_RULE, offsetof(op_options, axis), 0, NULL},
    {"axis2", OPTION_INTEGER_BY_RULE, offsetof(op_options, other), 0, NULL},
    NAME,
    END_OF_OPTIONS};
static cn_tensor read_swapaxes(const op_reading *o) {
    op_options x = {0};
    if (!op_read_options(o, &x))
        return op_poison(o);
    int64_t from[] = {op_axis_option(&x), option_integer(x.other, 0)};
    int64_t to[] = {from[1], from[0]};
    return move_axes(o, operand(o), from[0] == from[1] ? 1 : 2, from, to);
}

/* The axes of an option, from the last to the first; none: those that `all` allows. */
static bool axes_from_last(const op_reading *o, cn_tensor x, bool ones_alone, int64_t *axes,
                           int *count) {
    bool chosen[CN_MAX_RANK] = {false};
    int64_t given[CN_MAX_RANK];
    int rank = rank_of(x), given_count;
    op_options unused = {0};
    if (!op_read_options(o, &unused) || !op_axes_of(o, "axis", given, &given_count))
        return false;
    for (int i = 0; i < given_count; i++) {
        int64_t axis = given[i] < 0 ? given[i] + rank : given[i];
        if (axis < 0 || axis >= rank) {
            op_reading_refuse(o, "axes are the operand's",
                              json_object_get(o->call->config, "axis"));
            return false;
        }
        chosen[axis] = true;
    }
    for (int i = 0; given_count == 0 && i < rank; i++)
        chosen[i] = !ones_alone || dim_is(tensor_type(x)->dims[i], 1);
    *count = 0;
    for (int i = rank; i-- > 0;)
        if (chosen[i])
            axes[(*count)++] = i;
    return true;
}

static const option_row axes_options[] = {LIST("axis"), NAME, END_OF_OPTIONS};

static cn_tensor read_squeeze(const op_reading *o) {
    cn_tensor x = operand(o);
    int64_t axes[CN_MAX_RANK];
    int count;
    if (!axes_from_last(o, x, true, axes, &count))
        return op_poison(o);
    for (int i = 0; i < count; i++)
        x = cn_op_squeeze(x, axes[i]);
    return x;
}

static cn_tensor read_flip(const op_reading *o) {
    cn_tensor x = operand(o);
    int64_t axes[CN_MAX_RANK];
    int count;
    if (!axes_from_last(o, x, false, axes, &count))
        return op_poison(o);
    for (int i = 0; i < count; i++)
        x = cn_op_flip(x, axes[i]);
    return x;
}

static value build_broadcast_to(const op_call *call) {
    const type *shape = call->arguments;
    type joined;
    if (!shape_broadcast(call_type(call, 0), shape, &joined) || !shape_equal(&joined, shape))
        return op_refuse(call, CN_ERROR_SHAPE, "%s does not broadcast to the shape that is wanted",
                         tensor_describe(call->inputs[0]));
    return broadcast_to(call->g, call_value(call, 0), shape);
}

static const option_row broadcast_options[] = {LIST("shape"), NAME, END_OF_OPTIONS};
static cn_tensor read_broadcast_to(const op_reading *o) {
    int64_t shape[CN_MAX_RANK];
    int rank;
    op_options unused = {0};
    cn_tensor x = operand(o);
    if (!cn_tensor_ok(x) || !op_read_options(o, &unused) || !op_axes_of(o, "shape", shape, &rank))
        return op_poison(o);
    type t = type_make(tensor_type(x)->dtype, rank, (dim[MAX_RANK]){{0}});
    for (int i = 0; i < rank; i++) {
        if (shape[i] < 0)
            return op_reading_refuse(o, "sizes to broadcast to are not negative",
                                     json_object_get(o->call->config, "shape"));
        t.dims[i] = dim_of(shape[i]);
    }
    dim elements;
    if (!type_elements(&t, &elements))
        return op_reading_refuse(o, "sizes to broadcast to can be counted",
                                 json_object_get(o->call->config, "shape"));
    return op_record(x.context, "broadcast_to", build_broadcast_to, &x, 1, &t);
}

/* ---- joining, padding, repeating -------------------------------------------------------- */

static const option_row join_axis[] = {
    {"axis", OPTION_INTEGER_BY_RULE, offsetof(op_options, axis), 0, NULL}, NAME, END_OF_OPTIONS};

/* The parts of the list that is the first argument, each through `along` when there is one. */
static cn_tensor join(const op_reading *o, cn_tensor (*each)(cn_tensor x, int64_t axis)) {
    const json_t *list = op_argument(o, 0, o->row->list_name);
    op_options x = {0};
    if (!op_read_options(o, &x))
        return op_poison(o);
    size_t count = json_array_size(list);
    if (count == 0)
        return op_reading_refuse(o, "a list of tensors is wanted", list);
    cn_tensor *parts = ARENA_ARRAY(o->r->scratch, cn_tensor, count);
    for (size_t i = 0; i < count; i++) {
        parts[i] = op_operand(o, json_array_get(list, i), CN_F32);
        if (each != NULL)
            parts[i] = each(parts[i], op_axis_option(&x));
        if (!cn_tensor_ok(parts[i]))
            return op_poison(o);
    }
    return cn_op_concatenate(parts, count, op_axis_option(&x));
}

static cn_tensor read_concatenate(const op_reading *o) {
    return join(o, NULL);
}
static cn_tensor read_stack(const op_reading *o) {
    return join(o, cn_op_expand_dims);
}

/* Boundaries of the parts of an axis, ends included: equal parts, or between the given places. */
static bool part_boundaries(const json_t *sections, int64_t extent, int64_t *bounds,
                            size_t *count) {
    size_t given = json_array_size(sections);
    int64_t equal = json_is_integer(sections) ? json_integer_value(sections) : 0;
    if (!json_is_array(sections) && (equal < 1 || equal > CN_MAX_LIST || extent % equal != 0))
        return false;
    *count = json_is_array(sections) ? given + 1 : (size_t)equal;
    if (*count > CN_MAX_LIST)
        return false;
    for (size_t i = 0; i <= *count; i++) {
        const json_t *place = i > 0 ? json_array_get(sections, i - 1) : NULL;
        bounds[i] = i == 0 ? 0 : i == *count ? extent : json_integer_value(place);
        if (equal > 0)
            bounds[i] = (int64_t)i * (extent / equal);
        if ((place != NULL && !json_is_integer(place)) || (i > 0 && bounds[i] < bounds[i - 1]))
            return false;
    }
    return bounds[*count] == extent;
}

static size_t cut(const op_reading *o, cn_tensor x, int64_t axis, const json_t *sections,
                  cn_tensor *results, size_t capacity) {
    int64_t bounds[CN_MAX_LIST + 1];
    size_t count = 0;
    int rank = rank_of(x);
    int64_t at = axis < 0 ? axis + rank : axis;
    bool sized = at >= 0 && at < rank && !tensor_type(x)->dims[at].symbolic;
    if (!sized || !part_boundaries(sections, tensor_type(x)->dims[at].count, bounds, &count) ||
        count > capacity) {
        op_reading_refuse(o, "what is split is an axis, not the batch, in at most 16 parts",
                          o->call->config);
        return 0;
    }
    for (size_t i = 0; i < count; i++)
        results[i] = cn_op_slice(x, at, bounds[i], bounds[i + 1] - bounds[i]);
    return count;
}

static const option_row split_options[] = {
    LIST("indices_or_sections"),
    {"axis", OPTION_INTEGER_BY_RULE, offsetof(op_options, axis), 0, NULL},
    NAME,
    END_OF_OPTIONS};
static size_t read_split(const op_reading *o, cn_tensor *results, size_t capacity) {
    op_options x = {0};
    if (!op_read_options(o, &x))
        return 0;
    return cut(o, operand(o), op_axis_option(&x),
               json_object_get(o->call->config, "indices_or_sections"), results, capacity);
}

/* One amount for all, one pair for all, or a pair per axis; false for anything else. */
static bool pad_amounts(const json_t *width, int rank, int64_t amounts[][2]) {
    for (int i = 0; i < rank; i++) {
        const json_t *pair = width;
        if (json_is_array(width) && json_is_array(json_array_get(width, 0)))
            pair = json_array_get(width, json_array_size(width) == 1 ? 0 : (size_t)i);
        bool listed = json_is_array(pair);
        const json_t *low = listed ? json_array_get(pair, 0) : pair;
        const json_t *high = listed && json_array_size(pair) > 1 ? json_array_get(pair, 1) : low;
        if (!json_is_integer(low) || !json_is_integer(high))
            return false;
        amounts[i][0] = json_integer_value(low);
        amounts[i][1] = json_integer_value(high);
        if (amounts[i][0] > INT32_MAX || amounts[i][1] > INT32_MAX)
            return false;
    }
    return true;
}

static const char *const constant_word[] = {"\"constant\"", NULL};
static const option_row pad_options[] = {
    LIST("pad_width"), {"mode", OPTION_FIXED, 0, 0, constant_word}, NAME, END_OF_OPTIONS};

static cn_tensor read_pad(const op_reading *o) {
    op_options unused = {0};
    int64_t amounts[CN_MAX_RANK][2];
    double with = 0;
    cn_tensor x = operand(o);
    const json_t *given = op_argument(o, 1, "constant_values");
    const json_t *width = json_object_get(o->call->config, "pad_width");
    if (!op_read_options(o, &unused))
        return op_poison(o);
    if (given != NULL && !json_is_null(given) && !keras_number_of(given, &with))
        return op_reading_refuse(o, "padding is a number", given);
    if (!pad_amounts(width, rank_of(x), amounts))
        return op_reading_refuse(o, "\"pad_width\" is a pair per axis", width);
    for (int i = 0, rank = rank_of(x); i < rank; i++)
        if (amounts[i][0] != 0 || amounts[i][1] != 0)
            x = cn_op_pad(x, i, amounts[i][0], amounts[i][1], with);
    return x;
}

static const int64_t repeat_limit = INT64_C(1) << 20;

/* Each element of an axis so many times in a row, or the whole axis so many times. */
static cn_tensor repeat_axis(const op_reading *o, cn_tensor x, int64_t axis, int64_t times,
                             bool in_a_row) {
    int rank = rank_of(x);
    int64_t at = axis < 0 ? axis + rank : axis;
    if (!cn_tensor_ok(x) || at < 0 || at >= rank || tensor_type(x)->dims[at].symbolic ||
        times < 0 || times > repeat_limit || tensor_type(x)->dims[at].count > repeat_limit)
        return op_reading_refuse(
            o, "what is repeated is an axis, not the batch, at most 2^20 times", o->call->config);
    int64_t extent = tensor_type(x)->dims[at].count, count = extent * times;
    if (count > repeat_limit)
        return op_reading_refuse(o, "a repeated axis has at most 2^20 elements", o->call->config);
    int32_t *places = ARENA_ARRAY(o->r->scratch, int32_t, count + 1);
    for (int64_t i = 0; i < count; i++)
        places[i] = (int32_t)(in_a_row ? i / times : i % extent);
    return take_places(x, at, count, places);
}

static const option_row repeat_options[] = {
    {"repeats", OPTION_INTEGER_BY_RULE, offsetof(op_options, count), 1, NULL},
    {"axis", OPTION_INTEGER_OR_NONE, offsetof(op_options, axis), 0, NULL},
    NAME,
    END_OF_OPTIONS};
static cn_tensor read_repeat(const op_reading *o) {
    op_options x = {0};
    if (!op_read_options(o, &x))
        return op_poison(o);
    if (x.axis == 0)
        return op_reading_refuse(o, "an axis is wanted to repeat along", NULL);
    return repeat_axis(o, operand(o), op_axis_option(&x), option_integer(x.count, 0), true);
}

static const option_row tile_options[] = {LIST("repeats"), NAME, END_OF_OPTIONS};
static cn_tensor read_tile(const op_reading *o) {
    int64_t times[CN_MAX_RANK];
    int count;
    op_options unused = {0};
    cn_tensor x = operand(o);
    if (!op_read_options(o, &unused) || !op_axes_of(o, "repeats", times, &count))
        return op_poison(o);
    while (cn_tensor_ok(x) && rank_of(x) < count)
        x = cn_op_expand_dims(x, 0);
    for (int i = 0, skipped = rank_of(x) - count; i < count; i++)
        if (times[i] != 1)
            x = repeat_axis(o, x, skipped + i, times[i], false);
    return x;
}

/* ---- contractions ----------------------------------------------------------------------- */

typedef struct contraction {
    dot_attributes dot;
    int64_t permutation[MAX_RANK]; /* of the product's axes */
    int rank;
} contraction;

static value build_contraction(const op_call *call) {
    const contraction *c = call->arguments;
    cn_dtype dtype =
        dtype_arithmetic(dtype_promote(call_type(call, 0)->dtype, call_type(call, 1)->dtype));
    value x = build_cast(call->g, call_value(call, 0), dtype);
    value y = build_cast(call->g, call_value(call, 1), dtype);
    value product = build_dot(call->g, x, y, &c->dot);
    return value_is_none(product) ? product : build_transpose(call->g, product, c->permutation);
}

/* One operand of an einsum: its letters, without those that are summed over by themselves. */
typedef struct einsum_operand {
    char letters[MAX_RANK + 1];
    cn_tensor tensor;
} einsum_operand;

static void push(integer_list *list, int64_t x) {
    list->items[list->count++] = x;
}

/* Takes one word of letters from *at; false when it is none that fits the tensor. */
static bool einsum_letters(const char **at, einsum_operand *out) {
    int n = 0;
    for (; (**at | 32) >= 'a' && (**at | 32) <= 'z'; (*at)++) {
        if (n == rank_of(out->tensor) || memchr(out->letters, **at, (size_t)n) != NULL)
            return false;
        out->letters[n++] = **at;
    }
    out->letters[n] = 0;
    return n == rank_of(out->tensor);
}

static void sum_lonely(einsum_operand *x, const char *other, const char *result) {
    int64_t axes[MAX_RANK];
    int count = 0, kept = 0;
    for (int i = 0; x->letters[i] != 0; i++) {
        char letter = x->letters[i];
        if (strchr(other, letter) == NULL && strchr(result, letter) == NULL)
            axes[count++] = i;
        else
            x->letters[kept++] = letter;
    }
    x->letters[kept] = 0;
    if (count > 0)
        x->tensor = cn_op_sum(x->tensor, count, axes, false);
}

/* False when a letter of the result is nowhere. */
static bool plan_contraction(const einsum_operand x[2], const char *result, contraction *c) {
    char product[2 * MAX_RANK + 1];
    int n = 0;
    for (int i = 0; x[0].letters[i] != 0; i++) {
        const char *there = strchr(x[1].letters, x[0].letters[i]);
        if (there == NULL)
            continue;
        bool batch = strchr(result, x[0].letters[i]) != NULL;
        push(batch ? &c->dot.left_batch : &c->dot.left_contract, i);
        push(batch ? &c->dot.right_batch : &c->dot.right_contract, there - x[1].letters);
        if (batch)
            product[n++] = x[0].letters[i];
    }
    for (int k = 0; k < 2; k++)
        for (int i = 0; x[k].letters[i] != 0; i++)
            if (strchr(x[1 - k].letters, x[k].letters[i]) == NULL)
                product[n++] = x[k].letters[i];
    product[n] = 0;
    c->rank = (int)strlen(result);
    for (int i = 0; i < c->rank; i++) {
        const char *at = strchr(product, result[i]);
        if (at == NULL || strchr(result + i + 1, result[i]) != NULL)
            return false;
        c->permutation[i] = at - product;
    }
    return c->rank == n && n <= MAX_RANK;
}

static const option_row einsum_options[] = {
    {"subscripts", OPTION_NAME, offsetof(op_options, text), 0, NULL}, NAME, END_OF_OPTIONS};

static cn_tensor read_einsum(const op_reading *o) {
    op_options options = {0};
    einsum_operand x[2];
    contraction c = {.rank = 0};
    if (!op_read_options(o, &options))
        return op_poison(o);
    const json_t *words = json_object_get(o->call->config, "subscripts");
    const char *at = options.text == NULL ? "" : options.text;
    bool ok = json_array_size(o->call->args) == 2;
    for (size_t i = 0; ok && i < 2; i++) {
        x[i].tensor = op_operand(o, json_array_get(o->call->args, i), CN_F32);
        ok = cn_tensor_ok(x[i].tensor) && einsum_letters(&at, &x[i]) && (i == 1 || *at++ == ',');
    }
    if (!ok || strncmp(at, "->", 2) != 0)
        return op_reading_refuse(o, "an einsum is of two operands, \"ab,bc->ac\"", words);
    for (int i = 0; i < 2; i++)
        sum_lonely(&x[i], x[1 - i].letters, at + 2);
    if (!plan_contraction(x, at + 2, &c))
        return op_reading_refuse(o, "the result of an einsum has axes of its operands", words);
    const cn_tensor operands[] = {x[0].tensor, x[1].tensor};
    return op_record(o->r->context, "einsum", build_contraction, operands, 2, &c);
}

/* ---- the rows --------------------------------------------------------------------------- */

static const option_row nothing[] = {NAME, END_OF_OPTIONS};

const op_row keras_shape_rows[] = {
    {.class_name = "GetItem", .read = read_get_item, .options = nothing},
    {.class_name = "Take", .read = read_take, .options = index_axis, .take = cn_op_take},
    {.class_name = "TakeAlongAxis",
     .read = read_take,
     .options = index_axis,
     .take = cn_op_take_along_axis},
    {.class_name = "Reshape", .read = read_reshape, .options = reshape_options},
    {.class_name = "Transpose", .read = read_transpose, .options = transpose_options},
    {.class_name = "Moveaxis", .read = read_moveaxis, .options = moveaxis_options},
    {.class_name = "Swapaxes", .read = read_swapaxes, .options = swapaxes_options},
    {.class_name = "Squeeze", .read = read_squeeze, .options = axes_options},
    {.class_name = "Flip", .read = read_flip, .options = axes_options},
    {.class_name = "BroadcastTo", .read = read_broadcast_to, .options = broadcast_options},
    {.class_name = "Concatenate",
     .read = read_concatenate,
     .options = join_axis,
     .list_name = "xs"},
    {.class_name = "Stack", .read = read_stack, .options = join_axis, .list_name = "x"},
    {.class_name = "Split", .read_list = read_split, .options = split_options},
    {.class_name = "Pad", .read = read_pad, .options = pad_options},
    {.class_name = "Repeat", .read = read_repeat, .options = repeat_options},
    {.class_name = "Tile", .read = read_tile, .options = tile_options},
    {.class_name = "Einsum", .read = read_einsum, .options = einsum_options},
    {.class_name = NULL},
};
