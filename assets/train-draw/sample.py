"""python sample.py STATE OUT.png: a contact sheet of captions drawn by the averaged weights.

Euler steps of the flow with guidance. --each writes the pictures too, as OUT-000.png …
"""
import argparse
import os

import torch
from PIL import Image, ImageDraw

import recipe as recipes
from flow import euler
from pixart import Drawer
from words import Words

PROMPTS = """a red apple left of a dog on wood
a blue car
two cats and a boat
a pizza in the middle on a plain ground
a green balloon at the top and a cow at the bottom
a yellow star at the top left
a picture of an elephant in front of clouds
a purple umbrella above a chair
a clock on the left and a cup on the right
three strawberries
a pink rose at the bottom right on green stripes
a rocket in front of blue clouds
a red bus below an airplane
a penguin and an orange fish
a sunflower on the right
a house at the top right and a tree at the bottom left""".split("\n")


def load(path):
    """(recipe, words, Drawer with the averaged weights) of a state.pt."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    r = recipes.from_dict(state["recipe"])
    words = Words(r.text.tokens)
    if words.size != state["vocabulary"]:
        raise SystemExit(f"{path} was trained with {state['vocabulary']} tokens, tokenizer/ has {words.size}")
    model = Drawer(r, words.size)
    model.load_state_dict(state["ema"], strict=False)
    return r, words, model.eval()


def draw(model, words, prompts, size, steps, guidance, seed, device="cpu", each=None):
    """[len(prompts), 3, size, size] uint8; picture i has the noise of seed + i."""
    noise = torch.stack([torch.randn(3, size, size, generator=torch.Generator().manual_seed(seed + i))
                         for i in range(len(prompts))])
    ids = torch.tensor([words.encode(p) for p in prompts])
    empty = torch.tensor([words.empty])
    x = euler(model, ids.to(device), empty.to(device), noise.to(device), steps, guidance, each)
    return ((x.clamp(-1, 1) + 1) * 127.5 + 0.5).to(torch.uint8).cpu()


def lines(text, wide):
    out = [""]
    for w in text.split():
        if len(out[-1]) + 1 + len(w) > wide and out[-1]:
            out.append("")
        out[-1] = (out[-1] + " " + w).strip()
    return out


def sheet(pictures, texts, across=4, zoom=3):
    """Pictures [n, 3, S, S] side by side with their captions below."""
    side, gap, line = pictures.shape[-1] * zoom, 8, 12
    high = side + 3 * line + gap
    page = Image.new("RGB", (min(across, len(texts)) * (side + gap) + gap, -(-len(texts) // across) * high + gap), "white")
    pen = ImageDraw.Draw(page)
    for i, (p, text) in enumerate(zip(pictures, texts)):
        x, y = gap + i % across * (side + gap), gap + i // across * high
        picture = Image.fromarray(p.permute(1, 2, 0).numpy())
        page.paste(picture.resize((side, side), Image.Resampling.BICUBIC), (x, y))
        for k, part in enumerate(lines(text, side // 6)[:3]):
            pen.text((x, y + side + k * line), part, fill="black")
    return page


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("state")
    p.add_argument("out")
    p.add_argument("--prompts", help="text file, a caption a line")
    p.add_argument("--steps", type=int, default=30)
    p.add_argument("--guidance", type=float, default=3.0)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--each", action="store_true")
    p.add_argument("--threads", type=int, default=0)
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    a = p.parse_args()
    if a.threads:
        torch.set_num_threads(a.threads)
    prompts = PROMPTS
    if a.prompts:
        with open(a.prompts, encoding="utf-8") as f:
            prompts = [l.strip() for l in f if l.strip()]
    r, words, model = load(a.state)
    pictures = draw(model.to(a.device), words, prompts, r.denoiser.size, a.steps, a.guidance, a.seed, a.device)
    sheet(pictures, prompts).save(a.out)
    if a.each:
        for i, x in enumerate(pictures):
            Image.fromarray(x.permute(1, 2, 0).numpy()).save(f"{os.path.splitext(a.out)[0]}-{i:03d}.png")


if __name__ == "__main__":
    main()
