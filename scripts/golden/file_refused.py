"""Files whose models Cornu has not, with what its message has to name: all of it at once."""

import keras
import numpy as np
from keras import constraints, layers, losses, metrics, ops, optimizers


class Subclassed(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(2)

    def call(self, x):
        return self.dense(x)


@keras.saving.register_keras_serializable("mine")
class Unregistered(layers.Layer):
    def call(self, x):
        return x


@keras.saving.register_keras_serializable("mine")
def own_loss(y_true, y_pred):
    return ops.mean(y_true - y_pred, axis=-1)


@keras.saving.register_keras_serializable("mine")
def own_activation(x):
    return x * 2


def one(shape, *made):
    x = y = keras.Input(shape)
    for layer in made:
        y = layer(y)
    return keras.Model(x, y)


def write(folder):
    folder.refuse("refuse_lambda", one(
        (3,), layers.Lambda(lambda x: x + 1, name="code"), Unregistered(name="odd")),
        ["Lambda", "code", "mine>Unregistered", "odd"])
    folder.refuse("refuse_layers", one(
        (8, 4), layers.LSTM(3, return_sequences=True, name="lstm"), layers.Conv1D(2, 3),
        layers.LayerNormalization(name="ln"), layers.GlobalMaxPooling1D()),
        ["LSTM", "Conv1D", "LayerNormalization", "\"ln\"", "GlobalMaxPooling1D"])
    folder.refuse("refuse_options", one(
        (2, 5, 6), layers.Conv2D(2, 3, data_format="channels_first", name="first"),
        layers.Conv2D(2, 1, kernel_constraint=constraints.MaxNorm(2.0), name="bounded"),
        layers.BatchNormalization(renorm=True, name="renormed"),
        layers.Dense(2, lora_rank=1, name="low")),
        ["first", "data_format", "bounded", "kernel_constraint", "renormed", "renorm", "low",
         "lora_rank"])
    folder.refuse("refuse_mixed_precision", one(
        (3,), layers.Dense(2, dtype="mixed_bfloat16", name="half")), ["half", "bfloat16"])
    folder.refuse("refuse_activation", one(
        (3,), layers.Dense(2, activation=own_activation, name="own")), ["own", "own_activation"])
    folder.refuse("refuse_op", one((3, 3), lambda x: ops.cumsum(x, axis=1),
                                   lambda x: ops.sort(x)), ["Cumsum", "Sort"])
    model = Subclassed(name="free")
    model(np.zeros((1, 3), "float32"))
    folder.refuse("refuse_subclassed", model, ["Subclassed"])
    folder.refuse("refuse_unbuilt", keras.Sequential([layers.Dense(2), layers.Dense(1)]),
                  ["built", "Input"])
    model = one((3,), layers.Dense(2, name="out"))
    model.compile(optimizers.Lion(0.01), losses.Poisson(),
                  metrics=[metrics.AUC(), "cosine_similarity"])
    folder.refuse("refuse_compile", model, ["Lion", "Poisson", "AUC", "cosine_similarity"])
    model = one((3,), layers.Dense(2))
    model.compile(optimizers.Adam(use_ema=True, gradient_accumulation_steps=4), own_loss)
    folder.refuse("refuse_compile_options", model,
                  ["use_ema", "gradient_accumulation_steps", "own_loss"])
