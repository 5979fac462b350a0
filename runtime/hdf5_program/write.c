/* Creating an HDF5 file as h5py writes it for Keras: the oldest format, groups made as needed,
 * contiguous datasets, texts of variable length in UTF-8.
 *
 * Data are not here: their room is allocated at once and never filled, so that it is a hole in the
 * file until the parent writes them where this file says. No times are kept: equal models are
 * equal files.
 */
#include "runtime/hdf5_program/program.h"

#include <string.h>

enum { MOST_RANK = 32 };

typedef struct maker {
    failure *failure;
    hid_t file, links, data; /* property lists: groups made as needed; datasets */
} maker;

static hid_t open_space(const json_t *shape) {
    hsize_t extents[MOST_RANK] = {0};
    size_t rank = json_array_size(shape);
    if (rank > MOST_RANK)
        return -1;
    for (size_t i = 0; i < rank; i++)
        extents[i] = (hsize_t)json_integer_value(json_array_get(shape, i));
    return rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple((int)rank, extents, NULL);
}

static bool make_dataset(const maker *m, const char *path, const char *dtype, const json_t *shape) {
    hid_t type = dtype_open(dtype), space = open_space(shape), dataset = -1;
    if (type >= 0 && space >= 0)
        dataset = H5Dcreate2(m->file, path, type, space, m->links, m->data, H5P_DEFAULT);
    bool ok =
        dataset >= 0 || fail_by_library(m->failure, "\"%s\" of %s cannot be made", path, dtype);
    if (dataset >= 0)
        H5Dclose(dataset);
    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    return ok;
}

/* A group that no dataset has needed. */
static bool ensure_owner(const maker *m, const char *path) {
    char part[4096];
    for (const char *end = path; *end != 0;) {
        end += 1 + strcspn(end + 1, "/");
        int n = snprintf(part, sizeof part, "%.*s", (int)(end - path), path);
        if (n < 0 || (size_t)n >= sizeof part)
            return fail(m->failure, "a path of %zu bytes", strlen(path));
        if (H5Lexists(m->file, part, H5P_DEFAULT) > 0)
            continue;
        hid_t group = H5Gcreate2(m->file, part, m->links, H5P_DEFAULT, H5P_DEFAULT);
        if (group < 0)
            return fail_by_library(m->failure, "\"%s\" cannot be made", part);
        H5Gclose(group);
    }
    return true;
}

/* One text is a scalar, several are a list. */
static bool make_attribute(const maker *m, const char *owner, const char *name,
                           const json_t *texts) {
    const char *strings[256];
    hsize_t count = json_array_size(texts);
    if (count > sizeof strings / sizeof *strings)
        return fail(m->failure, "\"%s\" has more than 256 texts", name);
    for (size_t i = 0; i < count; i++)
        strings[i] = json_string_value(json_array_get(texts, i));
    if (!ensure_owner(m, owner))
        return false;
    hid_t object = H5Oopen(m->file, owner[0] != 0 ? owner : "/", H5P_DEFAULT);
    hid_t type = H5Tcopy(H5T_C_S1),
          space = count == 1 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &count, NULL);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    hid_t attribute =
        object < 0 ? -1 : H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    bool ok =
        (attribute >= 0 && H5Awrite(attribute, type, strings) >= 0) ||
        fail_by_library(m->failure, "the attribute \"%s\" of \"%s\" cannot be made", name, owner);
    if (attribute >= 0)
        H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
    if (object >= 0)
        H5Oclose(object);
    return ok;
}

static bool make_all(const maker *m, const json_t *wanted) {
    size_t i;
    const json_t *row;
    json_array_foreach(json_object_get(wanted, "datasets"), i, row) {
        const char *path = json_string_value(json_object_get(row, "path"));
        const char *dtype = json_string_value(json_object_get(row, "dtype"));
        if (path == NULL || dtype == NULL)
            return fail(m->failure, "dataset %zu has no path or type", i);
        if (!make_dataset(m, path, dtype, json_object_get(row, "shape")))
            return false;
    }
    json_array_foreach(json_object_get(wanted, "attributes"), i, row) {
        const char *owner = json_string_value(json_object_get(row, "owner"));
        const char *name = json_string_value(json_object_get(row, "name"));
        if (owner == NULL || name == NULL)
            return fail(m->failure, "attribute %zu has no owner or name", i);
        if (!make_attribute(m, owner, name, json_object_get(row, "texts")))
            return false;
    }
    return true;
}

bool write_file(hid_t file, const json_t *wanted, failure *f) {
    maker m = {f, file, H5Pcreate(H5P_LINK_CREATE), H5Pcreate(H5P_DATASET_CREATE)};
    bool ok = (H5Pset_create_intermediate_group(m.links, 1) >= 0 &&
               H5Pset_layout(m.data, H5D_CONTIGUOUS) >= 0 &&
               H5Pset_alloc_time(m.data, H5D_ALLOC_TIME_EARLY) >= 0 &&
               H5Pset_fill_time(m.data, H5D_FILL_TIME_NEVER) >= 0 &&
               H5Pset_obj_track_times(m.data, false) >= 0) ||
              fail_by_library(f, "properties cannot be set");
    ok = ok && make_all(&m, wanted);
    H5Pclose(m.data);
    H5Pclose(m.links);
    return ok;
}
