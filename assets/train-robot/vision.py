"""The eyes: a DINOv2-like and a SigLIP-like transformer with FiLM and aggregation vectors.

Attributes carry the names of the released checkpoints, so that state_dict() is the layout that
robotics/policy reads. Shapes: B pictures, T rows, W width, D the language model's width.
"""
import torch
import torch.nn.functional as F
from torch import nn

from attention import attend

MEANS = ([0.485, 0.456, 0.406], [0.5, 0.5, 0.5])
STDS = ([0.229, 0.224, 0.225], [0.5, 0.5, 0.5])


def places(patches, device=None):
    """Where each patch of a square picture is, [patches, 2] in −1 … 1: x, y, row by row."""
    side = round(patches ** 0.5)
    line = torch.linspace(-1, 1, side, device=device)
    return torch.stack([line.repeat(side), line.repeat_interleave(side)], 1)


def waves(patches, width):
    """Sines and cosines of the places, [patches, width]. Embeddings that begin as noise take thousands of
    steps to tell where a patch is, and so the eyes to find a cube."""
    frequency = torch.pi * 2 ** torch.linspace(-1, 2, width // 4)
    angle = places(patches)[:, :, None] * frequency
    flat = torch.cat([angle.sin(), angle.cos()], -1).flatten(1)
    return nn.functional.pad(flat, (0, width - flat.shape[1]))


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        b, t, w = x.shape
        q, k, v = self.qkv(x).reshape(b, t, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        return self.proj(attend(q, k, v).transpose(1, 2).reshape(b, t, w))


class MLP(nn.Module):
    """fc2(GELU(fc1(x))): of a block, a projection of rows, and of the robot's state."""

    def __init__(self, width, inner, out):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, inner), nn.Linear(inner, out)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class LayerScale(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.scale_factor = nn.Parameter(torch.full((width,), 0.5))

    def forward(self, x):
        return x * self.scale_factor


class Block(nn.Module):
    def __init__(self, v):
        super().__init__()
        scale = (lambda: LayerScale(v.width)) if v.layer_scale else nn.Identity
        self.norm1, self.attn, self.ls1 = nn.LayerNorm(v.width, eps=1e-6), Attention(v.width, v.heads), scale()
        self.norm2, self.mlp, self.ls2 = nn.LayerNorm(v.width, eps=1e-6), MLP(v.width, v.inner, v.width), scale()

    def forward(self, x, gain=None, shift=None):
        x = x + self.ls1(self.attn(self.norm1(x)))
        if gain is not None:
            x = x * (1 + gain) + shift
        return x + self.ls2(self.mlp(self.norm2(x)))


class FilmedBlock(nn.Module):
    """A block that the instruction steers: between attention and MLP, all rows alike."""

    def __init__(self, v, language):
        super().__init__()
        self.block, self.scale, self.shift = Block(v), nn.Linear(language, v.width), nn.Linear(language, v.width)

    def forward(self, x, mean):
        return self.block(x, self.scale(mean)[:, None], self.shift(mean)[:, None])


class PatchEmbed(nn.Module):
    def __init__(self, width, patch):
        super().__init__()
        self.proj = nn.Conv2d(3, width, patch, patch)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


class Encoder(nn.Module):
    """Only the blocks that are computed: the released models' last block and norm never are."""

    def __init__(self, v, r):
        super().__init__()
        self.patch_embed = PatchEmbed(v.width, r.patch)
        self.pos_embed = nn.Parameter(0.7 * waves(r.grid ** 2, v.width)[None])
        self.before = 0
        if v.registers:
            self.cls_token = nn.Parameter(torch.randn(1, 1, v.width) * 0.1)
            self.reg_token = nn.Parameter(torch.randn(1, v.registers, v.width) * 0.1)
            self.before = 1 + v.registers
        self.film = r.has_film
        make = (lambda: FilmedBlock(v, r.language.width)) if self.film else (lambda: Block(v))
        self.blocks = nn.ModuleList(make() for _ in range(v.blocks))

    def forward(self, pixels, mean, aggregation=None):
        """pixels [B, 3, side, side], mean [B, D], aggregation [1, A, W] → (rows [B, A or patches, W], patches)."""
        x = self.patch_embed(pixels) + self.pos_embed
        b, last = len(x), 0
        if self.before:
            x = torch.cat([self.cls_token.expand(b, -1, -1), self.reg_token.expand(b, -1, -1), x], 1)
        if aggregation is not None:
            x, last = torch.cat([x, aggregation.expand(b, -1, -1)], 1), aggregation.shape[1]
        for block in self.blocks:
            x = block(x, mean) if self.film else block(x)
        patches = x[:, self.before:x.shape[1] - last]
        return (x[:, -last:] if last else patches), patches


class Backbone(nn.Module):
    def __init__(self, r):
        super().__init__()
        self.featurizer, self.fused_featurizer = (Encoder(v, r) for v in r.vision)


class Gate(nn.Module):
    """The weights of the two encoders, by the instruction: softmax(W2 GELU(W1 mean))."""

    def __init__(self, width):
        super().__init__()
        self.router = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, 2))

    def forward(self, mean):
        return F.softmax(self.router(mean), -1)


class Joined(nn.Module):
    """The dense projector: both encoders' features side by side, three layers."""

    def __init__(self, width, language):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, language)
        self.fc3 = nn.Linear(language, language)

    def forward(self, x):
        return self.fc3(F.gelu(self.fc2(F.gelu(self.fc1(x)))))
