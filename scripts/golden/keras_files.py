"""Models in Keras' own files: what each predicts, and how it goes on training.

    keras_files.py FOLDER [FAMILY ...]

writes FOLDER/NAME.keras (or .h5) by Keras' own saving, and beside it NAME.npz, float32 unless said:

    input/NAME    one per input of the model, by name
    output/I      what predict gives, in the order of model.outputs
    x/NAME, y/I, weight/I, log/NAME
                  a training case: one batch per row, and the logs of one train_on_batch for
                  each; what Keras does after it has opened the file, so its own reading of
                  the optimizer's state is part of the answer

and FOLDER/cases.json, the list of them: "file", "kind" ("predict", "train", "weights", "refuse"),
"words" that the message of a refusal must have, "weights" (a .weights.h5 to load into the model
first). Seeds are fixed, and so is the clock: running it again writes the same arrays, and the same
models but for the ids of shared objects, which Keras takes from memory.
"""

import importlib
import json
import os
import sys
import time
import types
import zipfile

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"

import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras.src.saving import saving_lib  # noqa: E402

STEPS = 50
BATCH = 4


class Clock(saving_lib.datetime.datetime):
    """Files say when they were written: always the same moment."""

    @classmethod
    def now(cls, tz=None):
        return cls(2026, 1, 1, tzinfo=tz)


saving_lib.datetime = types.SimpleNamespace(datetime=Clock)
zipfile.time = types.SimpleNamespace(
    time=lambda: 0.0, localtime=lambda t=None: time.struct_time((2026, 1, 1, 0, 0, 0, 3, 1, 0)))


def flat(structure):
    """Leaves in the order of model.inputs and model.outputs: of dictionaries, by key."""
    if isinstance(structure, dict):
        structure = [structure[k] for k in sorted(structure)]
    if not isinstance(structure, (list, tuple)):
        return [structure]
    return [leaf for part in structure for leaf in flat(part)]


def arranged(structure, x):
    """The arrays of x where the inputs of their names stand."""
    if isinstance(structure, dict):
        return {k: arranged(v, x) for k, v in structure.items()}
    if isinstance(structure, (list, tuple)):
        return [arranged(v, x) for v in structure]
    return x[structure.name]


