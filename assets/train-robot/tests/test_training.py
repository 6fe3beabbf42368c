import functools
import os
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F

import layout
import look
import records
import recipe as recipes
import streams
from attention import attend
from conftest import HERE
from helpers import Helpers
from policy import Policy, shipped
from trainer import EYES, Trainer


def trained(r, words, kept, stats, steps, state=None):
    t = Trainer(r, words, stats, precision="float32")
    if state:
        t.load(state)
    s, logs = kept.stream(t.stage, t.seeds), []
    for _ in range(steps):
        logs.append(t.train_step(s.next()))
        t.seeds = list(s.seeds)
    return t, logs


@pytest.mark.parametrize("variant", ["dense", "cogvla", "autoregressive"])
def test_going_on_is_bit_for_bit(variant, demos, tiny, words, tmp_path):
    r = tiny(variant)
    stats = records.statistics(records.shards(demos))
    kept = streams.Kept(demos, r, words, stats)
    whole, _ = trained(r, words, kept, stats, 5)
    half, _ = trained(r, words, kept, stats, 3)
    half.save(str(tmp_path / "state.pt"))
    on, _ = trained(r, words, kept, stats, 2, torch.load(tmp_path / "state.pt", weights_only=True))
    for key, v in whole.model.state_dict().items():
        assert torch.equal(v, on.model.state_dict()[key]), key
    assert all(torch.equal(v, on.ema[k]) for k, v in whole.ema.items())
    assert set(on.validate(kept.test)) >= {"validation_l1", "validation_state"}


def test_the_loss_falls(demos, tiny, words):
    r = tiny()
    r.stages[0].muon, r.stages[0].adam, r.stages[0].warmup = 0.02, 0.005, 1
    stats = records.statistics(records.shards(demos))
    kept = streams.Kept(demos, r, words, stats)
    one = kept.stream(r.stages[0]).next()
    t = Trainer(r, words, stats, precision="float32")
    torch.manual_seed(1)
    logs = [t.train_step(one)["l1"] for _ in range(40)]
    assert sum(logs[-5:]) < 0.7 * sum(logs[:5])


def test_rows_skip_after_the_soft_stretch_only(demos, tiny, words):
    t = Trainer(tiny(), words, records.statistics(records.shards(demos)))
    assert not t.hard(None)
    t.step = t.total = int(t.stage.steps * t.r.routing.soft) + 1
    assert t.hard(None)
    t.enter(1)
    assert t.hard(None)


def test_another_variant_is_not_gone_on_with(demos, tiny, words, tmp_path):
    stats = records.statistics(records.shards(demos))
    t = Trainer(tiny("dense"), words, stats)
    t.save(str(tmp_path / "s.pt"))
    with pytest.raises(ValueError, match="variant is not that of tiny, stage1"):
        Trainer(tiny("stage1"), words, stats).load(torch.load(tmp_path / "s.pt", weights_only=True))
    with pytest.raises(ValueError, match="choose stem, dense"):
        recipes.load("tiny", "sparse")


def test_another_training_begins_with_these_weights(demos, tiny, words):
    stats = records.statistics(records.shards(demos))
    a, b = Trainer(tiny("dense"), words, stats), Trainer(tiny("dense"), words, stats, seed=2)
    state = {"model": a.model.state_dict(), "ema": a.ema, "recipe": a.r.to_dict()}
    b.begin(state)
    assert b.step == 0 and all(torch.equal(v, b.ema[k]) for k, v in a.ema.items())
    with pytest.raises(ValueError, match="not a state.pt of tiny, stage1"):
        Trainer(tiny("stage1"), words, stats).begin(state)


