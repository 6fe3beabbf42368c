"""Attention on a processor with AMX: amx.c, built into the user's cache when first imported, as operators of PyTorch.

Written out, attention takes most of a training step on a CPU, since its [B, H, S, S] tensors pass through
memory again and again; here they stay in the cache. Without AMX, a C compiler or bfloat16 nothing changes:
model.py then writes attention out.
"""
import ctypes
import functools
import hashlib
import os
import subprocess

import torch

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "winnow", "train")
FLAGS = ["-O3", "-shared", "-fPIC", "-march=sapphirerapids"]


@functools.cache
def library():
    """The C functions; None where they cannot be had."""
    if not getattr(torch.cpu, "_is_amx_tile_supported", lambda: False)():
        return None
    source = os.path.join(HERE, "amx.c")
    with open(source, "rb") as f:
        path = os.path.join(CACHE, "amx-" + hashlib.sha256(f.read() + " ".join(FLAGS).encode()).hexdigest()[:16] + ".so")
    if not os.path.exists(path):
        made = f"{path}.{os.getpid()}"
        try:
            os.makedirs(CACHE, exist_ok=True)
            subprocess.run(["cc", *FLAGS, source, "-o", made, "-lm"], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            return None
        os.replace(made, path)
    c = ctypes.CDLL(path)
    return c if c.amx_allowed() == 0 else None


def fits(q):
    """Whether q [B, H, S, d] can go this way."""
    return READY and q.device.type == "cpu" and q.dtype == torch.bfloat16 and q.shape[-1] in (32, 64)


def pointers(*tensors):
    return [ctypes.c_void_p(t.data_ptr()) for t in tensors]


@torch.library.custom_op("winnow::amx_forward", mutates_args=())
def forward(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, prefix: int, start: torch.Tensor,
            end: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """q [N, R, d]; k, v [N, C, d], contiguous; start, end [R] int32 → out [N, R, d], lse [N, R]."""
    out, lse = torch.empty_like(q), torch.empty(q.shape[:2])
    n, rows, d = q.shape
    library().forward(*pointers(q, k, v, out, lse), n, rows, k.shape[1], d, prefix, *pointers(start, end))
    return out, lse


@torch.library.custom_op("winnow::amx_backward", mutates_args=())
def backward(g: torch.Tensor, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, out: torch.Tensor, lse: torch.Tensor,
             prefix: int, start: torch.Tensor, end: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    g = g.contiguous()
    dq, dk, dv = torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)
    n, rows, d = q.shape
    library().backward(*pointers(g, q, k, v, out, lse, dq, dk, dv), n, rows, k.shape[1], d, prefix, *pointers(start, end))
    return dq, dk, dv


@forward.register_fake
def _(q, k, v, prefix, start, end):
    return torch.empty_like(q), q.new_empty(q.shape[:2], dtype=torch.float32)


@backward.register_fake
def _(g, q, k, v, out, lse, prefix, start, end):
    return torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)


def _keep(ctx, inputs, output):
    q, k, v, ctx.prefix, start, end = inputs
    ctx.save_for_backward(q, k, v, *output, start, end)


def _back(ctx, g, _):
    *saved, start, end = ctx.saved_tensors
    return *backward(g, *saved, ctx.prefix, start, end), None, None, None


forward.register_autograd(_back, setup_context=_keep)


def attend(q, k, v, prefix, start, end):
    """q [B, H, R, d]; k, v [B, H, C, d] → [B, H, R, d]. Row i sees the columns below prefix and start[i] … end[i]-1."""
    q, k, v = (x.flatten(0, 1).contiguous() for x in (q, k, v))
    return forward(q, k, v, prefix, start, end)[0]


def full(q, k, v, causal):
    """As model.attention."""
    row = torch.arange(q.shape[2], dtype=torch.int32)
    none = torch.zeros_like(row)
    return attend(q, k, v, 0 if causal else k.shape[2], none, row + 1 if causal else none).view(q.shape)


def branches(q, k, v, kp, vp, n):
    """As model.branches."""
    prefix, length = kp.shape[2], q.shape[2] // n
    row = torch.arange(q.shape[2], dtype=torch.int32) + prefix
    start = torch.arange(n, dtype=torch.int32).repeat_interleave(length) * length + prefix
    return attend(q, torch.cat([kp, k], 2), torch.cat([vp, v], 2), prefix, start, row + 1).view(q.shape)


READY = library() is not None
