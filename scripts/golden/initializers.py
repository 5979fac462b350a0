"""Golden values of initialisers and regularisers.

Deterministic initialisers: the array. Random ones: which distribution with which parameters Keras
asks its backend for, per shape ("truncated_normal" is cut at two of the stated standard
deviations). Orthogonal: checked by its property in the tests, so only its call is listed.
"""

from keras_calls import recorded

from common import Data, array, jax, keras, write

SHAPES = [[7], [4, 6], [100, 3], [3, 5, 2], [3, 3, 1, 32], [5, 3, 4, 8], [2, 3, 4, 5, 6]]
SCALED = [
    ("GlorotUniform", {}), ("GlorotNormal", {}), ("HeNormal", {}), ("HeUniform", {}),
    ("LecunNormal", {}), ("LecunUniform", {}), ("VarianceScaling", {}),
    ("VarianceScaling", {"scale": 2.0, "mode": "fan_out", "distribution": "uniform"}),
    ("VarianceScaling", {"scale": 0.5, "mode": "fan_avg", "distribution": "truncated_normal"}),
    ("VarianceScaling", {"scale": 3.0, "mode": "fan_in", "distribution": "untruncated_normal"})]
PLAIN = [
    ("RandomNormal", {}), ("RandomNormal", {"mean": 1.0, "stddev": 0.5}), ("TruncatedNormal", {}),
    ("TruncatedNormal", {"mean": -1.0, "stddev": 2.0}), ("RandomUniform", {}),
    ("RandomUniform", {"minval": -1.0, "maxval": 3.0})]
FIXED = [
    ("Zeros", {}, [2, 3]), ("Ones", {}, [4]), ("Constant", {"value": -1.5}, [2, 2]),
    ("Identity", {}, [3, 3]), ("Identity", {"gain": 0.5}, [2, 4]), ("Identity", {}, [4, 2])]
REGULARIZERS = [
    ("L1", {}), ("L1", {"l1": 0.5}), ("L2", {}), ("L2", {"l2": 0.125}), ("L1L2", {}),
    ("L1L2", {"l1": 0.25, "l2": 0.5}), ("L1L2", {"l2": 0.5})]


def title(kind, config, shape):
    return "_".join([kind] + ["%s_%s" % item for item in config.items()]
                    + ["x".join(map(str, shape))])


cases = []
for kind, config, shape in FIXED:
    value = getattr(keras.initializers, kind)(**config)(shape)
    cases.append({"name": title(kind, config, shape), "initializer": kind, "config": config,
                  "value": array(value)})
for kind, config in SCALED + PLAIN:
    for shape in SHAPES if (kind, config) in SCALED else SHAPES[1:2]:
        call = recorded(getattr(keras.initializers, kind)(**config), shape)
        cases.append({"name": title(kind, config, shape), "initializer": kind, "config": config,
                      "shape": shape, **call})
for shape in ([4, 4], [6, 3], [3, 6], [3, 3, 2, 4]):
    for config in ({}, {"gain": 2.0}):
        cases.append({"name": title("Orthogonal", config, shape), "initializer": "Orthogonal",
                      "config": config, "shape": shape, "distribution": "orthogonal"})
for kind, config in REGULARIZERS:
    regularizer = getattr(keras.regularizers, kind)(**config)
    for shape in ([3, 4], [2, 2, 1, 3]):
        x = jax.numpy.asarray(Data(len(shape)).normal(*shape))
        cases.append({"name": title(kind, config, shape), "regularizer": kind, "config": config,
                      "floatx": "float64", "inputs": [array(x)], "loss": float(regularizer(x)),
                      "input_gradients": [array(jax.grad(lambda x: regularizer(x).sum())(x))]})
write("initializers", cases)
