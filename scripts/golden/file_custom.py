"""Layers of one's own; tests/frontend/keras/custom_layers.h has the same in C."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("gates")
class SpatialGate(keras.layers.Layer):
    """x, weighed along its last axis by activation(x @ kernel) @ back."""

    def __init__(self, width, rate=0.5, use_scale=True, mode="add", activation="sigmoid",
                 kernel_initializer="glorot_uniform", kernel_regularizer=None, **kwargs):
        super().__init__(**kwargs)
        self.width, self.rate, self.use_scale, self.mode = width, rate, use_scale, mode
        self.activation = keras.activations.get(activation)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def build(self, shape):
        self.kernel = self.add_weight((shape[-1], self.width), self.kernel_initializer,
                                      name="kernel", regularizer=self.kernel_regularizer)
        self.back = self.add_weight((self.width, shape[-1]), "ones", name="back")
        if self.use_scale:
            self.scale = self.add_weight((shape[-1],), "ones", name="scale", trainable=False)

    def call(self, x):
        gate = ops.matmul(self.activation(ops.matmul(x, self.kernel)), self.back) * self.rate
        y = x * gate if self.mode == "mul" else x + gate
        return y * self.scale if self.use_scale else y

    def get_config(self):
        return {**super().get_config(), "width": self.width, "rate": self.rate,
                "use_scale": self.use_scale, "mode": self.mode,
                "activation": keras.activations.serialize(self.activation),
                "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
                "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer)}


@keras.saving.register_keras_serializable()
class Plain(keras.layers.Layer):
    """Without options and without weights: x * x."""

    def call(self, x):
        return x * x
