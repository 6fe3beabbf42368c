"""What robotics/demos/record writes, read: records → episodes → windows.

A window is a step with pictures, and the chunk of actions from it on. Arrays by name, N windows:
pixels [N, cameras, side, side, 3] uint8; prompt [N, P], length [N]; suite [N], of teacher.SUITES; proprio [N, p];
actions [N, C, a] and valid [N, C] (0 behind the episode's end); state [N, TAUGHT], 0 where there is
none; place [N, AXES] in 0 … 1. Numbers are as the robot has them until `normalise`.
"""
import glob
import io
import json
import os
import struct

import numpy as np

from teacher import STATES, SUITES, TAUGHT

HELD_OUT = 20  # seeds in a row, of every 20 times as many, that are never trained on: one of each task


def read_record(stream):
    """(header, bytes) of the next record; None at the end."""
    head = stream.read(4)
    if not head:
        return None
    text = stream.read(struct.unpack("<I", head)[0]) if len(head) == 4 else b""
    try:
        h = json.loads(text)
        pictures = h["jpeg"] or seen(h) * len(h["cameras"]) * h["size"] ** 2 * 3
        size = pictures + 4 * h["steps"] * (h["proprio"] + h["action"] + h["state"])
    except (ValueError, KeyError) as e:
        raise ValueError("the demonstrations break off within a header, or are of another version: record them anew") from e
    body = stream.read(size)
    if len(body) < size:
        raise ValueError(f"the demonstrations break off within {h['suite']}/{h['task']}, seed {h['seed']}: record them anew")
    return h, body


