/* CSV files as datasets.
 *
 * The file is read twice: the first pass finds the columns, their kinds, the classes of texts and
 * the number of rows, so that the second can fill arrays of just the size they need. Both passes
 * leave out the same rows, and the second refuses a file that has changed in between.
 *
 * A column is of numbers or of texts by its first cell that is not missing, and stays so: a number
 * among texts is a mistake unless .texts lists the column. The texts of a column are classes, in
 * the order of their bytes, so two files with the same classes number them alike.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/map.h"
#include "base/text.h"
#include "cornu/data_files.h"
#include "frontend/dataset.h"
#include "runtime/io/csv.h"
#include "runtime/io/decimal.h"

/* Of a whole table: a map of every column, and a cell of two bytes that is a class, are memory that
 * the file is not worth. */
enum { MOST_CLASSES = 1 << 16, MOST_TEXT_COLUMNS = 1 << 14 };
enum { SHOWN_TEXT = 40, SHOWN_NAMES = 20, MOST_GROUPS = 2 * CN_MAX_LIST };

typedef enum kind { UNUSED, UNDECIDED, NUMBERS, TEXTS } kind;

typedef struct column {
    const char *name; /* NULL without a header */
    kind kind;
    bool asked;      /* for as texts, so NA is one */
    int list;        /* the last of the lists that name it */
    map classes;     /* of texts -> number */
    int32_t *places; /* of classes, sorted, by number */
} column;

/* Columns that make one array. */
typedef struct group {
    bool target;
    int *columns;
    int count;
    float *numbers;   /* [rows, count] */
    int32_t *classes; /* [rows], of one column of texts */
} group;

typedef struct table {
    cn_dataset *d;
    const cn_dataset_csv_options *o;
    arena *scratch;
    diagnostics *diag;
    column *columns;
    int width, lists;
    int text_columns, texts; /* that have a text; different texts of all columns */
    bool by_name;            /* some column is chosen by its name */
    group groups[MOST_GROUPS];
    int group_count;
    int64_t rows, filled;
    bool begun;
    const char **class_names; /* of the first target */
    size_t class_count;
} table;

static bool fail_at(const table *t, const csv_row *row, int k, const char *words) {
    const char *name = t->columns[k].name;
    return diag_fail(t->diag, CN_ERROR_DATA, "\"%s\", line %lld, column %d%s%s%s: \"%.*s\" %s",
                     t->o->path, (long long)row->line, k + 1, name != NULL ? " \"" : "",
                     name != NULL ? name : "", name != NULL ? "\"" : "", SHOWN_TEXT,
                     row->cells[k].text, words);
}

/* Without a sign; of any case. */
static bool is_infinity(const char *word) {
    return strcasecmp(word, "inf") == 0 || strcasecmp(word, "infinity") == 0;
}

/* A float32 has infinities, so they are numbers. NaN is not: it is a missing cell. */
static bool read_number(const char *word, size_t length, double *out) {
    bool negative = word[0] == '-', sign = negative || word[0] == '+';
    if (!is_infinity(word + sign))
        return decimal_parse(word, length, out);
    *out = negative ? -HUGE_VAL : HUGE_VAL;
    return true;
}

/* ---- Choosing columns -------------------------------------------------------------------- */

static bool fail_choice(const table *t, const char *wanted) {
    char list[512] = "";
    size_t length = 0;
    for (int k = 0; k < t->width && k < SHOWN_NAMES && length < sizeof list - 80; k++)
        if (t->columns[k].name != NULL)
            length += (size_t)snprintf(list + length, sizeof list - length, "%s%.64s",
                                       k > 0 ? ", " : "", t->columns[k].name);
    return diag_fail(t->diag, CN_ERROR_INVALID_ARGUMENT,
                     "\"%s\" has no column \"%s\"; it has %d%s%s%s", t->o->path, wanted, t->width,
                     length > 0 ? ": " : ", without names", list,
                     t->width > SHOWN_NAMES ? ", ..." : "");
}

static bool is_name(const column *c, const char *wanted, size_t length) {
    return c->name != NULL && strlen(c->name) == length && memcmp(c->name, wanted, length) == 0;
}

enum { NO_COLUMN = -1, TWO_COLUMNS = -2 };

