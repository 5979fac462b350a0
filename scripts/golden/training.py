"""Golden values of fit, evaluate and predict: small models from given weights, without shuffling.

A case has `model` (see model_text.py), `compile`, `fit` (keyword arguments), `x`, `y` and where
used `sample_weight`, `validation` {x, y}; then `initial_weights`, `history` (one list per log),
`final_weights`, `evaluate` (on the training data, after fit) and `predictions` (of the training
data). The last batch of an epoch is short. `float32_deviation` is the largest absolute difference
of history, weights and predictions when Keras itself runs the case in float32: a measure for the
tolerance a float32 implementation needs.
"""

import copy

from common import Data, array, keras, np, write
from model_text import build, chain, thing

MLP_OUT = ("Dense", "out", {"units": 3, "activation": "softmax"})
MLP = chain((5,), ("Dense", "hidden", {"units": 8, "activation": "relu"}), MLP_OUT)
CONVNET = chain((6, 6, 1),
                ("Conv2D", "conv", {"filters": 3, "kernel_size": [3, 3], "activation": "relu"}),
                ("BatchNormalization", "norm", {"momentum": 0.75}),
                ("MaxPooling2D", "pool", {}), ("Flatten", "flat", {}), MLP_OUT)
SPARSE = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}
OPTIMIZERS = [
    ("sgd", {"SGD": {"learning_rate": 0.125}}),
    ("momentum", {"SGD": {"learning_rate": 0.0625, "momentum": 0.75}}),
    ("nesterov", {"SGD": {"learning_rate": 0.0625, "momentum": 0.75, "nesterov": True}}),
    ("adam", {"Adam": {"learning_rate": 0.015625}}),
    ("adamw", {"AdamW": {"learning_rate": 0.015625, "weight_decay": 0.0625}}),
    ("rmsprop", {"RMSprop": {"learning_rate": 0.0078125}}),
    ("clipnorm", {"SGD": {"learning_rate": 0.25, "global_clipnorm": 0.25}})]
SGD, ADAM = OPTIMIZERS[0][1], OPTIMIZERS[3][1]
EPOCHS = 5


def one(values):
    return values[0] if len(values) == 1 else values


def set_weights(model, data):
    for w in model.weights:
        positive = w.path.endswith(("moving_variance", "gamma"))
        w.assign(data.positive(*w.shape) if positive else data.normal(*w.shape, scale=0.5))


def compiled(case):
    model = build(case["model"])
    text = case["compile"]
    optimizer = copy.deepcopy(text["optimizer"])
    ((_, config),) = optimizer.items()
    if isinstance(config.get("learning_rate"), dict):
        config["learning_rate"] = thing(keras.optimizers.schedules, config["learning_rate"])
    model.compile(optimizer=thing(keras.optimizers, optimizer),
                  loss=thing(keras.losses, text["loss"]),
                  **{key: text[key] for key in ("loss_weights", "metrics", "weighted_metrics")
                     if key in text})
    return model


def fit_arguments(case, x, y, weight, validation):
    arguments = dict(case["fit"])
    if "class_weight" in arguments:
        arguments["class_weight"] = {int(k): v for k, v in arguments["class_weight"].items()}
    if validation:
        arguments["validation_data"] = (one(validation[0]), one(validation[1]))
    return dict(arguments, x=one(x), y=one(y), sample_weight=weight, shuffle=False, verbose=0)


def train(case, seed, x, y, weight, validation, floatx):
    """Everything the run computes, as a list of (key, value) for the case."""
    keras.utils.clear_session()
    keras.config.set_floatx(floatx)
    model = compiled(case)
    set_weights(model, Data(seed))
    initial = [array(w.value, w.path) for w in model.weights]
    history = model.fit(**fit_arguments(case, x, y, weight, validation)).history
    evaluated = model.evaluate(one(x), one(y), sample_weight=weight, verbose=0, return_dict=True,
                               batch_size=case["fit"]["batch_size"])
    predictions = model.predict(one(x), verbose=0)
    keras.config.set_floatx("float64")
    return {"initial_weights": initial,
            "history": {k: [float(v) for v in vs] for k, vs in history.items()},
            "final_weights": [array(w.value, w.path) for w in model.weights],
            "evaluate": {k: float(v) for k, v in evaluated.items()},
            "predictions": [array(p) for p in
                            (predictions if isinstance(predictions, list) else [predictions])]}