def seen(h):
    """How many windows a record has: its steps with pictures."""
    return -(-h["steps"] // h["every"])


def pictures(h, body):
    """[seen, cameras, side, side, 3] uint8, JPEG or not."""
    side, n = h["size"], len(h["cameras"])
    if not h["jpeg"]:
        return np.frombuffer(body, "uint8", seen(h) * n * side * side * 3).reshape(-1, n, side, side, 3)
    from PIL import Image
    sheet = np.asarray(Image.open(io.BytesIO(body[:h["jpeg"]])).convert("RGB"))
    return sheet.reshape(-1, side, n, side, 3).transpose(0, 2, 1, 3, 4)


def numbers(h, body):
    """(proprio, action, state), float32 [steps, …]."""
    sizes = [h["proprio"], h["action"], h["state"]]
    flat = np.frombuffer(body[len(body) - 4 * h["steps"] * sum(sizes):], "<f4")
    out, at = [], 0
    for n in sizes:
        out.append(flat[at:at + h["steps"] * n].reshape(h["steps"], n))
        at += h["steps"] * n
    return out


def windows(h, body, r, words):
    """The windows of one record, a dict of arrays."""
    if h["suite"] not in SUITES:
        raise ValueError(f"the demonstrations are of a suite {h['suite']!r}; teacher.py knows " + ", ".join(SUITES))
    if h["size"] != r.image or len(h["cameras"]) != r.cameras or h["action"] != r.action or h["proprio"] != r.proprio:
        raise ValueError(f"{r.name} takes {r.cameras} pictures of {r.image} px, {r.action} numbers an action and {r.proprio} of "
                         f"state; the demonstrations have {len(h['cameras'])} of {h['size']} px, {h['action']} and {h['proprio']}")
    proprio, action, state = numbers(h, body)
    pixels = pictures(h, body)
    at = np.arange(0, h["steps"], h["every"])
    ahead = at[:, None] + np.arange(r.chunk)
    prompt, length = words.padded(h["instruction"], r.language.text)
    n = len(at)
    wide = np.zeros((n, TAUGHT), "float32")
    wide[:, :h["state"]] = state[at, :STATES]
    thing, goal = aim(h, state[at])
    wide[:, STATES:] = focus(state[at], thing, goal)
    low, high = RANGES[h["suite"]]
    place = ((np.concatenate([thing[:, :2], goal[:, :2]], 1) - np.tile(low, 2)) / np.tile(np.subtract(high, low), 2)).astype("float32")
    return {"pixels": pixels, "prompt": np.tile(np.array(prompt), (n, 1)), "length": np.full(n, length),
            "suite": np.full(n, SUITES.index(h["suite"])), "proprio": proprio[at], "actions": action[np.minimum(ahead, h["steps"] - 1)],
            "valid": (ahead < h["steps"]).astype("float32"), "state": wide, "place": place.clip(0, 1)}


CUBE, BOWL, PLATE, HANDLE, BUTTONS, GOAL = 4, 16, 18, 21, 24, 30  # of the table's state: robotics/sim/table/state.go


RANGES = {"table": ((-0.32, -0.25), (0.32, 0.39)), "metaworld": ((-0.5, 0.35), (0.5, 1.0))}  # x and y of all things, metres


def aim(h, state):
    """What is to be moved or pressed, and where it shall go, as the simulator's state [N, …] has them: ([N, 3], [N, 3])."""
    if h["suite"] == "metaworld":
        return state[:, 4:7], state[:, 36:39]
    cube, other, side = (int(v) for v in state[0, GOAL + 1:GOAL + 4])
    at = {"bowl": state[:, BOWL:BOWL + 2], "plate": state[:, PLATE:PLATE + 2]}
    low = np.full((len(state), 1), 0.025, "float32")
    thing = goal = state[:, :3]
    if cube >= 0:
        thing = goal = state[:, CUBE + 3 * cube:CUBE + 3 * cube + 3]
    if other >= 0:
        goal = state[:, CUBE + 3 * other:CUBE + 3 * other + 3] + np.array([0.09 * side, 0, 0 if side else 0.05], "float32")
    elif cube >= 0 and h["task"] == "push":
        goal = goal + np.array([0.1 * side, 0, 0], "float32")
    elif h["task"].startswith("put-"):
        goal = np.concatenate([at[h["task"][4:]], low], 1)
    elif "drawer" in h["task"]:
        thing = goal = state[:, HANDLE:HANDLE + 3]
    elif h["task"] == "press-button":
        b = BUTTONS + (2 if side > 0 else 0)
        thing = goal = np.concatenate([state[:, b:b + 2], low], 1)
    return thing, goal


def focus(state, thing, goal):
    """From the gripper to both, [N, FOCUS]: metres, drawn out near 0, where a centimetre decides."""
    hand = state[:, :3]
    return np.arcsinh(np.concatenate([thing - hand, goal - hand], 1) / 0.02) / 2


def far(state):
    """Of windows' states, whether the gripper is yet to come near what the instruction is about, 8 cm: [N] bool."""
    return (np.abs(np.sinh(2 * state[:, STATES:STATES + 3]) * 0.02) ** 2).sum(1) > 0.08 ** 2


def held_out(h):
    return h["seed"] // HELD_OUT % 20 == 1


def shards(folder):
    """All records of the shards in a folder and in folders within."""
    files = sorted(glob.glob(os.path.join(folder, "**", "*.demos"), recursive=True))
    if not files:
        raise ValueError(f"{folder} has no *.demos: write some with robotics/demos/record -shards {folder}")
    for f in files:
        with open(f, "rb") as stream:
            while (record := read_record(stream)) is not None:
                yield record


class Range:
    """Statistics of one kind of numbers, from all rows of a first pass."""

    def __init__(self):
        self.rows = []

    def add(self, rows):
        self.rows.append(rows)

    def values(self, mask=None):
        x = np.concatenate(self.rows).astype("float64")
        out = {"mean": x.mean(0), "std": x.std(0), "min": x.min(0), "max": x.max(0),
               "q01": np.quantile(x, 0.01, 0), "q99": np.quantile(x, 0.99, 0)}
        out = {k: [float(n) for n in v] for k, v in out.items()}
        return out | ({"mask": mask} if mask else {})


def statistics(records):
    """{suite: {action, proprio, state, num_transitions, num_trajectories}} of (header, body) pairs, as
    dataset_statistics.json has it. The gripper, the last number of an action, stays as it is."""
    found = {}
    for h, body in records:
        if held_out(h):
            continue
        s = found.setdefault(h["suite"], {"proprio": Range(), "action": Range(), "state": Range(), "n": 0, "episodes": 0})
        for name, rows in zip(("proprio", "action", "state"), numbers(h, body)):
            s[name].add(rows)
        s["n"], s["episodes"] = s["n"] + h["steps"], s["episodes"] + 1
    out = {}
    for suite, s in sorted(found.items()):
        a = len(s["action"].rows[0][0])
        out[suite] = {"action": s["action"].values([True] * (a - 1) + [False]), "proprio": s["proprio"].values(),
                      "state": s["state"].values(), "num_transitions": s["n"], "num_trajectories": s["episodes"]}
    if not out:
        raise ValueError("there are no demonstrations to train on: every one is held out, or none was recorded")
    return out


def normalise(w, stats):
    """Windows of one suite in the robot's units → what training takes, in place."""
    def scaled(x, s):
        lo, hi = np.array(s["q01"]), np.array(s["q99"])
        return 2 * (x - lo) / (hi - lo + 1e-8) - 1

    s = stats["action"]
    mask = np.array(s.get("mask", [True] * len(s["q01"])))
    u = np.where(mask, scaled(w["actions"], s), w["actions"])
    flat = mask & (np.array(s["min"]) == np.array(s["max"]))
    w["actions"] = np.where(flat, 0, u).clip(-1, 1).astype("float32")
    w["proprio"] = scaled(w["proprio"], stats["proprio"]).clip(-1, 1).astype("float32")
    mean, std = np.array(stats["state"]["mean"])[:STATES], np.array(stats["state"]["std"])[:STATES]
    n = len(mean)
    w["state"][:, :n] = np.where(std > 1e-4, (w["state"][:, :n] - mean) / (std + 1e-3), 0).clip(-3, 3)
    return w
