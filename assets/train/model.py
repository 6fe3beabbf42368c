"""The LLaVA that is trained: CLIP ViT, two-layer projector, Llama decoder.

The decoder is written for training: one picture, one caption and many questions share one pass.

    prefix                              branches
    <s>USER:  patch 0 … patch T-1  \\n │ caption │ question 1 │ … │ question Q
    ──────────── PFX rows ──────────── │── LC ───│─── L1 ─────│   │─── L1 ────

Every branch sees the prefix and, causally, itself, and counts its positions from PFX: what it
computes is what a plain LLaVA computes on `USER: <image>\\nquestion ASSISTANT: answer`.
Parameter names are short because old checkpoints have them; `export.py` gives them their long
ones. Shapes: B scenes, T patches, S rows, D width, H heads, d head width.
"""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

import amx

PRE = 4  # <s>, "USER", ":", " "
MASKED = -1e9
CLASSES, COLOURS = 61, 8  # 60 nouns and background; 7 colours and none
EYES = ("pe", "ce", "pp", "pl", "vb", "vpost", "p1", "p2")  # the parts of encoder and projector
PROBES = ("cls", "col", "bgv", "ls")  # what only training has


class RMSNorm(nn.Module):
    """x · weight / rms(x), in float32 as transformers computes it."""

    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        y = x.float()
        y = y * torch.rsqrt(y.pow(2).mean(-1, keepdim=True) + 1e-5)
        return (y * self.weight).to(x.dtype)


class VisionBlock(nn.Module):
    """Pre-norm attention over all patches, then a quick-GELU MLP. [B, S, width] to the same."""

    def __init__(self, c):
        super().__init__()
        self.heads = c.heads
        self.n1, self.n2 = nn.LayerNorm(c.width), nn.LayerNorm(c.width)
        for name in "qkvo":
            setattr(self, name, nn.Linear(c.width, c.width))
        self.f1, self.f2 = nn.Linear(c.width, c.mlp), nn.Linear(c.mlp, c.width)

    def forward(self, x):
        b, n, width = x.shape
        h = self.n1(x)
        q, k, v = (p(h).view(b, n, self.heads, -1).transpose(1, 2) for p in (self.q, self.k, self.v))
        a = attention(q, k, v)
        x = x + self.o(a.transpose(1, 2).reshape(b, n, width))
        g = self.f1(self.n2(x))
        return x + self.f2(g * torch.sigmoid(1.702 * g))


class DecoderBlock(nn.Module):
    """The weights of a Llama layer; attention is in `VLM.text`, which knows the layout."""

    def __init__(self, c):
        super().__init__()
        self.act = {"silu": F.silu, "relu": F.relu}[c.act]
        self.n1, self.n2 = RMSNorm(c.width), RMSNorm(c.width)
        for name in "qkvo":
            setattr(self, name, nn.Linear(c.width, c.width, bias=False))
        self.g = nn.Linear(c.width, c.neurons, bias=False)
        self.u = nn.Linear(c.width, c.neurons, bias=False)
        self.d = nn.Linear(c.neurons, c.width, bias=False)

    def mlp(self, x):
        """Returns the new rows and the mean |gate| after activation, which an L1 pushes to 0."""
        h = self.n2(x)
        gate = self.act(self.g(h))
        return x + self.d(gate * self.u(h)), gate.float().abs().mean()


class Reading:
    """What `VLM.text` was asked to show: one tensor for each taught layer.

    read  [B, Q, 2, PFX]    scores of both nouns of a question over the prefix, head 0
    hop   [B, Q, PFX + L1]  scores of the answer position over prefix and own branch, head 1
    look  the same, head 2
    pair  the same, head 3
    noun  [B, Q, 2, D]      residual stream of the nouns
    gate  []                mean |gate| over all layers
    """

    def __init__(self):
        self.read, self.hop, self.look, self.pair, self.noun, self.gate = [], [], [], [], [], 0.0


