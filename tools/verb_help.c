/* cornu help [VERB]: what --help writes. */
#include "tools/command.h"

static exit_code run(invocation *i) {
    if (i->argument_count == 0)
        return help_write(i->out), EXIT_OK;
    const verb *v = verb_find(i->arguments[0]);
    if (v == NULL)
        return fail(i, EXIT_USAGE, "there is no verb \"%s\"", i->arguments[0]);
    return help_write_verb(i->out, v), EXIT_OK;
}

const verb verb_help = {
    .name = "help",
    .summary = "tell about the command or one verb",
    .arguments = "[VERB]",
    .most = 1,
    .description = "Writes what cornu --help or cornu VERB --help writes.",
    .examples = (const verb_example[]){{"cornu help train", "tell the options of train"}, {0}},
    .run = run,
};
