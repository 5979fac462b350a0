"""Golden values of optimizers: parameters and slots after each of five steps, every algorithm
under every common option."""

from common import Data, array, keras, np, write

STEPS = 5
ALGORITHMS = [
    ("SGD", "plain", {"learning_rate": 0.125}),
    ("SGD", "momentum", {"learning_rate": 0.125, "momentum": 0.75}),
    ("SGD", "nesterov", {"learning_rate": 0.125, "momentum": 0.75, "nesterov": True}),
    ("Adam", "default", {}),
    ("Adam", "options", {"learning_rate": 0.125, "beta_1": 0.5, "beta_2": 0.875,
                         "epsilon": 0.01}),
    ("Adam", "amsgrad", {"learning_rate": 0.0625, "amsgrad": True, "beta_2": 0.5}),
    ("AdamW", "default", {"learning_rate": 0.03125}),
    ("AdamW", "amsgrad", {"learning_rate": 0.03125, "amsgrad": True, "weight_decay": 0.125}),
    ("RMSprop", "default", {}),
    ("RMSprop", "rho", {"learning_rate": 0.0625, "rho": 0.5, "epsilon": 0.01}),
    ("RMSprop", "momentum", {"learning_rate": 0.0625, "momentum": 0.5}),
    ("RMSprop", "centered", {"learning_rate": 0.0625, "centered": True}),
    ("RMSprop", "centered_momentum", {"learning_rate": 0.0625, "centered": True,
                                      "momentum": 0.5})]
OPTIONS = [
    ("", {}), ("clipnorm", {"clipnorm": 1.0}), ("global_clipnorm", {"global_clipnorm": 1.5}),
    ("clipvalue", {"clipvalue": 0.5}), ("weight_decay", {"weight_decay": 0.25})]
EXTRA = [("accumulation", {"gradient_accumulation_steps": 2}),
         ("ema", {"use_ema": True, "ema_momentum": 0.75}),
         ("ema_overwrite", {"use_ema": True, "ema_momentum": 0.75,
                            "ema_overwrite_frequency": 2})]


def gradients(data, step):
    """Large, small and middling in turn, with a zero, so that clipping acts only sometimes."""
    scale = (1.0, 0.0625, 1.5, 0.25, 0.5)[step]
    values = [data.normal(2, 3, scale=scale), data.normal(4, scale=scale)]
    values[0][0, 1] = 0.0
    return values


def run(name, kind, config, schedule=None):
    data = Data(17)
    start = [data.normal(2, 3), data.normal(4)]
    variables = [keras.Variable(x, name=n) for x, n in zip(start, ("kernel", "bias"))]
    given = {**config, **({"learning_rate": schedule} if schedule else {})}
    optimizer = getattr(keras.optimizers, kind)(**given)
    optimizer.build(variables)
    steps = []
    for step in range(STEPS):
        g = gradients(data, step)
        optimizer.apply([np.asarray(x) for x in g], variables)
        slots = [v for v in optimizer.variables if v.name not in ("iteration", "learning_rate")]
        steps.append({"gradients": [array(x) for x in g],
                      "parameters": [array(v.value) for v in variables],
                      "slots": [array(v.value, v.name) for v in slots]})
    if schedule:
        config = {**config, "learning_rate": {type(schedule).__name__: schedule.get_config()}}
        config["learning_rate"][type(schedule).__name__].pop("name")
    return {"name": name, "optimizer": kind, "config": config, "floatx": "float64",
            "variable_names": [v.name for v in optimizer.variables],
            "initial": [array(x) for x in start], "steps": steps}


cases = []
for kind, variant, config in ALGORITHMS:
    for label, option in OPTIONS:
        if not (kind == "AdamW" and label == "weight_decay"):
            name = "/".join(x for x in (kind, variant, label) if x)
            cases.append(run(name, kind, {**config, **option}))
for kind, variant, config in (ALGORITHMS[1], ALGORITHMS[3]):
    for label, option in EXTRA:
        cases.append(run("/".join((kind, variant, label)), kind, {**config, **option}))
    decay = keras.optimizers.schedules.ExponentialDecay(0.5, 2, 0.5)
    plain = {k: v for k, v in config.items() if k != "learning_rate"}
    cases.append(run("/".join((kind, variant, "schedule")), kind, plain, decay))
write("optimizers", cases)
