"""Which layers route and how many visual rows they keep: the released code's schedules.

pruning/cogvla/schedule.go is the same in Go; a curve falls over 32 layers, whatever the model has.
"""
import math
import re


class Schedule:
    def __init__(self, lfp_type, average):
        found = re.match(r"^(\w+)_decay_(\d+\.\d+)_(\d+\.\d+)", lfp_type)
        self.type, self.average = found[1] if found else lfp_type, average
        self.max, self.min = (float(found[2]), float(found[3])) if found else (1.0, 0.0)
        curve = self.type in ("shiftedcos", "shiftedlinear")
        if curve != bool(found) or not curve and self.type not in ("deep_all", "deep_all_wo_last", "interleave"):
            raise ValueError(f"lfp_type {lfp_type!r} is no schedule: it is shiftedcos_decay_MAX_MIN, "
                             "shiftedlinear_decay_MAX_MIN, deep_all, deep_all_wo_last or interleave")

    def ratio(self, layer):
        if self.type == "shiftedcos":
            return max(math.cos(layer * math.pi / 31) / 2 + self.average, self.min)
        if self.type == "shiftedlinear":
            return max(-layer / 31 + 0.5 + self.average, self.min)
        return self.average

    def routed(self, layer, layers):
        if self.type == "deep_all":
            return layer >= 2
        if self.type == "deep_all_wo_last":
            return 2 <= layer < layers - 1
        if self.type == "interleave":
            return layer % 2 == 1
        return self.ratio(layer) <= self.max

    def kept(self, layer, layers, visual):
        if not self.routed(layer, layers):
            return visual
        return min(int(visual * self.ratio(layer)), visual)
