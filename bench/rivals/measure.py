"""What the rivals' programs share: arguments, made-up data, timing, and the JSON line.

A program measures one combination per process, because thread counts are fixed at start-up and
the peak memory is the process's. Called without --model it starts itself once per combination.
The process is pinned to as many cores as threads before any framework is imported; a fair
comparison pins Cornu alike (taskset).
"""

import argparse
import itertools
import json
import os
import resource
import statistics
import subprocess
import sys
import time

BATCHES = {"mlp": (32, 128), "convnet": (128,)}
SAMPLES = {"mlp": 12800, "convnet": 2560}
WARM_UP, LIMIT_SECONDS, MOST_STEPS = 20, 8.0, 2000


def arguments(modes):
    """The one combination to measure; without --model, runs all of them and exits."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", choices=list(BATCHES))
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--mode", choices=modes, default=modes[0])
    chosen = parser.parse_args()
    if chosen.model is None:
        every = itertools.product(BATCHES, (1, 2), modes)
        for model, threads, mode in every:
            for batch in BATCHES[model]:
                subprocess.run([sys.executable, sys.argv[0], "--model", model,
                                "--batch", str(batch), "--threads", str(threads),
                                "--mode", mode], check=False)
        sys.exit(0)
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[:chosen.threads])
    os.environ["OMP_NUM_THREADS"] = str(chosen.threads)
    return chosen


def data(model):
    """Noise images and labels; training time does not depend on what they show."""
    import numpy as np
    rng = np.random.default_rng(1)
    shape = (784,) if model == "mlp" else (28, 28, 1)
    count = SAMPLES[model]
    return (rng.standard_normal((count,) + shape, dtype="float32"),
            rng.integers(0, 10, count).astype("int32"))


def median_step(step, count):
    """Median microseconds of step(i), i cycling below count, after a warm-up."""
    for i in range(WARM_UP):
        step(i % count)
    times, start = [], time.perf_counter()
    while len(times) < MOST_STEPS and time.perf_counter() - start < LIMIT_SECONDS:
        before = time.perf_counter_ns()
        step(len(times) % count)
        times.append(time.perf_counter_ns() - before)
    return statistics.median(times) / 1000


def report(program, chosen, microseconds, **more):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"program": program, "model": chosen.model, "batch": chosen.batch,
                      "threads": chosen.threads, "us_per_step": round(microseconds, 1),
                      "peak_rss_mb": round(peak, 1), **more}), flush=True)
