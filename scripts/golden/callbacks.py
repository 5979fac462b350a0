"""Golden decisions of callbacks fed with made-up logs, one epoch after another.

A case has `callback`, `config`, `metrics` (what the model was compiled with: mode "auto" asks
them), `logs` (one dict per epoch) and then, per callback:
- EarlyStopping: `stops_after` (the epoch, from 0, at whose end it stops; -1: never), `best`,
  `best_epoch`, and `restored_epoch`: whose weights the model has at the end of training.
- ReduceLROnPlateau, LearningRateScheduler: `learning_rates`, each epoch's own and, last, the one
  after the end; `logged` is "learning_rate" in the logs of each epoch.
- ModelCheckpoint: `saves`, a list of {epoch, path}; `batches` is the number of batches per epoch.
"""

from common import keras, np, write

LOSSES = [0.9, 0.7, 0.75, 0.72, 0.71, 0.6, 0.6, 0.599, 0.65, 0.7, 0.8, 0.61, 0.5, 0.55, 0.56]
FLAT = [0.5] * 8
FALLING = [1.0, 0.8, 0.6, 0.5, 0.4, 0.3]
ACCURACIES = [0.2, 0.5, 0.4, 0.45, 0.6, 0.55, 0.6, 0.5, 0.4, 0.7]
RATE = 0.5


def named(values, name="val_loss"):
    return [{name: v} for v in values]


def fitted(metrics):
    """A compiled model whose metrics exist, with one weight that tells the epoch."""
    keras.utils.clear_session()
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(RATE), "mse", metrics=metrics)
    model.train_on_batch(np.ones((2, 1)), np.ones((2, 1)))
    return model


def drive(model, callback, logs, batches=0):
    """The part of fit's loop that a callback sees; yields after each epoch."""
    callback.set_model(model)
    callback.set_params({"epochs": len(logs), "steps": batches, "verbose": 0})
    callback.on_train_begin()
    for epoch, log in enumerate(logs):
        callback.on_epoch_begin(epoch)
        model.set_weights([np.full((1, 1), float(epoch))])
        rate = float(model.optimizer.learning_rate)
        for batch in range(batches):
            callback.on_train_batch_end(batch, {k: v for k, v in log.items()
                                                if not k.startswith("val_")})
        seen = dict(log)
        callback.on_epoch_end(epoch, seen)
        yield epoch, rate, seen
        if model.stop_training:
            break
    callback.on_train_end()


cases = []


def add(kind, label, config, logs, metrics, results, **more):
    cases.append({"name": "%s/%s" % (kind, label), "callback": kind, "config": config,
                  "metrics": metrics, "logs": logs, **more, **results})


def early_stopping(label, config, logs, metrics=()):
    model = fitted(list(metrics))
    callback = keras.callbacks.EarlyStopping(**config)
    last = -1
    for epoch, _, _ in drive(model, callback, logs):
        last = epoch if model.stop_training else -1
    best = None if callback.best is None else float(callback.best)
    add("EarlyStopping", label, config, logs, list(metrics), {
        "stops_after": last, "best": best, "best_epoch": int(callback.best_epoch),
        "restored_epoch": int(model.get_weights()[0][0, 0])})


def rate_changing(kind, label, config, logs, make):
    model = fitted(["accuracy"])
    rates, logged = [], []
    for _, rate, seen in drive(model, make(), logs):
        rates.append(rate)
        logged.append(float(seen["learning_rate"]))
    rates.append(float(model.optimizer.learning_rate))
    add(kind, label, config, logs, ["accuracy"], {
        "initial_learning_rate": RATE, "learning_rates": rates, "logged": logged})


def plateau(label, config, logs):
    rate_changing("ReduceLROnPlateau", label, config, logs,
                  lambda: keras.callbacks.ReduceLROnPlateau(**config))


def checkpoint(label, config, logs, batches=0):
    model, saves = fitted(["accuracy"]), []
    callback = keras.callbacks.ModelCheckpoint(**config)
    epoch_now = [0]
    record = lambda path, **_: saves.append({"epoch": epoch_now[0], "path": str(path)})  # noqa
    model.save = model.save_weights = record
    for epoch, _, _ in drive(model, callback, logs, batches):
        epoch_now[0] = epoch + 1
    add("ModelCheckpoint", label, config, logs, ["accuracy"], {"saves": saves}, batches=batches)


early_stopping("default", {}, named(LOSSES))
for patience in (1, 2, 3, 5):
    early_stopping("patience_%d" % patience, {"patience": patience}, named(LOSSES))