def test_variants_begin_with_a_stem(demos, tiny, words, tmp_path):
    r, stats = tiny("stem"), records.statistics(records.shards(demos))
    stem = Trainer(r, words, stats, precision="float32")
    stream, before = streams.Kept(demos, r, words, stats).stream(stem.stage), {k: v.clone() for k, v in stem.model.state_dict().items()}
    for _ in range(2):  # one batch for each side
        stem.train_step(stream.next())
    after = stem.model.state_dict()
    for name in ("dense.projector.fc1.weight", "cogvla.aggregation_router.router.0.weight", "dense.language_model.model.layers.0.mlp.up_proj.weight"):
        assert not torch.equal(before[name], after[name]), name
    shared = "language_model.model.layers.1.self_attn.q_proj.weight"
    assert after["dense." + shared].data_ptr() == after["cogvla." + shared].data_ptr()
    stem.save(str(tmp_path / "s.pt"))
    state = torch.load(tmp_path / "s.pt", weights_only=True)
    for variant, side in (("dense", "dense."), ("stage1", "cogvla."), ("cogvla", "cogvla.")):
        t = Trainer(tiny(variant), words, stats)
        t.begin(state)
        assert all(torch.equal(v, stem.ema[side + k]) for k, v in t.ema.items())
    t = Trainer(tiny("autoregressive"), words, stats)
    own = t.model.state_dict()["language_model.lm_head.weight"].clone()
    t.begin(state)
    name = "vision_backbone.featurizer.blocks.0."
    assert torch.equal(t.ema[name + "norm1.weight"], stem.ema["dense." + name + "block.norm1.weight"])
    words_of = "language_model.model.embed_tokens.weight"
    assert torch.equal(t.ema[words_of][:words.size], stem.ema["dense." + words_of])
    assert torch.equal(t.ema["language_model.lm_head.weight"], own)


@pytest.mark.parametrize("variant", ["dense", "cogvla"])
def test_a_variant_trains_behind_a_stems_eyes(variant, demos, tiny, words, tmp_path):
    stats = records.statistics(records.shards(demos))
    stem = Trainer(tiny("stem"), words, stats, precision="float32")
    stem.save(str(tmp_path / "s.pt"))
    state = torch.load(tmp_path / "s.pt", weights_only=True)
    kept = streams.Kept(demos, tiny(variant), words, stats)
    pixels = kept.all["pixels"]
    t = Trainer(tiny(variant), words, stats, precision="float32")
    t.take_eyes(state)
    kept.encode(t.model, t.precise)
    t.settle(kept.all["rows"])
    seen = (kept.all["rows"].float() - t.model.seen_mean) * t.model.seen_scale
    assert "pixels" not in kept.all and seen.mean().abs() < 0.05 and 0.8 < seen.std() < 1.1
    before = {k: v.clone() for k, v in t.model.state_dict().items()}
    t.train_step(kept.stream(t.stage).next())
    for k, v in t.model.state_dict().items():
        assert not torch.equal(v, before[k]) or any(x in k for x in (*EYES, "seen_", "teacher", "router.s")), k
        assert torch.equal(v, before[k]) or not any(x in k for x in EYES), k
    assert t.validate(kept.test)["validation_l1"] > 0
    # What ships sees pictures, and needs no mean.
    plain = Policy(t.r, words.size)
    plain.load_state_dict(shipped(t.ema), strict=False)
    few = {k: v[:3] for k, v in kept.all.items()}
    t.model.load_state_dict(t.ema, strict=False)
    with torch.no_grad():
        a = t.model(few)["actions"]
        b = plain({k: few[k] for k in ("prompt", "length", "proprio")} | {"pixels": look.middle(pixels[:3])})["actions"]
    assert torch.allclose(a, b, atol=2e-2)
    with pytest.raises(ValueError, match="takes the state.pt of a stem"):
        t.take_eyes({"recipe": {"variant": "dense"}})


def test_a_stem_grows_from_a_policy_that_ships(demos, tiny, words, tmp_path):
    stats = records.statistics(records.shards(demos))
    old, kept = Trainer(tiny(), words, stats, precision="float32"), streams.Kept(demos, tiny(), words, stats)
    layout.write(str(tmp_path), old.r, words, old.model.vocabulary, shipped(old.ema), stats, "q8_0")
    state = layout.read(str(tmp_path), tiny("stem"))
    stem = Trainer(tiny("stem"), words, stats, precision="float32", seed=2)
    stem.begin(state)
    stem.settle_stem(kept.all, True)
    assert stem.model.cogvla.seen_mean.any() and stem.model.dense.seen_mean.any() and stem.model.dense.teacher["patches"].mean.any()
    few = {k: v[:3] for k, v in kept.all.items()} | {"pixels": look.middle(kept.all["pixels"][:3])}
    old.model.load_state_dict(layout.stored(old.ema, "q8_0"), strict=False)
    with torch.no_grad():
        a, b = old.model(few)["actions"], stem.model.cogvla(few)["actions"]
    assert torch.allclose(a, b, atol=1e-4) and a.std() > 0
    stem.train_step(kept.stream(stem.stage).next())
    with pytest.raises(ValueError, match="is a tiny, not a robot-3.7m"):
        layout.read(str(tmp_path), recipes.load("robot-3.7m", "stem"))
    with pytest.raises(ValueError, match="has no model.gguf"):
        layout.read(demos, tiny("stem"))


