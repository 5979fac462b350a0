"""The Markdown table of a step_table.sh run: microseconds per step, and how many times Cornu is faster."""

import json
import statistics
import sys

rows = [json.loads(line) for line in open(sys.argv[1]) if line.strip()]
runs = {}
for r in rows:
    program = r["program"] if r["program"] == "cornu" else f'{r["program"]} {r.get("mode", "")}'.strip()
    runs.setdefault((r["model"], r["batch"], r["threads"], program), []).append(r)
mean_of = {key: {"us_per_step": statistics.mean(r["us_per_step"] for r in rs),
              "peak_rss_mb": max(r["peak_rss_mb"] for r in rs)} for key, rs in runs.items()}
cases = sorted({k[:3] for k in mean_of})
programs = sorted({k[3] for k in mean_of} - {"cornu"})
print("| model, batch, threads | Cornu us |", " | ".join(f"{p} us (ratio)" for p in programs), "| fastest rival / Cornu |")
print("|---|---|" + "---|" * (len(programs) + 1))
for case in cases:
    own = mean_of.get(case + ("cornu",))
    if own is None:
        continue
    cells, ratios = [], []
    for p in programs:
        r = mean_of.get(case + (p,))
        if r is None:
            cells.append("-")
            continue
        ratio = r["us_per_step"] / own["us_per_step"]
        ratios.append(ratio)
        cells.append(f'{r["us_per_step"]:.0f} ({ratio:.1f}x)')
    fastest = f"{min(ratios):.1f}x" if ratios else "-"
    print(f'| {case[0]}, {case[1]}, {case[2]} | {own["us_per_step"]:.0f} |', " | ".join(cells), f"| {fastest} |")
print()
print("| program | peak memory MB (convnet, 1 thread) |")
print("|---|---|")
for p in ["cornu"] + programs:
    r = mean_of.get(("convnet", 128, 1, p))
    if r is not None:
        print(f'| {p} | {r["peak_rss_mb"]:.0f} |')
