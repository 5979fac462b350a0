/* The `cornu` command: one row per verb, from which everything about it comes.
 *
 * A verb is a file tools/verb_NAME.c with one `const verb verb_NAME`: its options as a table, its
 * examples, and `run`. Parsing, --help, the man page and the bash completion are made of the same
 * rows (tools/command.c, tools/pages.c), so they cannot differ. Verbs use the public headers only.
 *
 * Results go to `out` (stdout), progress and messages to `err` (stderr). With --json a verb writes
 * one document whose "schema" is "cornu.NAME/1".
 */
#ifndef CORNU_TOOLS_VERB_H
#define CORNU_TOOLS_VERB_H

#include <cornu.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* What the process ends with; stated in cornu(1). */
typedef enum exit_code {
    EXIT_OK = 0,
    EXIT_RUN = 1,      /* the work failed: out of memory, an unwritable file, a failed step */
    EXIT_USAGE = 2,    /* unknown verb or option, a missing or malformed value */
    EXIT_INPUT = 3,    /* a model, graph or data file that is missing, damaged or does not fit */
    EXIT_BACKEND = 4,  /* no compiler or target for what is asked */
    EXIT_DIFFERS = 5,  /* verify: results depart from the reference */
    EXIT_DIVERGED = 6, /* train: a loss that is not finite */
    EXIT_INTERRUPTED = 130,
} exit_code;

typedef enum option_kind {
    OPTION_FLAG,
    OPTION_TEXT,
    OPTION_FILE, /* completed as a file name */
    OPTION_FOLDER,
    OPTION_INTEGER, /* checked while parsing; so is a number */
    OPTION_NUMBER,
    OPTION_CHOICE, /* one of `choices` */
} option_kind;

typedef enum option_need {
    NEED_NONE,
    NEED_ALWAYS,
    NEED_ONE_OF, /* exactly one of the verb's rows of this kind */
} option_need;

/* An option that would change nothing is refused, by conditions of terms between blanks.
 * "train-step": this option is given; "program=train|evaluate": with one of these values;
 * "argument=*.cnir|-": the first argument matches one of these patterns. */
typedef struct option_rules {
    bool repeats; /* may be given several times */
    option_need need;
    const char *only_for; /* one of these must hold */
    const char *not_with; /* none of these may */
} option_rules;

typedef struct option_row {
    const char *name; /* "output", given as --output or --output=VALUE */
    char letter;      /* 'o', or 0 */
    option_kind kind;
    const char *value_name; /* "FILE"; NULL for flags */
    const char *choices;    /* "cnir|dot|svg" */
    const char *help;       /* one line, no full stop */
    option_rules rules;     /* {0}: may be given once, with anything */
} option_row;

/* Rows of nearly every verb; a verb may add a condition. */
#define JSON_OPTION(...) \
    {"json", 0, OPTION_FLAG, NULL, NULL, "write JSON in place of text", {0, __VA_ARGS__}}
#define QUIET_OPTION(...) \
    {"quiet", 'q', OPTION_FLAG, NULL, NULL, "no progress and no warnings", {0, __VA_ARGS__}}

typedef struct invocation invocation;

typedef struct verb_example {
    const char *command; /* a whole line: "cornu dump digits.c --after fuse" */
    const char *meaning; /* what it does, no full stop */
} verb_example;

typedef struct verb {
    const char *name;
    const char *summary;          /* one line, imperative, no full stop */
    const char *arguments;        /* "MODEL", "MODEL [FILE...]", "ls|clear" */
    int least, most;              /* how many of them; most -1 = any number */
    const char *description;      /* paragraphs for --help and the man page, "\n\n" between */
    const option_row *options;    /* end at a row without a name */
    const verb_example *examples; /* end at a row without a command */
    exit_code (*run)(invocation *i);
} verb;

struct invocation {
    const verb *verb;
    char **arguments; /* without options */
    int argument_count;
    FILE *out, *err;
    FILE *log; /* where what the model's context writes goes: err, until a verb says otherwise */
    bool json, quiet;
    struct parsed_option *options;
    int option_count;
};

extern const verb *const verbs[]; /* tools/verbs.c; ends at NULL */

/* Where a call of the library stands, left out of its messages: users know no lines of ours. */
#define NO_LINE(options) ((cn_source){NULL, 0, sizeof(options)})

/* Given options, by name; each asserts that the verb has such an option. */
bool option_given(const invocation *i, const char *name);
/* Whether the verb has such an option: asked by what serves verbs with and without. */
bool option_known(const invocation *i, const char *name);
const char *option_text(const invocation *i, const char *name, const char *otherwise);
int64_t option_integer(const invocation *i, const char *name, int64_t otherwise);
double option_number(const invocation *i, const char *name, double otherwise);
/* The n-th value of an option that repeats; NULL when there are fewer. */
const char *option_repeated(const invocation *i, const char *name, int n);

/* Writes "cornu NAME: message" to err and returns the code. */
exit_code fail(const invocation *i, exit_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with the message and the code that a context's failure stands for. */
exit_code fail_context(const invocation *i, const cn_context *c);

/* A model from a command line's MODEL: a C source that defines `cn_model *model(cn_context *)`,
 * compiled by the machine's C compiler against the public headers and loaded, or a .keras or old
 * .h5 file; the options that verbs with a model share are MODEL_OPTIONS, of which a verb may leave
 * some out. */
typedef struct open_model {
    cn_context *context;
    cn_model *model;
    void *library;
} open_model;
#define WEIGHTS_OPTION(...)                                                   \
    {"weights", 'w', OPTION_FILE, "FILE", NULL,                               \
     "load the weights of this .safetensors, .weights.h5, .keras or .h5 file", \
     {0, __VA_ARGS__}}
#define KERAS_FILES "*.keras|*.h5|*.hdf5"
#define LAYERS_OPTION(...)                                                                     \
    {"layers", 0, OPTION_FILE, "FILE.c", NULL,                                                 \
     "a C source with `cn_status layers(cn_context *)`, which registers the file's own layers", \
     {0, __VA_ARGS__}}
#define BACKEND_OPTION {"backend", 0, OPTION_CHOICE, "NAME", "cpu|ref", "run on this target", {0}}
#define MODEL_OPTIONS                                                                              \
    WEIGHTS_OPTION(), LAYERS_OPTION(.only_for = "argument=" KERAS_FILES), BACKEND_OPTION,          \
    {"threads", 't', OPTION_INTEGER, "N", NULL, "use N threads; default: one per processor", {0}}, \
    {"seed", 0, OPTION_INTEGER, "N", NULL, "draw parameters, dropout and order from this seed", {0}}
/* A file that trains is compiled as it says; for predictions that is left out. */
typedef enum model_use { MODEL_PREDICTS, MODEL_TRAINS } model_use;
/* EXIT_OK, or a code after the message was written; then nothing is left open. */
exit_code model_open(invocation *i, const char *path, model_use use, open_model *m);
void model_close(open_model *m);

#endif
