"""The layout is that of diffusers and transformers; training goes on bit for bit."""
import copy
import os

import pytest
import torch

import flow
import folder
import recipe
import stream
from export import check, one_velocity
from pixart import Drawer, kept
from sample import draw, sheet
from trainer import Trainer
from words import Words


def wild(r, words):
    """A Drawer whose every parameter says something."""
    torch.manual_seed(5)
    model = Drawer(r, words.size)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(torch.randn_like(p) * (0.5 / p.shape[-1] ** 0.5 if p.ndim > 1 else 0.2))
    return model.eval()


def test_sizes_are_what_the_names_say(words):
    for name, millions in (("draw-8.9m", 8.9), ("draw-6m", 5.9)):
        model = Drawer(recipe.load(name), words.size)
        count = sum(v.numel() for v in kept(model.state_dict()).values())
        assert abs(count / 1e6 - millions) < 0.06 and 4e6 < count < 9e6


def test_equals_diffusers(small, words, tmp_path):
    pytest.importorskip("diffusers")
    for r in (small, recipe.load("draw-8.9m")):
        model = wild(r, words)
        out = str(tmp_path / str(r.denoiser.width))
        folder.write(out, r, words, model.state_dict())
        inputs, velocity = one_velocity(model, r, words)
        assert check(out, inputs, velocity) < 1e-4 * max(1, velocity.abs().max().item())


