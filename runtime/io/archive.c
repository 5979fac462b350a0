/* Reading and writing zip archives.
 *
 * The file is read whole and libzip works on that memory, consistency checks on. It is the
 * authority on what is in the archive: names, sizes, checksums. A member that is stored as it is
 * need not be copied, so its place is looked up in the central directory, which libzip keeps for
 * itself. That is done only where there can be no doubt about which directory counts (one end
 * record, at the end of the file, everything in front of it), and a member found so, whose local
 * header says the same, is a view into the file. Any other one (deflated, or in an archive of an
 * unusual kind) is unpacked by libzip into memory of its own.
 *
 * A declared length allocates nothing that is not filled (see shared_bytes), and all unpacked
 * members together may come to 16 MiB and 100 times the file, whether or not they overlap in it.
 * Members that stay views take no memory. Checksums are verified before anybody sees a byte.
 *
 * Ownership: everything but the names belongs to the archive from the moment it exists; running
 * out of memory in the arena closes it.
 *
 * The format: APPNOTE.TXT 6.3 of PKWARE: 4.3.7 local headers, 4.3.12 the directory, 4.3.16 its
 * end, 4.5.3 sizes of 64 bits.
 */
#include "runtime/io/archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

#include "base/map.h"
#include "base/platform.h"
#include "base/reader.h"
#include "runtime/io/crc32.h"

#define ALWAYS_UNPACKED UINT64_C(0x1000000) /* 16 MiB */
#define MOST_EXPANSION 100

typedef struct member {
    const char *name, *title;
    uint64_t length;
    uint32_t checksum;
    uint16_t method;
    const uint8_t *stored; /* its bytes in the file, where they could be found */
    shared_bytes unpacked; /* else; descriptor -1 before */
    bool checked;          /* one of the two is good */
} member;

struct archive {
    const char *path;
    diagnostics *d;
    arena *a;
    uint8_t *bytes; /* the file */
    size_t length;
    int descriptor;
    zip_t *zip;
    member *members;
    size_t count;
    map names;       /* to the index of the member */
    uint64_t budget; /* bytes that members may still unpack to */
};

