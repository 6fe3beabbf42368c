import pytest
import torch

from blend import blend
from model import VLM


def test_a_blend_lies_between_and_keeps_what_only_training_has(config, words):
    a, b = (VLM(config, 56, words.size).state_dict() for _ in range(2))
    got = blend(a, b, 0.25)
    assert torch.allclose(got["pe.weight"], 0.75 * a["pe.weight"] + 0.25 * b["pe.weight"], atol=1e-6)
    assert torch.equal(got["cls.weight"], b["cls.weight"]) and set(got) == set(b)


def test_two_sizes_do_not_blend(config, words):
    a, b = (VLM(config, size, words.size).state_dict() for size in (56, 70))
    with pytest.raises(SystemExit, match="same sizes"):
        blend(a, b, 0.5)