def test_text_encoder_equals_transformers(small, words, tmp_path):
    transformers = pytest.importorskip("transformers")
    model = wild(small, words)
    folder.write(str(tmp_path), small, words, model.state_dict())
    theirs, info = transformers.CLIPTextModel.from_pretrained(str(tmp_path / "text_encoder"), output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"]
    ids = torch.tensor([words.encode("a red apple left of a dog"), words.empty])
    with torch.no_grad():
        for fused in (False, True):
            assert torch.allclose(theirs(ids).last_hidden_state, model.text_encoder(ids, fused), atol=1e-5)


def test_tensor_names(small, words):
    """The names of PixArt, for those who have no diffusers at hand."""
    names = set(folder.parts(wild(small, words).state_dict())["transformer"])
    block = [f"attn{i}.to_{x}.{k}" for i in (1, 2) for x in ("q", "k", "v", "out.0") for k in ("weight", "bias")]
    block += [f"ff.net.{i}.{k}" for i in ("0.proj", "2") for k in ("weight", "bias")] + ["scale_shift_table"]
    want = {f"transformer_blocks.{i}.{n}" for i in range(2) for n in block} | {"scale_shift_table"}
    for n in ("pos_embed.proj", "adaln_single.linear", "proj_out", "caption_projection.linear_1", "caption_projection.linear_2",
              "adaln_single.emb.timestep_embedder.linear_1", "adaln_single.emb.timestep_embedder.linear_2"):
        want |= {n + ".weight", n + ".bias"}
    assert names == want


def test_fused_attention_is_the_same(small, words):
    model = wild(small, words)
    _, written_out = one_velocity(model, small, words)
    model.fused = True
    _, fused = one_velocity(model, small, words)
    assert torch.allclose(written_out, fused, atol=1e-4)


def test_euler_equals_the_scheduler(small, words, tmp_path):
    diffusers = pytest.importorskip("diffusers")
    folder.write(str(tmp_path), small, words, Drawer(small, words.size).state_dict())
    s = diffusers.FlowMatchEulerDiscreteScheduler.from_pretrained(str(tmp_path / "scheduler"))
    s.set_timesteps(7)
    model = wild(small, words)
    ids, empty = torch.tensor([words.encode("a cat")]), torch.tensor([words.empty])
    x = noise = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        for t in s.timesteps:
            v, plain = (model(x, t[None] / 1000, i)[0] for i in (ids, empty))
            x = s.step(plain + 3 * (v - plain), t, x, return_dict=False)[0]
    assert torch.allclose(flow.euler(model, ids, empty, noise, 7, 3.0), x, atol=1e-3)


def test_euler_reaches_the_one_picture_there_is():
    target = torch.rand(2, 3, 8, 8) * 2 - 1

    def model(x, t, ids):  # v = (x_t - x0) / t
        return ((x - target) / t.view(-1, 1, 1, 1),)
    seen = []
    out = flow.euler(model, torch.zeros(2, 4, dtype=torch.long), torch.zeros(1, 4, dtype=torch.long),
                     torch.randn(2, 3, 8, 8), 9, 1.0, lambda i, t, x0: seen.append((x0 - target).abs().max().item()))
    assert torch.allclose(out, target, atol=1e-5) and len(seen) == 9 and max(seen) < 1e-4


def test_times_are_logit_normal():
    f = recipe.Flow(mean=0.5, std=1.5)
    t = torch.cat([flow.times(16, f) for _ in range(400)])
    z = torch.logit(t)
    assert abs(z.mean() - 0.5) < 0.02 and abs(z.std() - 1.5) < 0.05 and 0 < t.min() and t.max() < 1
    order = torch.stack([flow.times(8, f).argsort() for _ in range(200)]).float().mean(0)
    assert (order - 3.5).abs().max() < 1, "a scene's place in the batch says nothing about its t"


def states_equal(a, b):
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(states_equal(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(states_equal, a, b))
    return a == b


@pytest.mark.parametrize("interrupt", [2, 7])
def test_goes_on_bit_for_bit(small, words, painter, tmp_path, interrupt):
    """9 steps at once, over the border of two stages, and the same with a save between."""
    def go(t, steps):
        source = None
        for _ in range(steps):
            if t.progress(None) >= 1:
                t.next_stage()
                source = None
            if source is None:
                source = stream.batches(words, small, painter, t.seeds[0] if t.seeds else t.stage.seed, t.stage.batch)
            batch, seed = next(source)
            t.seeds = [seed]
            t.train_step(batch)
        return t
    whole = go(Trainer(copy.deepcopy(small), words, precision="float32"), 9)
    part = go(Trainer(copy.deepcopy(small), words, precision="float32"), interrupt)
    path = str(tmp_path / "state.pt")
    part.save(path)
    again = Trainer(copy.deepcopy(small), words, precision="float32", seed=99)
    again.load(torch.load(path, weights_only=True))
    go(again, 9 - interrupt)
    whole.save(path)
    again.save(path + "2")
    a, b = torch.load(path, weights_only=True), torch.load(path + "2", weights_only=True)
    assert whole.stage.name == "cooldown" and whole.total == 9
    for k in a:
        assert states_equal(a[k], b[k]), k


def test_loss_falls(small, words, painter):
    t = Trainer(small, words, precision="float32")
    t.stage.steps = 1000
    batch, _ = next(stream.batches(words, small, painter, 3, 8))
    logs = [t.train_step(batch) for _ in range(60)]
    first, last = (sum(l["velocity"] for l in part) / 10 for part in (logs[:10], logs[-10:]))
    assert last < 0.8 * first, (first, last)
    assert logs[-1]["labels"] < logs[0]["labels"]


def test_validation_leaves_training_alone(small, words, painter):
    t = Trainer(small, words, precision="float32")
    batch, _ = next(stream.batches(words, small, painter, 3, 8))
    t.train_step(batch)
    before, rng = copy.deepcopy(t.model.state_dict()), torch.get_rng_state()
    assert t.validate(batch) == t.validate(batch)
    assert states_equal(before, t.model.state_dict()) and torch.equal(rng, torch.get_rng_state())


def test_one_compiled_block_serves_all(small, words, painter):
    """What --compile captures; the code generator itself is PyTorch's."""
    from torch._dynamo.utils import counters
    small.denoiser.layers = small.text.layers = 4
    batch, _ = next(stream.batches(words, small, painter, 3, 4))
    plain, compiled = (Trainer(copy.deepcopy(small), words, precision="bf16") for _ in range(2))
    torch._dynamo.reset()
    counters.clear()
    compiled.compile("aot_eager")
    for _ in range(2):
        torch.manual_seed(1)
        want = plain.train_step(batch)
        torch.manual_seed(1)
        got = compiled.train_step(batch)
        assert abs(want["velocity"] - got["velocity"]) < 1e-3
    compiled.validate(batch)
    assert counters["stats"]["unique_graphs"] == 2 and not counters["graph_break"]


def test_another_recipe_is_refused(small, words, tmp_path):
    path = str(tmp_path / "state.pt")
    Trainer(copy.deepcopy(small), words).save(path)
    small.denoiser.width = 64
    with pytest.raises(ValueError, match="denoiser"):
        Trainer(small, words).load(torch.load(path, weights_only=True))


def test_without_the_label_head(small, words, painter):
    small.flow.labels = 0.0
    t = Trainer(small, words, precision="float32")
    batch, _ = next(stream.batches(words, small, painter, 3, 4))
    assert "labels" not in t.train_step(batch)


def test_draws_and_lays_out(small, words):
    texts = ["a cat", "a red bus on the left and a very long caption that needs more than one line"]
    pictures = draw(wild(small, words), words, texts, 64, 2, 2.0, 1)
    assert pictures.shape == (2, 3, 64, 64) and pictures.dtype == torch.uint8
    page = sheet(pictures, texts)
    assert page.width == 8 + 2 * 200 and page.height > 192


@pytest.mark.parametrize("kind", ["f32", "f16", "q8_0"])
def test_folders_hold_what_was_trained(small, words, tmp_path, kind):
    if kind == "q8_0":
        gguf = pytest.importorskip("gguf")
    from safetensors.torch import load_file
    state = kept(wild(small, words).state_dict())
    folder.write(str(tmp_path), small, words, state, kind)
    stored, seen = folder.stored(state, kind), 0
    for part, stem in folder.FILES.items():
        path = os.path.join(str(tmp_path), part, stem)
        if kind == "q8_0":
            tensors = {t.name: torch.from_numpy(gguf.quants.dequantize(t.data, t.tensor_type).reshape([int(n) for n in t.shape[::-1]]).copy())
                       for t in gguf.GGUFReader(path + ".gguf").tensors}
        else:
            tensors = load_file(path + ".safetensors")
        for k, v in tensors.items():
            assert torch.equal(v.float(), stored[f"{part}.{k}"]), k
            seen += 1
    assert seen == len(state)
    worst = max((stored[k] - state[k]).abs().max() / state[k].abs().max() for k in state)
    assert worst <= {"f32": 0, "f16": 5e-4, "q8_0": 5e-3}[kind]


def test_q8_0_fits_the_limit(words, tmp_path):
    pytest.importorskip("gguf")
    r = recipe.load("draw-8.9m")
    size = folder.write(str(tmp_path), r, words, Drawer(r, words.size).state_dict(), "q8_0")
    assert size < r.megabytes * 1e6


def test_too_long_a_caption_is_cut():
    w = Words()
    ids = w.encode("a cat " * 40)
    assert len(ids) == 32 and ids[-1] == w.end and ids[-2] != w.end
