"""Writes two tiny policies as training leaves them, with what they do, computed here from the formulas in float64.

cogvla/: merged shards of the language model and the projections, vision_backbone--7_checkpoint.pt (FiLM, aggregation,
LoRA not merged), action_head and proprio_projector (keys with "module."), the gate in non_lora_trainables,
adapter_config.json, statistics, config.
oft/: shards with bare encoders and a three-layer projector, no FiLM, bidirectional, no routers.
Each has case.json: the observation and the actions. Needs torch and safetensors."""

import collections, json, math, os, torch
from safetensors.torch import save_file

here = os.path.dirname(os.path.abspath(__file__))
d, inner, heads, layers, vocab = 16, 20, 2, 4, 20
widths, vheads, blocks, grid, patch, regs, agg = (8, 12), 2, 3, 2, 4, 2, 3
images, chunk, adim, pdim = 2, 2, 3, 4
rank, alpha = 2, 1
gen = torch.Generator().manual_seed(5)


def rand(*shape, scale=None):
    fan = math.prod(shape[1:]) if len(shape) > 1 else 1
    return torch.randn(*shape, generator=gen) * (scale or (1 / math.sqrt(fan) if len(shape) > 1 else 0.1))


def linear(w, name, i, o):
    w[name + ".weight"], w[name + ".bias"] = rand(o, i), rand(o)


def norm(w, name, n):
    w[name + ".weight"], w[name + ".bias"] = 1 + rand(n), rand(n)


def vision(w, film):
    for e, (p, width) in enumerate(zip(("vision_backbone.featurizer.", "vision_backbone.fused_featurizer."), widths)):
        w[p + "patch_embed.proj.weight"], w[p + "patch_embed.proj.bias"] = rand(width, 3, patch, patch), rand(width)
        w[p + "pos_embed"] = rand(1, grid * grid, width, scale=0.5)
        if e == 0:
            w[p + "cls_token"], w[p + "reg_token"] = rand(1, 1, width, scale=1), rand(1, regs, width, scale=1)
        for i in range(blocks):
            outer = f"{p}blocks.{i}."
            b = outer + ("block." if film else "")
            norm(w, b + "norm1", width), norm(w, b + "norm2", width)
            linear(w, b + "attn.qkv", width, 3 * width), linear(w, b + "attn.proj", width, width)
            linear(w, b + "mlp.fc1", width, 2 * width), linear(w, b + "mlp.fc2", 2 * width, width)
            if e == 0:
                w[b + "ls1.scale_factor"], w[b + "ls2.scale_factor"] = 1 + rand(width), 1 + rand(width)
            if film:
                linear(w, outer + "scale", d, width), linear(w, outer + "shift", d, width)
        norm(w, p + "norm", width)
    if film:
        w["vision_aggr_featurizer"], w["vision_aggr_fused_featurizer"] = rand(1, agg, widths[0], scale=1), rand(1, agg, widths[1], scale=1)


