/* The frame that all verbs stand in: parsing by their tables, and pages made of them. */
#ifndef CORNU_TOOLS_COMMAND_H
#define CORNU_TOOLS_COMMAND_H

#include "tools/verb.h"

/* Every verb has this besides its own; ends at a row without a name. */
extern const option_row common_options[];

/* One exit code and what it stands for; ends at a row without a meaning. */
typedef struct exit_row {
    exit_code code;
    const char *meaning;
} exit_row;
extern const exit_row exit_rows[];

/* Finds the verb, reads its options and runs it. */
exit_code command_run(int argc, char **argv, FILE *out, FILE *err);
const verb *verb_find(const char *name);
/* The k-th option of a verb: its own, then the common ones; NULL behind the last. */
const option_row *verb_option(const verb *v, int k);

/* The entry of a list that a mistyped word most likely means, or NULL. `name_of` gives the k-th
 * name, NULL behind the last. */
const char *nearest_name(const char *word, const char *(*name_of)(const void *list, int k),
                         const void *list);

/* conditions.c: that no needed option is missing and none is given in vain. */
exit_code conditions_check(const invocation *i);
/* A text of conditions for people: "--program train|evaluate". */
void condition_describe(const char *text, char *words, size_t size);
/* " --data FILE": the options that a usage line names. */
void needs_write(FILE *out, const verb *v);

/* help.c */
void help_write(FILE *out);
void schemas_write(FILE *out);
void help_write_verb(FILE *out, const verb *v);
/* "cornu train --data FILE [OPTION...] MODEL" */
void usage_write(FILE *out, const verb *v);
extern const char command_description[]; /* paragraphs */

/* pages.c: cornu(1) in roff, and the completion that bash sources. */
void man_write(FILE *out);
void bash_write(FILE *out);

#endif
