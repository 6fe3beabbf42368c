"""python export.py STATE OUT: a Hugging Face LLaVA folder from a state.pt or trainer.pt.

OUT's last part is the model's name. Matrices are float16, vectors float32. The folder is opened
with transformers and must give the trainer's logits within 1e-4. With --gguf DIR, `go run
./assets/convert` makes the q8_0 and f16 pairs there; the q8_0 pair must fit the size limit.
"""
import argparse
import json
import os
import shutil
import subprocess

import torch
from safetensors.torch import save_file

import config as configs
from config import HERE
from data import MEAN, STD, Words
from model import VLM, fit
from weights import names, read_weights

TOLERANCE = 1e-4
TEMPLATE = (
    "{% for m in messages %}{% if m['role'] == 'user' %}{{ 'USER: ' }}"
    "{% if m['content'] is string %}{{ m['content'] }}{% else %}"
    "{% for c in m['content'] if c['type'] == 'image' %}{{ '<image>\n' }}{% endfor %}"
    "{% for c in m['content'] if c['type'] == 'text' %}{{ c['text'] }}{% endfor %}{% endif %}"
    "{% else %}{{ ' ASSISTANT: ' }}"
    "{% if m['content'] is string %}{{ m['content'] }}{% else %}{{ m['content'][0]['text'] }}{% endif %}"
    "{{ eos_token }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ ' ASSISTANT:' }}{% endif %}")


def load_model(path, config, words):
    """The averaged weights where there are any, as they will be stored, in float32."""
    start = read_weights(path, config)
    state = start.get("ema") or start["model"]
    grid = round((state["pp"].shape[0] - 1) ** 0.5)
    model = VLM(config, grid * config.vision.patch, words.size)
    # As safetensors will hold them: matrices in half precision.
    model.load_state_dict({k: v.half().float() if v.ndim > 1 else v for k, v in fit(state, grid).items()})
    return model.eval()


def folder_files(model, words):
    """{file name: JSON value} of everything but weights and tokenizer."""
    c, v, d = model.c, model.c.vision, model.c.decoder
    rows = -(-words.size // 32) * 32  # whole q8_0 blocks
    special = {"bos_token_id": words.bos, "eos_token_id": words.eos, "pad_token_id": words.pad}
    text = {"model_type": "llama", "vocab_size": rows, "hidden_size": d.width, "intermediate_size": d.neurons,
            "num_hidden_layers": d.layers, "num_attention_heads": d.heads, "num_key_value_heads": d.heads,
            "head_dim": d.width // d.heads, "hidden_act": d.act, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
            "max_position_embeddings": 2048, "attention_bias": False, "mlp_bias": False,
            "tie_word_embeddings": True, **special}
    vision = {"model_type": "clip_vision_model", "hidden_size": v.width, "intermediate_size": v.mlp,
              "num_hidden_layers": v.layers, "num_attention_heads": v.heads, "image_size": model.image,
              "patch_size": v.patch, "hidden_act": "quick_gelu", "layer_norm_eps": 1e-5, "num_channels": 3,
              "projection_dim": v.width}
    top = {"architectures": ["LlavaForConditionalGeneration"], "model_type": "llava",
           "image_token_index": words.image, "image_seq_length": model.patches,
           "projector_hidden_act": "gelu", "multimodal_projector_bias": True, "vision_feature_layer": -2,
           "vision_feature_select_strategy": "default", "tie_word_embeddings": True, "torch_dtype": "float16",
           "text_config": text, "vision_config": vision}
    pixels = {"image_processor_type": "CLIPImageProcessor", "do_convert_rgb": True, "do_resize": True,
              "size": {"shortest_edge": model.image}, "resample": 3, "do_center_crop": True,
              "crop_size": {"height": model.image, "width": model.image}, "do_rescale": True,
              "rescale_factor": 1 / 255, "do_normalize": True,
              "image_mean": [round(float(x), 8) for x in MEAN], "image_std": [round(float(x), 8) for x in STD]}
    return {"config.json": top, "preprocessor_config.json": pixels,
            "processor_config.json": {"processor_class": "LlavaProcessor", "image_token": "<image>",
                                      "patch_size": v.patch, "num_additional_image_tokens": 1,
                                      "vision_feature_select_strategy": "default"},
            "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>",
                                      "eos_token": "</s>", "pad_token": "<pad>", "model_max_length": 2048,
                                      "clean_up_tokenization_spaces": False, "chat_template": TEMPLATE,
                                      "processor_class": "LlavaProcessor"},
            "generation_config.json": {**special, "do_sample": False}}


