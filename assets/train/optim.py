"""Muon for the matrices of encoder, projector and decoder; AdamW for everything else."""
import torch


def orthogonal(g):
    """g [rows, columns] → the nearest half-orthogonal matrix, about: five Newton-Schulz steps
    with the quintic of Jordan et al. 2024. bfloat16 suffices."""
    x = g.bfloat16()
    wide = x.shape[0] <= x.shape[1]
    x = x if wide else x.t()
    x = x / (x.norm() + 1e-7)
    for _ in range(5):
        a = x @ x.t()
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return (x if wide else x.t()).float()


class Muon(torch.optim.Optimizer):
    """Momentum, made orthogonal, times lr · sqrt(max(1, rows/columns))."""

    def __init__(self, params, lr, mom=0.95, wd=0.01):
        super().__init__(params, dict(lr=lr, mom=mom, wd=wd))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                m.mul_(group["mom"]).add_(p.grad)
                update = orthogonal(p.grad + group["mom"] * m)
                scale = max(1, p.shape[0] / p.shape[1]) ** 0.5
                p.mul_(1 - group["lr"] * group["wd"]).add_(update, alpha=-group["lr"] * scale)


def make(model, heads, stage):
    """(Muon with two groups: encoder, rest; AdamW), in the order old checkpoints have."""
    named = list(model.named_parameters())
    matrix = [(n, p) for n, p in named if p.ndim == 2 and n.split(".")[0] in ("vb", "db", "p1", "p2")]
    encoder = [p for n, p in matrix if n.startswith("vb")]
    rest = [p for n, p in matrix if not n.startswith("vb")]
    taken = {id(p) for _, p in matrix}
    other = [p for _, p in named if id(p) not in taken] + list(heads.parameters())
    muon = Muon([{"params": encoder}, {"params": rest}], stage.muon)
    adam = torch.optim.AdamW(other, stage.adam, betas=(0.9, 0.97), weight_decay=0.01)
    return muon, adam


def set_rate(muon, adam, stage, factor):
    muon.param_groups[0]["lr"] = stage.muon * factor * stage.encoder_rate
    muon.param_groups[1]["lr"] = stage.muon * factor
    adam.param_groups[0]["lr"] = stage.adam * factor
