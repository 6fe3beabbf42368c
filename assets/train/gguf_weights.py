"""Weights out of a GGUF pair as assets/convert writes it, so that training goes on from what ships."""
import glob
import os

import numpy as np
import torch


def tensors(path):
    """{name: float32 tensor} of a file, whatever its types."""
    from gguf import GGUFReader
    from gguf.quants import dequantize
    out = {}
    for t in GGUFReader(path).tensors:
        values = np.array(dequantize(t.data, t.tensor_type), dtype="float32")
        out[t.name] = torch.from_numpy(values).reshape([int(n) for n in reversed(t.shape)])
    return out


def pair(folder):
    """(decoder, mmproj) in a folder; None where there is no pair."""
    files = sorted(glob.glob(os.path.join(folder, "*.gguf")))
    encoders = [f for f in files if os.path.basename(f).startswith("mmproj-")]
    decoders = [f for f in files if f not in encoders]
    return (decoders[0], encoders[0]) if encoders and decoders else None


def unpermuted(x, heads):
    """Undoes llama.cpp's order of rotary rows: pairs side by side become halves."""
    rows = x.shape[0]
    return x.reshape(heads, rows // heads // 2, 2, -1).transpose(1, 2).reshape(rows, -1)


def read(folder, config, vocab):
    """{short name: tensor} of everything the pair holds. The encoder's unused last layer may be missing."""
    text, vision = (tensors(f) for f in pair(folder))
    out = {"emb.weight": text["token_embd.weight"][:vocab], "n.weight": text["output_norm.weight"],
           "ce": vision["v.class_embd"], "pe.weight": vision["v.patch_embd.weight"].flatten(1),
           "pp": vision["v.position_embd.weight"]}
    layer = {"n1": "attn_norm", "n2": "ffn_norm", "q": "attn_q", "k": "attn_k", "v": "attn_v", "o": "attn_output",
             "g": "ffn_gate", "u": "ffn_up", "d": "ffn_down"}
    for i in range(config.decoder.layers):
        for short, name in layer.items():
            x = text[f"blk.{i}.{name}.weight"]
            out[f"db.{i}.{short}.weight"] = unpermuted(x, config.decoder.heads) if short in "qk" else x
    names = {"pl": "v.pre_ln", "vpost": "v.post_ln", "p1": "mm.0", "p2": "mm.2"}
    layer = {"n1": "ln1", "n2": "ln2", "q": "attn_q", "k": "attn_k", "v": "attn_v", "o": "attn_out",
             "f1": "ffn_up", "f2": "ffn_down"}
    for i in range(config.vision.layers):
        names.update({f"vb.{i}.{short}": f"v.blk.{i}.{name}" for short, name in layer.items()})
    for short, name in names.items():
        for kind in ("weight", "bias"):
            if f"{name}.{kind}" in vision:
                out[f"{short}.{kind}"] = vision[f"{name}.{kind}"]
    return out