def write_folder(model, words, out):
    """Writes OUT with everything transformers and assets/convert read."""
    os.makedirs(out, exist_ok=True)
    state, tensors = model.state_dict(), {}
    v = model.c.vision
    for short, long in names(model.c).items():
        x = state[short].detach().float().cpu()
        if short == "pe.weight":
            x = x.view(v.width, 3, v.patch, v.patch)
        if short == "emb.weight":
            x = torch.cat([x, torch.zeros(-x.shape[0] % 32, x.shape[1])])
        tensors[long] = (x.half() if x.ndim > 1 else x).contiguous().clone()
    save_file(tensors, os.path.join(out, "model.safetensors"), {"format": "pt"})
    for name, value in folder_files(model, words).items():
        with open(os.path.join(out, name), "w", encoding="utf-8") as f:
            json.dump(value, f, indent=1)
    with open(os.path.join(out, "chat_template.jinja"), "w", encoding="utf-8") as f:
        f.write(TEMPLATE)
    shutil.copy(words.path, os.path.join(out, "tokenizer.json"))


def branch_logits(model, words, pixels, questions):
    """Logits after each question, computed in the branch layout. → [questions, vocab]"""
    c = model.c
    tokens, at = [words.pad] * c.caption_length, []
    for q in questions:
        ids = words.encode("\n" + q + " ASSISTANT:")[1:]
        at.append(len(tokens) + len(ids) - 1)
        tokens += ids + [words.pad] * (c.question_length - len(ids))
    tokens += [words.pad] * (c.question_length * (c.questions - len(questions)))
    with torch.no_grad():
        visual = model.project(model.see(pixels))
        hidden, _ = model.text(visual, torch.tensor([tokens]), torch.tensor([words.opening]),
                               torch.tensor([words.newline]))
        return model.logits(hidden[0, at])


def check(model, words, out, questions=None):
    """The largest difference of logits between the layout and transformers on the same text."""
    import transformers
    questions = questions or ["Is there a cat in the picture?", "Where is the dog?", "How many cows are there?"]
    other = transformers.LlavaForConditionalGeneration.from_pretrained(
        out, dtype=torch.float32, attn_implementation="eager").eval()
    pixels = torch.randn(1, 3, model.image, model.image, generator=torch.Generator().manual_seed(7))
    ours, worst = branch_logits(model, words, pixels, questions), 0.0
    for row, q in zip(ours, questions):
        ids = torch.tensor([words.prompt(q, model.patches)])
        with torch.no_grad():
            theirs = other(input_ids=ids, pixel_values=pixels).logits[0, -1, :words.size]
        worst = max(worst, (row - theirs).abs().max().item())
    return worst


def convert(folder, out, megabytes):
    """The GGUF pairs, by assets/convert. → {type: bytes of the pair}"""
    sizes = {}
    for kind in ("q8_0", "f16"):
        cmd = ["go", "run", "./assets/convert", "-type", kind, os.path.abspath(folder), os.path.abspath(out)]
        done = subprocess.run(cmd, cwd=os.path.join(HERE, "..", ".."), check=True, capture_output=True, text=True)
        sizes[kind] = sum(os.path.getsize(f) for f in done.stdout.split("\n") if f)
    if sizes["q8_0"] > megabytes * 1e6:
        raise SystemExit(f"the q8_0 pair has {sizes['q8_0'] / 1e6:.1f} MB, the limit is {megabytes} MB: take a smaller configuration")
    return sizes


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("state")
    p.add_argument("out")
    p.add_argument("--config", help="needed where the state holds none")
    p.add_argument("--gguf", help="folder for the GGUF pairs")
    a = p.parse_args()
    words = Words()
    config = configs.load(a.config or "sprites-5.7m")
    if not a.config and not os.path.isdir(a.state):
        held = torch.load(a.state, map_location="cpu", weights_only=False).get("config")
        config = configs.from_dict(held) if held else config
    model = load_model(a.state, config, words)
    write_folder(model, words, a.out)
    worst = check(model, words, a.out)
    print(f"largest difference of logits from transformers: {worst:.1e}")
    if worst > TOLERANCE:
        raise SystemExit(f"{a.out} does not compute what was trained: the limit is {TOLERANCE}")
    if a.gguf:
        for kind, size in convert(a.out, a.gguf, config.megabytes).items():
            print(f"{kind} pair: {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
