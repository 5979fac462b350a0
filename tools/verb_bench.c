/* cornu bench MODEL: what each kernel of a program costs, against what the machine can do. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/profiled.h"

/* ---- the table ---------------------------------------------------------------------------- */

static int by_time(const void *a, const void *b) {
    const cn_profile_launch *x = *(const cn_profile_launch *const *)a;
    const cn_profile_launch *y = *(const cn_profile_launch *const *)b;
    if (x->seconds != y->seconds)
        return x->seconds > y->seconds ? -1 : 1;
    return x < y ? -1 : x > y;
}

/* "conv2d, dense_1"; where there is no layer, the line of the program. */
static void write_origins(FILE *out, const cn_profile_launch *l) {
    const char *last = NULL;
    int count = 0;
    for (size_t i = 0; i < l->origin_count; i++) {
        const cn_profile_origin *o = &l->origins[i];
        if (o->layer == NULL || (last != NULL && strcmp(last, o->layer) == 0))
            continue;
        fprintf(out, "%s%s", count++ > 0 ? ", " : "", o->layer);
        last = o->layer;
    }
    if (count == 0 && l->origin_count > 0 && l->origins[0].file != NULL)
        fprintf(out, "%s:%d", l->origins[0].file, l->origins[0].line);
}

/* What shares are of: medians of parts do not add up to the median of the whole. */
static double sum_of_parts(const cn_profile *p) {
    double sum = p->between_seconds;
    for (size_t i = 0; i < p->launch_count; i++)
        sum += p->launches[i].scan < 0 ? p->launches[i].seconds : 0;
    return sum;
}

static void write_row(FILE *out, const cn_profile *p, const cn_profile_launch *l) {
    double bytes = l->bytes_read + l->bytes_written;
    fprintf(out, "%10.1f %5.1f%% %8s %8s %6.0f%% %-7s %s%s", l->seconds * 1e6,
            100 * l->seconds / sum_of_parts(p), shorten(l->flops).text, shorten(bytes).text,
            100 * l->roofline, l->compute_bound ? "compute" : "memory", l->scan >= 0 ? "  " : "",
            l->kernel);
    if (l->runs > 1)
        fprintf(out, " (%lld runs)", (long long)l->runs);
    fputs("  ", out);
    write_origins(out, l);
    fputc('\n', out);
}

static void write_total(FILE *out, const cn_profile *p) {
    double roof = 0;
    for (size_t i = 0; i < p->launch_count; i++)
        roof += p->launches[i].scan < 0 ? p->launches[i].roof_seconds : 0;
    fprintf(out, "%10.1f %5.1f%% %8s %8s %6.0f%%         a run; %.1f us of it between kernels\n",
            p->seconds * 1e6, 100.0, shorten(p->flops).text, shorten(p->bytes).text,
            100 * roof / p->seconds, p->between_seconds * 1e6);
}

static void write_machine(FILE *out, const cn_profile *p) {
    fprintf(out, "%s, %s, batch %lld, %d thread%s, %s; medians of %d runs\n", p->model, p->program,
            (long long)p->batch_size, p->threads, p->threads == 1 ? "" : "s", p->isa, p->repeats);
    fprintf(out, "roof: %sFLOP/s;", shorten(p->flops_per_second).text);
    for (size_t i = 0; i < p->bandwidth_count; i++)
        fprintf(out, "%s %sB/s over %sB", i > 0 ? "," : "",
                shorten(p->bandwidths[i].bytes_per_second).text,
                shorten(p->bandwidths[i].working_set).text);
    fprintf(out, "\nmemory: arena %sB, state %sB, inputs and outputs %sB\n\n",
            shorten((double)p->arena_bytes).text, shorten((double)p->state_bytes).text,
            shorten((double)p->io_bytes).text);
}

static exit_code write_table(const invocation *i, const cn_profile *p) {
    const cn_profile_launch **rows = calloc(p->launch_count + 1, sizeof(const cn_profile_launch *));
    if (rows == NULL)
        return fail(i, EXIT_RUN, "out of memory");
    for (size_t k = 0; k < p->launch_count; k++)
        rows[k] = &p->launches[k];
    if (strcmp(option_text(i, "sort", "time"), "time") == 0)
        qsort(rows, p->launch_count, sizeof *rows, by_time);
    write_machine(i->out, p);
    fprintf(i->out, "%10s %6s %8s %8s %7s %-7s %s\n", "time/us", "share", "flops", "bytes", "roof",
            "bound", "kernel, layers");
    for (size_t k = 0; k < p->launch_count; k++)
        write_row(i->out, p, rows[k]);
    write_total(i->out, p);
    free(rows);
    return EXIT_OK;
}

