/* Bytes of a file, or of a member of an archive, in memory that no other program can change.
 *
 * A reader takes the bytes; who hands a file on to another process gives the descriptor, in which
 * the same bytes begin at `offset`. What lies in the descriptor may change at any time: whoever
 * learns something through it checks that against `length`.
 */
#ifndef CORNU_RUNTIME_IO_FILE_VIEW_H
#define CORNU_RUNTIME_IO_FILE_VIEW_H

#include <stddef.h>
#include <stdint.h>

typedef struct file_view {
    const char *title; /* for messages: "digits.keras: model.weights.h5" */
    const uint8_t *bytes;
    size_t length;
    int descriptor;
    uint64_t offset;
} file_view;

#endif
