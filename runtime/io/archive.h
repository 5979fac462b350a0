/* Zip archives: members by name, read with guards, written without compression.
 *
 * What is unpacked has limits (100 times the archive, and an absolute one), checksums are verified,
 * names are relative, without "..", and distinct. Member views live until the archive is closed.
 */
#ifndef CORNU_RUNTIME_IO_ARCHIVE_H
#define CORNU_RUNTIME_IO_ARCHIVE_H

#include "base/arena.h"
#include "runtime/io/file_view.h"

typedef struct archive archive;

/* The whole file is read. Its names lie in arena a; everything else is freed by archive_close. */
archive *archive_open(const char *path, arena *a, diagnostics *d);
size_t archive_count(const archive *z);
const char *archive_name(const archive *z, size_t i);
/* False with a message when there is no such member, or it is damaged or too large. */
bool archive_read(archive *z, const char *name, file_view *out);
void archive_close(archive *z);

typedef struct archive_entry {
    const char *name;
    const void *bytes;
    size_t length;
} archive_entry;
/* Stored, in this order, dated 1980-01-01 so that equal content gives equal files; atomic. */
bool archive_write(const char *path, const archive_entry *entries, size_t count, diagnostics *d);

#endif
