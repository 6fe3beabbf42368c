"""Muon for the matrices of encoder, projector and decoder; AdamW for everything else."""
import torch


def orthogonal(g):
    """g [n, rows, columns] → the nearest half-orthogonal matrices, about: five Newton-Schulz steps
    with the quintic of Jordan et al. 2024. bfloat16 suffices."""
    x = g.bfloat16()
    wide = x.shape[1] <= x.shape[2]
    x = x if wide else x.mT
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(5):
        a = x @ x.mT
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return (x if wide else x.mT).float()


class Muon(torch.optim.Optimizer):
    """Momentum, made orthogonal, times lr · sqrt(max(1, rows/columns)). Equal shapes go together. relative:
    times lr and the matrix's own size instead, 1 where its rows have length 1, so that a matrix that was
    made small, since what it gets is large, is not overrun."""

    def __init__(self, params, lr, mom=0.95, wd=0.01, relative=False):
        super().__init__(params, dict(lr=lr, mom=mom, wd=wd, relative=relative))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            shapes = {}
            for p in group["params"]:
                if p.grad is not None:
                    shapes.setdefault(p.shape, []).append(p)
            for (rows, columns), params in shapes.items():
                for p in params:
                    self.state[p].setdefault("m", torch.zeros_like(p))
                grads, moments = [p.grad for p in params], [self.state[p]["m"] for p in params]
                torch._foreach_mul_(moments, group["mom"])
                torch._foreach_add_(moments, grads)
                update = orthogonal(torch.stack(grads) + group["mom"] * torch.stack(moments))
                scale = max(1, rows / columns) ** 0.5
                if group.get("relative"):
                    scale = 1.0
                    update *= torch.stack([p.norm() for p in params])[:, None, None] / min(rows, columns) ** 0.5
                torch._foreach_mul_(params, 1 - group["lr"] * group["wd"])
                torch._foreach_add_(params, list(update.unbind()), alpha=-group["lr"] * scale)


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
