/* Opening what Keras wrote: .keras archives, .weights.h5, and old .h5 files.
 *
 *     .keras        metadata.json, config.json, model.weights.h5, and folders of assets
 *     .weights.h5   the tree of paths.c
 *     .h5           attributes model_config, training_config; group model_weights (legacy.c)
 *
 * Members are asked for by name; nothing else of an archive is unpacked.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/platform.h"
#include "frontend/keras/source.h"
#include "runtime/io/json_read.h"

static bool has_member(const archive *z, const char *name) {
    for (size_t i = 0; i < archive_count(z); i++)
        if (strcmp(archive_name(z, i), name) == 0)
            return true;
    return false;
}

static bool read_member_json(keras_reader *r, keras_source *s, const char *name, json_t **out) {
    file_view view;
    if (!archive_read(s->zip, name, &view))
        return false;
    *out = json_read(view.title, view.bytes, view.length, &r->context->diag);
    return *out != NULL;
}

static bool open_archive(keras_reader *r, keras_source *s) {
    diagnostics *d = &r->context->diag;
    s->zip = archive_open(s->path, r->scratch, d);
    if (s->zip == NULL)
        return false;
    if (!has_member(s->zip, "config.json"))
        return diag_fail(d, CN_ERROR_FORMAT,
                         "\"%s\" is a zip archive without config.json: no .keras file", s->path);
    if (!has_member(s->zip, "model.weights.h5"))
        return diag_fail(d, CN_ERROR_FORMAT, "\"%s\" has no model.weights.h5%s", s->path,
                         has_member(s->zip, "model.weights.json")
                             ? ", but weights in parts (shards); save it without max_shard_size"
                             : "");
    if (!read_member_json(r, s, "config.json", &s->model))
        return false;
    s->compile = json_incref(json_object_get(s->model, "compile_config"));
    file_view view;
    return archive_read(s->zip, "model.weights.h5", &view) &&
           hdf5_read(&view, r->scratch, d, &s->weights);
}

static bool open_hdf5(keras_reader *r, keras_source *s) {
    diagnostics *d = &r->context->diag;
    file_view view = {.title = s->path};
    if (!file_read_keep(s->path, d, &s->bytes, &view.length, &s->descriptor))
        return false;
    view.bytes = s->bytes;
    view.descriptor = s->descriptor;
    if (!hdf5_read(&view, r->scratch, d, &s->weights))
        return false;
    if (hdf5_find_attribute(&s->weights, "", "model_config") != NULL)
        return legacy_read(r, s);
    if (hdf5_find_attribute(&s->weights, "", "layer_names") != NULL ||
        hdf5_find_attribute(&s->weights, "", "layer_names0") != NULL)
        s->legacy = "";
    return true;
}

typedef enum file_kind { FILE_UNREADABLE, FILE_ZIP, FILE_HDF5, FILE_OTHER } file_kind;

static file_kind kind_of(const char *path, diagnostics *d) {
    static const char hdf5[] = "\x89HDF\r\n\x1a\n";
    uint8_t bytes[8] = {0};
    size_t count;
    if (!file_read_head(path, d, bytes, sizeof bytes, &count))
        return FILE_UNREADABLE;
    bool zip = count >= 4 && memcmp(bytes, "PK", 2) == 0;
    return zip ? FILE_ZIP : count == 8 && memcmp(bytes, hdf5, count) == 0 ? FILE_HDF5 : FILE_OTHER;
}

bool keras_is_file(const char *path) {
    diagnostics ignored;
    diag_init(&ignored);
    file_kind kind = kind_of(path, &ignored);
    return kind == FILE_ZIP || kind == FILE_HDF5;
}

bool keras_source_open(keras_reader *r, const char *path, keras_source *s) {
    diagnostics *d = &r->context->diag;
    *s = (keras_source){.path = path, .descriptor = -1};
    switch (kind_of(path, d)) {
    case FILE_ZIP:
        return open_archive(r, s);
    case FILE_HDF5:
        return open_hdf5(r, s);
    case FILE_UNREADABLE:
        return false;
    case FILE_OTHER:
        break;
    }
    return diag_fail(d, CN_ERROR_FORMAT, "\"%s\" is neither a .keras archive nor an HDF5 file",
                     path);
}

void keras_source_close(keras_source *s) {
    json_decref(s->model);
    json_decref(s->compile);
    if (s->zip != NULL)
        archive_close(s->zip);
    free(s->bytes);
    if (s->descriptor >= 0)
        close(s->descriptor);
}
