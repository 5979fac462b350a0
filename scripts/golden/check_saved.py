"""Opens the .keras files that Cornu wrote with real Keras, and compares.

    check_saved.py FOLDER

FOLDER/cases.json lists the files (see tests/frontend/keras/write_files.c); the arrays beside each
are laid out as by keras_files.py. Predictions agree to 1e-5, the logs of the next steps to 1e-4.
The last line is the sum; the status is 0 when nothing failed.
"""

import json
import os
import sys

# Nearly all of the time goes into compiling steps that run fifty times at most.
os.environ["XLA_FLAGS"] = ("--xla_backend_optimization_level=0 "
                           "--xla_llvm_disable_expensive_passes=true")

import keras_files  # noqa: E402
from keras_files import keras, np  # noqa: E402

import file_custom  # noqa: E402, F401  (registers its classes)


def differences(got, want, absolute, relative):
    """The worst one, when it is beyond the tolerance."""
    got, want = np.asarray(got, "float64"), np.asarray(want, "float64")
    if got.shape != want.shape:
        return "shape %s, not %s" % (got.shape, want.shape)
    beyond = np.abs(got - want) - (absolute + relative * np.abs(want))
    if not (beyond > 0).any() and np.isfinite(got).all():
        return None
    at = np.unravel_index(np.argmax(beyond), beyond.shape)
    return "%s is %.9g, not %.9g" % (list(map(int, at)), got[at], want[at])


def part(arrays, kind):
    return {k[len(kind):]: v for k, v in arrays.items() if k.startswith(kind)}


def check_predictions(model, arrays):
    got = keras_files.predict(model, part(arrays, "input/"))
    want = [arrays["output/%d" % i] for i in range(len(part(arrays, "output/")))]
    if len(got) != len(want):
        yield "%d outputs, not %d" % (len(got), len(want))
        return
    for i, (g, w) in enumerate(zip(got, want)):
        if g.dtype != w.dtype:
            yield "output %d is of %s, not %s" % (i, g.dtype, w.dtype)
        wrong = differences(g, w, 1e-5, 1e-5)
        if wrong:
            yield "output %d %s" % (i, wrong)


def check_training(model, arrays):
    steps = len(arrays["log/loss"])
    keras_files.BATCH = len(next(v for k, v in arrays.items() if k.startswith("x/"))) // steps
    order = [t.name for t in model.inputs]
    given = {"x/" + name: arrays["x/" + name] for name in order}
    given.update((k, arrays[k]) for k in sorted(arrays) if k[:2] == "y/" or k[:7] == "weight/")
    logs = keras_files.run(model, given)
    for name, want in part(arrays, "log/").items():
        if name not in logs:
            yield "Keras logs no %s, but %s" % (name, sorted(logs))
            continue
        wrong = differences(logs[name], want, 1e-6, 1e-4)
        if wrong:
            yield "log %s %s" % (name, wrong)


def check(folder, case):
    path = os.path.join(folder, case["file"])
    arrays = case["arrays"] or path.replace(".keras", ".npz")
    arrays = dict(np.load(arrays))
    try:
        keras.utils.clear_session()
        model = keras.saving.load_model(path)
        if "weights" in case:
            model.load_weights(os.path.join(folder, case["weights"]))
        if case["kind"] == "train":
            return list(check_training(model, arrays))
        return list(check_predictions(model, arrays))
    except Exception as error:  # whatever Keras finds wrong with a file
        return ["%s: %s" % (type(error).__name__, error)]


def main():
    folder = sys.argv[1]
    with open(os.path.join(folder, "cases.json")) as file:
        cases = json.load(file)["cases"]
    failures = 0
    for case in cases:
        wrong = check(folder, case)
        for words in wrong:
            print("%s: %s" % (case["file"], words), flush=True)
        failures += bool(wrong)
    print("%d files, %d that Keras %s reads otherwise" % (len(cases), failures,
                                                          keras.__version__))
    sys.exit(1 if failures or not cases else 0)


main()
