"""The Markdown table of a predict_table.sh run.

Of each rival, the setting with the least median per batch. Times are medians over the turns of the
medians within a turn; a ratio is the median over the turns of rival / Cornu within a turn.
"""

import json
import statistics
import sys

with open(sys.argv[1]) as file:
    rows = [json.loads(line) for line in file if line.strip()]
turns = {}
for r in rows:
    if r["kind"] == "call":
        case = turns.setdefault(r["batch"], {}).setdefault((r["program"], r["setting"]), {})
        case[r["turn"]] = r
process = {r["program"]: r for r in rows if r["kind"] == "process"}


def median(case, key="us_per_call"):
    return statistics.median(r[key] for r in case.values())


def best(batch, program):
    return min((c for c in turns[batch].items() if c[0][0] == program), key=lambda c: median(c[1]))


def ratio(rival, own, key="us_per_call"):
    return statistics.median(rival[t][key] / own[t][key] for t in own)


for batch in turns:
    print(f"Predict of the convnet, batch {batch}, one thread:")
    print()
    print("| program | setting | median us | rival / Cornu | of the fastest calls "
          "| peak memory MB |")
    print("|---|---|---|---|---|---|")
    own = best(batch, "cornu")[1]
    for program, about in process.items():
        (_, setting), case = best(batch, program)
        name = f"{program} {about['version']}".strip()
        print(f"| {name} | {setting} | {median(case):.1f} "
              f"| {ratio(case, own):.2f}x | {ratio(case, own, 'least_us'):.2f}x "
              f"| {about['peak_rss_mb']:.1f} |")
    print()
print("| artefact, without weights | bytes | `cornu compile`, seconds | of processor time |")
print("|---|---|---|---|")
for name in ("convnet.so", "convnet.o"):
    runs = [r for r in rows if r["kind"] == "compile" and r["file"] == name]
    seconds, used = (statistics.median(r[k] for r in runs)
                     for k in ("seconds", "processor_seconds"))
    print(f"| {name} | {runs[0]['bytes']} | {seconds:.2f} | {used:.2f} |")
print()
departure = max(r["departure"] for r in rows if r["kind"] == "answers")
print(f"Answers of all programs agree with Cornu's to {departure:.1g}.")
