import os
import sys

import pytest
import torch

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
torch.set_num_threads(1)


@pytest.fixture
def words():
    from words import Words
    return Words()


@pytest.fixture
def small():
    """A recipe with everything in it, so that the tests take seconds."""
    import recipe
    r = recipe.load("draw-8.9m")
    r.denoiser = recipe.Denoiser(size=64, patch=8, width=32, heads=2, layers=2)
    r.text = recipe.Text(width=32, heads=2, layers=2, mlp=64)
    r.flow.label_layer = 1
    for s in r.stages:
        s.batch, s.steps, s.warmup = 4, 6, 2
    return r


@pytest.fixture
def painter():
    """assets/scenes/paint where WINNOW_PAINTER names its binary, else a stand-in that speaks its format."""
    if os.environ.get("WINNOW_PAINTER"):
        return [os.environ["WINNOW_PAINTER"]]
    return [sys.executable, os.path.join(os.path.dirname(__file__), "fake_draw_painter.py")]
