"""Speaks the recorder's format: fake_recorder.py -stream -seed S -count N -size PX."""
import sys

from conftest import record

a = dict(zip(sys.argv[2::2], sys.argv[3::2]))
seed, count = int(a["-seed"]), int(a["-count"])
k = 0
try:
    while count == 0 or k < count:
        sys.stdout.buffer.write(record(seed + k, int(a["-size"]), steps=9 + (seed + k) % 5)[0])
        k += 1
    sys.stdout.buffer.flush()
except BrokenPipeError:
    pass
