"""The model: PixArt's denoiser on pixels, conditioned by CLIP's text encoder.

    ids [B, L] ─▶ text encoder ─▶ caption_projection ─────────────┐ keys, values
    x_t [B, 3, S, S] ─▶ patches + sines ─▶ ┌ self-attention ─▶ cross-attention ─▶ MLP ┐ × N ─▶ velocity
    t ─▶ adaln_single ─▶ shift, scale, gate └──────────────────────────────────────────┘

Every parameter has its name in diffusers (PixArtTransformer2DModel) or transformers
(CLIPTextModel), so that a state_dict is the checkpoint. Chen et al., PixArt-alpha, ICLR 2024.
No mask hides the padding of a caption, neither here nor in whoever draws with the weights.
"""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

import recipe  # noqa: F401  puts assets/train on the path
from data import COLOURS, NOUNS
from model import attention, below

FREQUENCIES = 256  # of the timestep embedding, as diffusers fixes it
STEPS = 1000       # the timestep is t · STEPS
GATE = 0.25        # what the gates begin with


def attend(q, k, v, heads, fused, mask=None):
    """q [B, S, D], k and v [B, T, D] → [B, S, D]; mask is added to the scores [S, T]."""
    q, k, v = (x.unflatten(-1, (heads, -1)).transpose(1, 2) for x in (q, k, v))
    mask = mask if mask is None else mask.to(q.dtype)
    o = F.scaled_dot_product_attention(q, k, v, mask) if fused else attention(q, k, v, bias=mask)
    return o.transpose(1, 2).flatten(2)


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.to_q, self.to_k, self.to_v = (nn.Linear(width, width) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(width, width)])

    def forward(self, x, y, fused):
        return self.to_out[0](attend(self.to_q(x), self.to_k(y), self.to_v(y), self.heads, fused))


class FeedForward(nn.Module):
    def __init__(self, width):
        super().__init__()
        first = nn.Module()
        first.proj = nn.Linear(width, 4 * width)
        self.net = nn.ModuleList([first, nn.Identity(), nn.Linear(4 * width, width)])

    def forward(self, x):
        return self.net[2](F.gelu(self.net[0].proj(x), approximate="tanh"))


class Block(nn.Module):
    """adaLN-single: one time embedding for all blocks, and a table of one's own added to it."""

    def __init__(self, width, heads):
        super().__init__()
        self.scale_shift_table = nn.Parameter(torch.zeros(6, width))
        self.attn1, self.attn2 = Attention(width, heads), Attention(width, heads)
        self.ff = FeedForward(width)

    def forward(self, x, text, time, fused):
        """x [B, S, D], text [B, L, D], time [B, 6, D] → [B, S, D]."""
        shift1, scale1, gate1, shift2, scale2, gate2 = (self.scale_shift_table + time).chunk(6, 1)
        h = modulate(x, shift1, scale1)
        x = x + gate1 * self.attn1(h, h, fused)
        x = x + self.attn2(x, text, fused)
        return x + gate2 * self.ff(modulate(x, shift2, scale2))


def modulate(x, shift, scale):
    return F.layer_norm(x, x.shape[-1:], eps=1e-6) * (1 + scale) + shift


def two_layers(n, hidden, out):
    m = nn.Module()
    m.linear_1, m.linear_2 = nn.Linear(n, hidden), nn.Linear(hidden, out)
    return m


def sines(positions, width):
    """positions [n] → [n, width]: all sines, then all cosines."""
    half = width // 2
    angle = positions.double()[:, None] * 10000.0 ** (-torch.arange(half, dtype=torch.float64) / half)
    return torch.cat([angle.sin(), angle.cos()], 1)


