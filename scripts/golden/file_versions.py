"""A few models that every version of Keras 3 can make; 3.0 counts regularizers twice: none here."""

import keras
from file_training import classes, numbers
from keras import layers, ops, optimizers


def write(folder):
    x, z = keras.Input((4,), name="x"), keras.Input((4,), name="z")
    inner = keras.Input((4,), name="inner")
    made = keras.Model(inner, layers.Dense(3, activation="relu", name="fc")(inner), name="block")
    stack = keras.Sequential([layers.Dense(2)], name="stack")
    folder.predict("shared_block", keras.Model(
        [x, z], stack(layers.Subtract()([made(x), made(z)]))))

    image = keras.Input((4, 4, 1), name="image")
    y = layers.Conv2D(2, 3, activation="relu")(image)
    y = layers.BatchNormalization(momentum=0.75)(y)
    y = layers.Flatten()(y)
    model = keras.Model(image, layers.Dense(3, activation="softmax", name="kind")(y))
    model.compile(optimizers.Adam(0.0078125), "sparse_categorical_crossentropy",
                  metrics=["accuracy"])
    folder.train("train_convnet", model, lambda image: classes(image[:, 0, :, 0]))

    x = keras.Input((3, 4), name="x")
    y = ops.mean(ops.relu(x * 0.5 + 1.0), axis=1)
    folder.predict("ops", keras.Model(x, ops.concatenate([y, ops.max(x, axis=1)], axis=-1)))
    model = keras.Sequential([keras.Input((4,), name="x"), layers.Dense(2, activation="tanh")])
    model.compile(optimizers.SGD(0.0625, momentum=0.5), "mse")
    folder.train("train_sequential", model, numbers)