/* Names win over numbers: "1969" may be a name. Or one of the values above. */
static int find_column(table *t, const char *wanted, size_t length) {
    int found = NO_COLUMN;
    double number;
    for (int k = 0; k < t->width; k++)
        if (is_name(&t->columns[k], wanted, length))
            found = found == NO_COLUMN ? k : TWO_COLUMNS;
    if (found != NO_COLUMN) {
        t->by_name = true;
        return found;
    }
    if (length > 6 || !decimal_parse(wanted, length, &number) || number != (double)(int)number)
        return NO_COLUMN;
    int k = (int)number < 0 ? (int)number + t->width : (int)number;
    return k >= 0 && k < t->width ? k : NO_COLUMN;
}

typedef struct selection {
    table *table;
    int *columns;
    int count;
} selection;

static bool fail_select(const table *t, const char *wanted, const char *words) {
    return diag_fail(t->diag, CN_ERROR_INVALID_ARGUMENT, "\"%s\": \"%.200s\" %s", t->o->path,
                     wanted, words);
}

static bool select_range(selection *s, const char *wanted, int first, int last) {
    table *t = s->table;
    if (first == TWO_COLUMNS || last == TWO_COLUMNS)
        return fail_select(t, wanted, "is the name of several columns; number them from 0");
    if (first < 0 || last < first)
        return fail_choice(t, wanted);
    for (int k = first; k <= last; k++) {
        if (t->columns[k].list == t->lists)
            return fail_select(t, wanted, "lists a column that is listed twice");
        t->columns[k].list = t->lists;
        s->columns[s->count++] = k;
    }
    return true;
}

static bool select_cells(void *user, const csv_row *row, diagnostics *d) {
    selection *s = user;
    (void)d;
    for (size_t i = 0; i < row->count; i++) {
        const char *wanted = row->cells[i].text, *dots = strstr(wanted, "..");
        size_t length = row->cells[i].length;
        int first = find_column(s->table, wanted, length), last = first;
        if (first == NO_COLUMN && dots != NULL) {
            first = find_column(s->table, wanted, (size_t)(dots - wanted));
            last = find_column(s->table, dots + 2, strlen(dots + 2));
        }
        if (!select_range(s, wanted, first, last))
            return false;
    }
    return true;
}

/* The columns of a list like "a,b,3..5". */
static bool select_columns(table *t, const char *list, int **columns, int *count) {
    selection s = {.table = t};
    s.columns = ARENA_ARRAY(t->scratch, int, t->width);
    t->lists++;
    if (!csv_scan_text(list, strlen(list), t->d->context->memory, select_cells, &s, t->diag))
        return false;
    *columns = s.columns;
    *count = s.count;
    return s.count > 0 || fail_choice(t, list);
}

static bool add_group(table *t, bool is_target, const char *list) {
    group *g = &t->groups[t->group_count++];
    g->target = is_target;
    if (!select_columns(t, list, &g->columns, &g->count))
        return false;
    for (int i = 0; i < g->count; i++)
        if (t->columns[g->columns[i]].kind == UNUSED)
            t->columns[g->columns[i]].kind = UNDECIDED;
    return true;
}

/* Without .inputs: all that no target uses. */
static bool add_rest(table *t) {
    group *g = &t->groups[t->group_count++];
    g->columns = ARENA_ARRAY(t->scratch, int, t->width);
    for (int k = 0; k < t->width; k++)
        if (t->columns[k].kind == UNUSED)
            g->columns[g->count++] = k;
    for (int i = 0; i < g->count; i++)
        t->columns[g->columns[i]].kind = UNDECIDED;
    return g->count > 0 || diag_fail(t->diag, CN_ERROR_INVALID_ARGUMENT,
                                     "\"%s\": all columns are targets", t->o->path);
}

static bool mark_texts(table *t) {
    int *columns, count;
    if (t->o->texts == NULL)
        return true;
    if (!select_columns(t, t->o->texts, &columns, &count))
        return false;
    for (int i = 0; i < count; i++)
        if (t->columns[columns[i]].kind == UNDECIDED) {
            t->columns[columns[i]].kind = TEXTS;
            t->columns[columns[i]].asked = true;
        }
    return true;
}

