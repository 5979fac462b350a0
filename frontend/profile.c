/* cn_profile_new: a program of a model compiled to be read, run on a copy of its state, measured.
 *
 * The target says what the program consists of and notes when each launch ran; here times become
 * medians and are held against what the machine can do. The roof of a launch is the longer of its
 * flops at the machine's rate and its bytes at the rate of memory for as large a working set.
 *
 * Ownership: the profile lies in its own arena and is what cn_profile_free frees; everything that
 * only measuring needs is freed here, also when memory runs out on the way.
 */
#include "frontend/profile.h"

#include <stdlib.h>
#include <string.h>

#include "base/philox.h"
#include "base/platform.h"
#include "base/size.h"
#include "frontend/training.h"

enum { WARM_UPS = 2, USUAL_BATCH = 32, USUAL_REPEATS = 20, MOST_REPEATS = 100000 };

/* What cn_profile_new returns the first field of. */
typedef struct profile_owner {
    cn_profile profile;
    arena *arena; /* holds this struct too */
} profile_owner;

typedef struct profiling {
    cn_model *m;
    cn_source where;
    const cn_profile_options *o;
    arena *arena; /* of the profile */
    cn_profile *out;
    training_program program;
    execution *execution;
    uint8_t *block; /* inputs, state, outputs of the runs */
    size_t block_bytes;
    void **inputs, **outputs;
    cn_profile_sample *samples; /* by repeat, then launch */
} profiling;

static const executable *executable_of(const profiling *p) {
    return p->program.function->executable;
}

/* ---- data of the runs ------------------------------------------------------------------- */

static size_t padded_bytes(const type *t, int64_t batch) {
    return size_align((size_t)type_bytes(t, batch), 64);
}

/* Uniform in [0, 1), or 0 to 9 in the lowest byte of an integer. */
static void make_up(uint8_t *to, const type *t, int64_t batch, uint32_t stream) {
    size_t width = (size_t)dtype_bytes(t->dtype), count = (size_t)type_bytes(t, batch) / width;
    for (size_t i = 0; i < count; i++, to += width) {
        uint32_t counter[4] = {(uint32_t)i, (uint32_t)(i >> 32), stream, 0}, bits[4];
        philox4x32(counter, (uint32_t[2]){0, 0}, bits);
        float uniform = philox_unit_f32(bits[0]);
        if (t->dtype == CN_F32)
            memcpy(to, &uniform, sizeof uniform);
        else if (t->dtype == CN_F64)
            memcpy(to, &(double){uniform}, sizeof(double));
        else if (!dtype_is_float(t->dtype))
            *to = (uint8_t)(bits[0] % (t->dtype == CN_BOOL ? 2 : 10));
    }
}

static bool take_block(profiling *p) {
    const executable *x = executable_of(p);
    int64_t batch = p->out->batch_size;
    p->block_bytes = 64;
    for (int i = 0; i < x->input_count; i++)
        p->block_bytes += padded_bytes(&x->inputs[i].type, batch);
    for (int i = 0; i < x->output_count; i++)
        p->block_bytes += x->outputs[i].into < 0 ? padded_bytes(&x->outputs[i].type, batch) : 0;
    p->block = memory_take(p->m->context->memory, p->block_bytes, 64);
    return p->block != NULL ||
           diag_fail(&p->m->context->diag, CN_ERROR_OUT_OF_MEMORY,
                     "profile: no memory for %zu bytes of state and data", p->block_bytes);
}

/* State begins as the model's is now; a donated output lies where its input does. */
static bool fill_block(profiling *p) {
    const executable *x = executable_of(p);
    const cn_function *f = p->program.function;
    p->inputs = ARENA_ARRAY(p->arena, void *, x->input_count + 1);
    p->outputs = ARENA_ARRAY(p->arena, void *, x->output_count + 1);
    if (!take_block(p))
        return false;
    uint8_t *at = p->block;
    for (int i = 0; i < x->input_count; i++) {
        const type *t = &x->inputs[i].type;
        p->inputs[i] = at;
        if ((uint32_t)i < f->input_count)
            make_up(at, t, p->out->batch_size, (uint32_t)i);
        else
            memcpy(at, f->variables[(uint32_t)i - f->input_count]->data,
                   (size_t)type_bytes(t, p->out->batch_size));
        at += padded_bytes(t, p->out->batch_size);
    }
    for (int i = 0; i < x->output_count; i++) {
        const executable_argument *y = &x->outputs[i];
        p->outputs[i] = y->into >= 0 ? p->inputs[y->into] : at;
        at += y->into >= 0 ? 0 : padded_bytes(&y->type, p->out->batch_size);
    }
    return true;
}

