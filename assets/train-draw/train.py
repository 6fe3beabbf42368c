"""python train.py --out DIR --painter PAINT …: trains, or goes on where DIR/state.pt stopped.

Writes DIR/state.pt (everything to go on) and DIR/log.jsonl (one JSON line every few steps).
Ctrl+C saves and ends; the same command goes on. See README.md.
"""
import argparse
import json
import math
import os
import signal
import time

import torch

import recipe as recipes
from data import Pool
from stream import DrawStream, batches
from trainer import Trainer
from words import Words

HELD_OUT = 4_100_000_000  # seeds from here on are never trained on
HELD_OUT_SCENES = 64


def mean(logs):
    """Mean of each key over the logs of several steps."""
    return {k: round(sum(l[k] for l in logs) / len(logs), 4) for k in logs[-1]}


def run(t, a, painter, stopped):
    """Stages until the last is done, the steps or the minutes are over, or stopped() holds."""
    log_path, state_path = os.path.join(a.out, "log.jsonl"), os.path.join(a.out, "state.pt")

    def say(**entry):
        line = json.dumps(entry)
        print(line, flush=True)
        with open(log_path, "a", encoding="utf-8") as f:
            f.write(line + "\n")

    def say_step(logs, begun):
        speed = len(logs) * t.stage.batch / (time.time() - begun)
        say(stage=t.stage.name, step=t.step, scenes_per_second=round(speed, 2),
            rate=round(t.factor(a.minutes), 4), **mean(logs))

    held_out = batches(t.words, t.r, painter, HELD_OUT, HELD_OUT_SCENES, a.painter_args)
    measure = next(held_out)[0]
    held_out.close()

    def save():
        t.save(state_path)
        say(event="saved", stage=t.stage.name, step=t.step, hours=round(t.seconds / 3600, 3), **t.validate(measure))

    left, pool = a.steps or math.inf, None
    while True:
        if a.batch:
            t.stage.batch = a.batch
        say(event="start", stage=t.stage.name, step=t.step, parameters=sum(v.numel() for v in t.ema.values()))
        stream = DrawStream(t.r, painter, t.stage, a.readers, t.seeds, t.turn, a.painter_args, a.repeat)
        if a.repeat > 1 and pool is None:
            pool = Pool(t.stage.batch, a.room, t.device)
        saved, begun, logs = time.time(), time.time(), []
        try:
            while left > 0 and not stopped() and t.progress(a.minutes) < 1:
                begin = time.time()
                batch = stream.next()
                logs.append(t.train_step(pool.mix(batch) if pool else batch, a.minutes))
                t.seeds, t.turn = list(stream.seeds), stream.turn
                t.seconds += time.time() - begin
                left -= 1
                if t.step % a.log_every == 0:
                    say_step(logs, begun)
                    begun, logs = time.time(), []
                if time.time() - saved > a.save_every:
                    save()
                    saved = time.time()
        finally:
            stream.close()
        if logs:  # what the last, shorter stretch measured
            say_step(logs, begun)
        done = t.progress(a.minutes) >= 1 and not (stopped() or left <= 0)
        if not done or not t.next_stage():
            save()
            say(event="end", stage=t.stage.name, step=t.step, finished=done)
            return
        save()


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--config", default="draw-8.9m", help="a name in configs/, or a path")
    p.add_argument("--out", required=True, help="folder of state.pt and log.jsonl")
    p.add_argument("--painter", required=True, help="binary of assets/scenes/paint")
    p.add_argument("--painter-args", default=[], type=str.split, help="more flags for it, such as '-sprites DIR'")
    p.add_argument("--styles", type=lambda s: s.split(","), help="by commas, instead of the recipe's")
    p.add_argument("--from", dest="start", help="a state.pt whose weights training begins with")
    p.add_argument("--stage", help="begin this stage now (name or kind)")
    p.add_argument("--minutes", type=float, help="wall time of all stages together")
    p.add_argument("--steps", type=int, help="stop after this many steps")
    p.add_argument("--batch", type=int, help="scenes a step, instead of the stage's")
    p.add_argument("--readers", type=int, default=1, help="painter processes")
    p.add_argument("--repeat", type=int, default=1, help="use each scene about so often, out of a pool on the device")
    p.add_argument("--room", type=int, default=400_000, help="scenes in the pool")
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    p.add_argument("--precision", choices=["bf16", "float32"], default="bf16")
    p.add_argument("--threads", type=int, default=0)
    p.add_argument("--compile", action="store_true")
    p.add_argument("--fused", action=argparse.BooleanOptionalAction,
                   help="attention by the fused kernel (on by default on a GPU only)")
    p.add_argument("--log-every", type=int, default=25)
    p.add_argument("--save-every", type=float, default=300, help="seconds")
    a = p.parse_args()
    if a.threads:
        torch.set_num_threads(a.threads)
    os.makedirs(a.out, exist_ok=True)
    r = recipes.load(a.config)
    r.scenes.styles = a.styles or r.scenes.styles
    t = Trainer(r, Words(r.text.tokens), a.device, a.precision)
    path = os.path.join(a.out, "state.pt")
    if os.path.exists(path):
        t.load(torch.load(path, map_location="cpu", weights_only=True))
    elif a.start:
        t.begin(torch.load(a.start, map_location="cpu", weights_only=True))
    if a.stage and t.stage.name != r.stages[r.stage(a.stage)].name:
        t.enter(r.stage(a.stage))
    t.model.fused = a.device.startswith("cuda") if a.fused is None else a.fused
    if a.compile:
        t.compile()
    stop = []
    for s in (signal.SIGINT, signal.SIGTERM):
        signal.signal(s, lambda *_: stop.append(1))
    run(t, a, [a.painter], lambda: bool(stop))


if __name__ == "__main__":
    main()
