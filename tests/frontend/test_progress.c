/* The bar on a terminal (a pseudo terminal here) and elsewhere. */
#include "small_model.h"

#include <fcntl.h>
#include <sys/ioctl.h>

#include "frontend/progress.h"

enum { COLUMNS = 50 };
static char screen[1 << 14];
static int master, stderr_before;

static void open_terminal(void) {
    master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    int terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
    assert_int_equal(
        ioctl(terminal, TIOCSWINSZ, &(struct winsize){.ws_row = 24, .ws_col = COLUMNS}), 0);
    stderr_before = dup(STDERR_FILENO);
    dup2(terminal, STDERR_FILENO);
    close(terminal);
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
}

static const char *close_terminal(void) {
    size_t length = 0;
    ssize_t n;
    dup2(stderr_before, STDERR_FILENO); /* closes the other end: reading ends with an error */
    close(stderr_before);
    while ((n = read(master, screen + length, sizeof screen - 1 - length)) > 0)
        length += (size_t)n;
    screen[length] = 0;
    close(master);
    return screen;
}

static void three_logs(cn_logs *logs) {
    static const char *const names[] = {"accuracy", "loss", "val_loss"};
    static const double values[] = {0.75, 0.0005, 12.25};
    *logs = (cn_logs){3, names, values};
}

static cn_context *silent(void) {
    return cn_context_new(&(cn_context_options){.backend = "ref"});
}

static void a_terminal_shows_keras_bar(void **state) {
    (void)state;
    cn_logs logs;
    three_logs(&logs);
    open_terminal();
    cn_context *c = silent();
    progress p = progress_begin(c, 0, 0, 3, 4);
    assert_int_equal(p.columns, COLUMNS);
    progress_draw(&p, 1, &logs);
    progress_end(&p, 4, &logs);
    cn_context_free(c);
    const char *words = close_terminal();
    assert_int_equal(strncmp(words, "Epoch 1/3\r\n\r\x1b[1m1/4\x1b[0m \x1b[32m", 27), 0);
    const char *again = strstr(words, "\x1b[K\r\x1b[1m4/4");
    assert_non_null(again); /* over the same line */
    assert_non_null(
        strstr(again, " - accuracy: 0.7500 - loss: 5.0000e-04 - val_loss: 12.2500\x1b[K"));
    assert_string_equal(words + strlen(words) - 2, "\r\n");
}

/* Until the epoch is over, no line is longer than the screen. */
static void the_line_fits_the_screen(void **state) {
    (void)state;
    cn_logs logs;
    three_logs(&logs);
    open_terminal();
    setenv("NO_COLOR", "1", 1);
    cn_context *c = silent();
    progress p = progress_begin(c, 0, 0, 1, 1000);
    progress_draw(&p, 10, &logs);
    cn_context_free(c);
    const char *words = close_terminal();
    unsetenv("NO_COLOR");
    size_t cells = 0;
    const char *end = strstr(words, "\x1b[K");
    assert_non_null(end);
    for (const char *at = words + 1; at < end; at++)
        cells += ((unsigned char)*at & 0xc0) != 0x80;
    assert_true(cells <= COLUMNS - 1);
    assert_true(cells > COLUMNS - 4); /* and uses it */
    assert_null(strstr(words, "\x1b[1m"));
}

static void redrawing_is_not_often(void **state) {
    (void)state;
    open_terminal();
    cn_context *c = silent();
    progress p = progress_begin(c, 0, 0, 1, 1000000);
    int draws = 0;
    for (int64_t i = 1; i < 1000000 && draws == 0; i++)
        draws += progress_due(&p, i);
    assert_true(p.first == 1);
    cn_context_free(c);
    close_terminal();
    assert_true(draws <= 1);
}

static void a_dumb_terminal_is_none(void **state) {
    (void)state;
    open_terminal();
    setenv("TERM", "dumb", 1);
    cn_context *c = silent();
    progress p = progress_begin(c, 0, 0, 1, 2);
    cn_context_free(c);
    close_terminal();
    assert_int_equal(p.columns, 0);
}

static void numbers_are_written_as_keras_writes_them(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = false});
    static const char *const names[] = {"a", "b", "c", "d", "e", "f"};
    const double values[] = {1, 0.001, -0.5, (double)-NAN, (double)INFINITY, 123456.789};
    progress p = progress_begin(s.c, 1, 0, 1, 100);
    progress_end(&p, 100, &(cn_logs){6, names, values});
    assert_int_equal(strncmp(s.written, "100/100 - 0s - ", 15), 0);
    assert_non_null(strstr(s.written, "s/step - a: 1.0000 - b: 1.0000e-03 - c: -0.5000 - d: nan - "
                                      "e: inf - f: 123456.7890\n"));
    close_small(&s);
}

static void callbacks_speak_in_lines(void **state) {
    (void)state;
    small s;
    open_small(&s, (cn_context_options){.quiet = false});
    progress_say(s.c, "Epoch %d: early stopping", 3);
    assert_string_equal(s.written, "Epoch 3: early stopping\n");
    char many[5000];
    memset(many, 'x', sizeof many);
    many[sizeof many - 1] = 0;
    s.length = 0;
    progress_say(s.c, "%s", many); /* cut, and still a line */
    assert_true(s.length < 2100 && s.written[s.length - 1] == '\n');
    close_small(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_terminal_shows_keras_bar),
                                       cmocka_unit_test(the_line_fits_the_screen),
                                       cmocka_unit_test(redrawing_is_not_often),
                                       cmocka_unit_test(a_dumb_terminal_is_none),
                                       cmocka_unit_test(numbers_are_written_as_keras_writes_them),
                                       cmocka_unit_test(callbacks_speak_in_lines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
