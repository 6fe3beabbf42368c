"""A policy as robotics/policy opens it: names, config.json, safetensors or GGUF, statistics, tokenizer."""
import json
import os
import shutil

import numpy as np
import torch

from policy import BINS


def stub(state, r):
    """The released layout counts one block more than is computed: a norm in its name."""
    out = dict(state)
    block = "block." if r.has_film else ""
    for prefix, v in zip(("vision_backbone.featurizer.", "vision_backbone.fused_featurizer."), r.vision):
        out[f"{prefix}blocks.{v.blocks}.{block}norm1.weight"] = torch.ones(v.width)
    return out


def config(r, vocabulary):
    """config.json. Of OpenVLA-OFT's it has no keys of aggregation and routing: that is how it is told."""
    c = r.language
    text = {"model_type": "llama", "hidden_size": c.width, "num_hidden_layers": c.layers, "num_attention_heads": c.heads,
            "num_key_value_heads": c.heads, "intermediate_size": c.inner, "vocab_size": vocabulary,
            "rms_norm_eps": 1e-6, "rope_theta": 10000.0}
    out = {"model_type": "openvla", "use_fused_vision_backbone": True, "use_film": r.has_film,
           "timm_model_args": [{"num_heads": v.heads} for v in r.vision],
           "winnow_policy": {"chunk": r.chunk, "images": r.cameras, "bounds": "q99", "variant": r.variant, "recipe": r.name}}
    if r.sparse:
        text |= {"use_lfp": r.variant == "cogvla", "lfp_type": r.routing.type,
                 "lfp_average_factor": r.routing.average, "lfp_enable_film": True}
        out |= {"use_aggr": True, "num_vision_aggr": r.aggregation, "vision_aggregate_type": "moe"}
    if r.variant == "autoregressive":  # nothing follows the bins in the vocabulary, where OpenVLA has 64 ids
        out |= {"n_action_bins": BINS, "pad_to_multiple_of": 0}
        out["winnow_policy"] |= {"chunk": 1, "action": r.action}
    return out | {"text_config": text}


QUANTISED = ("q8_0", "q5_0")  # 8.5 and 5.5 bits a weight, in a GGUF


def kind_of(x, type):
    """What a tensor is stored as: vectors in float32, matrices as asked where rows are whole blocks of 32."""
    if x.ndim < 2 or type == "f32":
        return "f32"
    if type in QUANTISED and x.ndim == 2 and x.shape[1] % 32 == 0:
        return type
    return "f16"


def quantised(kind):
    """gguf's number of a type."""
    from gguf import GGMLQuantizationType
    return GGMLQuantizationType[kind.upper()]


def stored(state, type):
    """The weights as a file of this type gives them back, float32."""
    out = {}
    for k, v in state.items():
        kind, x = kind_of(v, type), v.detach().float().cpu()
        if kind in QUANTISED:
            from gguf import quants
            x = torch.from_numpy(quants.dequantize(quants.quantize(x.numpy(), quantised(kind)), quantised(kind)).copy())
        out[k] = x.half().float() if kind == "f16" else x
    return out


def write_gguf(path, state, type):
    import gguf
    w = gguf.GGUFWriter(path, "winnow-policy")
    w.add_name("winnow robot policy")
    for k, v in state.items():
        x, kind = v.detach().float().cpu().numpy(), kind_of(v, type)
        if kind in QUANTISED:
            w.add_tensor(k, gguf.quants.quantize(x, quantised(kind)), raw_dtype=quantised(kind))
        else:
            w.add_tensor(k, x.astype(np.float16) if kind == "f16" else x)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def read(folder, recipe):
    """A policy that `write` wrote, as a state to begin with: {recipe, model, ema}. It has no teacher, and mean and
    scale of what is seen are within its projectors."""
    import gguf
    index, where = os.path.join(folder, INDEX), None
    if os.path.exists(index):
        with open(index, encoding="utf-8") as f:
            where = json.load(f)["weight_map"]
    elif not os.path.exists(os.path.join(folder, "model.gguf")):
        raise ValueError(f"{folder} has no model.gguf: name a folder that export.py wrote as q8_0 or q5_0, or a state.pt")
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as f:
        own = json.load(f)["winnow_policy"]
    if own["recipe"].removesuffix("-gpu") != recipe.name.removesuffix("-gpu"):
        raise ValueError(f"the policy in {folder} is a {own['recipe']}, not a {recipe.name}: choose its --config")
    weights = {}
    for name in sorted(set(where.values())) if where else ["model.gguf"]:
        for t in gguf.GGUFReader(os.path.join(folder, name)).tensors:
            if where is None or where.get(t.name) == name:
                x = gguf.quants.dequantize(t.data, t.tensor_type).astype(np.float32)
                weights[t.name] = torch.from_numpy(x.reshape([int(n) for n in reversed(t.shape)]).copy())
    return {"recipe": recipe.to_dict() | {"variant": own["variant"]}, "model": weights, "ema": {}}


def write_safetensors(path, state, type):
    from safetensors.torch import save_file
    out = {k: v.detach().float().cpu() for k, v in state.items()}
    save_file({k: (v.half() if kind_of(v, type) == "f16" else v).contiguous().clone() for k, v in out.items()}, path,
              {"format": "pt"})


INDEX, OWN, SHARED = "model.gguf.index.json", "own.gguf", "shared.gguf"


def share(folder, other):
    """Keeps of a policy in `folder` only the tensors that the one in `other`, a whole one, has not, or not so. The
    rest is read from there, through a link. → bytes that are left"""
    import gguf
    path, whole = (os.path.join(f, "model.gguf") for f in (folder, other))
    theirs = {t.name: t for t in gguf.GGUFReader(whole).tensors}
    w, where = gguf.GGUFWriter(os.path.join(folder, OWN), "winnow-policy"), {}
    w.add_name("winnow robot policy")
    for t in gguf.GGUFReader(path).tensors:
        o = theirs.get(t.name)
        same = o is not None and o.tensor_type == t.tensor_type and np.array_equal(o.shape, t.shape) and np.array_equal(o.data, t.data)
        where[t.name] = SHARED if same else OWN
        if not same:
            w.add_tensor(t.name, t.data, raw_dtype=t.tensor_type)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
    os.remove(path)
    os.symlink(os.path.relpath(whole, folder), os.path.join(folder, SHARED))
    with open(os.path.join(folder, INDEX), "w", encoding="utf-8") as f:
        json.dump({"weight_map": where}, f, indent=1)
        f.write("\n")
    return os.path.getsize(os.path.join(folder, OWN))


def write(folder, r, words, vocabulary, state, stats, type):
    """Writes the folder. → bytes of the weights."""
    os.makedirs(folder, exist_ok=True)
    gguf_path, st_path = (os.path.join(folder, f) for f in ("model.gguf", "model.safetensors"))
    for f in ("model.gguf", "model.safetensors", INDEX, OWN, SHARED):  # a reader takes what it finds first
        f = os.path.join(folder, f)
        if os.path.lexists(f):
            os.remove(f)
    whole = stub(state, r)
    if type in QUANTISED:
        write_gguf(gguf_path, whole, type)
    else:
        write_safetensors(st_path, whole, type)
    public = {suite: {k: v for k, v in s.items() if k != "state"} for suite, s in stats.items()}
    for name, value in (("config.json", config(r, vocabulary)), ("dataset_statistics.json", public)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            json.dump(value, f, indent=1)
            f.write("\n")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(os.path.join(words.folder, name), folder)
    return os.path.getsize(gguf_path if type in QUANTISED else st_path)
