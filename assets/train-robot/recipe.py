"""What is trained and how: the JSON files in configs/, and the variant, as plain values."""
import json
import os
import sys
from dataclasses import asdict, dataclass, field

HERE = os.path.dirname(os.path.abspath(__file__))
# The built-in VLM's training: its course of stages and Muon serve here too.
sys.path.append(os.path.join(HERE, "..", "train"))

VARIANTS = {
    "stem": "dense and cogvla by turns on shared weights: what the others begin with",
    "dense": "OpenVLA-OFT: all patches, joined encoders, bidirectional",
    "stage1": "aggregation tokens and gate, CAtten, no routers",
    "cogvla": "stage1 and routers, of which rows skip layers",
    "autoregressive": "OpenVLA: all patches, causal, one action as tokens of 256 bins",
}


@dataclass
class Vision:
    """One encoder. `blocks` are those that are computed; a checkpoint names one more."""
    width: int
    heads: int
    inner: int
    blocks: int
    registers: int = 0      # with a class token, where not 0
    layer_scale: bool = False


@dataclass
class Language:
    width: int
    heads: int
    layers: int
    inner: int
    text: int = 28          # tokens of the longest prompt, BOS included


@dataclass
class Routing:
    """As text_config.lfp_type and lfp_average_factor have it."""
    type: str = "deep_all"
    average: float = 0.5
    soft: float = 0.1       # share of the first stage in which no row skips


@dataclass
class Stage:
    """One stretch of training. It ends after `steps`, or after `share` of the minutes given."""
    name: str
    kind: str               # train: constant rate; cooldown: falling to nothing
    batch: int
    steps: int
    muon: float = 0.005     # learning rate of the matrices
    adam: float = 1e-3      # of everything else
    decay: float = 0.1      # of the matrices, times their rate
    warmup: int = 100       # steps
    share: float = 1.0
    seed: int = 1           # of the first window, and of the first episode of a stream


@dataclass
class Recipe:
    name: str
    image: int
    vision: list            # DINOv2-like, SigLIP-like
    language: Language
    stages: list
    variant: str = "cogvla"
    patch: int = 8
    cameras: int = 2
    aggregation: int = 36   # vectors a picture
    film: bool = True       # of the dense variant (OFT+); the other two of one pass always have it
    chunk: int = 8          # actions of a pass
    action: int = 4
    proprio: int = 4
    routing: Routing = field(default_factory=Routing)
    teach: float = 0.1      # weight of naming the simulator's state; 0 leaves that head out
    ema: float = 0.999
    megabytes: float = 5.0  # limit of the q8_0 weights, in millions of bytes

    @property
    def grid(self):
        return self.image // self.patch

    @property
    def sparse(self):
        return self.variant in ("stage1", "cogvla")

    @property
    def has_film(self):
        return self.sparse or self.variant == "dense" and self.film

    @property
    def rows(self):
        """Visual rows of a picture."""
        return self.aggregation if self.sparse else self.grid ** 2

    @property
    def visual(self):
        return self.cameras * self.rows

    @property
    def slots(self):
        """Rows of actions: zeros of a chunk, or the tokens of one action."""
        return self.action if self.variant == "autoregressive" else self.chunk * self.action

    def stage(self, name):
        """The index of a stage, by name, else the first of that kind."""
        for key in ("name", "kind"):
            for i, s in enumerate(self.stages):
                if getattr(s, key) == name:
                    return i
        raise ValueError(f"{self.name} has no stage {name!r}; it has " + ", ".join(s.name for s in self.stages))

    def to_dict(self):
        return asdict(self)


def from_dict(d, variant=None):
    d = dict(d)
    d["vision"] = [Vision(**v) for v in d["vision"]]
    d["stages"] = [Stage(**s) for s in d["stages"]]
    d["language"], d["routing"] = Language(**d["language"]), Routing(**d.get("routing", {}))
    r = Recipe(**d)
    r.variant = variant or r.variant
    if r.variant not in VARIANTS:
        raise ValueError(f"there is no variant {r.variant!r}: choose " + ", ".join(VARIANTS))
    if len(r.vision) != 2:
        raise ValueError(f"{r.name} has {len(r.vision)} encoders; a policy has two")
    if r.image % r.patch or r.language.width % (2 * r.language.heads) or any(v.width % v.heads for v in r.vision):
        raise ValueError(f"{r.name}: the picture must be a multiple of the patch and widths of their heads, "
                         "with an even number of columns a head in the language model")
    return r


def load(name, variant=None):
    """A recipe by path, or by its name in configs/."""
    path = name if os.path.isfile(name) else os.path.join(HERE, "configs", name + ".json")
    with open(path, encoding="utf-8") as f:
        return from_dict(json.load(f), variant)
