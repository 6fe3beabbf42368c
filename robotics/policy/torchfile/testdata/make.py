"""Writes state.pt and old.pt with torch.save, evil.pt with a call in it, and state.json: what state.pt holds."""

import collections, json, os, sys, torch

here = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(1)
model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.LayerNorm(4), torch.nn.BatchNorm1d(4))
state = model.state_dict()  # an OrderedDict with _metadata; num_batches_tracked is a 0-d int64
base = torch.arange(24, dtype=torch.float32).reshape(4, 6) / 7
state["half"] = base.half()
state["bfloat"] = base.bfloat16()
state["double"] = base.double()
state["turned"] = base.t()
state["part"] = base[1:3, 2:5]
state["column"] = base[:, 1]
state["again"] = base
state["parameter"] = torch.nn.Parameter(base + 1)
state["bytes"] = torch.arange(5, dtype=torch.uint8)
state["note"] = "beside the tensors"
state["step"] = 80000
torch.save(state, os.path.join(here, "state.pt"))
torch.save(state, os.path.join(here, "old.pt"), _use_new_zipfile_serialization=False)
torch.save(collections.OrderedDict((k, v) for k, v in state.items() if k != "parameter"), os.path.join(here, "protocol4.pt"), pickle_protocol=4)


class Evil:
    def __reduce__(self):
        return (os.system, ("echo called",))


torch.save({"weight": Evil()}, os.path.join(here, "evil.pt"))
want = {k: {"shape": list(v.shape), "dtype": str(v.dtype), "data": v.detach().double().flatten().tolist()}
        for k, v in state.items() if isinstance(v, torch.Tensor)}
json.dump(want, open(os.path.join(here, "state.json"), "w"))
