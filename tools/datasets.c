/* Datasets by the names of their files; see the header. */
#include "tools/datasets.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const kind_names[] = {"arrays", "table", "images", "text", "cifar"};

static const struct {
    const char *ending;
    data_kind kind;
} endings[] = {{".csv", KIND_TABLE},    {".tsv", KIND_TABLE}, {".csv.gz", KIND_TABLE},
               {".tsv.gz", KIND_TABLE}, {".txt", KIND_TEXT},  {".txt.gz", KIND_TEXT},
               {".bin", KIND_CIFAR}};

data_kind data_kind_of(const char *path) {
    struct stat facts;
    size_t length = strlen(path);
    if (stat(path, &facts) == 0 && S_ISDIR(facts.st_mode))
        return KIND_IMAGES;
    for (size_t k = 0; k < sizeof endings / sizeof *endings; k++) {
        size_t tail = strlen(endings[k].ending);
        if (length > tail && strcasecmp(path + length - tail, endings[k].ending) == 0)
            return endings[k].kind;
    }
    return KIND_ARRAYS;
}

const char *data_kind_name(data_kind k) {
    return kind_names[k];
}

sample_shape sample_shape_of(const cn_model *m) {
    sample_shape s = {0};
    cn_array x = cn_model_input(m, 0);
    if (x.rank == 4) {
        s.height = x.shape[1];
        s.width = x.shape[2];
        s.channels = x.shape[3];
    }
    if (x.rank == 2)
        s.length = x.shape[1];
    s.last_only = cn_model_output(m, 0).rank == 2; /* one row of classes, not one for each item */
    return s;
}

/* ---- Single kinds ------------------------------------------------------------------------- */

static bool take_list(const invocation *i, const char *name, const char *list[CN_MAX_LIST]) {
    int n = 0;
    while (n < CN_MAX_LIST && (list[n] = option_repeated(i, name, n)) != NULL)
        n++;
    return n < CN_MAX_LIST || option_repeated(i, name, n) == NULL;
}

/* .class_names and the like, which take a pointer to constant texts. */
static const char *const *name_list(const class_names *names, size_t skipped) {
    return names->count > skipped ? (const char *const *)names->items + skipped : NULL;
}

/* 0, as by default, without the option. */
static char separator_of(const invocation *i) {
    const char *text = option_text(i, "separator", "");
    return strcmp(text, "\\t") == 0 ? '\t' : text[0];
}

static cn_missing missing_of(const invocation *i) {
    const char *word = option_text(i, "missing", "fail");
    return strcmp(word, "nan") == 0    ? CN_MISSING_NAN
           : strcmp(word, "skip") == 0 ? CN_MISSING_SKIPS
                                       : CN_MISSING_FAILS;
}

static cn_dataset *open_table(const invocation *i, cn_context *c, const char *path,
                              const class_names *names) {
    cn_dataset_csv_options o = {.context = c,
                                .path = path,
                                .no_header = option_given(i, "no-header"),
                                .separator = separator_of(i),
                                .missing = missing_of(i),
                                .class_names = name_list(names, 0),
                                .class_count = names->count};
    take_list(i, "input", o.inputs);
    take_list(i, "target", o.targets);
    return cn_dataset_csv_at(NO_LINE(o), &o);
}

static cn_dataset *open_arrays(const invocation *i, cn_context *c, const char *path) {
    cn_dataset_array_file_options o = {.context = c, .path = path};
    take_list(i, "input", o.inputs);
    take_list(i, "target", o.targets);
    return cn_dataset_array_file_at(NO_LINE(o), &o);
}

static cn_dataset *open_images(cn_context *c, const char *path, const sample_shape *s,
                               const class_names *names, bool with_targets) {
    cn_dataset_image_folder_options o = {.context = c,
                                         .path = path,
                                         .image_size = {s->height, s->width},
                                         .label_mode = with_targets ? CN_LABEL_INT : CN_LABEL_NONE,
                                         .color_mode = s->channels == 1   ? CN_COLOR_GRAYSCALE
                                                       : s->channels == 4 ? CN_COLOR_RGBA
                                                                          : CN_COLOR_RGB,
                                         .dtype = s->bytes ? CN_U8 : CN_F32,
                                         .no_shuffle = !with_targets || s->bytes,
                                         .class_names = name_list(names, 0),
                                         .class_count = names->count};
    return cn_dataset_image_folder_at(NO_LINE(o), &o);
}

