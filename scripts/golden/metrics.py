"""Golden values of metrics over three updates with batches of different sizes, and what the
strings "accuracy" and "crossentropy" mean for given shapes."""

from itertools import product

from common import Data, array, keras, np, write
from keras.src.trainers import compile_utils

BATCHES = (4, 3, 1)
cases = []


def one_hot(data, n, classes):
    return np.eye(classes)[data.labels(classes, n)]


def add(kind, config, make, weighted, tag="", weight_shape=lambda n: (n,)):
    """`make(data, n)` gives the arguments of one update with n samples."""
    data = Data(len(cases))
    metric = getattr(keras.metrics, kind)(**config)
    updates = []
    for n in BATCHES:
        arguments = make(data, n)
        weight = data.positive(*weight_shape(n)) if weighted else None
        metric.update_state(*arguments, sample_weight=weight)
        update = dict(zip(("y_true", "y_pred") if len(arguments) == 2 else ("values",),
                          map(array, arguments)))
        if weighted:
            update["sample_weight"] = array(weight)
        update["result"] = float(metric.result())
        update["state"] = [array(v.value, v.name) for v in metric.variables]
        updates.append(update)
    name = "/".join(x for x in (kind, tag, "weighted" if weighted else "unweighted") if x)
    cases.append({"name": name, "metric": kind, "config": config, "floatx": "float64",
                  "updates": updates})


def both(*args, **kwargs):
    for weighted in (False, True):
        add(*args, weighted=weighted, **kwargs)


def accuracies():
    both("Accuracy", {}, lambda d, n: (d.labels(2, n, 3), d.labels(2, n, 3)))
    both("Accuracy", {}, lambda d, n: (d.labels(2, n, 1), d.labels(2, n, 1)), tag="column")
    binary = lambda d, n: (d.labels(2, n, 1).astype("float64"), d.probabilities(n, 1))  # noqa
    both("BinaryAccuracy", {}, binary)
    both("BinaryAccuracy", {"threshold": 0.25}, binary, tag="threshold")
    both("BinaryAccuracy", {}, lambda d, n: (d.labels(2, n, 3).astype("float64"),
                                             d.probabilities(n, 3)), tag="wide")
    at_half = lambda d, n: (d.labels(2, n, 2).astype("float64"), np.full((n, 2), 0.5))  # noqa
    add("BinaryAccuracy", {}, at_half, False, tag="at_threshold")
    both("CategoricalAccuracy", {}, lambda d, n: (one_hot(d, n, 4), d.probabilities(n, 4)))
    both("CategoricalAccuracy", {}, lambda d, n: (np.eye(3)[d.labels(3, n, 2)],
                                                  d.probabilities(n, 2, 3)), tag="rank3")
    sparse = "SparseCategoricalAccuracy"
    both(sparse, {}, lambda d, n: (d.labels(4, n), d.probabilities(n, 4)))
    both(sparse, {}, lambda d, n: (d.labels(4, n, 1), d.probabilities(n, 4)), tag="column")
    both(sparse, {}, lambda d, n: (d.labels(3, n, 2), d.probabilities(n, 2, 3)), tag="rank3")
    add(sparse, {}, lambda d, n: (d.labels(3, n), np.full((n, 3), 0.25)), False, tag="ties")
    for k in (1, 2, 5):
        config = {"k": k}
        both("TopKCategoricalAccuracy", config,
             lambda d, n: (one_hot(d, n, 6), d.distinct(n, 6)), tag="k%d" % k)
        both("SparseTopKCategoricalAccuracy", config,
             lambda d, n: (d.labels(6, n), d.distinct(n, 6)), tag="k%d" % k)


def errors():
    for kind in ("MeanSquaredError", "RootMeanSquaredError", "MeanAbsoluteError"):
        both(kind, {}, lambda d, n: (d.normal(n, 1), d.normal(n, 1)))
        both(kind, {}, lambda d, n: (d.normal(n, 3), d.normal(n, 3)), tag="wide")
        both(kind, {}, lambda d, n: (d.normal(n, 2, 3), d.normal(n, 2, 3)), tag="rank3")
    for kind in ("BinaryCrossentropy", "CategoricalCrossentropy"):
        both(kind, {}, lambda d, n: (one_hot(d, n, 4), d.probabilities(n, 4)))
    both("SparseCategoricalCrossentropy", {}, lambda d, n: (d.labels(4, n),
                                                            d.probabilities(n, 4)))


def means():
    both("Mean", {}, lambda d, n: (d.normal(n),))
    both("Mean", {}, lambda d, n: (d.normal(n, 3),), tag="rank2")
    add("Mean", {}, lambda d, n: (d.normal(n, 3),), True, tag="rank2_full",
        weight_shape=lambda n: (n, 3))
    both("Sum", {}, lambda d, n: (d.normal(n),))


def resolution():
    """Which class the strings stand for."""
    shapes = [((4,), (4, 3)), ((4, 1), (4, 3)), ((4, 3), (4, 3)), ((4,), (4, 1)), ((4, 1), (4, 1)),
              ((4, 2), (4, 2)), ((4, 5), (4, 5, 3)), ((4, 5, 1), (4, 5, 3)),
              ((4, 5, 3), (4, 5, 3)), ((4, 5, 1), (4, 5, 1)), ((4, 5), (4, 5, 1))]
    lookups = (("metric", compile_utils.get_metric, ("accuracy", "acc")),
               ("loss", compile_utils.get_loss, ("crossentropy", "ce")))
    for role, lookup, words in lookups:
        for word, (t, p) in product(words, shapes):
            found = lookup(word, np.zeros(t), np.zeros(p))
            cases.append({"name": "%s %s for %s and %s" % (role, word, list(t), list(p)),
                          "role": role, "string": word, "y_true_shape": list(t),
                          "y_pred_shape": list(p), "resolves_to": getattr(found, "fn", type(found)).__name__,
                          "log_name": found.name})


accuracies()
errors()
means()
resolution()
write("metrics", cases)
