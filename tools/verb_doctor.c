/* cornu doctor: what is found on this machine, what is not, and the line that mends it.
 *
 * The library knows all but one thing: the C compiler that turns a MODEL into something to load.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/json.h"
#include "tools/source.h"

static cn_finding model_compiler(char *text, size_t size) {
    const char *cc = getenv("CC");
    cn_finding row = {.subject = "compiler of models",
                      .value = text,
                      .origin = cc != NULL && *cc != 0 ? "CC" : "default"};
    row.found = source_compiler_describe(text, size);
    if (!row.found)
        row.cure = cc != NULL && *cc != 0 ? "unset CC" : "apt-get install gcc";
    return row;
}

static void write_text(FILE *out, const cn_finding *f) {
    fprintf(out, "%-8s %-18s  %s", f->found ? "ok" : "missing", f->subject, f->value);
    if (strcmp(f->origin, "default") != 0)
        fprintf(out, "  (%s)", f->origin);
    fputc('\n', out);
    if (f->cure != NULL)
        fprintf(out, "%-8s %-18s  cure: %s\n", "", "", f->cure);
}

static void write_json(json *j, const cn_finding *f) {
    json_open(j, NULL, '{');
    json_text(j, "subject", f->subject);
    json_flag(j, "found", f->found);
    json_text(j, "value", f->value);
    json_text(j, "origin", f->origin);
    json_text(j, "cure", f->cure);
    json_close(j, '}');
}

static void write_findings(const invocation *i, const cn_findings *found) {
    char text[256];
    cn_finding compiler = model_compiler(text, sizeof text);
    json j = {0};
    if (i->json) {
        j = json_begin(i->out, SCHEMA_doctor);
        json_open(&j, "findings", '[');
    }
    for (size_t k = 0; k <= found->count; k++) {
        const cn_finding *f = k < found->count ? &found->rows[k] : &compiler;
        if (i->json)
            write_json(&j, f);
        else
            write_text(i->out, f);
    }
    if (i->json) {
        json_close(&j, ']');
        json_end(&j);
    }
}

static exit_code run(invocation *i) {
    cn_findings found;
    cn_context *c = cn_context_new(&(cn_context_options){.quiet = true});
    if (c == NULL || cn_doctor(c, &found) != CN_OK) {
        exit_code code = fail_context(i, c);
        cn_context_free(c);
        return code;
    }
    write_findings(i, &found);
    cn_context_free(c);
    return EXIT_OK;
}

static const option_row options[] = {JSON_OPTION(), {0}};

const verb verb_doctor = {
    .name = "doctor",
    .summary = "tell what is found on this machine, and how to mend what is not",
    .arguments = "",
    .description = "Looks for everything that Cornu can use: the compiler module, an external "
                   "compiler, the processor's instruction set, backends, the cache of compiled "
                   "programs, variables of the environment. Each row says what is found and, in "
                   "brackets, what decided it; below what is missing stands the line that mends "
                   "it. Missing things are no failure: the exit code is 0.",
    .options = options,
    .examples = (const verb_example[]){{"cornu doctor", "look at this machine"}, {0}},
    .run = run,
};