static bool choose_columns(table *t) {
    const cn_dataset_csv_options *o = t->o;
    for (int i = 0; i < CN_MAX_LIST && o->inputs[i] != NULL; i++)
        if (!add_group(t, false, o->inputs[i]))
            return false;
    for (int i = 0; i < CN_MAX_LIST && o->targets[i] != NULL; i++)
        if (!add_group(t, true, o->targets[i]))
            return false;
    return (o->inputs[0] != NULL || add_rest(t)) && mark_texts(t);
}

/* A header of numbers is more likely the first row. */
static bool check_header(const table *t) {
    double number;
    if (t->o->no_header || t->by_name)
        return true;
    for (int k = 0; k < t->width; k++)
        if (!read_number(t->columns[k].name, strlen(t->columns[k].name), &number))
            return true;
    return diag_fail(t->diag, CN_ERROR_DATA,
                     "\"%s\": the names in its first line are all numbers; .no_header = true "
                     "makes it a row, .inputs that list columns by these names make it the header",
                     t->o->path);
}

static bool begin_table(table *t, const csv_row *row) {
    t->begun = true;
    t->width = (int)row->count;
    t->columns = ARENA_ARRAY(t->scratch, column, row->count);
    for (int k = 0; k < t->width; k++) {
        if (!t->o->no_header)
            t->columns[k].name = arena_string(t->d->own, row->cells[k].text);
        map_init(&t->columns[k].classes, t->scratch);
    }
    return choose_columns(t) && check_header(t);
}

/* ---- Cells ------------------------------------------------------------------------------- */

static bool is_missing(const csv_cell *cell, const column *c) {
    return cell->length == 0 ||
           (!c->asked && (strcasecmp(cell->text, "nan") == 0 || strcasecmp(cell->text, "na") == 0));
}

static bool check_width(const table *t, const csv_row *row) {
    return row->count == (size_t)t->width ||
           diag_fail(t->diag, CN_ERROR_DATA, "\"%s\", line %lld: %zu cells, %s has %d", t->o->path,
                     (long long)row->line, row->count,
                     t->o->no_header ? "the first line" : "the header", t->width);
}

/* Whether the row counts. */
static bool is_whole(const table *t, const csv_row *row) {
    for (int k = 0; k < t->width && t->o->missing == CN_MISSING_SKIPS; k++)
        if (t->columns[k].kind != UNUSED && is_missing(&row->cells[k], &t->columns[k]))
            return false;
    return true;
}

static bool check_missing(const table *t, const csv_row *row, int k) {
    if (t->columns[k].kind == TEXTS)
        return fail_at(t, row, k, "is missing, and a text has no NaN");
    return t->o->missing == CN_MISSING_NAN ||
           fail_at(t, row, k, "is missing; .missing says what becomes of such rows");
}

static bool keep_class(table *t, const csv_row *row, int k) {
    map *classes = &t->columns[k].classes;
    bool found;
    uint64_t *number = map_put(classes, row->cells[k].text, row->cells[k].length, &found);
    if (found)
        return true;
    *number = classes->count - 1;
    t->text_columns += classes->count == 1;
    if (++t->texts > MOST_CLASSES)
        return fail_at(t, row, k,
                       "is the 65537th different text of the columns; are they classes?");
    return t->text_columns <= MOST_TEXT_COLUMNS ||
           fail_at(t, row, k, "is in the 16385th column of texts; .inputs chooses columns");
}

static bool survey_cell(table *t, const csv_row *row, int k) {
    column *c = &t->columns[k];
    const csv_cell *cell = &row->cells[k];
    double number;
    if (is_missing(cell, c))
        return check_missing(t, row, k);
    bool is_number = !c->asked && read_number(cell->text, cell->length, &number);
    if (c->kind == UNDECIDED)
        c->kind = is_number ? NUMBERS : TEXTS;
    if (c->kind == TEXTS && is_number)
        return fail_at(t, row, k,
                       "is a number in a column of texts; .texts makes all of them classes, and "
                       "a missing number is an empty cell, NA or NaN");
    return c->kind != TEXTS || keep_class(t, row, k);
}

static bool survey_row(void *user, const csv_row *row, diagnostics *d) {
    table *t = user;
    (void)d;
    bool header = !t->begun && !t->o->no_header;
    if (!t->begun && !begin_table(t, row))
        return false;
    if (header)
        return true;
    if (!check_width(t, row))
        return false;
    if (!is_whole(t, row))
        return true;
    t->rows++;
    for (int k = 0; k < t->width; k++)
        if (t->columns[k].kind != UNUSED && !survey_cell(t, row, k))
            return false;
    return true;
}