/* ---- runs ------------------------------------------------------------------------------- */

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int count) {
    qsort(values, (size_t)count, sizeof *values, compare_doubles);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

static bool run_once(profiling *p, double since, cn_profile_sample *samples) {
    cn_context *c = p->m->context;
    return executable_of(p)->operations->run_timed(p->execution, c->workers, p->inputs, p->outputs,
                                                   p->out->batch_size, since, samples, &c->diag);
}

static bool run_all(profiling *p) {
    size_t launches = p->out->launch_count;
    int repeats = p->out->repeats;
    p->samples = ARENA_ARRAY(p->arena, cn_profile_sample, (size_t)repeats * launches + 1);
    double *seconds = ARENA_ARRAY(p->arena, double, repeats), since = 0;
    double *between = ARENA_ARRAY(p->arena, double, repeats);
    for (int i = -WARM_UPS; i < repeats; i++) {
        double start = clock_seconds();
        since = i == 0 ? start : since;
        if (!run_once(p, since, i < 0 ? NULL : p->samples + (size_t)i * launches))
            return false;
        if (i < 0)
            continue;
        seconds[i] = between[i] = clock_seconds() - start;
        for (size_t k = 0; k < launches; k++)
            if (p->out->launches[k].scan < 0)
                between[i] -= p->samples[(size_t)i * launches + k].seconds;
    }
    p->out->seconds = median(seconds, repeats);
    p->out->between_seconds = median(between, repeats);
    return true;
}

/* ---- what times mean -------------------------------------------------------------------- */

static double bandwidth_at(const cn_profile *out, double working_set) {
    size_t i = 0;
    while (i + 1 < out->bandwidth_count && out->bandwidths[i].working_set < working_set)
        i++;
    return out->bandwidths[i].bytes_per_second;
}

static void find_roof(const cn_profile *out, cn_profile_launch *l) {
    double bytes = l->bytes_read + l->bytes_written;
    double computing = l->flops / out->flops_per_second;
    double moving = bytes / bandwidth_at(out, bytes / (double)l->runs);
    l->compute_bound = computing > moving;
    l->roof_seconds = l->compute_bound ? computing : moving;
}

static void find_time(profiling *p, cn_profile_launch *l, size_t row) {
    int repeats = p->out->repeats;
    cn_profile_sample *samples = ARENA_ARRAY(p->arena, cn_profile_sample, repeats);
    double *seconds = ARENA_ARRAY(p->arena, double, repeats);
    for (int i = 0; i < repeats; i++) {
        samples[i] = p->samples[(size_t)i * p->out->launch_count + row];
        seconds[i] = samples[i].seconds;
    }
    l->samples = samples;
    l->seconds = median(seconds, repeats);
}

/* The roof of a scan is that of its launches together; they follow it. */
static void finish_launches(profiling *p) {
    cn_profile *out = p->out;
    cn_profile_launch *launches =
        arena_copy(p->arena, out->launches, out->launch_count * sizeof *launches);
    out->launches = launches;
    for (size_t i = out->launch_count; i-- > 0;) {
        cn_profile_launch *l = &launches[i];
        find_time(p, l, i);
        if (l->source != NULL)
            find_roof(out, l);
        if (l->scan >= 0)
            launches[l->scan].roof_seconds += l->roof_seconds;
        l->roofline = l->seconds > 0 ? l->roof_seconds / l->seconds : 0;
        if (l->scan < 0) {
            out->flops += l->flops;
            out->bytes += l->bytes_read + l->bytes_written;
        }
    }
}

/* ---- the whole -------------------------------------------------------------------------- */

static bool compile(profiling *p) {
    cn_context *c = p->m->context;
    program_kind kind = p->o->training_step ? PROGRAM_TRAIN : PROGRAM_PREDICT;
    if (kind == PROGRAM_TRAIN && p->m->training == NULL)
        return context_fail(c, p->where, CN_ERROR_NOT_COMPILED,
                            "profile: model \"%s\" is not compiled; call cn_compile first",
                            p->m->name);
    p->program = (training_program){.kind = kind, .explain = true};
    model_usual_dtypes(p->m, kind, p->program.dtypes);
    if (!model_compile_program(p->m, &p->program))
        return false;
    if (executable_of(p)->operations->describe == NULL || c->target->measure == NULL)
        return context_fail(c, p->where, CN_ERROR_UNSUPPORTED,
                            "profile: the target \"%s\" has no kernels to measure; \"cpu\" has",
                            c->target->name);
    p->execution = executable_of(p)->operations->execution_new(p->program.function->executable,
                                                               p->out->batch_size, &c->diag);
    return p->execution != NULL;
}

static bool begin(profiling *p) {
    cn_context *c = p->m->context;
    profile_owner *owner = ARENA_NEW(p->arena, profile_owner);
    owner->arena = p->arena;
    p->out = &owner->profile;
    p->out->model = arena_string(p->arena, p->m->name);
    p->out->program = p->o->training_step ? "train" : "predict";
    p->out->batch_size = p->o->batch_size == 0 ? USUAL_BATCH : p->o->batch_size;
    p->out->repeats = p->o->repeats == 0 ? USUAL_REPEATS : p->o->repeats;
    p->out->threads = pool_threads(c->workers);
    if (p->out->batch_size > 0 && p->out->repeats > 0 && p->out->repeats <= MOST_REPEATS)
        return true;
    return context_fail(c, p->where, CN_ERROR_INVALID_ARGUMENT,
                        "profile: .batch_size and .repeats are 0, for the usual, or more; repeats "
                        "at most %d",
                        MOST_REPEATS);
}

static bool profile_model(profiling *p) {
    cn_context *c = p->m->context;
    if (!diag_ok(&c->diag) || !begin(p) || !compile(p))
        return false;
    executable_of(p)->operations->describe(executable_of(p), p->out->batch_size, p->arena, p->out);
    if (!diag_ok(&c->diag) || !fill_block(p))
        return false;
    compile_options options = context_compile_options(c, p->out->program);
    if (!run_all(p) || !c->target->measure(&options, c->workers, p->arena, p->out))
        return false;
    finish_launches(p);
    profile_layers(p->m, p->arena, p->out);
    return true;
}

static bool profile_guarded(profiling *p) {
    cn_context *c = p->m->context;
    CONTEXT_ENTER(c, false);
    bool ok = profile_model(p);
    CONTEXT_LEAVE(c);
    return ok;
}

static void end(profiling *p) {
    if (p->execution != NULL)
        executable_of(p)->operations->execution_free(p->execution);
    cn_function_free(p->program.function);
    if (p->block != NULL)
        memory_give(p->m->context->memory, p->block, p->block_bytes);
}

cn_profile *cn_profile_new_at(cn_source where, const cn_profile_options *options) {
    cn_profile_options o = {0};
    memcpy(&o, options, where.options_size < sizeof o ? where.options_size : sizeof o);
    cn_model *m = o.model;
    if (m == NULL || m->context == NULL || !model_acquire(m, where, "profile"))
        return NULL;
    cn_context *c = m->context;
    profiling p = {.m = m, .where = where, .o = &o, .arena = arena_new(c->memory, &c->diag)};
    bool made = p.arena != NULL ? profile_guarded(&p)
                                : diag_fail(&c->diag, CN_ERROR_OUT_OF_MEMORY,
                                            "profile: no memory to begin with");
    end(&p);
    model_release(m);
    if (made)
        return p.out;
    if (p.arena != NULL)
        arena_free(p.arena);
    return NULL;
}

void cn_profile_free(cn_profile *p) {
    if (p != NULL)
        arena_free(((profile_owner *)p)->arena);
}
