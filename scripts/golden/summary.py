"""Golden text of model.summary(), as it goes to a file or a pipe.

A case has `model` (see model_text.py), `sequential` (true: a Sequential of the calls' layers),
`options` of summary, `trained` (one step was done, so the optimizer has its variables) and `text`.
"""

import copy
import os

os.environ["COLUMNS"] = "200"  # of the terminal, which caps the width

from common import keras, np, write  # noqa: E402
from model_text import build, chain, layer  # noqa: E402

keras.config.set_floatx("float32")

CONVNET = chain((28, 28, 1),
                ("Conv2D", "stem", {"filters": 32, "kernel_size": [3, 3], "activation": "relu"}),
                ("MaxPooling2D", "pool", {}), ("Flatten", "flat", {}),
                ("BatchNormalization", "norm", {}),
                ("Dense", "a_name_that_is_far_too_long_for_its_column", {"units": 10}))
FROZEN = copy.deepcopy(CONVNET)
FROZEN["calls"][0]["config"]["trainable"] = False
GRAPH = {"inputs": [{"name": "left", "shape": [4]}, {"name": "right", "shape": [4]}],
         "calls": [
             {"output": "a", "layer": "Dense", "name": "tower", "inputs": ["left"],
              "config": {"units": 5}},
             {"output": "b", "shared": "tower", "inputs": ["right"]},
             {"output": "c", "layer": "Concatenate", "name": "join", "config": {},
              "inputs": ["a", "b"]},
             {"output": "d", "layer": "Dense", "name": "digit", "inputs": ["c"],
              "config": {"units": 3}},
             {"output": "e", "layer": "Dense", "name": "size", "inputs": ["c"],
              "config": {"units": 1}}],
         "outputs": ["d", "e"]}
BLOCK = chain((5,), ("Dense", "inner", {"units": 5, "activation": "relu"}),
              ("BatchNormalization", "inner_normalization", {}), source="inner_x")
NESTED = {"inputs": [{"name": "x", "shape": [5]}],
          "calls": [
              {"output": "a", "model": BLOCK, "name": "block", "inputs": ["x"]},
              {"output": "b", "layer": "Add", "name": "skip", "config": {}, "inputs": ["x", "a"]},
              {"output": "c", "layer": "Dense", "name": "out", "config": {"units": 3},
               "inputs": ["b"]}],
          "outputs": ["c"]}

cases = []


def sequential(text):
    layers = [layer(call) for call in text["calls"]]
    return keras.Sequential([keras.Input(text["inputs"][0]["shape"])] + layers, name="stack")


def add(label, text, stack=False, trained=False, **options):
    model = sequential(text) if stack else build(text, "network")
    if trained:
        model.compile("adam", "mse")
        rows = [np.ones([2] + i["shape"]) for i in text["inputs"]]
        model.train_on_batch(rows if len(rows) > 1 else rows[0], model.predict(
            rows if len(rows) > 1 else rows[0], verbose=0))
    lines = []
    model.summary(print_fn=lambda line, **_: lines.append(line), **options)
    cases.append({"name": label, "model": text, "sequential": stack, "options": options,
                  "trained": trained, "text": "\n".join(lines)})


add("chain", CONVNET)
add("sequential", CONVNET, stack=True)
add("trainable", FROZEN, stack=True, show_trainable=True)
add("narrow", CONVNET, line_length=50)
add("wide", CONVNET, line_length=131)
add("graph", GRAPH)
add("graph_trainable", GRAPH, show_trainable=True)
add("graph_narrow", GRAPH, line_length=70)
add("nested", NESTED)
add("expanded", NESTED, expand_nested=True, show_trainable=True)
add("trained", CONVNET, trained=True)
write("summary", cases)
