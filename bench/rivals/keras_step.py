"""Training step time of Keras; KERAS_BACKEND (jax or tensorflow) chooses what runs it.

Measures train_on_batch, and the time per step of fit with many steps per execution, both with
and without XLA where the backend leaves the choice, and reports the best. One JSON line each.
"""

import os
import statistics
import time

import measure

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
chosen = measure.arguments(["best"])

import keras  # noqa: E402
from keras import layers  # noqa: E402

EPOCHS, STEPS_PER_EXECUTION = {"mlp": 12, "convnet": 5}, 50


def network():
    if chosen.model == "mlp":
        return keras.Sequential([keras.Input((784,)), layers.Dense(128, activation="relu"),
                                 layers.Dense(10, activation="softmax")])
    return keras.Sequential([keras.Input((28, 28, 1)),
                             layers.Conv2D(32, 3, activation="relu", padding="same"),
                             layers.MaxPooling2D(),
                             layers.Conv2D(64, 3, activation="relu", padding="same"),
                             layers.MaxPooling2D(), layers.Flatten(), layers.Dropout(0.25),
                             layers.Dense(128, activation="relu"),
                             layers.Dense(10, activation="softmax")])


def compiled(steps, xla):
    model = network()
    model.compile("adam", "sparse_categorical_crossentropy", steps_per_execution=steps,
                  jit_compile=xla)
    return model


def train_on_batch(x, y, xla):
    model = compiled(1, xla)

    def step(i):
        part = slice(i * chosen.batch, (i + 1) * chosen.batch)
        model.train_on_batch(x[part], y[part])

    return measure.median_step(step, len(x) // chosen.batch)


class EpochTimes(keras.callbacks.Callback):
    """Seconds from the first to the last batch of each epoch."""

    def on_train_begin(self, logs=None):
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.start)


def fit(x, y, xla):
    """Epochs include the fixed cost of one epoch, spread over its steps."""
    times = EpochTimes()
    steps = len(x) // chosen.batch
    model = compiled(min(STEPS_PER_EXECUTION, steps), xla)
    model.fit(x, y, batch_size=chosen.batch, epochs=EPOCHS[chosen.model], verbose=0, shuffle=False,
              callbacks=[times])
    return statistics.median(times.seconds[2:]) / steps * 1e6


def limit_threads():
    if keras.backend.backend() == "tensorflow":
        import tensorflow
        tensorflow.config.threading.set_intra_op_parallelism_threads(chosen.threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(1)


limit_threads()
x, y = measure.data(chosen.model)
choices = (True, False) if keras.backend.backend() == "tensorflow" else (True,)
times = {how.__name__ + (" xla" if xla else ""): how(x, y, xla)
         for how in (train_on_batch, fit) for xla in choices}
best = min(times, key=times.get)
measure.report("keras-" + keras.backend.backend(), chosen, times[best],
               version=keras.__version__, setting=best)
