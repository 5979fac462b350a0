"""Objects as Keras serialises them, for reading and writing: activations, initializers,
regularizers, and what models are compiled with.

`given` is what stands in a file, `want` what Keras itself writes for it; a case of a compiled
model has `given` in whatever shape a program may use, `want` with one value, or one entry per
output in a list.
"""

from common import keras, write
from keras import losses, metrics, optimizers
from keras.src import activations, initializers, regularizers
from keras.src.saving.serialization_lib import serialize_keras_object as serialized

keras.config.set_floatx("float32")
cases = []


def add(kind, name, given, want, **more):
    cases.append({"name": f"{kind}/{name}", "kind": kind, **more, "given": given, "want": want})


# ---- activations, initializers, regularizers -------------------------------------------------

for name in sorted(activations.ALL_OBJECTS_DICT):
    function = activations.get(name)
    add("activation", name, name, activations.serialize(function))
    add("activation", name + "/function", serialized(function), activations.serialize(function))
for layer in [keras.layers.ReLU(max_value=6, negative_slope=0.1, threshold=0.5),
              keras.layers.ReLU(max_value=0.0), keras.layers.LeakyReLU(),
              keras.layers.LeakyReLU(negative_slope=0.5), keras.layers.ELU(alpha=0.5),
              keras.layers.Softmax(axis=1)]:
    add("activation", f"{layer.name} layer", serialized(layer), serialized(layer))
add("activation", "layer", serialized(keras.layers.Activation("gelu")), "gelu")
add("activation", "null", None, "linear")

ABSENT = {"Constant", "constant", "Initializer", "STFT", "STFTInitializer", "initializer", "stft"}
for name in sorted(set(initializers.ALL_OBJECTS_DICT) - ABSENT):
    add("initializer", name, name, serialized(initializers.get(name)))
for i, made in enumerate([
        initializers.Constant(2), initializers.Constant(-0.5),
        initializers.RandomNormal(mean=1, stddev=2.5, seed=3),
        initializers.TruncatedNormal(mean=0.5, stddev=0, seed=0),
        initializers.RandomUniform(minval=-2, maxval=3),
        initializers.VarianceScaling(2, "fan_out", "untruncated_normal", seed=7),
        initializers.VarianceScaling(0.5, "fan_avg", "uniform"), initializers.GlorotUniform(5),
        initializers.HeNormal(0), initializers.LecunUniform(seed=2**31),
        initializers.Orthogonal(gain=0.5, seed=1)]):
    add("initializer", f"{type(made).__name__}/{i}", serialized(made), serialized(made))
generator = serialized(initializers.HeUniform(seed=keras.random.SeedGenerator(5)))
add("initializer", "seed generator", generator, serialized(initializers.HeUniform(seed=5)))
add("initializer", "null", None, None)

for name in ["l1", "l2", "l1l2", "L1", "L2", "L1L2"]:
    add("regularizer", name, name, serialized(regularizers.get(name)))
for made in [regularizers.L1(0.5), regularizers.L2(0.125), regularizers.L1L2(0.25, 0.5)]:
    add("regularizer", type(made).__name__ + "/made", serialized(made), serialized(made))
add("regularizer", "null", None, None)


# ---- compiled models -------------------------------------------------------------------------

def config_of(outputs, arguments):
    x = keras.Input((4,), name="x")
    ys = [keras.layers.Dense(3, name=n)(x) for n in "pq"[:outputs]]
    model = keras.Model(x, ys if outputs > 1 else ys[0])
    model.compile(**arguments)
    return model.get_compile_config()


def compiled(name, outputs=1, want=None, **arguments):
    given = config_of(outputs, arguments)
    other = given if want is None else config_of(outputs, {**arguments, **want})
    for config in (given, other):  # names are counted in a session
        config["optimizer"]["config"]["name"] = "optimizer"
    add("compile", name, given, other, outputs=outputs)


schedules = optimizers.schedules
for made in [optimizers.SGD(), optimizers.SGD(0.5, momentum=0.9, nesterov=True, clipnorm=1.0),
             optimizers.SGD(0.0, weight_decay=0.25, clipvalue=0.5), optimizers.Adam(),
             optimizers.Adam(0.25, beta_1=0.5, beta_2=0.0, epsilon=1e-3, amsgrad=True,
                             global_clipnorm=2.0), optimizers.AdamW(),
             optimizers.AdamW(weight_decay=0.0), optimizers.RMSprop(),
             optimizers.RMSprop(0.125, rho=0.5, momentum=0.25, epsilon=1e-2, centered=True)]:
    compiled(f"{type(made).__name__}/{len(cases)}", optimizer=made, loss="mse")
