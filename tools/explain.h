/* tools/explain.html as it is embedded (explain.cmake). */
#ifndef CORNU_TOOLS_EXPLAIN_H
#define CORNU_TOOLS_EXPLAIN_H

#include <stddef.h>

extern const unsigned char explain_page[]; /* and a NUL behind it */
extern const size_t explain_page_size;

#endif
