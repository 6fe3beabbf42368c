"""Model, optimisers and where training stands; one step; the state that goes on from it."""
import os

import torch

import flow
from loop import Course
from optim import Muon
from pixart import Drawer, kept


def optimisers(model, stage):
    """(Muon for the matrices of blocks and text layers, AdamW for everything else)."""
    named = list(model.named_parameters())
    matrix = [p for n, p in named if (".transformer_blocks." in n or ".layers." in n) and n.endswith(".weight") and p.ndim == 2]
    taken = {id(p) for p in matrix}
    other = [p for _, p in named if id(p) not in taken]
    return Muon(matrix, stage.muon), torch.optim.AdamW(other, stage.adam, betas=(0.9, 0.97), weight_decay=0.01)


class Trainer(Course):
    def __init__(self, recipe, words, device="cpu", precision="bf16", seed=1):
        super().__init__(recipe, device, precision)
        torch.manual_seed(seed)
        self.words, self.empty, self.total = words, torch.tensor(words.empty), 0
        self.model = Drawer(recipe, words.size).to(self.device)
        self.ema = {k: v.detach().clone() for k, v in kept(self.model.state_dict()).items()}
        self.muon, self.adam = optimisers(self.model, self.stage)

    def compile(self, backend="inductor"):
        """Compiles one block and one text layer; all others share that code."""
        for m in (*self.model.transformer.transformer_blocks, *self.model.text_encoder.text_model.encoder.layers):
            m.compile(backend=backend)

    def save(self, path):
        state = {"recipe": self.r.to_dict(), "model": self.model.state_dict(), "ema": self.ema,
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
        for key in ("denoiser", "text"):
            if state["recipe"][key] != self.r.to_dict()[key]:
                raise ValueError(f"the state's {key} is not that of {self.r.name}: choose its --config, or another --out")
        self.index, self.step, self.total = self.r.stage(state["stage"]), state["step"], state["total"]
        self.seconds, self.seeds, self.turn = state["seconds"], state["seeds"], state["turn"]
        self.begin(state)
        self.muon, self.adam = optimisers(self.model, self.stage)
        self.ramp_from = self.step
        try:
            self.muon.load_state_dict(state["muon"])
            self.adam.load_state_dict(state["adam"])
            self.ramp_from = state["ramp_from"]
        except ValueError:  # with or without the label head: the optimisers start anew, slowly
            self.muon, self.adam = optimisers(self.model, self.stage)
        torch.set_rng_state(state["rng"].cpu())

    def begin(self, state):
        """Takes the weights alone; the label head starts anew where the state has none."""
        missing, unknown = self.model.load_state_dict(state["model"], strict=False)
        if wrong := [k for k in (*missing, *unknown) if not k.startswith("label_")]:
            raise ValueError(f"the weights do not fit {self.r.name}: {wrong[0]}; choose the --config they were trained with")
        self.ema = {k: v.to(self.device) for k, v in state["ema"].items()}

    def to_device(self, batch):
        d = {k: v.to(self.device, non_blocking=True) for k, v in batch.items()}
        d["pixels"] = flow.scale(d["pixels"])
        return d

    def train_step(self, batch, minutes=None):
        """One step on a batch of stream.batches → the log as floats."""
        n, f = len(batch["ids"]), self.r.flow
        # On a CPU all random numbers come from the generator whose state is saved; a GPU makes its own
        # noise, because bringing it there costs more than the step.
        t, noise = flow.times(n, f), torch.randn(batch["pixels"].shape, device=self.device)
        emptied = (torch.rand(n) < f.drop).to(self.device)
        d = self.to_device(batch)
        d["ids"] = torch.where(emptied[:, None], self.empty.to(self.device), d["ids"])
        factor = self.factor(minutes)
        self.muon.param_groups[0]["lr"] = self.stage.muon * factor
        self.adam.param_groups[0]["lr"] = self.stage.adam * factor
        with self.precise():
            loss, log = flow.loss(self.model, f, d, t.to(self.device), noise)
        self.muon.zero_grad()
        self.adam.zero_grad()
        if torch.isfinite(loss):
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.adam.param_groups[0]["params"], 1.0)
            self.muon.step()
            self.adam.step()
        self.step += 1
        self.total += 1
        self.average()
        values = torch.stack([v.detach().float() for v in log.values()]).tolist()  # one copy
        return dict(zip(log, values))

    @torch.no_grad()
    def average(self):
        """EMA of the weights, short at first."""
        keep = min(self.r.ema, (self.total + 1) / (self.total + 10))
        now = kept(self.model.state_dict())
        torch._foreach_lerp_(list(self.ema.values()), [now[k] for k in self.ema], 1 - keep)

    @torch.no_grad()
    def validate(self, batch, seed=7):
        """Mean squared velocity error of the EMA on a batch, always with the same noise and times."""
        own = {k: v.clone() for k, v in kept(self.model.state_dict()).items()}
        g = torch.Generator().manual_seed(seed)
        t, noise = flow.times(len(batch["ids"]), self.r.flow, g), torch.randn(batch["pixels"].shape, generator=g)
        d = self.to_device(batch)
        self.model.load_state_dict(self.ema, strict=False)
        try:
            # Not compiled: the code for another batch without gradients is worth no minute of waiting.
            with self.precise(), torch.compiler.set_stance("force_eager"):
                v = self.model(flow.mix(d["pixels"], noise.to(self.device), t.to(self.device)), t.to(self.device), d["ids"])[0]
            error = (v.float() - noise.to(self.device) + d["pixels"]).square().mean((1, 2, 3)).cpu()
        finally:
            self.model.load_state_dict(own, strict=False)
        late = t > 0.5
        return {"validation": round(error.mean().item(), 5), "validation_late": round(error[late].mean().item(), 5)}
