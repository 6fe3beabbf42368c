import argparse
import functools

import pytest
import torch

import loop
import train
from data import READER_SEEDS
from helpers import Helpers


@pytest.mark.parametrize("repeat", [1, 2])
def test_two_processes_take_the_step_of_both_batches(repeat, config, words, painter, tmp_path):
    command = tmp_path / "paint"
    command.write_text(f'#!/bin/sh\nexec {" ".join(painter)} "$@"\n')
    command.chmod(0o755)
    a = argparse.Namespace(painter=str(command), painter_args=[], readers=1, repeat=repeat, room=4, compile=False)
    one, two = (train.Trainer(config, words, precision="float32") for _ in range(2))
    for t in (one, two):
        t.enter(config.stage("joint"))
        t.step = 5  # the encoder learns
    two.heads.load_state_dict(one.heads.state_dict())
    two.model.load_state_dict(one.model.state_dict())
    two.helpers = Helpers([two.model, two.heads], 1, functools.partial(train.helping, config, "float32", two.index, None, a))
    streams = [train.scenes(one, a, rank) for rank in range(2)]
    try:
        batches = [s.next() for s in streams]
        torch.manual_seed(7)
        log = two.train_step(loop.pool(two, a)(batches[0]))
        torch.manual_seed(7)
        first, _ = one.graded(loop.pool(one, a)(batches[0]))
        torch.manual_seed(1)
        second, _ = one.graded(loop.pool(one, a)(batches[1]))
        assert log["loss"] == pytest.approx((first + second).item() / 2, abs=1e-3) and first != second
        matrices = [p for g in one.muon.param_groups for p in g["params"] if p.grad is not None]
        same = [p for g in two.muon.param_groups for p in g["params"] if p.grad is not None]
        assert len(matrices) == len(same) > 20
        for p, q in zip(matrices, same):
            assert torch.allclose(p.grad / 2, q.grad, atol=1e-6)
        assert two.others == [[two.stage.seed + READER_SEEDS + two.stage.batch // repeat]]
        two.helpers.all[0][2].kill()
        with pytest.raises(RuntimeError, match="helping process has ended"):
            for _ in range(3):
                two.train_step(batches[0])
    finally:
        two.helpers.close()
        for s in streams:
            s.close()


def test_a_crowded_stage_asks_the_painter_for_it(config, words, monkeypatch):
    monkeypatch.setattr(train, "Stream", lambda *given: given)
    a = argparse.Namespace(painter="paint", painter_args=["-augment"], readers=1, repeat=1)
    t = train.Trainer(config, words)
    assert "-crowded" not in train.scenes(t, a)[6]
    t.stage.crowded = True
    assert train.scenes(t, a)[6] == ["-augment", "-crowded"]
