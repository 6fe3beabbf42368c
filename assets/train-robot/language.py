"""Llama of which rows can skip layers (LFP), for padded batches. Padding lies at the right end.

Shapes: B samples, S rows, V visual rows (1 … V), K kept rows, D width.
"""
import torch
import torch.nn.functional as F
from torch import nn

from attention import attend
from schedule import Schedule


class RMSNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        y = x.float()
        return (y * torch.rsqrt(y.square().mean(-1, keepdim=True) + 1e-6)).to(x.dtype) * self.weight


def rotate(x, first=0):
    """Rotary positions first, first + 1 … for x [B, heads, S, H]: halves, as Hugging Face has them."""
    half = x.shape[-1] // 2
    at = torch.arange(first, first + x.shape[2], device=x.device, dtype=torch.float32)
    angle = at[:, None] * 10000.0 ** (-torch.arange(half, device=x.device, dtype=torch.float32) / half)
    cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    a, b = x[..., :half], x[..., half:]
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


class SelfAttention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.heads = c.heads
        self.q_proj, self.k_proj, self.v_proj, self.o_proj = (nn.Linear(c.width, c.width, bias=False) for _ in range(4))

    def forward(self, x, allowed, past=None):
        """allowed [B, S, S], or None: everything. past (k, v) of earlier rows, whose places come before.
        → (rows, (k, v) of all rows so far)"""
        b, s, d = x.shape
        q, k, v = (p(x).reshape(b, s, self.heads, -1).transpose(1, 2) for p in (self.q_proj, self.k_proj, self.v_proj))
        first = past[0].shape[2] if past is not None else 0
        q, k = rotate(q, first), rotate(k, first)
        if past is not None:
            k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
        mask = allowed[:, None] if allowed is not None else None
        y = attend(q, k, v, mask)
        return self.o_proj(y.transpose(1, 2).reshape(b, s, d)), (k, v)


class FeedForward(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.gate_proj, self.up_proj = (nn.Linear(c.width, c.inner, bias=False) for _ in range(2))
        self.down_proj = nn.Linear(c.inner, c.width, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Router(nn.Module):
    """How much each row deserves the layer, given what state and prompt are about."""

    def __init__(self, d):
        super().__init__()
        self.scale, self.shift = (nn.Sequential(nn.Linear(d, d // 2), nn.GELU(), nn.Linear(d // 2, d)) for _ in range(2))
        self.router = nn.Linear(d, 2)

    def forward(self, n, about, visual):
        """n [B, S, D] normed rows, about [B, S] 1 for state and prompt → probability [B, S]."""
        c = (n * about[..., None]).sum(1) / about.sum(1, keepdim=True)
        seen = n[:, 1:1 + visual] * (1 + self.scale(c)[:, None]) + self.shift(c)[:, None]
        n = torch.cat([n[:, :1], seen, n[:, 1 + visual:]], 1)
        return F.softmax(self.router(n).float(), -1)[..., 1]


class Layer(nn.Module):
    def __init__(self, c, routed):
        super().__init__()
        self.input_layernorm, self.self_attn = RMSNorm(c.width), SelfAttention(c)
        self.post_attention_layernorm, self.mlp = RMSNorm(c.width), FeedForward(c)
        self.router = Router(c.width) if routed else None

    def compute(self, x, allowed, share=None, past=None):
        """share [B, S] scales the feed-forward of a routed layer."""
        y, kv = self.self_attn(self.input_layernorm(x), allowed, past)
        x = x + y
        f = self.mlp(self.post_attention_layernorm(x))
        return x + (f if share is None else f * share[..., None].to(f.dtype)), kv

    def route(self, x, allowed, about, visual, keep):
        """The layer for the `keep` most probable visual rows and all others; the rest pass unchanged.

        The top k is hard, as in the authors' code: the routers learn through the share alone.
        → (rows, kept [B, K])"""
        b, s, d = x.shape
        p = self.router(self.input_layernorm(x), about, visual)
        if keep == visual:
            return self.compute(x, allowed, p)[0], None
        # A stable sort gives ties to the lower row, as the Go side does.
        best = torch.sort(p[:, 1:1 + visual].detach(), dim=1, descending=True, stable=True).indices[:, :keep]
        best = 1 + best.sort(1).values
        rest = torch.arange(1 + visual, s, device=x.device).expand(b, -1)
        kept = torch.cat([torch.zeros_like(best[:, :1]), best, rest], 1)
        wide = kept[..., None].expand(-1, -1, d)
        if allowed is not None:
            k = kept.shape[1]
            allowed = allowed.gather(1, kept[..., None].expand(-1, -1, s)).gather(2, kept[:, None].expand(-1, k, -1))
        y, _ = self.compute(x.gather(1, wide), allowed, p.gather(1, kept))
        return x.scatter(1, wide, y.to(x.dtype)), kept


class Decoder(nn.Module):
    """`model` of the checkpoint's language_model."""

    def __init__(self, r, vocabulary):
        super().__init__()
        c = r.language
        self.schedule = Schedule(r.routing.type, r.routing.average) if r.variant == "cogvla" else None
        routed = [self.schedule is not None and self.schedule.routed(i, c.layers) for i in range(c.layers)]
        self.embed_tokens = nn.Embedding(vocabulary, c.width)
        self.layers = nn.ModuleList(Layer(c, x) for x in routed)
        self.norm = RMSNorm(c.width)

    def forward(self, x, allowed, about, visual, hard=True):
        """x [B, S, D] → (normed rows [B, S, D], kept rows of each layer [B, K] or None)."""
        kept = []
        for i, layer in enumerate(self.layers):
            if layer.router is None:
                x, rows = layer.compute(x, allowed)[0], None
            else:
                keep = self.schedule.kept(i, len(self.layers), visual) if hard else visual
                x, rows = layer.route(x, allowed, about, visual, keep)
            kept.append(rows)
        return self.norm(x), kept
