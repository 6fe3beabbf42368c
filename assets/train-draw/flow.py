"""Rectified flow (Liu et al., ICLR 2023): straight lines between pictures and noise.

    x_t = (1 − t)·x0 + t·noise        velocity = dx/dt = noise − x0

t = 1 is noise. Logit-normal t and the choice of equal steps follow Esser et al., ICML 2024.
"""
import torch
import torch.nn.functional as F


def scale(pixels):
    """uint8 0…255 → float −1…1."""
    return pixels.float() / 127.5 - 1


def times(n, flow, generator=None):
    """[n] values of t, logit-normal. One from each n-th of the distribution: the batch's loss then
    says more about the model and less about which t it drew."""
    u = (torch.randperm(n, generator=generator) + torch.rand(n, generator=generator)) / n
    return torch.sigmoid(flow.mean + flow.std * torch.special.ndtri(u.clamp(1e-4, 1 - 1e-4)))


def mix(x0, noise, t):
    return torch.lerp(x0, noise, t.view(-1, 1, 1, 1))


def loss(model, flow, d, t, noise):
    """(loss, log) of a batch on the device: pixels [B, 3, S, S] −1…1, ids, noun, colour; t [B]."""
    x0 = d["pixels"]
    v, noun, colour = model(mix(x0, noise, t), t, d["ids"])
    velocity = F.mse_loss(v.float(), noise - x0)
    log = {"velocity": velocity}
    total = velocity
    if noun is not None:
        names = F.cross_entropy(noun.float().flatten(0, 1), d["noun"].flatten())
        hues = F.cross_entropy(colour.float().flatten(0, 1), d["colour"].flatten())
        total = total + flow.labels * (names + hues)
        there = d["noun"] > 0
        right = (noun.argmax(-1) == d["noun"]) & there
        log.update(labels=names + hues, object_acc=right.sum() / there.sum().clamp(min=1))
    log["loss"] = total
    return total, log


@torch.no_grad()
def euler(model, ids, empty, noise, steps, guidance, each=None):
    """Draws. ids [B, L]; empty [L]; noise [B, 3, S, S] → [B, 3, S, S] in −1…1, not cut off.

    The times are those of diffusers' FlowMatchEulerDiscreteScheduler with shift 1. guidance 1 takes
    the caption alone. each(i, t, x0) sees the picture that step i expects at the end.
    """
    sigma = torch.cat([torch.linspace(1, 0.001, steps), torch.zeros(1)])
    x, both = noise, guidance != 1
    if both:
        ids = torch.cat([ids, empty.expand_as(ids)])
    for i in range(steps):
        t = sigma[i].to(x.device).expand(len(ids))
        v = model(torch.cat([x, x]) if both else x, t, ids)[0].float()
        if both:
            v, plain = v.chunk(2)
            v = plain + guidance * (v - plain)
        if each:
            each(i, float(sigma[i]), x - sigma[i] * v)
        x = x + (sigma[i + 1] - sigma[i]) * v
    return x
