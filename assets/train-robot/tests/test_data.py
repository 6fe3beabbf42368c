import io

import numpy as np
import pytest
import torch

import look
import records
import streams
from conftest import record
from teacher import AXES, FOCUS, STATES, TAUGHT


def read(data):
    return records.read_record(io.BytesIO(data))


def test_a_record_gives_windows_with_the_actions_that_follow(tiny, words):
    r = tiny()
    data, pixels, state, action = record(3, 32)
    w = records.windows(*read(data), r, words)
    assert np.array_equal(w["pixels"], pixels) and np.array_equal(w["proprio"], state[::3, :4])
    assert np.array_equal(w["actions"][1], action[3:3 + r.chunk]) and w["valid"][1].all()
    assert w["valid"][-1].sum() == 1 and np.array_equal(w["actions"][-1, 0], action[12])
    assert np.array_equal(w["state"][2, :37], state[6]) and not w["state"][:, 37:STATES].any()
    assert list(w["prompt"][0, :w["length"][0]]) == words.encode("pick up the red cube")


def test_the_focus_is_what_the_instruction_is_about(tiny, words):
    state = np.zeros((2, 40), "float32")
    state[:, 4:16] = np.arange(12)       # cubes
    state[:, 16:20] = 20, 21, 22, 23     # bowl, plate
    state[:, 21:24] = 30, 31, 32         # handle
    state[:, 24:28] = 40, 41, 42, 43     # buttons
    state[:, 36:39] = 50, 51, 52         # Meta-World's goal
    state[:, :3] = 1
    for task, goal, thing, to in (("put-plate", (1, -1, 0), (3, 4, 5), (22, 23, 0.025)), ("pick-side", (2, -1, 1), (6, 7, 8), (6, 7, 8)),
                                  ("stack", (0, 1, 0), (0, 1, 2), (3, 4, 5.05)), ("beside", (0, 1, -1), (0, 1, 2), (2.91, 4, 5)),
                                  ("push", (0, -1, -1), (0, 1, 2), (-0.1, 1, 2)), ("open-drawer", (-1, -1, 0), (30, 31, 32), (30, 31, 32)),
                                  ("press-button", (-1, -1, 1), (42, 43, 0.025), (42, 43, 0.025))):
        state[:, 31:34] = goal
        f = records.focus(state, *records.aim({"suite": "table", "task": task}, state))
        assert f.shape == (2, FOCUS) and np.allclose(np.sinh(2 * f[0]) * 0.02 + 1, thing + to, atol=1e-3), task
    f = records.focus(state, *records.aim({"suite": "metaworld", "task": "reach"}, state))
    assert np.allclose(np.sinh(2 * f[1]) * 0.02 + 1, (0, 1, 2, 50, 51, 52), atol=1e-3)
    w = records.windows(*read(record(3, 32)[0]), tiny(), words)
    assert w["place"].shape == (5, AXES) and w["state"].shape[1] == TAUGHT and w["state"][:, STATES:].any()


def test_a_sheet_shows_the_same_pictures(tiny, words):
    raw, sheet = (read(record(4, 32, jpeg=j)[0]) for j in (False, True))
    a, b = (records.windows(*x, tiny(), words) for x in (raw, sheet))
    # A JPEG's colours run over the edge to the neighbour, by a pixel.
    assert np.abs(a["pixels"].astype(int) - b["pixels"])[:, :, 2:-2, 2:-2].max() < 6
    assert all(np.array_equal(a[k], b[k]) for k in a if k != "pixels")


def test_what_breaks_off_or_does_not_fit_is_named(tiny, words):
    data = record(5, 32)[0]
    assert read(b"") is None
    for cut, says in ((50, "within a header"), (len(data) - 1, "within table/t, seed 5")):
        with pytest.raises(ValueError, match=says):
            read(data[:cut])
    with pytest.raises(ValueError, match="2 of 48 px"):
        records.windows(*read(record(5, 48)[0]), tiny(), words)
    with pytest.raises(ValueError, match="raise language.text"):
        words.padded("word " * 40, 28)


def test_normalising_is_what_the_go_side_undoes(demos, tiny, words):
    stats = records.statistics(records.shards(demos))["table"]
    assert stats["num_trajectories"] == 10 and stats["action"]["mask"] == [True] * 3 + [False]
    h, body = next(records.shards(demos))
    w = records.windows(h, body, tiny(), words)
    a = w["actions"].copy()
    u = records.normalise(w, stats)["actions"].astype("float64")
    lo, hi = (np.array(stats["action"][q]) for q in ("q01", "q99"))
    back = 0.5 * (u + 1) * (hi - lo + 1e-8) + lo
    inside = (a > lo) & (a < hi)
    assert inside.any() and np.abs(back - a)[inside][..., None].max() < 2 and np.abs((back - a)[..., :3][inside[..., :3]]).max() < 1e-5
    assert np.array_equal(u[..., 3].astype("float32"), a[..., 3])


def test_batches_follow_from_seed_and_number(demos, tiny, words):
    r = tiny()
    kept = streams.Kept(demos, r, words, records.statistics(records.shards(demos)))
    assert len(set(np.concatenate(kept.suites))) == 10 * 5 and len(kept.test["length"]) == 6 * 5
    drawn = np.bincount(np.concatenate(kept.suites))
    assert np.array_equal(drawn, 1 + streams.FAR * records.far(kept.all["state"].numpy()))
    a, b = kept.stream(r.stages[0]), kept.stream(r.stages[0], [1])
    first, second, again = a.next(), a.next(), b.next()
    assert all(torch.equal(second[k], again[k]) for k in again) and not torch.equal(first["actions"], second["actions"])


def test_the_middle_is_that_of_a_running_policy():
    picture = np.random.default_rng(1).integers(0, 256, (32, 32, 3)).astype("uint8")
    ours = look.middle(torch.from_numpy(picture)[None, None])[0, 0] * 255
    assert np.abs(ours.numpy() - look.middle_bytes(picture)).max() < 1.01
    # The middle pixels lie in the middle.
    varied = look.varied(torch.full((2, 2, 32, 32, 3), 128, dtype=torch.uint8), torch.full((2, 5), 0.5))
    assert torch.allclose(varied, torch.tensor(128 / 255), atol=1e-5)