def numbers(result):
    """All numbers of a result, in order."""
    arrays = result["final_weights"] + result["predictions"]
    logs = list(result["history"].values()) + [list(result["evaluate"].values())]
    return np.concatenate([np.ravel(v) for v in logs + [a["data"] for a in arrays]])


cases = []


def add(name, model, compile, x, y, weight=None, validation=None, seed=7, **fit):
    case = {"name": name, "floatx": "float64", "model": model, "compile": compile,
            "fit": {"epochs": EPOCHS, "batch_size": 8, **fit},
            "x": [array(a) for a in x], "y": [array(a) for a in y]}
    if weight is not None:
        several = isinstance(weight, list)
        case["sample_weight"] = [array(w) for w in weight] if several else array(weight)
    if validation:
        case["validation"] = {"x": [array(a) for a in validation[0]],
                              "y": [array(a) for a in validation[1]]}
    exact = train(case, seed, x, y, weight, validation, "float64")
    single = train(case, seed, x, y, weight, validation, "float32")
    case.update(exact)
    case["float32_deviation"] = float(np.abs(numbers(exact) - numbers(single)).max())
    print("%-28s %.1e %s" % (name, case["float32_deviation"], list(exact["history"])), flush=True)
    cases.append(case)


def table(n, seed=1):
    """Features and one of three classes that depends on them."""
    data = Data(seed)
    x = data.normal(n, 5)
    return x, (x[:, :3] + 0.5 * data.normal(n, 3)).argmax(-1).astype("int32")


def images(n, seed=2):
    data = Data(seed)
    x = data.normal(n, 6, 6, 1)
    rows = x[:, :, :, 0].mean(-1).reshape(n, 3, 2).sum(-1)
    return x, rows.argmax(-1).astype("int32")


def optimizers():
    (x, y), (vx, vy) = table(20), table(6, 11)
    for label, optimizer in OPTIMIZERS:
        add("mlp/" + label, MLP, {"optimizer": optimizer, **SPARSE}, [x], [y],
            validation=([vx], [vy]))
    (x, y), (vx, vy) = images(10), images(5, 12)
    for label, optimizer in (OPTIMIZERS[i] for i in (0, 3, 5)):
        add("convnet/" + label, CONVNET, {"optimizer": optimizer, **SPARSE}, [x], [y],
            validation=([vx], [vy]), batch_size=4)


def losses():
    x, y = table(20)
    logits = chain((5,), ("Dense", "hidden", {"units": 4, "activation": "tanh"}),
                   ("Dense", "out", {"units": 3}))
    add("from_logits", logits, {"optimizer": ADAM, "metrics": ["accuracy"], "loss": {
        "SparseCategoricalCrossentropy": {"from_logits": True}}}, [x], [y])
    add("one_hot_smoothed", MLP, {"optimizer": ADAM, "metrics": ["accuracy"], "loss": {
        "CategoricalCrossentropy": {"label_smoothing": 0.125}}}, [x], [np.eye(3)[y]])
    binary = chain((5,), ("Dense", "hidden", {"units": 4, "activation": "relu"}),
                   ("Dense", "out", {"units": 1, "activation": "sigmoid"}))
    add("binary", binary, {"optimizer": SGD, "loss": "binary_crossentropy",
                           "metrics": ["accuracy"]}, [x], [(y[:, None] == 1).astype("float64")])
    line = chain((5,), ("Dense", "out", {"units": 2}))
    targets = Data(3).normal(20, 2)
    add("regression", line, {"optimizer": {"SGD": {"learning_rate": 0.0625}}, "loss": "mse",
                             "metrics": ["mae", "mse"]}, [x], [targets])
    add("huber", line, {"optimizer": {"SGD": {"learning_rate": 0.0625}},
                        "loss": {"Huber": {"delta": 0.5}}}, [x], [targets])