/* ---- Classes ----------------------------------------------------------------------------- */

typedef struct class_text {
    const char *text;
    int number;
} class_text;

static int by_text(const void *a, const void *b) {
    return strcmp(((const class_text *)a)->text, ((const class_text *)b)->text);
}

static void sort_classes(table *t, column *c) {
    uint32_t count = c->classes.count;
    class_text *list = ARENA_ARRAY(t->scratch, class_text, count);
    c->places = ARENA_ARRAY(t->scratch, int32_t, count);
    for (uint32_t i = 0; i < count; i++) {
        const map_entry *e = &c->classes.entries[i];
        list[i] = (class_text){e->key, (int)e->value}; /* map_put ends keys with a NUL */
    }
    qsort(list, count, sizeof *list, by_text);
    for (uint32_t i = 0; i < count; i++)
        c->places[list[i].number] = (int32_t)i;
}

static bool order_as_given(table *t, column *c) {
    const cn_dataset_csv_options *o = t->o;
    c->places = ARENA_ARRAY(t->scratch, int32_t, c->classes.count);
    for (uint32_t i = 0; i < c->classes.count; i++) {
        const map_entry *e = &c->classes.entries[i];
        size_t k = 0;
        while (k < o->class_count && (strlen(o->class_names[k]) != e->key_bytes ||
                                      memcmp(o->class_names[k], e->key, e->key_bytes) != 0))
            k++;
        if (k == o->class_count)
            return diag_fail(t->diag, CN_ERROR_DATA, "\"%s\": \"%.*s\" is none of the %zu classes",
                             o->path, (int)(e->key_bytes < 200 ? e->key_bytes : 200),
                             (const char *)e->key, o->class_count);
        c->places[e->value] = (int32_t)k;
    }
    return true;
}

static const group *first_target(const table *t) {
    for (int i = 0; i < t->group_count; i++)
        if (t->groups[i].target)
            return &t->groups[i];
    return NULL;
}

static void name_classes(table *t, const column *c) {
    bool given = t->o->class_names != NULL;
    arena *own = t->d->own;
    t->class_count = given ? t->o->class_count : c->classes.count;
    t->class_names = ARENA_ARRAY(own, const char *, t->class_count);
    for (size_t i = 0; i < t->class_count && given; i++)
        t->class_names[i] = arena_string(own, t->o->class_names[i]);
    for (uint32_t i = 0; i < c->classes.count && !given; i++) {
        const map_entry *e = &c->classes.entries[i];
        t->class_names[c->places[e->value]] = arena_string_n(own, e->key, e->key_bytes);
    }
    t->d->class_names = t->class_names;
    t->d->class_count = t->class_count;
}

static bool order_classes(table *t) {
    const group *first = first_target(t);
    column *named = first != NULL && first->count == 1 ? &t->columns[first->columns[0]] : NULL;
    if (named != NULL && named->kind != TEXTS)
        named = NULL;
    if (t->o->class_names != NULL && named == NULL)
        return diag_fail(t->diag, CN_ERROR_INVALID_ARGUMENT,
                         ".class_names are given, but the first target is no column of texts");
    for (int k = 0; k < t->width; k++) {
        column *c = &t->columns[k];
        if (c == named && t->o->class_names != NULL) {
            if (!order_as_given(t, c))
                return false;
        } else if (c->kind == TEXTS) {
            sort_classes(t, c);
        }
    }
    if (named != NULL)
        name_classes(t, named);
    return true;
}

/* ---- Arrays ------------------------------------------------------------------------------ */

static bool make_arrays(table *t) {
    for (int i = 0; i < t->group_count; i++) {
        group *g = &t->groups[i];
        const column *first = &t->columns[g->columns[0]];
        bool texts = g->count == 1 && first->kind == TEXTS;
        int64_t shape[1] = {g->count};
        if (texts)
            g->classes = ARENA_ARRAY(t->d->own, int32_t, t->rows);
        else
            g->numbers = ARENA_ARRAY(t->d->own, float, t->rows * g->count);
        if (!dataset_add_column(t->d, g->target, g->count == 1 ? first->name : NULL,
                                texts ? CN_I32 : CN_F32, g->count > 1, shape,
                                texts ? (void *)g->classes : (void *)g->numbers))
            return false;
    }
    t->d->rows.count = t->rows;
    return true;
}

