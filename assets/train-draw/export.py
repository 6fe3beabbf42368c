"""python export.py STATE OUT: a folder in diffusers' form from a state.pt (see folder.py).

--type q8_0 needs the package gguf and is held to the recipe's size. Where diffusers and
transformers are installed, an f32 or f16 folder is opened with both and must draw what the
trainer draws; either way it is said how far one evaluation is from float32.
"""
import argparse
import os

import torch

import folder
from sample import PROMPTS, load

TOLERANCE = 1e-4  # of velocities, which are about 1


def one_velocity(model, r, words):
    """An evaluation on four captions at four times. → (inputs, velocity)"""
    g = torch.Generator().manual_seed(3)
    d = r.denoiser
    x, t = torch.randn(4, 3, d.size, d.size, generator=g), torch.tensor([0.1, 0.4, 0.7, 1.0])
    ids = torch.tensor([words.encode(p) for p in PROMPTS[:4]])
    with torch.no_grad():
        return (x, t, ids), model(x, t, ids)[0]


def check(out, inputs, velocity):
    """The largest difference from diffusers and transformers on the folder OUT; None without them."""
    try:
        from diffusers import PixArtTransformer2DModel
        from transformers import CLIPTextModel
    except ImportError:
        return None
    x, t, ids = inputs
    text = CLIPTextModel.from_pretrained(os.path.join(out, "text_encoder"), dtype=torch.float32).eval()
    net = PixArtTransformer2DModel.from_pretrained(os.path.join(out, "transformer"), torch_dtype=torch.float32).eval()
    with torch.no_grad():
        theirs = net(x, encoder_hidden_states=text(ids).last_hidden_state, timestep=t * 1000, return_dict=False)[0]
    return (theirs - velocity).abs().max().item()


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("state")
    p.add_argument("out")
    p.add_argument("--type", choices=["f32", "f16", "q8_0"], default="f16")
    a = p.parse_args()
    r, words, model = load(a.state)
    inputs, exact = one_velocity(model, r, words)
    size = folder.write(a.out, r, words, model.state_dict(), a.type)
    print(f"{a.type}: {size / 1e6:.2f} MB of weights")
    if a.type == "q8_0" and size > r.megabytes * 1e6:
        raise SystemExit(f"the limit is {r.megabytes} MB: take a smaller recipe")
    model.load_state_dict(folder.stored(model.state_dict(), a.type))
    _, velocity = one_velocity(model, r, words)
    print(f"stored weights move a velocity by at most {(velocity - exact).abs().max():.1e}, "
          f"{(velocity - exact).square().mean().sqrt():.1e} rms")
    if a.type == "q8_0":
        return
    worst = check(a.out, inputs, velocity)
    if worst is None:
        print("diffusers or transformers is not installed: the folder was not opened with them")
        return
    print(f"largest difference from diffusers: {worst:.1e}")
    if worst > TOLERANCE:
        raise SystemExit(f"{a.out} does not compute what was trained: the limit is {TOLERANCE}")


if __name__ == "__main__":
    main()
