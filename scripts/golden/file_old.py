"""Old .h5 files: as Keras 3 writes them, and as Keras 2 did.

Nothing of Keras 2 runs here: its files are made of Keras 3's model by what differs (no modules, no
registered names, plain dtypes, "batch_input_shape", nodes as nested lists, ":0" after the names of
weights), and Keras 3 has to open them and predict the same.
"""

import json

import h5py
import keras
import numpy as np
from file_structures import block
from keras import layers


def old_object(x):
    """A configuration in the words of Keras 2."""
    if isinstance(x, (list, tuple)):
        return [old_object(v) for v in x]
    if not isinstance(x, dict):
        return x
    if x.get("class_name") == "DTypePolicy":
        return x["config"]["name"]
    made = {k: old_object(v) for k, v in x.items()
            if k not in ("module", "registered_name", "build_config", "build_input_shape")}
    if "batch_shape" in made:
        made["batch_input_shape"] = made.pop("batch_shape")
    return made


def old_nodes(nodes):
    """[{"args": [tensor or list of tensors]}] as [[[name, node, tensor, {}], ...]]."""
    def histories(x):
        if isinstance(x, list):
            return [h for part in x for h in histories(part)]
        return [[*x["config"]["keras_history"], {}]]

    return [histories(node["args"]) for node in nodes]


def old_model(config):
    made = old_object(config)
    for layer in made["config"]["layers"]:
        if "inbound_nodes" in layer:
            layer["inbound_nodes"] = old_nodes(layer["inbound_nodes"])
        if layer["class_name"] in ("Functional", "Sequential"):
            layer["config"] = old_model(layer)["config"]
    for ends in ("input_layers", "output_layers"):
        if ends in made["config"] and isinstance(made["config"][ends][0], str):
            made["config"][ends] = [made["config"][ends]]
    return made


def save_as_keras_2(model, path):
    with h5py.File(path, "w", track_order=False) as f:
        f.attrs["keras_version"] = b"2.12.0"
        f.attrs["backend"] = b"tensorflow"
        f.attrs["model_config"] = json.dumps(
            old_model(json.loads(model.to_json()))).encode()
        group = f.create_group("model_weights")
        group.attrs["keras_version"] = b"2.12.0"
        group.attrs["backend"] = b"tensorflow"
        group.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        for layer in model.layers:
            own = group.create_group(layer.name)
            weights = layer.trainable_weights + layer.non_trainable_weights
            names = [w.path.split("/", 1)[1] if hasattr(layer, "layers") else w.path
                     for w in weights]
            own.attrs["weight_names"] = np.asarray([(n + ":0").encode() for n in names], dtype="S")
            for name, weight in zip(names, weights):
                own.create_dataset(name + ":0", data=np.asarray(weight))


def write(folder):
    x = keras.Input((4, 4, 2), name="x")
    y = layers.Conv2D(2, 3, activation="relu", name="conv")(x)
    y = layers.BatchNormalization(name="norm")(y)
    y = layers.Flatten(name="flatten")(y)
    y = block("block", 2)(layers.Dense(4, name="dense")(y))
    functional = keras.Model(x, layers.Concatenate(name="join")([y, y]))
    folder.predict("old_functional", functional, ending=".h5")
    folder.predict_old("old_functional_2", functional, save_as_keras_2)
    stack = keras.Sequential([
        keras.Input((4,), name="input"), layers.Dense(3, activation="relu"), layers.Dense(2)])
    folder.predict("old_sequential", stack, ending=".h5")
    folder.predict_old("old_sequential_2", stack, save_as_keras_2)
