"""python train.py --out DIR --painter PAINT …: trains, or goes on where DIR/state.pt stopped.

Writes DIR/state.pt (everything to go on) and DIR/log.jsonl (one JSON line every few steps).
Ctrl+C saves and ends; the same command goes on. See README.md.
"""
import argparse
import os

import torch

import recipe as recipes
import loop
from stream import DrawStream, batches
from trainer import Trainer
from words import Words

HELD_OUT = 4_100_000_000  # seeds from here on are never trained on
HELD_OUT_SCENES = 64


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    loop.arguments(p, "draw-8.9m", "a state.pt whose weights training begins with", 400_000, 300)
    p.add_argument("--styles", type=lambda s: s.split(","), help="by commas, instead of the recipe's")
    p.add_argument("--fused", action=argparse.BooleanOptionalAction,
                   help="attention by the fused kernel (on by default on a GPU only)")
    a = p.parse_args()
    path = loop.prepare(a)
    r = recipes.load(a.config)
    r.scenes.styles = a.styles or r.scenes.styles
    t = Trainer(r, Words(r.text.tokens), a.device, a.precision)
    if os.path.exists(path):
        t.load(torch.load(path, map_location="cpu", weights_only=True))
    elif a.start:
        t.begin(torch.load(a.start, map_location="cpu", weights_only=True))
    if a.stage and t.stage.name != r.stages[r.stage(a.stage)].name:
        t.enter(r.stage(a.stage))
    t.model.fused = a.device.startswith("cuda") if a.fused is None else a.fused
    if a.compile:
        t.compile()
    held_out = batches(t.words, r, [a.painter], HELD_OUT, HELD_OUT_SCENES, a.painter_args)
    measure = next(held_out)[0]
    held_out.close()

    def stream():
        return DrawStream(r, [a.painter], t.stage, a.readers, t.seeds, t.turn, a.painter_args, a.repeat)

    def save(journal):
        t.save(path)
        journal.say(event="saved", stage=t.stage.name, step=t.step, hours=round(t.seconds / 3600, 3), **t.validate(measure))

    loop.run(t, a, sum(v.numel() for v in t.ema.values()), stream, save)


if __name__ == "__main__":
    main()