def fill(model, seed):
    """Weights that every part of a layer shows in: nothing is zero, one, or equal."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        value = rng.normal(0, 0.4, weight.shape)
        if "variance" in weight.path:
            value = rng.uniform(0.5, 2, weight.shape)
        weight.assign(value.astype(weight.dtype))


def data(shape, seed, dtype="float32"):
    rng = np.random.default_rng(seed)
    if dtype.startswith("float"):
        return rng.normal(0, 1, shape).astype(dtype)
    return rng.integers(0, 2 if dtype == "bool" else 5, shape).astype(dtype)


def inputs_of(model, count, seed):
    """Samples for every input, by name."""
    return {t.name: data((count, *t.shape[1:]), seed + i, t.dtype)
            for i, t in enumerate(model.inputs)}


def predict(model, x):
    """Outputs in the order of model.outputs."""
    if isinstance(model, keras.Sequential):
        given = list(x.values())[0]
    else:
        given = arranged(model._inputs_struct, x)
    return [np.asarray(a) for a in flat(model.predict(given, verbose=0))]


def reopened(path):
    """The model of a file; one in an old file is compiled anew, with what the file says."""
    keras.utils.clear_session()
    model = keras.saving.load_model(path)
    if path.endswith(".h5") and getattr(model, "optimizer", None) is not None:
        model.compile(model.optimizer.from_config(model.optimizer.get_config()),
                      model.loss, metrics=["mae"])
    return model


class Folder:
    """What one run writes."""

    def __init__(self, path):
        self.path = path
        self.cases = []
        os.makedirs(path, exist_ok=True)

    def place(self, name):
        return os.path.join(self.path, name)

    def add(self, name, kind, ending=".keras", **facts):
        assert name not in [c["name"] for c in self.cases], name
        self.cases.append({"name": name, "kind": kind, "file": name + ending, **facts})

    def store(self, name, arrays):
        np.savez(self.place(name + ".npz"), **arrays)

    def predict(self, name, model, count=3, seed=1, ending=".keras", **facts):
        """A model, and what it predicts once Keras has opened the file again."""
        fill(model, seed)
        model.save(self.place(name + ending))
        opened = reopened(self.place(name + ending))
        x = inputs_of(opened, count, seed)
        arrays = {"input/" + k: v for k, v in x.items()}
        arrays.update(("output/%d" % i, v) for i, v in enumerate(predict(opened, x)))
        for v in arrays.values():
            assert np.isfinite(v).all(), name
        self.store(name, arrays)
        self.add(name, "predict", ending, **facts)

    def predict_old(self, name, model, write, seed=1):
        """The same for a file that `write(model, path)` makes."""
        fill(model, seed)
        write(model, self.place(name + ".h5"))
        opened = reopened(self.place(name + ".h5"))
        x = inputs_of(model, 3, seed)
        arrays = {"input/" + k: v for k, v in x.items()}
        arrays.update(("output/%d" % i, v) for i, v in enumerate(predict(model, x)))
        for i, v in enumerate(predict(opened, x)):
            assert np.allclose(v, arrays["output/%d" % i]), name
        self.store(name, arrays)
        self.add(name, "predict", ".h5")

    def weights(self, name, model, count=3, seed=1):
        """A model, and other weights of it in a file of their own."""
        fill(model, seed)
        model.save(self.place(name + ".keras"))
        fill(model, seed + 1)
        model.save_weights(self.place(name + ".weights.h5"))
        x = inputs_of(model, count, seed)
        arrays = {"input/" + k: v for k, v in x.items()}
        arrays.update(("output/%d" % i, v) for i, v in enumerate(predict(model, x)))
        self.store(name, arrays)
        self.add(name, "weights", weights=name + ".weights.h5")

    def train(self, name, model, targets, weights=None, seed=1, ending=".keras", **facts):
        """A compiled model, saved after some steps; `targets` and `weights` are functions of
        the inputs of one batch that give lists."""
        fill(model, seed)
        before = batches(model, 7, targets, weights, 100 + seed)
        run(model, before)
        model.save(self.place(name + ending))
        opened = reopened(self.place(name + ending))
        after = batches(opened, STEPS, targets, weights, 200 + seed)
        logs = run(opened, after)
        self.store(name, {**after, **{"log/" + k: v for k, v in logs.items()}})
        self.add(name, "train", ending, **facts)
        self.report_stiffness(name, ending, after, logs)

    def report_stiffness(self, name, ending, after, logs):
        """How much the curve moves when weights do by a rounding: the test's tolerance has to
        cover that, so it must be far below."""
        opened = reopened(self.place(name + ending))
        rng = np.random.default_rng(0)
        for w in opened.trainable_variables:
            w.assign(np.asarray(w) * (1 + 1e-7 * rng.choice([-1, 1], w.shape)).astype("float32"))
        moved = run(opened, after)["loss"]
        worst = float(np.max(np.abs(moved / logs["loss"] - 1)))
        print("%-32s loss %.4f to %.4f, moves by %.0e" % (name, logs["loss"][0], logs["loss"][-1],
                                                          worst), flush=True)
        assert worst < 2e-5, name

    def refuse(self, name, model, words, **facts):
        """A file that Cornu cannot open, and what its message has to say."""
        model.save(self.place(name + ".keras"))
        self.add(name, "refuse", words=words, **facts)

    def close(self):
        path = self.place("cases.json")
        with open(path, "w") as out:
            lines = ",\n".join(json.dumps(case) for case in self.cases)
            out.write('{"keras": "%s", "cases": [\n%s\n]}\n' % (keras.__version__, lines))
        size = sum(os.path.getsize(self.place(f)) for f in os.listdir(self.path))
        print("%s: %d cases, %d bytes" % (self.path, len(self.cases), size))


def batches(model, steps, targets, weights, seed):
    """Arrays of [steps * BATCH, ...]."""
    x = inputs_of(model, steps * BATCH, seed)
    arrays = {"x/" + k: v for k, v in x.items()}
    values = list(x.values())
    arrays.update(("y/%d" % i, np.asarray(v)) for i, v in enumerate(targets(*values)))
    if weights is not None:
        arrays.update(("weight/%d" % i, np.asarray(v)) for i, v in enumerate(weights(*values)))
    return arrays


def run(model, arrays):
    """Logs of one train_on_batch for each batch."""
    def one(values):
        return values[0] if len(values) == 1 else values

    def part(kind, step):
        chosen = [v for k, v in arrays.items() if k.startswith(kind)]
        return one([v[step * BATCH:(step + 1) * BATCH] for v in chosen]) if chosen else None

    logs = []
    for step in range(len(next(iter(arrays.values()))) // BATCH):
        model.reset_metrics()
        logs.append(model.train_on_batch(part("x/", step), part("y/", step),
                                         part("weight/", step), return_dict=True))
    return {k: np.asarray([float(one_step[k]) for one_step in logs]) for k in logs[0]}


def main():
    folder = Folder(sys.argv[1])
    families = sys.argv[2:] or ["layers", "structures", "ops", "old", "training", "refused",
                                "versions"]
    for family in families:
        keras.utils.set_random_seed(1)
        importlib.import_module("file_" + family).write(folder)
    folder.close()


if __name__ == "__main__":
    sys.modules["keras_files"] = sys.modules["__main__"]
    main()