class VLM(nn.Module):
    """config: config.Config; image: pixels a side; vocab: rows of the tokenizer."""

    def __init__(self, config, image, vocab):
        super().__init__()
        self.c, self.image = config, image
        v, t = config.vision, config.decoder
        self.grid = image // v.patch
        self.patches = self.grid ** 2
        self.prefix = PRE + self.patches + 1
        # The order of these lines is the order of the optimiser's state in old checkpoints.
        self.pe = nn.Linear(3 * v.patch ** 2, v.width, bias=False)
        self.ce = nn.Parameter(torch.randn(v.width) * 0.02)
        self.pp = nn.Parameter(torch.randn(self.patches + 1, v.width) * 0.02)
        self.pl = nn.LayerNorm(v.width)
        self.vb = nn.ModuleList(VisionBlock(v) for _ in range(v.layers))
        self.vpost = nn.LayerNorm(v.width)
        self.p1, self.p2 = nn.Linear(v.width, t.width), nn.Linear(t.width, t.width)
        self.emb = nn.Embedding(vocab, t.width)
        self.db = nn.ModuleList(DecoderBlock(t) for _ in range(t.layers))
        self.n = RMSNorm(t.width)
        # Only training uses these: class and colour of a patch, background's word, a scale.
        self.cls, self.col = nn.Linear(v.width, CLASSES), nn.Linear(v.width, COLOURS)
        self.bgv = nn.Parameter(torch.randn(1, t.width) * 0.05)
        self.ls = nn.Parameter(torch.tensor(2.3))
        nn.init.normal_(self.emb.weight, 0, 0.05)
        for b in self.db:
            for layer in (b.o, b.d):
                nn.init.normal_(layer.weight, 0, 0.02 / math.sqrt(t.layers))
        self._tables()

    def _tables(self):
        """Positions and masks; they follow from the sizes, so no checkpoint holds them."""
        c, d = self.c, self.c.decoder.width // self.c.decoder.heads
        branch = [self.prefix + torch.arange(c.caption_length)]
        branch += [self.prefix + torch.arange(c.question_length)] * c.questions
        self.register_buffer("position", torch.cat([torch.arange(self.prefix)] + branch), persistent=False)
        angle = self.position[:, None] / 10000 ** (torch.arange(0, d, 2) / d)
        angle = angle.repeat(1, 2)
        self.register_buffer("cos", angle.cos(), persistent=False)
        self.register_buffer("sin", angle.sin(), persistent=False)

    def see(self, pixels):
        """pixels [B, 3, image, image], normalised → features [B, T, vision width]."""
        b, p, g = pixels.shape[0], self.c.vision.patch, self.grid
        x = pixels.view(b, 3, g, p, g, p).permute(0, 2, 4, 1, 3, 5).reshape(b, self.patches, -1)
        x = self.pe(x)
        x = torch.cat([self.ce.to(x.dtype).expand(b, 1, -1), x], 1)
        x = self.pl(x + self.pp.to(x.dtype))
        for block in self.vb[:-1]:
            x = block(x)
        return x[:, 1:]

    def project(self, features):
        """features [B, T, vision width] → visual tokens [B, T, D]."""
        return self.p2(F.gelu(self.p1(features)))

    def logits(self, hidden):
        return hidden @ self.emb.weight.to(hidden.dtype).t()

    def rotate(self, x):
        """Rotary embedding, halves paired as Llama pairs them. x [B, H, S, d]."""
        a, b = x.chunk(2, -1)
        return x * self.cos.to(x.dtype) + torch.cat([-b, a], -1) * self.sin.to(x.dtype)

    def text(self, visual, tokens, opening, newline, noun_at=None, answer_at=None, blind=None, keep=None):
        """The decoder over the branch layout.

        visual   [B, T, D]; tokens [B, LC + Q·L1]; opening [1, PRE] and newline [1, 1] token ids
        noun_at [B, Q, 2], answer_at [B, Q]: rows of the whole layout whose reading is wanted
        blind [B] bool: these scenes show the branches of the first layers only the mean of the
          patches' values, so that reading is learnt in later layers
        keep  [B, T] bool: patches that stay from layer 2 on; measures what dropping costs
        Returns hidden [B, LC + Q·L1, D] of the branches, after the last norm, and a Reading.
        """
        b, pfx, heads = visual.shape[0], self.prefix, self.c.decoder.heads
        parts = [self.emb(opening).expand(b, -1, -1), visual, self.emb(newline).expand(b, -1, -1), self.emb(tokens)]
        h = torch.cat([p.to(visual.dtype) for p in parts], 1)
        bias = None
        if keep is not None:
            hidden = F.pad(~keep, (PRE, 1))[:, None, None]
            bias = torch.zeros(b, 1, 1, pfx, device=h.device).masked_fill(hidden, MASKED).to(h.dtype)
        out, last = Reading(), len(self.db) - 1
        for i, block in enumerate(self.db):
            y = block.n1(h)
            q, k, v = (w(y).view(b, y.shape[1], heads, -1).transpose(1, 2) for w in (block.q, block.k, block.v))
            q, k = self.rotate(q), self.rotate(k)
            if noun_at is not None:
                self._show(out, i, q, k, noun_at, answer_at)
            o = self._attend(q, k, v, blind if i < self.c.teach.blind_layers else None,
                             bias if i >= 2 else None, with_prefix=i < last)
            if i == last:  # nothing reads the prefix any more
                h = h[:, pfx:]
            h, gate = block.mlp(h + block.o(o))
            out.gate = out.gate + gate / len(self.db)
            if noun_at is not None and i in self.c.teach.ask:
                row = noun_at.flatten(1) - (pfx if i == last else 0)
                noun = h.gather(1, row[:, :, None].expand(-1, -1, h.shape[-1]))
                out.noun.append(noun.unflatten(1, (-1, 2)))
        return self.n(h), out

    def _attend(self, q, k, v, blind, bias, with_prefix):
        """q, k, v [B, H, S, d] → [B, rows, D]; rows leave out the prefix in the last layer."""
        c, pfx = self.c, self.prefix
        kp, vp = k[:, :, :pfx], v[:, :, :pfx]
        out = []
        if with_prefix:
            out.append(attention(q[:, :, :pfx], kp, vp, causal=True, bias=bias))
        if blind is not None:
            patches = vp[:, :, PRE:-1]
            patches = torch.where(blind[:, None, None, None], patches.mean(2, keepdim=True), patches)
            vp = torch.cat([vp[:, :, :PRE], patches, vp[:, :, -1:]], 2)
        start = pfx
        for n, length in ((1, c.caption_length), (c.questions, c.question_length)):
            rows = slice(start, start + n * length)
            out.append(branches(q[:, :, rows], k[:, :, rows], v[:, :, rows], kp, vp, n, bias))
            start += n * length
        return torch.cat(out, 2).transpose(1, 2).flatten(2)

    def _show(self, out, i, q, k, noun_at, answer_at):
        teach, d = self.c.teach, q.shape[-1]
        if i in teach.read:
            noun = q[:, 0].gather(1, noun_at.flatten(1)[:, :, None].expand(-1, -1, d))
            scores = (noun @ k[:, 0, :self.prefix].transpose(-1, -2)).float() * d ** -0.5
            out.read.append(scores.unflatten(1, (-1, 2)))
        if i in teach.hop:
            out.hop.append(self._answer_scores(q[:, 1], k[:, 1], answer_at))
            out.pair.append(self._answer_scores(q[:, 3], k[:, 3], answer_at))
        if i in teach.look:
            out.look.append(self._answer_scores(q[:, 2], k[:, 2], answer_at))

    def _answer_scores(self, q, k, answer_at):
        """One head's scores of the answer positions, q, k [B, S, d] → [B, Q, PFX + L1]."""
        n, length, d = self.c.questions, self.c.question_length, q.shape[-1]
        start = self.prefix + self.c.caption_length
        ask = q.gather(1, answer_at[:, :, None].expand(-1, -1, d))
        own = k[:, start:].unflatten(1, (n, length))
        own = (own @ ask[..., None])[..., 0]
        # The answer position sees no later row of its branch.
        limit = answer_at - start - torch.arange(n, device=q.device) * length
        own = own.masked_fill(torch.arange(length, device=q.device) > limit[:, :, None], MASKED)
        far = ask @ k[:, :self.prefix].transpose(-1, -2)
        return torch.cat([far, own], -1).float() * d ** -0.5


