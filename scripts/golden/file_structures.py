"""How models are put together: Sequential, functional, nested, shared, odd names, custom layers."""

import keras
from file_custom import Plain, SpatialGate
from keras import layers, ops


def sequentials(folder):
    folder.predict("sequential", keras.Sequential([
        keras.Input((4,)), layers.Dense(3, activation="relu"), layers.Dense(2)]))
    late = keras.Sequential([layers.Dense(3, activation="tanh"), layers.Dropout(0.5),
                             layers.Dense(1)], name="late")
    late.build((None, 5))
    folder.predict("sequential_built_late", late)
    sized = keras.Sequential([keras.Input(batch_shape=(3, 4), name="sized"), layers.Dense(2)])
    folder.predict("sequential_batch_shape", sized)
    named = keras.Sequential(name="images")
    named.add(keras.Input((4, 4, 1), name="pixels"))
    for layer in (layers.Conv2D(2, 3), layers.BatchNormalization(), layers.ReLU(),
                  layers.Flatten(), layers.Dense(2, activation="softmax")):
        named.add(layer)
    folder.predict("sequential_of_images", named)


def functionals(folder):
    a, b = keras.Input((4,), name="a"), keras.Input((3,), name="b")
    d1 = layers.Dense(3, activation="relu", name="d1")(a)
    d2 = layers.Dense(3, name="d2")(d1)
    s = layers.Add(name="s")([d2, b])
    folder.predict("late_input", keras.Model([a, b], s))
    folder.predict("lists", keras.Model([a, b], [s, d1]))
    folder.predict("list_of_one", keras.Model([a], [d1]))
    folder.predict("dicts", keras.Model({"second": b, "first": a}, {"sum": s, "hidden": d1}))
    # Its layers have nodes of other models before their own.
    folder.predict("part_of_another", keras.Model(d1, layers.Dense(2, name="head")(d2)))
    folder.predict("twice_an_output", keras.Model(a, [d1, d1]))


def shared(folder):
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    tower = layers.Dense(3, activation="tanh", name="tower")
    both = layers.Concatenate()([tower(left), tower(right)])
    folder.predict("shared_layer", keras.Model([left, right], layers.Dense(2)(both)))
    x = keras.Input((3,))
    again = layers.Dense(3, activation="relu")
    folder.predict("shared_in_a_row", keras.Model(x, again(again(again(x)))))


def block(name=None, width=3):
    inner = keras.Input((4,), name="inner")
    y = layers.Dense(width, activation="relu", name="fc")(inner)
    return keras.Model(inner, layers.BatchNormalization()(y), name=name)


def nested(folder):
    x, z = keras.Input((4,), name="x"), keras.Input((4,), name="z")
    made = block("block")
    folder.predict("nested_functional", keras.Model(x, layers.Dense(2)(made(x))))
    stack = keras.Sequential([layers.Dense(3, activation="relu"), layers.Dense(2)], name="stack")
    folder.predict("nested_sequential", keras.Model(x, layers.Dense(1)(stack(x))))
    folder.predict("nested_shared", keras.Model([x, z], layers.subtract([made(x), made(z)])))
    inner = keras.Sequential([keras.Input((4,)), block(), layers.Dense(4)], name="inner")
    outer = keras.Sequential([keras.Input((4,)), inner, layers.Dense(2)])
    folder.predict("nested_twice", keras.Model(z, outer(z), name="top"))
    p, q = keras.Input((4,), name="p"), keras.Input((3,), name="q")
    pair = keras.Model([p, q], [layers.concatenate([p, q]), layers.Dense(2)(p)], name="pair")
    joined, small = pair([x, layers.Dense(3)(z)])
    folder.predict("nested_pair", keras.Model([x, z], [small, layers.Dense(2)(joined)]))
    folder.predict("nested_as_output", keras.Model(x, [made(x), made(-x)]))


def names(folder):
    x = keras.Input((3,), name="in put")
    y = layers.Dense(3, name="größe.1")(x)
    y = layers.Dense(2, name="a b:c,d")(y)
    y = layers.Activation("relu", name='"quoted" \\ back')(y)
    folder.predict("odd_names", keras.Model(x, y, name="mo del"))
    x = keras.Input((3,), name="dense")
    y = layers.Dense(2, name="dense_1")(x)
    y = layers.Dense(2, name="functional")(layers.ReLU(name="dense_7")(y))
    folder.predict("misleading_names", keras.Model(x, y, name="dense_2"))


def integers(folder):
    x = keras.Input((4,), dtype="int32", name="count")
    y = keras.Input((4,), dtype="uint8", name="byte")
    folder.predict("integers", keras.Model([x, y], [
        layers.Rescaling(0.5)(y), layers.Dense(2)(ops.cast(x, "float32")), ops.add(x, 1),
        layers.Flatten()(x)]))


def custom(folder):
    x = keras.Input((3, 4))
    y = SpatialGate(2, rate=0.25, activation="tanh", kernel_initializer="he_normal",
                    kernel_regularizer=keras.regularizers.L2(0.5), mode="mul")(x)
    y = SpatialGate(4, use_scale=False)(y)
    folder.predict("custom_layers", keras.Model(x, Plain()(y)), registered=True)


def weights_alone(folder):
    x = keras.Input((4,), name="x")
    y = layers.Dense(3)(block("block", 4)(x))
    folder.weights("weights", keras.Model(x, y))


def write(folder):
    for family in (sequentials, functionals, shared, nested, names, integers, custom,
                   weights_alone):
        family(folder)
