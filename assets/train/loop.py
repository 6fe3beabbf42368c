"""The course of a training, the same for both models: arguments, stages, logging, saving, stopping.

A trainer has stage, step, seconds, seeds, turn; train_step, factor, progress, next_stage, save.
"""
import contextlib
import json
import math
import os
import signal
import time

import torch

from data import Pool


def arguments(parser, config, start, room, save_every):
    """Adds what both commands take. start: help for --from; room: scenes in the pool."""
    p = parser
    p.add_argument("--config", default=config, help="a name in configs/, or a path")
    p.add_argument("--out", required=True, help="folder of state.pt and log.jsonl")
    p.add_argument("--painter", required=True, help="binary of assets/scenes/paint")
    p.add_argument("--painter-args", default=[], type=str.split, help="more flags for it, such as '-sprites DIR'")
    p.add_argument("--from", dest="start", help=start)
    p.add_argument("--stage", help="begin this stage now (name or kind)")
    p.add_argument("--minutes", type=float, help="wall time of all stages together")
    p.add_argument("--steps", type=int, help="stop after this many steps")
    p.add_argument("--batch", type=int, help="scenes a step, instead of the stage's")
    p.add_argument("--readers", type=int, default=1, help="painter processes")
    p.add_argument("--repeat", type=int, default=1, help="use each scene about so often, out of a pool on the device")
    p.add_argument("--room", type=int, default=room, help="scenes in the pool")
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    p.add_argument("--precision", choices=["bf16", "float32"], default="bf16")
    p.add_argument("--threads", type=int, default=0)
    p.add_argument("--compile", action="store_true")
    p.add_argument("--log-every", type=int, default=25)
    p.add_argument("--save-every", type=float, default=save_every, help="seconds")


def prepare(a):
    """Makes the folder and sets the threads. → path of the state"""
    if a.threads:
        torch.set_num_threads(a.threads)
    os.makedirs(a.out, exist_ok=True)
    return os.path.join(a.out, "state.pt")


class Course:
    """Where a training stands, for trainers of the recipe `r`: index of the stage, step in it, seconds
    spent, seeds and turn of its stream. The rate falls in a stage of kind cooldown."""
    workers = 1  # processes that each take a batch of a step

    def __init__(self, r, device, precision):
        self.r, self.device, self.precision = r, torch.device(device), precision
        self.index, self.step, self.seconds = 0, 0, 0.0
        self.seeds, self.turn, self.ramp_from = None, 0, 0

    @property
    def stage(self):
        return self.r.stages[self.index]

    def next_stage(self):
        """False when the last stage is done."""
        if self.index + 1 == len(self.r.stages):
            return False
        self.enter(self.index + 1)
        return True

    def enter(self, index):
        """Begins another stage; the optimisers keep their momenta, the stage draws its own scenes."""
        self.index, self.step, self.seconds, self.seeds, self.turn, self.ramp_from = index, 0, 0.0, None, 0, 0

    def progress(self, minutes):
        """0 … 1 through the stage, by steps or by the clock, whichever is further."""
        p = self.step / max(1, self.stage.steps)
        if minutes:
            p = max(p, self.seconds / (60 * minutes * self.stage.share))
        return min(1.0, p)

    def factor(self, minutes):
        """The learning rate as a share of the stage's."""
        f = max(0.005, 1 - self.progress(minutes)) if self.stage.kind == "cooldown" else 1.0
        return f * min(1, (self.step - self.ramp_from + 1) / max(1, self.stage.warmup))

    def precise(self):
        if self.precision == "bf16":
            return torch.autocast(self.device.type, torch.bfloat16)
        return contextlib.nullcontext()


def mean(logs):
    """Mean of each key over logs; steps that did not measure it (NaN) are left out."""
    out = {}
    for k in logs[-1]:
        v = [l[k] for l in logs if k in l and not math.isnan(l[k])]
        if v:
            out[k] = round(sum(v) / len(v), 4)
    return out


class Journal:
    """Prints JSON lines and appends them to log.jsonl."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "log.jsonl")

    def say(self, **entry):
        line = json.dumps(entry)
        print(line, flush=True)
        with open(self.path, "a", encoding="utf-8") as f:
            f.write(line + "\n")

    def say_steps(self, t, logs, begun, minutes):
        speed = len(logs) * t.stage.batch * t.workers / (time.time() - begun)
        self.say(stage=t.stage.name, step=t.step, scenes_per_second=round(speed, 2),
                 rate=round(t.factor(minutes), 4), **mean(logs))


def pool(t, a):
    """What makes a batch of what a stream gives, with --repeat out of a pool: one of its own for each
    stage, which may have scenes of another size, and for each process."""
    return Pool(t.stage.batch, a.room, t.device).mix if a.repeat > 1 else lambda batch: batch


def run(t, a, parameters, open_stream, save):
    """Stages until the last is done, the steps or the minutes are over, or a signal came.

    open_stream() gives the stage's stream; save(journal) saves and may say more.
    """
    stop = []
    for s in (signal.SIGINT, signal.SIGTERM):
        signal.signal(s, lambda *_: stop.append(1))
    journal, left = Journal(a.out), a.steps or math.inf
    while True:
        if a.batch:
            t.stage.batch = a.batch
        journal.say(event="start", stage=t.stage.name, step=t.step, parameters=parameters)
        stream = open_stream()
        mix = pool(t, a)
        saved, begun, logs = time.time(), time.time(), []
        try:
            while left > 0 and not stop and t.progress(a.minutes) < 1:
                begin = time.time()
                batch = stream.next()
                logs.append(t.train_step(mix(batch), a.minutes))
                t.seeds, t.turn = list(stream.seeds), stream.turn
                t.seeds += [s for more in getattr(t, "others", None) or [] for s in more]
                t.seconds += time.time() - begin
                left -= 1
                if t.step % a.log_every == 0:
                    journal.say_steps(t, logs, begun, a.minutes)
                    begun, logs = time.time(), []
                if time.time() - saved > a.save_every:
                    save(journal)
                    saved = time.time()
        finally:
            stream.close()
        if logs:  # what the last, shorter stretch measured
            journal.say_steps(t, logs, begun, a.minutes)
        done = t.progress(a.minutes) >= 1 and not (stop or left <= 0)
        end, name, step = not done or not t.next_stage(), t.stage.name, t.step
        save(journal)
        if end:
            journal.say(event="end", stage=name, step=step, finished=done)
            return
