"""Golden values of the activation functions.

Each function has two cases: values over a grid that includes both zeros, the kinks and large
arguments, and derivatives over a grid that avoids the kinks. Functions along an axis have rows.
"""

from common import Data, array, jax, keras, np, write

VALUES = np.array([0.0, -0.0, 0.25, -0.25, 0.5, -0.5, 1, -1, 2, -2, 3, -3, 6, -6, 7.5, -7.5,
                   12, -12, 20, -20, 40, -40, 88, -88, 1e-3, -1e-3, 1e-6, -1e-6, 1e-20, -1e-20,
                   100, -100, 1000, -1000, 1e6, -1e6], "float32").astype("float64")
SLOPES = np.array([0.001953125, -0.001953125, 0.12890625, -0.12890625, 0.3984375, -0.3984375,
                   0.62890625, -0.62890625, 1.1953125, -1.1953125, 2.6484375, -2.6484375,
                   3.2265625, -3.2265625, 5.765625, -5.765625, 8.25, -8.25, 15.5, -15.5,
                   30.25, -30.25, 70.5, -70.5, 1e6, -1e6], "float32").astype("float64")
LARGEST = float(np.finfo("float32").max)

ELEMENTWISE = [
    ("relu", {}), ("relu", {"negative_slope": 0.25}), ("relu", {"max_value": 2.0}),
    ("relu", {"threshold": 1.0}),
    ("relu", {"negative_slope": 0.125, "max_value": 4.0, "threshold": 0.5}),
    ("leaky_relu", {}), ("leaky_relu", {"negative_slope": 0.5}), ("relu6", {}),
    ("elu", {}), ("elu", {"alpha": 0.5}), ("selu", {}), ("softplus", {}), ("softsign", {}),
    ("soft_shrink", {}), ("soft_shrink", {"threshold": 1.0}), ("sparse_plus", {}), ("silu", {}),
    ("squareplus", {}), ("squareplus", {"b": 1}), ("gelu", {}), ("gelu", {"approximate": True}),
    ("celu", {}), ("celu", {"alpha": 2.0}), ("tanh", {}), ("tanh_shrink", {}), ("hard_tanh", {}),
    ("hard_shrink", {}), ("hard_shrink", {"threshold": 2.0}),
    ("threshold", {"threshold": 1.0, "default_value": -5.0}), ("sigmoid", {}),
    ("exponential", {}), ("hard_sigmoid", {}), ("log_sigmoid", {}), ("sparse_sigmoid", {}),
    ("hard_silu", {}), ("linear", {}), ("mish", {})]
ALONG_AXIS = [
    ("softmax", {}), ("softmax", {"axis": 0}), ("log_softmax", {}), ("log_softmax", {"axis": 0}),
    ("sparsemax", {}), ("glu", {}), ("glu", {"axis": 0})]


def case(name, function, config, x, cotangent=None):
    call = lambda x: getattr(keras.activations, function)(x, **config)  # noqa: E731
    y = call(jax.numpy.asarray(x))
    entry = {"name": name, "activation": function, "config": config, "floatx": "float64",
             "inputs": [array(x)], "outputs": [array(y)]}
    if cotangent is not None:
        gradient = jax.grad(lambda x: (call(x) * cotangent).sum())(jax.numpy.asarray(x))
        entry.update(cotangent=array(cotangent), input_gradients=[array(gradient)])
    return entry


def finite(function, config, grid):
    """The part of the grid on which the function fits float32."""
    y = np.asarray(getattr(keras.activations, function)(jax.numpy.asarray(grid), **config))
    return grid[np.abs(y) <= LARGEST]


def rows():
    """Rows of logits, some far apart or equal, without ties that sparsemax would split."""
    x = Data(1).normal(4, 6)
    x[1] *= 25
    x[2] = [1000, 1000, -1000, 0.5, 999, -1e6]
    x[3] = 0.125
    return x


cases = []
for function, config in ELEMENTWISE:
    name = "_".join([function] + ["%s_%g" % item for item in config.items()])
    x = finite(function, config, VALUES)
    cases.append(case(name + "/values", function, config, x))
    x = finite(function, config, SLOPES)
    cases.append(case(name + "/slopes", function, config, x, np.ones_like(x)))
for function, config in ALONG_AXIS:
    name = "_".join([function] + ["%s_%g" % item for item in config.items()])
    cases.append(case(name + "/values", function, config, rows()))
    x = Data(2).normal(4, 6, scale=1.5)
    cotangent = Data(3).normal(*getattr(keras.activations, function)(x, **config).shape)
    cases.append(case(name + "/slopes", function, config, x, cotangent))
write("activations", cases)
