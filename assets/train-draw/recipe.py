"""What is trained and how: the JSON files in configs/, as plain values."""
import json
import os
import sys
from dataclasses import asdict, dataclass, field

HERE = os.path.dirname(os.path.abspath(__file__))
# The built-in VLM's training: its stream reader, Muon and attention serve here too.
sys.path.append(os.path.join(HERE, "..", "train"))


@dataclass
class Denoiser:
    """PixArt on pixels. The MLP is 4 × width, as diffusers fixes it."""
    size: int = 64     # pixels a side
    patch: int = 4
    width: int = 224
    heads: int = 7
    layers: int = 8

    @property
    def grid(self):
        return self.size // self.patch


@dataclass
class Text:
    """CLIP's text encoder; captions are padded to `tokens`, and all of them are attended to."""
    width: int = 192
    heads: int = 6
    layers: int = 4
    mlp: int = 768
    tokens: int = 32


@dataclass
class Scenes:
    """A window of the denoiser's size is cut from a wider picture, so that objects are larger."""
    canvas: int = 80   # side of that picture, in the denoiser's pixels
    shrink: int = 2    # it is painted this many times larger: smoother sprites, less grain
    most: int = 3      # objects in a window
    styles: list = field(default_factory=lambda: ["noto"])
    # No "noise": grain differs from sample to sample, and costs the model most of its loss.
    backgrounds: list = field(default_factory=lambda: ["gradient", "stripes", "clouds", "wood"])


@dataclass
class Flow:
    drop: float = 0.1      # share of captions emptied, for guidance
    mean: float = 0.0      # of the normal under logit t
    std: float = 1.0
    labels: float = 0.05   # weight of naming each patch's object; 0 leaves the head out
    label_layer: int = 4   # … after this many blocks


@dataclass
class Stage:
    """One stretch of training. It ends after `steps`, or after `share` of the minutes given."""
    name: str
    kind: str              # train: constant rate; cooldown: falling to nothing
    batch: int
    steps: int
    muon: float = 0.005    # learning rate of the blocks' matrices
    adam: float = 1e-3     # of everything else
    warmup: int = 100      # steps
    share: float = 1.0
    seed: int = 0          # of the first scene


@dataclass
class Recipe:
    name: str
    denoiser: Denoiser
    text: Text
    scenes: Scenes
    flow: Flow
    stages: list
    ema: float = 0.999
    megabytes: float = 10.0  # limit of the q8_0 weights

    def stage(self, name):
        """The index of a stage, by name, else the first of that kind."""
        for key in ("name", "kind"):
            for i, s in enumerate(self.stages):
                if getattr(s, key) == name:
                    return i
        raise ValueError(f"{self.name} has no stage {name!r}; it has "
                         + ", ".join(s.name for s in self.stages))

    def to_dict(self):
        return asdict(self)


def from_dict(d):
    d = dict(d)
    parts = {k: c(**d.pop(k, {})) for k, c in
             (("denoiser", Denoiser), ("text", Text), ("scenes", Scenes), ("flow", Flow))}
    r = Recipe(stages=[Stage(**s) for s in d.pop("stages")], **parts, **d)
    dn, s = r.denoiser, r.scenes
    if dn.size % dn.patch or s.canvas % dn.patch or s.canvas < dn.size:
        raise ValueError(f"{r.name}: size {dn.size} and canvas {s.canvas} must be multiples of the patch "
                         f"{dn.patch}, and the canvas no smaller than the size")
    if dn.width % 4 or dn.width % dn.heads or r.text.width % r.text.heads:
        raise ValueError(f"{r.name}: widths must be multiples of the heads, the denoiser's of 4 too")
    if r.flow.labels and not 0 < r.flow.label_layer <= dn.layers:
        raise ValueError(f"{r.name}: label_layer is 1 to {dn.layers}, not {r.flow.label_layer}")
    return r


def load(name):
    """A recipe by path, or by its name in configs/."""
    path = name if os.path.exists(name) else os.path.join(HERE, "configs", name + ".json")
    with open(path, encoding="utf-8") as f:
        return from_dict(json.load(f))
