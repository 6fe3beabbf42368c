"""What training asks the eyes directly: where everything is. Not exported."""
import torch
from torch import nn

from vision import places

STATES = 40    # numbers of a simulator's state that are taught, at most
FOCUS = 6      # and where what the instruction is about lies from the gripper: see records.focus
TAUGHT = STATES + FOCUS
FOCUS_WEIGHT = 4.0  # of a number of the focus, where one of the state has 1
AXES, BINS = 4, 24  # the same on the table, x and y each, as one of so many stretches of it
PLACE_WEIGHT = 0.15
SUITES = ("metaworld", "table")  # what each number is depends on the suite
QUERIES = 24


class Teacher(nn.Module):
    """The simulator's state, read off the patches of both encoders and all cameras: for each suite, queries
    that attend to patches, and a linear reading of what they found, and where.

    The language model's rows learn where a cube is through a chunk of actions only after many thousand
    windows; asked so, the encoders know it early.
    """

    def __init__(self, width, cameras):
        super().__init__()
        self.queries = nn.Parameter(torch.randn(len(SUITES), QUERIES, width))
        self.camera = nn.Parameter(torch.zeros(cameras, 1, width))
        self.norm, self.key = nn.LayerNorm(width), nn.Linear(width, width)
        self.read = nn.Linear(QUERIES * (width + 3 * cameras), len(SUITES) * TAUGHT)
        self.place = nn.Linear(QUERIES * (width + 3 * cameras), AXES * BINS)
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("scale", torch.ones(width))

    @torch.no_grad()
    def settle(self, patches):
        """What encoders give lies far from 0, and a norm alone leaves what is common to all."""
        some = patches.float().reshape(-1, patches.shape[-1])
        self.mean.copy_(some.mean(0))
        self.scale.copy_(1 / (some.std(0) + 1e-3))

    def forward(self, patches, suite):
        """patches [B, cameras, P, W], suite [B] → (numbers [B, TAUGHT], places [B, AXES, BINS])"""
        x = (self.norm((patches - self.mean) * self.scale) + self.camera).flatten(1, 2)
        scores = self.queries[suite] @ self.key(x).transpose(1, 2) * x.shape[-1] ** -0.5
        b, n, p, _ = patches.shape
        where = torch.cat([places(p, x.device), torch.ones(p, 1, device=x.device)], 1)  # [P, 3]
        where = torch.block_diag(*[where] * n).to(x.dtype).expand(b, -1, -1)
        found = torch.softmax(scores, -1).to(x.dtype) @ torch.cat([x, where], -1)
        told = self.read(found.flatten(1)).reshape(len(x), len(SUITES), TAUGHT)
        return told[torch.arange(len(x), device=x.device), suite], self.place(found.flatten(1)).reshape(len(x), AXES, BINS)


def counts(device=None):
    """What each number counts, [TAUGHT], 1 in the mean."""
    w = torch.ones(TAUGHT, device=device)
    w[STATES:] = FOCUS_WEIGHT
    return w / w.mean()
