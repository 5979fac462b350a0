/* Files of a folder, found once and read later: a folder for each class, or none.
 *
 * Classes are the folders directly below, sorted; files are found below those at any depth, in the
 * order of Keras (index_directory): by the path of their folder, then by name. Nothing outside of
 * the folder is opened: paths are followed component by component from the open folder, and
 * symbolic links are refused unless the caller wants them followed.
 */
#ifndef CORNU_RUNTIME_IO_FOLDER_H
#define CORNU_RUNTIME_IO_FOLDER_H

#include <stdint.h>

#include "base/arena.h"

typedef struct folder_file {
    const char *path; /* below the folder: "cat/old/1.png" */
    int32_t label;
} folder_file;

typedef struct folder {
    const char *title;
    int descriptor; /* -1 = closed */
    bool follow_links;
    int64_t most_bytes;
    folder_file *files;
    size_t count;
    const char **classes; /* none when the labels are not those of folders */
    size_t class_count;
} folder;

typedef struct folder_options {
    const char *path;
    bool no_classes; /* all files at any depth, without labels */
    bool follow_links;
    const char *const *classes; /* given names and order; NULL = what is there */
    size_t class_count;
    const char *const *endings; /* ".png", in lower case; NULL at the end */
    const char *const *refused; /* endings that are told instead of left out */
    int64_t most_bytes;         /* of a file that is read: a sparse one costs nobody's memory */
} folder_options;

/* Lists into arena a; false with a message, and nothing open, also when memory runs out. */
bool folder_list(const folder_options *o, arena *a, diagnostics *d, folder *out);
/* The bytes of file i, `length` + 1 of them to be given back to m; by many threads at once. */
bool folder_read(const folder *f, size_t i, memory *m, diagnostics *d, uint8_t **bytes,
                 size_t *length);
void folder_close(folder *f);

#endif
