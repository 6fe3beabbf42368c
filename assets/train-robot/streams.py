"""Batches for training: windows out of shards, all in memory, or of a recorder that plays on.

Both have next, seeds, turn and close, as assets/train/loop.py takes them. A batch has the arrays of
records.windows, normalised.
"""
import os
import subprocess
from collections import Counter

import numpy as np
import torch
import torch.multiprocessing as mp

import look
import recipe  # noqa: F401  puts assets/train on the path
import records
from data import READER_SEEDS, Stream, feed
from words import Words

FAR = 2  # how many times more windows are drawn in which the gripper is far from what is meant
GROUP = 24  # episodes of a recorder that are shuffled together


def join(parts):
    return {k: np.concatenate([p[k] for p in parts]) for k in parts[0]}


def tensors(arrays):
    return {k: torch.from_numpy(np.ascontiguousarray(v)) for k, v in arrays.items()}


class Filled:
    """Arrays of `size` windows, filled part by part: joined at the end, they would be in memory twice."""

    def __init__(self, size):
        self.size, self.at, self.arrays = size, 0, None

    def add(self, w):
        if self.arrays is None:
            self.arrays = {k: np.empty((self.size, *v.shape[1:]), v.dtype) for k, v in w.items()}
        end = self.at + len(w["length"])
        for k, v in w.items():
            self.arrays[k][self.at:end] = v
        self.at = end


class Kept:
    """The windows of shards, on the device where they fit. Batch i of a stage is drawn by its seed
    and i alone, so training goes on bit for bit."""

    def __init__(self, folder, r, words, stats, device="cpu"):
        counts = Counter()
        for h, _ in records.shards(folder):
            if h["suite"] not in stats:
                raise ValueError(f"{folder} has demonstrations of {h['suite']}, of which the state has no statistics")
            counts[records.held_out(h)] += records.seen(h)
        if not counts[False]:
            raise ValueError(f"every demonstration in {folder} is held out: record more")
        train, test = Filled(counts[False]), Filled(counts[True])
        for h, body in records.shards(folder):
            w = records.normalise(records.windows(h, body, r, words), stats[h["suite"]])
            (test if records.held_out(h) else train).add(w)
        self.all = {k: v.to(device) for k, v in tensors(train.arrays).items()}
        self.test = tensors(test.arrays) if test.arrays else None
        suite = self.all["suite"].cpu().numpy()
        # Which thing is meant has to be found out while the gripper is far; near it, seeing it is enough.
        far = records.far(self.all["state"].cpu().numpy())
        self.suites = [np.concatenate([np.flatnonzero(suite == i)] + FAR * [np.flatnonzero((suite == i) & far)]) for i in np.unique(suite)]

    @torch.no_grad()
    def encode(self, policy, precise, size=64):
        """Puts what the policy's encoders make of the pictures' middles, in halves, in the place of the pixels."""
        for w in filter(None, (self.all, self.test)):
            pixels, rows = w.pop("pixels"), []
            for part in torch.arange(len(pixels), device=pixels.device).split(size):
                with precise():
                    mean = policy.words(w["prompt"][part], w["length"][part])[2]
                    seen, _ = policy.encode(look.middle(pixels[part]), mean)
                rows.append(torch.cat(seen, -1).half().reshape(len(part), pixels.shape[1], -1, sum(x.shape[-1] for x in seen)))
            w["rows"] = torch.cat(rows)

    def stream(self, stage, seeds=None):
        return Draw(self, stage, seeds)

    def draw(self, stage, *number):
        """The batch of a number: windows at random, of each suite as many; episodes on the table are shorter,
        and harder to learn."""
        rng = np.random.default_rng([stage.seed, *number])
        which, where = rng.integers(len(self.suites), size=stage.batch), rng.random(stage.batch)
        pick = torch.from_numpy(np.array([self.suites[s][int(u * len(self.suites[s]))] for s, u in zip(which, where)]))
        return {k: v[pick.to(v.device)] for k, v in self.all.items()}


class Draw:
    """The batches of a stage, one after the other. `seeds` is the number of batches drawn."""

    def __init__(self, kept, stage, seeds=None):
        self.kept, self.stage, self.turn = kept, stage, 0
        self.seeds = list(seeds) if seeds else [0]

    def next(self):
        self.seeds[0] += 1
        return self.kept.draw(self.stage, self.seeds[0] - 1)

    def close(self):
        pass


def played(recorder, seed, r, count=0, extra=()):
    """Records of the recorder from `seed` on; without end where count is 0."""
    cmd = [*recorder, "-stream", "-seed", str(seed), "-count", str(count), "-size", str(r.image), *extra]
    p = subprocess.Popen(cmd, stdout=subprocess.PIPE, bufsize=1 << 20)
    try:
        while (record := records.read_record(p.stdout)) is not None:
            yield record
        if code := p.wait():
            raise RuntimeError(f"the recorder ended with {code}; its command was {' '.join(cmd)}")
    finally:
        p.kill()
        p.wait()


def batches(words, r, recorder, stats, seed, size, extra=()):
    """Endless (batch, next seed): GROUP episodes at a time, their windows shuffled, the rest dropped."""
    got = []
    for h, body in played(recorder, seed, r, 0, extra):
        if records.held_out(h):
            continue
        got.append(records.normalise(records.windows(h, body, r, words), stats[h["suite"]]))
        if len(got) < GROUP:
            continue
        whole, after = join(got), h["seed"] + 1
        order = np.random.default_rng(after).permutation(len(whole["length"]))
        for i in range(0, len(order) - size + 1, size):
            yield tensors({k: v[order[i:i + size]] for k, v in whole.items()}), after
        got = []


def _read(queue, parent, folder, *args):
    feed(queue, parent, lambda: batches(Words(folder), *args))


class Played(Stream):
    """assets/train's Stream with demonstrations. Going on begins with the group of episodes after the
    last one that was used, so it is not bit for bit."""

    def __init__(self, r, words, recorder, stats, stage, readers=1, seeds=None, turn=0, extra=(), repeat=1):
        if not seeds or len(seeds) != readers:
            start, turn = (max(seeds) if seeds else stage.seed), 0
            seeds = [start + i * READER_SEEDS for i in range(readers)]
        self.seeds, self.turn, self.readers = list(seeds), turn, []
        context = mp.get_context("spawn")
        for s in self.seeds:
            q = context.Queue(4)
            args = (q, os.getpid(), words.folder, r, recorder, stats, s, stage.batch // repeat, tuple(extra))
            p = context.Process(target=_read, args=args, daemon=True)
            p.start()
            self.readers.append((q, p))
