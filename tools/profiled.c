/* Profiles of the models of the command line, and their JSON; see the header. */
#include "tools/profiled.h"

#include <math.h>
#include <string.h>

/* ---- making one --------------------------------------------------------------------------- */

static cn_profile *make(const invocation *i, cn_model *model, bool training_step) {
    cn_profile_options o = {.model = model,
                            .training_step = training_step,
                            .batch_size = option_integer(i, "batch", 0),
                            .repeats = (int)option_integer(i, "repeats", 0)};
    return cn_profile_new_at(NO_LINE(o), &o);
}

/* The model's own settings, where it has some and the command line has none. */
static cn_profile *make_training(const invocation *i, open_model *m) {
    if (!training_given(i)) {
        cn_profile *p = make(i, m->model, true);
        if (p != NULL || cn_error_status(m->context) != CN_ERROR_NOT_COMPILED)
            return p;
        cn_error_clear(m->context);
    }
    return training_compile(i, m->model) == CN_OK ? make(i, m->model, true) : NULL;
}

exit_code profiled_open(invocation *i, open_model *m, cn_profile **p) {
    int64_t repeats = option_integer(i, "repeats", 1), batch = option_integer(i, "batch", 1);
    if (repeats < 1 || repeats > 100000 || batch < 1 || batch > INT32_MAX)
        return fail(i, EXIT_USAGE, "--batch wants 1 or more, --repeats 1 to 100000");
    bool training_step = strcmp(option_text(i, "program", "predict"), "train") == 0;
    exit_code code = model_open(i, i->arguments[0], training_use(i, training_step), m);
    if (code != EXIT_OK)
        return code;
    *p = training_step ? make_training(i, m) : make(i, m->model, false);
    if (*p != NULL)
        return EXIT_OK;
    code = fail_context(i, m->context);
    model_close(m);
    return code;
}

void profiled_close(open_model *m, cn_profile *p) {
    cn_profile_free(p);
    model_close(m);
}

/* ---- JSON --------------------------------------------------------------------------------- */

static const char *const place_names[] = {"arena", "state", "input", "output", "constant", "scan"};

static void write_layers(json *j, const cn_profile *p) {
    json_open(j, "layers", '[');
    for (size_t i = 0; i < p->layer_count; i++) {
        const cn_profile_layer *l = &p->layers[i];
        json_open(j, NULL, '{');
        json_text(j, "name", l->name);
        json_text(j, "class", l->class_name);
        json_text(j, "output", l->output);
        json_integer(j, "parameters", (int64_t)l->parameters);
        json_text(j, "file", l->file);
        json_integer(j, "line", l->line);
        json_integer(j, "outer", l->outer);
        json_open(j, "inputs", '[');
        for (size_t k = 0; k < l->input_count; k++)
            json_integer(j, NULL, l->inputs[k]);
        json_close(j, ']');
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void write_buffers(json *j, const cn_profile *p) {
    json_open(j, "buffers", '[');
    for (size_t i = 0; i < p->buffer_count; i++) {
        const cn_profile_buffer *b = &p->buffers[i];
        json_open(j, NULL, '{');
        json_text(j, "name", b->name);
        json_text(j, "type", b->type);
        json_text(j, "place", place_names[b->place]);
        json_integer(j, "offset", (int64_t)b->offset);
        json_integer(j, "bytes", (int64_t)b->bytes);
        json_integer(j, "first", b->first);
        json_integer(j, "last", b->last);
        json_flag(j, "in_place", b->in_place);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void write_origins(json *j, const cn_profile_launch *l) {
    json_open(j, "origins", '[');
    for (size_t i = 0; i < l->origin_count; i++) {
        json_open(j, NULL, '{');
        json_text(j, "layer", l->origins[i].layer);
        json_text(j, "file", l->origins[i].file);
        json_integer(j, "line", l->origins[i].line);
        json_close(j, '}');
    }
    json_close(j, ']');
    json_open(j, "arguments", '[');
    for (size_t i = 0; i < l->argument_count; i++) {
        json_open(j, NULL, '{');
        json_integer(j, "buffer", l->arguments[i].buffer);
        json_flag(j, "written", l->arguments[i].written);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void write_launch(json *j, const cn_profile_launch *l, bool texts) {
    json_open(j, NULL, '{');
    json_text(j, "kernel", l->kernel);
    json_integer(j, "scan", l->scan);
    json_integer(j, "runs", l->runs);
    json_number(j, "seconds", l->seconds);
    json_number(j, "flops", l->flops);
    json_number(j, "bytes_read", l->bytes_read);
    json_number(j, "bytes_written", l->bytes_written);
    json_number(j, "roof_seconds", l->roof_seconds);
    json_number(j, "roofline", l->roofline);
    json_flag(j, "compute_bound", l->compute_bound);
    write_origins(j, l);
    if (texts) {
        json_text(j, "graph", l->graph);
        json_text(j, "loops", l->loops);
        json_text(j, "source", l->source);
    }
    json_close(j, '}');
}

static void write_machine(json *j, const cn_profile *p) {
    json_number(j, "flops_per_second", p->flops_per_second);
    json_open(j, "bandwidths", '[');
    for (size_t i = 0; i < p->bandwidth_count; i++) {
        json_open(j, NULL, '{');
        json_number(j, "working_set", p->bandwidths[i].working_set);
        json_number(j, "bytes_per_second", p->bandwidths[i].bytes_per_second);
        json_close(j, '}');
    }
    json_close(j, ']');
}

void profiled_write(json *j, const cn_profile *p, bool texts) {
    json_text(j, "model", p->model);
    json_text(j, "program", p->program);
    json_text(j, "target", p->target);
    json_text(j, "isa", p->isa);
    json_text(j, "report", p->report);
    json_integer(j, "batch_size", p->batch_size);
    json_integer(j, "threads", p->threads);
    json_integer(j, "repeats", p->repeats);
    json_number(j, "seconds", p->seconds);
    json_number(j, "between_seconds", p->between_seconds);
    json_number(j, "flops", p->flops);
    json_number(j, "bytes", p->bytes);
    json_integer(j, "arena_bytes", (int64_t)p->arena_bytes);
    json_integer(j, "arena_least_bytes", (int64_t)p->arena_least_bytes);
    json_integer(j, "state_bytes", (int64_t)p->state_bytes);
    json_integer(j, "io_bytes", (int64_t)p->io_bytes);
    write_machine(j, p);
    write_layers(j, p);
    write_buffers(j, p);
    json_open(j, "launches", '[');
    for (size_t i = 0; i < p->launch_count; i++)
        write_launch(j, &p->launches[i], texts);
    json_close(j, ']');
    json_open(j, "remarks", '[');
    for (size_t i = 0; i < p->remark_count; i++)
        json_text(j, NULL, p->remarks[i]);
    json_close(j, ']');
}

/* ---- numbers ------------------------------------------------------------------------------ */

short_number shorten(double x) {
    static const char letters[] = " kMGTPE";
    short_number s;
    size_t power = 0;
    while (fabs(x) >= 999.5 && power + 2 < sizeof letters) {
        x /= 1000;
        power++;
    }
    snprintf(s.text, sizeof s.text, "%.*f %c",
             power == 0 || fabs(x) >= 99.95 ? 0
             : fabs(x) >= 9.995             ? 1
                                            : 2,
             x, letters[power]);
    return s;
}