def language(w, routed):
    w["language_model.model.embed_tokens.weight"] = rand(vocab, d, scale=1)
    w["language_model.lm_head.weight"], w["language_model.model.norm.weight"] = rand(vocab, d), 1 + rand(d)
    for l in range(layers):
        p = f"language_model.model.layers.{l}."
        w[p + "input_layernorm.weight"], w[p + "post_attention_layernorm.weight"] = 1 + rand(d), 1 + rand(d)
        for n in "qkvo":
            w[f"{p}self_attn.{n}_proj.weight"] = rand(d, d)
        w[p + "mlp.gate_proj.weight"], w[p + "mlp.up_proj.weight"], w[p + "mlp.down_proj.weight"] = rand(inner, d), rand(inner, d), rand(d, inner)
        if l in routed:
            linear(w, p + "router.router", d, 2)
            for n in ("scale", "shift"):
                linear(w, f"{p}router.{n}.0", d, d // 2), linear(w, f"{p}router.{n}.2", d // 2, d)


def ends(w):
    linear(w, "proprio_projector.fc1", pdim, d), linear(w, "proprio_projector.fc2", d, d)
    h = "action_head.model."
    norm(w, h + "layer_norm1", adim * d), linear(w, h + "fc1", adim * d, d)
    for i in range(2):
        norm(w, f"{h}mlp_resnet_blocks.{i}.ffn.0", d), linear(w, f"{h}mlp_resnet_blocks.{i}.ffn.1", d, d)
    norm(w, h + "layer_norm2", d), linear(w, h + "fc2", d, adim)


class Net:
    """The forward pass. w: float64 weights with LoRA merged."""

    def __init__(self, w, film, routed, ratio):
        self.w = {k: v.double() for k, v in w.items()}
        self.film, self.routed, self.ratio = film, routed, ratio

    def lin(self, x, name):
        return torch.nn.functional.linear(x, self.w[name + ".weight"], self.w.get(name + ".bias"))

    def ln(self, x, name, eps):
        return torch.nn.functional.layer_norm(x, x.shape[-1:], self.w[name + ".weight"], self.w[name + ".bias"], eps)

    def rms(self, x, name):
        return x / torch.sqrt((x * x).mean(-1, keepdim=True) + 1e-6) * self.w[name + ".weight"]

    def mlp(self, x, *names):
        for i, n in enumerate(names):
            x = self.lin(torch.nn.functional.gelu(x) if i else x, n)
        return x

    def attend(self, q, k, v, n, mask=None):
        q, k, v = (t.reshape(t.shape[0], n, -1).transpose(0, 1) for t in (q, k, v))
        s = q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])
        p = torch.softmax(s if mask is None else s.masked_fill(~mask, -math.inf), -1)
        return (p @ v).transpose(0, 1).reshape(q.shape[1], -1), p.mean(0)

    def encode(self, e, pixels, lang):
        p = ("vision_backbone.featurizer.", "vision_backbone.fused_featurizer.")[e]
        x = torch.nn.functional.conv2d(pixels[None], self.w[p + "patch_embed.proj.weight"], self.w[p + "patch_embed.proj.bias"], stride=patch)
        x = x[0].flatten(1).t() + self.w[p + "pos_embed"][0]
        if e == 0:
            x = torch.cat([self.w[p + "cls_token"][0], self.w[p + "reg_token"][0], x])
        first = x.shape[0] - grid * grid
        if self.film:
            x = torch.cat([x, self.w[("vision_aggr_featurizer", "vision_aggr_fused_featurizer")[e]][0]])
        for i in range(blocks - 1):
            outer = f"{p}blocks.{i}."
            b = outer + ("block." if self.film else "")
            ls = [self.w[f"{b}ls{j}.scale_factor"] if e == 0 else 1 for j in (1, 2)]
            q, k, v = self.lin(self.ln(x, b + "norm1", 1e-6), b + "attn.qkv").chunk(3, -1)
            a, probs = self.attend(q, k, v, vheads)
            x = x + ls[0] * self.lin(a, b + "attn.proj")
            if self.film:
                x = x * (1 + self.lin(lang, outer + "scale")) + self.lin(lang, outer + "shift")
            x = x + ls[1] * self.mlp(self.ln(x, b + "norm2", 1e-6), b + "mlp.fc1", b + "mlp.fc2")
        if self.film:
            return x[-agg:], probs[-agg:, first:first + grid * grid]
        return x[first:], None

    def see(self, picture, lang):
        stats = (([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]), ([0.5] * 3, [0.5] * 3))
        rows, maps = [], []
        for e, (mean, std) in enumerate(stats):
            x = (picture.double() / 255 - torch.tensor(mean).double()[:, None, None]) / torch.tensor(std).double()[:, None, None]
            r, m = self.encode(e, x, lang)
            rows.append(r), maps.append(m)
        if not self.film:
            return self.mlp(torch.cat(rows, -1), "projector.fc1", "projector.fc2", "projector.fc3"), None, None
        gate = torch.softmax(self.mlp(lang, "aggregation_router.router.0", "aggregation_router.router.2"), -1)
        z = sum(g * self.mlp(r, n + ".fc1", n + ".fc2") for g, r, n in zip(gate, rows, ("featurizer_proj", "fused_featurizer_proj")))
        return z, gate, maps

    def rope(self, x):
        n, h = x.shape[0], d // heads
        t = x.reshape(n, heads, h)
        angle = torch.arange(n).double()[:, None] * (10000.0 ** (-torch.arange(0, h, 2).double() / h))[None]
        c, s = torch.cos(angle)[:, None], torch.sin(angle)[:, None]
        a, b = t[..., :h // 2], t[..., h // 2:]
        return torch.cat([a * c - b * s, b * c + a * s], -1).reshape(n, d)

    def block(self, x, l, mask, prob):
        p = f"language_model.model.layers.{l}."
        n = self.rms(x, p + "input_layernorm")
        q, k, v = (self.lin(n, f"{p}self_attn.{c}_proj") for c in "qkv")
        x = x + self.lin(self.attend(self.rope(q), self.rope(k), v, heads, mask)[0], p + "self_attn.o_proj")
        n = self.rms(x, p + "post_attention_layernorm")
        return x + prob * self.lin(torch.nn.functional.silu(self.lin(n, p + "mlp.gate_proj")) * self.lin(n, p + "mlp.up_proj"), p + "mlp.down_proj")

    def mask(self, n):
        if not self.film:
            return torch.ones(n, n, dtype=torch.bool)
        m, act = torch.ones(n, n, dtype=torch.bool).tril(), chunk * adim + 1
        m[-act:, -act:] = True
        return m

    def run(self, pictures, prompt, state):
        words = self.w["language_model.model.embed_tokens.weight"]
        lang = words[prompt + [2]].mean(0)
        seen = [self.see(p, lang) for p in pictures]
        visual = torch.cat([s[0] for s in seen])
        V, act = visual.shape[0], chunk * adim + 1
        x = torch.cat([words[prompt[:1]], visual, self.mlp(state, "proprio_projector.fc1", "proprio_projector.fc2")[None],
                       words[prompt[1:]], torch.zeros(act - 1, d).double(), words[[2]]])
        S, kept, probs = x.shape[0], {}, {}
        for l in range(layers):
            if l not in self.routed:
                x = self.block(x, l, self.mask(S), 1)
                continue
            p = f"language_model.model.layers.{l}."
            n = self.rms(x, p + "input_layernorm")
            c = n[1 + V:S - act].mean(0)
            g, b = (self.mlp(c, f"{p}router.{m}.0", f"{p}router.{m}.2") for m in ("scale", "shift"))
            n = torch.cat([n[:1], n[1:1 + V] * (1 + g) + b, n[1 + V:]])
            prob = torch.softmax(self.lin(n, p + "router.router"), -1)[:, 1]
            score = prob.clone()
            score[0] = score[1 + V:] = math.inf
            keep = torch.sort(torch.topk(score, S - V + int(V * self.ratio)).indices).values
            x = x.clone()
            x[keep] = self.block(x[keep], l, self.mask(len(keep)), prob[keep][:, None])
            kept[l], probs[l] = keep.tolist(), prob.tolist()
        first = V + 1 + len(prompt) - 1
        h = self.rms(x, "language_model.model.norm")[first:first + act - 1].reshape(chunk, adim * d)
        m, relu = "action_head.model.", torch.relu
        h = relu(self.lin(self.ln(h, m + "layer_norm1", 1e-5), m + "fc1"))
        for i in range(2):
            f = f"{m}mlp_resnet_blocks.{i}.ffn."
            h = h + relu(self.lin(self.ln(h, f + "0", 1e-5), f + "1"))
        out = {"normalised": self.lin(self.ln(h, m + "layer_norm2", 1e-5), m + "fc2").tolist(), "kept": kept, "probability": probs}
        if self.film:
            out["gate"] = seen[0][1].tolist()
            out["attention"] = [[m.flatten().tolist() for m in s[2]] for s in seen]
        return out


def text_config(**more):
    return dict(model_type="llama", hidden_size=d, num_hidden_layers=layers, num_attention_heads=heads, intermediate_size=inner,
                vocab_size=vocab, **more)


def write(name, shards, config, case, w):
    folder = os.path.join(here, name)
    os.makedirs(folder, exist_ok=True)
    names = sorted(shards)
    parts = {"model-00001-of-00002.safetensors": names[::2], "model-00002-of-00002.safetensors": names[1::2]}
    for file, part in parts.items():
        save_file({n: shards[n].contiguous() for n in part}, os.path.join(folder, file))
    json.dump({"weight_map": {n: f for f, part in parts.items() for n in part}}, open(os.path.join(folder, "model.safetensors.index.json"), "w"))
    config.update(model_type="openvla", use_fused_vision_backbone=True, timm_model_args=[{"num_heads": vheads}] * 2,
                  winnow_policy={"chunk": chunk, "images": images, "bounds": "q99"})
    json.dump(config, open(os.path.join(folder, "config.json"), "w"), indent=1)
    stats = {"toy": {"action": {"q01": [-0.5, -2.0, 0.0], "q99": [0.5, 1.0, 1.0], "min": [-1.0, -3.0, 0.0], "max": [1.0, 2.0, 1.0],
                                "mean": [0.0, 0.0, 0.5], "std": [1.0, 1.0, 1.0], "mask": [True, True, False]},
                     "proprio": {"q01": [-1.0, -1.0, 0.0, 2.0], "q99": [1.0, 1.5, 0.5, 4.0]}, "num_transitions": 100}}
    json.dump(stats, open(os.path.join(folder, "dataset_statistics.json"), "w"), indent=1)
    for file, prefix in (("action_head", "action_head."), ("proprio_projector", "proprio_projector.")):
        state = collections.OrderedDict(("module." + n[len(prefix):], v) for n, v in w.items() if n.startswith(prefix))
        torch.save(state, os.path.join(folder, file + "--7_checkpoint.pt"))
    side = grid * patch
    case["pictures"] = [torch.randint(0, 256, (3, side, side), generator=gen) for _ in range(images)]
    case["prompt"], case["state"] = [1, 5, 9, 17, 4, 11], [0.3, -0.5, 0.1, 2.5]
    q01, q99 = (torch.tensor(stats["toy"]["proprio"][q]).double() for q in ("q01", "q99"))
    u = torch.clip(2 * (torch.tensor(case["state"]).double() - q01) / (q99 - q01 + 1e-8) - 1, -1, 1)
    case.update(case.pop("net").run(case["pictures"], case["prompt"], u))
    case["pictures"] = [p.flatten().tolist() for p in case["pictures"]]
    json.dump(case, open(os.path.join(folder, "case.json"), "w"))


def cogvla():
    w, routed, ratio = {}, (1, 3), 0.5
    vision(w, True), language(w, routed), ends(w)
    linear(w, "aggregation_router.router.0", d, d), linear(w, "aggregation_router.router.2", d, 2)
    for n, width in zip(("featurizer_proj", "fused_featurizer_proj"), widths):
        linear(w, n + ".fc1", width, d), linear(w, n + ".fc2", d, d)
    shards = {n: v for n, v in w.items() if n.startswith(("language_model", "aggregation_router", "featurizer_proj", "fused_featurizer_proj"))}
    saved, merged = collections.OrderedDict(), dict(w)
    for n, v in w.items():
        if not n.startswith("vision_"):
            continue
        stem, last = n.rsplit(".", 1) if "." in n else (n, "")
        if ".block." in n and (".attn." in n or ".mlp." in n):
            saved[f"{stem}.base_layer.{last}"] = v
            if last == "weight":
                a, b = rand(rank, v.shape[1]), rand(v.shape[0], rank)
                saved[stem + ".lora_A.default.weight"], saved[stem + ".lora_B.default.weight"] = a, b
                merged[n] = v.double() + alpha / rank * b.double() @ a.double()
        else:
            saved[n] = v
    folder = os.path.join(here, "cogvla")
    os.makedirs(os.path.join(folder, "lora_adapter"), exist_ok=True)
    torch.save(saved, os.path.join(folder, "vision_backbone--7_checkpoint.pt"))
    json.dump({"r": rank, "lora_alpha": alpha}, open(os.path.join(folder, "lora_adapter", "adapter_config.json"), "w"))
    # What trained fully may lie in a file of its own; it replaces what the shards have, here zeros.
    gate = collections.OrderedDict((n, v) for n, v in w.items() if n.startswith("aggregation_router"))
    torch.save(gate, os.path.join(folder, "non_lora_trainables--7_checkpoint.pt"))
    shards.update({n: torch.zeros_like(v) for n, v in gate.items()})
    # The shards also hold encoders without FiLM, which the .pt file replaces: here, wrong ones.
    shards["vision_backbone.featurizer.pos_embed"] = torch.zeros(1, grid * grid, widths[0])
    write("cogvla", shards, dict(vision_aggregate_type="moe", use_aggr=True, use_film=True, num_vision_aggr=agg,
          text_config=text_config(use_lfp=True, lfp_type="interleave", lfp_average_factor=ratio, lfp_enable_film=True)),
          {"net": Net(merged, True, routed, ratio)}, w)


def oft():
    w, total = {}, sum(widths)
    vision(w, False), language(w, ()), ends(w)
    linear(w, "projector.fc1", total, 4 * total), linear(w, "projector.fc2", 4 * total, d), linear(w, "projector.fc3", d, d)
    shards = {n: v for n, v in w.items() if not n.startswith(("action_head", "proprio_projector"))}
    write("oft", shards, dict(text_config=text_config()), {"net": Net(w, False, (), 1)}, w)


cogvla(), oft()
