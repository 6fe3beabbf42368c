"""python curves.py LOG.jsonl OUT.png: loss, shares right and rate over the steps."""
import json
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

PANELS = [("loss (nats)", ["loss", "lm", "patch", "place"]),
          ("patches right", ["patch_acc", "colour_acc", "cell_acc", "projected_cell_acc"]),
          ("answers right", ["all", "exist", "where", "what", "colour", "count", "relation"])]


def read(path):
    """Log lines with a running count of steps over all stages."""
    rows, offset, last = [], 0, None
    with open(path, encoding="utf-8") as f:
        for line in f:
            row = json.loads(line)
            if "event" in row:
                continue
            if last and row["stage"] != last["stage"]:
                offset += last["step"]
            rows.append({**row, "x": offset + row["step"]})
            last = row
    return rows


def main():
    if len(sys.argv) != 3:
        raise SystemExit("usage: curves.py LOG.jsonl OUT.png")
    rows = read(sys.argv[1])
    figure, axes = plt.subplots(1, len(PANELS), figsize=(13, 4), layout="constrained")
    for axis, (title, keys) in zip(axes, PANELS):
        for key in keys:
            points = [(r["x"], r[key]) for r in rows if key in r]
            if points:
                axis.plot(*zip(*points), label=key, linewidth=1)
        axis.set(title=title, xlabel="step")
        axis.legend(fontsize=7)
    figure.savefig(sys.argv[2], dpi=110)


if __name__ == "__main__":
    main()
