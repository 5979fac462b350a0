/* cn_register_layer: the classes that a program adds to those that files may name. */
#include <string.h>

#include "frontend/keras/keras.h"

static size_t field_bytes(cn_field_type kind) {
    switch (kind) {
    case CN_FIELD_INTEGER:
        return sizeof(int64_t);
    case CN_FIELD_NUMBER:
        return sizeof(double);
    case CN_FIELD_FLAG:
        return sizeof(bool);
    case CN_FIELD_TEXT:
    case CN_FIELD_ACTIVATION:
    case CN_FIELD_INITIALIZER:
    case CN_FIELD_REGULARIZER:
        return sizeof(void *);
    }
    return 0;
}

bool custom_fields_fit(cn_context *c, cn_source where, const char *call,
                       const cn_custom_layer_options *o) {
    const char *class_name = o->class_name != NULL ? o->class_name : "CustomLayer";
    for (size_t i = 0; i < o->field_count; i++) {
        const cn_field *f = &o->fields[i];
        size_t bytes = field_bytes(f->type);
        if (f->name == NULL || bytes == 0)
            return context_fail(c, where, CN_ERROR_INVALID_ARGUMENT,
                                "%s: field %zu of \"%s\" has no %s", call, i, class_name,
                                f->name == NULL ? "name" : "type");
        if (o->user == NULL || o->user_size < bytes || f->offset > o->user_size - bytes)
            return context_fail(c, where, CN_ERROR_INVALID_ARGUMENT,
                                "%s: field \"%s\" of \"%s\" lies outside of .user, "
                                "which has %zu bytes",
                                call, f->name, class_name, o->user == NULL ? 0 : o->user_size);
    }
    return true;
}

static bool is_complete(cn_context *c, cn_source where, const cn_custom_layer_options *o) {
    if (o->class_name == NULL || o->class_name[0] == 0)
        return context_fail(c, where, CN_ERROR_INVALID_ARGUMENT,
                            "register_layer: .class_name is missing");
    if (o->call == NULL)
        return context_fail(c, where, CN_ERROR_INVALID_ARGUMENT,
                            "register_layer: \"%s\" has no function .call", o->class_name);
    return custom_fields_fit(c, where, "register_layer", o);
}

void custom_options_keep(arena *a, cn_custom_layer_options *o) {
    cn_field *fields = ARENA_ARRAY(a, cn_field, o->field_count + 1);
    char *user = o->user == NULL ? NULL : arena_copy(a, o->user, o->user_size);
    for (size_t i = 0; i < o->field_count; i++) {
        const char *words;
        fields[i] = o->fields[i];
        fields[i].name = arena_string(a, fields[i].name);
        if (fields[i].type != CN_FIELD_TEXT)
            continue;
        memcpy(&words, user + fields[i].offset, sizeof words);
        words = words == NULL ? NULL : arena_string(a, words);
        memcpy(user + fields[i].offset, &words, sizeof words);
    }
    o->fields = fields;
    o->user = user;
}

cn_status cn_register_layer_at(cn_source where, const cn_custom_layer_options *options) {
    cn_custom_layer_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    cn_context *c = o.context;
    if (c == NULL)
        return CN_ERROR_INVALID_ARGUMENT;
    if (!diag_ok(&c->diag) || !is_complete(c, where, &o))
        return c->diag.status;
    CONTEXT_ENTER(c, c->diag.status);
    o.class_name = arena_string(c->arena, o.class_name);
    custom_options_keep(c->arena, &o);
    vec_push(c->arena, &c->custom_classes, arena_copy(c->arena, &o, sizeof o));
    CONTEXT_LEAVE(c);
    return CN_OK;
}