static bool refuse(const archive *z, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool refuse(const archive *z, const char *format, ...) {
    char words[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    return diag_fail(z->d, CN_ERROR_FORMAT, "\"%s\" is damaged or no zip archive: %s", z->path,
                     words);
}

/* ---- what is in it ---------------------------------------------------------------------- */

static bool open_zip(archive *z) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(z->bytes, z->length, 0, &error);
    z->zip =
        source == NULL ? NULL : zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
    if (z->zip == NULL) {
        refuse(z, "%s", zip_error_strerror(&error));
        zip_source_free(source);
    }
    zip_error_fini(&error);
    return z->zip != NULL;
}

/* Relative, and below the folder it would be unpacked in. A folder's name ends in '/'. */
static bool name_is_safe(const char *name) {
    if (name[0] == 0 || name[0] == '/' || strchr(name, '\\') != NULL)
        return false;
    for (const char *part = name; *part != 0;) {
        size_t length = strcspn(part, "/");
        if (length == 0 || (length <= 2 && memcmp(part, "..", length) == 0))
            return false;
        part += length + (part[length] == '/');
    }
    return true;
}

static bool add_member(archive *z, uint64_t index) {
    const zip_uint64_t wanted = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_CRC | ZIP_STAT_COMP_METHOD;
    zip_stat_t s;
    bool found = false;
    if (zip_stat_index(z->zip, index, 0, &s) != 0)
        return refuse(z, "%s", zip_strerror(z->zip));
    if ((s.valid & wanted) != wanted || !name_is_safe(s.name))
        return refuse(z, "\"%s\" is no name of a member",
                      (s.valid & ZIP_STAT_NAME) != 0 ? s.name : "");
    const char *name = arena_string(z->a, s.name);
    *map_put_text(&z->names, name, &found) = index;
    z->members[index] = (member){.name = name,
                                 .title = arena_format(z->a, "%s: %s", z->path, name),
                                 .length = s.size,
                                 .checksum = s.crc,
                                 .method = s.comp_method,
                                 .unpacked = {.descriptor = -1}};
    z->count = index + 1;
    return !found || refuse(z, "\"%s\" is in it twice", name);
}

static bool list_members(archive *z) {
    map_init(&z->names, z->a);
    z->budget = z->length > SIZE_MAX / 2 / MOST_EXPANSION ? SIZE_MAX / 2
                                                          : (uint64_t)z->length * MOST_EXPANSION;
    z->budget += ALWAYS_UNPACKED;
    if (z->length == 0) /* to libzip, an archive without members */
        return refuse(z, "it is empty");
    if (!open_zip(z))
        return false;
    zip_int64_t count = zip_get_num_entries(z->zip, 0); /* each has its bytes in the file */
    z->members = ARENA_ARRAY(z->a, member, count + 1);
    for (zip_int64_t i = 0; i < count; i++)
        if (!add_member(z, (uint64_t)i))
            return false;
    return true;
}

/* ---- where stored members lie ----------------------------------------------------------- */

enum {
    LOCAL_HEADER = 0x04034b50,
    DIRECTORY_ENTRY = 0x02014b50,
    END_RECORD = 0x06054b50,
    END_BYTES = 22,
    LONGEST_COMMENT = UINT16_MAX,
    WIDE_SIZES = 1,
    SIZES_BEHIND = 1 << 3,
    ENCRYPTED = 1
};

/* What a local header and an entry of the directory both say. */
typedef struct header {
    const uint8_t *name;
    size_t name_length;
    uint32_t flags, method, checksum;
    uint64_t packed, length;
} header;

static void read_facts(reader *r, header *h) {
    h->flags = reader_u16_little(r);
    h->method = reader_u16_little(r);
    reader_take(r, 4); /* date */
    h->checksum = reader_u32_little(r);
    h->packed = reader_u32_little(r);
    h->length = reader_u32_little(r);
    h->name_length = reader_u16_little(r);
}

/* Sizes of 64 bits stand in an extra field, in place of 32 bits set. */
static void read_wide_sizes(reader extra, header *h) {
    while (h->packed == UINT32_MAX && h->length == UINT32_MAX && reader_has(&extra, 4, 1)) {
        uint32_t kind = reader_u16_little(&extra), bytes = reader_u16_little(&extra);
        if (kind == WIDE_SIZES && bytes >= 16) {
            h->length = reader_u64_little(&extra);
            h->packed = reader_u64_little(&extra);
            return;
        }
        reader_take(&extra, bytes);
    }
}

static bool read_local(reader *r, header *h) {
    uint32_t signature = reader_u32_little(r);
    reader_take(r, 2);
    read_facts(r, h);
    size_t extra_length = reader_u16_little(r);
    h->name = reader_take(r, h->name_length);
    const uint8_t *extra = reader_take(r, extra_length);
    if (!r->failed)
        read_wide_sizes(reader_of(extra, extra_length), h);
    return signature == LOCAL_HEADER && !r->failed;
}

static bool read_entry(reader *r, header *h, size_t *offset) {
    uint32_t signature = reader_u32_little(r);
    reader_take(r, 4);
    read_facts(r, h);
    size_t behind = reader_u16_little(r);
    behind += reader_u16_little(r);
    reader_take(r, 8);
    *offset = reader_u32_little(r);
    h->name = reader_take(r, h->name_length);
    reader_take(r, behind);
    return signature == DIRECTORY_ENTRY && !r->failed;
}

static uint32_t signature_at(const archive *z, size_t place) {
    reader r = reader_of(z->bytes + place, 4);
    return reader_u32_little(&r);
}

/* The directory, when its end record is at the end of the file, is the only one that anybody could
 * take for it, and counts from the beginning of the file. */
static bool find_directory(const archive *z, reader *out) {
    if (z->length < END_BYTES || signature_at(z, z->length - END_BYTES) != END_RECORD)
        return false;
    size_t end = z->length - END_BYTES, first = end > LONGEST_COMMENT ? end - LONGEST_COMMENT : 0;
    for (size_t i = first; i < end; i++)
        if (signature_at(z, i) == END_RECORD)
            return false;
    reader r = reader_of(z->bytes + end, END_BYTES);
    reader_take(&r, 10);
    size_t count = reader_u16_little(&r), bytes = reader_u32_little(&r),
           offset = reader_u32_little(&r), comment = reader_u16_little(&r);
    if (count != z->count || bytes > end || offset != end - bytes || comment != 0)
        return false;
    *out = reader_of(z->bytes + offset, bytes);
    return true;
}

static bool is_member(const header *h, const member *m) {
    return h->name_length == strlen(m->name) && memcmp(h->name, m->name, h->name_length) == 0 &&
           h->checksum == m->checksum && h->length == m->length && h->method == m->method;
}

static void find_stored(archive *z) {
    reader directory;
    if (!find_directory(z, &directory))
        return;
    for (size_t i = 0; i < z->count; i++) {
        member *m = &z->members[i];
        header h, local;
        size_t offset;
        if (!read_entry(&directory, &h, &offset) || !is_member(&h, m) || offset > z->length)
            return;
        reader r = reader_of(z->bytes + offset, z->length - offset);
        if (read_local(&r, &local) && is_member(&local, m) && local.packed == m->length &&
            h.packed == m->length && m->method == ZIP_CM_STORE &&
            ((h.flags | local.flags) & (SIZES_BEHIND | ENCRYPTED)) == 0)
            m->stored = reader_take(&r, (size_t)m->length);
    }
}

/* ---- opening ---------------------------------------------------------------------------- */

static bool open_guarded(archive *z) {
    diag_recovery point;
    if (DIAG_RECOVER(z->d, &point))
        return false;
    bool ok = list_members(z);
    if (ok)
        find_stored(z);
    diag_pop_recovery(z->d, &point);
    return ok;
}

archive *archive_open(const char *path, arena *a, diagnostics *d) {
    archive *z = calloc(1, sizeof *z);
    if (z == NULL) {
        diag_fail(d, CN_ERROR_OUT_OF_MEMORY, "\"%s\": no memory to open it", path);
        return NULL;
    }
    *z = (archive){.path = path, .d = d, .a = a, .descriptor = -1};
    if (file_read_keep(path, d, &z->bytes, &z->length, &z->descriptor) && open_guarded(z))
        return z;
    archive_close(z);
    return NULL;
}

void archive_close(archive *z) {
    if (z == NULL)
        return;
    for (size_t i = 0; i < z->count; i++)
        shared_bytes_free(&z->members[i].unpacked);
    if (z->zip != NULL)
        zip_discard(z->zip);
    if (z->descriptor >= 0)
        close(z->descriptor);
    free(z->bytes);
    free(z);
}

size_t archive_count(const archive *z) {
    return z->count;
}

const char *archive_name(const archive *z, size_t i) {
    return z->members[i].name;
}

/* ---- reading a member ------------------------------------------------------------------- */

static bool fill(archive *z, member *m, zip_file_t *file) {
    uint64_t filled = 0;
    zip_int64_t n = 0;
    uint8_t more;
    while (filled < m->length &&
           (n = zip_fread(file, m->unpacked.bytes + filled, m->length - filled)) > 0)
        filled += (uint64_t)n;
    if (n >= 0 && filled == m->length) /* the checksum is checked when the end is seen */
        n = zip_fread(file, &more, 1);
    if (n < 0)
        return refuse(z, "\"%s\": %s", m->name, zip_error_strerror(zip_file_get_error(file)));
    return (n == 0 && filled == m->length) ||
           refuse(z, "\"%s\" has %s bytes than it says", m->name, n > 0 ? "more" : "fewer");
}

static bool unpack(archive *z, member *m) {
    if (m->method != ZIP_CM_STORE && m->method != ZIP_CM_DEFLATE)
        return refuse(z, "\"%s\" is packed by method %d; stored and deflated ones are read",
                      m->name, m->method);
    if (m->length > z->budget)
        return refuse(z, "with \"%s\" it unpacks to more than 16 MiB and %d times its size",
                      m->name, MOST_EXPANSION);
    zip_file_t *file = zip_fopen_index(z->zip, (zip_uint64_t)(m - z->members), 0);
    if (file == NULL)
        return refuse(z, "\"%s\": %s", m->name, zip_strerror(z->zip));
    z->budget -= m->length;
    bool ok = shared_bytes_new((size_t)m->length, &m->unpacked) ||
              diag_fail(z->d, CN_ERROR_OUT_OF_MEMORY, "\"%s\": no memory for %llu bytes", m->title,
                        (unsigned long long)m->length);
    ok = ok && fill(z, m, file);
    zip_fclose(file);
    return ok && (shared_bytes_seal(&m->unpacked) ||
                  diag_fail(z->d, CN_ERROR_OUT_OF_MEMORY, "\"%s\": no memory", m->title));
}

static bool check_member(archive *z, member *m) {
    if (m->stored == NULL)
        return unpack(z, m);
    return crc32_of(0, m->stored, (size_t)m->length) == m->checksum ||
           refuse(z, "the checksum of \"%s\" does not fit its bytes", m->name);
}

bool archive_read(archive *z, const char *name, file_view *out) {
    const uint64_t *index = map_find_text(&z->names, name);
    *out = (file_view){.descriptor = -1};
    if (index == NULL)
        return refuse(z, "it has no member \"%s\"", name);
    member *m = &z->members[*index];
    if (!m->checked && !check_member(z, m)) {
        shared_bytes_free(&m->unpacked);
        return false;
    }
    m->checked = true;
    *out = (file_view){m->title, m->stored, (size_t)m->length, z->descriptor, 0};
    if (m->stored != NULL)
        out->offset = (uint64_t)(m->stored - z->bytes);
    else
        *out =
            (file_view){m->title, m->unpacked.bytes, m->unpacked.length, m->unpacked.descriptor, 0};
    if (out->bytes == NULL)
        out->bytes = (const uint8_t *)"";
    return true;
}

/* ---- writing ---------------------------------------------------------------------------- */

static bool add_entry(zip_t *zip, const archive_entry *e) {
    zip_source_t *source = zip_source_buffer(zip, e->bytes, e->length, 0);
    zip_int64_t index = source == NULL ? -1 : zip_file_add(zip, e->name, source, ZIP_FL_ENC_UTF_8);
    if (source != NULL && index < 0)
        zip_source_free(source);
    return index >= 0 && name_is_safe(e->name) &&
           zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_STORE, 0) == 0 &&
           zip_file_set_dostime(zip, (zip_uint64_t)index, 0, 0x21, 0) == 0; /* 1980-01-01 */
}

