import os
import sys

import pytest
import torch

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
torch.set_num_threads(1)


@pytest.fixture
def words():
    from data import Words
    return Words()


@pytest.fixture
def config():
    """A small model with everything in it, so that the tests take seconds."""
    import config as configs
    c = configs.load("sprites-5.7m")
    c.vision = configs.Vision(width=32, heads=2, layers=3, mlp=64)
    c.decoder = configs.Decoder(width=48, heads=4, layers=6, neurons=64)
    for s in c.stages:
        s.image, s.batch, s.steps, s.thaw = 56, 2, 10, 2
    return c


@pytest.fixture
def painter():
    """A stand-in for assets/scenes/paint that speaks its format."""
    return [sys.executable, os.path.join(os.path.dirname(__file__), "fake_painter.py")]
