"""From the scene stream to tensors.

    paint -stream …  ──▶  record: uint32 length │ JSON header │ RGB bytes   (little-endian)
                     ──▶  scene: pixels, a label for every patch, caption, questions
                     ──▶  batch: the branch layout of model.py

Each reader is a process with a painter of its own; batches are taken from the readers in turn,
so that what the model sees follows from the seeds alone.
"""
import json
import os
import struct
import subprocess

import numpy as np
import torch
import torch.multiprocessing as mp
from tokenizers import Tokenizer

from config import HERE
from losses import IGNORE, KINDS
from model import PRE

NOUNS = ("airplane apple backpack ball balloon banana bear bed bicycle bird boat book broccoli burger bus "
         "butterfly cactus cake camera car carrot cat chair clock couch cow cup dog donut duck elephant fish "
         "grapes guitar hat helicopter horse house key laptop lion monkey motorcycle mushroom orange penguin "
         "phone pizza rocket rose sheep star strawberry sunflower television tractor train tree turtle "
         "umbrella").split()
COLOURS = ["red", "orange", "yellow", "green", "blue", "purple", "pink"]
PLURALS = {"fish": "fish", "sheep": "sheep", "bus": "buses", "grapes": "grapes",
           "strawberry": "strawberries", "butterfly": "butterflies", "couch": "couches"}
MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073])
STD = torch.tensor([0.26862954, 0.26130258, 0.27577711])
READER_SEEDS = 50_000_000  # apart


class Words:
    """The tokenizer of the model folder, and what the layout asks of it."""

    def __init__(self, folder=HERE):
        self.path = os.path.join(folder, "tokenizer.json")
        self.tokenizer = Tokenizer.from_file(self.path)
        self.size = self.tokenizer.get_vocab_size()
        self.bos, self.eos = self.id("<s>"), self.id("</s>")
        self.pad, self.image = self.id("<pad>"), self.id("<image>")
        self.opening = [self.bos] + self.encode("USER: ")
        self.newline = self.encode("\n")
        if len(self.opening) != PRE or len(self.newline) != 1:
            raise ValueError(f"{self.path} does not split the prompt as the layout needs: use the one beside data.py")
        self.nouns = [self.id("Ġ" + n) for n in NOUNS]
        self.noun_of = {t: i + 1 for i, t in enumerate(self.nouns)}  # token → class
        for i, n in enumerate(NOUNS):
            plural = self.encode(" " + PLURALS.get(n, n + "s"))
            if len(plural) == 1:
                self.noun_of.setdefault(plural[0], i + 1)

    def id(self, token):
        return self.tokenizer.token_to_id(token)

    def encode(self, text):
        return self.tokenizer.encode(text).ids

    def prompt(self, question, patches):
        """The ids of a plain LLaVA prompt, with one <image> for each patch."""
        tail = self.encode("\n" + question + " ASSISTANT:")
        return self.opening + [self.image] * patches + tail

    def branch(self, question, answer, length):
        """(inputs, targets) of `length` ids, IGNORE where nothing is asked; None if too long."""
        q = self.encode("\n" + question + " ASSISTANT:")[1:]  # the newline ends the prefix
        a = self.encode(" " + answer) + [self.eos]
        if len(q) + len(a) > length + 1:
            return None
        inputs = q + a[:-1]
        targets = [IGNORE] * (len(q) - 1) + a
        fill = length - len(inputs)
        return inputs + [self.pad] * fill, targets + [IGNORE] * fill


def read_record(stream):
    """(header, RGB bytes) of the next record, None at the end of the stream."""
    head = stream.read(4)
    if not head:
        return None
    text = stream.read(struct.unpack("<I", head)[0]) if len(head) == 4 else b""
    try:
        header = json.loads(text)
    except ValueError as e:
        raise ValueError("the scene stream breaks off within a header: is the painter of this version?") from e
    side = header.get("size") or header["labels"]["rows"] * 14
    rgb = stream.read(side * side * 3)
    if len(rgb) < side * side * 3:
        raise ValueError("the scene stream breaks off within a picture: see the painter's last message")
    header["size"] = side
    return header, rgb


