"""The policy in its four variants. Start reading here.

    rows: BOS | pictures' rows | state | prompt | chunk·action zeros | stop | padding

Shapes: B samples, S rows, V visual rows, D the language model's width, C actions of a chunk, a
numbers of an action.
"""
import torch
import torch.nn.functional as F
from torch import nn

from language import Decoder
from teacher import AXES, BINS as PLACES, TAUGHT, Teacher
from vision import MEANS, MLP, STDS, Backbone, Gate, Joined

BINS = 256     # of the autoregressive variant; the last so many ids of its vocabulary
STOP = 2
PROJECTORS = ("projector", "featurizer_proj", "fused_featurizer_proj")  # their first layers see features


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.ffn = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.ReLU())

    def forward(self, x):
        return x + self.ffn(x)


class HeadModel(nn.Module):
    def __init__(self, r):
        super().__init__()
        d = r.language.width
        self.layer_norm1, self.fc1 = nn.LayerNorm(r.action * d), nn.Linear(r.action * d, d)
        self.mlp_resnet_blocks = nn.ModuleList(Residual(d) for _ in range(2))
        self.layer_norm2, self.fc2 = nn.LayerNorm(d), nn.Linear(d, r.action)

    def forward(self, x):
        x = F.relu(self.fc1(self.layer_norm1(x)))
        for block in self.mlp_resnet_blocks:
            x = block(x)
        return self.fc2(self.layer_norm2(x))


class Within(nn.Module):
    """A module under the name `model`, as checkpoints have it."""

    def __init__(self, model):
        super().__init__()
        self.model = model