/* Numbers 0 and 1 of words are padding and the unknown word, which no vocabulary lists. */
static size_t reserved_words(const class_names *names) {
    char **first = names->items;
    return names->count > 2 && *first[0] == 0 && strcmp(first[1], "[UNK]") == 0 ? 2 : 0;
}

static cn_dataset *open_text(const invocation *i, cn_context *c, const char *path,
                             const sample_shape *s, const class_names *names) {
    size_t skipped = option_given(i, "words") ? reserved_words(names) : 0;
    cn_dataset_text_options o = {.context = c,
                                 .path = path,
                                 .sequence_length = s->length,
                                 .unit =
                                     option_given(i, "words") ? CN_TEXT_WORDS : CN_TEXT_CHARACTERS,
                                 .last_only = s->last_only,
                                 .vocabulary = name_list(names, skipped),
                                 .vocabulary_count = names->count - skipped};
    return cn_dataset_text_at(NO_LINE(o), &o);
}

/* Which CIFAR it is tells the length of its records. */
static cn_dataset *open_cifar(cn_context *c, const char *path) {
    struct stat facts;
    bool hundred = stat(path, &facts) == 0 && facts.st_size % 3074 == 0;
    cn_dataset_cifar_options o = {.context = c, .files = {path}, .classes = hundred ? 100 : 10};
    return cn_dataset_cifar_at(NO_LINE(o), &o);
}

/* ---- All of them -------------------------------------------------------------------------- */

bool columns_given(const invocation *i) {
    static const option_row rows[] = {COLUMN_OPTIONS};
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
        if (option_given(i, rows[k].name))
            return true;
    return false;
}

static exit_code check_table_options(const invocation *i, data_kind k, const char *path) {
    static const char *const names[] = {"no-header", "missing", "separator"};
    const char *separator = option_text(i, "separator", ",");
    for (size_t n = 0; n < sizeof names / sizeof *names; n++)
        if (option_given(i, names[n]) && k != KIND_TABLE)
            return fail(i, EXIT_USAGE, "--%s is for tables; %s is %s", names[n], path,
                        kind_names[k]);
    return strlen(separator) == 1 || strcmp(separator, "\\t") == 0
               ? EXIT_OK
               : fail(i, EXIT_USAGE, "--separator wants one character, of one byte, or \\t");
}

/* No option is silently without effect. */
static exit_code check_options(const invocation *i, data_kind k, const char *path) {
    static const char *const columns[] = {"input", "target"};
    const char *list[CN_MAX_LIST];
    for (int n = 0; n < 2; n++) {
        if (option_given(i, columns[n]) && k != KIND_TABLE && k != KIND_ARRAYS)
            return fail(i, EXIT_USAGE, "--%s is for tables and arrays; %s is %s", columns[n], path,
                        kind_names[k]);
        if (!take_list(i, columns[n], list))
            return fail(i, EXIT_USAGE, "--%s more than %d times", columns[n], CN_MAX_LIST);
    }
    if (option_given(i, "words") && k != KIND_TEXT)
        return fail(i, EXIT_USAGE, "--words is for texts; %s is %s", path, kind_names[k]);
    return check_table_options(i, k, path);
}

/* A class of which there are no images still has its number. */
static exit_code check_folders(const invocation *i, const char *path, const class_names *names) {
    char folder[4096];
    for (size_t k = 0; k < names->count; k++) {
        snprintf(folder, sizeof folder, "%.3000s/%.1000s", path, names->items[k]);
        if (access(folder, F_OK) != 0)
            return fail(i, EXIT_INPUT,
                        "%s has no folder \"%s\", a class that %s names; make it, empty, if there "
                        "are no images of it",
                        path, names->items[k], names->path);
    }
    return EXIT_OK;
}

exit_code dataset_open(const invocation *i, cn_context *c, const char *path,
                       const sample_shape *shape, const class_names *names, bool with_targets,
                       cn_dataset **out) {
    static const class_names none;
    data_kind k = data_kind_of(path);
    exit_code code = check_options(i, k, path);
    if (names == NULL || (!with_targets && k != KIND_TEXT))
        names = &none;
    if (code == EXIT_OK && k == KIND_IMAGES)
        code = check_folders(i, path, names);
    if (code != EXIT_OK)
        return code;
    *out = k == KIND_TABLE    ? open_table(i, c, path, names)
           : k == KIND_IMAGES ? open_images(c, path, shape, names, with_targets)
           : k == KIND_TEXT   ? open_text(i, c, path, shape, names)
           : k == KIND_CIFAR  ? open_cifar(c, path)
                              : open_arrays(i, c, path);
    return *out != NULL ? EXIT_OK : fail_context(i, c);
}
