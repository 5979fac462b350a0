/* The `cornu` command. Everything it knows stands in the rows of verbs.c. */
#include "tools/command.h"

int main(int argc, char **argv) {
    exit_code code = command_run(argc, argv, stdout, stderr);
    if (fflush(stdout) != 0 || ferror(stdout)) { /* a full disk must not look like success */
        fputs("cornu: the output could not be written\n", stderr);
        return code == EXIT_OK ? EXIT_RUN : (int)code;
    }
    return (int)code;
}
