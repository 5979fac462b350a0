"""Operations between layers, one a case: how Keras serialises its one call, and what it computes.

`args` and `kwargs` are those of the node in a file, in which {"tensor": i} stands for input i;
`index` is which of its results is meant.
"""

import numpy as np

from common import Data, array, jax, keras, write
from keras import activations, ops
from keras.src.saving.serialization_lib import serialize_keras_object as serialized

data = Data(41)
cases = []


def marked(j, inputs):
    if isinstance(j, dict) and j.get("class_name") == "__keras_tensor__":
        return {"tensor": inputs.index(j["config"]["keras_history"][0])}
    if isinstance(j, dict):
        return {k: marked(v, inputs) for k, v in j.items()}
    if isinstance(j, (list, tuple)):
        return [marked(v, inputs) for v in j]
    return j


def typed(v):
    entry = array(v * 1 if v.dtype.kind == "b" else v)
    return {**entry, "dtype": str(v.dtype)} if str(v.dtype) in ("bool", "uint8") else entry


def op(name, function, *values):
    inputs = [keras.Input(v.shape[1:], dtype=str(v.dtype), name="abc"[i])
              for i, v in enumerate(values)]
    y = function(*inputs)
    operation = y._keras_history.operation
    node = operation._inbound_nodes[0]
    names = [x.name for x in inputs]
    call = {key: marked(serialized(part), names)
            for key, part in (("args", node.arguments.args), ("kwargs", node.arguments.kwargs))}
    result = np.asarray(keras.Model(inputs, y)([jax.numpy.asarray(v) for v in values]))
    kind = {"f": "float", "i": "integer", "b": "bool"}[result.dtype.kind]
    assert kind == {"f": "float", "i": "integer", "b": "bool"}[np.dtype(y.dtype).kind]
    cases.append({"name": name, "class_name": type(operation).__name__,
                  "config": serialized(operation)["config"], **call,
                  "index": y._keras_history.tensor_index,
                  "inputs": [typed(v) for v in values], "output": array(result * 1 if kind == "bool" else result), "kind": kind})


x, y = data.normal(2, 3, 4), data.normal(2, 3, 4)
p = data.positive(2, 3, 4)
n = data.labels(5, 2, 3)
f = np.float32

for name in ["negative", "absolute", "sign", "floor", "ceil", "round", "exp", "expm1", "square",
             "sin", "cos", "tanh", "erf", "sigmoid", "relu", "relu6", "softplus", "softsign",
             "silu", "hard_silu", "hard_sigmoid", "hard_tanh", "log_sigmoid", "selu",
             "sparse_plus", "sparse_sigmoid", "tanh_shrink", "squareplus", "soft_shrink",
             "hard_shrink", "elu", "celu", "gelu", "leaky_relu", "softmax", "log_softmax",
             "sparsemax", "glu", "stop_gradient", "zeros_like", "ones_like", "logical_not"]:
    if name == "sparsemax":  # Keras sums partial sums there: frontend/activations.c
        continue
    op(name, getattr(ops, name), x)
for name in ["log", "log1p", "sqrt", "rsqrt", "reciprocal"]:
    op(name, getattr(ops, name), p)
op("gelu erf", lambda a: ops.gelu(a, approximate=False), x)
op("elu alpha", lambda a: ops.elu(a, 0.5), x)
op("celu alpha", lambda a: ops.celu(a, 0.5), x)
op("leaky slope", lambda a: ops.leaky_relu(a, 0.25), x)
op("shrink", lambda a: ops.soft_shrink(a, 0.25), x)
op("hard shrink", lambda a: ops.hard_shrink(a, 0.25), x)
op("squareplus b", lambda a: ops.squareplus(a, 2), x)
op("threshold", lambda a: ops.threshold(a, 0.25, -2.0), x)
op("softmax axis", lambda a: ops.softmax(a, axis=1), x)
op("glu axis", lambda a: ops.glu(a, axis=2), x)
op("relu of activations", lambda a: activations.relu(a, 0.25, 1.5, 0.125), x)
op("absolute by operator", abs, x)

for name in ["add", "subtract", "multiply", "divide", "true_divide", "maximum", "minimum", "mod",
             "equal", "not_equal", "less", "less_equal", "greater", "greater_equal",
             "divide_no_nan", "fmod", "logical_and", "logical_or"]:
    op(name, getattr(ops, name), x, p)
op("power", ops.power, p, x)
op("of integers", lambda a, b: a + b, n, n)
op("divided integers", lambda a, b: a / b, n, n + 1)
op("add 2", lambda a: a + 2, x)
op("1 - x", lambda a: 1 - a, x)
op("2.5 / x", lambda a: 2.5 / a, p)
op("x ** 2", lambda a: a ** 2, x)
op("2 ** x", lambda a: 2 ** a, x)
op("x % 2", lambda a: a % 2, x)
op("x > 0", lambda a: a > 0, x)
op("integer + 2", lambda a: a + 2, n)
op("integer * 0.5", lambda a: a * 0.5, n)
op("3 > integer", lambda a: 3 > a, n)
op("with an array", lambda a: a * np.arange(4, dtype="float32"), x)
op("with a matrix", lambda a: a + np.arange(12, dtype="float32").reshape(3, 4), x)
op("array first", lambda a: ops.subtract(np.array([[1], [2], [3]], "int32"), a), n[..., None])
op("bytes / 256", lambda a: a / 256, np.array([[1, 128], [255, 3]], "uint8"))
op("300 / bytes", lambda a: 300 / a, np.array([[1, 128], [255, 3]], "uint8"))
for name in ["add", "multiply", "maximum", "minimum"]:
    op(name + " of bools", getattr(ops, name), x > 0, p > 1)
