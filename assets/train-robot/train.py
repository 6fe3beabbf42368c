"""python train.py --out DIR --shards DEMOS --variant cogvla …: trains, or goes on where DIR/state.pt stopped.

Demonstrations come from --shards, or from a recorder that plays on (--painter RECORD). Writes
DIR/state.pt (everything to go on) and DIR/log.jsonl. Ctrl+C saves and ends; the same command goes on.
"""
import argparse
import functools
import itertools
import os

import torch

import recipe as recipes
import layout
import loop
import records
import streams
from helpers import Helpers
from policy import parameters
from trainer import Trainer
from words import Words

FIRST_PASS = 100         # episodes of a recorder that statistics are taken of


def held_out(recorder, r, words, stats, extra):
    """Windows of a recorder that training does not see."""
    got = [records.normalise(records.windows(h, body, r, words), stats[h["suite"]])
           for h, body in streams.played(recorder, records.HELD_OUT, r, records.HELD_OUT, extra)]
    return streams.tensors(streams.join(got))


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    loop.arguments(p, "robot-3.7m", "a state.pt, or a policy of export.py, whose weights training begins with", 20_000, 300)
    p.add_argument("--variant", choices=list(recipes.VARIANTS), help="instead of the recipe's")
    p.add_argument("--shards", help="folder of robotics/demos/record -shards, instead of --painter")
    p.add_argument("--eyes", help="a stem's state.pt whose encoders stay as they are; all of --shards is encoded once; with --from the same the rest begins with the stem's too")
    p.add_argument("--workers", type=int, default=1, help="processes that each take a batch of a step, with --threads 1 and --shards")
    p.add_argument("--stage-steps", type=int, help="length of all stages together, instead of the recipe's")
    # Shards need no recorder.
    next(x for x in p._actions if x.dest == "painter").required = False
    a = p.parse_args()
    if bool(a.shards) == bool(a.painter):
        raise SystemExit("say --shards DIR, or --painter with the binary of robotics/demos/record, one of the two")
    path = loop.prepare(a)
    r, words = recipes.load(a.config, a.variant), Words()
    for stage in r.stages:
        if a.stage or len(r.stages) == 1:  # it is all there is
            stage.share = 1.0
        if a.stage_steps:
            stage.steps = round(a.stage_steps * stage.share)
    state = torch.load(path, map_location="cpu", weights_only=True) if os.path.exists(path) else None
    recorder, extra = [a.painter], a.painter_args
    if state:
        stats = state["statistics"]
    elif a.shards:
        stats = records.statistics(records.shards(a.shards))
    else:
        stats = records.statistics(itertools.islice(streams.played(recorder, 1, r, FIRST_PASS, extra), FIRST_PASS))
    t = Trainer(r, words, stats, a.device, a.precision)
    if a.eyes:
        t.take_eyes(torch.load(a.eyes, map_location="cpu", weights_only=True))
    if state:
        t.load(state)
    elif a.start:
        start = layout.read(a.start, r) if os.path.isdir(a.start) else torch.load(a.start, map_location="cpu", weights_only=True)
        t.begin(start)
    if a.stage and t.stage.name != r.stages[r.stage(a.stage)].name:
        t.enter(r.stage(a.stage))
    if a.compile:
        t.compile()
    if a.shards:
        kept = streams.Kept(a.shards, r, words, stats, a.device)
        measure, a.repeat = kept.test, 1  # all windows are at hand: no pool
    else:
        measure = held_out(recorder, r, words, stats, extra)

    if a.variant == "stem" and not state and not (a.start and start["recipe"]["variant"] == "stem"):
        t.settle_stem(kept.all if a.shards else measure, bool(a.start))
    if a.eyes:
        if not a.shards:
            raise SystemExit("--eyes takes --shards, which are encoded once")
        kept.encode(t.model, t.precise)
        measure = kept.test
        if not state and not a.start:
            t.settle(kept.all["rows"])

    if a.workers > 1:
        if not a.shards or a.threads != 1:
            raise SystemExit("--workers takes --shards and --threads 1")
        t.helpers = Helpers([t.model], a.workers - 1, functools.partial(t.help, kept), "fork")
        t.workers = a.workers

    def stream():
        if a.shards:
            return kept.stream(t.stage, t.seeds)
        return streams.Played(r, words, recorder, stats, t.stage, a.readers, t.seeds, t.turn, extra, a.repeat)

    def save(journal):
        t.save(path)
        more = t.validate(measure) if measure else {}
        journal.say(event="saved", stage=t.stage.name, step=t.step, hours=round(t.seconds / 3600, 3), **more)

    loop.run(t, a, parameters(t.model), stream, save)


if __name__ == "__main__":
    main()
