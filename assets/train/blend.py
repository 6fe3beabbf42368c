"""python blend.py A B OUT.pt [--share 0.5]: weights between those of A and those that B became out of them.

Each is what train.py takes with --from. Weights on the line between a training's start and its end often
carry over better to styles that neither saw than both do (model soups: Wortsman et al., ICML 2022).
"""
import argparse

import torch

import config as configs
from model import PROBES
from weights import read_weights


def blend(a, b, share):
    """State dicts a and b → a + share · (b − a); what only training has is b's, since a GGUF pair lacks it."""
    if {k: v.shape for k, v in a.items()} != {k: v.shape for k, v in b.items()}:
        raise SystemExit("the two are not of the same sizes: blend takes two states of one configuration")
    return {k: v.float() if k.split(".")[0] in PROBES else a[k].float().lerp(v.float(), share) for k, v in b.items()}


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("a")
    p.add_argument("b")
    p.add_argument("out")
    p.add_argument("--config", default="sprites-5.7m-reglu")
    p.add_argument("--share", type=float, default=0.5, help="0 is A, 1 is B")
    a = p.parse_args()
    c = configs.load(a.config)
    first, second = (read_weights(path, c) for path in (a.a, a.b))
    weights = blend(*(s.get("ema") or s["model"] for s in (first, second)), a.share)
    torch.save({"config": c.to_dict(), "model": weights, "heads": second.get("heads")}, a.out)


if __name__ == "__main__":
    main()