class Policy(nn.Module):
    def __init__(self, r, vocabulary):
        """vocabulary: the tokenizer's size; the autoregressive variant adds its bins."""
        super().__init__()
        self.r, d, widths = r, r.language.width, [v.width for v in r.vision]
        self.autoregressive = r.variant == "autoregressive"
        self.vocabulary = vocabulary + (BINS if self.autoregressive else 0)
        self.vision_backbone = Backbone(r)
        if r.sparse:
            self.vision_aggr_featurizer = nn.Parameter(torch.randn(1, r.aggregation, widths[0]) * 0.5)
            self.vision_aggr_fused_featurizer = nn.Parameter(torch.randn(1, r.aggregation, widths[1]) * 0.5)
            self.aggregation_router = Gate(d)
            self.featurizer_proj, self.fused_featurizer_proj = (MLP(w, d, d) for w in widths)
        else:
            self.projector = Joined(sum(widths), d)
        self.language_model = Within(Decoder(r, self.vocabulary))
        self.proprio_projector = MLP(r.proprio, d, d)
        if self.autoregressive:
            self.language_model.lm_head = nn.Linear(d, self.vocabulary, bias=False)
        else:
            self.action_head = Within(HeadModel(r))
        # What the encoders' features are in the mean, and one over their deviation: shipped() folds both away.
        self.register_buffer("seen_mean", torch.zeros(sum(widths)))
        self.register_buffer("seen_scale", torch.ones(sum(widths)))
        self.teacher = nn.ModuleDict({"patches": Teacher(sum(widths), r.cameras)})
        if r.sparse:
            self.teacher["rows"] = Teacher(sum(widths), r.cameras)
        self.teacher["said"], self.teacher["place"] = nn.Linear(d, TAUGHT), nn.Linear(d, AXES * PLACES)  # of the last rows
        self.apply(start)
        for name, m in self.named_modules():  # FiLM and routers begin as next to nothing
            if ".scale" in name or ".shift" in name:
                if isinstance(m, nn.Linear):
                    nn.init.normal_(m.weight, std=0.02)

    @torch.no_grad()
    def settle(self, rows, keep=False):
        """Takes mean and deviation of what is seen from rows […, both widths]. keep: the projectors give what they
        gave without."""
        some = rows.float().reshape(-1, rows.shape[-1])
        self.seen_mean.copy_(some.mean(0))
        self.seen_scale.copy_(1 / (some.std(0) + 1e-3))
        at = 0
        for layer in (getattr(self, name).fc1 for name in PROJECTORS if keep and hasattr(self, name)):
            own = slice(at, at := at + layer.in_features)
            layer.bias += layer.weight @ self.seen_mean[own]
            layer.weight /= self.seen_scale[own]

    def encode(self, pixels, mean):
        """pixels [B, cameras, 3, side, side] in 0 … 1, mean [B, D] → (each encoder's rows for the language
        model [B · cameras, R, W], its patches [B · cameras, P, W])."""
        n, flat, rows, patches = pixels.shape[1], pixels.flatten(0, 1), [], []
        spread = mean.repeat_interleave(n, 0)
        for i, encoder in enumerate((self.vision_backbone.featurizer, self.vision_backbone.fused_featurizer)):
            norm = (flat - flat.new_tensor(MEANS[i])[:, None, None]) / flat.new_tensor(STDS[i])[:, None, None]
            vectors = (self.vision_aggr_featurizer, self.vision_aggr_fused_featurizer)[i] if self.r.sparse else None
            out = encoder(norm, spread, vectors)
            rows.append(out[0])
            patches.append(out[1])
        return rows, patches

    def see(self, batch, mean):
        """→ (rows [B, V, D], gate [B, 2] or None, what the teacher asks {name: [B, cameras, P, both widths]})."""
        if "rows" in batch:  # encoded already
            seen, asked = batch["rows"].float(), {}
        else:
            b, n = batch["pixels"].shape[:2]
            rows, patches = self.encode(batch["pixels"], mean)
            seen, patches = (torch.cat(x, -1).reshape(b, n, -1, len(self.seen_mean)) for x in (rows, patches))
            asked = {"patches": patches} | ({"rows": seen} if self.r.sparse else {})
        b, n = seen.shape[:2]
        seen = ((seen - self.seen_mean) * self.seen_scale).flatten(0, 1)
        if not self.r.sparse:
            return self.projector(seen).reshape(b, self.r.visual, -1), None, asked
        rows = seen.split([v.width for v in self.r.vision], -1)
        gate = self.aggregation_router(mean)
        w = gate.repeat_interleave(n, 0)[:, :, None, None]
        z = w[:, 0] * self.featurizer_proj(rows[0]) + w[:, 1] * self.fused_featurizer_proj(rows[1])
        return z.reshape(b, self.r.visual, -1), gate, asked

    def words(self, prompt, length):
        """→ (embeddings [B, P, D], 0 behind the end; the stop token's [D]; the mean of all that is no action [B, D])"""
        table = self.language_model.model.embed_tokens
        e = table(prompt) * (torch.arange(prompt.shape[1], device=prompt.device) < length[:, None])[..., None]
        stop = table.weight[STOP]
        return e, stop, (e.sum(1) + stop) / (length[:, None] + 1)

    def layout(self, prompt, length):
        """Who is who in a padded batch. prompt [B, P] ids with BOS, length [B] of them.
        → dict: first row of the actions [B], real [B, S], about [B, S], allowed [B, S, S]"""
        v, slots = self.r.visual, self.r.slots
        tail = 0 if self.autoregressive else 1  # the stop token
        s = v + 1 + prompt.shape[1] + slots + tail
        at = torch.arange(s, device=prompt.device)
        first = v + 1 + length                  # BOS, V rows, state, length − 1 of the prompt
        end = first + slots + tail
        real = at < end[:, None]
        about = ((at >= 1 + v) & (at < first[:, None])).float()
        if self.r.variant == "dense":
            allowed = real[:, None, :].expand(-1, s, -1)
        else:
            allowed = (at[:, None] >= at)[None] & real[:, None, :]
            if not self.autoregressive:
                block = (at >= first[:, None]) & real
                allowed = allowed | (block[:, :, None] & block[:, None, :])
        # A padding row sees itself, so that no softmax is empty; nobody sees it.
        allowed = allowed | (torch.eye(s, dtype=torch.bool, device=at.device) & ~real[:, :, None])
        return {"first": first, "real": real, "about": about, "allowed": allowed}

    def embed(self, batch, tokens=None):
        """The rows before the first layer. tokens [B, a] are the autoregressive variant's actions.
        → (rows [B, S, D], layout with what the teacher asks, gate)"""
        prompt, length = batch["prompt"], batch["length"]
        lay, v, d = self.layout(prompt, length), self.r.visual, self.r.language.width
        e, stop, mean = self.words(prompt, length)
        visual, gate, lay["asked"] = self.see(batch, mean)
        b, s = lay["real"].shape
        state = self.proprio_projector(batch["proprio"])[:, None]
        after = e.new_zeros(b, s - v - 1 - prompt.shape[1], d)
        x = torch.cat([e[:, :1], visual.to(e.dtype), state.to(e.dtype), e[:, 1:], after], 1)
        at = torch.arange(s, device=x.device)
        if self.autoregressive:
            if tokens is not None:
                rows = (lay["first"][:, None] + torch.arange(tokens.shape[1], device=x.device))[..., None]
                x = x.scatter(1, rows.expand(-1, -1, d), self.language_model.model.embed_tokens(tokens).to(x.dtype))
            return x, lay, gate
        is_stop = at == (lay["first"] + self.r.slots)[:, None]
        return torch.where(is_stop[..., None], stop.to(x.dtype), x), lay, gate

    def states(self, rows, lay, n):
        """n rows from the last of the prompt on, [B, n, D]: one before what they predict."""
        at = lay["first"][:, None] - 1 + torch.arange(n, device=rows.device)
        return rows.gather(1, at[..., None].expand(-1, -1, rows.shape[-1]))

    def forward(self, batch, hard=True, tokens=None):
        """batch: pixels [B, cameras, 3, side, side] 0 … 1, or rows [B, cameras, R, both widths] of encode;
        prompt [B, P], length [B], proprio [B, p]; suite [B] where the teacher is asked.
        → dict: actions [B, C, a] normalised, or logits [B, a, vocabulary]; state [1 to 3, B, TAUGHT] and place [1 to 3, B, AXES,
        PLACES]; kept; gate"""
        x, lay, gate = self.embed(batch, tokens)
        rows, kept = self.language_model.model(x, lay["allowed"], lay["about"], self.r.visual, hard)
        s = self.states(rows, lay, self.r.slots)
        out = {"kept": kept, "gate": gate}
        if "suite" in batch:
            last = s[:, 0] + s[:, ::self.r.action].mean(1)
            said = [(self.teacher["said"](last), self.teacher["place"](last).reshape(-1, AXES, PLACES))]
            said += [self.teacher[k](x, batch["suite"]) for k, x in lay["asked"].items()]
            out["state"], out["place"] = (torch.stack(x) for x in zip(*said))
        if self.autoregressive:
            out["logits"] = self.language_model.lm_head(s)
        else:
            out["actions"] = self.action_head.model(s.reshape(len(s), self.r.chunk, -1))
        return out


def start(m):
    if isinstance(m, nn.Linear):
        nn.init.trunc_normal_(m.weight, std=m.in_features ** -0.5)
        if m.bias is not None:
            nn.init.zeros_(m.bias)
    elif isinstance(m, nn.Embedding):
        nn.init.normal_(m.weight, std=0.5)


def exported(state):
    """Of a state_dict what ships."""
    return {k: v for k, v in state.items() if "teacher." not in k}


def shipped(weights):
    """Of exported weights those of a checkpoint: mean and scale of what is seen become part of the layers
    behind."""
    out, at = dict(weights), 0
    if "seen_mean" not in out:
        return out
    mean, scale = out.pop("seen_mean"), out.pop("seen_scale")
    for name in (p + ".fc1" for p in PROJECTORS):
        if name + ".weight" in out:
            n = out[name + ".weight"].shape[1]
            weight = out[name + ".weight"] * scale[at:at + n]
            out[name + ".weight"], out[name + ".bias"] = weight, out[name + ".bias"] - weight @ mean[at:at + n]
            at += n
    return out


def parameters(model):
    """Their number, of what ships."""
    return sum(v.numel() for v in shipped(exported(model.state_dict())).values())