def weighting():
    x, y = table(20)
    base = {"optimizer": SGD, **SPARSE}
    weighted = {**base, "weighted_metrics": ["accuracy"]}
    add("class_weight", MLP, weighted, [x], [y], class_weight={"0": 0.5, "2": 3.0})
    add("sample_weight", MLP, weighted, [x], [y], weight=Data(4).positive(20))
    zeros = Data(4).positive(20)
    zeros[:8] = 0  # a whole batch
    add("sample_weight_zero", MLP, weighted, [x], [y], weight=zeros)
    add("validation_split", MLP, base, [x], [y], validation_split=0.3)
    add("validation_frequency", MLP, base, [x], [y], validation_split=0.25, validation_freq=2)
    add("batch_of_one", MLP, base, [x[:3]], [y[:3]], batch_size=1)


def structures():
    x, y = table(20)
    two = chain((5,), ("Dense", "trunk", {"units": 6, "activation": "relu"}),
                ("Dense", "digit", {"units": 3, "activation": "softmax"}))
    two["calls"].append({"output": "size", "layer": "Dense", "name": "size",
                         "config": {"units": 1}, "inputs": ["trunk"]})
    two["outputs"] = ["digit", "size"]
    size = x.sum(-1, keepdims=True)
    heads = {"optimizer": SGD, "loss": ["sparse_categorical_crossentropy", "mse"]}
    add("two_outputs", two, heads, [x], [y, size], validation=([x[:6]], [y[:6], size[:6]]))
    add("two_outputs_weighted", two, {**heads, "loss_weights": [1.0, 0.25],
                                      "metrics": [["accuracy"], ["mae"]]}, [x], [y, size])

    add("two_outputs_own_weights", two, {**heads, "weighted_metrics": [["accuracy"], ["mae"]]},
        [x], [y, size], weight=[Data(4).positive(20), Data(8).positive(20)])

    regularized = chain((5,), ("Dense", "hidden", {
        "units": 8, "activation": "relu", "kernel_regularizer": {"L2": {"l2": 0.03125}},
        "bias_regularizer": {"L1": {"l1": 0.0625}}}), MLP_OUT)
    add("regularized", regularized, {"optimizer": SGD, **SPARSE}, [x], [y],
        validation=([x[:6]], [y[:6]]))
    add("regularized_weighted", regularized, {"optimizer": ADAM, **SPARSE}, [x], [y],
        weight=Data(4).positive(20))

    frozen = chain((5,), ("Dense", "hidden", {"units": 8, "activation": "relu",
                                              "trainable": False}), MLP_OUT)
    add("frozen_dense", frozen, {"optimizer": ADAM, **SPARSE}, [x], [y])

    shared = {"inputs": [{"name": "left", "shape": [4]}, {"name": "right", "shape": [4]}],
              "calls": [
                  {"output": "a", "layer": "Dense", "name": "tower", "inputs": ["left"],
                   "config": {"units": 5, "activation": "tanh"}},
                  {"output": "b", "shared": "tower", "inputs": ["right"]},
                  {"output": "c", "layer": "Concatenate", "name": "join", "config": {},
                   "inputs": ["a", "b"]},
                  {"output": "d", "layer": "Dense", "name": "out",
                   "config": {"units": 1, "activation": "sigmoid"}, "inputs": ["c"]}],
              "outputs": ["d"]}
    data = Data(5)
    left, right = data.normal(20, 4), data.normal(20, 4)
    same = (left.sum(-1) > right.sum(-1)).astype("float64")[:, None]
    add("shared_layer", shared, {"optimizer": ADAM, "loss": "binary_crossentropy",
                                 "metrics": ["accuracy"]}, [left, right], [same])

    block = chain((5,), ("Dense", "inner", {"units": 5, "activation": "relu"}),
                  ("BatchNormalization", "inner_norm", {}), source="inner_x")
    nested = {"inputs": [{"name": "x", "shape": [5]}],
              "calls": [
                  {"output": "a", "model": block, "name": "block", "inputs": ["x"]},
                  {"output": "b", "layer": "Add", "name": "skip", "config": {},
                   "inputs": ["x", "a"]},
                  {"output": "c", "layer": "Dense", "name": "out",
                   "config": {"units": 3, "activation": "softmax"}, "inputs": ["b"]}],
              "outputs": ["c"]}
    add("nested_model", nested, {"optimizer": SGD, **SPARSE}, [x], [y])


