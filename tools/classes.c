/* Names of classes from and to files; see the header. */
#define _GNU_SOURCE
#include "tools/classes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/model.h"

enum { MOST_BYTES = 16 << 20 };

/* ---- Reading ----------------------------------------------------------------------------- */

static exit_code read_bytes(const invocation *i, int fd, size_t size, class_names *names) {
    size_t used = 0;
    ssize_t got = 1;
    if ((names->text = malloc(size + 1)) == NULL)
        return fail(i, EXIT_RUN, "out of memory");
    while (used < size && got > 0) {
        got = read(fd, names->text + used, size - used);
        used += got > 0 ? (size_t)got : 0;
    }
    names->text[used] = 0;
    if (got < 0)
        return fail(i, EXIT_INPUT, "cannot read %s: %s", names->path, strerror(errno));
    return strlen(names->text) == used
               ? EXIT_OK
               : fail(i, EXIT_INPUT, "%s is no text: it has a byte 0", names->path);
}

/* O_NONBLOCK: a FIFO is refused, not waited for. */
static exit_code read_text(const invocation *i, class_names *names) {
    struct stat facts;
    int fd = open(names->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    exit_code code;
    if (fd < 0)
        return fail(i, EXIT_INPUT, "cannot read %s: %s", names->path, strerror(errno));
    if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode))
        code = fail(i, EXIT_INPUT, "%s is not a regular file", names->path);
    else if (facts.st_size > MOST_BYTES)
        code = fail(i, EXIT_INPUT, "%s: names of classes are %d MiB at most", names->path,
                    MOST_BYTES >> 20);
    else
        code = read_bytes(i, fd, (size_t)facts.st_size, names);
    close(fd);
    return code;
}

static const struct {
    char letter, meaning;
} escapes[] = {{'n', '\n'}, {'r', '\r'}, {'\\', '\\'}};
enum { ESCAPE_COUNT = sizeof escapes / sizeof *escapes };

/* In place: the end of a line as some systems write it goes, then escapes become what they mean. */
static void clean_line(char *line) {
    size_t length = strlen(line);
    char *to = line;
    if (length > 0 && line[length - 1] == '\r')
        line[length - 1] = 0;
    for (const char *from = line; *from != 0; from++) {
        size_t k = 0;
        while (from[0] == '\\' && k < ESCAPE_COUNT && escapes[k].letter != from[1])
            k++;
        bool escaped = from[0] == '\\' && k < ESCAPE_COUNT;
        *to++ = escaped ? escapes[k].meaning : *from;
        from += escaped;
    }
    *to = 0;
}

static exit_code split_lines(const invocation *i, class_names *names) {
    size_t lines = 1;
    for (const char *c = names->text; *c != 0; c++)
        lines += *c == '\n';
    if ((names->items = calloc(lines, sizeof *names->items)) == NULL)
        return fail(i, EXIT_RUN, "out of memory");
    char *rest = names->text, *line;
    while ((line = strsep(&rest, "\n")) != NULL)
        if (*line != 0 || rest != NULL)
            names->items[names->count++] = line;
    for (size_t k = 0; k < names->count; k++)
        clean_line(names->items[k]);
    return names->count > 0 ? EXIT_OK : fail(i, EXIT_INPUT, "%s names no classes", names->path);
}

/* ---- Which file -------------------------------------------------------------------------- */

/* NAME.classes for NAME.keras and the like; with malloc, NULL without memory. */
static char *path_beside(const char *model) {
    static const char *const endings[] = {".weights.h5", ".keras", ".safetensors",
                                          ".npz",        ".h5",    ".hdf5"};
    size_t length = strlen(model), k = 0;
    while (k < sizeof endings / sizeof *endings && !ends_in(model, endings[k]))
        k++;
    if (k < sizeof endings / sizeof *endings)
        length -= strlen(endings[k]);
    char *path = malloc(length + sizeof ".classes");
    if (path != NULL) {
        memcpy(path, model, length);
        memcpy(path + length, ".classes", sizeof ".classes");
    }
    return path;
}

/* Sets the path if there is such a file. */
static exit_code find_beside(const invocation *i, const char *model, class_names *names) {
    char *path = path_beside(model);
    if (path == NULL)
        return fail(i, EXIT_RUN, "out of memory");
    if (access(path, F_OK) == 0)
        names->path = path;
    else
        free(path);
    return EXIT_OK;
}

static exit_code read_names(const invocation *i, class_names *names) {
    exit_code code = read_text(i, names);
    return code == EXIT_OK ? split_lines(i, names) : code;
}

exit_code class_names_read(const invocation *i, class_names *names) {
    const char *given = option_text(i, "classes", NULL);
    *names = (class_names){0};
    if (given == NULL)
        return EXIT_OK;
    names->path = strdup(given);
    return names->path != NULL ? read_names(i, names) : fail(i, EXIT_RUN, "out of memory");
}

exit_code class_names_find(const invocation *i, class_names *names) {
    const char *weights = option_text(i, "weights", NULL);
    exit_code code = EXIT_OK;
    if (option_given(i, "classes"))
        return class_names_read(i, names);
    *names = (class_names){0};
    if (weights != NULL)
        code = find_beside(i, weights, names);
    if (code == EXIT_OK && names->path == NULL && model_is_file(i->arguments[0]))
        code = find_beside(i, i->arguments[0], names);
    return code == EXIT_OK && names->path != NULL ? read_names(i, names) : code;
}

void class_names_free(class_names *names) {
    free(names->items);
    free(names->text);
    free(names->path);
    *names = (class_names){0};
}

/* ---- Writing ----------------------------------------------------------------------------- */

static void write_name(FILE *file, const char *name) {
    for (; *name != 0; name++) {
        size_t k = 0;
        while (k < ESCAPE_COUNT && escapes[k].meaning != *name)
            k++;
        if (k < ESCAPE_COUNT)
            fputc('\\', file);
        fputc(k < ESCAPE_COUNT ? escapes[k].letter : *name, file);
    }
    fputc('\n', file);
}

/* A file under another name takes the place of the old one when it is whole. */
static bool write_names(const cn_dataset *d, const char *path, const char *temporary) {
    struct stat facts;
    if (lstat(path, &facts) == 0 && !S_ISREG(facts.st_mode)) {
        errno = EEXIST;
        return false;
    }
    FILE *file = fopen(temporary, "we");
    if (file == NULL)
        return false;
    for (size_t k = 0; k < cn_dataset_class_count(d); k++)
        write_name(file, cn_dataset_class_name(d, k));
    bool written = ferror(file) == 0;
    written = fclose(file) == 0 && written;
    if (written && rename(temporary, path) == 0)
        return true;
    int error = errno;
    unlink(temporary);
    errno = error;
    return false;
}

exit_code class_names_write(const invocation *i, const cn_dataset *d, const char *model) {
    if (cn_dataset_class_name(d, 0) == NULL)
        return EXIT_OK;
    exit_code code = EXIT_OK;
    char *path = path_beside(model), *temporary = NULL;
    if (path == NULL || asprintf(&temporary, "%s.tmp", path) < 0) {
        code = fail(i, EXIT_RUN, "out of memory");
        temporary = NULL;
    } else if (!write_names(d, path, temporary)) {
        code = fail(i, EXIT_RUN, "cannot write %s: %s", path, strerror(errno));
    } else if (!i->quiet) {
        fprintf(i->err, "classes: %s\n", path);
    }
    free(path);
    free(temporary);
    return code;
}
