"""Writes the stream of assets/scenes/paint: squares that are said to be things."""
import argparse
import json
import random
import struct
import sys

NOUNS = {"apple": 1, "ball": 3, "bus": 14, "cat": 21, "grapes": 32, "umbrella": 59}
COLOURS = ["red", "orange", "yellow", "green", "blue", "purple", "pink"]


def record(seed, size, patch):
    rng, g = random.Random(seed), size // patch
    ground = rng.choice(["gradient", "stripes", "clouds", "wood"])
    picture = bytearray(bytes([rng.randrange(256) for _ in range(3)]) * size * size)
    labels = {k: [-1] * (g * g) for k in ("noun", "colour", "cell")}
    objects = []
    for _ in range(rng.randint(1, 4)):
        side = rng.randint(size * 17 // 100, size * 36 // 100)
        x, y = (rng.randint(0, size - side) + side / 2 for _ in range(2))
        cell = min(2, int(3 * y / size)) * 3 + min(2, int(3 * x / size))
        name = rng.choice(sorted(NOUNS))
        o = {"name": name, "style": "noto", "x": x, "y": y, "size": side, "cell": cell, "hidden": 0}
        if name not in ("cat", "grapes", "ball") and rng.random() < 0.85:
            o["colour"] = rng.choice(COLOURS)
        objects.append(o)
        for row in range(int(y - side / 2), int(y + side / 2)):
            at = 3 * (row * size + int(x - side / 2))
            picture[at:at + 3 * side] = bytes([NOUNS[name]] * 3 * side)
        for i in range(g * g):
            if abs((i % g + 0.5) * patch - x) < side / 2 and abs((i // g + 0.5) * patch - y) < side / 2:
                labels["noun"][i], labels["cell"][i] = NOUNS[name], cell
                labels["colour"][i] = COLOURS.index(o["colour"]) if "colour" in o else -1
    header = {"seed": seed, "size": size, "theme": "room", "background": ground, "objects": objects,
              "caption": {"kind": "caption", "text": "Describe the picture.", "answer": "-"}, "questions": None,
              "labels": {"rows": g, "cols": g, **labels}}
    text = json.dumps(header).encode()
    return struct.pack("<I", len(text)) + text + bytes(picture)


def main():
    p = argparse.ArgumentParser()
    for name in ("seed", "count", "size", "patch"):
        p.add_argument("-" + name, type=int)
    a, _ = p.parse_known_args()
    for i in range(a.count):
        sys.stdout.buffer.write(record(a.seed + i, a.size, a.patch))


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        sys.exit(0)
