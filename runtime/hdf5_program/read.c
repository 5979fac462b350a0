/* Walking an HDF5 file: what is in it, and where.
 *
 * Everything that could lead out of the file, or make more of it than it holds, is refused before
 * it is followed: links other than hard ones, data in other files, virtual datasets, filters,
 * chunks. Every object is entered once: its address is remembered, so a second way to it (and a
 * loop is one) is refused too, and there are no more objects than the file has room for. Data are
 * not read, only their place is told; texts of attributes are, as many bytes as 4 times the file.
 *
 * Children come in the order of their creation where the file keeps it, else by name.
 */
#include "runtime/hdf5_program/program.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_LEVELS = 64, MOST_PATH = 4096, MOST_RANK = 32 };

typedef struct walk {
    failure *failure;
    uint64_t file_bytes, text_bytes;
    json_t *datasets, *attributes;
    haddr_t *seen; /* a hash set; HADDR_UNDEF: free */
    size_t seen_count, seen_room;
    char path[MOST_PATH];
    size_t path_length, levels;
} walk;

/* ---- addresses -------------------------------------------------------------------------- */

static haddr_t *seen_slot(haddr_t *seen, size_t room, haddr_t address) {
    size_t i = (size_t)(address * 0x9E3779B97F4A7C15u) & (room - 1);
    while (seen[i] != HADDR_UNDEF && seen[i] != address)
        i = (i + 1) & (room - 1);
    return &seen[i];
}

static bool grow_seen(walk *w) {
    size_t room = w->seen_room == 0 ? 256 : w->seen_room * 2;
    haddr_t *seen = malloc(room * sizeof *seen);
    if (seen == NULL)
        return fail(w->failure, "no memory for so many objects");
    for (size_t i = 0; i < room; i++)
        seen[i] = HADDR_UNDEF;
    for (size_t i = 0; i < w->seen_room; i++)
        if (w->seen[i] != HADDR_UNDEF)
            *seen_slot(seen, room, w->seen[i]) = w->seen[i];
    free(w->seen);
    w->seen = seen;
    w->seen_room = room;
    return true;
}

static bool enter(walk *w, haddr_t address) {
    if (w->seen_count * 2 >= w->seen_room && !grow_seen(w))
        return false;
    haddr_t *slot = seen_slot(w->seen, w->seen_room, address);
    if (*slot == address)
        return fail(w->failure, "\"%s\" is another name of an object, or a loop", w->path);
    *slot = address;
    w->seen_count++;
    return true;
}

/* ---- attributes ------------------------------------------------------------------------- */

static bool add_text(walk *w, json_t *texts, const char *bytes, size_t length) {
    w->text_bytes += length + 1;
    if (w->text_bytes / 4 > w->file_bytes)
        return fail(w->failure, "its attributes have more text than the file");
    if (json_array_append_new(texts, json_stringn(bytes, length)) == 0)
        return true;
    return fail(w->failure, "an attribute of \"%s\" is no UTF-8", w->path);
}

static bool read_variable_texts(walk *w, hid_t attribute, hid_t type, hid_t space, size_t count,
                                json_t *texts) {
    char **strings = calloc(count + 1, sizeof *strings);
    if (strings == NULL)
        return fail(w->failure, "no memory for %zu texts", count);
    bool ok = H5Aread(attribute, type, strings) >= 0 ||
              fail_by_library(w->failure, "an attribute of \"%s\" cannot be read", w->path);
    for (size_t i = 0; ok && i < count; i++)
        ok = add_text(w, texts, strings[i] != NULL ? strings[i] : "",
                      strings[i] != NULL ? strlen(strings[i]) : 0);
    H5Dvlen_reclaim(type, space, H5P_DEFAULT, strings);
    free(strings);
    return ok;
}

static size_t fixed_length(const char *bytes, size_t size, H5T_str_t padding) {
    const char *end = memchr(bytes, 0, size);
    size_t length = end == NULL ? size : (size_t)(end - bytes);
    while (padding == H5T_STR_SPACEPAD && length > 0 && bytes[length - 1] == ' ')
        length--;
    return length;
}

static bool read_fixed_texts(walk *w, hid_t attribute, hid_t type, size_t count, json_t *texts) {
    size_t size = H5Tget_size(type);
    char *bytes = size == 0 || count > w->file_bytes / size ? NULL : calloc(count + 1, size);
    if (bytes == NULL)
        return fail(w->failure, "an attribute of \"%s\" has %zu texts of %zu bytes", w->path, count,
                    size);
    bool ok = H5Aread(attribute, type, bytes) >= 0 ||
              fail_by_library(w->failure, "an attribute of \"%s\" cannot be read", w->path);
    for (size_t i = 0; ok && i < count; i++)
        ok = add_text(w, texts, bytes + i * size,
                      fixed_length(bytes + i * size, size, H5Tget_strpad(type)));
    free(bytes);
    return ok;
}

