"""Lets programs that predict take turns, and writes what it measured as JSON lines.

    predict_turns.py ARTIFACT VENV IMAGES WEIGHTS FOLDER > predict.jsonl

ARTIFACT is the program of bench/artifacts/predict.c, VENV that of bench/rivals. All programs are
loaded, warm and pinned to core 0; one works at a time, for a fraction of a second, and a turn
lets each work once with each setting and batch. So a ratio within a turn compares neighbours in
time. Stops when an answer of a rival differs from Cornu's by more than TOLERANCE.
"""

import json
import os
import re
import subprocess
import sys

import numpy as np

TURNS, MILLISECONDS, TOLERANCE = 15, 250, 1e-5
BATCHES = (1, 32)
RIVALS = ("onnxruntime", "torch-eager", "torch-compile")


class Program:
    def __init__(self, command, files, folder):
        self.answers_path = os.path.join(folder, f"answers.{len(os.listdir(folder))}")
        self.process = subprocess.Popen(
            ["taskset", "-c", "0", *command, *files, self.answers_path],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.__dict__.update(json.loads(self.line()))  # program, version, settings

    def line(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.process.args}: ended early")
        return line

    def answers(self):
        return np.fromfile(self.answers_path, "f4").reshape(len(self.settings), -1)

    def measure(self, setting, batch):
        self.process.stdin.write(f"{setting} {batch} {MILLISECONDS}\n")
        self.process.stdin.flush()
        median, least, calls = self.line().split()
        return {"us_per_call": float(median), "least_us": float(least), "calls": int(calls)}

    def peak_mb(self):
        """Of the process as it runs now; getrusage would count what it was forked from."""
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(r"VmHWM:\s*(\d+)", file.read())[1]) / 1024

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def report(**row):
    print(json.dumps(row), flush=True)


def check(own, rival):
    expected = own.answers()[0]
    for setting, answers in zip(rival.settings, rival.answers(), strict=True):
        departure = float(abs(answers - expected).max())
        report(kind="answers", program=rival.program, setting=setting, departure=departure)
        if not departure <= TOLERANCE:
            sys.exit(f"{rival.program}, {setting}: departs from Cornu by {departure:g}")


def main():
    artifact, venv, images, weights, folder = sys.argv[1:]
    here = os.path.dirname(os.path.abspath(__file__))
    np.random.default_rng(1).integers(0, 256, 32 * 28 * 28, "u1").tofile(images)
    python = [os.path.join(venv, "bin/python"), os.path.join(here, "rivals/predict.py")]
    commands = [[artifact]] + [python + [rival] for rival in RIVALS]
    programs = [Program(command, (images, weights), folder) for command in commands]
    for rival in programs[1:]:
        check(programs[0], rival)
    for turn in range(TURNS):
        for batch in BATCHES:
            for p in programs:
                for i, setting in enumerate(p.settings):
                    report(kind="call", program=p.program, setting=setting, batch=batch,
                           threads=1, turn=turn, **p.measure(i, batch))
    for p in programs:
        report(kind="process", program=p.program, version=p.version,
               peak_rss_mb=round(p.peak_mb(), 1))
        p.close()


main()
