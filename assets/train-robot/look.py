"""Pictures on their way in: augmented for training, the middle 90 % for use."""
import numpy as np
import torch
import torch.nn.functional as F

SIDE = 0.9 ** 0.5  # of a crop that has 90 % of the area


def cut(pixels, off, side=SIDE):
    """pixels [B, n, 3, S, S] float; off [B, 2] the crop's upper left corner (x, y), in shares of S − 1.
    TensorFlow's crop_and_resize: bilinear between the middles of corner pixels."""
    b, n, _, s, _ = pixels.shape
    grid = torch.linspace(0, 1, s, device=pixels.device) * side
    x = (off[:, :1] + grid) * 2 - 1  # align_corners: −1 and 1 are the middles of corner pixels
    y = (off[:, 1:] + grid) * 2 - 1
    at = torch.stack([x[:, None, :].expand(-1, s, -1), y[:, :, None].expand(-1, -1, s)], -1)
    at = at.repeat_interleave(n, 0)
    return F.grid_sample(pixels.flatten(0, 1), at, align_corners=True).reshape(pixels.shape)


def scaled(pixels):
    """uint8 [B, n, S, S, 3] → float [B, n, 3, S, S] in 0 … 1."""
    return pixels.permute(0, 1, 4, 2, 3).float() / 255


def middle(pixels):
    """As a running policy sees them: cut and rounded to bytes again, like robotics/policy's Prepare."""
    x = cut(scaled(pixels), torch.full((len(pixels), 2), (1 - SIDE) / 2, device=pixels.device))
    return (x * 255.5).clamp(0, 255).floor() / 255


def middle_bytes(picture):
    """uint8 [S, S, 3] → the same by numpy in 64 bits, [3, S, S]: the numbers of Prepare itself."""
    n = picture.shape[0]
    at = (1 - SIDE) / 2 * (n - 1) + np.arange(n) * SIDE
    lo = at.astype(int)
    hi, part = np.minimum(lo + 1, n - 1), at - lo
    p = picture.astype("float64")
    lines = p[:, lo] + (p[:, hi] - p[:, lo]) * part[None, :, None]
    v = lines[lo] + (lines[hi] - lines[lo]) * part[:, None, None]
    return np.minimum(v / 255 * 255.5, 255).astype("uint8").transpose(2, 0, 1)


def varied(pixels, rng):
    """Random crop of 90 % of the area, brightness ± 0.2, contrast and saturation 0.8 … 1.2; the same
    for all cameras of a sample. rng: uniform numbers [B, 5] in 0 … 1. No flips: left and right matter."""
    rng = rng.to(pixels.device)
    x = cut(scaled(pixels), rng[:, :2] * (1 - SIDE))
    bright, contrast, colour = ((rng[:, i] * 0.4)[:, None, None, None, None] for i in (2, 3, 4))
    x = x + bright - 0.2
    mean = x.mean((2, 3, 4), keepdim=True)
    x = mean + (x - mean) * (0.8 + contrast)
    grey = x.mean(2, keepdim=True)
    return (grey + (x - grey) * (0.8 + colour)).clamp(0, 1)