/* Numbers are left out; an empty list of texts is a list of none. */
static bool read_texts(walk *w, hid_t attribute, hid_t type, hid_t space, const char *name) {
    hssize_t count = H5Sget_simple_extent_npoints(space);
    if (count < 0 || (uint64_t)count > w->file_bytes)
        return fail(w->failure, "the attribute \"%s\" of \"%s\" is larger than the file", name,
                    w->path);
    json_t *texts = json_array(),
           *row = json_pack("{s:s, s:s, s:o}", "owner", w->path, "name", name, "texts", texts);
    if (row == NULL || json_array_append_new(w->attributes, row) != 0)
        return fail(w->failure, "the name of an attribute of \"%s\" is no UTF-8", w->path);
    return H5Tis_variable_str(type) > 0
               ? read_variable_texts(w, attribute, type, space, (size_t)count, texts)
               : read_fixed_texts(w, attribute, type, (size_t)count, texts);
}

static herr_t visit_attribute(hid_t object, const char *name, const H5A_info_t *info, void *user) {
    walk *w = user;
    (void)info;
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    hid_t type = attribute < 0 ? -1 : H5Aget_type(attribute);
    hid_t space = type < 0 ? -1 : H5Aget_space(attribute);
    bool ok = space >= 0 ||
              fail_by_library(w->failure, "an attribute of \"%s\" cannot be opened", w->path);
    if (ok && H5Tget_class(type) == H5T_STRING && H5Sget_simple_extent_type(space) != H5S_NULL)
        ok = read_texts(w, attribute, type, space, name);
    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    if (attribute >= 0)
        H5Aclose(attribute);
    return ok ? 0 : -1;
}

static bool read_attributes(walk *w, hid_t object, hid_t creation) {
    unsigned order = 0;
    H5Pget_attr_creation_order(creation, &order);
    H5_index_t by = (order & H5P_CRT_ORDER_TRACKED) != 0 ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
    return H5Aiterate2(object, by, H5_ITER_INC, NULL, visit_attribute, w) >= 0 ||
           fail_by_library(w->failure, "the attributes of \"%s\" cannot be read", w->path);
}

/* ---- datasets --------------------------------------------------------------------------- */

static bool check_storage(walk *w, hid_t creation) {
    if (H5Pget_external_count(creation) != 0)
        return fail(w->failure, "the data of \"%s\" lie in other files", w->path);
    if (H5Pget_nfilters(creation) != 0)
        return fail(w->failure, "\"%s\" is compressed or filtered", w->path);
    switch (H5Pget_layout(creation)) {
    case H5D_CONTIGUOUS:
        return true;
    case H5D_VIRTUAL:
        return fail(w->failure, "\"%s\" is a virtual dataset", w->path);
    case H5D_CHUNKED:
        return fail(w->failure, "\"%s\" is chunked", w->path);
    case H5D_COMPACT:
        return fail(w->failure, "\"%s\" is stored in its header", w->path);
    default:
        return fail_by_library(w->failure, "\"%s\" is stored in an unknown way", w->path);
    }
}

static json_t *read_shape(walk *w, hid_t space) {
    hsize_t extents[MOST_RANK];
    int rank = H5Sget_simple_extent_ndims(space);
    if (rank < 0 || rank > MOST_RANK || H5Sget_simple_extent_type(space) == H5S_NULL ||
        H5Sget_simple_extent_dims(space, extents, NULL) < 0) {
        fail_by_library(w->failure, "\"%s\" has no shape", w->path);
        return NULL;
    }
    json_t *shape = json_array();
    for (int i = 0; i < rank; i++) {
        if (extents[i] > INT64_MAX) {
            fail(w->failure, "axis %d of \"%s\" is larger than any file", i, w->path);
            json_decref(shape);
            return NULL;
        }
        json_array_append_new(shape, json_integer((json_int_t)extents[i]));
    }
    return shape;
}

