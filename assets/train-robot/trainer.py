"""Model, optimisers and where training stands; one step; the state that goes on from it."""
import os

import torch
import torch.nn.functional as F

import discrete
import look
from loop import Course
from policy import Policy, exported
from optim import Muon
from stem import Stem, grown, part, side
from teacher import BINS, PLACE_WEIGHT, STATES, counts


EYES = ("vision_backbone", "vision_aggr_", "embed_tokens")


def optimisers(model, stage):
    """(Muon for the matrices within blocks, layers and projections, AdamW for everything else)."""
    def matrix(name, p):
        ends = ("embed_tokens", "lm_head", "router.router.weight", "fc2.weight", "teacher", "proprio_projector.fc1")
        plain = not any(e in name for e in ends) or ".mlp.fc2" in name or "_proj.fc2" in name or "projector.fc2" in name
        return p.ndim == 2 and name.endswith(".weight") and plain

    named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    inner = [p for n, p in named if matrix(n, p)]
    taken = {id(p) for p in inner}
    other = [p for _, p in named if id(p) not in taken]
    return Muon(inner, stage.muon, wd=stage.decay, relative=True), torch.optim.AdamW(other, stage.adam, betas=(0.9, 0.97), weight_decay=0.01)


class Trainer(Course):
    def __init__(self, recipe, words, stats, device="cpu", precision="bf16", seed=1):
        super().__init__(recipe, device, precision)
        torch.manual_seed(seed)
        self.words, self.stats, self.total = words, stats, 0
        self.helpers = None
        make = Stem if recipe.variant == "stem" else Policy
        self.model = make(recipe, words.size).to(self.device)
        self.ema = {k: v.detach().clone() for k, v in exported(self.model.state_dict()).items()}
        self.muon, self.adam = optimisers(self.model, self.stage)

    def compile(self, backend="inductor"):
        """Compiles blocks and dense layers; all others share that code. Routed layers stay as they are."""
        one = self.model.turns[0] if self.r.variant == "stem" else self.model
        v = one.vision_backbone
        for block in (*v.featurizer.blocks, *v.fused_featurizer.blocks):
            block.compile(backend=backend)
        for layer in one.language_model.model.layers:
            layer.compute = torch.compile(layer.compute, backend=backend)

    def save(self, path):
        state = {"recipe": self.r.to_dict(), "model": self.model.state_dict(), "ema": self.ema, "statistics": self.stats,
                 "muon": self.muon.state_dict(), "adam": self.adam.state_dict(), "vocabulary": self.words.size,
                 "stage": self.stage.name, "step": self.step, "total": self.total, "seconds": self.seconds,
                 "seeds": self.seeds, "turn": self.turn, "ramp_from": self.ramp_from, "rng": torch.get_rng_state()}
        torch.save(state, path + ".tmp")
        os.replace(path + ".tmp", path)

    def load(self, state):
        """Goes on from a state of save."""
        if state["vocabulary"] != self.words.size:
            raise ValueError(f"the state was trained with {state['vocabulary']} tokens, tokenizer/ has "
                             f"{self.words.size}: use the tokenizer of that training")
        mine = self.r.to_dict()
        for key in ("variant", "image", "vision", "language", "aggregation", "film", "chunk", "routing"):
            if state["recipe"][key] != mine[key]:
                raise ValueError(f"the state's {key} is not that of {self.r.name}, {self.r.variant}: choose its --config "
                                 "and --variant, or another --out")
        self.index, self.step, self.total = self.r.stage(state["stage"]), state["step"], state["total"]
        self.seconds, self.seeds, self.turn = state["seconds"], state["seeds"], state["turn"]
        self.model.load_state_dict(state["model"])
        self.ema = {k: v.to(self.device) for k, v in state["ema"].items()}
        self.muon, self.adam = optimisers(self.model, self.stage)
        self.muon.load_state_dict(state["muon"])
        self.adam.load_state_dict(state["adam"])
        self.ramp_from = state["ramp_from"]
        torch.set_rng_state(state["rng"].cpu())

    def begin(self, state):
        """Takes the weights alone, averaged where they are; of a stem those of this variant, and for a stem those
        of a CogVLA policy, which go to both where both have them."""
        if self.r.variant == "stem" and state["recipe"]["variant"] == "cogvla":
            state = state | {"model": grown(state["model"] | state["ema"], self.model.state_dict()), "ema": {}}
        own, stem = self.model.state_dict(), state["recipe"]["variant"] == "stem" != self.r.variant
        teacher = {side(self.r) + k if stem else k: v for k, v in own.items() if "teacher." in k}
        weights = teacher | state["model"] | state["ema"]  # a teacher may be new
        try:
            self.model.load_state_dict(part(weights, self.r, own) if stem else {k: weights[k] for k in own})
        except (KeyError, RuntimeError) as e:
            raise ValueError(f"the weights to begin with are not a state.pt of {self.r.name}, {self.r.variant}: choose the "
                             "--config and --variant they were trained with") from e
        self.ema = {k: v.detach().clone() for k, v in exported(self.model.state_dict()).items()}

    def take_eyes(self, state):
        """The encoders of a stem and the words that steer them, which stay as they are."""
        if state["recipe"]["variant"] != "stem" or self.r.variant in ("stem", "autoregressive"):
            raise ValueError("--eyes takes the state.pt of a stem, for dense, stage1 or cogvla")
        weights, own = state["model"] | state["ema"], self.model.state_dict()
        for name in own:
            if any(x in name for x in EYES):
                own[name] = weights[side(self.r) + name]
        self.model.load_state_dict(own)
        for name, p in self.model.named_parameters():
            p.requires_grad_(not any(x in name for x in (*EYES, "teacher.patches", "teacher.rows")))
        self.ema = {k: v.detach().clone() for k, v in exported(self.model.state_dict()).items()}
        self.muon, self.adam = optimisers(self.model, self.stage)

    def settle(self, rows):
        """Has the projectors see features of mean 0 and deviation 1: the encoders' lie far from 0, and what is
        common to all drowned what differs. rows [N, cameras, R, both widths]"""
        self.model.settle(rows[::max(1, len(rows) // 1024)])
        self.ema |= {k: getattr(self.model, k).clone() for k in ("seen_mean", "seen_scale")}

    @torch.no_grad()
    def settle_stem(self, windows, trained):
        """The same for both policies of a stem and their teachers. trained: the CogVLA policy's projectors were, so
        they give what they gave."""
        pick = torch.linspace(0, len(windows["length"]) - 1, min(256, len(windows["length"]))).long()
        for policy in self.model.turns:
            seen = {"rows": [], "patches": []}
            for part in pick.split(64):
                with self.precise():
                    mean = policy.words(*(windows[k][part].to(self.device) for k in ("prompt", "length")))[2]
                    out = policy.encode(look.middle(windows["pixels"][part].to(self.device)), mean)
                for name, encoders in zip(seen, out):
                    seen[name].append(torch.cat(encoders, -1).float())
            seen = {k: torch.cat(v) for k, v in seen.items()}
            policy.settle(seen["rows"], trained and policy.r.sparse)
            for name in ("patches", "rows") if policy.r.sparse else ():
                policy.teacher[name].settle(seen[name])
        self.ema = {k: v.detach().clone() for k, v in exported(self.model.state_dict()).items()}

    def hard(self, minutes):
        """Whether rows skip: not in the first stretch of a training, where routers only scale."""
        return self.total > self.step or self.progress(minutes) >= self.r.routing.soft

    def loss(self, batch, change, hard):
        """→ (loss, {name: tensor}) on a batch that lies on the device; change makes its pixels what is seen."""
        d = {k: batch[k] for k in ("prompt", "length", "proprio", "suite")}
        d |= {"rows": batch["rows"]} if "rows" in batch else {"pixels": change(batch["pixels"])}
        if self.r.variant == "autoregressive":
            act, log, out = discrete.loss(self.model, batch, d)
        else:
            out = self.model(d, hard)
            valid = batch["valid"][..., None]
            off = (out["actions"].float() - batch["actions"]).abs() * valid
            act = off.sum() / (valid.sum() * self.r.action).clamp_min(1)
            log = {"l1": act}
        off = (out["state"].float() - batch["state"]).abs()
        log |= {"state": off[..., :STATES].mean(), "focus": off[..., STATES:].mean()}
        bins = (batch["place"] * BINS).long().clamp_max(BINS - 1)
        log["place"] = F.cross_entropy(out["place"].float().flatten(0, 2), bins.expand(len(out["place"]), -1, -1).flatten())
        return act + self.r.teach * ((off * counts(off.device)).mean() + PLACE_WEIGHT * log["place"]), log

    def graded(self, batch, rng, hard):
        """A batch's gradients, of its pictures varied by rng. → (loss, log)"""
        if self.r.variant == "stem":
            self.model.turn = self.total
        with self.precise():
            loss, log = self.loss(batch, lambda x: look.varied(x, rng), hard)
        if torch.isfinite(loss):
            loss.backward()
        return loss, log

    def help(self, kept, _, rank):
        """What a helping process does, forked from this one: a batch of its own for each message."""
        def step(message):
            self.total, self.index, self.stage.batch, hard = message
            batch = kept.draw(self.stage, self.total, rank)
            return *self.graded(batch, torch.rand(len(batch["length"]), 5), hard), None

        return step

    def train_step(self, batch, minutes=None):
        """One step → the log as floats."""
        d = {k: v.to(self.device, non_blocking=True) for k, v in batch.items()}
        # The random numbers come from the generator whose state is saved.
        rng = torch.rand(len(d["length"]), 5)
        factor = self.factor(minutes)
        self.muon.param_groups[0]["lr"] = self.stage.muon * factor
        self.adam.param_groups[0]["lr"] = self.stage.adam * factor
        hard = self.hard(minutes)
        if self.helpers:
            self.helpers.ask((self.total, self.index, self.stage.batch, hard))
        self.muon.zero_grad()
        self.adam.zero_grad()
        loss, log = self.graded(d, rng, hard)
        fine, others, _ = self.helpers.add() if self.helpers else (True, [], [])
        if fine and torch.isfinite(loss):
            torch.nn.utils.clip_grad_norm_(self.adam.param_groups[0]["params"], 1.0)
            self.muon.step()
            self.adam.step()
        self.step += 1
        self.total += 1
        self.average()
        values = torch.stack([v.detach().float() for v in log.values()]).tolist()  # one copy
        return {k: (v + sum(o[k] for o in others)) / (len(others) + 1) for k, v in zip(log, values)}

    @torch.no_grad()
    def average(self):
        """EMA of the weights, short at first."""
        keep = min(self.r.ema, (self.total + 1) / (self.total + 10))
        now = exported(self.model.state_dict())
        torch._foreach_lerp_(list(self.ema.values()), [now[k] for k in self.ema], 1 - keep)

    @torch.no_grad()
    def validate(self, windows, most=256, size=64):
        """The averaged weights' error on windows that are never trained on, rows skipping."""
        own = {k: v.clone() for k, v in exported(self.model.state_dict()).items()}
        self.model.load_state_dict(self.ema, strict=False)
        pick, logs = torch.linspace(0, len(windows["length"]) - 1, min(most, len(windows["length"]))).long(), []
        try:
            with self.precise(), torch.compiler.set_stance("force_eager"):
                for part in pick.split(size):
                    d = {k: v[part].to(self.device) for k, v in windows.items()}
                    _, log = self.loss(d, look.middle, True)
                    logs.append((len(part), {k: v.item() for k, v in log.items()}))
        finally:
            self.model.load_state_dict(own, strict=False)
        n = sum(c for c, _ in logs)
        return {"validation_" + k: round(sum(c * log[k] for c, log in logs) / n, 5) for k in logs[0][1]}
