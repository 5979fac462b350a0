"""keras.ops and functions between layers, which become layers of the model."""

import keras
import numpy as np
from keras import activations, layers, ops


def arithmetic(x, y):
    return [x + y, x - y, x * y, x / (y * y + 1.0), x + 1.5, 2 + x, x - 0.5, 1 - x, x * 3, 0.25 * x,
            x / 4, 1.0 / (x * x + 1), -x, ops.absolute(x), ops.power(ops.absolute(x) + 1, y),
            x ** 2]


def elementwise(x, y):
    p = ops.square(x) + 0.5
    return [ops.exp(x), ops.log(p), ops.sqrt(p), ops.rsqrt(p), ops.expm1(x), ops.log1p(p),
            ops.sign(x), ops.floor(x), ops.ceil(x), ops.round(x), ops.sin(x), ops.cos(x),
            ops.reciprocal(p), ops.erf(x), ops.maximum(x, y), ops.minimum(x, 0.25)]


def functions(x, y):
    return [ops.relu(x), ops.sigmoid(x), ops.tanh(x), ops.softmax(x), ops.softmax(x, axis=1),
            ops.log_softmax(x), ops.gelu(x), ops.gelu(x, approximate=False), ops.softplus(x),
            ops.leaky_relu(x, 0.125), ops.elu(x), ops.silu(x), ops.relu6(x), ops.hard_sigmoid(x),
            activations.relu(x, negative_slope=0.25), activations.softmax(y)]


def reductions(x, y):
    return [ops.mean(x, axis=-1), ops.sum(x, axis=1), ops.max(x, axis=2), ops.min(x, axis=-1),
            ops.mean(x, axis=(1, 2)), ops.sum(x, axis=[1, 2], keepdims=True),
            ops.max(x, axis=1, keepdims=True), ops.prod(y, axis=-1), ops.logsumexp(x, axis=-1),
            ops.argmax(x, axis=-1), ops.argmin(x, axis=1), ops.any(x > 1, axis=-1),
            ops.all(x > -2, axis=-1)]


def shapes(x, y):
    return [ops.reshape(x, (-1, 12)), ops.reshape(x, (-1, 4, 3)), ops.transpose(x, (0, 2, 1)),
            ops.concatenate([x, y], axis=-1), ops.concatenate([x, y, x], 1),
            ops.expand_dims(x, 1), ops.squeeze(ops.expand_dims(x, -1), axis=-1),
            ops.matmul(x, ops.transpose(y, (0, 2, 1))), x @ ops.transpose(y, (0, 2, 1)),
            ops.flip(x, axis=1), ops.clip(x, -0.5, 0.75), ops.pad(x, ((0, 0), (1, 0), (0, 2))),
            ops.stack([x, y], axis=1), ops.zeros_like(x) - y, ops.ones_like(x) + y]


def parts(x, y):
    return [x[:, 1:3], x[:, 0], x[..., 1], x[:, :, -1], x[:, -2:], x[:, :, ::1], x[:, None],
            x[:, 1, 2:], x[..., 0:1], ops.take(x, 2, axis=2), ops.take(x, [0, 2], axis=-1)]


def choices(x, y):
    return [x > y, x >= y, x < 0, x <= y, ops.equal(x, x), ops.not_equal(x, y),
            ops.where(x > 0, x, y), ops.where(x > y, x, 0.0), ops.cast(x > 0, "float32"),
            ops.cast(x, "int32"), ops.logical_and(x > 0, y > 0), ops.logical_or(x > 0, y > 0),
            ops.logical_not(x > 0), ops.one_hot(ops.argmax(x, axis=-1), 4),
            ops.stop_gradient(x * y)]


def write(folder):
    for make in (arithmetic, elementwise, functions, reductions, shapes, parts, choices):
        x, y = keras.Input((3, 4), name="x"), keras.Input((3, 4), name="y")
        folder.predict("ops_" + make.__name__, keras.Model([x, y], make(x, y)))
    x = keras.Input((4, 4, 3), name="x")
    y = layers.Conv2D(4, 1, name="conv")(ops.multiply(x, 1 / 255) - 0.5)
    y = ops.relu(y) + layers.Dense(4, name="skip")(x)
    y = layers.Dense(2, name="head")(ops.mean(y, axis=[1, 2]))
    folder.predict("ops_between_layers", keras.Model(x, ops.softmax(y)))
    x = keras.Input((3,), name="x")
    y = x * np.array([1.0, 2.0, 4.0], "float32") + ops.convert_to_tensor([0.5, 0.0, -0.5])
    folder.predict("ops_on_arrays", keras.Model(x, ops.subtract(np.float32(1), y)))
