"""What is trained and how: the JSON files in configs/, as plain values.

A configuration names the sizes of the three parts, the layers that are taught to read, and the
stages in the order in which they run.
"""
import json
import os
from dataclasses import asdict, dataclass, field

HERE = os.path.dirname(os.path.abspath(__file__))


@dataclass
class Vision:
    """CLIP ViT. `layers` counts the last one, which LLaVA (feature layer -2) never uses."""
    width: int = 192
    heads: int = 3
    layers: int = 6
    mlp: int = 768
    patch: int = 14  # pixels


@dataclass
class Decoder:
    """Llama, tied embeddings. `act` is silu (SwiGLU) or relu (ReGLU)."""
    width: int = 192
    heads: int = 6
    layers: int = 6
    neurons: int = 512
    act: str = "silu"


@dataclass
class Teach:
    """Layers (from 0) with supervised heads, and the weight of the L1 on the gate."""
    read: list = field(default_factory=lambda: [3, 4])  # head 0: the noun finds its patches
    hop: list = field(default_factory=lambda: [4, 5])   # head 1: the answer finds the noun
    look: list = field(default_factory=lambda: [1, 2])  # head 2: the answer looks at any object
    ask: list = field(default_factory=lambda: [3, 4])   # the noun says place, colour, number
    blind_layers: int = 3   # the first layers, in which a blind scene shows only the mean patch
    blind: float = 0.75     # share of blind scenes
    gate_l1: float = 0.0


@dataclass
class Stage:
    """One stretch of training. It ends after `steps`, or after `share` of the minutes given."""
    name: str
    kind: str              # encoder, joint or cooldown; heads: all that is exported stays as it is
    image: int             # pixels a side
    batch: int             # scenes a step
    steps: int
    muon: float = 0.006    # learning rate of the matrices
    adam: float = 8e-4     # of everything else
    encoder_rate: float = 1.0  # factor on the encoder's matrices
    thaw: int = 0          # steps with the encoder frozen
    crowded: bool = False  # five to nine objects a scene: more for an encoder that learns alone
    eyes: bool = True      # whether encoder and projector learn at all; two models may share theirs
    round_to: str = ""     # q4_0 or q5_0: each step sees matrices as such a file will hold them
    half: int = 3000       # joint: the rate is 1 / (1 + step/half)
    warmup: int = 50       # steps
    share: float = 1.0
    seed: int = 0          # of the first scene


@dataclass
class Config:
    name: str
    vision: Vision
    decoder: Decoder
    teach: Teach
    stages: list
    questions: int = 12        # branches beside the caption
    question_length: int = 18  # tokens of question and answer
    caption_length: int = 64
    ema: float = 0.998
    megabytes: float = 17.0    # limit of the q8_0 pair

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
    return Config(vision=Vision(**d.pop("vision")), decoder=Decoder(**d.pop("decoder")),
                  teach=Teach(**d.pop("teach", {})),
                  stages=[Stage(**s) for s in d.pop("stages")], **d)


def load(name):
    """A configuration by path, or by its name in configs/."""
    path = name if os.path.exists(name) else os.path.join(HERE, "configs", name + ".json")
    with open(path, encoding="utf-8") as f:
        return from_dict(json.load(f))
