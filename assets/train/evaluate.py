"""python evaluate.py STATE --painter PAINT: exact answers on scenes that training did not see.

Teacher-forced in the branch layout, so every answer token must be the greedy one: dense, and
with 90 % of the patches dropped at random after two layers, which must hurt in a model that
tells good pruning from bad. `winnow eval` is the benchmark; this is the quick look beside it.
"""
import argparse
import json

import torch

import config as configs
from data import Words, batches, to_device
from export import load_model
from losses import KINDS, Heads, joint_loss
from loop import mean


def evaluate(model, words, painter, count=48, size=8, seed=700_000_000, keep=0.1, extra=()):
    """{"dense": {kind: share}, "random": {…}}; `keep` is the share of patches left in the latter."""
    heads, generator = Heads(model.c, model.grid), torch.Generator().manual_seed(1)
    nouns, logs = torch.tensor(words.nouns), {"dense": [], "random": []}
    stream = batches(words, model.c, painter, seed, model.image, size, extra)
    for _ in range(max(1, count // size)):
        d = to_device(next(stream)[0], words, "cpu")
        order = torch.rand(size, model.patches, generator=generator).argsort(1).argsort(1)
        left = order < round(model.patches * keep)
        for name, k in (("dense", None), ("random", left)):
            with torch.no_grad():
                log = joint_loss(model, heads, d, nouns, None, k)[1]
            logs[name].append({x: float(log[x]) for x in ["lm", "all"] + KINDS})
    stream.close()
    return {k: mean(v) for k, v in logs.items()}


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("state", help="state.pt, trainer.pt or a Hugging Face folder")
    p.add_argument("--painter", required=True)
    p.add_argument("--painter-args", default=[], type=str.split, help="such as '-styles twemoji'")
    p.add_argument("--config", default="sprites-5.7m")
    p.add_argument("--scenes", type=int, default=48)
    p.add_argument("--threads", type=int, default=0, help="of this machine's, where something else runs too")
    a = p.parse_args()
    if a.threads:
        torch.set_num_threads(a.threads)
    words = Words()
    model = load_model(a.state, configs.load(a.config), words)
    print(json.dumps(evaluate(model, words, [a.painter], a.scenes, extra=a.painter_args)))


if __name__ == "__main__":
    main()
