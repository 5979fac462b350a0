/* Every function of a double, for tests and benchmarks. */
#ifndef CN_MATH_F64_ALL_H
#define CN_MATH_F64_ALL_H

#include "erf.h"
#include "exp.h"
#include "log.h"
#include "pow.h"
#include "sigmoid.h"
#include "simple.h"
#include "sin.h"
#include "tanh.h"

#endif
