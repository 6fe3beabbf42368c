import copy

import pytest
import torch

import config as configs
import grow
from export import branch_logits
from losses import Heads
from model import PROBES, VLM
from rounding import LOW, Rounding, rounded
from train import Trainer

ASKED = ["Is there a cat in the picture?", "How many cows are there?"]


def larger(config):
    c = copy.deepcopy(config)
    c.vision = configs.Vision(width=48, heads=3, layers=3, mlp=96)
    c.decoder = configs.Decoder(width=84, heads=7, layers=8, neurons=80)
    c.teach = configs.load("sprites-15m").teach
    return c


def test_a_grown_model_answers_as_the_small_one(words, config):
    torch.manual_seed(3)
    small, large = VLM(config, 56, words.size).eval(), VLM(larger(config), 56, words.size).eval()
    for p in small.parameters():  # biases and gains as training leaves them
        p.data += 0.1 * torch.randn_like(p)
    torch.nn.init.ones_(small.pl.weight)  # the one norm behind which the mean is not kept
    large.load_state_dict(grow.grown(small.state_dict(), config, large.c, large.state_dict()))
    pixels = torch.randn(1, 3, 56, 56)
    torch.testing.assert_close(branch_logits(large, words, pixels, ASKED), branch_logits(small, words, pixels, ASKED),
                               rtol=0, atol=3e-3)  # the norms' epsilon
    assert any((p[-1] != 0).any() for n, p in large.named_parameters() if n.endswith("db.0.q.weight"))


def test_what_cannot_grow_is_refused(config):
    c = larger(config)
    c.decoder.act = "relu"
    with pytest.raises(SystemExit, match="cannot begin as"):
        grow.check(config, c)


def test_layers_are_put_where_reading_stays(config):
    assert grow.layers_from(config, larger(config)) == [0, 1, 2, None, 3, 4, 5, None]


@pytest.mark.parametrize("kind", LOW)
def test_rounding_is_what_a_file_gives_back(kind):
    from gguf import GGMLQuantizationType, quants
    x = torch.randn(64, 32)
    x[3], x[4] = 0, torch.tensor([1.0, -1.0]).repeat(16)
    t = getattr(GGMLQuantizationType, kind.upper())
    assert torch.equal(rounded(x, kind), torch.from_numpy(quants.dequantize(quants.quantize(x.numpy(), t), t)))


def test_matrices_are_exact_again_behind_a_step():
    a, b = torch.nn.Parameter(torch.randn(4, 64)), torch.nn.Parameter(torch.randn(3, 20))
    exact = a.detach().clone()
    with Rounding([a, b], "q4_0"):
        assert not torch.equal(a, exact)
        (a.sum() + b.sum()).backward()
    assert torch.equal(a, exact) and a.grad is not None


def test_heads_learn_while_the_model_stays(words, config, painter):
    from data import Stream
    config.stages = [configs.Stage("heads", "heads", 56, 2, 3, adam=0.01)]
    t = Trainer(config, words)
    before = {k: v.clone() for k, v in t.model.state_dict().items()}
    heads = {k: v.clone() for k, v in t.heads.state_dict().items()}
    stream = Stream(t.words, t.c, painter, t.stage, 1, t.seeds)
    try:
        for _ in range(2):
            t.train_step(stream.next())
    finally:
        stream.close()
    for k, v in t.model.state_dict().items():
        assert (k.split(".")[0] in PROBES) or torch.equal(v, before[k]), k
    assert not torch.equal(t.heads.state_dict()["v.row.weight"], heads["v.row.weight"])