def attention(q, k, v, causal=False, bias=None):
    """q, k, v [B, H, S, d] → the same; bias is added to the scores, or None. Without AMX it is written out on a CPU:
    at a few hundred rows torch.compile makes that faster than the fused kernel, whose backward pass is
    slow there."""
    if bias is None:
        if q.is_cuda:
            return F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        if amx.fits(q):
            return amx.full(q, k, v, causal)
    scores = q @ k.transpose(-1, -2)
    if causal:
        scores = scores + below(q.shape[2], q)
    if bias is not None:
        scores = scores + bias
    return (scores.float() * q.shape[-1] ** -0.5).softmax(-1).to(v.dtype) @ v


def below(n, like):
    """[n, n]: 0 where a row may look, MASKED above the diagonal."""
    return torch.full((n, n), MASKED, device=like.device).triu(1).to(like.dtype)


def branches(q, k, v, kp, vp, n, bias):
    """Attention of n branches of L rows over the prefix and, causally, over themselves.

    q, k, v [B, H, n·L, d]; kp, vp [B, H, PFX, d]; bias [B, 1, 1, PFX] or None → [B, H, n·L, d].
    """
    if bias is None and amx.fits(q):
        return amx.branches(q, k, v, kp, vp, n)
    own = lambda x: x.unflatten(2, (n, -1))
    near = own(q) @ own(k).transpose(-1, -2)
    near = near + below(near.shape[-1], near)
    far = q @ kp.transpose(-1, -2)
    if bias is not None:
        far = far + bias
    scores = torch.cat([own(far), near], -1).float() * q.shape[-1] ** -0.5
    w = scores.softmax(-1).to(q.dtype)
    pfx = kp.shape[2]
    return w[..., :pfx].flatten(2, 3) @ vp + (w[..., pfx:] @ own(v)).flatten(2, 3)


def resize_positions(pp, grid):
    """Position embeddings [1 + g², width] for another grid, bicubic; the class row stays."""
    old = math.isqrt(pp.shape[0] - 1)
    if old == grid:
        return pp
    table = pp[1:].float().T.reshape(1, -1, old, old)
    table = F.interpolate(table, (grid, grid), mode="bicubic", align_corners=False)
    return torch.cat([pp[:1], table.flatten(2)[0].T.to(pp.dtype)])


def fit(state, grid):
    """A model's state for another picture size; float32."""
    state = {k: v.float() for k, v in state.items()}
    state["pp"] = resize_positions(state["pp"], grid)
    return state
