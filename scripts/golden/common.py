"""What every golden-data script shares: the oracle's settings, data, and the JSON form.

Keras runs on JAX in float64, so that a golden value is the true one to the nine digits printed
and a test's tolerance has to cover Cornu's rounding only. Cases where float32 itself decides the
answer (clipping at 1 - epsilon) run in float32 and say so in "floatx".

Inputs are odd multiples of 1/256: exact in float32 and in nine digits, and never on the kink of
a piecewise function (0, 0.5, 1, 3, ...).
"""

import json
import math
import os
import sys

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_ENABLE_X64"] = "1"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax  # noqa: E402
import keras  # noqa: E402
import numpy as np  # noqa: E402

keras.config.set_floatx("float64")


class Data:
    """A reproducible source of test data."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def normal(self, *shape, scale=1.0):
        """Roughly normal values on the grid of odd multiples of 1/256, within +-3.9."""
        x = np.clip(self.rng.standard_normal(shape) * scale, -3.9, 3.9)
        return (2 * np.floor(x * 128) + 1) / 256

    def distinct(self, *shape):
        """Pairwise different values, so that a maximum has one place."""
        n = math.prod(shape)
        return (2 * (self.rng.permutation(n) - n // 2) + 1).reshape(shape) / 256

    def positive(self, *shape, low=0.25, high=2.0):
        x = self.rng.uniform(low, high, shape)
        return (2 * np.floor(x * 128) + 1) / 256

    def probabilities(self, *shape):
        """Values in (0, 1) on the grid; not normalised."""
        return (2 * self.rng.integers(4, 124, shape) + 1) / 256

    def labels(self, classes, *shape):
        return self.rng.integers(0, classes, shape).astype("int32")


def array(x, name=None):
    """The JSON form of an array: shape, dtype and row-major data."""
    x = np.asarray(x)
    dtype = "float32" if x.dtype.kind == "f" else "int32"
    entry = {"shape": list(x.shape), "dtype": dtype, "data": x.reshape(-1).tolist()}
    return entry if name is None else {"name": name, **entry}


def number(x):
    if isinstance(x, (bool, np.bool_)):
        return "true" if x else "false"
    if isinstance(x, (int, np.integer)):
        return str(int(x))
    if not math.isfinite(x):
        raise ValueError("JSON has no %r" % x)
    text = "%.9g" % x
    return text if any(c in text for c in ".e") else text + ".0"  # keeps the sign of -0.0


def encode(x):
    if isinstance(x, dict):
        return "{" + ", ".join("%s: %s" % (json.dumps(k), encode(v)) for k, v in x.items()) + "}"
    if isinstance(x, (list, tuple)):
        return "[" + ", ".join(encode(v) for v in x) + "]"
    if x is None or isinstance(x, str):
        return json.dumps(x)
    return number(x)


def write(family, cases):
    """Writes the family's file to the path on the command line: one key per line."""
    names = [case["name"] for case in cases]
    twice = {n for n in names if names.count(n) > 1}
    assert not twice, "names used twice: %s" % twice
    path = sys.argv[1]
    with open(path, "w") as out:
        out.write('{"keras": "%s", "backend": "jax", "family": "%s", "cases": [\n'
                  % (keras.__version__, family))
        for i, case in enumerate(cases):
            lines = ["%s: %s" % (json.dumps(k), encode(v)) for k, v in case.items()]
            out.write("{" + ",\n ".join(lines) + ("},\n" if i + 1 < len(cases) else "}\n"))
        out.write("]}\n")
    print("%s: %d cases, %d bytes" % (path, len(cases), os.path.getsize(path)))