def patch_labels(header):
    """noun 0…60, colour, cell [T] int64 and centre [T, 2] in shares of the side.

    Of several objects that fit a patch's labels the nearest one is its object.
    """
    lab, side = header["labels"], header["size"]
    noun, colour, cell = (np.asarray(lab[k], "int64") for k in ("noun", "colour", "cell"))
    rows, cols = lab["rows"], lab["cols"]
    x = (np.arange(cols) + 0.5) / cols
    y = (np.arange(rows) + 0.5) / rows
    middle = np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)
    centre, best = np.zeros((rows * cols, 2), "float32"), np.full(rows * cols, np.inf)
    for o in header["objects"]:
        c = np.array([o["x"], o["y"]]) / side
        far = ((middle - c) ** 2).sum(-1)
        take = (noun == NOUNS.index(o["name"])) & (cell == o["cell"]) & (far < best)
        centre[take], best[take] = c, far[take]
    return noun + 1, np.where(colour < 0, IGNORE, colour), np.where(cell < 0, IGNORE, cell), centre


def noun_labels(words, token, objects, side):
    """What a noun of a question should find: class (-1 absent), and where it is and of what colour
    if there is one of it."""
    k = words.noun_of[token]
    same = [o for o in objects if o["name"] == NOUNS[k - 1]]
    out = {**NO_NOUN, "asked": k if same else -1, "ask_num": min(5, len(same))}
    if len(same) == 1:
        o = same[0]
        out.update(ask_cell=o["cell"], ask_x=o["x"] / side, ask_y=o["y"] / side)
        if o.get("colour"):
            out["ask_hue"] = COLOURS.index(o["colour"])
    return out


NO_NOUN = {"asked": 0, "ask_cell": IGNORE, "ask_hue": IGNORE, "ask_num": IGNORE, "ask_x": -1.0, "ask_y": -1.0}


def question_labels(words, inputs, first, objects, row, side=1):
    """What the supervised heads want to know of one branch that starts at column `row`: two of each
    key but answer_at, for the first and the second noun of the question.

    first: column of the last question token, whose output is the answer's first.
    """
    at = [j for j in range(first) if inputs[j] in words.noun_of][:2]
    nouns = [{"noun_at": row + j, "noun_col": j, **noun_labels(words, inputs[j], objects, side)} for j in at]
    nouns += [{"noun_at": row, "noun_col": -1, **NO_NOUN}] * (2 - len(at))
    return {"answer_at": row + first, **{k: [n[k] for n in nouns] for k in nouns[0]}}


def scene(words, config, header, rgb):
    """One record as a dict of arrays. A caption that is too long, as of a crowded scene, teaches nothing."""
    side = header["size"]
    caption = words.branch(header["caption"]["text"], header["caption"]["answer"], config.caption_length)
    if caption is None:
        caption = [words.pad] * config.caption_length, [IGNORE] * config.caption_length
    noun, colour, cell, centre = patch_labels(header)
    tokens, targets = caption
    length, row = config.question_length, PRE + len(noun) + 1 + config.caption_length
    asked = []
    for q in header["questions"] or []:  # a scene may have nothing to ask
        b = words.branch(q["text"], q["answer"], length)
        if b is None or len(asked) == config.questions:
            continue
        first = next(j for j, t in enumerate(b[1]) if t != IGNORE)
        labels = question_labels(words, b[0], first, header["objects"], row + len(asked) * length, side)
        asked.append({**labels, "kind": KINDS.index(q["kind"])})
        tokens, targets = tokens + b[0], targets + b[1]
    while len(asked) < config.questions:  # an empty branch asks and teaches nothing
        here = row + len(asked) * length
        asked.append({**question_labels(words, [], 0, [], here), "kind": -1})
        tokens, targets = tokens + [words.pad] * length, targets + [IGNORE] * length
    out = {"pixels": np.frombuffer(rgb, "uint8").reshape(side, side, 3).transpose(2, 0, 1),
           "noun": noun, "colour": colour, "cell": cell, "centre": centre,
           "tokens": np.array(tokens), "targets": np.array(targets)}
    for key in asked[0]:  # [Q], or [Q, 2]: first and second nouns
        v = np.array([a[key] for a in asked])
        out[key] = v.astype("float32") if v.dtype == float else v
    return out


def stack(scenes):
    return {k: torch.from_numpy(np.stack([s[k] for s in scenes])) for k in scenes[0]}


