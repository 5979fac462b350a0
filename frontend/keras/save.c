/* cn_save: a model into a .keras archive, and weights into .weights.h5.
 *
 * Nothing is written before all of it is known to have words in Keras; the file appears whole or
 * not at all. Equal models give equal files: the archive has no date of today.
 */
#include <stdlib.h>
#include <string.h>

#include "base/platform.h"
#include "cornu/saving.h"
#include "frontend/keras/values.h"
#include "frontend/weights.h"
#include "runtime/io/archive.h"

/* The version whose layout this is. Keras reads no more of it than a person does. */
static const char metadata[] =
    "{\"keras_version\": \"3.15.1\", \"saved_by\": \"Cornu " CORNU_VERSION "\"}";

/* ---- weights ---------------------------------------------------------------------------- */

static bool initialize_all(cn_context *c, const keras_tree *tree) {
    for (uint32_t i = 0; i < tree->variables.count; i++)
        if (!variable_initialize(c, tree->variables.items[i].variable))
            return false;
    return true;
}

static bool write_tree(const cn_model *m, bool with_optimizer, const char *title, arena *a,
                       file_view *out) {
    cn_context *c = m->context;
    keras_tree weights, optimizer = {0};
    const keras_tree *trees[] = {&weights, &optimizer};
    hdf5_file file;
    keras_list_weights(m, true, a, &weights);
    if (weights.shared != NULL)
        return diag_fail(&c->diag, CN_ERROR_UNSUPPORTED,
                         "\"%s\" was not written: %s stands in two models that are nested in each "
                         "other, and Keras opens no such file; let one of them take it from the "
                         "other's outputs",
                         title, layer_title(weights.shared));
    if (with_optimizer && m->training != NULL)
        keras_list_optimizer(m->training->optimizer, a, &optimizer);
    if (!initialize_all(c, &weights) || !initialize_all(c, &optimizer))
        return false;
    keras_tree_file(trees, 2, a, &file);
    return hdf5_write(&file, title, &c->diag, out);
}

static bool write_bytes(const char *path, const file_view *bytes, diagnostics *d) {
    atomic_file *f = atomic_file_open(path, d);
    if (f == NULL)
        return false;
    atomic_file_write(f, bytes->bytes, bytes->length); /* a failed write is kept until the commit */
    return atomic_file_commit(f, d);
}

bool keras_save_weights(cn_model *m, const char *path, arena *scratch) {
    file_view bytes;
    if (!write_tree(m, false, path, scratch, &bytes))
        return false;
    bool ok = write_bytes(path, &bytes, &m->context->diag);
    hdf5_release(&bytes);
    return ok;
}

/* ---- models ----------------------------------------------------------------------------- */

static bool write_config(cn_model *m, const char *path, bool compiled, arena *a, text *out) {
    keras_writer w = {.context = m->context, .scratch = a, .json.out = out};
    text_init(out, a);
    text_init(&w.problems, a);
    keras_write_model(&w, m, compiled);
    if (w.problem_count == 0)
        return true;
    return diag_fail(&m->context->diag, CN_ERROR_UNSUPPORTED,
                     "\"%s\" was not written%s; Keras has no words for:%s", path,
                     compiled && m->training != NULL
                         ? " (.no_compile leaves out losses, metrics and optimizer)"
                         : "",
                     w.problems.data);
}

static bool save(cn_model *m, const char *path, bool compiled, arena *a) {
    text config;
    file_view weights;
    if (!text_has_suffix(path, ".keras"))
        return diag_fail(
            &m->context->diag, CN_ERROR_INVALID_ARGUMENT, "save: \"%s\" does not end in .keras%s",
            path, text_has_suffix(path, ".h5") ? "; cn_save_weights writes .weights.h5" : "");
    if (!write_config(m, path, compiled, a, &config) || !write_tree(m, compiled, path, a, &weights))
        return false;
    const archive_entry entries[] = {{"metadata.json", metadata, strlen(metadata)},
                                     {"config.json", config.data, config.length},
                                     {"model.weights.h5", weights.bytes, weights.length}};
    bool ok = archive_write(path, entries, 3, &m->context->diag);
    hdf5_release(&weights);
    return ok;
}

static bool save_compiled(cn_model *m, const char *path, arena *a) {
    return save(m, path, true, a);
}
static bool save_bare(cn_model *m, const char *path, arena *a) {
    return save(m, path, false, a);
}

cn_status cn_save_at(cn_source where, const cn_save_options *options) {
    cn_save_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    return weights_with_file(o.model, o.path, "save", o.no_compile ? save_bare : save_compiled);
}
