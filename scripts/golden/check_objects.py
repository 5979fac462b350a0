"""Whether Keras reads the objects that Cornu wrote as what they were.

    CORNU_OBJECTS_WRITTEN=FILE test_frontend_keras_objects    (and ..._training: they append)
    python check_objects.py FILE

Activations, initializers and regularizers come back the same; a model compiled by what Cornu wrote
has the same compile_config, and takes a step.
"""

import json
import os
import sys

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"

import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras.src import activations, initializers, regularizers  # noqa: E402

MODULES = {"activation": activations, "initializer": initializers, "regularizer": regularizers}
SAYS_NOTHING = {"name", "trainable", "dtype", "jit_compile"}


def same(x, y):
    if isinstance(x, dict) and isinstance(y, dict):
        return all(same(x.get(k), y.get(k)) for k in (set(x) | set(y)) - SAYS_NOTHING)
    if isinstance(x, (list, tuple)) and isinstance(y, (list, tuple)):
        return len(x) == len(y) and all(map(same, x, y))
    if isinstance(x, (int, float)) and isinstance(y, (int, float)):
        return abs(x - y) <= 1e-7 * abs(x)
    return x == y


def compiled(case):
    x = keras.Input((4,), name="x")
    ys = [keras.layers.Dense(3, name=name)(x) for name in "pq"[:case["outputs"]]]
    model = keras.Model(x, ys if len(ys) > 1 else ys[0])
    model.compile_from_config(json.loads(json.dumps(case["it"])))
    sparse = "parse" in json.dumps(case["it"])
    y = np.arange(6) % 3 if sparse else np.eye(3, dtype="float32")[np.arange(6) % 3]
    model.train_on_batch(np.ones((6, 4), "float32"), [y] * len(ys) if len(ys) > 1 else y)
    return model.get_compile_config()


def read(case):
    if case["kind"] == "compile":
        return compiled(case)
    module = MODULES[case["kind"]]
    return None if case["it"] is None else module.serialize(module.get(case["it"]))


cases = [json.loads(line) for line in open(sys.argv[1])]
wrong = [case["name"] for case in cases if not same(case["want"], read(case))]
print("%d objects, not the same: %s" % (len(cases), ", ".join(wrong) or "none"))
sys.exit(len(wrong) > 0)
