"""The folder's modules, and demonstrations made up for tests: no simulator is needed."""
import io
import json
import os
import struct
import sys

import numpy as np
import pytest
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
torch.set_num_threads(1)

import recipe as recipes  # noqa: E402
from words import Words  # noqa: E402


def record(seed, side, steps=13, every=3, jpeg=False, suite="table", instruction="pick up the red cube"):
    """A record as robotics/demos writes it, with actions that follow from the pictures' shade."""
    rng = np.random.default_rng(seed)
    seen = -(-steps // every)
    pixels = np.broadcast_to(rng.integers(40, 200, (seen, 2, 1, 1, 3)), (seen, 2, side, side, 3)).astype("uint8")
    raw = pixels.tobytes()
    if jpeg:
        from PIL import Image
        b = io.BytesIO()
        Image.fromarray(pixels.transpose(0, 2, 1, 3, 4).reshape(seen * side, 2 * side, 3)).save(b, "JPEG", quality=90)
        raw = b.getvalue()
    state = rng.normal(size=(steps, 37)).astype("float32")
    action = rng.uniform(-1, 1, (steps, 4)).astype("float32")
    h = {"suite": suite, "task": "t", "instruction": instruction, "seed": seed, "size": side, "cameras": ["front", "wrist"],
         "steps": steps, "every": every, "proprio": 4, "action": 4, "state": 37, "jpeg": len(raw) if jpeg else 0}
    head = json.dumps(h).encode()
    data = struct.pack("<I", len(head)) + head + raw + b"".join(x.astype("<f4").tobytes() for x in (state[:, :4], action, state))
    return data, pixels, state, action


@pytest.fixture
def tiny():
    return lambda variant="cogvla": recipes.load("tiny", variant)


@pytest.fixture(scope="session")
def words():
    return Words()


@pytest.fixture
def demos(tmp_path):
    """A folder of two shards: seeds 10 to 25, of which those from 20 on are held out."""
    folder = tmp_path / "demos"
    folder.mkdir()
    texts = ["pick up the red cube", "push the blue cube to the left", "open the drawer"]
    parts = [record(s, 32, jpeg=s % 2 == 0, instruction=texts[s % 3])[0] for s in range(10, 26)]
    (folder / "0000.demos").write_bytes(b"".join(parts[:9]))
    (folder / "0001.demos").write_bytes(b"".join(parts[9:]))
    return str(folder)


def batch_of(r, words, texts=("pick up the red cube", "push the yellow cube to the right side of it"), seed=0):
    g = torch.Generator().manual_seed(seed)
    ids = [words.padded(t, r.language.text) for t in texts]
    b = len(texts)
    return {"pixels": torch.rand(b, r.cameras, 3, r.image, r.image, generator=g), "prompt": torch.tensor([i for i, _ in ids]),
            "length": torch.tensor([n for _, n in ids]), "proprio": torch.rand(b, r.proprio, generator=g) * 2 - 1}
