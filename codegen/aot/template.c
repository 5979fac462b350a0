/* Templates of C text.
 *
 * A template is C itself, so that it can be read: `model_` and `MODEL_` at the beginning of an
 * identifier stand for the prefix, and a comment with @ inside its stars is a slot. What fills a
 * slot is never looked at again, so a user's name cannot be taken for either.
 */
#include <ctype.h>
#include <string.h>

#include "codegen/aot/artifact.h"

typedef struct expansion {
    const char *prefix;
    const template_slot *slots;
    text *out;
} expansion;

static const char *slot_text(const expansion *x, const char *name, size_t length) {
    for (const template_slot *s = x->slots; s->name != NULL; s++)
        if (strlen(s->name) == length && memcmp(s->name, name, length) == 0)
            return s->text == NULL ? "" : s->text;
    return NULL;
}

/* A slot that begins here: its end, after its text was written; else NULL. */
static const char *expand_slot(expansion *x, const char *at) {
    const char *end = strncmp(at, "/*@", 3) == 0 ? strstr(at, "@*/") : NULL;
    const char *words = end == NULL ? NULL : slot_text(x, at + 3, (size_t)(end - at - 3));
    if (words == NULL)
        return NULL;
    text_append(x->out, words);
    return end + 3;
}

static const char *expand_prefix(expansion *x, const char *at) {
    static const char small[] = "model_", capital[] = "MODEL_", file[] = "model.h";
    if (strncmp(at, file, strlen(file)) == 0) {
        text_printf(x->out, "%s.h", x->prefix);
        return at + strlen(file);
    }
    bool is_small = strncmp(at, small, strlen(small)) == 0;
    if (!is_small && strncmp(at, capital, strlen(capital)) != 0)
        return NULL;
    for (const char *c = x->prefix; *c; c++)
        text_printf(x->out, "%c", is_small ? *c : toupper((unsigned char)*c));
    text_append(x->out, "_");
    return at + strlen(small);
}

static bool is_word(char c) {
    return isalnum((unsigned char)c) || c == '_';
}

static void expand_line(expansion *x, const char *line) {
    for (const char *at = line, *after; *at; at = after) {
        bool begins = at == line || !is_word(at[-1]);
        after = expand_slot(x, at);
        if (after == NULL && begins)
            after = expand_prefix(x, at);
        if (after == NULL) {
            text_append_n(x->out, at, 1);
            after = at + 1;
        }
    }
}

/* A line that is one slot without text vanishes, its end of line too. */
static bool is_empty_slot(const expansion *x, const char *line) {
    const char *end = strncmp(line, "/*@", 3) == 0 ? strstr(line, "@*/") : NULL;
    if (end == NULL || strcmp(end + 3, "\n") != 0)
        return false;
    const char *words = slot_text(x, line + 3, (size_t)(end - line - 3));
    return words != NULL && *words == '\0';
}

void template_expand(const char *const *lines, const char *prefix, const template_slot *slots,
                     bool freestanding, text *out) {
    expansion x = {prefix, slots, out};
    bool wanted = !freestanding;
    for (; *lines != NULL; lines++) {
        bool is_cut = strcmp(*lines, "/*@cut@*/\n") == 0;
        bool is_end = strcmp(*lines, "/*@end@*/\n") == 0;
        if (is_cut)
            wanted = true;
        else if (is_end && freestanding)
            return;
        else if (wanted && !is_end && !is_empty_slot(&x, *lines))
            expand_line(&x, *lines);
    }
}
