/* Writing artefacts (codegen/aot/artifact.h) as native code. */
#ifndef CORNU_CODEGEN_CPU_ARTIFACT_H
#define CORNU_CODEGEN_CPU_ARTIFACT_H

#include "codegen/aot/artifact.h"
#include "codegen/target.h"

bool cpu_write(const artifact *x, const compile_options *o, memory *m, diagnostics *d);

extern const char *const artifact_kernel_template[], *const artifact_processor_template[];

#endif
