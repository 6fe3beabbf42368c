"""The model as a folder in diffusers' form.

    model_index.json
    transformer/   config.json, diffusion_pytorch_model.safetensors   PixArtTransformer2DModel
    text_encoder/  config.json, model.safetensors                     CLIPTextModel
    tokenizer/     vocab.json, merges.txt, tokenizer.json …           CLIPTokenizer
    scheduler/     scheduler_config.json                              FlowMatchEulerDiscreteScheduler

With the type q8_0 each part has a GGUF of the same tensor names in place of its safetensors:
matrices in q8_0, the rest in float32. `model_index.json` names no class of diffusers, because
none draws pixels without an autoencoder; the parts load one by one.
"""
import json
import os
import shutil

import numpy as np
import torch
from safetensors.torch import save_file

VERSION = "0.42.1"  # of diffusers, whose keys these are
FILES = {"transformer": "diffusion_pytorch_model", "text_encoder": "model"}
ARCHITECTURES = {"transformer": "pixart", "text_encoder": "clip-text"}
BLOCK = 32  # values with one scale in q8_0


def configs(r, words):
    """{file: JSON value} of everything but weights and tokenizer."""
    d, t = r.denoiser, r.text
    transformer = {
        "_class_name": "PixArtTransformer2DModel", "_diffusers_version": VERSION, "activation_fn": "gelu-approximate",
        "attention_bias": True, "attention_head_dim": d.width // d.heads, "attention_type": "default",
        "caption_channels": t.width, "cross_attention_dim": d.width, "dropout": 0.0, "in_channels": 3,
        "interpolation_scale": 1, "norm_elementwise_affine": False, "norm_eps": 1e-6, "norm_num_groups": 32,
        "norm_type": "ada_norm_single", "num_attention_heads": d.heads, "num_embeds_ada_norm": 1000,
        "num_layers": d.layers, "out_channels": 3, "patch_size": d.patch, "sample_size": d.size,
        "upcast_attention": False, "use_additional_conditions": False}
    text = {
        "architectures": ["CLIPTextModel"], "attention_dropout": 0.0, "bos_token_id": words.start,
        "eos_token_id": words.end, "pad_token_id": words.end, "hidden_act": "quick_gelu", "hidden_size": t.width,
        "initializer_factor": 1.0, "initializer_range": 0.02, "intermediate_size": t.mlp, "layer_norm_eps": 1e-5,
        "max_position_embeddings": t.tokens, "model_type": "clip_text_model", "num_attention_heads": t.heads,
        "num_hidden_layers": t.layers, "projection_dim": t.width, "vocab_size": words.size}
    scheduler = {"_class_name": "FlowMatchEulerDiscreteScheduler", "_diffusers_version": VERSION,
                 "num_train_timesteps": 1000, "shift": 1.0, "use_dynamic_shifting": False}
    index = {"_class_name": "PixArtPixels", "_diffusers_version": VERSION,
             "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
             "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
             "transformer": ["diffusers", "PixArtTransformer2DModel"], "vae": [None, None],
             "value_range": [-1.0, 1.0], "text_mask": False}
    return {"model_index.json": index, "transformer/config.json": transformer,
            "text_encoder/config.json": text, "scheduler/scheduler_config.json": scheduler}


def parts(state):
    """{part: {diffusers' name: tensor}} of a Drawer's averaged weights."""
    out = {p: {} for p in FILES}
    for k, v in state.items():
        part, _, rest = k.partition(".")
        if part in out:
            out[part][rest] = v.detach().float().cpu().contiguous()
    return out


def quantised(name, x):
    """Whether a tensor goes into q8_0: matrices whose rows are whole blocks, tables not."""
    return x.ndim == 2 and x.shape[1] % BLOCK == 0 and not name.endswith("scale_shift_table")


def stored(state, kind):
    """The weights as a folder of this type gives them back, in float32."""
    if kind == "f32":
        return dict(state)
    out = {}
    for k, v in state.items():
        if kind == "f16":
            out[k] = v.half().float() if v.ndim > 1 else v
        elif quantised(k, v):
            from gguf import GGMLQuantizationType, quants
            q8 = GGMLQuantizationType.Q8_0
            out[k] = torch.from_numpy(quants.dequantize(quants.quantize(v.float().cpu().numpy(), q8), q8)).view_as(v)
        else:
            out[k] = v
    return out


def write_gguf(path, architecture, config, tensors):
    """A GGUF of these tensors; the part's config.json is the string `config`."""
    from gguf import GGMLQuantizationType, GGUFWriter, quants
    w = GGUFWriter(path, architecture)
    w.add_file_type(7)  # mostly q8_0
    w.add_string("config", json.dumps(config))
    q8 = GGMLQuantizationType.Q8_0
    for name, x in tensors.items():
        x = x.numpy()
        if quantised(name, x):
            w.add_tensor(name, quants.quantize(x, q8), raw_dtype=q8)
        else:
            w.add_tensor(name, np.ascontiguousarray(x))
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def write(out, r, words, state, kind="f32"):
    """Writes the folder OUT; kind is f32, f16 (matrices; vectors stay float32) or q8_0. → bytes of
    the weights."""
    files = configs(r, words)
    for name, value in files.items():
        path = os.path.join(out, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            json.dump(value, f, indent=1)
    shutil.copytree(words.folder, os.path.join(out, "tokenizer"), dirs_exist_ok=True)
    size = 0
    for part, tensors in parts(state).items():
        stem = os.path.join(out, part, FILES[part])
        for old in (stem + ".safetensors", stem + ".gguf"):  # of an earlier export
            if os.path.exists(old):
                os.remove(old)
        if kind == "q8_0":
            path = stem + ".gguf"
            write_gguf(path, ARCHITECTURES[part], files[part + "/config.json"], tensors)
        else:
            path = stem + ".safetensors"
            half = kind == "f16"
            save_file({k: v.half() if half and v.ndim > 1 else v for k, v in tensors.items()}, path, {"format": "pt"})
        size += os.path.getsize(path)
    return size