static bool write_source(const char *path, zip_source_t *source, diagnostics *d) {
    uint8_t block[1 << 14];
    zip_int64_t n = 0;
    if (zip_source_open(source) != 0)
        return diag_fail(d, CN_ERROR_FILE, "\"%s\" cannot be written: %s", path,
                         zip_error_strerror(zip_source_error(source)));
    atomic_file *f = atomic_file_open(path, d);
    while (f != NULL && (n = zip_source_read(source, block, sizeof block)) > 0)
        atomic_file_write(f, block, (size_t)n); /* a failed write is kept until the commit */
    zip_source_close(source);
    if (f != NULL && n < 0) {
        atomic_file_discard(f);
        return diag_fail(d, CN_ERROR_FILE, "\"%s\" cannot be written: %s", path,
                         zip_error_strerror(zip_source_error(source)));
    }
    return f != NULL && atomic_file_commit(f, d);
}

bool archive_write(const char *path, const archive_entry *entries, size_t count, diagnostics *d) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &error);
    if (source != NULL)
        zip_source_keep(source); /* closing the zip lets go of one */
    zip_t *zip = source == NULL ? NULL : zip_open_from_source(source, ZIP_TRUNCATE, &error);
    zip_error_fini(&error);
    bool ok = zip != NULL;
    for (size_t i = 0; ok && i < count; i++)
        ok = add_entry(zip, &entries[i]);
    if (ok && zip_close(zip) != 0)
        ok = false;
    if (!ok && zip != NULL)
        zip_discard(zip);
    if (ok)
        ok = write_source(path, source, d);
    else
        diag_fail(d, CN_ERROR_FILE,
                  "\"%s\" cannot be written: out of memory, or a name twice, too long, or not "
                  "relative",
                  path);
    zip_source_free(source);
    return ok;
}
