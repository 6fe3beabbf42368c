"""Names and shapes of robotics/policy/layout.go, which opens the exports of robotics/demos/testdata in a Go test."""
import json
import os

import pytest
import torch

import fixture
import layout
import recipe as recipes
from policy import BINS, Policy, exported, shipped

TESTDATA = os.path.join(os.path.dirname(__file__), "..", "..", "..", "robotics", "demos", "testdata")


def expected(r, vocabulary):
    """Config.Layout of robotics/policy, in Python: {name: shape}."""
    out, d = {}, r.language.width

    def linear(name, i, o, bias=True):
        out[name + ".weight"] = (o, i)
        if bias:
            out[name + ".bias"] = (o,)

    def norm(name, w):
        out[name + ".weight"], out[name + ".bias"] = (w,), (w,)

    for v, p, a in zip(r.vision, ("featurizer", "fused_featurizer"), ("vision_aggr_featurizer", "vision_aggr_fused_featurizer")):
        p, w = f"vision_backbone.{p}.", v.width
        out[p + "patch_embed.proj.weight"], out[p + "patch_embed.proj.bias"] = (w, 3, r.patch, r.patch), (w,)
        out[p + "pos_embed"] = (1, r.grid ** 2, w)
        if v.registers:
            out[p + "cls_token"], out[p + "reg_token"] = (1, 1, w), (1, v.registers, w)
        if r.sparse:
            out[a] = (1, r.aggregation, w)
        for i in range(v.blocks):
            o = f"{p}blocks.{i}."
            b = o + ("block." if r.has_film else "")
            norm(b + "norm1", w), norm(b + "norm2", w)
            linear(b + "attn.qkv", w, 3 * w), linear(b + "attn.proj", w, w)
            linear(b + "mlp.fc1", w, v.inner), linear(b + "mlp.fc2", v.inner, w)
            if v.layer_scale:
                out[b + "ls1.scale_factor"], out[b + "ls2.scale_factor"] = (w,), (w,)
            if r.has_film:
                linear(o + "scale", d, w), linear(o + "shift", d, w)
    if r.sparse:
        linear("aggregation_router.router.0", d, d), linear("aggregation_router.router.2", d, 2)
        for v, name in zip(r.vision, ("featurizer_proj", "fused_featurizer_proj")):
            linear(name + ".fc1", v.width, d), linear(name + ".fc2", d, d)
    else:
        n = sum(v.width for v in r.vision)
        linear("projector.fc1", n, 4 * n), linear("projector.fc2", 4 * n, d), linear("projector.fc3", d, d)
    m = "language_model.model."
    out[m + "embed_tokens.weight"], out[m + "norm.weight"] = (vocabulary, d), (d,)
    for i in range(r.language.layers):
        p = f"{m}layers.{i}."
        out[p + "input_layernorm.weight"], out[p + "post_attention_layernorm.weight"] = (d,), (d,)
        for x in "qkvo":
            linear(f"{p}self_attn.{x}_proj", d, d, False)
        for x in ("gate", "up"):
            linear(f"{p}mlp.{x}_proj", d, r.language.inner, False)
        linear(p + "mlp.down_proj", r.language.inner, d, False)
        if r.variant == "cogvla" and i >= 2:  # deep_all
            linear(p + "router.router", d, 2)
            for part in ("scale", "shift"):
                linear(f"{p}router.{part}.0", d, d // 2), linear(f"{p}router.{part}.2", d // 2, d)
    linear("proprio_projector.fc1", r.proprio, d), linear("proprio_projector.fc2", d, d)
    h = "action_head.model."
    norm(h + "layer_norm1", r.action * d), linear(h + "fc1", r.action * d, d)
    for i in range(2):
        norm(f"{h}mlp_resnet_blocks.{i}.ffn.0", d), linear(f"{h}mlp_resnet_blocks.{i}.ffn.1", d, d)
    norm(h + "layer_norm2", d), linear(h + "fc2", d, r.action)
    return out


@pytest.mark.parametrize("name", ["tiny", "robot-3.7m", "robot-4.5m"])
@pytest.mark.parametrize("variant", ["dense", "stage1", "cogvla"])
def test_names_are_those_that_go_reads(name, variant, words):
    r = recipes.load(name, variant)
    state = shipped(exported(Policy(r, words.size).state_dict()))
    assert {k: tuple(v.shape) for k, v in state.items()} == expected(r, words.size)
    more = set(layout.stub(state, r)) - set(state)
    assert len(more) == 2 and all(k.endswith("norm1.weight") and f"blocks.{r.vision[0].blocks}." in k for k in more)


@pytest.mark.parametrize("variant", ["dense", "stage1", "cogvla", "autoregressive"])
@pytest.mark.parametrize("name", ["robot-3.7m", "robot-4.5m"])
def test_the_size_is_within_the_limit(name, variant, words, tmp_path):
    r = recipes.load(name, variant)
    m = Policy(r, words.size)
    stats = {"table": {"action": {}, "proprio": {}, "state": {}}}
    size = layout.write(str(tmp_path), r, words, m.vocabulary, exported(m.state_dict()), stats, "q8_0")
    assert size < r.megabytes * 1e6
    assert "state" not in json.loads((tmp_path / "dataset_statistics.json").read_text())["table"]


def test_a_policy_keeps_only_what_another_has_not(words, tmp_path):
    r = recipes.load("tiny", "cogvla")
    m, folders = Policy(r, words.size), [str(tmp_path / name) for name in ("whole", "other")]
    state = shipped(exported(m.state_dict()))
    own = {k for k in state if k.startswith("action_head.")}
    changed = state | {k: state[k] + 1 for k in own}
    for folder, weights in zip(folders, (state, changed)):
        layout.write(folder, r, words, m.vocabulary, weights, {}, "q8_0")
    before = layout.read(folders[1], r)["model"]
    assert layout.share(folders[1], folders[0]) < os.path.getsize(tmp_path / "whole" / "model.gguf") / 2
    after = layout.read(folders[1], r)["model"]
    assert before.keys() == after.keys() and all(torch.equal(before[k], after[k]) for k in before)
    where = json.loads((tmp_path / "other" / layout.INDEX).read_text())["weight_map"]
    assert {k for k, f in where.items() if f == layout.OWN} == own != set()
    layout.write(folders[1], r, words, m.vocabulary, changed, {}, "q8_0")  # whole again
    assert not os.path.lexists(tmp_path / "other" / layout.SHARED)


@pytest.mark.parametrize("variant", ["dense", "stage1", "cogvla"])
def test_the_policies_that_go_tests_are_of_this_layout(variant, words):
    """robotics/demos/testdata was written by this export: it must be written anew when that changes."""
    with open(os.path.join(TESTDATA, variant, "config.json"), encoding="utf-8") as f:
        assert json.load(f) == layout.config(recipes.load("tiny", variant), words.size)
    with open(os.path.join(TESTDATA, variant, "tokenizer.json"), encoding="utf-8") as f, \
            open(os.path.join(words.folder, "tokenizer.json"), encoding="utf-8") as g:
        assert json.load(f) == json.load(g)


def test_the_autoregressive_policy_that_go_tests_is_of_this_layout(words):
    """robotics/policy/testdata/autoregressive was written by fixture.py."""
    r = fixture.small()
    folder = os.path.join(TESTDATA, "..", "..", "policy", "testdata", "autoregressive")
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as f:
        assert json.load(f) == layout.config(r, words.size + BINS)
    want = expected(r, words.size + BINS)
    want = {k: v for k, v in want.items() if not k.startswith("action_head.")}
    want["language_model.lm_head.weight"] = (words.size + BINS, r.language.width)
    assert {k: tuple(v.shape) for k, v in shipped(exported(Policy(r, words.size).state_dict())).items()} == want
    with open(os.path.join(folder, "reference.json"), encoding="utf-8") as f:
        assert json.load(f)["prompt"] == words.encode(fixture.record(r, 1)[0]["instruction"])
