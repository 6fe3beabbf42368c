"""From the scene stream to batches.

    paint -stream, canvas × shrink ──▶ window of the model's size around 1 to `most` objects
                                   ──▶ pixels, token ids of a caption, labels of the patches

All that is random of a scene follows from its seed; batches are taken from the readers in turn.
A batch is a dict: pixels [B, 3, size, size] uint8, ids [B, tokens], noun and colour [B, patches]
(0: none, else 1 + the painter's index).
"""
import os
import random
import subprocess

import numpy as np
import torch.multiprocessing as mp

import recipe  # noqa: F401  puts assets/train on the path
from captions import caption, ground_colour
from data import READER_SEEDS, Stream, feed, painter_command, read_record, stack
from words import Words

WHOLE, GONE = 0.5, 0.62  # an object's half side; the same turned by 15 degrees, with a margin
DRAWS = 1 << 32          # a caption's random numbers are not the window's


def command(painter, r, seed, extra=()):
    s, d = r.scenes, r.denoiser
    own = ["-patch", str(d.patch * s.shrink), "-styles", ",".join(s.styles)]
    if s.backgrounds:
        own += ["-backgrounds", ",".join(s.backgrounds)]
    return painter_command(painter, seed, s.canvas * s.shrink, -1, [*own, *extra])


def objects_in(objects, left, top, size):
    """Objects of the window with their place in it; None where its edge cuts one."""
    out = []
    for o in objects:
        x, y, side = o["x"] - left, o["y"] - top, o["size"]
        near, far = min(x, y, size - x, size - y), max(-x, -y, x - size, y - size)
        if near >= WHOLE * side:
            cell = 3 * min(2, int(3 * y / size)) + min(2, int(3 * x / size))
            out.append({**o, "x": x, "y": y, "cell": cell})
        elif far <= GONE * side:
            return None
    return out


def window(rng, r, objects):
    """(objects, column, row) of a window, the last two in patches; None where none fits.

    objects: with x, y and size in the denoiser's pixels.
    """
    d = r.denoiser
    places = range((r.scenes.canvas - d.size) // d.patch + 1)
    fit = []
    for row in places:
        for column in places:
            inside = objects_in(objects, column * d.patch, row * d.patch, d.size)
            if inside and len(inside) <= r.scenes.most:
                fit.append((inside, column, row))
    return rng.choice(fit) if fit else None


def scene(words, r, header, rgb):
    """One record as a dict of arrays with its caption under "text"; None where no window fits."""
    d, k = r.denoiser, r.scenes.shrink
    objects = [{**o, "x": o["x"] / k, "y": o["y"] / k, "size": o["size"] / k} for o in header["objects"]]
    chosen = window(random.Random(header["seed"]), r, objects)
    if chosen is None:
        return None
    objects, column, row = chosen
    full = r.scenes.canvas
    pixels = np.frombuffer(rgb, "uint8").reshape(full, k, full, k, 3).mean((1, 3))
    x, y = column * d.patch, row * d.patch
    pixels = pixels[y:y + d.size, x:x + d.size]
    labels = {}
    for key in ("noun", "colour"):
        table = np.asarray(header["labels"][key], "int64").reshape(full // d.patch, full // d.patch)
        labels[key] = (table[row:row + d.grid, column:column + d.grid] + 1).reshape(-1)
    means = pixels.reshape(d.grid, d.patch, d.grid, d.patch, 3).mean((1, 3)).reshape(-1, 3)
    ground = header["background"]
    colour = ground_colour(means, labels["noun"] == 0)
    if colour:
        ground += " " + colour
    rng = random.Random(header["seed"] + DRAWS)
    text = caption(rng, objects, ground, d.size, words.tokens - 2)
    return {"pixels": (pixels + 0.5).astype("uint8").transpose(2, 0, 1), "ids": np.array(words.encode(text)),
            **labels, "text": text, "objects": objects, "ground": ground}


def scenes(words, r, painter, seed, extra=()):
    """Endless (scene, next seed) from a painter that starts at `seed`."""
    cmd = command(painter, r, seed, extra)
    p = subprocess.Popen(cmd, stdout=subprocess.PIPE, bufsize=1 << 20)
    try:
        while True:
            record = read_record(p.stdout)
            if record is None:
                raise RuntimeError(f"the painter ended with {p.wait()}; its command was {' '.join(cmd)}")
            seed += 1
            s = scene(words, r, *record)
            if s is not None:
                yield s, seed
    finally:
        p.kill()
        p.wait()


def batches(words, r, painter, seed, size, extra=()):
    """Endless (batch, next seed)."""
    got = []
    for s, seed in scenes(words, r, painter, seed, extra):
        got.append({k: s[k] for k in ("pixels", "ids", "noun", "colour")})
        if len(got) == size:
            yield stack(got), seed
            got = []


def _read(queue, parent, r, *args):
    feed(queue, parent, lambda: batches(Words(r.text.tokens), r, *args))


class DrawStream(Stream):
    """assets/train's Stream with scenes for drawing; `seeds` and `turn` belong into the state."""

    def __init__(self, r, painter, stage, readers=1, seeds=None, turn=0, extra=(), repeat=1):
        if not seeds or len(seeds) != readers:
            start, turn = (max(seeds) if seeds else stage.seed), 0
            seeds = [start + i * READER_SEEDS for i in range(readers)]
        self.seeds, self.turn, self.readers = list(seeds), turn, []
        context = mp.get_context("spawn")
        for s in self.seeds:
            q = context.Queue(4)
            p = context.Process(target=_read, args=(q, os.getpid(), r, painter, s, stage.batch // repeat, tuple(extra)),
                                daemon=True)
            p.start()
            self.readers.append((q, p))
