"""python grow.py --config sprites-15m --small sprites-5.7m FROM OUT.pt: a larger model that begins as a smaller one.

FROM is what train.py --from takes. The larger model answers as the smaller did and has room to learn
more (Net2Net, Chen et al. 2016, for a pre-norm transformer); train it with --from OUT.pt.

A head is as wide in both, and the encoder as deep. New are channels of the residual streams, heads,
neurons, decoder layers. What these write is 0, what they read is as a new model draws it.

    decoder   new channels are 0, which makes the mean square smaller; the gains of RMSNorm make up for it
    encoder   new channels hold the mean of the old, so that LayerNorm takes off the same as before; the
              deviation becomes smaller, and the gains make up for it
    layers    new ones stand before the first that is taught to read, as many as bring it to where the
              larger configuration teaches it; the rest at the end

Exact but for rounding and the encoder's first norm, behind which the mean cannot be had from the gains.
"""
import argparse

import torch
import torch.nn.functional as F

import config as configs
from data import Words
from losses import Heads
from model import VLM
from weights import read_weights


def layers_from(small, large):
    """For each decoder layer of the large model the small one's that it begins as; None: a new one."""
    first, shift = small.teach.read[0], large.teach.read[0] - small.teach.read[0]
    extra = large.decoder.layers - small.decoder.layers
    old = list(range(small.decoder.layers))
    return old[:first] + [None] * shift + old[first:] + [None] * (extra - shift)


def check(small, large):
    v, w, d, e = small.vision, large.vision, small.decoder, large.decoder
    shift = large.teach.read[0] - small.teach.read[0]
    same = (v.layers, v.patch, v.width // v.heads, d.width // d.heads, d.act)
    if (same != (w.layers, w.patch, w.width // w.heads, e.width // e.heads, e.act)
            or w.width < v.width or w.mlp < v.mlp or e.width < d.width or e.neurons < d.neurons
            or not 0 <= shift <= e.layers - d.layers):
        raise SystemExit(f"{large.name} cannot begin as {small.name}: the width of a head, the encoder's depth, the patch "
                         "and the activation must be the same, and nothing may shrink")


def fill(x, shape):
    """x with zeros behind it, up to the shape."""
    return F.pad(x, [n for have, want in zip(reversed(x.shape), reversed(shape)) for n in (0, want - have)])


def with_mean(x, rows):
    """x [r, …] with further rows, each the mean of all r."""
    return torch.cat([x, x.mean(0, keepdim=True).expand(rows - x.shape[0], *x.shape[1:])])


def reader(new, old):
    """A matrix that reads a stream: what is new stays as drawn."""
    out = new.clone()
    out[tuple(slice(n) for n in old.shape)] = old
    return out


def gain(new, old):
    return torch.cat([old, new[len(old):]]) * (len(old) / len(new)) ** 0.5


def grown(state, small, large, new):
    """The large model's state. state: the small one's; new: a fresh large one's."""
    check(small, large)
    out = {k: v.clone() for k, v in new.items()}
    zero = lambda name, source=None: fill(state[source or name], new[name].shape)  # what writes, and biases

    def norm(name, source=None, biased=True):
        out[name + ".weight"] = gain(new[name + ".weight"], state[(source or name) + ".weight"])
        if biased:
            out[name + ".bias"] = zero(name + ".bias")

    def linear(name, how):
        out[name + ".weight"] = how(new[name + ".weight"], state[name + ".weight"])
        out[name + ".bias"] = zero(name + ".bias")

    width = large.vision.width
    mean = lambda name: with_mean(state[name], width)
    out["pe.weight"], out["ce"] = mean("pe.weight"), mean("ce")
    out["pp"] = with_mean(state["pp"].T, width).T.contiguous()
    norm("pl")
    norm("vpost")
    out["pl.bias"] = mean("pl.bias")
    for i in range(large.vision.layers):
        b = f"vb.{i}."
        for part in ("n1", "n2"):
            norm(b + part)
        for part in ("q", "k", "v", "f1"):
            linear(b + part, reader)
        for part in ("o", "f2"):
            out[f"{b}{part}.weight"] = fill(mean(f"{b}{part}.weight"), new[f"{b}{part}.weight"].shape)
            out[f"{b}{part}.bias"] = mean(f"{b}{part}.bias")
    # The projector reads the stream itself: the mean in its new channels must not count.
    linear("p1", lambda n, o: reader(n, fill(o, (len(o), width))))
    for name in ("p2.weight", "p2.bias", "emb.weight", *(f"{p}.{k}" for p in ("cls", "col") for k in ("weight", "bias")), "bgv"):
        out[name] = zero(name)
    out["ls"] = state["ls"].clone()
    norm("n", biased=False)
    for i, j in enumerate(layers_from(small, large)):
        b, a = f"db.{i}.", f"db.{j}."
        for part in "od":
            name = f"{b}{part}.weight"
            out[name] = torch.zeros_like(new[name]) if j is None else zero(name, f"{a}{part}.weight")
        if j is None:
            continue
        for part in ("n1", "n2"):
            norm(b + part, a + part, biased=False)
        for part in "qkvgu":
            out[f"{b}{part}.weight"] = reader(new[f"{b}{part}.weight"], state[f"{a}{part}.weight"])
    return out


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("start", metavar="FROM")
    p.add_argument("out")
    p.add_argument("--small", default="sprites-5.7m", help="FROM's configuration")
    p.add_argument("--config", default="sprites-15m", help="the larger one")
    a = p.parse_args()
    small, large = configs.load(a.small), configs.load(a.config)
    start = read_weights(a.start, small)
    state = {k: v.float() for k, v in (start.get("ema") or start["model"]).items()}
    grid = round((state["pp"].shape[0] - 1) ** 0.5)
    torch.manual_seed(1)
    new = VLM(large, grid * large.vision.patch, Words().size).state_dict()
    out = {"model": grown(state, small, large, new)}
    if start.get("heads"):
        heads = Heads(large, grid).state_dict()
        out["heads"] = {k: fill(start["heads"][k], v.shape) if v.is_floating_point() else v for k, v in heads.items()}
    torch.save(out, a.out)


if __name__ == "__main__":
    main()
