"""Compiled models, saved in the middle of training: optimizers, losses, weights of losses."""

import keras
import numpy as np
from keras import layers, losses, metrics, optimizers
from keras.optimizers import schedules


def classes(x):
    return [(x[:, :3].argmax(-1)).astype("int32")]


def numbers(x):
    return [np.stack([x.sum(-1), x[:, 0] * x[:, 1]], axis=-1).astype("float32")]


def some_weights(x):
    return [(0.5 + np.abs(x[:, 0])).astype("float32")]


def mlp(optimizer, loss="mse", width=2, last=None, **compiled):
    x = keras.Input((4,), name="x")
    y = layers.Dense(5, activation="tanh", name="hidden")(x)
    model = keras.Model(x, layers.Dense(width, activation=last, name="out")(y))
    model.compile(optimizer=optimizer, loss=loss, **compiled)
    return model


def optimizer_cases(folder):
    made = {
        "sgd": optimizers.SGD(schedules.InverseTimeDecay(0.0625, 10, 0.5)),
        "sgd_momentum": optimizers.SGD(0.03125, momentum=0.75, clipnorm=1.0),
        "sgd_nesterov": optimizers.SGD(
            schedules.ExponentialDecay(0.0625, 5, 0.875, staircase=True), momentum=0.5,
            nesterov=True),
        "adam": optimizers.Adam(0.0078125),
        "adam_amsgrad": optimizers.Adam(
            schedules.CosineDecay(0.0, 40, alpha=0.125, warmup_target=0.015625, warmup_steps=10),
            beta_1=0.75, beta_2=0.9, epsilon=1e-3, amsgrad=True, global_clipnorm=2.0),
        "adamw": optimizers.AdamW(
            schedules.CosineDecayRestarts(0.0078125, 15, t_mul=1.5, m_mul=0.75, alpha=0.125),
            weight_decay=0.0625, clipvalue=0.5),
        "rmsprop": optimizers.RMSprop(
            schedules.PolynomialDecay(0.0078125, 12, 0.0009765625, power=2, cycle=True), rho=0.75),
        "rmsprop_centered": optimizers.RMSprop(
            schedules.PiecewiseConstantDecay([10, 30], [0.0078125, 0.00390625, 0.001953125]),
            momentum=0.5, epsilon=1e-3, centered=True),
    }
    for name, optimizer in made.items():
        folder.train("train_" + name, mlp(optimizer), numbers)


def loss_cases(folder):
    folder.train("train_classes", mlp(
        "adam", "sparse_categorical_crossentropy", 3, "softmax", metrics=["accuracy"],
        weighted_metrics=["acc", metrics.SparseTopKCategoricalAccuracy(k=2, name="top2")]),
        classes, some_weights)
    folder.train("train_logits", mlp(
        optimizers.SGD(0.125), losses.CategoricalCrossentropy(True, label_smoothing=0.125), 3,
        metrics=[metrics.CategoricalAccuracy(), "mae"]),
        lambda x: [np.eye(3, dtype="float32")[classes(x)[0]]])
    folder.train("train_binary", mlp(
        "rmsprop", losses.BinaryCrossentropy(reduction="sum"), 1, "sigmoid",
        metrics=["accuracy", metrics.BinaryAccuracy(name="sure", threshold=0.75)]),
        lambda x: [(x.sum(-1, keepdims=True) > 0).astype("float32")])
    folder.train("train_huber", mlp(
        optimizers.SGD(0.0625), losses.Huber(0.5, reduction="mean_with_sample_weight"),
        metrics=["mse", "mean_absolute_error"]), numbers, some_weights)


def heads(compiled):
    a, b = keras.Input((4,), name="a"), keras.Input((3,), name="b")
    trunk = layers.Dense(4, activation="relu", kernel_regularizer="l2", name="trunk")
    both = layers.Concatenate()([trunk(a), b])
    kind = layers.Dense(3, activation="softmax", name="kind")(both)
    size = layers.Dense(1, name="size", bias_regularizer=keras.regularizers.L1(0.125))(both)
    model = keras.Model([a, b], [kind, size])
    model.compile(optimizer=optimizers.Adam(0.0078125), **compiled)
    return model


def structure_cases(folder):
    def targets(a, b):
        return [(a[:, :3] + b).argmax(-1).astype("int32"), (a[:, :1] * b[:, :1])]

    folder.train("train_heads_by_list", heads({
        "loss": ["sparse_categorical_crossentropy", "mse"], "loss_weights": [1.0, 0.25],
        "metrics": [["accuracy"], ["mae"]]}), targets)
    folder.train("train_heads_by_name", heads({
        "loss": {"size": "mae", "kind": losses.SparseCategoricalCrossentropy()},
        "loss_weights": {"kind": 0.5, "size": 1.0}, "metrics": {"kind": "accuracy"},
        "weighted_metrics": {"size": ["mse"]}}), targets,
        lambda a, b: [np.abs(b[:, 0]) + 0.25, np.abs(a[:, 0]) + 0.5])

    model = keras.Sequential([
        keras.Input((5, 5, 1), name="image"), layers.Conv2D(3, 3, name="conv"),
        layers.BatchNormalization(name="norm", momentum=0.75), layers.ReLU(),
        layers.MaxPooling2D(), layers.Flatten(), layers.Dense(4, trainable=False, name="frozen"),
        layers.Dense(3, activation="softmax")])
    model.compile(optimizers.Adam(0.0078125), "sparse_categorical_crossentropy",
                  metrics=["sparse_categorical_accuracy"])
    folder.train("train_images", model, lambda image: [
        image[:, :3, :, 0].mean(-1).argmax(-1).astype("int32")])

    x = keras.Input((4,), name="x")
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(4, activation="tanh"),
                              layers.Dense(4)], name="inner")
    model = keras.Model(x, layers.Dense(2)(inner(x) + inner(x * 0.5)))
    model.compile(optimizers.SGD(0.03125, momentum=0.5), "mse")
    folder.train("train_nested", model, numbers)
    # A fit overrides what the call says: the statistics are those of the batch, and move.
    y = layers.BatchNormalization(name="norm")(layers.Dense(4)(x), training=False)
    model = keras.Model(x, layers.Dense(2)(y))
    model.compile(optimizers.SGD(0.03125), "mse")
    folder.train("train_called_for_inference", model, numbers)
    # Keras 3 opens the optimizer of such a file without its slots, and then cannot train.
    folder.train("train_old", mlp(
        optimizers.SGD(0.0625), losses.MeanSquaredError(), metrics=["mae"]), numbers,
                 ending=".h5")


def write(folder):
    for family in (optimizer_cases, loss_cases, structure_cases):
        family(folder)
