"""Attention that trains fast on either device."""
import torch
import torch.nn.functional as F


def attend(q, k, v, allowed=None):
    """q, k, v [B, heads, rows, columns], allowed [B, 1, rows, rows] or None → [B, heads, rows, columns].

    PyTorch's fused attention takes 2 to 4 times as long forth and back on a CPU, at these few rows
    of 32 columns.
    """
    if q.is_cuda or not torch.is_grad_enabled():
        return F.scaled_dot_product_attention(q, k, v, attn_mask=allowed)
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
    if allowed is not None:
        scores = scores.masked_fill(~allowed, float("-inf"))
    return F.softmax(scores, -1).to(v.dtype) @ v