op("max of bools", lambda a: ops.max(a, axis=-1), x > 0)
op("min of bools", lambda a: ops.min(a, axis=1), x > 0)
op("maximum of a number", lambda a: ops.maximum(a, 0.25), x)
op("where", ops.where, n % 2, n, n + 1)
op("where a number", lambda a, b: ops.where(a, b, 0.0), n % 2, x[..., 0])
op("where number first", lambda a, b: ops.where(a, -1, b), n % 2, x[..., 0])

for name in ["sum", "mean", "max", "min", "prod", "any", "all", "var", "std", "amax", "amin"]:
    op(name, getattr(ops, name), x)
    op(name + " axis", lambda a: getattr(ops, name)(a, axis=-1), x)
    op(name + " axes", lambda a: getattr(ops, name)(a, axis=(1, 2), keepdims=True), x)
op("average", lambda a: ops.average(a, axis=1), x)
op("argmax", lambda a: ops.argmax(a, axis=-1), x)
op("argmin keepdims", lambda a: ops.argmin(a, axis=1, keepdims=True), x)
op("logsumexp", lambda a: ops.logsumexp(a, axis=-1, keepdims=True), x)

op("cast", lambda a: ops.cast(a, "int32"), x)
op("cast back", lambda a: ops.cast(a, "float32"), n)
op("full like", lambda a: ops.full_like(a, 2.5), x)
op("zeros like of a type", lambda a: ops.zeros_like(a, dtype="int32"), x)
op("clip", lambda a: ops.clip(a, -0.5, 1), x)
op("one hot", lambda a: ops.one_hot(a, 4), n)
op("one hot of a type", lambda a: ops.one_hot(a, 5, dtype="int32"), n)

op("reshape", lambda a: ops.reshape(a, (-1, 12)), x)
op("reshape more", lambda a: ops.reshape(a, (-1, 2, 6)), x)
op("transpose", lambda a: ops.transpose(a, (0, 2, 1)), x)
op("transpose all", ops.transpose, x)
op("moveaxis", lambda a: ops.moveaxis(a, (1, 2), (2, 1)), x)
op("moveaxis far", lambda a: ops.moveaxis(a, -1, 1), x)
op("swapaxes", lambda a: ops.swapaxes(a, 1, 2), x)
op("expand dims", lambda a: ops.expand_dims(a, -1), x)
op("squeeze", lambda a: ops.squeeze(a, -1), x[..., :1])
op("flip", lambda a: ops.flip(a, 1), x)
op("flip axes", lambda a: ops.flip(a, (1, 2)), x)
op("concatenate", lambda a, b: ops.concatenate([a, b], axis=-1), x, y)
op("concatenate once", lambda a: ops.concatenate([a, a, a], 1), x)
op("stack", lambda a, b: ops.stack([a, b], axis=1), x, y)
op("stack last", lambda a, b: ops.stack([a, b], axis=-1), x, y)
op("pad", lambda a: ops.pad(a, ((0, 0), (1, 2), (0, 1))), x)
op("pad with", lambda a: ops.pad(a, ((0, 0), (1, 0), (0, 0)), constant_values=2.5), x)
op("repeat", lambda a: ops.repeat(a, 2, axis=1), x)
op("tile", lambda a: ops.tile(a, (1, 2, 3)), x)
op("split", lambda a: ops.split(a, 2, axis=-1)[1], x)
op("split at places", lambda a: ops.split(a, [1, 3], axis=2)[1], x)
op("take", lambda a: ops.take(a, [2, 0], axis=-1), x)
op("take one", lambda a: ops.take(a, 1, axis=1), x)
op("take by tensor", lambda a: ops.take(np.arange(10, dtype="float32").reshape(5, 2), a, axis=0),
   n)
op("take along", lambda a, b: ops.take_along_axis(a, b, axis=2), x, data.labels(4, 2, 3, 2))
op("matmul", ops.matmul, x, np.swapaxes(y, 1, 2))
op("matmul by an array", lambda a: a @ np.arange(8, dtype="float32").reshape(4, 2), x)
for i, letters in enumerate(["bij,bkj->bik", "bij,bij->bi", "bij,bij->bji", "bij,bkl->bik",
                             "bij,bkl->bijkl"]):
    op("einsum " + letters, lambda a, b: ops.einsum(letters, a, b), x, y)
op("einsum by an array", lambda a: ops.einsum("bij,jk->bki", a, np.ones((4, 2), "float32")), x)

for name, key in {"1:3": lambda a: a[:, 1:3], "0": lambda a: a[:, 0], "-1": lambda a: a[..., -1],
                  "None": lambda a: a[:, None], "-2:": lambda a: a[:, -2:],
                  "::2": lambda a: a[:, :, ::2], "::-1": lambda a: a[:, ::-1],
                  "3:0:-2": lambda a: a[:, :, 3:0:-2], "both": lambda a: a[:, 1, 2:],
                  "mixed": lambda a: a[:, None, ..., None, 1:], ":9": lambda a: a[:, :9]}.items():
    op("x[%s]" % name, key, x)

write("keras_ops", cases)