class Pool:
    """Scenes kept on the device, so that painters which are slower than training still feed it.

    mix() takes new scenes and fills them up to `size` with earlier ones, at random. `room` is how
    many it keeps: the oldest give way.
    """

    def __init__(self, size, room, device):
        self.size, self.room, self.device = size, room, device
        self.kept, self.at, self.full = None, 0, 0

    def mix(self, batch):
        new = {k: v.to(self.device, non_blocking=True) for k, v in batch.items()}
        n = len(new["pixels"])
        if self.kept is None:
            self.kept = {k: torch.empty((self.room, *v.shape[1:]), dtype=v.dtype, device=self.device)
                         for k, v in new.items()}
        where = (self.at + torch.arange(n, device=self.device)) % self.room
        for k, v in new.items():
            self.kept[k][where] = v
        self.at, self.full = (self.at + n) % self.room, min(self.room, self.full + n)
        old = torch.randint(self.full, (max(0, self.size - n),), device=self.device)
        return {k: torch.cat([v, self.kept[k][old]]) for k, v in new.items()}


def to_device(batch, words, device):
    """Moves a batch and normalises its pixels; adds the prefix's tokens."""
    out = {k: v.to(device, non_blocking=True) for k, v in batch.items()}
    mean, std = MEAN.to(device)[:, None, None], STD.to(device)[:, None, None]
    out["pixels"] = (out["pixels"].float() / 255 - mean) / std
    out["opening"] = torch.tensor([words.opening], device=device)
    out["newline"] = torch.tensor([words.newline], device=device)
    return out


def painter_command(painter, seed, image, questions, extra=()):
    return [*painter, "-stream", "-seed", str(seed), "-count", str(1 << 30), "-size", str(image),
            "-questions", str(questions), *extra]


def batches(words, config, painter, seed, image, size, extra=()):
    """Endless (batch, next seed) from a painter that starts at `seed`."""
    # Some questions are too long for a branch: ask for more.
    cmd = painter_command(painter, seed, image, config.questions + 3, extra)
    p = subprocess.Popen(cmd, stdout=subprocess.PIPE, bufsize=1 << 20)
    try:
        got = []
        while True:
            record = read_record(p.stdout)
            if record is None:
                raise RuntimeError(f"the painter ended with {p.wait()}; its command was {' '.join(cmd)}")
            seed += 1
            got.append(scene(words, config, *record))
            if len(got) == size:
                yield stack(got), seed
                got = []
    finally:
        p.kill()
        p.wait()


def feed(queue, parent, begin):
    """A reader's life: puts what begin() yields into the queue, an error too, and ends when the
    process `parent` is gone."""
    torch.set_num_threads(1)
    try:
        for item in begin():
            while True:
                if os.getppid() != parent:
                    return
                try:
                    queue.put(item, timeout=2)
                    break
                except Exception:  # full: look whether training still lives
                    continue
    except KeyboardInterrupt:
        return
    except Exception as e:
        queue.put(e)


def _read(queue, parent, folder, *args):
    feed(queue, parent, lambda: batches(Words(folder), *args))


class Stream:
    """Batches for training, of 1/repeat of the stage's size. `seeds` says where each reader goes on;
    it belongs into the state. Without them they begin at `first`, else at the stage's seed."""

    def __init__(self, words, config, painter, stage, readers=1, seeds=None, extra=(), repeat=1, first=None):
        if not seeds or len(seeds) != readers:
            start = max(seeds) if seeds else stage.seed if first is None else first
            seeds = [start + r * READER_SEEDS for r in range(readers)]
        self.seeds, self.turn, self.readers = list(seeds), 0, []
        context, folder = mp.get_context("spawn"), os.path.dirname(words.path)
        for s in self.seeds:
            q = context.Queue(4)
            args = (q, os.getpid(), folder, config, painter, s, stage.image, stage.batch // repeat, tuple(extra))
            p = context.Process(target=_read, args=args, daemon=True)
            p.start()
            self.readers.append((q, p))

    def next(self):
        queue, _ = self.readers[self.turn]
        item = queue.get()
        if isinstance(item, Exception):
            raise item
        batch, self.seeds[self.turn] = item
        self.turn = (self.turn + 1) % len(self.readers)
        return batch

    def close(self):
        # terminate: a reader may wait on a full queue; its painter ends on the broken pipe.
        for _, p in self.readers:
            p.terminate()
            p.join(5)
