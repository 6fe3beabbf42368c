"""Weights in and out: short names here, transformers' long names in a Hugging Face folder."""
import os

import torch
from safetensors.torch import load_file

import gguf_weights

TEXT, VISION = "language_model.model.", "vision_tower.vision_model."


def names(config):
    """{short name: long name} of all tensors that a LLaVA has."""
    out = {"emb.weight": TEXT + "embed_tokens.weight", "n.weight": TEXT + "norm.weight",
           "ce": VISION + "embeddings.class_embedding", "pe.weight": VISION + "embeddings.patch_embedding.weight",
           "pp": VISION + "embeddings.position_embedding.weight"}
    block = {"q": "self_attn.q_proj", "k": "self_attn.k_proj", "v": "self_attn.v_proj"}
    text = {**block, "o": "self_attn.o_proj", "g": "mlp.gate_proj", "u": "mlp.up_proj", "d": "mlp.down_proj",
            "n1": "input_layernorm", "n2": "post_attention_layernorm"}
    vision = {**block, "o": "self_attn.out_proj", "f1": "mlp.fc1", "f2": "mlp.fc2",
              "n1": "layer_norm1", "n2": "layer_norm2"}
    for i in range(config.decoder.layers):
        for short, long in text.items():
            out[f"db.{i}.{short}.weight"] = f"{TEXT}layers.{i}.{long}.weight"
    biased = {f"vb.{i}.{short}": f"{VISION}encoder.layers.{i}.{long}"
              for i in range(config.vision.layers) for short, long in vision.items()}
    biased.update({"pl": VISION + "pre_layrnorm", "vpost": VISION + "post_layernorm",
                   "p1": "multi_modal_projector.linear_1", "p2": "multi_modal_projector.linear_2"})
    for short, long in biased.items():
        for kind in ("weight", "bias"):
            out[f"{short}.{kind}"] = f"{long}.{kind}"
    return out


def matching(state, like):
    """The entries of `state` that exist in `like` with the same shape."""
    return {k: v for k, v in state.items() if k in like and v.shape == like[k].shape}


def read_weights(path, config):
    """What --from names, as a dict with "model"; a state.pt comes back whole."""
    if not os.path.isdir(path):
        state = torch.load(path, map_location="cpu", weights_only=False)
        return state if "model" in state else {"model": state}
    from model import VLM
    if gguf_weights.pair(path):
        found = gguf_weights.read(path, config, config_vocab())
        grid = round((found["pp"].shape[0] - 1) ** 0.5)
        state = VLM(config, grid * config.vision.patch, config_vocab()).state_dict()
        for short, x in found.items():
            state[short] = x.reshape(state[short].shape)
        return {"model": state}
    tensors = load_file(os.path.join(path, "model.safetensors"))
    grid = round((tensors[names(config)["pp"]].shape[0] - 1) ** 0.5)
    vocab = tensors[names(config)["emb.weight"]].shape[0]
    # Training's own layers (cls, col, bgv, ls) are in no such folder: they start anew.
    state = VLM(config, grid * config.vision.patch, vocab).state_dict()
    for short, long in names(config).items():
        state[short] = tensors[long].float().reshape(state[short].shape)
    state["emb.weight"] = state["emb.weight"][:config_vocab()]
    return {"model": state}


def config_vocab():
    """Rows of the tokenizer; the folder's embedding is padded."""
    from data import Words
    return Words().size
