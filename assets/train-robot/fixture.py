"""python fixture.py OUT: a policy of noise that says its actions as tokens, few of all parts, and reference.json.

robotics/policy/testdata/autoregressive is what it writes. Nothing was trained: it shows that Go computes
what PyTorch does.
"""
import json
import os
import sys

import numpy as np
import torch

import export
import layout
import recipe as recipes
import records
from policy import BINS, Policy, exported
from words import Words

SEED = 3  # of which no two tokens are close


def small():
    """The tiny recipe, smaller: its folder is for every clone of the repository."""
    r = recipes.load("tiny", "autoregressive")
    r.name, r.image, r.language.layers = "fixture", 16, 2
    for v in r.vision:
        v.blocks, v.inner = 1, 64
    return r


def record(r, seed, steps=12, every=3):
    """An episode of noise, as robotics/demos writes one."""
    rng = np.random.default_rng(seed)
    h = {"suite": "table", "task": "pick-colour", "instruction": "Pick up the red cube", "seed": seed, "size": r.image,
         "cameras": ["front", "wrist"], "steps": steps, "every": every, "proprio": r.proprio, "action": r.action, "state": 8, "jpeg": 0}
    pixels = rng.integers(0, 256, (-(-steps // every), r.cameras, r.image, r.image, 3)).astype("uint8")
    parts = [rng.normal(size=(steps, r.proprio)), rng.uniform(-0.5, 0.8, (steps, r.action)), rng.normal(size=(steps, 8))]
    return h, pixels.tobytes() + b"".join(x.astype("<f4").tobytes() for x in parts)


def noise(r, words):
    torch.manual_seed(SEED)
    m = Policy(r, words.size).eval()
    with torch.no_grad():  # so that bins win, as after training
        m.language_model.lm_head.weight[-BINS:] *= 2
    return m


def write(folder):
    r, words, type = small(), Words(), "q8_0"
    m, one = noise(r, words), record(r, 1)
    state, stats = exported(m.state_dict()), records.statistics([one])
    layout.write(folder, r, words, m.vocabulary, state, stats, type)
    m.load_state_dict(layout.stored(state, type), strict=False)
    want = export.reference(m, r, words, stats, one)
    with open(os.path.join(folder, "reference.json"), "w", encoding="utf-8") as f:
        json.dump(want, f)
        f.write("\n")
    return want


if __name__ == "__main__":
    print("tokens", write(sys.argv[1])["tokens"])
