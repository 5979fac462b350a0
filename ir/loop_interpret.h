/* Runs a kernel on dense tensors: the judge of lowering, with no compiler in between. */
#ifndef CORNU_IR_LOOP_INTERPRET_H
#define CORNU_IR_LOOP_INTERPRET_H

#include "ir/interpret.h"
#include "ir/loop.h"

/* `arguments`: one per argument buffer of the kernel, of its dtype and with as many elements
 * at batch size it->batch; results are overwritten. Rounds by it->mode; no tangents. False,
 * with a message, when an index leaves its buffer. */
bool kernel_interpret(interpreter *it, const kernel *k, tensor *const *arguments);

#endif
