"""python export.py STATE OUT --type q8_0 --shards DEMOS: the folder that robotics/policy opens.

q8_0 and q5_0 are GGUF, f16 and f32 safetensors; the averaged weights ship. With --shards it also writes
reference.json: an observation of theirs and what PyTorch makes of it with the weights as stored, which
`WINNOW_ROBOT_POLICY=OUT go test ./robotics/demos ./robotics/policy` compares with Go. averaged makes OUT
one small file, matrices in float16, that stands in for STATE here and in latency.py (not in train.py): to
carry from a machine without gguf.
"""
import argparse
import base64
import json
import os

import numpy as np
import torch

import discrete
import layout
import look
import recipe as recipes
import records
from policy import Policy, exported, shipped
from stem import part
from words import Words


def load(path, variant=None):
    """(recipe, words, state, the model with the averaged weights, in float32). variant: of a stem, what it is."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    stem = state["recipe"]["variant"] == "stem"
    if stem != (variant is not None) or variant == "autoregressive":
        raise SystemExit(f"{path} is {'a stem: say --variant dense, stage1 or cogvla' if stem else 'no stem, and has one variant'}")
    r, words = recipes.from_dict(state["recipe"], variant), Words()
    if words.size != state["vocabulary"]:
        raise SystemExit(f"{path} was trained with {state['vocabulary']} tokens, tokenizer/ has {words.size}")
    model = Policy(r, words.size)
    if stem:
        state |= {"recipe": r.to_dict(), "ema": part(state["ema"], r, exported(model.state_dict()))}
    state["ema"] = shipped(state["ema"])
    missing, unknown = model.load_state_dict(state["ema"], strict=False)
    if wrong := [k for k in (*missing, *unknown) if not k.startswith(("teacher.", "seen_"))]:
        raise SystemExit(f"{path} does not fit its own recipe, {r.name}: {wrong[0]}; it was written by another version")
    return r, words, state, model.eval()


@torch.no_grad()
def reference(model, r, words, stats, record):
    """What a policy sees in the middle of a recorded episode, and what it does."""
    h, body = record
    w = records.windows(h, body, r, words)
    i = len(w["length"]) // 2
    raw, state = w["pixels"][i], w["proprio"][i].astype("float64")
    cut = np.stack([look.middle_bytes(p) for p in raw])
    one = records.normalise({k: v[i:i + 1].copy() for k, v in w.items()}, stats[h["suite"]])
    batch = {k: torch.from_numpy(one[k]) for k in ("prompt", "length", "proprio")}
    batch["pixels"] = torch.from_numpy(cut)[None].float() / 255
    s, said = stats[h["suite"]]["action"], {}
    if model.autoregressive:
        ids, logits = discrete.tokens(model, batch)
        u = discrete.to_actions(ids, model.vocabulary).double().numpy()
        kept, gate = [None] * len(model.language_model.model.layers), None
        said = {"tokens": ids[0].tolist(), "logits": base64.b64encode(logits[0].float().numpy().astype("<f4").tobytes()).decode()}
    else:
        out = model(batch)
        u, kept, gate = out["actions"][0].double().numpy(), out["kept"], out["gate"]
    lo, hi = np.array(s["q01"]), np.array(s["q99"])
    actions = np.where(s["mask"], 0.5 * (u + 1) * (hi - lo + 1e-8) + lo, u)
    encoded = [base64.b64encode(np.ascontiguousarray(x).tobytes()).decode() for x in (*raw, *cut)]
    return {"suite": h["suite"], "task": h["task"], "seed": h["seed"], "step": i * h["every"], "side": r.image,
            "instruction": h["instruction"], "prompt": words.encode(h["instruction"]), "state": state.tolist(),
            "raw": encoded[:len(raw)], "pictures": encoded[len(raw):],
            "kept": [r.visual if k is None else int((k <= r.visual).sum()) - 1 for k in kept],
            "gate": gate[0].tolist() if gate is not None else None,
            "normalised": u.tolist(), "actions": actions.tolist()} | said


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("state")
    p.add_argument("out")
    p.add_argument("--type", choices=["f32", "f16", *layout.QUANTISED, "averaged"], default="q8_0")
    p.add_argument("--shards", help="demonstrations, of which the first is the reference")
    p.add_argument("--share", help="folder of another policy of the same training: tensors that it has too are linked from there")
    p.add_argument("--variant", help="of a stem: dense, stage1 or cogvla, as far as it is trained")
    a = p.parse_args()
    r, words, state, model = load(a.state, a.variant)
    if a.type == "averaged":
        small = {k: state[k] for k in ("recipe", "vocabulary", "statistics", "step", "total")}
        torch.save(small | {"ema": {k: v.half() if v.ndim > 1 else v for k, v in state["ema"].items()}}, a.out)
        return
    size = layout.write(a.out, r, words, model.vocabulary, state["ema"], state["statistics"], a.type)
    print(f"{r.variant}, {a.type}: {size / 1e6:.2f} MB of weights")
    if a.type in layout.QUANTISED and size > r.megabytes * 1e6:
        raise SystemExit(f"the limit is {r.megabytes} MB: take a smaller recipe")
    if a.share:
        if a.type not in layout.QUANTISED:
            raise SystemExit("--share takes GGUF files: say --type q8_0")
        print(f"{layout.share(a.out, a.share) / 1e6:.2f} MB beside {a.share}")
    if not a.shards:
        return
    model.load_state_dict(layout.stored(state["ema"], a.type), strict=False)
    for record in records.shards(a.shards):
        if record[0]["suite"] in state["statistics"]:
            with open(os.path.join(a.out, "reference.json"), "w", encoding="utf-8") as f:
                json.dump(reference(model, r, words, state["statistics"], record), f)
                f.write("\n")
            return
    raise SystemExit(f"{a.shards} has no demonstration of a suite that the state was trained on")


if __name__ == "__main__":
    main()