static void write_json(const invocation *i, const cn_profile *p) {
    json j = json_begin(i->out, SCHEMA_bench);
    profiled_write(&j, p, false);
    json_end(&j);
}

/* ---- the trace ---------------------------------------------------------------------------- */

/* A "complete event" of the Trace Event Format; times in microseconds. */
static void write_event(json *j, const cn_profile_launch *l, int run) {
    json_open(j, NULL, '{');
    json_text(j, "name", l->kernel);
    json_text(j, "cat", l->source == NULL ? "scan" : "kernel");
    json_text(j, "ph", "X");
    json_number(j, "ts", l->samples[run].begin * 1e6);
    json_number(j, "dur", l->samples[run].seconds * 1e6);
    json_integer(j, "pid", 1);
    json_integer(j, "tid", run + 1);
    json_open(j, "args", '{');
    json_text(j, "layer", l->origin_count > 0 ? l->origins[0].layer : NULL);
    json_number(j, "flops", l->flops);
    json_number(j, "bytes", l->bytes_read + l->bytes_written);
    json_number(j, "roofline", l->roofline);
    json_close(j, '}');
    json_close(j, '}');
}

/* Names the process (the program) or a thread (a run). */
static void write_name(json *j, const char *what, int thread, const char *name) {
    json_open(j, NULL, '{');
    json_text(j, "name", what);
    json_text(j, "ph", "M");
    json_integer(j, "pid", 1);
    json_integer(j, "tid", thread);
    json_open(j, "args", '{');
    json_text(j, "name", name);
    json_close(j, '}');
    json_close(j, '}');
}

/* The steps of a scan are timed together: they are drawn where its first one began. */
static void write_events(json *j, const cn_profile *p) {
    write_name(j, "process_name", 0, p->program);
    for (int run = 0; run < p->repeats; run++) {
        char name[32];
        snprintf(name, sizeof name, "run %d", run + 1);
        write_name(j, "thread_name", run + 1, name);
        for (size_t i = 0; i < p->launch_count; i++)
            write_event(j, &p->launches[i], run);
    }
}

static exit_code write_trace(const invocation *i, const cn_profile *p, const char *path) {
    FILE *out = fopen(path, "w");
    if (out == NULL)
        return fail(i, EXIT_RUN, "cannot write %s: %s", path, strerror(errno));
    json j = json_begin(out, SCHEMA_trace);
    json_open(&j, "traceEvents", '[');
    write_events(&j, p);
    json_close(&j, ']');
    json_end(&j);
    bool written = !ferror(out);
    if (fclose(out) != 0 || !written)
        return fail(i, EXIT_RUN, "cannot write %s: %s", path, strerror(errno));
    return EXIT_OK;
}

/* ---- the verb ----------------------------------------------------------------------------- */

static exit_code run(invocation *i) {
    open_model m;
    cn_profile *p = NULL;
    exit_code code = profiled_open(i, &m, &p);
    if (code != EXIT_OK)
        return code;
    const char *trace = option_text(i, "trace", NULL);
    if (trace != NULL)
        code = write_trace(i, p, trace);
    if (code == EXIT_OK && i->json)
        write_json(i, p);
    else if (code == EXIT_OK)
        code = write_table(i, p);
    profiled_close(&m, p);
    return code;
}

static const option_row options[] = {
    MODEL_OPTIONS,
    PROFILE_OPTIONS,
    {"sort", 0, OPTION_CHOICE, "ORDER", "time|order", "longest first, or as they run",
     {.not_with = "json"}},
    {"trace", 0, OPTION_FILE, "FILE", NULL, "write a trace for about:tracing or Perfetto", {0}},
    JSON_OPTION(),
    QUIET_OPTION(),
    {0}};

const verb verb_bench = {
    .name = "bench",
    .summary = "measure each kernel of a model",
    .arguments = "MODEL",
    .least = 1,
    .most = 1,
    .description =
        "Runs a program of the model on made-up data and writes a table of its kernels: time, "
        "share "
        "of the run, floating-point operations, bytes read and written, and how near that is to "
        "what this machine can do, which is measured in the same run. 100% of the roof is the "
        "machine's rate of multiply-adds, or of memory for a working set of that size; less can be "
        "won back, more means that a faster cache held the data.\n\n"
        "Predict is the model's answer to a batch; train is a whole step with gradients and "
        "optimizer. The model itself is left as it is.",
    .options = options,
    .examples =
        (const verb_example[]){
            {"cornu bench examples/convnet_model.c", "list the kernels of a prediction"},
            {"cornu bench examples/convnet_model.c --program train --batch 128 --sort order",
             "list those of a training step as they run"},
            {"cornu bench examples/convnet_model.c --trace trace.json --repeats 5",
             "write five runs as a trace"},
            {0}},
    .run = run,
};
