"""python train.py --out DIR --painter PAINT …: trains, or goes on where DIR/state.pt stopped.

Writes DIR/state.pt (everything to go on) and DIR/log.jsonl (one JSON line every few steps).
Ctrl+C saves and ends; the same command goes on. --from takes a trainer.pt, a Hugging Face LLaVA
folder, or a state.pt of the first recipe. See README.md.
"""
import argparse
import contextlib
import functools
import os

import torch

import config as configs
import loop
import optim
from data import READER_SEEDS, Stream, Words, to_device
from helpers import Helpers
from losses import Heads, encoder_loss, joint_loss
from model import EYES, PROBES, VLM, fit
from rounding import Rounding
from weights import matching, read_weights


class Trainer:
    """Model, heads, optimisers and where training stands."""
    workers = 1  # processes that each take a batch of a step
    helpers, others = None, None  # those beside this one, and where their streams go on

    def __init__(self, config, words, device="cpu", precision="bf16", seed=1):
        torch.manual_seed(seed)
        self.c, self.words, self.device = config, words, torch.device(device)
        self.precision = precision
        self.nouns = torch.tensor(words.nouns, device=self.device)
        self.ema = None
        self.index, self.step, self.seconds, self.seeds = 0, 0, 0.0, None
        self.turn, self.rate, self.ramp_from = 0, 1.0, 0
        self.build()

    @property
    def stage(self):
        return self.c.stages[self.index]

    @property
    def joint(self):
        return self.stage.kind != "encoder"

    def build(self, weights=None, heads=None):
        """Makes the parts for the stage's picture size, from weights where there are any."""
        image = self.stage.image
        self.model = VLM(self.c, image, self.words.size)
        self.heads = Heads(self.c, self.model.grid)
        if weights is not None:
            self.model.load_state_dict(fit(weights, self.model.grid))
        if heads is not None:
            self.heads.load_state_dict(matching(heads, self.heads.state_dict()), strict=False)
        for name, p in self.model.named_parameters():
            part = name.split(".")[0]
            p.requires_grad_(part in PROBES or self.stage.kind != "heads" and (self.stage.eyes or part not in EYES))
        self.model.to(self.device)
        self.heads.to(self.device)
        self.muon, self.adam = optim.make(self.model, self.heads, self.stage)
        self.rounding = Rounding([p for g in self.muon.param_groups for p in g["params"]], self.stage.round_to)
        self.ramp_from = self.step

    def compile(self):
        self.model.see = torch.compile(self.model.see)
        self.model.text = torch.compile(self.model.text)

    def save(self, path):
        state = {"config": self.c.to_dict(), "model": self.model.state_dict(), "heads": self.heads.state_dict(),
                 "ema": self.ema, "muon": self.muon.state_dict(), "adam": self.adam.state_dict(),
                 "stage": self.stage.name, "step": self.step, "seconds": self.seconds, "seeds": self.seeds,
                 "turn": self.turn, "rate": self.rate, "ramp_from": self.ramp_from,
                 "rng": torch.get_rng_state()}
        torch.save(state, path + ".tmp")
        os.replace(path + ".tmp", path)

    def load(self, state):
        """Goes on from a state of this script or of the first recipe (which has no seeds)."""
        self.index, self.step = self.c.stage(state["stage"]), state["step"]
        self.seconds, self.rate = state.get("seconds", 0.0), state.get("rate", 1.0)
        self.seeds, self.turn = state.get("seeds"), state.get("turn", 0)
        if self.seeds is None:
            self.seeds = [self.stage.seed + self.step * self.stage.batch]
        self.build(state["model"], state["heads"])
        if state["ema"] is not None:
            self.ema = {k: v.to(self.device) for k, v in fit(state["ema"], self.model.grid).items()}
        try:
            self.muon.load_state_dict(state["muon"])
            self.adam.load_state_dict(state["adam"])
            self.ramp_from = state.get("ramp_from", self.step)
        except ValueError:  # other heads: the optimisers start anew, slowly
            self.muon, self.adam = optim.make(self.model, self.heads, self.stage)
        torch.set_rng_state(state["rng"].cpu())

    def next_stage(self):
        """False when the last stage is done."""
        if self.index + 1 == len(self.c.stages):
            return False
        self.enter(self.index + 1)
        return True

    def enter(self, index):
        """Begins another stage with the weights there are; AdamW and Muon start anew."""
        self.index, self.step, self.seconds, self.seeds, self.turn = index, 0, 0.0, None, 0
        self.build(self.model.state_dict(), self.heads.state_dict())
        if self.ema is not None:
            self.ema = {k: v.to(self.device) for k, v in fit(self.ema, self.model.grid).items()}

    def progress(self, minutes):
        """0 … 1 through the stage, by steps or by the clock, whichever is further."""
        p = self.step / max(1, self.stage.steps)
        if minutes:
            p = max(p, self.seconds / (60 * minutes * self.stage.share))
        return min(1.0, p)

    def factor(self, minutes):
        """The learning rate as a share of the stage's."""
        s, p = self.stage, self.progress(minutes)
        if s.kind == "encoder":
            f = max(0.01, min(1, (1 - p) / 0.6))
        elif s.kind == "joint":
            f = self.rate = max(0.05, 1 / (1 + self.step / s.half))
        else:
            f = self.rate * max(0.005, 1 - p)
        return f * min(1, (self.step - self.ramp_from + 1) / max(1, s.warmup))

    def graded(self, batch):
        """Leaves the gradients of a batch of data.stack → (loss, log)."""
        d = to_device(batch, self.words, self.device)
        context = contextlib.nullcontext()
        if self.precision == "bf16":
            context = torch.autocast(self.device.type, torch.bfloat16)
        with context:
            if self.joint:
                blind = (torch.rand(len(d["pixels"])) < self.c.teach.blind).to(self.device)
                frozen = self.step < self.stage.thaw
                loss, log = joint_loss(self.model, self.heads, d, self.nouns, blind, None, frozen)
            else:
                loss, log = encoder_loss(self.model, self.heads, d, self.nouns)
        if torch.isfinite(loss):
            loss.backward()
        return loss, log

    def train_step(self, batch, minutes=None):
        """One step on a batch of data.stack → the log as floats."""
        optim.set_rate(self.muon, self.adam, self.stage, self.factor(minutes))
        self.muon.zero_grad()
        self.adam.zero_grad()
        fine, logs = True, []
        with self.rounding:
            if self.helpers:
                self.helpers.ask(self.step)
            loss, log = self.graded(batch)
            if self.helpers:
                fine, logs, self.others = self.helpers.add()
        if fine and torch.isfinite(loss):
            torch.nn.utils.clip_grad_norm_(self.adam.param_groups[0]["params"], 1.0)
            self.muon.step()
            self.adam.step()
        self.step += 1
        self.average()
        values = torch.stack([v.detach().float() for v in log.values()]).tolist()  # one copy
        return loop.mean([dict(zip(log, values)), *logs])

    @torch.no_grad()
    def average(self):
        """EMA of the weights, short at first."""
        if self.ema is None:
            self.ema = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
        keep = min(self.c.ema, (self.step + 1) / (self.step + 10))
        now = self.model.state_dict()
        torch._foreach_lerp_(list(self.ema.values()), [now[k] for k in self.ema], 1 - keep)


