"""python reference.py FOLDER OUT.json: what transformers answers with an exported model.

For every sample picture in assets/samples: the greedy answer to each of its questions, the logits
of the first answer token and the smallest lead of a chosen token over the next best. The tests of
vlm hold the files that ship (q8_0) against these numbers (float32, from half-precision weights).
"""
import argparse
import json
import os

import torch
from PIL import Image

from config import HERE

SAMPLES = os.path.join(HERE, "..", "samples")
LONGEST = 64  # tokens of an answer


def answer(model, processor, picture, question):
    prompt = f"<s>USER: <image>\n{question} ASSISTANT:"
    inputs = processor(images=picture, text=prompt, return_tensors="pt")
    with torch.no_grad():
        out = model.generate(**inputs, max_new_tokens=LONGEST, do_sample=False,
                             return_dict_in_generate=True, output_logits=True)
    new = out.sequences[0, inputs["input_ids"].shape[1]:]
    rows = torch.stack(out.logits)[:, 0].float()
    top = rows.topk(2, dim=-1).values
    return {"question": question, "prompt_tokens": inputs["input_ids"].shape[1],
            "ids": new.tolist(), "text": processor.tokenizer.decode(new, skip_special_tokens=True),
            "lead": round(float((top[:, 0] - top[:, 1]).min()), 4),
            "logits": [round(float(x), 4) for x in rows[0]]}


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("folder", help="an exported Hugging Face folder")
    p.add_argument("out")
    a = p.parse_args()
    import transformers
    model = transformers.LlavaForConditionalGeneration.from_pretrained(
        a.folder, dtype=torch.float32, attn_implementation="eager").eval()
    tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(a.folder)
    images = transformers.CLIPImageProcessor.from_pretrained(a.folder)
    v = model.config.vision_config
    processor = transformers.LlavaProcessor(images, tokenizer, patch_size=v.patch_size, image_token="<image>",
                                            vision_feature_select_strategy="default", num_additional_image_tokens=1)
    with open(os.path.join(SAMPLES, "samples.json"), encoding="utf-8") as f:
        scenes = json.load(f)["scenes"]
    cases = []
    for s in scenes:
        picture = Image.open(os.path.join(SAMPLES, s["file"])).convert("RGB")
        asked = [q["question"] for q in s["questions"][:3]] + ["Describe the picture."]
        for i, q in enumerate(asked):
            case = answer(model, processor, picture, q)
            if i > 0:  # one row of logits a picture is enough
                del case["logits"]
            cases.append({"picture": s["file"], **case})
    with open(a.out, "w", encoding="utf-8") as f:
        json.dump({"transformers": transformers.__version__, "cases": cases}, f, separators=(",", ":"))
    print(f"{len(cases)} answers in {a.out}")


if __name__ == "__main__":
    main()
