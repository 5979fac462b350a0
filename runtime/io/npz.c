/* Reading and writing NPZ: archives whose members are all NAME.npy.
 *
 * archive.c guards the zip (sizes, checksums, names), npy.c what is in each member; arrays are
 * copied into the arena, so that the archive is closed when reading ends. An arena that runs out
 * of memory closes it too.
 */
#include "runtime/io/npz.h"

#include <stdlib.h>
#include <string.h>

#include "base/size.h"
#include "runtime/io/archive.h"

/* ---- reading ---------------------------------------------------------------------------- */

static bool read_member(archive *z, const char *path, const char *title, arena *a, diagnostics *d,
                        npy_array *out) {
    file_view member;
    size_t length = strlen(title);
    if (length < 5 || strcmp(title + length - 4, ".npy") != 0)
        return diag_fail(d, CN_ERROR_FORMAT,
                         "\"%s\" is no .npz file: its member \"%s\" is no "
                         "NAME.npy",
                         path, title);
    if (!archive_read(z, title, &member) ||
        !npy_parse(member.title, member.bytes, member.length, a, d, out))
        return false;
    out->name = arena_string_n(a, title, length - 4);
    return true;
}

static bool read_members(archive *z, const char *path, arena *a, diagnostics *d, npz *out) {
    diag_recovery point;
    if (DIAG_RECOVER(d, &point))
        return false;
    size_t count = archive_count(z);
    npy_array *entries = ARENA_ARRAY(a, npy_array, count + 1);
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++)
        ok = read_member(z, path, archive_name(z, i), a, d, &entries[i]);
    diag_pop_recovery(d, &point);
    if (ok)
        *out = (npz){entries, count};
    return ok;
}

bool npz_read(const char *path, arena *a, diagnostics *d, npz *out) {
    *out = (npz){0};
    archive *z = archive_open(path, a, d);
    bool ok = z != NULL && read_members(z, path, a, d, out);
    archive_close(z);
    return ok;
}

const npy_array *npz_find(const npz *z, const char *name) {
    for (size_t i = 0; i < z->entry_count; i++)
        if (strcmp(z->entries[i].name, name) == 0)
            return &z->entries[i];
    return NULL;
}

/* ---- writing ---------------------------------------------------------------------------- */

/* A member: its name, then header and data as one block; NULL when there is no memory, or NumPy
 * has no such array. */
static uint8_t *make_member(const npy_array *x, archive_entry *out) {
    static const char suffix[] = ".npy";
    char header[NPY_HEADER_BYTES];
    size_t head = npy_header(x, header), name = strlen(x->name), total;
    if (head == 0 || !size_add(name + sizeof suffix + head, x->bytes, &total))
        return NULL;
    uint8_t *block = malloc(total);
    if (block == NULL)
        return NULL;
    uint8_t *body = block + name + sizeof suffix;
    memcpy(block, x->name, name);
    memcpy(block + name, suffix, sizeof suffix);
    memcpy(body, header, head);
    if (x->bytes > 0)
        memcpy(body + head, x->data, x->bytes);
    *out = (archive_entry){(const char *)block, body, head + x->bytes};
    return block;
}

bool npz_write(const char *path, const npy_array *entries, size_t count, diagnostics *d) {
    archive_entry *members = calloc(count + 1, sizeof *members);
    size_t made = 0;
    while (members != NULL && made < count && make_member(&entries[made], &members[made]) != NULL)
        made++;
    bool ok = members != NULL && made == count;
    if (ok)
        ok = archive_write(path, members, count, d);
    else
        diag_fail(d, CN_ERROR_FILE,
                  "\"%s\" cannot be written: out of memory, or an element type that NumPy has not",
                  path);
    for (size_t i = 0; i < made; i++)
        free((void *)(uintptr_t)members[i].name); /* the block's beginning */
    free(members);
    return ok;
}
