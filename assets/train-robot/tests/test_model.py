import math

import pytest
import torch

import discrete
import layout
import schedule
from conftest import batch_of
from language import rotate
from policy import Policy, exported


def made(r, words, seed=0):
    torch.manual_seed(seed)
    return Policy(r, words.size).eval()


@pytest.mark.parametrize("variant", ["dense", "stage1", "cogvla", "autoregressive"])
def test_shapes_and_that_padding_and_company_change_nothing(variant, tiny, words):
    r = tiny(variant)
    m, batch = made(r, words), batch_of(r, words)
    with torch.no_grad():
        out = m(batch)
        key = "logits" if m.autoregressive else "actions"
        for i in range(2):
            one = {k: v[i:i + 1] for k, v in batch.items()}
            one["prompt"] = one["prompt"][:, :int(one["length"][0])]
            assert torch.allclose(m(one)[key][0], out[key][i], atol=2e-5)
        # Instruction, picture and state all matter.
        for k in ("prompt", "pixels", "proprio"):
            other = {**batch, k: batch[k].flip(0)}
            if k == "prompt":
                other["length"] = batch["length"].flip(0)
            assert not torch.allclose(m(other)[key], out[key], atol=1e-4), k


@pytest.mark.parametrize("lfp,average", [("deep_all", 0.5), ("interleave", 0.25), ("shiftedcos_decay_0.85_0.15", 0.2)])
def test_layers_keep_what_the_schedule_says(lfp, average, tiny, words):
    r = tiny()
    r.routing.type, r.routing.average = lfp, average
    s, layers = schedule.Schedule(lfp, average), r.language.layers
    m = made(r, words)
    with torch.no_grad():
        kept = m(batch_of(r, words))["kept"]
        soft = m(batch_of(r, words), hard=False)["kept"]
    assert all(k is None for k in soft) and any(k is not None for k in kept)
    for i, k in enumerate(kept):
        if k is None:
            assert s.kept(i, layers, r.visual) == r.visual
            continue
        visual = (k >= 1) & (k <= r.visual)
        assert (visual.sum(1) == s.kept(i, layers, r.visual)).all()
        assert (k[:, 0] == 0).all() and (k.diff(dim=1) > 0).all() and k[:, -1].min() == k.max()


def test_the_released_schedule():
    s = schedule.Schedule("shiftedcos_decay_0.85_0.15", 0.5)
    kept = [s.kept(i, 32, 128) for i in range(32)]
    assert kept == [128] * 8 + [108, 103, 97, 92, 86, 80, 73, 67, 60, 54, 47, 41, 35, 30, 24] + [19] * 9
    with pytest.raises(ValueError, match="no schedule"):
        schedule.Schedule("shiftedcos", 0.5)


def test_skipping_rows_keep_their_value_and_routers_learn(tiny, words):
    r = tiny()
    m, batch = made(r, words, seed=2), batch_of(r, words)  # a seed with which the layers keep some rows in common
    x, lay, _ = m.embed(batch)
    layer = m.language_model.model.layers[2]
    y, kept = layer.route(x, lay["allowed"], lay["about"], r.visual, r.visual // 2)
    for b in range(len(x)):
        skip = sorted(set(range(x.shape[1])) - set(kept[b].tolist()))
        assert len(skip) == r.visual - r.visual // 2 and torch.equal(x[b, skip], y[b, skip])
    m(batch)["actions"].sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in layer.router.parameters())


def test_masks(tiny, words):
    batch = batch_of(tiny(), words)
    for variant in ("dense", "cogvla", "autoregressive"):
        r = tiny(variant)
        lay = made(r, words).layout(batch["prompt"], batch["length"])
        allowed, first = lay["allowed"][0], int(lay["first"][0])
        last = int(lay["real"][0].sum()) - 1
        assert not allowed[:last + 1, last + 1:].any()           # nobody sees padding
        assert bool(allowed[0, 1]) == (variant == "dense")       # causal, or not
        assert bool(allowed[first, last]) == (variant != "autoregressive")
        assert bool(allowed[first - 1, first]) == (variant == "dense")
        assert first == r.visual + 1 + int(batch["length"][0]) and last == first + r.slots - (variant == "autoregressive")


def test_rotation_depends_on_distance_alone():
    q, k = torch.randn(1, 1, 1, 8), torch.randn(1, 1, 1, 8)
    dot = [(rotate(q, a) * rotate(k, b)).sum().item() for a, b in ((5, 2), (9, 6))]
    assert math.isclose(*dot, abs_tol=1e-5)


def test_tokens_of_actions(tiny, words):
    a = torch.linspace(-1, 1, 101)
    ids = discrete.to_tokens(a, 500)
    assert ids.min() >= 500 - 256 and ids.max() < 500
    assert (discrete.to_actions(ids, 500) - a).abs().max() <= 1 / 255 + 1e-6


def test_the_cache_decodes_what_whole_passes_say(tiny, words):
    r = tiny("autoregressive")
    m = made(r, words)
    batch = batch_of(r, words, ("open the drawer", "close the drawer"))
    got = discrete.decode(m, batch)
    tokens = torch.zeros(2, r.action, dtype=torch.long)
    with torch.no_grad():
        for i in range(r.action):
            tokens[:, i] = m(batch, tokens=tokens)["logits"][:, i].argmax(-1)
    assert torch.equal(got, discrete.to_actions(tokens, m.vocabulary))


def test_stored_weights_are_close_and_shapes_stay(tiny, words):
    state = exported(made(tiny(), words).state_dict())
    for kind, most in (("f16", 0.001), ("q8_0", 0.01), ("q5_0", 0.07)):
        back = layout.stored(state, kind)
        assert back.keys() == state.keys()
        assert max((back[k] - state[k]).abs().max() / state[k].abs().max().clamp_min(1e-6) for k in state) < most


def test_tokens_are_the_best_of_their_logits(tiny, words):
    m = made(tiny("autoregressive"), words)
    batch = batch_of(m.r, words, ("open the drawer", "close the drawer"))
    ids, logits = discrete.tokens(m, batch)
    assert logits.shape == (2, m.r.action, m.vocabulary) and torch.equal(logits.argmax(-1), ids)
    # An id that is no bin's means the nearest one's: 1 below the bins, −1 never.
    assert discrete.to_actions(torch.tensor([0, m.vocabulary - 1]), m.vocabulary).tolist() == pytest.approx([254 / 255, -254 / 255])