static bool changed(const table *t) {
    return diag_fail(t->diag, CN_ERROR_FILE, "\"%s\" was changed while it was read", t->o->path);
}

static bool class_of(table *t, const csv_row *row, int k, int32_t *out) {
    const column *c = &t->columns[k];
    const uint64_t *number = map_find(&c->classes, row->cells[k].text, row->cells[k].length);
    *out = number == NULL ? 0 : c->places[*number];
    return number != NULL || changed(t);
}

static bool number_of(table *t, const csv_row *row, int k, float *out) {
    const csv_cell *cell = &row->cells[k];
    double x = 0;
    int32_t place = 0;
    if (t->columns[k].kind == TEXTS) {
        if (!class_of(t, row, k, &place))
            return false;
        *out = (float)place;
        return true;
    }
    if (is_missing(cell, &t->columns[k])) {
        *out = NAN;
        return true;
    }
    if (!read_number(cell->text, cell->length, &x))
        return fail_at(t, row, k, "is no number");
    *out = (float)x;
    return isinf(x) || isfinite(*out) || fail_at(t, row, k, "is more than a float32 holds");
}

static bool fill_group(table *t, const group *g, const csv_row *row) {
    if (g->classes != NULL)
        return class_of(t, row, g->columns[0], &g->classes[t->filled]);
    for (int i = 0; i < g->count; i++)
        if (!number_of(t, row, g->columns[i], &g->numbers[t->filled * g->count + i]))
            return false;
    return true;
}

static bool fill_row(void *user, const csv_row *row, diagnostics *d) {
    table *t = user;
    (void)d;
    bool header = !t->begun && !t->o->no_header;
    t->begun = true;
    if (header)
        return true;
    if (row->count != (size_t)t->width)
        return changed(t);
    if (!is_whole(t, row))
        return true;
    if (t->filled == t->rows)
        return changed(t);
    for (int i = 0; i < t->group_count; i++)
        if (!fill_group(t, &t->groups[i], row))
            return false;
    t->filled++;
    return true;
}

/* ---- The whole --------------------------------------------------------------------------- */

static char separator_of(const cn_dataset_csv_options *o) {
    if (o->separator != 0)
        return o->separator;
    return text_has_suffix_of_any_case(o->path, ".tsv") ||
                   text_has_suffix_of_any_case(o->path, ".tsv.gz")
               ? '\t'
               : ',';
}

static bool check_options(cn_dataset *set, const cn_dataset_csv_options *o, diagnostics *d) {
    if (o->path == NULL)
        return diag_fail(d, CN_ERROR_INVALID_ARGUMENT, "no file is named");
    if (strchr("\"\r\n", o->separator) != NULL && o->separator != 0)
        return diag_fail(d, CN_ERROR_INVALID_ARGUMENT, "that .separator separates nothing");
    if ((unsigned)o->missing > CN_MISSING_SKIPS)
        return diag_fail(d, CN_ERROR_INVALID_ARGUMENT, ".missing is none of its three values");
    return dataset_check_class_names(set, o->class_names, o->class_count);
}

static bool read_table(table *t, char separator) {
    memory *m = t->d->context->memory;
    if (!csv_scan(t->o->path, separator, m, survey_row, t, t->diag))
        return false;
    if (t->rows == 0)
        return diag_fail(t->diag, CN_ERROR_DATA, "\"%s\" has no rows%s", t->o->path,
                         t->begun ? " behind its header" : "");
    if (!order_classes(t) || !make_arrays(t))
        return false;
    t->begun = false;
    return csv_scan(t->o->path, separator, m, fill_row, t, t->diag) &&
           (t->filled == t->rows || changed(t));
}

static bool fill_csv(cn_dataset *d, const void *options) {
    table *t = ARENA_NEW(d->own, table);
    const cn_dataset_csv_options *o = options;
    *t = (table){.d = d, .o = o, .diag = &d->context->diag, .scratch = d->own};
    return check_options(d, o, t->diag) && read_table(t, separator_of(o));
}

cn_dataset *cn_dataset_csv_at(cn_source where, const cn_dataset_csv_options *options) {
    cn_dataset_csv_options o = {0};
    OPTIONS_COPY(o, options, where);
    return dataset_make(o.context, where, "dataset_csv", fill_csv, &o);
}
