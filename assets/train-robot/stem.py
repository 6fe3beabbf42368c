"""What the variants begin with: a dense and a CogVLA policy that share all weights both have.

Seeing is most of what has to be learnt, and it is the same for all; each variant then trains by itself.
"""
import re
from dataclasses import replace

from torch import nn

from policy import Policy

TURNS = ("dense", "cogvla")


class Stem(nn.Module):
    """Batches go to one and the other by turns; `turn` is the number of batches before."""

    def __init__(self, r, vocabulary):
        super().__init__()
        self.dense, self.cogvla = (Policy(replace(r, variant=v), vocabulary) for v in TURNS)
        self.turns, self.turn = (self.dense, self.cogvla), 0
        for name in ("vision_backbone", "proprio_projector", "action_head", "teacher"):
            setattr(self.dense, name, getattr(self.cogvla, name))
        mine, other = self.dense.language_model.model, self.cogvla.language_model.model
        mine.embed_tokens, mine.norm = other.embed_tokens, other.norm
        for a, b in zip(mine.layers, other.layers):
            for name in ("input_layernorm", "self_attn", "post_attention_layernorm", "mlp"):
                setattr(a, name, getattr(b, name))

    def forward(self, batch, hard=True):
        return self.turns[self.turn % 2](batch, hard)


def side(r):
    """What stands before the names of a stem's weights for a policy of the variant r."""
    return "cogvla." if r.sparse else "dense."


def part(weights, r, own):
    """Of a stem's weights those that a policy of the variant r begins with; own is its state_dict. The
    autoregressive one, without FiLM, keeps its own bins and head. KeyError: the stem lacks some."""
    if r.variant != "autoregressive":
        return {k: weights[side(r) + k] for k in own}
    out = {}
    for k, v in own.items():
        out[k] = v.clone()
        if not k.startswith("language_model.lm_head"):
            found = weights[side(r) + (k if r.has_film else re.sub(r"(blocks\.\d+\.)", r"\1block.", k))]
            out[k][:len(found)] = found
    return out


def grown(weights, own):
    """A stem's weights, begun with those of a CogVLA policy; own is the stem's state_dict."""
    return {k: weights.get(k.split(".", 1)[1], v) for k, v in own.items()}