def scenes(t, a, rank=0):
    """The stream of one process."""
    seeds = t.seeds and t.seeds[rank * a.readers:][:a.readers]
    first = t.stage.seed + rank * a.readers * READER_SEEDS
    extra = [*a.painter_args, *["-crowded"] * t.stage.crowded]
    return Stream(t.words, t.c, [a.painter], t.stage, a.readers, seeds, extra, a.repeat, first)


def helping(config, precision, index, seeds, a, modules, rank):
    """What a helping process does with the modules it shares: a batch of its own scenes for each step."""
    torch.set_num_threads(1)
    t = Trainer(config, Words(), precision=precision)
    t.model, t.heads = modules
    t.index, t.seeds = index, seeds
    if a.compile:
        t.compile()
    stream, pool = scenes(t, a, rank), loop.pool(t, a)

    def step(number):
        t.step = number
        return *t.graded(pool(stream.next())), list(stream.seeds)

    return step


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    loop.arguments(p, "sprites-5.7m", "trainer.pt, state.pt, a GGUF pair's or a Hugging Face folder", 60_000, 180)
    p.add_argument("--workers", type=int, default=1, help="processes that each take --batch scenes of a step, with --threads 1, on a CPU")
    a = p.parse_args()
    if a.workers > 1 and (a.threads != 1 or a.device != "cpu"):
        raise SystemExit("--workers takes --threads 1 and --device cpu")
    path = loop.prepare(a)
    t = Trainer(configs.load(a.config), Words(), a.device, a.precision)
    if os.path.exists(path):
        t.load(torch.load(path, map_location="cpu", weights_only=False))
    elif a.start:
        start = read_weights(a.start, t.c)
        t.load(start) if "stage" in start else t.build(start["model"], start.get("heads"))
    if a.stage:
        t.enter(t.c.stage(a.stage))

    def stream():
        if t.helpers:
            t.helpers.close()
            t.helpers = None
        if a.workers > 1:
            own = (t.c, t.precision, t.index, t.seeds, a)
            t.helpers, t.workers = Helpers([t.model, t.heads], a.workers - 1, functools.partial(helping, *own)), a.workers
        if a.compile:  # the model of this stage
            t.compile()
        s = scenes(t, a)
        s.turn = t.turn % a.readers
        return s

    loop.run(t, a, sum(v.numel() for v in t.model.parameters()), stream, lambda _: t.save(path))


if __name__ == "__main__":
    main()