early_stopping("restore", {"patience": 3, "restore_best_weights": True}, named(LOSSES))
early_stopping("restore_unstopped", {"patience": 9, "restore_best_weights": True}, named(LOSSES))
early_stopping("min_delta", {"patience": 3, "min_delta": 0.05}, named(LOSSES))
early_stopping("negative_min_delta", {"patience": 2, "min_delta": -0.05}, named(LOSSES))
early_stopping("baseline", {"patience": 4, "baseline": 0.65}, named(LOSSES))
early_stopping("baseline_never", {"patience": 3, "baseline": 0.1,
                                  "restore_best_weights": True}, named(LOSSES))
early_stopping("start_late", {"patience": 1, "start_from_epoch": 5}, named(LOSSES))
early_stopping("start_late_restore", {"patience": 2, "start_from_epoch": 3,
                                      "restore_best_weights": True}, named(LOSSES))
early_stopping("flat", {"patience": 3}, named(FLAT))
early_stopping("falling", {"patience": 1}, named(FALLING))
early_stopping("loss", {"monitor": "loss", "patience": 2}, named(LOSSES, "loss"))
early_stopping("accuracy", {"monitor": "val_accuracy", "patience": 2},
               named(ACCURACIES, "val_accuracy"), ["accuracy"])
early_stopping("mean_absolute_error", {"monitor": "val_mae", "patience": 2},
               named(LOSSES, "val_mae"), ["mae"])
early_stopping("mode_max", {"patience": 1, "mode": "max"}, named(LOSSES))
early_stopping("missing_then_there", {"patience": 1},
               [{}, {"val_loss": 0.5}, {}, {"val_loss": 0.6}, {"val_loss": 0.4}])

plateau("patience_2", {"patience": 2}, named(LOSSES))
plateau("factor", {"patience": 2, "factor": 0.5}, named(LOSSES))
plateau("patience_1", {"patience": 1, "factor": 0.5}, named(FLAT))
plateau("patience_0", {"patience": 0, "factor": 0.5}, named(FLAT))
plateau("cooldown", {"patience": 1, "factor": 0.5, "cooldown": 2}, named(FLAT))
plateau("min_lr", {"patience": 1, "factor": 0.25, "min_lr": 0.0625}, named(FLAT))
plateau("min_delta", {"patience": 2, "factor": 0.5, "min_delta": 0.1}, named(LOSSES))
plateau("min_delta_zero", {"patience": 2, "factor": 0.5, "min_delta": 0.0}, named(LOSSES))
plateau("accuracy", {"monitor": "val_accuracy", "patience": 2, "factor": 0.5},
        named(ACCURACIES, "val_accuracy"))
plateau("mode_max", {"patience": 2, "factor": 0.5, "mode": "max"}, named(LOSSES))

for label, text in (("halve_each", "lr * 0.5"), ("fixed", "0.125"),
                    ("late", "lr if epoch < 3 else lr * 0.25"), ("by_epoch", "1.0 / (1 + epoch)")):
    rate_changing("LearningRateScheduler", label, {"schedule": text}, named(FALLING),
                  lambda: keras.callbacks.LearningRateScheduler(
                      eval("lambda epoch, lr: " + text)))

BOTH = [{"loss": a, "val_loss": b} for a, b in zip(FALLING, LOSSES)]
checkpoint("every_epoch", {"filepath": "m-{epoch:02d}-{val_loss:.2f}.keras"}, BOTH)
checkpoint("weights", {"filepath": "w-{epoch}.weights.h5", "save_weights_only": True}, BOTH)
checkpoint("best", {"filepath": "{epoch}.keras", "save_best_only": True}, named(LOSSES))
checkpoint("best_accuracy", {"filepath": "{epoch}-{val_accuracy:.3f}.keras",
                             "save_best_only": True, "monitor": "val_accuracy"},
           named(ACCURACIES, "val_accuracy"))
checkpoint("best_mode_max", {"filepath": "{epoch}.keras", "save_best_only": True, "mode": "max"},
           named(LOSSES))
checkpoint("threshold", {"filepath": "{epoch}.keras", "save_best_only": True,
                         "initial_value_threshold": 0.6}, named(LOSSES))
checkpoint("every_3_batches", {"filepath": "{epoch}-{batch}.keras", "save_freq": 3}, BOTH,
           batches=4)
checkpoint("best_every_5_batches", {"filepath": "{epoch}.keras", "save_freq": 5,
                                    "save_best_only": True, "monitor": "loss"}, BOTH, batches=4)
write("callbacks", cases)
