"""Writes the stream of assets/scenes/paint: one red car at the top left of noise."""
import argparse
import json
import random
import struct
import sys


def record(seed, size):
    g = size // 14
    on = [r < g // 2 and c < g // 2 for r in range(g) for c in range(g)]
    pick = lambda v: [v if o else -1 for o in on]
    header = {
        "seed": seed, "size": size, "theme": "street", "background": "noise",
        "objects": [{"name": "car", "colour": "red", "style": "x", "x": size / 4, "y": size / 4,
                     "size": size / 2, "cell": 0, "hidden": 0}],
        "labels": {"rows": g, "cols": g, "noun": pick(19), "colour": pick(0), "cell": pick(0)},
        "caption": {"kind": "caption", "text": "Describe the picture.", "answer": "A red car at the top left."},
        "questions": [
            {"kind": "exist", "text": "Is there a car?", "answer": "Yes.", "noun": "car"},
            {"kind": "exist", "text": "Do you see a bus?", "answer": "No.", "noun": "bus", "negative": "adversarial"},
            {"kind": "where", "text": "Where is the car?", "answer": "Top left.", "noun": "car"},
            {"kind": "count", "text": "How many cars are there?", "answer": "One.", "noun": "car"},
            {"kind": "what", "text": "What is at the top left?", "answer": "A car.", "noun": "car"},
            {"kind": "relation", "text": "Is the bus above the car?", "answer": "No.", "noun": "bus", "other": "car"}]}
    rgb = random.Random(seed).randbytes(size * size * 3)
    text = json.dumps(header).encode()
    return struct.pack("<I", len(text)) + text + rgb


def main():
    p = argparse.ArgumentParser()
    p.add_argument("-stream", action="store_true")
    for name in ("seed", "count", "size", "questions"):
        p.add_argument("-" + name, type=int)
    a = p.parse_args()
    for i in range(a.count):
        sys.stdout.buffer.write(record(a.seed + i, a.size))


if __name__ == "__main__":
    main()