def schedules_and_norms():
    (x, y), (ix, iy) = table(20), images(10)
    decay = {"SGD": {"learning_rate": {"ExponentialDecay": {
        "initial_learning_rate": 0.25, "decay_steps": 3, "decay_rate": 0.5}}}}
    add("schedule", MLP, {"optimizer": decay, **SPARSE}, [x], [y])
    accumulate = {"SGD": {"learning_rate": 0.25, "gradient_accumulation_steps": 2}}
    add("accumulation", MLP, {"optimizer": accumulate, **SPARSE}, [x], [y])
    frozen = copy.deepcopy(CONVNET)
    frozen["calls"][1]["config"]["trainable"] = False
    add("frozen_normalization", frozen, {"optimizer": SGD, **SPARSE}, [ix], [iy], batch_size=4)
    deep = chain((6, 6, 1),
                 ("ZeroPadding2D", "pad", {"padding": [[0, 1], [0, 1]]}),
                 ("DepthwiseConv2D", "depth", {"kernel_size": [3, 3], "strides": [2, 2],
                                               "depth_multiplier": 3, "use_bias": False}),
                 ("BatchNormalization", "norm", {"scale": False}), ("ReLU", "relu", {}),
                 ("Conv2D", "point", {"filters": 4, "kernel_size": [1, 1], "padding": "same"}),
                 ("GlobalAveragePooling2D", "mean", {}), MLP_OUT)
    add("depthwise", deep, {"optimizer": ADAM, **SPARSE}, [ix], [iy], batch_size=4)


def call(output, kind, inputs, name=None, **config):
    return {"output": output, "layer": kind, "name": name or output, "config": config,
            "inputs": inputs}


def again(output, shared, inputs):
    return {"output": output, "shared": shared, "inputs": inputs}


def shared_norms():
    """A BatchNormalization called twice: the order of the calls shows in its statistics."""
    data = Data(6)
    left, right = data.normal(20, 4), 2 + 3 * data.normal(20, 4)
    ends = {"optimizer": SGD, "loss": "mse"}
    pair = [{"name": "left", "shape": [4]}, {"name": "right", "shape": [4]}]
    target = 0.5 * left.sum(-1, keepdims=True)
    norm = call("a", "BatchNormalization", ["left"], "norm", momentum=0.75)
    joined = {"inputs": pair, "outputs": ["out"], "calls": [
        norm, again("b", "norm", ["right"]), call("join", "Concatenate", ["a", "b"]),
        call("out", "Dense", ["join"], units=1)]}
    add("shared_normalization", joined, ends, [left, right], [target])
    crossed = copy.deepcopy(joined)
    crossed["calls"][2]["inputs"] = ["b", "a"]
    add("shared_normalization_crossed", crossed, ends, [left, right], [target])

    deeper = {"inputs": pair, "outputs": ["out"], "calls": [
        norm, call("dense", "Dense", ["right"], units=4, activation="tanh"),
        again("b", "norm", ["dense"]), call("sum", "Add", ["a", "b"]), again("c", "norm", ["sum"]),
        call("out", "Dense", ["c"], units=1)]}
    add("shared_normalization_deeper", deeper, ends, [left, right], [target])

    heads = {"inputs": pair, "outputs": ["one", "two"], "calls": [
        norm, again("b", "norm", ["right"]), call("one", "Dense", ["a"], units=1),
        call("two", "Dense", ["b"], units=1)]}
    add("shared_normalization_heads", heads, {**ends, "loss": ["mse", "mse"]}, [left, right],
        [target, 2 * target])

    block = chain((4,), ("Dense", "inner", {"units": 4, "activation": "relu"}),
                  ("BatchNormalization", "inner_norm", {"momentum": 0.75}), source="inner_x")
    nested = {"inputs": pair, "outputs": ["out"], "calls": [
        {"output": "a", "model": block, "name": "block", "inputs": ["left"]},
        again("b", "block", ["right"]), call("join", "Concatenate", ["b", "a"]),
        call("out", "Dense", ["join"], units=1)]}
    add("shared_model_with_normalization", nested, ends, [left, right], [target])


optimizers()
losses()
weighting()
structures()
schedules_and_norms()
shared_norms()
write("training", cases)
