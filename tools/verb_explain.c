/* cornu explain MODEL: one HTML page that shows what became of a model.
 *
 * The page is tools/explain.html with a profile as JSON in the place of @DATA@. Inside of a script
 * element only "<" could end it or begin a comment, and JSON has it in strings alone: it is written
 * as an escape there, like everything that HTML knows.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/profiled.h"

extern const char *const explain_page[]; /* the lines of explain.html */

static void write_escaped(FILE *out, const char *text, size_t length) {
    for (size_t k = 0; k < length; k++) {
        if (strchr("<>&", text[k]) != NULL && text[k] != 0)
            fprintf(out, "\\u%04x", (unsigned)text[k]);
        else
            fputc(text[k], out);
    }
}

static void write_json(FILE *out, const cn_profile *p) {
    json j = json_begin(out, SCHEMA_explain);
    profiled_write(&j, p, true);
    json_end(&j);
}

static bool write_data(FILE *out, const cn_profile *p) {
    char *text = NULL;
    size_t length = 0;
    FILE *memory = open_memstream(&text, &length);
    if (memory == NULL)
        return false;
    write_json(memory, p);
    bool written = fclose(memory) == 0;
    if (written)
        write_escaped(out, text, length);
    free(text);
    return written;
}

static bool write_page(FILE *out, const cn_profile *p) {
    static const char mark[] = "@DATA@";
    bool written = true;
    for (const char *const *line = explain_page; *line != NULL; line++) {
        const char *hole = strstr(*line, mark);
        if (hole == NULL) {
            fputs(*line, out);
            continue;
        }
        fwrite(*line, 1, (size_t)(hole - *line), out);
        written = write_data(out, p) && written;
        fputs(hole + sizeof mark - 1, out);
    }
    return written;
}

static bool write_result(const invocation *i, const cn_profile *p, FILE *out) {
    if (!i->json)
        return write_page(out, p) && !ferror(out);
    write_json(out, p);
    return !ferror(out);
}

static exit_code write_to(const invocation *i, const cn_profile *p, const char *path) {
    FILE *out = path == NULL ? i->out : fopen(path, "w");
    bool written = out != NULL && write_result(i, p, out);
    if (path != NULL && out != NULL)
        written = fclose(out) == 0 && written;
    return written ? EXIT_OK
                   : fail(i, EXIT_RUN, "cannot write %s: %s", path == NULL ? "the page" : path,
                          strerror(errno));
}

static exit_code run(invocation *i) {
    open_model m;
    cn_profile *p = NULL;
    exit_code code = profiled_open(i, &m, &p);
    if (code != EXIT_OK)
        return code;
    code = write_to(i, p, option_text(i, "output", NULL));
    profiled_close(&m, p);
    return code;
}

static const option_row options[] = {
    MODEL_OPTIONS,
    PROFILE_OPTIONS,
    {"output", 'o', OPTION_FILE, "FILE", NULL, "write the page there; default: standard output",
     {0}},
    JSON_OPTION(),
    QUIET_OPTION(),
    {0},
};

const verb verb_explain = {
    .name = "explain",
    .summary = "show what became of a model, as a page for the browser",
    .arguments = "MODEL",
    .least = 1,
    .most = 1,
    .description =
        "Compiles and measures a program of the model and writes one HTML file that needs nothing "
        "else: the network as a picture; for each layer its ops before fusion, the loops and the C "
        "they became, time, arithmetic, memory traffic and how near that is to what the machine "
        "can do; the memory plan over time; and why kernels stay apart.\n\n"
        "An address that ends in #layer=NAME opens with that layer. With --json the data of the "
        "page is written instead.",
    .options = options,
    .examples =
        (const verb_example[]){
            {"cornu explain examples/convnet_model.c -o convnet.html", "explain a prediction"},
            {"cornu explain examples/convnet_model.c --program train -o step.html",
             "explain a training step"},
            {0}},
    .run = run,
};