for name in ["sgd", "Adam", "adamw", "rmsprop"]:
    compiled(f"optimizer {name}", optimizer=name, loss="mse")
for made in [schedules.ExponentialDecay(0.1, 10, 0.9),
             schedules.ExponentialDecay(0.1, 10, 0.9, staircase=True),
             schedules.InverseTimeDecay(0.1, 10, 0.5), schedules.PolynomialDecay(0.1, 10),
             schedules.PolynomialDecay(0.1, 10, 0.0, power=0.5, cycle=True),
             schedules.PiecewiseConstantDecay([1, 5], [0.1, 0.2, 0.3]),
             schedules.CosineDecay(0.1, 10), schedules.CosineDecay(0.1, 10, 0.25, 0.5, 3),
             schedules.CosineDecay(0.1, 10, warmup_target=0.0, warmup_steps=3),
             schedules.CosineDecayRestarts(0.1, 10, 1.5, 0.5, 0.25)]:
    compiled(f"{type(made).__name__}/{len(cases)}", optimizer=optimizers.SGD(made), loss="mse")

functions = ["mean_squared_error", "mean_absolute_error", "huber", "binary_crossentropy",
             "categorical_crossentropy", "sparse_categorical_crossentropy"]
for name in functions + ["mse", "MSE", "mae", "MAE", "bce", "BCE"]:
    compiled(f"loss {name}", optimizer="sgd", loss=name)
for name in functions:
    compiled(f"loss function {name}", optimizer="sgd", loss=getattr(losses, name),
             want={"loss": name})
for name in ["MeanSquaredError", "SparseCategoricalCrossentropy"]:
    compiled(f"loss {name}", optimizer="sgd", loss=name,
             want={"loss": getattr(losses, name)()})
for made in [losses.MeanSquaredError("sum"), losses.MeanAbsoluteError(name="off"),
             losses.Huber(), losses.BinaryCrossentropy(True, 0.25, axis=1),
             losses.CategoricalCrossentropy(label_smoothing=0.5),
             losses.SparseCategoricalCrossentropy(True, ignore_class=0),
             losses.SparseCategoricalCrossentropy(ignore_class=255,
                                                  reduction="mean_with_sample_weight")]:
    compiled(f"{type(made).__name__}/{len(cases)}", optimizer="sgd", loss=made)

compiled("loss mean", optimizer="sgd", loss=losses.MeanSquaredError("mean"),
         want={"loss": losses.MeanSquaredError()})

compiled("metrics by name", optimizer="sgd", loss="mse",
         metrics=["accuracy", "acc", "mae", "MSE", "binary_accuracy", "CategoricalAccuracy"],
         weighted_metrics=["mse"])
compiled("metrics by object", optimizer="sgd", loss="mse", metrics=[
    metrics.Accuracy(), metrics.BinaryAccuracy(threshold=0.25), metrics.CategoricalAccuracy("c"),
    metrics.TopKCategoricalAccuracy(2), metrics.MeanSquaredError(),
    metrics.MeanAbsoluteError(name="far")])
compiled("sparse metrics by object", optimizer="sgd", loss="sparse_categorical_crossentropy",
         metrics=[metrics.SparseCategoricalAccuracy(),
                  metrics.SparseTopKCategoricalAccuracy(3, name="top")])
compiled("metric functions", optimizer="sgd", loss="mse",
         metrics=[metrics.mean_squared_error, metrics.binary_accuracy],
         want={"metrics": ["mean_squared_error", "binary_accuracy"]})
compiled("nested metrics", optimizer="sgd", loss=["mse"], metrics=[["accuracy", ["mae"]]],
         loss_weights=[0.5],
         want={"loss": "mse", "metrics": ["accuracy", "mae"], "loss_weights": 0.5})
compiled("two outputs", 2, optimizer="sgd", loss={"p": "mse", "q": losses.Huber(2.0)},
         loss_weights={"p": 1, "q": 0.5}, metrics={"p": ["accuracy", "mse"], "q": "mae"},
         weighted_metrics={"q": ["accuracy"]},
         want={"loss": ["mse", losses.Huber(2.0)], "loss_weights": [1, 0.5],
               "metrics": [["accuracy", "mse"], ["mae"]], "weighted_metrics": [None, ["accuracy"]]})
compiled("one loss of two", 2, optimizer="sgd", loss=["mse", None], metrics=[["mae"], None])
compiled("one loss for two", 2, optimizer="sgd", loss="mse", want={"loss": ["mse", "mse"]})

write("keras_objects", cases)
