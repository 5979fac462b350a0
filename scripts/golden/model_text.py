"""Builds a Keras model from the textual description that the training cases store.

    {"inputs": [{"name", "shape"}], "calls": [call ...], "outputs": [tensor name ...]}

A call is {"output", "layer", "name", "config", "inputs"}, makes a layer and applies it;
{"output", "shared", "inputs"} applies the layer named by "shared" again; and
{"output", "model", "name", "inputs"} applies a nested model, itself such a description.
A regulariser or loss with options is written {"ClassName": {config}}.
"""

from common import keras


def thing(module, text):
    """A Keras object from its text: a name, or {"ClassName": {config}}; lists element by element."""
    if isinstance(text, list):
        return [thing(module, t) for t in text]
    if isinstance(text, dict):
        ((kind, config),) = text.items()
        return getattr(module, kind)(**config)
    return text


def layer(call):
    if "model" in call:
        return build(call["model"], call["name"])
    config = dict(call["config"])
    for key in config:
        if key.endswith("_regularizer"):
            config[key] = thing(keras.regularizers, config[key])
    return getattr(keras.layers, call["layer"])(name=call["name"], **config)


def build(text, name=None):
    tensors = {i["name"]: keras.Input(i["shape"], name=i["name"]) for i in text["inputs"]}
    inputs = list(tensors.values())
    layers = {}
    for call in text["calls"]:
        if "shared" not in call:
            layers[call["name"]] = layer(call)
        arguments = [tensors[t] for t in call["inputs"]]
        applied = layers[call.get("shared", call.get("name"))]
        tensors[call["output"]] = applied(arguments if len(arguments) > 1 else arguments[0])
    outputs = [tensors[t] for t in text["outputs"]]
    one = lambda xs: xs[0] if len(xs) == 1 else xs  # noqa: E731
    return keras.Model(one(inputs), one(outputs), name=name)


def chain(shape, *layers, source="x"):
    """The description of layers one after another; each is (kind, name, config)."""
    calls, tensor = [], source
    for kind, name, config in layers:
        calls.append({"output": name, "layer": kind, "name": name, "config": config,
                      "inputs": [tensor]})
        tensor = name
    return {"inputs": [{"name": source, "shape": list(shape)}], "calls": calls,
            "outputs": [tensor]}
