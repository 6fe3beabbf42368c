"""Training for weights that are stored in few bits: each step sees them rounded, and moves the exact ones
(straight-through, Bengio et al. 2013). Blocks and rounding are ggml's q4_0 and q5_0."""
import torch

BLOCK = 32
LOW = {"q4_0": 8, "q5_0": 16}  # values are stored from -LOW to LOW - 1


def rounded(x, kind):
    """x [n, BLOCK] → what a file in this type gives back, float32."""
    low, x = LOW[kind], x.float()
    top = x.gather(1, x.abs().argmax(1, keepdim=True))  # with its sign
    d = top / -low
    inverse = torch.where(d == 0, 0.0, 1 / d)
    q = (x * inverse + low + 0.5).trunc().clamp(0, 2 * low - 1) - low
    return q * d.half().float()


class Rounding:
    """with Rounding(matrices, "q4_0"): their data is rounded, and exact again behind it. Matrices whose
    rows are no whole blocks stay as they are, as they do in the file."""

    def __init__(self, matrices, kind):
        self.kind = kind
        self.matrices = [p.data for p in matrices if p.shape[-1] % BLOCK == 0]

    @torch.no_grad()
    def __enter__(self):
        if not self.kind:
            return
        self.exact = torch.cat([m.reshape(-1) for m in self.matrices])
        new = rounded(self.exact.view(-1, BLOCK), self.kind).view(-1)
        self.give(new)

    @torch.no_grad()
    def __exit__(self, *_):
        if self.kind:
            self.give(self.exact)

    def give(self, values):
        parts = values.split([m.numel() for m in self.matrices])
        torch._foreach_copy_(self.matrices, [v.view(m.shape) for v, m in zip(parts, self.matrices)])
