"""Golden values of losses: the value and the gradient by y_pred, over every reduction, sample
weight, rank and option; then float32 cases at the edges where probabilities are clipped."""

from itertools import product

from common import Data, array, jax, keras, np, write

REDUCTIONS = ["sum_over_batch_size", "sum", "mean_with_sample_weight", "none"]
BATCH, TIME, CLASSES = 3, 2, 4
cases = []


def add(name, kind, config, y_true, y_pred, weight, floatx="float64"):
    keras.config.set_floatx(floatx)
    y_pred = jax.numpy.asarray(y_pred, floatx)
    loss = getattr(keras.losses, kind)(**config)
    call = lambda p: loss(y_true, p, sample_weight=weight)  # noqa: E731
    value = call(y_pred)
    cotangent = np.asarray(Data(len(cases)).normal(*value.shape) if value.ndim else 1.0)
    gradient = jax.grad(lambda p: (call(p) * cotangent).sum())(y_pred)
    entry = {"name": name, "loss": kind, "config": config, "floatx": floatx,
             "y_true": array(y_true), "y_pred": array(y_pred)}
    if weight is not None:
        entry["sample_weight"] = array(weight)
    entry.update(value=array(value), cotangent=array(cotangent),
                 y_pred_gradient=array(gradient))
    cases.append(entry)
    keras.config.set_floatx("float64")


def prediction(kind, data, shape, logits):
    """Logits or regression values, or probabilities; rows that sum to one are not required."""
    if logits:
        return data.normal(*shape, scale=2.0)
    return data.probabilities(*shape)


def truth(kind, data, shape):
    if kind == "SparseCategoricalCrossentropy":
        return data.labels(CLASSES, *shape[:-1])
    if kind == "CategoricalCrossentropy":
        return np.eye(CLASSES)[data.labels(CLASSES, *shape[:-1])]
    if kind == "BinaryCrossentropy":
        return data.labels(2, *shape).astype("float64")
    return data.normal(*shape)


def weights(data, shape):
    """None, one per sample, and (for rank 3) one per time step; a zero among them.

    For rank 3 Keras wants [batch, 1] per sample: [batch] does not broadcast to [batch, time].
    """
    yield "unweighted", None
    per_sample = data.positive(*(BATCH, 1)[:len(shape) - 1])
    per_sample[1] = 0
    yield "weighted", per_sample
    if len(shape) == 3:
        yield "step_weighted", data.positive(*shape[:-1])


def sweep(kind, options, shapes):
    for (label, option), shape in product(options, shapes):
        data = Data(len(cases))
        logits = option.get("from_logits", not kind.endswith("entropy"))
        y_pred, y_true = prediction(kind, data, shape, logits), truth(kind, data, shape)
        for (weighting, weight), reduction in product(list(weights(data, shape)), REDUCTIONS):
            config = {**option, "reduction": reduction}
            name = "/".join([kind, label, "rank%d" % len(shape), weighting, reduction])
            add(name, kind, config, y_true, y_pred, weight)


def edges():
    """Probabilities at and beyond the clipping, large logits, soft and float labels."""
    p = np.array([[0.0], [1.0], [0.0], [1.0], [1e-8], [0.99999994]])
    t = np.array([[0.0], [1.0], [1.0], [0.0], [1.0], [1.0]])
    z = np.array([[100.0], [-100.0], [100.0], [-100.0], [0.0], [15.0]])
    none = {"reduction": "none"}
    add("BinaryCrossentropy/clipped", "BinaryCrossentropy", none, t, p, None, "float32")
    add("BinaryCrossentropy/large_logits", "BinaryCrossentropy", {"from_logits": True, **none},
        t, z, None, "float32")
    soft = Data(5).probabilities(3, 2)
    add("BinaryCrossentropy/soft_labels", "BinaryCrossentropy", {}, soft,
        Data(6).probabilities(3, 2), None)
    q = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.5, 0.5, 0.0], [0.25, 0.125, 2.0]])
    hot = np.eye(3)[[0, 0, 2, 1]]
    add("CategoricalCrossentropy/clipped", "CategoricalCrossentropy", none, hot, q, None,
        "float32")
    add("CategoricalCrossentropy/soft_labels", "CategoricalCrossentropy", {},
        Data(7).probabilities(3, 4), Data(8).probabilities(3, 4), None)
    add("SparseCategoricalCrossentropy/clipped", "SparseCategoricalCrossentropy", none,
        np.array([0, 0, 2, 1], "int32"), q, None, "float32")
    wide = np.array([[1000.0, 0.0, -1000.0], [-80.0, 80.0, 79.0], [0.0, 0.0, 0.0]])
    for kind, labels in (("CategoricalCrossentropy", np.eye(3)[[0, 2, 1]]),
                         ("SparseCategoricalCrossentropy", np.array([0, 2, 1], "int32"))):
        add(kind + "/large_logits", kind, {"from_logits": True, **none}, labels, wide, None,
            "float32")
    add("SparseCategoricalCrossentropy/column_labels", "SparseCategoricalCrossentropy", {},
        np.array([[1], [0], [3]], "int32"), Data(9).probabilities(3, 4), None)
    add("CategoricalCrossentropy/axis_1", "CategoricalCrossentropy", {"axis": 1},
        np.moveaxis(np.eye(4)[[[0, 1], [3, 2]]], -1, 1), Data(10).probabilities(2, 4, 2), None)


def ignored_class():
    kind = "SparseCategoricalCrossentropy"
    for ignored, reduction, logits in product((-1, 0, 3), REDUCTIONS, (False, True)):
        data = Data(300 + len(cases))
        y_true = data.labels(CLASSES, BATCH, TIME)
        y_true[0, 1] = y_true[2, 0] = ignored
        config = {"ignore_class": ignored, "from_logits": logits, "reduction": reduction}
        name = "%s/ignore_class_%d/%s/%s" % (kind, ignored, "logits" if logits else
                                             "probabilities", reduction)
        y_pred = prediction(kind, data, (BATCH, TIME, CLASSES), logits)
        add(name, kind, config, y_true, y_pred, None)
        if not logits:
            add(name + "/weighted", kind, config, y_true, y_pred, data.positive(BATCH, 1))


def column_weights():
    """Sample weights of shape [batch, 1], and predictions of shape [batch, 1]."""
    data = Data(900)
    for kind in ("MeanSquaredError", "BinaryCrossentropy"):
        y_true, y_pred = data.labels(2, BATCH, 1).astype("float64"), data.probabilities(BATCH, 1)
        add(kind + "/column", kind, {}, y_true, y_pred, data.positive(BATCH))
        add(kind + "/column_weights", kind, {}, y_true, y_pred, data.positive(BATCH, 1))


PLAIN = [("plain", {})]
LOGITS = [("probabilities", {}), ("logits", {"from_logits": True})]
SMOOTHED = LOGITS + [("smoothed", {"label_smoothing": 0.125}),
                     ("smoothed_logits", {"from_logits": True, "label_smoothing": 0.125})]
SHAPES = [(BATCH, CLASSES), (BATCH, TIME, CLASSES)]
sweep("MeanSquaredError", PLAIN, SHAPES)
sweep("MeanAbsoluteError", PLAIN, SHAPES)
sweep("Huber", PLAIN + [("delta", {"delta": 0.5})], SHAPES)
sweep("BinaryCrossentropy", SMOOTHED, SHAPES)
sweep("CategoricalCrossentropy", SMOOTHED, SHAPES)
sweep("SparseCategoricalCrossentropy", LOGITS, SHAPES)
ignored_class()
column_weights()
edges()
write("losses", cases)
