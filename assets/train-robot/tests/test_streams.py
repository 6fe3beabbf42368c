"""A recorder that plays on. WINNOW_RECORDER names the real one's binary; else one stands in for it."""
import itertools
import os
import sys

import pytest
import torch

import records
import streams
from conftest import HERE

RECORDER = [os.environ["WINNOW_RECORDER"]] if os.environ.get("WINNOW_RECORDER") else [sys.executable, os.path.join(HERE, "fake_recorder.py")]


@pytest.fixture(scope="module")
def stats():
    import recipe
    return records.statistics(streams.played(RECORDER, 1, recipe.load("tiny"), 12))


def test_a_recorder_ends_by_itself_or_is_ended(tiny):
    assert len(list(streams.played(RECORDER, 40, tiny(), 3))) in (2, 3)  # an expert may fail
    endless = streams.played(RECORDER, 1, tiny())
    assert [h["seed"] for h, _ in itertools.islice(endless, 2)] == [1, 2]
    endless.close()
    with pytest.raises(RuntimeError, match="the recorder ended with"):
        list(streams.played([sys.executable, "-c", "raise SystemExit(3)"], 1, tiny()))


def test_batches_go_on_behind_the_group(tiny, words, stats):
    args = (words, tiny(), RECORDER, stats)
    first, after = next(streams.batches(*args, 1, 8))
    again, _ = next(streams.batches(*args, 1, 8))
    later, end = next(streams.batches(*args, after, 8))
    assert all(torch.equal(first[k], again[k]) for k in first) and not torch.equal(first["actions"], later["actions"])
    # Seeds 20 to 39 are held out: the second group lies behind them.
    assert after > 24 and end > after + 20 and first["pixels"].shape == (8, 2, 32, 32, 3)


def test_readers_take_turns(tiny, words, stats):
    r = tiny()
    r.stages[0].batch = 8
    s = streams.Played(r, words, RECORDER, stats, r.stages[0], readers=2)
    try:
        a, b = s.next(), s.next()
        assert s.turn == 0 and s.seeds[1] > s.seeds[0] + 1000 and not torch.equal(a["actions"], b["actions"])
    finally:
        s.close()
