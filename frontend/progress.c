/* The progress bar.
 *
 * On a terminal one line is drawn over and over, at most ten times a second and never wider than
 * the screen. Anywhere else (a file, a pipe, the program's own writer) an epoch is one line when
 * it ends, with a sign of life each minute: no backspaces in logs. The line is Keras':
 *
 *     5/5 ━━━━━ 0s 2ms/step - accuracy: 0.9000 - loss: 0.1000 - val_loss: 0.2000
 *
 * before the end with the time that is left in place of the time it took. The time of a step
 * leaves out the first, which may compile.
 *
 * Nothing here allocates: progress must not be what a training run fails of.
 */
#include "frontend/progress.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/platform.h"

enum { BAR_WIDTH = 20, LINE_BYTES = 2048 };
static const double redraw_seconds = 0.1, heartbeat_seconds = 60;

typedef struct line {
    char bytes[LINE_BYTES];
    size_t length;
} line;

static void add(line *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(line *l, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t room = sizeof l->bytes - l->length;
    int n = vsnprintf(l->bytes + l->length, room, format, arguments);
    va_end(arguments);
    l->length += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}

static void write_out(const cn_context *c, const line *l) {
    if (c->diag.writer != NULL)
        c->diag.writer(c->diag.writer_user, l->bytes, l->length);
}

/* ---- the parts of a line ---------------------------------------------------------------- */

static int digits_of(int64_t n) {
    int digits = 1;
    for (; n >= 10; n /= 10)
        digits++;
    return digits;
}

/* `3/5 ━━━━`; returns its width on screen. */
static int add_bar(const progress *p, int64_t done, line *l) {
    int digits = digits_of(p->target);
    int filled = (int)((double)BAR_WIDTH * ((double)done / (double)p->target));
    const char *bold = p->colours ? "\x1b[1m" : "", *green = p->colours ? "\x1b[32m" : "";
    const char *white = p->colours ? "\x1b[37m" : "", *plain = p->colours ? "\x1b[0m" : "";
    add(l, "%s%*lld/%lld%s ", bold, digits, (long long)done, (long long)p->target, plain);
    add(l, "%s", green);
    for (int i = 0; i < BAR_WIDTH; i++) {
        if (i == filled)
            add(l, "%s%s", plain, white);
        add(l, "━");
    }
    add(l, "%s", plain);
    return 2 * digits + 2 + BAR_WIDTH;
}

static void add_time_left(double seconds, line *l) {
    long long s = (long long)seconds;
    if (seconds > 3600)
        add(l, " %lld:%02lld:%02lld", s / 3600, s % 3600 / 60, s % 60);
    else if (seconds > 60)
        add(l, " %lld:%02lld", s / 60, s % 60);
    else
        add(l, " %llds", s);
}

static void add_step_time(double seconds, line *l) {
    if (seconds >= 1 || seconds == 0)
        add(l, " %.0fs/step", seconds);
    else if (seconds >= 1e-3)
        add(l, " %.0fms/step", seconds * 1e3);
    else
        add(l, " %.0fus/step", seconds * 1e6);
}

static void add_logs(const cn_logs *logs, line *l) {
    for (size_t i = 0; i < logs->count; i++) {
        double x = logs->values[i];
        if (isnan(x)) /* of either sign */
            add(l, " - %s: nan", logs->names[i]);
        else
            add(l, fabs(x) > 1e-3 ? " - %s: %.4f" : " - %s: %.4e", logs->names[i], x);
    }
}

static double step_seconds(const progress *p, int64_t done, double now) {
    if (done > p->first && p->first > 0)
        return (now - p->after_first) / (double)(done - p->first);
    return done > 0 ? (now - p->started) / (double)done : 0;
}

/* What follows the bar is cut where the screen ends. */
static void cut(line *l, size_t from, int width) {
    if (width < 0)
        width = 0;
    if (l->length > from + (size_t)width)
        l->length = from + (size_t)width;
    l->bytes[l->length] = 0;
}

static void draw(const progress *p, int64_t done, const cn_logs *logs, bool last, double now) {
    line l = {.length = 0};
    if (p->columns > 0)
        add(&l, "\r");
    int bar = add_bar(p, done, &l);
    size_t info = l.length;
    double step = step_seconds(p, done, now);
    if (last)
        add(&l, " %.0fs", now - p->started);
    else
        add_time_left(step * (double)(p->target - done), &l);
    add_step_time(step, &l);
    add_logs(logs, &l);
    if (p->columns > 0) {
        if (!last)
            cut(&l, info, p->columns - 1 - bar);
        add(&l, "\x1b[K");
    }
    if (last || p->columns == 0)
        add(&l, "\n");
    write_out(p->context, &l);
}

/* One line per epoch: .verbose = 1. */
static void write_summary(const progress *p, int64_t done, const cn_logs *logs, double now) {
    line l = {.length = 0};
    add(&l, "%*lld/%lld", digits_of(p->target), (long long)done, (long long)p->target);
    add(&l, " - %.0fs -", now - p->started);
    add_step_time(step_seconds(p, done, now), &l);
    add_logs(logs, &l);
    add(&l, "\n");
    write_out(p->context, &l);
}

/* ---- the epoch -------------------------------------------------------------------------- */

progress progress_begin(cn_context *c, int verbose, int64_t epoch, int64_t epochs,
                        int64_t batches) {
    progress p = {.context = c, .verbose = verbose, .target = batches < 1 ? 1 : batches};
    if (c->options.writer == NULL)
        p.columns = terminal_columns();
    p.colours = p.columns > 0 && environment_text("NO_COLOR") == NULL;
    p.started = p.last_drawn = clock_seconds();
    if (verbose >= 0 && epochs > 1) {
        line l = {.length = 0};
        add(&l, "Epoch %lld/%lld\n", (long long)epoch + 1, (long long)epochs);
        write_out(c, &l);
    }
    return p;
}

bool progress_due(progress *p, int64_t done) {
    double now = clock_seconds();
    if (p->first == 0) {
        p->first = done;
        p->after_first = now;
    }
    if (p->verbose != 0 || p->context->diag.writer == NULL || done >= p->target)
        return false;
    return now - p->last_drawn >= (p->columns > 0 ? redraw_seconds : heartbeat_seconds);
}

void progress_draw(progress *p, int64_t done, const cn_logs *logs) {
    p->last_drawn = clock_seconds();
    draw(p, done, logs, false, p->last_drawn);
}

void progress_end(progress *p, int64_t done, const cn_logs *logs) {
    if (p->verbose < 0)
        return;
    if (p->verbose > 0)
        write_summary(p, done, logs, clock_seconds());
    else
        draw(p, done, logs, true, clock_seconds());
}

void progress_say(cn_context *c, const char *format, ...) {
    line l = {.length = 0};
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(l.bytes, sizeof l.bytes - 1, format, arguments);
    va_end(arguments);
    l.length = n < 0 ? 0 : (size_t)n < sizeof l.bytes - 1 ? (size_t)n : sizeof l.bytes - 2;
    add(&l, "\n");
    write_out(c, &l);
}
