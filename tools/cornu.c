/* The `cornu` command. Everything it knows stands in the rows of verbs.c. */
#include <fcntl.h>
#include <unistd.h>

#include "tools/command.h"

/* A standard stream that the caller closed would become the next file that is opened, and messages
 * would end up in it. */
static void open_standard_streams(void) {
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

int main(int argc, char **argv) {
    open_standard_streams();
    exit_code code = command_run(argc, argv, stdout, stderr);
    if (fflush(stdout) != 0 || ferror(stdout)) { /* a full disk must not look like success */
        fputs("cornu: the output could not be written\n", stderr);
        return code == EXIT_OK ? EXIT_RUN : (int)code;
    }
    return (int)code;
}
