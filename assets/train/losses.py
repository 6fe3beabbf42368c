"""What the model is taught beside the next word.

The language loss alone sits on a plateau: yes/no and "where" need two hops (the noun finds its
patches, the answer finds the noun). So the encoder is taught class, colour and place of every
patch, two heads are shown where to look, and the noun is asked what it has read.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F

from model import CLASSES, COLOURS, PRE

IGNORE = -100
KINDS = ["exist", "where", "what", "colour", "count", "relation", "background"]
CELLS, NUMBERS = 9, 6


class Heads(nn.Module):
    """Linear probes that only training has; they are in no exported file.

    v, p  on encoder patches and projected ones: row, column, cell, centre, colour
    q     on the nouns after the layers `teach.ask`: cell, colour, number, centre
    """

    def __init__(self, config, grid):
        super().__init__()
        d = config.decoder.width

        def place(width):
            return nn.ModuleDict({
                "row": nn.Linear(width, grid), "col": nn.Linear(width, grid),
                "cell": nn.Linear(width, CELLS), "ctr": nn.Linear(width, 2),
                "hue": nn.Linear(width, COLOURS)})

        self.q = nn.ModuleList(nn.ModuleDict({
            "cell": nn.Linear(d, CELLS), "hue": nn.Linear(d, COLOURS), "num": nn.Linear(d, NUMBERS),
            "ctr": nn.Linear(d, 2)})
            for _ in config.teach.ask)
        self.v, self.p = place(config.vision.width), place(d)
        self.register_buffer("rows", torch.arange(grid ** 2) // grid)
        self.register_buffer("cols", torch.arange(grid ** 2) % grid)


def masked_ce(scores, target, weight=None):
    """Cross entropy over the rows with a target; 0 (not NaN) where no row has one."""
    n = scores.shape[-1]
    total = F.cross_entropy(scores.float().reshape(-1, n), target.reshape(-1), weight=weight,
                            ignore_index=IGNORE, reduction="sum")
    t = target.reshape(-1)
    w = (t != IGNORE).float() if weight is None else weight[t]
    return total / w.sum().clamp(min=1)


def share(right, where):
    """Share of `where` that is right, as a 0-d tensor; NaN where there is none."""
    return (right & where).sum() / where.sum()


def class_weights(device):
    w = torch.ones(CLASSES, device=device)
    w[0] = 0.3  # most patches are background
    return w


def place_loss(heads, which, x, batch, hue=False):
    """Place (and with hue, colour) of every patch out of x [B, T, width]."""
    h = getattr(heads, which)
    b, cell = x.shape[0], batch["cell"]
    row, col, c = h["row"](x), h["col"](x), h["cell"](x)
    loss = 0.5 * (masked_ce(row, heads.rows.repeat(b)) + masked_ce(col, heads.cols.repeat(b)))
    loss = loss + masked_ce(c, cell)
    on = (cell >= 0).float()[..., None]
    off = F.smooth_l1_loss(h["ctr"](x).float() * on, batch["centre"] * on, beta=0.05, reduction="sum")
    loss = loss + 2 * off / (2 * on.sum()).clamp(min=1)
    if hue:
        loss = loss + masked_ce(h["hue"](x), batch["colour"])
    return loss, share(c.argmax(-1) == cell, cell >= 0)


def dense_loss(model, heads, features, batch):
    """Class, colour and place of encoder patches [B, T, width] → weighted loss, its log."""
    scores, hues = model.cls(features), model.col(features)
    noun, colour = batch["noun"], batch["colour"]
    a = masked_ce(scores, noun, class_weights(scores.device))
    c = masked_ce(hues, colour)
    p, cell = place_loss(heads, "v", features, batch)
    log = {"patch": a, "patch_colour": c, "place": p,
           "patch_acc": share(scores.argmax(-1) == noun, noun > 0),
           "colour_acc": share(hues.argmax(-1) == colour, colour >= 0), "cell_acc": cell}
    return a + 0.3 * c + 0.3 * p, log


def word_loss(model, visual, batch, nouns, fixed=False):
    """The projected patch lies near the embedding of its noun (background: near `bgv`)."""
    words = torch.cat([model.bgv, model.emb.weight[nouns]])
    words = words.detach() if fixed else words
    cos = F.normalize(visual.float(), dim=-1) @ F.normalize(words.float(), dim=-1).t()
    return masked_ce(cos * model.ls.exp(), batch["noun"], class_weights(cos.device))


def encoder_loss(model, heads, batch, nouns):
    """The patches, and what the projector makes of them for the words as they are: a decoder that
    has learnt to read goes on reading an encoder that is trained alone."""
    features = model.see(batch["pixels"])
    loss, log = dense_loss(model, heads, features, batch)
    visual = model.project(features)
    word = word_loss(model, visual, batch, nouns, fixed=True)
    place, cell = place_loss(heads, "p", visual, batch, hue=True)
    loss = loss + 0.2 * word + 0.1 * place
    return loss, {"loss": loss, **log, "word": word, "projected_cell_acc": cell}


def reading_loss(model, reading, batch):
    """Log-probability that the taught heads look where they should → (read, hop, look, pair), 0-d each.

    read: a noun that is there looks at its patches; an absent one at the opening tokens.
    hop: the answer position looks at the first noun. pair: another head of it looks at the second,
      so that a relation has both places side by side.
    look: the answer position looks at objects, whichever, rather than at the background. This is
      what a method that ranks visual tokens by early attention finds in large models.
    """
    noun, asked = batch["noun"], batch["asked"]  # [B, T], [B, Q, 2]: class, -1 absent, 0 no noun
    patches = (noun[:, None, None] == asked[..., None]) & (asked > 0)[..., None]
    absent = (asked < 0)[..., None]
    target = torch.cat([absent.expand(*asked.shape, PRE), patches, torch.zeros_like(absent)], -1)
    log = torch.stack(reading.read).log_softmax(-1)
    read = over(log.masked_fill(~target, -1e9).logsumexp(-1), target.any(-1))
    hop, pair = (at_noun(model, scores, batch["noun_col"][..., i])
                 for i, scores in enumerate((reading.hop, reading.pair)))
    objects = F.pad(noun > 0, (PRE, 1 + model.c.question_length))[None, :, None]  # [1, B, 1, PFX + L1]
    asks = (batch["kind"] >= 0) & (noun > 0).any(-1, keepdim=True)
    look = over(torch.stack(reading.look).log_softmax(-1).masked_fill(~objects, -1e9).logsumexp(-1), asks)
    return read, hop, look, pair


def over(values, where):
    """Mean of values [layers, …] where `where` […] holds; 0 where it holds nowhere."""
    return values.masked_fill(~where, 0).sum() / (len(values) * where.sum()).clamp(min=1)


def at_noun(model, scores, column):
    """Log-probability of the noun in `column` [B, Q] of the branch (-1: none) under the scores."""
    log = torch.stack(scores).log_softmax(-1)
    at = (model.prefix + column.clamp(min=0))[None, :, :, None]
    return over(log.gather(-1, at.expand(len(log), -1, -1, -1))[..., 0], column >= 0)


def asked_loss(heads, reading, batch):
    """What a noun's residual stream says of place, colour and number after each asked layer."""
    loss, log = 0.0, {}
    for head, h in zip(heads.q, reading.noun):
        h = h.float()  # large values: bring them to a mean square of 1, as a norm would
        h = h * torch.rsqrt(h.pow(2).mean(-1, keepdim=True) + 1e-5)
        for key in ("cell", "hue", "num"):
            target = batch["ask_" + key]
            # In bfloat16 these scores would be too coarse.
            with torch.autocast(h.device.type, enabled=False):
                scores = head[key](h)
            loss = loss + masked_ce(scores, target)
            log["ask_" + key] = share(scores.argmax(-1) == target, target >= 0)
        centre = torch.stack([batch["ask_x"], batch["ask_y"]], -1)
        on = (centre[..., :1] >= 0).float()
        with torch.autocast(h.device.type, enabled=False):
            off = F.smooth_l1_loss(head["ctr"](h) * on, centre * on, beta=0.05, reduction="sum")
        loss = loss + 2 * off / (2 * on.sum()).clamp(min=1)
    return loss / max(1, len(heads.q)), log


