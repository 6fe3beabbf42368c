import pytest
import torch

import amx
from model import below

pytestmark = pytest.mark.skipif(not amx.READY, reason="a processor with AMX and a C compiler")


def exact(q, k, v, seen):
    scores = (q @ k.mT * q.shape[-1] ** -0.5).masked_fill(~seen, -torch.inf)
    return scores.softmax(-1) @ v


def compare(go, want, inputs):
    """Values and gradients of go in bfloat16 against want's in float32, on the same numbers."""
    rough = [x.bfloat16().requires_grad_() for x in inputs]
    fine = [x.bfloat16().float().requires_grad_() for x in inputs]
    got, true = go(*rough), want(*fine)
    weight = torch.randn_like(true)
    got.backward(weight.bfloat16())
    true.backward(weight.bfloat16().float())
    for a, b in zip([got, *(x.grad for x in rough)], [true, *(x.grad for x in fine)]):
        assert a.shape == b.shape and (a.float() - b).norm() < 0.01 * b.norm() + 1e-4


@pytest.mark.parametrize("rows, width", [(1, 32), (16, 64), (37, 32), (257, 64)])
@pytest.mark.parametrize("causal", [False, True])
def test_full_attention(rows, width, causal):
    torch.manual_seed(rows)
    seen = below(rows, torch.zeros(1)) == 0 if causal else torch.ones(rows, rows, dtype=torch.bool)
    # Large scores too: nothing may overflow.
    inputs = [s * torch.randn(2, 3, rows, width) for s in (4, 4, 1)]
    compare(lambda q, k, v: amx.full(q, k, v, causal), lambda q, k, v: exact(q, k, v, seen), inputs)


def test_rows_and_columns_may_differ_in_number():
    q, k, v = torch.randn(2, 3, 40, 32), torch.randn(2, 3, 21, 32), torch.randn(2, 3, 21, 32)
    seen = torch.ones(40, 21, dtype=torch.bool)
    compare(lambda q, k, v: amx.full(q, k, v, False), lambda q, k, v: exact(q, k, v, seen), [q, k, v])


@pytest.mark.parametrize("n, length, prefix", [(1, 64, 21), (5, 18, 261), (2, 7, 4)])
def test_branches_see_the_prefix_and_themselves(n, length, prefix):
    torch.manual_seed(n)
    q, k, v = (torch.randn(2, 3, n * length, 32) for _ in range(3))
    kp, vp = (torch.randn(2, 3, prefix, 32) for _ in range(2))
    own = torch.block_diag(*[torch.ones(length, length).tril()] * n).bool()
    seen = torch.cat([torch.ones(n * length, prefix, dtype=torch.bool), own], 1)
    compare(lambda q, k, v, kp, vp: amx.branches(q, k, v, kp, vp, n),
            lambda q, k, v, kp, vp: exact(q, torch.cat([kp, k], 2), torch.cat([vp, v], 2), seen), [q, k, v, kp, vp])


def test_only_what_the_tiles_hold_goes_this_way():
    assert amx.fits(torch.zeros(1, 1, 4, 32, dtype=torch.bfloat16))
    assert not amx.fits(torch.zeros(1, 1, 4, 32)) and not amx.fits(torch.zeros(1, 1, 4, 48, dtype=torch.bfloat16))
