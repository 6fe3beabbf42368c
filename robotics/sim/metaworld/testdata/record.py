"""Records rollouts of the Python package, with which agree_test.go compares.

    pip install mujoco==3.10.0 gymnasium scipy imageio packaging && pip install --no-deps metaworld==3.1.1
    python record.py rollouts.json.gz
"""
import gzip
import json
import pickle
import sys
import warnings

import numpy as np

warnings.filterwarnings("ignore")
import metaworld  # noqa: E402
from metaworld import policies  # noqa: E402
from metaworld.types import Task  # noqa: E402

EXPERTS = {
    "reach": "Reach", "push": "Push", "pick-place": "PickPlace", "door-open": "DoorOpen",
    "drawer-open": "DrawerOpen", "drawer-close": "DrawerClose",
    "button-press-topdown": "ButtonPressTopdown", "peg-insert-side": "PegInsertionSide",
    "window-open": "WindowOpen", "window-close": "WindowClose",
}


def rollout(name, seed, noise, most):
    rng = np.random.default_rng(seed)
    cls = metaworld.ALL_V3_ENVIRONMENTS[name + "-v3"]
    env = cls()
    env._freeze_rand_vec = False
    env.seeded_rand_vec = True
    env._set_task_called = True
    env.seed(seed)
    env.reset()
    vec = env._last_rand_vec.copy()
    env.close()

    env = cls()
    env.set_task(Task(env_name=name, data=pickle.dumps(
        dict(rand_vec=vec, env_cls=cls, partially_observable=False))))
    obs, _ = env.reset()
    policy = getattr(policies, f"Sawyer{EXPERTS[name]}V3Policy")()
    out = dict(task=name, rand=vec.tolist(), noise=noise, reset=obs.tolist(), actions=[], experts=[], states=[], rewards=[], info=[])
    after = 5
    for _ in range(most):
        expert = policy.get_action(obs.copy())
        action = (np.clip(expert, -1, 1) + noise * rng.standard_normal(4)).astype(np.float32) if noise else expert
        obs, reward, _, _, info = env.step(action)
        out["experts"].append([float(a) for a in expert])
        out["actions"].append([float(a) for a in action])
        out["states"].append(obs[:18].tolist())
        out["goal"] = obs[36:].tolist()
        out["rewards"].append(float(reward))
        out["info"].append([float(info[k]) for k in ("success", "near_object", "grasp_success", "grasp_reward", "in_place_reward", "obj_to_target")])
        if info["success"]:
            after -= 1
        if after < 0:
            break
    env.close()
    print(name, noise, len(out["rewards"]), out["info"][-1][0], file=sys.stderr)
    return out


rolls = []
for i, name in enumerate(EXPERTS):
    rolls.append(rollout(name, 100 + i, 0.0, 260))
    rolls.append(rollout(name, 200 + i, 0.6, 40))


def short(x):
    if isinstance(x, float):
        return 0 if x == 0 else x
    if isinstance(x, list):
        return [short(y) for y in x]
    return {k: short(v) for k, v in x.items()} if isinstance(x, dict) else x


with open(sys.argv[1], "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, compresslevel=9, filename="") as f:
    f.write(json.dumps([short(r) for r in rolls], separators=(",", ":")).encode())