/* Zero bytes have no place. */
static bool add_dataset(walk *w, hid_t dataset, hid_t type, hid_t space) {
    const char *name = dtype_name(type);
    haddr_t place = H5Dget_offset(dataset);
    hsize_t bytes = H5Dget_storage_size(dataset);
    if (name == NULL)
        return fail(w->failure, "\"%s\" has elements of an unknown type", w->path);
    if (place == HADDR_UNDEF && (bytes != 0 || H5Sget_simple_extent_npoints(space) != 0))
        return fail(w->failure, "\"%s\" has no data", w->path);
    if (place == HADDR_UNDEF)
        place = 0;
    if (place > w->file_bytes || bytes > w->file_bytes - place)
        return fail(w->failure, "the data of \"%s\" lie behind the end of the file", w->path);
    json_t *shape = read_shape(w, space);
    if (shape == NULL)
        return false;
    json_t *row = json_pack("{s:s, s:s, s:o, s:I, s:I}", "path", w->path, "dtype", name, "shape",
                            shape, "offset", (json_int_t)place, "bytes", (json_int_t)bytes);
    return json_array_append_new(w->datasets, row) == 0 ||
           fail(w->failure, "\"%s\" is no UTF-8", w->path);
}

static bool read_dataset(walk *w, hid_t dataset) {
    hid_t creation = H5Dget_create_plist(dataset), type = H5Dget_type(dataset),
          space = H5Dget_space(dataset);
    bool ok = (creation >= 0 && type >= 0 && space >= 0) ||
              fail_by_library(w->failure, "\"%s\" cannot be opened", w->path);
    ok = ok && check_storage(w, creation) && add_dataset(w, dataset, type, space) &&
         read_attributes(w, dataset, creation);
    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    if (creation >= 0)
        H5Pclose(creation);
    return ok;
}

/* ---- groups ----------------------------------------------------------------------------- */

static herr_t visit_link(hid_t group, const char *name, const H5L_info_t *link, void *user);

static bool read_group(walk *w, hid_t group) {
    hid_t creation = H5Gget_create_plist(group);
    unsigned order = 0;
    if (creation < 0)
        return fail_by_library(w->failure, "\"%s\" cannot be opened", w->path);
    H5Pget_link_creation_order(creation, &order);
    H5_index_t by = (order & H5P_CRT_ORDER_TRACKED) != 0 ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
    bool ok = read_attributes(w, group, creation);
    H5Pclose(creation);
    return ok && (H5Literate(group, by, H5_ITER_INC, NULL, visit_link, w) >= 0 ||
                  fail_by_library(w->failure, "the group \"%s\" cannot be read", w->path));
}

static bool read_object(walk *w, hid_t object) {
    H5O_info_t info;
    if (H5Oget_info(object, &info) < 0)
        return fail_by_library(w->failure, "\"%s\" cannot be opened", w->path);
    if (!enter(w, info.addr))
        return false;
    switch (info.type) {
    case H5O_TYPE_GROUP:
        return read_group(w, object);
    case H5O_TYPE_DATASET:
        return read_dataset(w, object);
    default:
        return fail(w->failure, "\"%s\" is neither a group nor a dataset", w->path);
    }
}

static bool check_link(walk *w, const char *name, const H5L_info_t *link) {
    if (link->type == H5L_TYPE_EXTERNAL)
        return fail(w->failure, "\"%s/%s\" is a link into another file", w->path, name);
    if (link->type != H5L_TYPE_HARD)
        return fail(w->failure, "\"%s/%s\" is a link by name", w->path, name);
    if (name[0] == 0 || strchr(name, '/') != NULL || strcmp(name, ".") == 0)
        return fail(w->failure, "\"%s\" is no name", name);
    return (w->path_length + strlen(name) + 2 <= MOST_PATH && w->levels < MOST_LEVELS) ||
           fail(w->failure, "\"%s\" is nested too deep", w->path);
}

static bool follow(walk *w, hid_t group, const char *name) {
    hid_t object = H5Oopen(group, name, H5P_DEFAULT);
    if (object < 0)
        return fail_by_library(w->failure, "\"%s\" cannot be opened", w->path);
    bool ok = read_object(w, object);
    H5Oclose(object);
    return ok;
}

static herr_t visit_link(hid_t group, const char *name, const H5L_info_t *link, void *user) {
    walk *w = user;
    if (!check_link(w, name, link))
        return -1;
    size_t before = w->path_length;
    w->path_length +=
        (size_t)snprintf(w->path + before, MOST_PATH - before, "%s%s", before > 0 ? "/" : "", name);
    w->levels++;
    bool ok = follow(w, group, name);
    w->levels--;
    w->path_length = before;
    w->path[before] = 0;
    return ok ? 0 : -1;
}

json_t *read_file(hid_t file, uint64_t file_bytes, failure *f) {
    walk w = {.failure = f, .file_bytes = file_bytes};
    json_t *root = json_object();
    w.datasets = json_array();
    w.attributes = json_array();
    bool ok = json_object_set_new(root, "datasets", w.datasets) == 0 &&
              json_object_set_new(root, "attributes", w.attributes) == 0;
    ok = ok ? follow(&w, file, "/") : fail(f, "out of memory");
    free(w.seen);
    if (ok)
        return root;
    json_decref(root);
    return NULL;
}
