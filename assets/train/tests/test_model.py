import argparse
import io
import json
import os

import numpy as np
import pytest
import torch
from PIL import Image
from fake_painter import record

import config as configs
import loop
from data import Stream, read_record, scene, stack, to_device
from export import TOLERANCE, branch_logits, check, write_folder
from losses import Heads, joint_loss
from model import EYES, VLM, fit, resize_positions
from train import Trainer
from weights import read_weights


def model_of(config, words, image=56):
    torch.manual_seed(3)
    return VLM(config, image, words.size).eval()


@pytest.mark.parametrize("act", ["silu", "relu"])
def test_layout_is_plain_llava(config, words, tmp_path, act):
    config.decoder.act = act
    m = model_of(config, words)
    m.load_state_dict({k: v.half().float() if v.ndim > 1 else v for k, v in m.state_dict().items()})
    write_folder(m, words, tmp_path / "m")
    assert check(m, words, tmp_path / "m") < TOLERANCE


def test_a_hugging_face_folder_comes_back(config, words, tmp_path):
    m = model_of(config, words)
    write_folder(m, words, tmp_path / "m")
    back = read_weights(str(tmp_path / "m"), config)["model"]
    for k in ("pe.weight", "pp", "emb.weight", "vb.1.k.bias", "db.5.d.weight"):
        assert torch.allclose(back[k], m.state_dict()[k], atol=1e-3), k


def test_questions_do_not_see_each_other(config, words):
    m, pixels = model_of(config, words), torch.randn(1, 3, 56, 56)
    a = branch_logits(m, words, pixels, ["Is there a cat?", "Where is the dog?"])
    b = branch_logits(m, words, pixels, ["How many cows are there?", "Where is the dog?"])
    assert torch.allclose(a[1], b[1], atol=1e-6) and not torch.allclose(a[0], b[0], atol=1e-3)


def test_every_branch_counts_from_the_prefix(config, words):
    m = model_of(config, words)
    q = m.position[m.prefix + config.caption_length:].view(config.questions, -1)
    assert (q == m.prefix + torch.arange(config.question_length)).all()
    assert m.position[: m.prefix + config.caption_length].tolist() == list(range(m.prefix + config.caption_length))


def test_positions_are_interpolated():
    y, x = torch.meshgrid(torch.linspace(-1, 1, 16), torch.linspace(-1, 1, 16), indexing="ij")
    pp = torch.cat([torch.full((1, 2), 9.0), torch.stack([x, y], -1).view(-1, 2)])
    big = resize_positions(pp, 24)
    assert big.shape == (577, 2) and (big[0] == 9).all()
    rows = big[1:].view(24, 24, 2)
    assert (rows[:, 1:, 0] > rows[:, :-1, 0]).all() and (rows[1:, :, 1] > rows[:-1, :, 1]).all()
    assert (resize_positions(pp, 16) == pp).all()


def test_weights_serve_a_larger_picture(config, words):
    small = model_of(config, words)
    large = VLM(config, 84, words.size)
    large.load_state_dict(fit(small.state_dict(), large.grid))
    assert large.see(torch.randn(1, 3, 84, 84)).shape == (1, 36, 32)


def test_dropping_patches_and_blindness_change_answers(config, words):
    m = model_of(config, words)
    d = to_device(stack([scene(words, config, *read_record(io.BytesIO(record(1, 56))))]), words, "cpu")
    heads, nouns = Heads(config, m.grid), torch.tensor(words.nouns)
    loss = lambda **k: float(joint_loss(m, heads, d, nouns, **k)[0].detach())
    dense = loss()
    assert loss(keep=torch.ones(1, 16, dtype=torch.bool)) == pytest.approx(dense, abs=1e-4)
    assert loss(keep=torch.zeros(1, 16, dtype=torch.bool)) != pytest.approx(dense, abs=1e-6)
    assert loss(blind=torch.tensor([False])) == pytest.approx(dense, abs=1e-6)
    assert loss(blind=torch.tensor([True])) != pytest.approx(dense, abs=1e-6)


