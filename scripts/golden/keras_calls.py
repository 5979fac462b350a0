"""Records what a random initialiser asks the random generator for."""

from unittest import mock

from common import np  # noqa: F401  (chooses the backend before Keras is imported)
from keras.src.initializers import random_initializers


def recorded(initializer, shape):
    """The distribution and parameters of the one call that makes `shape`."""
    calls = []

    def spy(distribution, names):
        def call(shape, *args, **kwargs):
            values = {**dict(zip(names, args)), **kwargs}
            calls.append({"distribution": distribution,
                          **{n: float(values[n]) for n in names}})
            return np.zeros(shape)
        return call

    fake = mock.Mock(
        normal=spy("normal", ("mean", "stddev")),
        truncated_normal=spy("truncated_normal", ("mean", "stddev")),
        uniform=spy("uniform", ("minval", "maxval")))
    with mock.patch.object(random_initializers, "random", fake):
        initializer(shape)
    (call,) = calls
    return call