def grid_sines(grid, width):
    """[grid², width] for patches row by row: the column's half first, then the row's."""
    at = torch.arange(grid)
    column, row = sines(at.repeat(grid), width // 2), sines(at.repeat_interleave(grid), width // 2)
    return torch.cat([column, row], 1).float()


class Transformer(nn.Module):
    def __init__(self, d, caption_width):
        super().__init__()
        self.d, w = d, d.width
        self.pos_embed = nn.Module()
        self.pos_embed.proj = nn.Conv2d(3, w, d.patch, d.patch)
        self.adaln_single = nn.Module()
        self.adaln_single.emb = nn.Module()
        self.adaln_single.emb.timestep_embedder = two_layers(FREQUENCIES, w, w)
        self.adaln_single.linear = nn.Linear(w, 6 * w)
        self.caption_projection = two_layers(caption_width, w, w)
        self.transformer_blocks = nn.ModuleList(Block(w, d.heads) for _ in range(d.layers))
        self.scale_shift_table = nn.Parameter(torch.zeros(2, w))
        self.proj_out = nn.Linear(w, 3 * d.patch ** 2)
        self.register_buffer("positions", grid_sines(d.grid, w), persistent=False)
        half = FREQUENCIES // 2
        frequencies = torch.exp(-math.log(10000.0) * torch.arange(half) / half)
        self.register_buffer("frequencies", frequencies, persistent=False)
        self.start()

    def start(self):
        """Zero velocity, no say of the time and a quarter of each branch at first."""
        for layer in (self.proj_out, self.adaln_single.linear):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        nn.init.xavier_uniform_(self.pos_embed.proj.weight.view(self.d.width, -1))
        for m in (self.adaln_single.emb.timestep_embedder, self.caption_projection):
            nn.init.normal_(m.linear_1.weight, std=0.02)
            nn.init.normal_(m.linear_2.weight, std=0.02)
        for block in self.transformer_blocks:
            with torch.no_grad():
                block.scale_shift_table[[2, 5]] = GATE
            nn.init.normal_(block.attn2.to_out[0].weight, std=0.02)
            nn.init.zeros_(block.attn2.to_out[0].bias)

    def forward(self, x, t, text, fused=False, show=0):
        """x [B, 3, S, S], t [B] in 0…1, text [B, L, caption width] → velocity [B, 3, S, S], and the
        rows [B, patches, D] after `show` blocks (None for 0)."""
        d, p = self.d, self.d.patch
        rows = patches(x, p) @ self.pos_embed.proj.weight.flatten(1).t() + self.pos_embed.proj.bias
        h = rows.float() + self.positions
        angle = (t.float() * STEPS)[:, None] * self.frequencies
        e = self.adaln_single.emb.timestep_embedder
        e = e.linear_2(F.silu(e.linear_1(torch.cat([angle.cos(), angle.sin()], 1))))
        time = self.adaln_single.linear(F.silu(e)).view(-1, 6, d.width)
        c = self.caption_projection
        text = c.linear_2(F.gelu(c.linear_1(text), approximate="tanh"))
        shown = None
        for i, block in enumerate(self.transformer_blocks):
            h = block(h, text, time, fused)
            if i + 1 == show:
                shown = h
        shift, scale = (self.scale_shift_table + e[:, None]).chunk(2, 1)
        out = self.proj_out(modulate(h, shift, scale))
        out = out.view(-1, d.grid, d.grid, p, p, 3).permute(0, 5, 1, 3, 2, 4)
        return out.reshape(-1, 3, d.size, d.size), shown


def patches(x, p):
    """[B, C, S, S] → [B, (S/p)², C·p²] in the order of a convolution's weights."""
    b, c, s, _ = x.shape
    return x.view(b, c, s // p, p, s // p, p).permute(0, 2, 4, 1, 3, 5).reshape(b, (s // p) ** 2, -1)


class TextLayer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.heads = c.heads
        self.self_attn = nn.Module()
        for n in ("k_proj", "v_proj", "q_proj", "out_proj"):
            setattr(self.self_attn, n, nn.Linear(c.width, c.width))
        self.layer_norm1, self.layer_norm2 = nn.LayerNorm(c.width), nn.LayerNorm(c.width)
        self.mlp = nn.Module()
        self.mlp.fc1, self.mlp.fc2 = nn.Linear(c.width, c.mlp), nn.Linear(c.mlp, c.width)

    def forward(self, x, mask, fused):
        a, h = self.self_attn, self.layer_norm1(x)
        x = x + a.out_proj(attend(a.q_proj(h), a.k_proj(h), a.v_proj(h), self.heads, fused, mask))
        g = self.mlp.fc1(self.layer_norm2(x))
        return x + self.mlp.fc2(g * torch.sigmoid(1.702 * g))


class TextEncoder(nn.Module):
    """Causal, pre-norm, quick GELU; ids [B, L] → last hidden state [B, L, D] after the last norm."""

    def __init__(self, c, vocab):
        super().__init__()
        t = self.text_model = nn.Module()
        t.embeddings, t.encoder = nn.Module(), nn.Module()
        t.embeddings.token_embedding = nn.Embedding(vocab, c.width)
        t.embeddings.position_embedding = nn.Embedding(c.tokens, c.width)
        t.encoder.layers = nn.ModuleList(TextLayer(c) for _ in range(c.layers))
        t.final_layer_norm = nn.LayerNorm(c.width)
        nn.init.normal_(t.embeddings.token_embedding.weight, std=0.02)
        nn.init.normal_(t.embeddings.position_embedding.weight, std=0.01)
        for layer in t.encoder.layers:
            for m in (layer.self_attn.out_proj, layer.mlp.fc2):
                nn.init.normal_(m.weight, std=0.02 / math.sqrt(c.layers))

    def forward(self, ids, fused=False):
        t, n = self.text_model, ids.shape[1]
        x = t.embeddings.token_embedding(ids) + t.embeddings.position_embedding.weight[:n]
        for layer in t.encoder.layers:
            x = layer(x, below(n, x), fused)
        return t.final_layer_norm(x)


class Drawer(nn.Module):
    """Both parts, and the head that only training uses: each patch's noun and colour."""

    def __init__(self, r, vocab):
        super().__init__()
        self.transformer = Transformer(r.denoiser, r.text.width)
        self.text_encoder = TextEncoder(r.text, vocab)
        self.show = r.flow.label_layer if r.flow.labels else 0
        self.fused = False
        if self.show:
            self.label_norm = nn.LayerNorm(r.denoiser.width)
            self.label_noun = nn.Linear(r.denoiser.width, 1 + len(NOUNS))
            self.label_colour = nn.Linear(r.denoiser.width, 1 + len(COLOURS))

    def forward(self, x, t, ids):
        """Velocity [B, 3, S, S], and logits of noun [B, patches, 61] and colour [B, patches, 8], which
        are None without the head."""
        v, rows = self.transformer(x, t, self.text_encoder(ids, self.fused), self.fused, self.show)
        if rows is None:
            return v, None, None
        rows = self.label_norm(rows)
        return v, self.label_noun(rows), self.label_colour(rows)


def kept(state):
    """The tensors of a Drawer's state that drawing needs."""
    return {k: v for k, v in state.items() if not k.startswith("label_")}
