"""Golden values of learning-rate schedules at a list of steps."""

from common import keras, write

SCHEDULES = [
    ("ExponentialDecay", {"initial_learning_rate": 0.5, "decay_steps": 10, "decay_rate": 0.75}),
    ("ExponentialDecay", {"initial_learning_rate": 0.5, "decay_steps": 10, "decay_rate": 0.75,
                          "staircase": True}),
    ("ExponentialDecay", {"initial_learning_rate": 0.001, "decay_steps": 1000,
                          "decay_rate": 0.96}),
    ("PiecewiseConstantDecay", {"boundaries": [10, 25], "values": [1.0, 0.5, 0.125]}),
    ("PiecewiseConstantDecay", {"boundaries": [0], "values": [0.1, 0.01]}),
    ("PiecewiseConstantDecay", {"boundaries": [1, 9, 11, 100], "values": [1.0, 2.0, 3.0, 4.0,
                                                                         5.0]}),
    ("PolynomialDecay", {"initial_learning_rate": 0.5, "decay_steps": 20}),
    ("PolynomialDecay", {"initial_learning_rate": 0.5, "decay_steps": 20,
                         "end_learning_rate": 0.125, "power": 2.0}),
    ("PolynomialDecay", {"initial_learning_rate": 0.5, "decay_steps": 20,
                         "end_learning_rate": 0.0625, "power": 0.5, "cycle": True}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.5, "decay_steps": 10, "decay_rate": 0.5}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.5, "decay_steps": 10, "decay_rate": 0.5,
                          "staircase": True}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.01, "decay_steps": 3, "decay_rate": 2.0}),
    ("CosineDecay", {"initial_learning_rate": 0.5, "decay_steps": 20}),
    ("CosineDecay", {"initial_learning_rate": 0.5, "decay_steps": 20, "alpha": 0.25}),
    ("CosineDecay", {"initial_learning_rate": 0.0, "decay_steps": 20, "warmup_target": 0.5,
                     "warmup_steps": 10, "alpha": 0.125}),
    ("CosineDecay", {"initial_learning_rate": 0.125, "decay_steps": 20, "warmup_target": 0.5,
                     "warmup_steps": 0}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.5, "first_decay_steps": 10}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.5, "first_decay_steps": 10,
                             "t_mul": 1.0, "m_mul": 0.5}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.5, "first_decay_steps": 7,
                             "t_mul": 1.5, "m_mul": 0.75, "alpha": 0.125})]
STEPS = [0, 1, 2, 3, 5, 7, 9, 10, 11, 15, 19, 20, 21, 25, 26, 29, 31, 40, 55, 99, 100, 101, 1000,
         12345]

cases = []
for kind, config in SCHEDULES:
    schedule = getattr(keras.optimizers.schedules, kind)(**config)
    number = sum(case["schedule"] == kind for case in cases) + 1
    cases.append({"name": "%s_%d" % (kind, number), "schedule": kind, "config": config,
                  "floatx": "float64", "steps": STEPS,
                  "learning_rates": [float(schedule(step)) for step in STEPS]})
write("schedules", cases)
