"""OpenVLA's actions as tokens: bins, the loss, and the greedy loop with a cache."""
import numpy as np
import torch
import torch.nn.functional as F

from policy import BINS

EDGES = np.linspace(-1, 1, BINS)
CENTRES = torch.tensor((EDGES[:-1] + EDGES[1:]) / 2, dtype=torch.float32)


def to_tokens(actions, vocabulary):
    """actions [..., a] in −1 … 1 → ids: the last BINS of the vocabulary, counted from its end."""
    edges = torch.tensor(EDGES, dtype=torch.float32, device=actions.device)
    return vocabulary - torch.bucketize(actions.clamp(-1, 1), edges, right=True)


def to_actions(ids, vocabulary):
    return CENTRES.to(ids.device)[(vocabulary - ids - 1).clamp(0, BINS - 2)]


def loss(model, batch, d):
    """Cross-entropy of the current action's tokens, and the L1 of what the best tokens mean."""
    want = to_tokens(batch["actions"][:, 0], model.vocabulary)
    out = model(d, tokens=want)
    logits = out["logits"].float()
    ce = F.cross_entropy(logits.flatten(0, 1), want.flatten())
    l1 = (to_actions(logits.argmax(-1), model.vocabulary) - batch["actions"][:, 0]).abs().mean()
    return ce, {"cross_entropy": ce, "l1": l1.detach()}, out


@torch.no_grad()
def tokens(model, batch):
    """The action, token after token: ids [B, a], and the logits [B, a, vocabulary] that each was the
    best of. All prompts must be of one length."""
    if len(set(batch["length"].tolist())) > 1:
        raise ValueError("the cache has no padding: decode prompts of one length")
    x, lay, _ = model.embed(batch)
    n, llm = int(lay["first"][0]), model.language_model
    x, allowed, past, said = x[:, :n], lay["allowed"][:, :n, :n], [None] * len(llm.model.layers), []
    for _ in range(model.r.action):
        for i, layer in enumerate(llm.model.layers):
            x, past[i] = layer.compute(x, allowed, past=past[i])
        said.append(llm.lm_head(llm.model.norm(x[:, -1:])))
        x, allowed = llm.model.embed_tokens(said[-1].argmax(-1)), None  # the last row sees all before it
    said = torch.cat(said, 1)
    return said.argmax(-1), said


def decode(model, batch):
    """The action [B, a] in −1 … 1 that the tokens mean."""
    return to_actions(tokens(model, batch)[0], model.vocabulary)
