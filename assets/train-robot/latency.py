"""python latency.py STATE…: seconds a pass of each, in PyTorch, on this machine; one sample, no batch.

The chunk variants make chunk × action numbers in one pass; the autoregressive one makes one action of
that, token after token with a cache, so it is also given for as many actions.
"""
import argparse
import time

import torch

import export


@torch.no_grad()
def seconds(model, r, words, device, tries):
    from discrete import decode
    ids = words.encode("put the red cube in the bowl")
    g = torch.Generator().manual_seed(1)
    batch = {"pixels": torch.rand(1, r.cameras, 3, r.image, r.image, generator=g), "prompt": torch.tensor([ids]),
             "length": torch.tensor([len(ids)]), "proprio": torch.zeros(1, r.proprio)}
    batch = {k: v.to(device) for k, v in batch.items()}
    run = (lambda: decode(model, batch)) if model.autoregressive else (lambda: model(batch)["actions"])
    wait = torch.cuda.synchronize if device.startswith("cuda") else (lambda: None)
    took = []
    for i in range(tries + 3):
        begun = time.perf_counter()
        run()
        wait()
        if i >= 3:
            took.append(time.perf_counter() - begun)
    return sorted(took)[len(took) // 2]


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("states", nargs="+")
    p.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    p.add_argument("--tries", type=int, default=20)
    p.add_argument("--threads", type=int, default=1, help="of a CPU")
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    for path in a.states:
        r, words, _, model = export.load(path)
        s = seconds(model.to(a.device), r, words, a.device, a.tries)
        actions = 1 if model.autoregressive else r.chunk
        print(f"{r.variant:15} {1000 * s:8.2f} ms a pass of {actions} actions, {1000 * s / actions:8.3f} ms an action (median of {a.tries})")


if __name__ == "__main__":
    main()
