/* The lists of `cornu dump`: --list-passes and --ops. */
#ifndef CORNU_TOOLS_DUMP_LISTS_H
#define CORNU_TOOLS_DUMP_LISTS_H

#include "tools/verb.h"

exit_code list_passes(const invocation *i);
exit_code list_ops(const invocation *i);

#endif
