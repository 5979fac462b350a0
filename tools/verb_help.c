/* cornu help [VERB]: what --help writes. */
#include "tools/command.h"

static exit_code run(invocation *i) {
    if (option_given(i, "man"))
        return man_write(i->out), EXIT_OK;
    if (option_given(i, "bash"))
        return bash_write(i->out), EXIT_OK;
    if (option_given(i, "schemas"))
        return schemas_write(i->out), EXIT_OK;
    if (i->argument_count == 0)
        return help_write(i->out), EXIT_OK;
    const verb *v = verb_find(i->arguments[0]);
    if (v == NULL)
        return fail(i, EXIT_USAGE, "there is no verb \"%s\"", i->arguments[0]);
    return help_write_verb(i->out, v), EXIT_OK;
}

static const option_row options[] = {
    {"man", 0, OPTION_FLAG, NULL, NULL, "write the man page cornu(1) in place of it",
     {.not_with = "argument bash"}},
    {"bash", 0, OPTION_FLAG, NULL, NULL, "write a completion for bash in place of it",
     {.not_with = "argument schemas"}},
    {"schemas", 0, OPTION_FLAG, NULL, NULL, "list what the documents of --json are called and hold",
     {.not_with = "argument man"}},
    {0},
};

const verb verb_help = {
    .name = "help",
    .summary = "tell about the command or one verb",
    .arguments = "[VERB]",
    .most = 1,
    .description = "Writes what cornu --help or cornu VERB --help writes.",
    .options = options,
    .examples = (const verb_example[]){{"cornu help train", "tell the options of train"},
                                       {"source <(cornu help --bash)",
                                        "complete the words of cornu in this bash"},
                                       {0}},
    .run = run,
};