def exact(right, batch, config):
    """Branches whose every answer token is right, teacher-forced: share for each kind."""
    whole = right[:, config.caption_length:].unflatten(1, (config.questions, -1)).all(-1)
    kind = batch["kind"]
    log = {"all": share(whole, kind >= 0)}
    for i, name in enumerate(KINDS):
        log[name] = share(whole, kind == i)
    return log


def joint_loss(model, heads, batch, nouns, blind=None, keep=None, frozen=False):
    """The language loss and everything above. nouns [60]: token ids. frozen: the encoder stays."""
    with torch.set_grad_enabled(torch.is_grad_enabled() and not frozen):
        features = model.see(batch["pixels"])
    dense, dense_log = dense_loss(model, heads, features, batch)
    visual = model.project(features)
    place, place_acc = place_loss(heads, "p", visual, batch, hue=True)
    word = word_loss(model, visual, batch, nouns)
    hidden, reading = model.text(visual, batch["tokens"], batch["opening"], batch["newline"],
                                 batch["noun_at"], batch["answer_at"], blind, keep)
    read, hop, look, pair = reading_loss(model, reading, batch)
    target = batch["targets"]
    known = target >= 0
    scores = model.logits(hidden[known]).float()
    lm = F.cross_entropy(scores, target[known])
    ask, ask_log = asked_loss(heads, reading, batch)
    loss = (lm + 0.25 * ask + 0.2 * word - 0.3 * read - 0.3 * hop - 0.1 * look - 0.1 * pair + 0.3 * dense + 0.1 * place
            + model.c.teach.gate_l1 * reading.gate)
    right = torch.ones_like(known)
    right[known] = scores.argmax(-1) == target[known]
    log = {"loss": loss, "lm": lm, "word": word, "read": read, "hop": hop, "look": look, "pair": pair, "ask": ask,
           "gate": reading.gate, "projected_cell_acc": place_acc, **dense_log, **ask_log}
    return loss, {**log, **exact(right, batch, model.c)}