@pytest.mark.parametrize("kind", ["encoder", "joint"])
def test_resuming_is_bit_for_bit(config, words, painter, tmp_path, kind):
    def steps(t, n):
        s = Stream(t.words, t.c, painter, t.stage, 1, t.seeds)
        try:
            for _ in range(n):
                t.train_step(s.next())
                t.seeds = list(s.seeds)
        finally:
            s.close()

    def new(seed):
        t = Trainer(config, words, precision="float32", seed=seed)
        t.enter(config.stage(kind))
        return t

    whole = new(1)
    steps(whole, 10)
    half = new(1)
    steps(half, 5)
    half.save(str(tmp_path / "state.pt"))
    again = new(2)
    again.load(torch.load(tmp_path / "state.pt", weights_only=False))
    steps(again, 5)
    assert again.step == 10
    for k, v in whole.model.state_dict().items():
        assert torch.equal(v, again.model.state_dict()[k]), k
    assert all(torch.equal(v, again.ema[k]) for k, v in whole.ema.items())


def test_eyes_that_do_not_learn_stay(config, words, painter):
    config.stages[1].eyes = False
    t = Trainer(config, words)
    t.enter(1)
    before = {k: v.clone() for k, v in t.model.state_dict().items()}
    s = Stream(t.words, t.c, painter, t.stage, 1, t.seeds)
    try:
        t.train_step(s.next())
    finally:
        s.close()
    after = t.model.state_dict()
    same = {k for k in before if torch.equal(before[k], after[k])}
    assert {k for k in before if k.split(".")[0] in EYES} <= same and "db.0.q.weight" not in same and "emb.weight" not in same


def test_a_course_logs_saves_and_ends(config, words, painter, tmp_path):
    p = argparse.ArgumentParser()
    loop.arguments(p, "", "", 100, 1000)
    a = p.parse_args(["--out", str(tmp_path), "--painter", "", "--log-every", "1"])
    path = loop.prepare(a)
    for s in config.stages:
        s.steps = 2
    t = Trainer(config, words)
    loop.run(t, a, 1, lambda: Stream(t.words, t.c, painter, t.stage, 1, t.seeds), lambda _: t.save(path))
    said = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [s["step"] for s in said if "loss" in s] == [1, 2] * 3 and said[-1]["finished"]
    assert torch.load(path, weights_only=False)["stage"] == "cooldown"


@pytest.mark.parametrize("name", ["sprites-5.7m", "sprites-5.7m-reglu", "sprites-15m"])
def test_configurations_hold_together(words, name):
    c = configs.load(name)
    assert [s.kind for s in c.stages][0] == "encoder" and c.stages[-1].kind == "cooldown"
    m = VLM(c, c.stages[-1].image, words.size)
    layers = c.teach.read + c.teach.hop + c.teach.look + c.teach.ask
    assert max(layers) < c.decoder.layers
    # q8_0 stores 34 bytes for 32 weights.
    assert sum(p.numel() for p in m.parameters()) * 34 / 32 < c.megabytes * 1e6


@pytest.mark.skipif("WINNOW_TRAIN_STATE" not in os.environ, reason="WINNOW_TRAIN_STATE names no state.pt")
def test_a_state_of_the_first_recipe_goes_on(words):
    state = torch.load(os.environ["WINNOW_TRAIN_STATE"], map_location="cpu", weights_only=False)
    t = Trainer(configs.load("sprites-5.7m"), words)
    t.load(state)
    assert t.stage.kind == state["stage"] and t.step == state["step"]
    assert all(torch.equal(v, state["model"][k]) for k, v in t.model.state_dict().items())
    assert all(torch.equal(v, state["heads"][k]) for k, v in t.heads.state_dict().items() if k in state["heads"])
    assert len(t.muon.state) == len(state["muon"]["state"])


@pytest.mark.parametrize("name", ["llava-sprites", "llava-sprites-reglu"])
def test_what_ships_is_read_back(words, name):
    """The first logits of every sample's first question are transformers', but for eight bits."""
    models = os.path.join(configs.HERE, "..", "models", name)
    config = configs.load("sprites-5.7m-reglu" if name.endswith("reglu") else "sprites-5.7m")
    m = VLM(config, 224, words.size).eval()
    m.load_state_dict(read_weights(models, config)["model"])
    with open(os.path.join(models, "reference.json"), encoding="utf-8") as f:
        cases = [c for c in json.load(f)["cases"] if "logits" in c][:4]
    for c in cases:
        picture = Image.open(os.path.join(configs.HERE, "..", "samples", c["picture"])).convert("RGB").resize((224, 224))
        pixels = to_device({"pixels": torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None]}, words, "cpu")["pixels"]
        got, want = branch_logits(m, words, pixels, [c["question"]])[0], torch.tensor(c["logits"])[:words.size]
        assert (got - want).abs().max() < 0.05 * want.abs().max(), c