def test_helpers_average_their_gradients(demos, tiny, words):
    r, stats = tiny("stem"), records.statistics(records.shards(demos))
    kept = streams.Kept(demos, r, words, stats)
    one, two = (Trainer(r, words, stats, precision="float32") for _ in range(2))
    two.helpers = Helpers([two.model], 1, functools.partial(two.help, kept), "fork")
    try:
        rng = torch.get_rng_state()
        log = two.train_step(kept.draw(two.stage, 0))
        torch.set_rng_state(rng)
        batch = kept.draw(one.stage, 0)
        first, said = one.graded(batch, torch.rand(len(batch["length"]), 5), False)
        torch.manual_seed(1)
        batch = kept.draw(one.stage, 0, 1)
        second, also = one.graded(batch, torch.rand(len(batch["length"]), 5), False)
        want = {n: p.grad / 2 for n, p in one.model.named_parameters() if p.grad is not None}
        got = {n: p.grad for n, p in two.model.named_parameters() if p.grad is not None}
        assert want.keys() == got.keys() and abs(log["l1"] - (said["l1"] + also["l1"]).item() / 2) < 1e-5
        assert any(v.abs().max() > 0 for v in got.values()) and first != second
        matrices = {id(p) for p in one.muon.param_groups[0]["params"]}  # the others' are clipped
        named = [n for n, p in one.model.named_parameters() if id(p) in matrices and n in want]
        assert len(named) > 20 and all(torch.allclose(got[n], want[n], atol=1e-6) for n in named)
        two.train_step(kept.draw(two.stage, 1))
        two.helpers.all[0][2].kill()
        with pytest.raises(RuntimeError, match="helping process has ended"):
            for _ in range(3):
                two.train_step(kept.draw(two.stage, 2))
    finally:
        two.helpers.close()


def test_attention_is_that_of_pytorch():
    q, k, v = (torch.randn(2, 3, 7, 8) for _ in range(3))
    allowed = torch.rand(2, 1, 7, 7) < 0.5
    allowed |= torch.eye(7, dtype=torch.bool)
    for mask in (None, allowed):
        assert torch.allclose(attend(q, k, v, mask), F.scaled_dot_product_attention(q, k, v, attn_mask=mask), atol=1e-5)


def test_compiling_changes_nothing(demos, tiny, words):
    r, stats = tiny(), records.statistics(records.shards(demos))
    kept = streams.Kept(demos, r, words, stats)
    plain, _ = trained(r, words, kept, stats, 1)
    t = Trainer(r, words, stats, precision="float32")
    t.compile("eager")
    t.train_step(kept.stream(t.stage).next())
    for (k, a), b in zip(plain.model.named_parameters(), t.model.parameters()):
        assert torch.allclose(a, b, atol=1e-6), k


def test_the_commands(demos, tmp_path):
    """train, going on, export, latency as they are called."""
    def run(script, *args):
        cmd = [sys.executable, os.path.join(HERE, "..", script), *args]
        return subprocess.run(cmd, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}).stdout

    out = str(tmp_path / "out")
    args = ("--config", "tiny", "--variant", "cogvla", "--shards", demos, "--out", out, "--threads", "1", "--stage-steps", "6")
    assert '"finished": false' in run("train.py", *args, "--steps", "2")
    assert '"finished": true' in run("train.py", *args)
    run("export.py", out + "/state.pt", str(tmp_path / "small.pt"), "--type", "averaged")
    assert os.path.getsize(tmp_path / "small.pt") < os.path.getsize(out + "/state.pt") / 2
    assert "MB of weights" in run("export.py", str(tmp_path / "small.pt"), str(tmp_path / "folder"), "--shards", demos)
    for name in ("model.gguf", "config.json", "dataset_statistics.json", "tokenizer.json", "reference.json"):
        assert (tmp_path / "folder" / name).exists(), name
    assert "ms a pass of 8 actions" in run("latency.py", out + "/state.pt", "--tries", "2")
